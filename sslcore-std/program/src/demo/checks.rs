//! What must hold, and whether it did.

use std::fmt::Display;

use serde_json::{Value, json};
use sslcore_std::sslcore::{CloseReport, Event};
use sslcore_std::trace::{Content, Direction, Record};

use super::fault::Fault;
use super::log::{Side, What};
use super::script::Trouble;
use super::session::Session;
use crate::text::{Ink, Palette, event_text};

/// Everything that was checked.
#[derive(Default)]
pub(super) struct Checks(Vec<(String, bool)>);

impl Checks {
    pub(super) fn that(&mut self, what: impl Into<String>, holds: bool) {
        self.0.push((what.into(), holds));
    }

    pub(super) fn fail(&mut self, what: impl Into<String>) {
        self.that(what, false);
    }

    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The result; trouble is a check that does not hold.
    pub(super) fn settle<T: Default>(&mut self, who: &str, result: Result<T, Trouble>) -> T {
        result.unwrap_or_else(|trouble| {
            self.fail(format!("{who} got through: {trouble}"));
            T::default()
        })
    }

    pub(super) fn all_hold(&self) -> bool {
        self.0.iter().all(|(_, holds)| *holds)
    }

    /// One object for each.
    pub(super) fn json(&self) -> impl Iterator<Item = Value> {
        let checks = self.0.iter();
        checks.map(|(what, holds)| json!({"event": "check", "what": what, "holds": holds}))
    }

    pub(super) fn render(&self, palette: Palette) -> String {
        let mut out = String::from("\nChecked\n");
        for (what, holds) in &self.0 {
            let mark = match holds {
                true => palette.paint(Ink::Good, "yes"),
                false => palette.paint(Ink::Bad, "NO "),
            };
            out += &format!("  {mark}  {what}\n");
        }
        out
    }
}

/// What can only be told of the whole session.
pub(super) fn whole(session: &Session, fault: Option<Fault>, checks: &mut Checks) {
    let (client, server) = expected(fault);
    order(session, Side::Client, client, checks);
    let stranger = matches!(fault, Some(Fault::Inject | Fault::Garbage));
    if !stranger {
        order(session, Side::Server, server, checks);
        for sender in [Side::Client, Side::Server] {
            let sent = records(session, sender, Direction::Sent);
            let arrived = records(session, sender.other(), Direction::Received);
            checks.that(
                format!(
                    "the records of the {} arrived as they were sent, {} of them",
                    sender.name(),
                    sent.len()
                ),
                !sent.is_empty() && sent == arrived,
            );
        }
    }
    match fault {
        Some(Fault::Inject) => checks.that(
            "not one byte of TLS left the client",
            records(session, Side::Client, Direction::Sent).is_empty(),
        ),
        Some(Fault::Garbage) => {}
        _ => checks.that(
            "while the certificate was reviewed the client sent no handshake and no data",
            nothing_left_during_the_review(session),
        ),
    }
    checks.that(
        "nobody spoke plaintext after the switch",
        [Side::Client, Side::Server]
            .iter()
            .all(|side| no_line_after_the_switch(session, *side)),
    );
    let reports = [session.client.report, session.server.report];
    if fault.is_none() {
        checks.that(
            "both ends agree about version, cipher suite and group",
            session.client.cipher.is_some()
                && session.client.protocol == session.server.protocol
                && session.client.cipher == session.server.cipher
                && session.client.group == session.server.group,
        );
        checks.that(
            "both ends closed cleanly, and nothing was lost",
            reports
                .iter()
                .flatten()
                .filter(|report| lossless(report))
                .count()
                == 2,
        );
    } else {
        checks.that(
            "no end calls that a clean close",
            reports.iter().flatten().all(|report| !report.clean),
        );
    }
}

fn lossless(report: &CloseReport) -> bool {
    report.clean && report.abandoned == 0 && report.unsent == 0
}

