//! Files on the command line: any name that the system has, and `-` for standard input.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};

/// What standard input is called as a file.
#[cfg(unix)]
const STANDARD_INPUT: Option<&str> = Some("/dev/stdin");
#[cfg(not(unix))]
const STANDARD_INPUT: Option<&str> = None;

/// Whether it is standard input, by the name that [`parser`] gives it.
pub(crate) fn is_standard_input(file: &Path) -> bool {
    STANDARD_INPUT.is_some_and(|name| file == Path::new(name))
}

/// The parser of a file's name.
pub(crate) fn parser() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(path)
}

/// The parser of the name of a file to write into. What `-` would stand for has the data already.
pub(crate) fn written_parser() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(|text| match text == "-" {
        true => Err("standard output has other things to say; ./- is a file of that name"),
        false => path(text),
    })
}

fn path(text: OsString) -> Result<PathBuf, &'static str> {
    if text.is_empty() {
        return Err("a file has a name");
    }
    match (text == "-").then_some(STANDARD_INPUT) {
        None => Ok(text.into()),
        Some(Some(standard_input)) => Ok(standard_input.into()),
        Some(None) => Err("standard input is no file on this system; ./- is a file of that name"),
    }
}
