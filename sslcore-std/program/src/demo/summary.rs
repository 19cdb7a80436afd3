//! The session in a table.

use std::fmt::{self, Display};
use std::mem::size_of;
use std::time::Duration;

use serde_json::{Value, json};
use sslcore_std::sslcore::{CloseReport, Connection, Event, Limits, SslProtocol};
use sslcore_std::trace::Direction;

use super::log::{Side, What};
use super::script::{CERTIFICATE_NAME, HOST};
use super::session::Session;
use crate::telling::millis;
use crate::text::{Ink, Palette, grouped};

pub(super) fn render(session: &Session, palette: Palette) -> String {
    let mut out = String::from("\nWhat it came to\n");
    let mut row = |name: &str, value: String| {
        let name = palette.paint(Ink::Faint, format_args!("{name:<16}"));
        out += &format!("  {name}  {value}\n");
    };
    let knows = &session.client;
    if let (Some(protocol), Some(cipher)) = (knows.protocol, knows.cipher) {
        let group = knows.group.unwrap_or("none");
        row("version", SslProtocol::name(protocol).to_owned());
        row("cipher suite", cipher.to_string());
        row("key exchange", group.to_owned());
        row(
            "certificate",
            format!("for {CERTIFICATE_NAME:?}, though the client asked for {HOST:?}"),
        );
        let [first, second] = session.pinned.halves();
        row("pinned SHA-256", first);
        row("", second);
    }
    if let Some(time) = handshake_time(session) {
        let millis = time.as_secs_f64() * 1000.0;
        row("handshake", format!("{millis:.2} ms, the review included"));
    }
    for (name, side) in [
        ("client to server", Side::Client),
        ("server to client", Side::Server),
    ] {
        row(name, Traffic::of(session, side).to_string());
    }
    for (name, report) in [
        ("client's close", session.client.report),
        ("server's close", session.server.report),
    ] {
        if let Some(report) = report {
            row(name, report_text(report));
        }
    }
    row("memory", memory());
    out
}

pub(super) fn json(session: &Session) -> Value {
    let knows = &session.client;
    let end = |side: Side, report: Option<CloseReport>| {
        let traffic = Traffic::of(session, side);
        json!({
            "written": traffic.written,
            "records": traffic.records,
            "record_bytes": traffic.bytes,
            "clean": report.map(|it| it.clean),
            "close_notify_sent": report.map(|it| it.close_notify_sent),
            "close_notify_received": report.map(|it| it.close_notify_received),
            "abandoned": report.map(|it| it.abandoned),
            "unsent": report.map(|it| it.unsent),
        })
    };
    json!({
        "event": "summary",
        "version": knows.protocol.map(SslProtocol::name),
        "cipher": knows.cipher.map(|cipher| cipher.name()),
        "group": knows.group,
        "pinned_sha256": session.pinned.to_string(),
        "handshake_ms": handshake_time(session).map(millis),
        "client": end(Side::Client, session.client.report),
        "server": end(Side::Server, session.server.report),
    })
}

/// From the switch to `Encrypted`, on the client.
fn handshake_time(session: &Session) -> Option<Duration> {
    let at = |wanted: fn(&Event) -> bool| {
        session
            .log
            .iter()
            .find(|entry| {
                entry.side == Side::Client
                    && matches!(&entry.what, What::Event(event) if wanted(event))
            })
            .map(|entry| entry.at)
    };
    let begun = at(|event| matches!(event, Event::ModeChanged(_)))?;
    Some(at(|event| *event == Event::Encrypted)?.saturating_sub(begun))
}

/// What one side has sent.
struct Traffic {
    /// Bytes of plaintext.
    written: usize,
    records: usize,
    /// All bytes of the records.
    bytes: usize,
}

impl Traffic {
    fn of(session: &Session, side: Side) -> Self {
        let written = session.events(side).map(|event| match event {
            Event::BytesWritten(n) => n,
            _ => 0,
        });
        let mut traffic = Self {
            written: written.sum(),
            records: 0,
            bytes: 0,
        };
        for entry in session.log.iter().filter(|entry| entry.side == side) {
            if let What::Record(Direction::Sent, record) = entry.what {
                traffic.records += 1;
                traffic.bytes += record.len();
            }
        }
        traffic
    }
}

impl Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (written, bytes) = (grouped(self.written), grouped(self.bytes));
        let records = self.records;
        write!(f, "{written} B written, {records} records of {bytes} B")
    }
}

fn report_text(report: CloseReport) -> String {
    let said = match (report.close_notify_sent, report.close_notify_received) {
        (true, true) => "close_notify sent and received",
        (true, false) => "close_notify sent, none received",
        (false, true) => "close_notify received, none sent",
        (false, false) => "no close_notify",
    };
    let clean = if report.clean { "clean" } else { "not clean" };
    let (abandoned, unsent) = (report.abandoned, report.unsent);
    format!("{clean}: {said}, {abandoned} B abandoned, {unsent} B unsent")
}

fn memory() -> String {
    let limits = Limits::default();
    format!(
        "Connection {} B; unread data at most {} B and a record, unsent {} B",
        grouped(size_of::<Connection>()),
        grouped(limits.read_buffer_size),
        grouped(limits.transmit)
    )
}
