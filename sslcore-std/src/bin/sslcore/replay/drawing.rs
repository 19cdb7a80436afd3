//! A session as a picture.

use std::fmt::Write;

use sslcore_std::trace::Direction;

use super::session::{Moment, Session, What};
use crate::text::{grouped, is_hidden};

/// Where the two lines are.
const OURS: usize = 560;
const PEER: usize = 900;
const WIDTH: usize = 940;
/// What one moment takes.
const ROW: usize = 22;
const TOP: usize = 56;

const STYLE: &str = "\
text{font:13px sans-serif;fill:#222}.time{font-size:11px;fill:#777}.end{font-weight:bold}\
.call{font-style:italic}.bad{fill:#b00020}.good{fill:#00701a}line{stroke:#555}\
.life{stroke:#aaa;stroke-width:2}.held{fill:#f2c14e}path{fill:#555}.paper{fill:#fff}";

pub(super) struct Drawing<'a> {
    session: &'a Session,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(session: &'a Session) -> Self {
        Self { session }
    }

    pub(super) fn html(&self) -> String {
        let svg = self.svg();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <title>A session of sslcore</title>\n<body>\n{svg}</body>\n</html>\n"
        )
    }

    pub(super) fn svg(&self) -> String {
        let moments = &self.session.moments;
        let bottom = row(moments.len());
        let height = bottom + 16;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\">\n<style>{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n"
        );
        let (ours, peers) = match self.session.is_server {
            true => ("server, this side", "client"),
            false => ("client, this side", "server"),
        };
        for (x, name) in [(OURS, ours), (PEER, peers)] {
            svg += &text(x, 24, "middle", "end", name);
            svg += &format!(
                "<line class=\"life\" x1=\"{x}\" y1=\"34\" x2=\"{x}\" y2=\"{bottom}\"/>\n"
            );
        }
        for (from, to) in held(moments) {
            let (top, end) = (row(from), row(to));
            let _ = writeln!(
                svg,
                "<rect class=\"held\" x=\"{}\" y=\"{top}\" width=\"10\" height=\"{}\">\
                 <title>a decision is open</title></rect>",
                OURS - 5,
                end - top,
            );
            let time = moments[to].at.saturating_sub(moments[from].at);
            let label = format!("a decision was open for {}", millis(time));
            // On the line of the question there is no arrow.
            svg += &text(OURS + 12, top + 4, "start", "time", &label);
        }
        let mut last = None;
        for (index, moment) in moments.iter().enumerate() {
            let y = row(index);
            if last.replace(moment.at) != Some(moment.at) {
                svg += &text(8, y + 4, "start", "time", &millis(moment.at));
            }
            svg += &drawn(&moment.what, y);
        }
        svg + "</svg>\n"
    }
}

fn row(index: usize) -> usize {
    TOP + index * ROW
}

fn millis(micros: u64) -> String {
    let whole = usize::try_from(micros / 1000).unwrap_or(usize::MAX);
    format!("{}.{:03} ms", grouped(whole), micros % 1000)
}

/// From where to where a decision was open: an event asks, and a call answers, or the session ends.
/// A certificate that is refused without an answer was refused at once, and nobody was asked.
fn held(moments: &[Moment]) -> Vec<(usize, usize)> {
    let (mut spans, mut open) = (Vec::new(), None);
    for (index, moment) in moments.iter().enumerate() {
        match &moment.what {
            What::Event(event) if begins(event, &["SslErrors", "ConfigRequired"]) => {
                open = Some(index);
            }
            What::Call(call) if begins(call, &["answer", "provide", "refuse"]) => {
                spans.extend(open.take().map(|open| (open, index)));
            }
            What::Event(event) if event.starts_with("Failed(CertificateRejected") => open = None,
            What::Event(event) if begins(event, &["Failed", "Closed"]) => {
                spans.extend(open.take().map(|open| (open, index)));
            }
            _ => {}
        }
    }
    spans
}

fn begins(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.starts_with(word))
}

fn drawn(what: &What, y: usize) -> String {
    match what {
        What::Connection(number) => text(
            OURS,
            y + 4,
            "middle",
            "end",
            &format!("connection {number}"),
        ),
        What::Call(call) => text(OURS - 14, y + 4, "end", "call", call),
        What::Event(event) => {
            let class = match event {
                event if event.starts_with("Closed(CloseReport { clean: true") => "good",
                event if event == "Encrypted" => "good",
                event if event.ends_with("(CloseNotify)") => "event",
                event if begins(event, &["Failed", "Alert", "PeerVerifyError", "Closed"]) => "bad",
                _ => "event",
            };
            let said = match event.split_once('{') {
                Some(("Closed(CloseReport ", _)) => {
                    let clean = if class == "good" {
                        "clean"
                    } else {
                        "not clean"
                    };
                    format!("Closed, {clean}")
                }
                _ => event.clone(),
            };
            let dot = format!("<circle cx=\"{OURS}\" cy=\"{y}\" r=\"3\"/>\n");
            dot + &text(OURS - 14, y + 4, "end", class, &said)
        }
        What::Records {
            direction,
            kind,
            count,
            bytes,
        } => {
            let (from, to, head) = match direction {
                Direction::Sent => (OURS, PEER, PEER - 9),
                Direction::Received => (PEER, OURS, OURS + 9),
            };
            let times = if *count > 1 {
                format!(" × {count}")
            } else {
                String::new()
            };
            let label = format!("{kind}{times}, {} B", grouped(*bytes));
            let class = if kind.starts_with("alert") {
                "bad"
            } else {
                "record"
            };
            format!(
                "<line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\"/>\n\
                 <path d=\"M{to} {y}L{head} {}L{head} {}Z\"/>\n",
                y - 4,
                y + 4
            ) + &text((OURS + PEER) / 2, y - 4, "middle", class, &label)
        }
    }
}

fn text(x: usize, y: usize, anchor: &str, class: &str, said: &str) -> String {
    let said = escaped(said);
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{said}</text>\n")
}

/// What a file says means nothing in XML, and does not run out of the picture.
fn escaped(said: &str) -> String {
    const LONGEST: usize = 64;
    let mut out = String::new();
    for (at, c) in said.chars().enumerate() {
        match c {
            _ if at == LONGEST => {
                out.push('…');
                break;
            }
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '"' => out += "&quot;",
            // XML has no such characters, or they would show the rest otherwise than it is.
            c if c.is_control() || is_hidden(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}');
            }
            c => out.push(c),
        }
    }
    out
}