/// The landmarks of a session, in their order: everything but the events of the data's flow.
fn expected(fault: Option<Fault>) -> (&'static [&'static str], &'static [&'static str]) {
    match fault {
        None => (
            &[
                "ModeChanged Client",
                "PeerVerifyError SelfSignedCertificate, certificate 0",
                "PeerVerifyError HostNameMismatch, certificate 0",
                "SslErrors",
                "Encrypted",
                "KeysUpdated",
                "AlertSent close_notify (0)",
                "PeerClosed",
                "Closed, clean",
            ],
            &[
                "ModeChanged Server",
                "Encrypted",
                "KeysUpdated",
                "PeerClosed",
                "AlertSent close_notify (0)",
                "Closed, clean",
            ],
        ),
        Some(Fault::WrongCert) => (
            &[
                "ModeChanged Client",
                "PeerVerifyError SelfSignedCertificate, certificate 0",
                "PeerVerifyError HostNameMismatch, certificate 0",
                "SslErrors",
                "Failed CertificateRejected(SelfSignedCertificate)",
                "AlertSent unknown_ca (48)",
                "Closed, not clean",
            ],
            &[
                "ModeChanged Server",
                "AlertReceived unknown_ca (48)",
                "Failed AlertReceived(UnknownCa)",
                "Closed, not clean",
            ],
        ),
        Some(Fault::Inject) => (&["Closed, not clean"], &[]),
        Some(Fault::Truncate) => (
            &[
                "ModeChanged Client",
                "PeerVerifyError SelfSignedCertificate, certificate 0",
                "PeerVerifyError HostNameMismatch, certificate 0",
                "SslErrors",
                "Encrypted",
                "Failed Truncated",
                "Closed, not clean",
            ],
            &[
                "ModeChanged Server",
                "Encrypted",
                "Failed Truncated",
                "Closed, not clean",
            ],
        ),
        Some(Fault::Garbage) => (
            &[
                "ModeChanged Client",
                "Failed NotTls",
                "AlertSent unexpected_message (10)",
                "Closed, not clean",
            ],
            &[],
        ),
    }
}

/// Events that come as often as the data does, or as the peer likes.
pub(super) fn is_flow(event: Event) -> bool {
    matches!(
        event,
        Event::ReadyRead
            | Event::Writable
            | Event::BytesWritten(_)
            | Event::EncryptedBytesWritten(_)
            | Event::SessionTicketReceived
    )
}

fn order(session: &Session, side: Side, expected: &[&str], checks: &mut Checks) {
    let mut landmarks: Vec<String> = session
        .events(side)
        .filter(|event| !is_flow(*event))
        .map(event_text)
        .collect();
    // Each direction tells of its own new keys.
    landmarks.dedup();
    let holds = landmarks == expected;
    let saw: &dyn Display = match holds {
        true => &"",
        false => &format!(": {}", landmarks.join("; ")),
    };
    let side = side.name();
    checks.that(
        format!("the events of the {side} came in their order{saw}"),
        holds,
    );
}

fn records(session: &Session, side: Side, direction: Direction) -> Vec<Record> {
    session
        .log
        .iter()
        .filter(|entry| entry.side == side)
        .filter_map(|entry| match entry.what {
            What::Record(way, record) if way == direction => Some(record),
            _ => None,
        })
        .collect()
}

/// The ChangeCipherSpec that a TLS 1.3 client owes for the ServerHello may be on its way then; it
/// says nothing (RFC 8446 §D.4).
fn nothing_left_during_the_review(session: &Session) -> bool {
    let mut review = session
        .log
        .iter()
        .filter(|entry| entry.side == Side::Client)
        .skip_while(|entry| !matches!(entry.what, What::Event(Event::SslErrors(_))));
    let opened = review.next().is_some();
    let quiet = review
        .by_ref()
        .take_while(|entry| !matches!(entry.what, What::Verdict(_)))
        .all(|entry| match entry.what {
            What::Record(Direction::Sent, record) => record.content() == Content::ChangeCipherSpec,
            _ => true,
        });
    opened && quiet && review.next().is_some()
}

fn no_line_after_the_switch(session: &Session, side: Side) -> bool {
    session
        .log
        .iter()
        .filter(|entry| entry.side == side)
        .skip_while(|entry| !matches!(entry.what, What::Event(Event::ModeChanged(_))))
        .all(|entry| !matches!(entry.what, What::Line(..)))
}
