//! `--trace`: the records and events of a connection, while they pass.

use std::time::{Duration, Instant};

use serde_json::Value;
use sslcore_std::sslcore::{CloseReport, Event};
use sslcore_std::trace::{Direction, Record, Records, Tap, Wire};

use super::report::{Report, Telling};
use crate::passing;
use crate::text::{Ink, Palette, event_text, grouped};

/// Shows what passes.
pub(super) struct Trace {
    report: Report,
    records: [Records; 2],
}

impl Trace {
    pub(super) fn new(report: Report) -> Self {
        Self {
            report,
            records: Default::default(),
        }
    }

    fn tell(&self, at: Instant, what: What<'_>) {
        let after = at.saturating_duration_since(self.report.start());
        self.report.tell_at(at, &Passed { after, what });
    }
}

impl Tap for Trace {
    fn wire(&mut self, at: Instant, direction: Direction, wire: Wire<'_>) {
        match wire {
            Wire::Plain(bytes) => {
                for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                    self.tell(at, What::Plaintext(direction, line));
                }
            }
            Wire::Tls(bytes) => {
                let mut complete = Vec::new();
                self.records[direction as usize].feed(bytes, |record| complete.push(record));
                for record in complete {
                    self.tell(at, What::Record(direction, record));
                }
            }
        }
    }

    fn event(&mut self, at: Instant, event: Event) {
        self.tell(at, What::Event(event));
    }
}

enum What<'a> {
    Plaintext(Direction, &'a [u8]),
    Record(Direction, Record),
    Event(Event),
}

struct Passed<'a> {
    after: Duration,
    what: What<'a>,
}

impl Telling for Passed<'_> {
    fn text(&self, palette: Palette) -> String {
        let (mark, ink, text) = match &self.what {
            What::Plaintext(direction, bytes) => {
                let text = format!("{:?}", String::from_utf8_lossy(bytes));
                (arrow(*direction), Ink::Plain, text)
            }
            What::Record(direction, record) => {
                let text = format!("{record}, {} B", grouped(record.len()));
                (arrow(*direction), Ink::Plain, text)
            }
            What::Event(event) => {
                let ink = match event {
                    Event::Failed(_) => Ink::Bad,
                    Event::Encrypted | Event::Closed(CloseReport { clean: true, .. }) => Ink::Good,
                    _ => Ink::Faint,
                };
                ("·", ink, event_text(*event))
            }
        };
        let time = format!("{:9.2}", self.after.as_secs_f64() * 1000.0);
        let time = palette.paint(Ink::Faint, time);
        format!("{time}  {mark} {}\n", palette.paint(ink, text))
    }

    fn json(&self) -> Value {
        match &self.what {
            What::Plaintext(direction, bytes) => passing::plaintext(*direction, bytes),
            What::Record(direction, record) => passing::record(*direction, record),
            What::Event(event) => passing::state(*event),
        }
    }
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Sent => "→",
        Direction::Received => "←",
    }
}
