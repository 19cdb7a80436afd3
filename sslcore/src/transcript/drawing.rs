//! A session as a picture.

mod label;
mod moment;
mod rows;
mod session;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use self::label::{Place, fitted};
use self::moment::{Folded, Moment, What};
use self::session::Session;
use crate::trace::Direction;

/// Where times begin, and the two lines are.
const TIME: usize = 16;
const OURS: usize = 650;
const PEER: usize = 1000;
const WIDTH: usize = 1040;
/// What one moment takes.
const ROW: usize = 26;
const TOP: usize = 84;
/// What is below the last moment: the lines' ends, and what the colours mean.
const BELOW: usize = 64;

/// For times, for what stands left of our line, and between the lines.
const TIMES: Place = Place { free: 150 };
const BESIDE: Place = Place { free: 470 };
const BETWEEN: Place = Place { free: 310 };

/// The colours have names, since they are others where it is dark.
const STYLE: &str = "\
:root{color-scheme:light dark;--paper:#fff;--ink:#1f2328;--faint:#59636e;--rule:#d1d9e0;--plain:#8a4600;\
--shake:#0550ae;--safe:#116329;--bad:#a40e26;--held:#b07d00}\
@media(prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--faint:#9198a1;--rule:#30363d;\
--plain:#ffa657;--shake:#79c0ff;--safe:#7ee787;--bad:#ff7b72;--held:#d29922}}\
svg{background:var(--paper)}\
text{font:13px system-ui,sans-serif;fill:var(--ink);stroke:var(--paper);stroke-width:3px;paint-order:stroke;\
stroke-linejoin:round}\
.t{font-size:11px;fill:var(--faint)}.l{text-anchor:end}.m{text-anchor:middle}.n{font-weight:600}\
.c{font-style:italic}.bad{fill:var(--bad)}.good{fill:var(--safe)}\
.rule{stroke:var(--rule)}.life{fill:none;stroke-width:3px}.dot{fill:var(--ink)}.held{fill:var(--held)}\
.a{stroke-width:1.5px}.dash{stroke-dasharray:6 4}.plain{stroke:var(--plain);fill:var(--plain)}.shake{stroke:var(--shake);fill:var(--shake)}\
.safe{stroke:var(--safe);fill:var(--safe)}.alert{stroke:var(--bad);fill:var(--bad)}\
.over{stroke:var(--faint);fill:var(--faint)}.life.over{stroke-dasharray:2 5}";

/// What a connection is in the middle of: the colour of its lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Plain,
    Handshake,
    Encrypted,
    Over,
}

impl Phase {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Plain, "plaintext"),
        (Self::Handshake, "handshake"),
        (Self::Encrypted, "encrypted"),
        (Self::Over, "over"),
    ];

    fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Handshake => "shake",
            Self::Encrypted => "safe",
            Self::Over => "over",
        }
    }

    /// The phase behind this moment.
    fn after(self, what: &What) -> Self {
        match what {
            What::Connection(_) => Self::Plain,
            What::Event(event) if begins(event, &["Failed", "Closed"]) => Self::Over,
            What::Event(event) if event == "Encrypted" => Self::Encrypted,
            What::Event(event) if event.starts_with("ModeChanged") => Self::Handshake,
            _ => self,
        }
    }
}

/// A picture of a session: two lines from top to bottom are this side and the peer, between them are
/// the records with their sizes; beside ours, the events and calls, and for how long a decision was
/// open. Of a [`Transcript`](super::Transcript), or of what `sslcore connect --record` writes.
///
/// ```
/// use sslcore::Limits;
/// use sslcore::transcript::{Drawing, DrawingError, Recorder};
///
/// let mut client = Recorder::new("mine", 0, Limits::default());
/// client.write(b"EHLO me\r\n").unwrap();
/// client.send_all();
/// client.close();
/// let drawing = Drawing::read(&client.transcript().to_string()).unwrap();
/// assert!(drawing.svg().contains(">plaintext, 9 B</text>"));
/// assert!(drawing.html().starts_with("<!DOCTYPE html>"));
///
/// let error: DrawingError = Drawing::read("garbage").unwrap_err();
/// assert_eq!(error.to_string(), "it is no recording of a connection");
/// ```
#[derive(Debug)]
pub struct Drawing {
    session: Session,
}

/// Why nothing can be drawn: a sentence, by `Display`. [`Drawing`] shows one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawingError(String);

impl fmt::Display for DrawingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for DrawingError {}

impl Drawing {
    /// Reads a session from its text. Long stretches of data are one row. Takes a few times the
    /// text's memory.
    ///
    /// # Errors
    /// When the text is no recording, or has more than 100,000 rows.
    pub fn read(recording: &str) -> Result<Self, DrawingError> {
        match Session::read(recording) {
            Ok(session) => Ok(Self { session }),
            Err(why) => Err(DrawingError(why)),
        }
    }

