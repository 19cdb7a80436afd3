//! What is said about a connection: on standard error, as text or as JSON.

use std::io::Write;
use std::time::Instant;

use serde_json::{Map, Value, json};
use sslcore_std::sslcore::{CloseReport, Connection};

use crate::exit::Exit;
use crate::text::{Ink, Palette, ascii_json, grouped};

/// Something worth telling.
pub(super) trait Telling {
    /// In words, every line ended.
    fn text(&self, palette: Palette) -> String;
    /// As an object's members; `event` says what it is.
    fn json(&self) -> Value;
}

/// Tells what happens, while it happens. Nobody is left to tell when standard error is gone.
#[derive(Clone, Copy)]
pub(super) struct Report {
    json: bool,
    palette: Palette,
    start: Instant,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            palette: Palette::for_stderr(),
            start: Instant::now(),
        }
    }

    pub(super) fn tell(&self, what: &dyn Telling) {
        self.tell_at(Instant::now(), what);
    }

    pub(super) fn tell_at(&self, at: Instant, what: &dyn Telling) {
        let text = match self.json {
            false => what.text(self.palette),
            true => {
                let millis = at.saturating_duration_since(self.start).as_micros() as f64 / 1000.0;
                let mut line = Map::new();
                line.insert("at_ms".to_owned(), json!(millis));
                if let Value::Object(members) = what.json() {
                    line.extend(members);
                }
                ascii_json(&Value::Object(line)) + "\n"
            }
        };
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    pub(super) fn start(&self) -> Instant {
        self.start
    }
}

/// There is a connection, in plaintext.
pub(super) struct Connected {
    pub(super) host: String,
    pub(super) address: String,
}

impl Telling for Connected {
    fn text(&self, _: Palette) -> String {
        format!("Connected to {:?} at {}\n", self.host, self.address)
    }

    fn json(&self) -> Value {
        json!({"event": "connected", "host": self.host, "address": self.address})
    }
}

/// The server has said "go ahead".
pub(super) struct Switching {
    pub(super) protocol: &'static str,
}

impl Telling for Switching {
    fn text(&self, _: Palette) -> String {
        format!("The server switches to TLS ({})\n", self.protocol)
    }

    fn json(&self) -> Value {
        json!({"event": "starttls", "protocol": self.protocol})
    }
}

/// Why the peer's certificate is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Verified,
    Pinned,
    Asked,
    Query,
    None,
}

impl Trust {
    fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Pinned => "pinned",
            Self::Asked => "asked",
            Self::Query => "query",
            Self::None => "none",
        }
    }

    fn about(self) -> (Ink, &'static str) {
        match self {
            Self::Verified => (Ink::Good, "the certificate was verified"),
            Self::Pinned => (Ink::Good, "the certificate is the pinned one"),
            Self::Asked => (Ink::Plain, "you accepted the certificate"),
            Self::Query => (Ink::Bad, "the certificate's errors are ignored"),
            Self::None => (Ink::Bad, "the certificate was not verified"),
        }
    }
}

/// The handshake is complete.
pub(super) struct Encrypted {
    version: &'static str,
    cipher: &'static str,
    group: Option<&'static str>,
    alpn: Option<String>,
    resumed: bool,
    trust: Trust,
}

impl Encrypted {
    pub(super) fn new(connection: &Connection, trust: Trust) -> Self {
        let alpn = connection.alpn_protocol().map(String::from_utf8_lossy);
        Self {
            version: connection.session_protocol().map_or("", |it| it.name()),
            cipher: connection.session_cipher().map_or("", |it| it.name()),
            group: connection.key_exchange_group(),
            alpn: alpn.map(Into::into),
            resumed: connection.is_resumed(),
            trust,
        }
    }
}

impl Telling for Encrypted {
    fn text(&self, palette: Palette) -> String {
        let mut facts = format!("{}, {}", self.version, self.cipher);
        if let Some(group) = self.group {
            facts += &format!(", {group}");
        }
        if let Some(alpn) = &self.alpn {
            facts += &format!(", ALPN {alpn:?}");
        }
        let (ink, about) = self.trust.about();
        format!(
            "{}: {facts}; {}\n",
            palette.paint(Ink::Good, "Encrypted"),
            palette.paint(ink, about)
        )
    }

    fn json(&self) -> Value {
        json!({
            "event": "encrypted",
            "version": self.version,
            "cipher": self.cipher,
            "group": self.group,
            "alpn": self.alpn,
            "resumed": self.resumed,
            "trust": self.trust.name(),
        })
    }
}

/// Bytes of data that went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) sent: u64,
    pub(super) received: u64,
}

/// The connection is over.
pub(super) struct Closed {
    pub(super) report: CloseReport,
    pub(super) traffic: Traffic,
}

impl Telling for Closed {
    fn text(&self, _: Palette) -> String {
        let how = match self.report {
            CloseReport { clean: true, .. } => "cleanly",
            CloseReport {
                close_notify_received: true,
                ..
            } => "by the peer",
            CloseReport {
                close_notify_sent: true,
                ..
            } => "by us, without an answer",
            _ => "without close_notify",
        };
        let Traffic { sent, received } = self.traffic;
        format!(
            "Closed {how}: {} B sent, {} B received\n",
            grouped(sent as usize),
            grouped(received as usize)
        )
    }

    fn json(&self) -> Value {
        json!({
            "event": "closed",
            "clean": self.report.clean,
            "close_notify_sent": self.report.close_notify_sent,
            "close_notify_received": self.report.close_notify_received,
            "sent": self.traffic.sent,
            "received": self.traffic.received,
        })
    }
}

/// Why it ends otherwise than it should: a sentence, and the exit code.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    pub(super) exit: Exit,
    pub(super) why: String,
}

impl Trouble {
    pub(super) fn new(exit: Exit, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { exit, why }
    }

    pub(super) fn usage(why: impl ToString) -> Self {
        Self::new(Exit::Usage, why.to_string())
    }
}

impl Telling for Trouble {
    fn text(&self, palette: Palette) -> String {
        format!("{} {}\n", palette.paint(Ink::Bad, "error:"), self.why)
    }

    fn json(&self) -> Value {
        json!({"event": "error", "exit": self.exit as u8, "why": self.why})
    }
}

/// Something that is not wrong enough to end it.
pub(super) struct Warning(pub(super) String);

impl Telling for Warning {
    fn text(&self, palette: Palette) -> String {
        format!("{} {}\n", palette.paint(Ink::Bad, "warning:"), self.0)
    }

    fn json(&self) -> Value {
        json!({"event": "warning", "why": self.0})
    }
}
