//! `sslcore replay`: a recorded session, done again or drawn.

#[cfg(feature = "record-secrets")]
mod again;

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueHint};
#[cfg(feature = "record-secrets")]
use zeroize::Zeroizing;

use sslcore_std::sslcore::transcript::Drawing;

use crate::exit::Exit;
use crate::files;
use crate::identity;
#[cfg(feature = "record-secrets")]
use crate::journal::{Journal, TRANSCRIPT};
#[cfg(feature = "record-secrets")]
use crate::telling::print;
use crate::telling::{Report, Trouble, put_out};

/// Replay a session that `sslcore connect` has recorded, or draw it
///
/// What --record-secrets has written is done again, without a network: the same bytes come from the
/// server at the same times, and every byte and event must come of it as before. --svg and --html draw
/// it instead, and what --record has written: two lines from top to bottom are this side and the peer,
/// between them are the records with their sizes; beside ours, the events and calls, and for how long
/// the application was asked for a decision. What comes of it is written to standard output; a drawing
/// needs no other file. A transcript of sslcore::testing is drawn in the same way.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The recording
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = files::parser())]
    file: PathBuf,
    /// Draw it as a picture, SVG
    #[arg(long, conflicts_with_all = ["html", "identity"])]
    svg: bool,
    /// Draw it as a web page
    #[arg(long, conflicts_with = "identity")]
    html: bool,
    #[command(flatten, next_help_heading = "Identity")]
    identity: identity::Options,
    /// Write what came of it as JSON, one object per line; `sslcore --help` lists its members
    #[arg(long, help_heading = "Running")]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  What has happened on a connection, for a report:
      sslcore connect example.org --record session.txt < /dev/null
      sslcore replay --svg session.txt > session.svg
  The same connection again, without the server:
      sslcore connect example.org --record-secrets secret.txt < /dev/null
      sslcore replay secret.txt
  The same with our certificate, whose key is in no recording:
      sslcore replay secret.txt --pkcs12 me.p12

Exit codes:
  0  all went well: what was replayed came as it was recorded
  1  the command line is wrong, or the file cannot be read, replayed or drawn
  6  what was replayed came otherwise than it was recorded";

/// What a recording has at most, in bytes: it is held in memory.
const LARGEST: u64 = 128 << 20;

pub(crate) fn run(options: &Options) -> ExitCode {
    let done = match options.svg || options.html {
        true => draw(options),
        false => replay(options),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(trouble) => {
            Report::new(options.json).tell(&trouble);
            trouble.exit.into()
        }
    }
}

fn draw(options: &Options) -> Result<Exit, Trouble> {
    let file = &options.file;
    let text = text(file)?;
    let refused = |why| Trouble::usage(format!("{file:?} cannot be drawn: {why}"));
    let drawing = Drawing::read(&text).map_err(refused)?;
    let text = match options.html {
        true => drawing.html(),
        false => drawing.svg(),
    };
    put_out(text.as_bytes())?;
    Ok(Exit::Fine)
}

#[cfg(feature = "record-secrets")]
fn replay(options: &Options) -> Result<Exit, Trouble> {
    let file = &options.file;
    let refused = |why| Trouble::usage(format!("{file:?} cannot be replayed: {why}"));
    let text = Zeroizing::new(text(file)?);
    if !Journal::is_one(&text) {
        return Err(refused(match Drawing::read(&text) {
            Ok(_) if text.starts_with(TRANSCRIPT) => {
                "it does not say how the connection was configured; the program that has recorded it \
                 can replay it, and --svg and --html draw it"
                    .to_owned()
            }
            Ok(_) => {
                "it does not say all; connect --record-secrets writes what can be replayed, and \
                      --svg and --html draw this"
                    .to_owned()
            }
            Err(why) => why.to_string(),
        }));
    }
    let outcome = again::replay(&text, &options.identity).map_err(refused)?;
    print(options.json, &[&outcome])?;
    Ok(outcome.exit())
}

#[cfg(not(feature = "record-secrets"))]
fn replay(_: &Options) -> Result<Exit, Trouble> {
    let why =
        "this program was built without the feature \"record-secrets\"; --svg and --html draw";
    Err(Trouble::usage(why))
}

fn text(file: &Path) -> Result<String, Trouble> {
    let refused = |why: &dyn Display| Trouble::usage(format!("{file:?} cannot be read: {why}"));
    let bytes = read(file).map_err(|error| refused(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused(&"it is longer than any recording"));
    }
    String::from_utf8(bytes)
        .map_err(|_| refused(&"it is no recording of a connection, nor any text"))
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
