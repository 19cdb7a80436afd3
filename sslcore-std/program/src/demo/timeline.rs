//! The session as a timeline: what each side was told, and what went between them.

use sslcore_std::sslcore::{CloseReport, Event};
use sslcore_std::trace::{Content, Direction};

use super::checks::is_flow;
use super::log::{Entry, Side, What};
use crate::text::{Ink, Palette, event_text, grouped};

/// More entries than this that are nothing but flowing data are summed up.
const LONG: usize = 16;

pub(super) fn render(log: &[Entry], palette: Palette) -> String {
    let heading = "      ms  who     what\n";
    let mut out = palette.paint(Ink::Faint, heading);
    let shown: Vec<&Entry> = log.iter().filter(|entry| is_shown(&entry.what)).collect();
    for stretch in shown.chunk_by(|one, next| flows(&one.what) && flows(&next.what)) {
        if stretch.len() > LONG {
            out += &summed_up(stretch, palette);
        } else {
            for entry in stretch {
                out += &line(entry, palette);
            }
        }
    }
    out
}

/// What passes between the two is shown once, where it was sent.
fn is_shown(what: &What) -> bool {
    !matches!(
        what,
        What::Line(Direction::Received, _) | What::Record(Direction::Received, _)
    )
}

/// Whether it is nothing but data on its way.
fn flows(what: &What) -> bool {
    match what {
        What::Event(event) => is_flow(*event),
        What::Record(_, record) => record.content() == Content::ApplicationData,
        _ => false,
    }
}

fn line(entry: &Entry, palette: Palette) -> String {
    let (arrow, ink, text) = match &entry.what {
        What::Line(_, text) => {
            let text = text.trim_end_matches(['\r', '\n']);
            (true, Ink::Plain, format!("{text:?}"))
        }
        What::Record(_, record) => {
            let text = format!("{record}, {} B", grouped(record.len()));
            (true, Ink::Plain, text)
        }
        What::Event(event) => {
            let ink = match event {
                Event::Failed(_) => Ink::Bad,
                Event::Encrypted | Event::Closed(CloseReport { clean: true, .. }) => Ink::Good,
                event if is_flow(*event) => Ink::Faint,
                _ => Ink::Plain,
            };
            (false, ink, event_text(*event))
        }
        What::Note(text) => (false, Ink::Plain, format!("· {text}")),
        What::Verdict(text) => (false, Ink::Plain, format!("· {text}")),
    };
    let time = format!("{:8.2}", entry.at.as_secs_f64() * 1000.0);
    row(&time, entry.side, arrow, &palette.paint(ink, text), palette)
}

fn row(time: &str, side: Side, arrow: bool, text: &str, palette: Palette) -> String {
    let who = match (side, arrow) {
        (side, false) => side.name(),
        (Side::Client, true) => "C → S ",
        (Side::Server, true) => "S → C ",
    };
    let ink = match side {
        Side::Client => Ink::Client,
        Side::Server => Ink::Server,
    };
    let time = palette.paint(Ink::Faint, format_args!("{time:8}"));
    let who = palette.paint(ink, who);
    format!("{time}  {who}  {text}\n")
}

/// A long stretch of flowing data: the first record of each side, and the sum of the others.
fn summed_up(stretch: &[&Entry], palette: Palette) -> String {
    let mut out = String::new();
    for side in [Side::Client, Side::Server] {
        let mut records = stretch
            .iter()
            .filter(|entry| entry.side == side && matches!(entry.what, What::Record(..)));
        if let Some(first) = records.next() {
            out += &line(first, palette);
        }
        let (count, bytes) = records.fold((0, 0), |(count, bytes), entry| match &entry.what {
            What::Record(_, record) => (count + 1, bytes + record.len()),
            _ => (count, bytes),
        });
        if count > 0 {
            let text = format!("… {count} more data records, {} B", grouped(bytes));
            out += &row("", side, true, &text, palette);
        }
    }
    for side in [Side::Client, Side::Server] {
        let text = palette.paint(Ink::Faint, format!("… {}", events_summed_up(stretch, side)));
        out += &row("", side, false, &text, palette);
    }
    out
}

fn events_summed_up(stretch: &[&Entry], side: Side) -> String {
    let (mut written, mut taken, mut ready, mut writable) = (0, 0, 0, 0);
    for entry in stretch.iter().filter(|entry| entry.side == side) {
        match entry.what {
            What::Event(Event::BytesWritten(n)) => written += n,
            What::Event(Event::EncryptedBytesWritten(n)) => taken += n,
            What::Event(Event::ReadyRead) => ready += 1,
            What::Event(Event::Writable) => writable += 1,
            _ => {}
        }
    }
    let mut text = format!(
        "BytesWritten {}, EncryptedBytesWritten {}, ReadyRead × {ready}",
        grouped(written),
        grouped(taken)
    );
    if writable > 0 {
        text += &format!(", Writable × {writable}");
    }
    text
}
