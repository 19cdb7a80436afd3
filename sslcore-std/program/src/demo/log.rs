//! What was seen on both sides, with its time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sslcore_std::sslcore::Event;
use sslcore_std::trace::{Direction, Record, Records, Tap, Wire};

use crate::passing;
use crate::telling::timed;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// What the connection told.
    Event(Event),
    /// A line of plaintext passed, with its end.
    Line(Direction, String),
    /// A record passed.
    Record(Direction, Record),
    /// What the application did.
    Note(String),
    /// What it decided about the certificate.
    Verdict(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) at: Duration,
    pub(super) side: Side,
    pub(super) what: What,
}

/// Collects entries from both threads.
#[derive(Clone)]
pub(super) struct Log {
    start: Instant,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            entries: Arc::default(),
        }
    }

    pub(super) fn note(&self, side: Side, text: impl Into<String>) {
        self.add(side, Instant::now(), What::Note(text.into()));
    }

    pub(super) fn verdict(&self, side: Side, text: &'static str) {
        self.add(side, Instant::now(), What::Verdict(text));
    }

    fn add(&self, side: Side, at: Instant, what: What) {
        let at = at.saturating_duration_since(self.start);
        self.lock().push(Entry { at, side, what });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        // A list that only grows is as good after a panic as before.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tap(&self, side: Side) -> SideTap {
        SideTap {
            log: self.clone(),
            side,
            records: Default::default(),
        }
    }

    /// Everything in the order of time. A tap's time says that nothing arrives before it was
    /// sent, so both threads' entries fall into their places.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        let mut entries = std::mem::take(&mut *self.lock());
        entries.sort_by_key(|entry| entry.at);
        entries
    }
}

/// One side's tap.
pub(super) struct SideTap {
    log: Log,
    side: Side,
    records: [Records; 2],
}

impl Entry {
    pub(super) fn json(&self) -> Value {
        let mut what = match &self.what {
            What::Event(event) => passing::state(*event),
            What::Line(way, line) => passing::plaintext(*way, line.as_bytes()),
            What::Record(way, record) => passing::record(*way, record),
            What::Note(text) => json!({"event": "note", "text": text.trim_start()}),
            What::Verdict(text) => json!({"event": "note", "text": text}),
        };
        what["side"] = json!(self.side.name());
        timed(self.at, what)
    }
}

impl Tap for SideTap {
    fn wire(&mut self, at: Instant, direction: Direction, wire: Wire<'_>) {
        match wire {
            Wire::Plain(bytes) => {
                for line in String::from_utf8_lossy(bytes).split_inclusive('\n') {
                    let what = What::Line(direction, line.to_owned());
                    self.log.add(self.side, at, what);
                }
            }
            Wire::Tls(bytes) => self.records[direction as usize].feed(bytes, |record| {
                let what = What::Record(direction, record);
                self.log.add(self.side, at, what);
            }),
        }
    }

    fn event(&mut self, at: Instant, event: Event) {
        self.log.add(self.side, at, What::Event(event));
    }
}