    /// A web page that needs no other file, light or dark as its reader prefers.
    pub fn html(&self) -> String {
        let svg = self.svg();
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>A session of sslcore</title>\n\
             <style>body{{margin:0;background:var(--paper)}}svg{{display:block;margin:auto;max-width:100%;height:auto}}</style>\n\
             <body>\n{svg}</body>\n</html>\n"
        )
    }

    /// The picture alone, as SVG that stands for itself.
    pub fn svg(&self) -> String {
        let moments = &self.session.moments;
        let bottom = row(moments.len());
        let height = bottom + BELOW;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>A session of sslcore</title>\n\
             <style>{STYLE}</style>\n"
        );
        self.head(&mut svg);
        let times: Vec<bool> = (0..moments.len())
            .map(|at| at == 0 || moments[at - 1].at != moments[at].at)
            .collect();
        let mut rules = String::new();
        for (index, _) in times.iter().enumerate().filter(|(_, new)| **new) {
            let _ = write!(rules, "M{TIME} {}H{OURS}", row(index) - ROW / 2);
        }
        let _ = writeln!(svg, "<path class=\"rule\" d=\"{rules}\"/>");
        lifelines(moments, &mut svg);
        let held = held(moments);
        for &(from, to) in &held {
            let (top, end) = (row(from), row(to));
            let _ = writeln!(
                svg,
                "<rect class=\"held\" x=\"{}\" y=\"{top}\" width=\"12\" height=\"{}\" rx=\"3\">\
                 <title>a decision is open</title></rect>",
                OURS - 6,
                end - top,
            );
            let time = moments[to].at.saturating_sub(moments[from].at);
            let label = format!("a decision was open for {}", millis(time));
            // On the line of the question there is no arrow.
            svg += &text(OURS + 14, top + 4, "t", &label, BETWEEN);
        }
        for (index, moment) in moments.iter().enumerate() {
            let y = row(index);
            if times[index] {
                svg += &text(TIME, y + 4, "t", &millis(moment.at), TIMES);
            }
            draw(&moment.what, y, &mut svg);
        }
        legend(bottom + 34, !held.is_empty(), &mut svg);
        svg + "</svg>\n"
    }

    /// The names of the two sides, and how much has passed.
    fn head(&self, svg: &mut String) {
        let (ours, peers) = match self.session.is_server {
            true => ("server, this side", "client"),
            false => ("client, this side", "server"),
        };
        for (x, name) in [(OURS, ours), (PEER, peers)] {
            *svg += &text(x, 32, "n m", name, BESIDE);
        }
        for (y, way, which) in [
            (28, Direction::Sent, "sent"),
            (46, Direction::Received, "received"),
        ] {
            let (records, bytes) = self.session.passed(way);
            let plural = if records == 1 { "" } else { "s" };
            let (records, bytes) = (grouped(records), grouped(bytes));
            let said = format!("{which} {bytes} B in {records} piece{plural}");
            *svg += &text(TIME, y, "t", &said, BESIDE);
        }
    }
}

/// The two lines, in the colours of what the connection is in the middle of.
fn lifelines(moments: &[Moment], svg: &mut String) {
    let mut line = |phase: Phase, from: usize, to: usize| {
        let class = phase.class();
        let _ = writeln!(
            svg,
            "<path class=\"life {class}\" d=\"M{OURS} {from}V{to}M{PEER} {from}V{to}\"/>"
        );
    };
    let (mut phase, mut from) = (Phase::Plain, TOP - 40);
    for (index, moment) in moments.iter().enumerate() {
        let next = phase.after(&moment.what);
        if next != phase {
            line(phase, from, row(index));
            (phase, from) = (next, row(index));
        }
    }
    line(phase, from, row(moments.len()));
}

/// What the colours mean.
fn legend(y: usize, held: bool, svg: &mut String) {
    let mut x = TIME;
    for (phase, name) in Phase::ALL {
        let class = phase.class();
        let _ = writeln!(
            svg,
            "<path class=\"life {class}\" d=\"M{x} {}h22\"/>",
            y - 4
        );
        *svg += &text(x + 30, y, "t", name, BESIDE);
        x += 110;
    }
    if !held {
        return;
    }
    let _ = writeln!(
        svg,
        "<rect class=\"held\" x=\"{x}\" y=\"{}\" width=\"22\" height=\"12\" rx=\"3\"/>",
        y - 10
    );
    *svg += &text(x + 30, y, "t", "a decision is open", BESIDE);
}

fn row(index: usize) -> usize {
    TOP + index * ROW
}

/// A number with commas: `1,048,576`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
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
            What::Event(event)
                if begins(
                    event,
                    &[
                        "SslErrors",
                        "ConfigRequired",
                        "PreSharedKeyRequired",
                        "SignatureRequired",
                    ],
                ) =>
            {
                open = Some(index);
            }
            What::Call(call) if begins(call, &["answer", "provide", "refuse"]) => {
                spans.extend(open.take().map(|open| (open, index)));
            }
            What::Event(event) if event.starts_with("Failed(CertificateRejected") => open = None,
            What::Event(event) if begins(event, &["Failed", "Closed"]) => {
                spans.extend(open.take().map(|open| (open, index)));
            }
            What::Connection(_) => open = None,
            _ => {}
        }
    }
    spans
}

