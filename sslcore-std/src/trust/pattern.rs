//! Patterns of file names.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern, PatternError};

use super::error::{LoadError, LoadErrorKind};

pub(super) fn is_one(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The files that match a pattern, by name.
pub(super) fn matching(pattern: &str) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = match pattern.contains("**") {
        true => in_depth(pattern)?,
        false => beside(pattern)?,
    };
    files.retain(|path| path.is_file());
    match files.is_empty() {
        true => Err(LoadError::new(pattern, LoadErrorKind::NoMatch)),
        false => Ok(files),
    }
}

fn beside(pattern: &str) -> Result<Vec<PathBuf>, LoadError> {
    let paths = glob::glob(pattern).map_err(|error| bad(pattern, error))?;
    let found = paths.map(|path| {
        path.map_err(|error| {
            let path = error.path().to_owned();
            unreadable(&path, error.into())
        })
    });
    found.collect()
}

/// Those of a pattern with `**`. The crate glob would follow links, which can lead round and round.
fn in_depth(pattern: &str) -> Result<Vec<PathBuf>, LoadError> {
    const OPTIONS: MatchOptions = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: false,
    };
    let parts = Path::new(pattern).components();
    let plain = parts
        .clone()
        .take_while(|part| !has_pattern(part.as_os_str()));
    // As the paths that are found: without "//" and "/./".
    let wanted: PathBuf = parts.clone().collect();
    let wanted = Pattern::new(&wanted.to_string_lossy()).map_err(|error| bad(pattern, error))?;
    let mut folders: Vec<PathBuf> = vec![plain.collect()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = match folder.as_os_str().is_empty() {
            true => fs::read_dir("."),
            false => fs::read_dir(&folder),
        };
        let entries = match entries {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            other => other.map_err(|error| unreadable(&folder, error))?,
        };
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let path = folder.join(entry.file_name());
            let kind = entry
                .file_type()
                .map_err(|error| unreadable(&path, error))?;
            if kind.is_dir() {
                folders.push(path);
            } else if wanted.matches_path_with(&path, OPTIONS) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn has_pattern(part: &OsStr) -> bool {
    part.to_str().is_none_or(is_one)
}

fn bad(pattern: &str, error: PatternError) -> LoadError {
    let kind = LoadErrorKind::BadPattern {
        position: error.pos,
        why: error.msg,
    };
    LoadError::new(pattern, kind)
}

fn unreadable(path: &Path, error: io::Error) -> LoadError {
    LoadError::new(path, LoadErrorKind::Unreadable(error))
}
