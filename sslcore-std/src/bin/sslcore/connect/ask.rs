//! `--ask`: a person on the terminal decides.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write, stderr};

use super::report::Telling;
use crate::chain::Chain;
use crate::text::Palette;

/// The terminal that the program was started from, whatever became of its streams.
pub(super) struct Terminal(File);

impl Terminal {
    pub(super) fn open() -> io::Result<Self> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map(Self)
    }

    /// Whether the person accepts the certificate. Shows it, unless standard error has done so in
    /// `shown` form on the terminal.
    pub(super) fn accepts(&self, chain: &Chain<'_>, shown: bool) -> io::Result<bool> {
        if !(shown && stderr().is_terminal()) {
            let text = chain.text(Palette::plain());
            (&self.0).write_all(text.as_bytes())?;
        }
        self.forget_what_was_typed()?;
        ask(BufReader::new(&self.0).take(100), &self.0)
    }

    /// What was typed before the question is no answer to it.
    fn forget_what_was_typed(&self) -> io::Result<()> {
        #[cfg(unix)]
        rustix::termios::tcflush(&self.0, rustix::termios::QueueSelector::IFlush)?;
        Ok(())
    }
}

/// Only a yes is one.
fn ask(mut answer: impl BufRead, mut question: impl Write) -> io::Result<bool> {
    question.write_all(b"Accept this certificate for this connection? [y/N] ")?;
    question.flush()?;
    let mut line = String::new();
    answer.read_line(&mut line)?;
    let line = line.trim();
    Ok(line.eq_ignore_ascii_case("y") || line.eq_ignore_ascii_case("yes"))
}