fn begins(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.starts_with(word))
}

fn draw(what: &What, y: usize, svg: &mut String) {
    match what {
        What::Connection(number) => {
            let _ = writeln!(
                svg,
                "<path class=\"rule\" d=\"M{TIME} {}H{PEER}\"/>",
                y - ROW / 2
            );
            let name = format!("connection {number}");
            *svg += &text((OURS + PEER) / 2, y + 4, "n m", &name, BETWEEN);
        }
        What::Call(call) => *svg += &text(OURS - 18, y + 4, "l c", call, BESIDE),
        What::Event(event) => {
            let (class, said) = told(event);
            let _ = writeln!(
                svg,
                "<circle class=\"dot\" cx=\"{OURS}\" cy=\"{y}\" r=\"4\"/>"
            );
            *svg += &text(OURS - 18, y + 4, class, &said, BESIDE);
            if let Some((direction, alert)) = alert(event) {
                let class = match alert {
                    "CloseNotify" => "over",
                    _ => "alert",
                };
                let (from, to) = ends(direction);
                *svg += &arrow(from, &[to], y, &format!("dash {class}"));
                let label = format!("alert {alert}");
                *svg += &text((OURS + PEER) / 2, y - 5, "m", &label, BETWEEN);
            }
        }
        What::Records {
            direction,
            kind,
            count,
            bytes,
        } => {
            let class = match &kind[..] {
                // What an encrypted one says is an event.
                "alert, encrypted" | "alert close_notify (0)" => "over",
                kind if kind.starts_with("alert") => "alert",
                "plaintext" => "plain",
                "encrypted" | "bytes" => "safe",
                _ => "shake",
            };
            let (from, to) = ends(*direction);
            *svg += &arrow(from, &[to], y, class);
            let times = if *count > 1 {
                format!(" × {}", grouped(*count))
            } else {
                String::new()
            };
            let label = format!("{kind}{times}, {} B", grouped(*bytes));
            let class = if class == "alert" { "m bad" } else { "m" };
            *svg += &text((OURS + PEER) / 2, y - 5, class, &label, BETWEEN);
        }
        What::Folded(Folded {
            sent,
            received,
            until,
        }) => {
            *svg += &arrow((OURS + PEER) / 2, &[OURS, PEER], y, "safe");
            let more = grouped(sent.0.saturating_add(received.0));
            let label = format!("· · · {more} more · · ·");
            *svg += &text((OURS + PEER) / 2, y - 5, "m", &label, BETWEEN);
            let (sent, received) = (grouped(sent.1), grouped(received.1));
            let until = millis(*until);
            let label = format!("{sent} B sent, {received} B received, until {until}");
            *svg += &text(OURS - 18, y + 4, "l t", &label, BESIDE);
        }
    }
}

/// The direction of an alert that an event tells of, and its name.
fn alert(event: &str) -> Option<(Direction, &str)> {
    let (direction, rest) = match event.strip_prefix("AlertSent(") {
        Some(rest) => (Direction::Sent, rest),
        None => (Direction::Received, event.strip_prefix("AlertReceived(")?),
    };
    Some((direction, rest.strip_suffix(')')?))
}

/// From which line to which.
fn ends(direction: Direction) -> (usize, usize) {
    match direction {
        Direction::Sent => (OURS, PEER),
        Direction::Received => (PEER, OURS),
    }
}

/// From one place to others, on one line.
fn arrow(from: usize, to: &[usize], y: usize, class: &str) -> String {
    let mut path = String::new();
    for to in to {
        let (shaft, back) = match to > &from {
            true => (to - 9, -9),
            false => (to + 9, 9),
        };
        let _ = write!(path, "M{from} {y}H{shaft}M{to} {y}l{back} -4v8z");
    }
    format!("<path class=\"a {class}\" d=\"{path}\"/>\n")
}

/// How an event looks, and what is said of it.
fn told(event: &str) -> (&'static str, String) {
    let clean = event.starts_with("Closed(CloseReport { clean: true");
    if event.starts_with("Closed(CloseReport {") {
        return match clean {
            true => ("l good", "Closed, clean".to_owned()),
            false => ("l bad", "Closed, not clean".to_owned()),
        };
    }
    let class = match event {
        "Encrypted" => "l good",
        _ if event.ends_with("(CloseNotify)") => "l",
        _ if begins(event, &["Failed", "Alert", "PeerVerifyError"]) => "l bad",
        _ => "l",
    };
    // What Debug writes for a struct.
    let said = match event.split_once(" { ") {
        Some((name, members)) => {
            let members = members.trim_end_matches(" }").replace("kind: ", "");
            format!("{name}: {}", members.replace(": ", " "))
        }
        None => event.to_owned(),
    };
    (class, said)
}

fn text(x: usize, y: usize, class: &str, said: &str, place: Place) -> String {
    let said = fitted(said, place);
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{said}</text>\n")
}
