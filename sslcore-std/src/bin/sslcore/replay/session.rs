//! What a recording says, line by line.

use sslcore_std::trace::Direction;

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

/// How much a picture shows at most: browsers show none that are much higher.
const MOST: usize = 100_000;

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
    /// Another connection begins, the one of this number.
    Connection(usize),
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
        let mut reader = Reader::default();
        for (number, line) in lines {
            let read = reader.line(line);
            read.ok_or_else(|| format!("line {number} says nothing that is known"))?;
            if reader.session.moments.len() > MOST {
                let why = "more has happened than a picture can show: it has 100,000 rows at most";
                return Err(why.to_owned());
            }
        }
        reader.end_of_bytes();
        Ok(reader.session)
    }
}

#[derive(Default)]
struct Reader {
    session: Session,
    /// The clock.
    at: u64,
    /// Bytes of a transcript, in which no record was found so far.
    loose: Option<(Direction, usize)>,
    /// In which direction the last ones went.
    direction: Option<Direction>,
    /// How many have ended.
    connections: usize,
}

impl Reader {
    fn line(&mut self, line: &str) -> Option<()> {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        // The lines of bytes are indented.
        if !first.is_empty() {
            self.end_of_bytes();
        }
        match first {
            "" => match line.split_once(" # ") {
                Some((header, record)) if !header.contains('"') => {
                    self.loose = None;
                    self.record(self.direction?, record)?;
                }
                _ => {}
            },
            // Each connection of a secret recording has a transcript of its own.
            "transcript" if line.starts_with(TITLES[2]) => self.begin(),
            "seed" | "settings" | "trust" => {}
            "at" => self.at = rest.split_once(" us")?.0.parse().ok()?,
            ">" => self.passed(Direction::Sent, rest)?,
            "<" => self.passed(Direction::Received, rest)?,
            "event" => self.event(rest),
            _ if line.starts_with('#') || DRIVING.contains(&first) => {}
            "start" => self.push(What::Call(line.to_owned())),
            // Of what is written and read, not the text.
            _ => self.push(What::Call(line.split(" \"").next()?.to_owned())),
        }
        Some(())
    }

    /// Another connection, if there was one before.
    fn begin(&mut self) {
        if !self.session.moments.is_empty() {
            self.connections += 1;
            self.at = 0;
            self.push(What::Connection(self.connections + 1));
        }
    }

    fn push(&mut self, what: What) {
        self.session.moments.push(Moment { at: self.at, what });
    }

    fn event(&mut self, event: &str) {
        let name = event.split(['(', ' ']).next().unwrap_or_default();
        self.session.is_server |= event == "ModeChanged(Server)";
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

    fn end_of_bytes(&mut self) {
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
        if let Some(Moment { at, what }) = self.session.moments.last_mut()
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

impl What {
    /// Takes one more of the same kind in, if this is of that kind.
    fn absorb(&mut self, way: Direction, same: &str, more: usize) -> bool {
        match self {
            Self::Records {
                direction,
                kind,
                count,
                bytes,
            } if *direction == way && kind == same => {
                *count += 1;
                *bytes = bytes.saturating_add(more);
                true
            }
            _ => false,
        }
    }
}

/// Records of one kind that pass within this time, in microseconds, are drawn as one arrow.
const TOGETHER: u64 = 1_000_000;

/// The number in `5 bytes` and what may follow it.
fn data(text: &str) -> Option<usize> {
    let (count, _) = text.split_once(" byte")?;
    count.parse().ok()
}
