//! What a recording says, line by line.

use sslcore_std::trace::Direction;

/// The titles, up to the version: of a recording, and of a transcript of `sslcore::testing`, which has
/// the bytes as well.
const TITLES: [&str; 2] = [
    "recording of a connection of sslcore ",
    "transcript of a connection of sslcore",
];
const FORMAT: &str = ", format 1";

/// Events that only tell of data on its way.
const FLOW: [&str; 4] = [
    "ReadyRead",
    "Writable",
    "BytesWritten",
    "EncryptedBytesWritten",
];
/// Calls that drive a connection, and what a transcript says for its replay.
const DRIVING: [&str; 7] = [
    "settle",
    "process",
    "next",
    "poll",
    "configuration",
    "limits",
    "=",
];

/// A session as one end saw it.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) is_server: bool,
    pub(super) moments: Vec<Moment>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// In microseconds since the clock's start.
    pub(super) at: u64,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// So many in a row of one kind, with so many bytes together.
    Records {
        direction: Direction,
        kind: String,
        count: usize,
        bytes: usize,
    },
    Event(String),
    Call(String),
}

impl Session {
    /// Reads it, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut lines = (1..).zip(text.lines());
        let title = lines.next().map_or("", |(_, title)| title);
        let is_title = |begin| title.starts_with(begin) && title.ends_with(FORMAT);
        if !TITLES.into_iter().any(is_title) {
            return Err("it is no recording of a connection".to_owned());
        }
        let mut session = Self::default();
        let (mut at, mut last) = (0, Direction::Sent);
        for (number, line) in lines {
            let wrong = || format!("line {number} is {line:?}");
            let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
            match first {
                // Bytes. The header of a record says what it is.
                "" => match line.split_once(" # ") {
                    Some((header, record)) if !header.contains('"') => {
                        session.record(at, last, record).ok_or_else(wrong)?;
                    }
                    _ => {}
                },
                "at" => {
                    let (micros, _) = rest.split_once(" us").ok_or_else(wrong)?;
                    at = micros.parse().map_err(|_| wrong())?;
                }
                ">" | "<" => {
                    last = if first == ">" {
                        Direction::Sent
                    } else {
                        Direction::Received
                    };
                    if let Some(bytes) = data(rest) {
                        // Either text, or records on the lines to come.
                        if rest.contains('"') {
                            session.push(at, last, "plaintext", bytes);
                        }
                    } else {
                        session.record(at, last, rest).ok_or_else(wrong)?;
                    }
                }
                "event" => {
                    let name = rest.split(['(', ' ']).next().unwrap_or_default();
                    session.is_server |= rest == "ModeChanged(Server)";
                    if !FLOW.contains(&name) {
                        session.moments.push(Moment {
                            at,
                            what: What::Event(rest.to_owned()),
                        });
                    }
                }
                _ if line.starts_with('#') || DRIVING.contains(&first) => {}
                _ => {
                    // Of what is written and read, not the text.
                    let call = line.split(" \"").next().unwrap_or(line);
                    let call = if first == "start" { line } else { call };
                    session.moments.push(Moment {
                        at,
                        what: What::Call(call.to_owned()),
                    });
                }
            }
        }
        Ok(session)
    }

    /// One record: its kind and its size.
    fn record(&mut self, at: u64, direction: Direction, text: &str) -> Option<()> {
        let (kind, size) = text.rsplit_once(", ")?;
        self.push(at, direction, kind, data(size)?);
        Some(())
    }

    /// Adds a record, to those before it if they are the same at that time.
    fn push(&mut self, at: u64, direction: Direction, kind: &str, bytes: usize) {
        if let Some(Moment {
            at: before,
            what:
                What::Records {
                    direction: way,
                    kind: same,
                    count,
                    bytes: sum,
                },
        }) = self.moments.last_mut()
            && *way == direction
            && same == kind
            && at.saturating_sub(*before) < TOGETHER
        {
            *count += 1;
            *sum = sum.saturating_add(bytes);
            return;
        }
        let what = What::Records {
            direction,
            kind: kind.to_owned(),
            count: 1,
            bytes,
        };
        self.moments.push(Moment { at, what });
    }
}

/// Records of one kind that pass within this time, in microseconds, are drawn as one arrow.
const TOGETHER: u64 = 1_000_000;

/// The number in `5 bytes` and what may follow it.
fn data(text: &str) -> Option<usize> {
    let (count, _) = text.split_once(" byte")?;
    count.parse().ok()
}
