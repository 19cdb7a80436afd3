//! `sslcore replay`: a recorded session, drawn.

mod drawing;
mod session;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueHint};

use self::drawing::Drawing;
use self::session::Session;
use crate::exit::Exit;
use crate::files;
use crate::telling::{Report, Trouble, put_out};

/// Draw a session that `sslcore connect --record` has written down
///
/// Two lines from top to bottom are this side and the peer. Between them are the records with their
/// sizes; beside ours, the events and calls, and for how long the application was asked for a
/// decision. The drawing is written to standard output, and needs no other file. A transcript of
/// sslcore::testing is drawn in the same way.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The recording
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = files::parser())]
    file: PathBuf,
    /// Draw it as a picture, SVG
    #[arg(long, required_unless_present = "html", conflicts_with = "html")]
    svg: bool,
    /// Draw it as a web page
    #[arg(long)]
    html: bool,
}

const EXAMPLES: &str = "\
Examples:
  What has happened on a connection, for a report:
      sslcore connect example.org --record session.txt < /dev/null
      sslcore replay --svg session.txt > session.svg

Exit codes:
  0  all went well
  1  the command line is wrong, or the file cannot be read or drawn";

/// What a recording has at most, in bytes: more is not seen on a picture.
const LARGEST: u64 = 16 << 20;

pub(crate) fn run(options: &Options) -> ExitCode {
    match draw(options) {
        Ok(()) => Exit::Fine.into(),
        Err(trouble) => {
            Report::new(false).tell(&trouble);
            trouble.exit.into()
        }
    }
}

fn draw(options: &Options) -> Result<(), Trouble> {
    let file = &options.file;
    let text =
        read(file).map_err(|error| Trouble::usage(format!("{file:?} cannot be read: {error}")))?;
    let session = Session::read(&text)
        .map_err(|why| Trouble::usage(format!("{file:?} cannot be drawn: {why}")))?;
    let drawing = Drawing::new(&session);
    let text = match options.html {
        true => drawing.html(),
        false => drawing.svg(),
    };
    put_out(text.as_bytes())
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?
        .take(LARGEST + 1)
        .read_to_string(&mut text)?;
    match text.len() as u64 > LARGEST {
        true => Err(io::Error::other("it is longer than any recording")),
        false => Ok(text),
    }
}
