//! What a recording says, line by line.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::moment::{Moment, What};
use super::rows::Rows;
use crate::trace::{Direction, Records};

/// The titles, up to the version: of recordings with and without secrets, and of a transcript, which has
/// the bytes as well.
const TITLES: [&str; 3] = [
    "secret recording of connections of sslcore ",
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

impl Session {
    /// Reads it, or says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut lines = (1..).zip(text.lines());
        let title = lines.next().map_or("", |(_, title)| title);
        let is_title = |begin| title.starts_with(begin) && title.ends_with(FORMAT);
        if !TITLES.into_iter().any(is_title) {
            return Err("it is no recording of a connection".to_owned());
        }
        let mut reader = Reader {
            is_transcript: !title.starts_with(TITLES[1]),
            ..Reader::default()
        };
        for (number, line) in lines {
            let read = reader.line(line);
            read.ok_or_else(|| format!("line {number} says nothing that is known"))?;
            if reader.trouble.is_some() {
                break;
            }
        }
        reader.end_of_bytes();
        match reader.trouble {
            Some(why) => Err(why),
            None => Ok(Self {
                is_server: reader.is_server,
                moments: reader.rows.into_vec(),
            }),
        }
    }

    /// How many records and pieces of plaintext have passed, and how many bytes.
    pub(super) fn passed(&self, way: Direction) -> (usize, usize) {
        let (mut records, mut all) = (0_usize, 0_usize);
        for moment in &self.moments {
            let (count, bytes) = match &moment.what {
                What::Records {
                    direction,
                    count,
                    bytes,
                    ..
                } if *direction == way => (*count, *bytes),
                What::Folded(folded) => folded.passed(way),
                _ => continue,
            };
            records = records.saturating_add(count);
            all = all.saturating_add(bytes);
        }
        (records, all)
    }
}

#[derive(Default)]
struct Reader {
    is_server: bool,
    rows: Rows,
    /// Why no more rows can be added.
    trouble: Option<String>,
    is_transcript: bool,
    /// How many calls the last lines are.
    calls: usize,
    /// The clock.
    at: u64,
    /// Bytes of a transcript, in which no record was found so far.
    loose: Option<(Direction, usize)>,
    /// In which direction the last ones went.
    direction: Option<Direction>,
    /// How many have ended.
    connections: usize,
    /// What names the records of a transcript.
    records: [Records; 2],
    /// The record of a transcript whose lines are read: its header, and how its body begins.
    open: Option<([u8; 5], Vec<u8>)>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Option<()> {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let calls = core::mem::take(&mut self.calls);
        // The lines of bytes are indented.
        if !first.is_empty() {
            self.end_of_bytes();
        }
        match first {
            "" => match line.split_once(" # ") {
                Some((header, _)) if !header.contains('"') => {
                    self.loose = None;
                    self.end_of_record();
                    let mut bytes = [0; 5];
                    let digits = header.trim();
                    (digits.len() == 10).then_some(())?;
                    for (at, byte) in bytes.iter_mut().enumerate() {
                        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
                    }
                    self.open = Some((bytes, Vec::new()));
                }
                _ => self.body(line),
            },
            // Each connection of a secret recording has a transcript of its own.
            "transcript" if line.starts_with(TITLES[2]) => self.begin(),
            "seed" | "settings" | "trust" => {}
            "at" => {
                self.at = rest.split_once(" us")?.0.parse().ok()?;
                // A transcript has the time for what comes of calls, above that and below the calls.
                self.rows.restamp(calls, self.at);
            }
            ">" => self.passed(Direction::Sent, rest)?,
            "<" => self.passed(Direction::Received, rest)?,
            "event" => self.event(rest),
            _ if line.starts_with('#') || DRIVING.contains(&first) => {}
            _ => {
                // Of what is written and read, not the text.
                let shown = match first {
                    "start" => line,
                    _ => line.split(" \"").next()?,
                };
                self.push(What::Call(shown.to_owned()));
                self.calls = if self.is_transcript { calls + 1 } else { 0 };
            }
        }
        Some(())
    }

    /// Another connection, if there was one before.
    fn begin(&mut self) {
        if !self.rows.is_empty() {
            self.connections += 1;
            self.at = 0;
            self.records = Default::default();
            self.push(What::Connection(self.connections + 1));
        }
    }

    fn push(&mut self, what: What) {
        let pushed = self.rows.push(Moment { at: self.at, what });
        self.trouble = self.trouble.take().or(pushed.err());
    }

    fn event(&mut self, event: &str) {
        let name = event.split(['(', ' ']).next().unwrap_or_default();
        self.is_server |= event == "ModeChanged(Server)";
        if !FLOW.contains(&name) {
            self.push(What::Event(event.to_owned()));
        }
    }

    /// A record, or bytes: text on the same line, or what the next lines say.
    fn passed(&mut self, direction: Direction, rest: &str) -> Option<()> {
        self.direction = Some(direction);
        match data(rest) {
            Some(bytes) if rest.contains('"') => self.add(direction, "plaintext", bytes),
            Some(bytes) => self.loose = Some((direction, bytes)),
            None => self.record(direction, rest)?,
        }
        Some(())
    }

    /// A line of a record's body: its first digits say what the record is.
    fn body(&mut self, line: &str) {
        let Some((_, body)) = self.open.as_mut().filter(|(_, body)| body.is_empty()) else {
            return;
        };
        for digits in line.trim().as_bytes().chunks(2).take(4) {
            let byte = core::str::from_utf8(digits).ok();
            let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            body.push(byte.unwrap_or_default());
        }
    }

    /// Names the record whose lines have been read; of its body no more than the beginning matters.
    fn end_of_record(&mut self) {
        let (Some((header, body)), Some(direction)) = (self.open.take(), self.direction) else {
            return;
        };
        let len = usize::from(u16::from_be_bytes([header[3], header[4]]));
        let mut bytes = header.to_vec();
        bytes.extend(body);
        bytes.resize(header.len() + len, 0);
        let mut named = None;
        self.records[direction as usize].feed(&bytes, |record| named = Some(record));
        if let Some(record) = named {
            self.add(direction, &record.to_string(), record.len());
        }
    }

    fn end_of_bytes(&mut self) {
        self.end_of_record();
        if let Some((direction, bytes)) = self.loose.take() {
            self.add(direction, "bytes", bytes);
        }
    }

    /// One record: its kind and its size.
    fn record(&mut self, direction: Direction, text: &str) -> Option<()> {
        let (kind, size) = text.rsplit_once(", ")?;
        self.add(direction, kind, data(size)?);
        Some(())
    }

    /// Adds a record, to those before it if they are the same at that time.
    fn add(&mut self, direction: Direction, kind: &str, bytes: usize) {
        if let Some(Moment { at, what }) = self.rows.last_mut()
            && self.at.saturating_sub(*at) < TOGETHER
            && what.absorb(direction, kind, bytes)
        {
            return;
        }
        self.push(What::Records {
            direction,
            kind: kind.to_owned(),
            count: 1,
            bytes,
        });
    }
}

/// Records of one kind that pass within this time, in microseconds, are drawn as one arrow.
const TOGETHER: u64 = 1_000_000;

/// The number in `5 bytes` and what may follow it.
fn data(text: &str) -> Option<usize> {
    let (count, _) = text.split_once(" byte")?;
    count.parse().ok()
}
