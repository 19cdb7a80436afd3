//! A transcript as a whole.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::line::Line;
use crate::limits::Limits;

pub(super) const TITLE: &str = "transcript of a connection of sslcore, format 1";
pub(super) const LIMITS: &str = "limits ";

/// All that one connection was told, and all that it answered, as a text that a person can read and
/// that [a replay](super::replay_as_client) repeats.
///
/// `Display` writes it, `FromStr` reads it. [`Recorder`](super::Recorder) makes one. A connection's
/// plaintext is in it, and so are the bytes on the wire.
///
/// ```
/// use sslcore::testing::transcript::{Transcript, TranscriptError, replay};
///
/// let text = r#"transcript of a connection of sslcore, format 1
/// configuration "tls13", seed 1
///
/// ## A client that is told to say hello, and gives up.
/// at 0 us, 1893456000 s
/// write 5 bytes "EHLO\n"
/// > 5 bytes "EHLO\n"
/// start client "server.test"
/// cancel
/// settle
/// event BytesWritten(5)
/// event ModeChanged(Client)
/// event Closed(CloseReport { clean: false, close_notify_sent: false, close_notify_received: false, abandoned: 0, unsent: 0 })
/// "#;
/// let transcript: Transcript = text.parse()?;
/// replay(&transcript).unwrap();
///
/// // Something else was sent: the difference says where, and what.
/// let other: Transcript = text.replace("> 5 bytes \"EHLO", "> 5 bytes \"HELO").parse()?;
/// assert_eq!(replay(&other).unwrap_err().line, 7);
///
/// let error: TranscriptError = text.replace("5 bytes", "6 bytes").parse::<Transcript>().unwrap_err();
/// assert_eq!(error.line, 6);
/// assert!(error.expected.starts_with("as many bytes"));
/// # Ok::<_, TranscriptError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Transcript {
    pub(crate) configuration: String,
    pub(crate) seed: u64,
    pub(super) limits: Limits,
    pub(super) lines: Vec<Line>,
    /// Where each line stood, in a text that was read.
    numbers: Vec<usize>,
}

impl Transcript {
    pub(super) fn new(configuration: &str, seed: u64, limits: Limits) -> Self {
        let name = configuration.chars();
        Self {
            configuration: name.filter(|c| can_be_quoted(*c)).collect(),
            seed,
            limits,
            lines: Vec::new(),
            numbers: Vec::new(),
        }
    }

    pub(super) fn push_numbered(&mut self, number: usize, line: Line) {
        self.lines.push(line);
        self.numbers.push(number);
    }

    /// The number, from 1, of the line at this index, or of the line behind the last.
    pub(super) fn number(&self, index: usize) -> usize {
        if let Some(number) = self.numbers.get(index) {
            return *number;
        }
        let before = &self.lines[..index.min(self.lines.len())];
        let lines = before.iter().map(|line| line.to_string().lines().count());
        let header = if self.has_limits() { 3 } else { 2 };
        header + lines.sum::<usize>() + 1
    }

    fn has_limits(&self) -> bool {
        self.limits != Limits::default()
    }
}

/// Whether a name may have it: there are no escapes in names.
pub(super) fn can_be_quoted(c: char) -> bool {
    !c.is_control() && c != '"' && c != '\\'
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}")?;
        writeln!(
            f,
            "configuration \"{}\", seed {}",
            self.configuration, self.seed
        )?;
        if self.has_limits() {
            let limits = self.limits;
            write!(f, "{LIMITS}read_buffer_size {}, ", limits.read_buffer_size)?;
            write!(
                f,
                "transmit {}, queued {}, ",
                limits.transmit, limits.queued
            )?;
            write!(f, "max_handshake {}, ", limits.max_handshake)?;
            writeln!(f, "release_when_idle {}", limits.release_when_idle)?;
        }
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
