//! What is said about a connection.

use serde_json::{Value, json};
use sslcore_std::sslcore::{CloseReport, Connection};

use crate::exit;
use crate::status;
pub(super) use crate::telling::{Report, Telling, Trouble, Warning};
use crate::text::{Ink, Palette, escaped, grouped};

/// There is a connection, in plaintext.
pub(super) struct Connected {
    pub(super) host: String,
    /// The proxy's, if there is one.
    pub(super) address: String,
    pub(super) proxy: Option<String>,
}

impl Telling for Connected {
    fn text(&self, _: Palette) -> String {
        let through = self.proxy.as_ref();
        let through =
            through.map_or_else(String::new, |proxy| format!(" through {}", escaped(proxy)));
        format!(
            "Connected to {:?}{through} at {}\n",
            self.host, self.address
        )
    }

    fn json(&self) -> Value {
        json!({
            "event": "connected",
            "host": self.host,
            "address": self.address,
            "proxy": self.proxy,
        })
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

/// The server asks for a certificate of ours.
pub(super) struct Asked {
    authorities: Vec<String>,
    listed: bool,
}

impl Asked {
    /// By this server; its authorities are `listed` or counted.
    pub(super) fn by(connection: &Connection, listed: bool) -> Self {
        let authorities = connection.client_certificate_authorities();
        Self {
            authorities: authorities.map(|name| name.to_string()).collect(),
            listed,
        }
    }
}

impl Telling for Asked {
    fn text(&self, palette: Palette) -> String {
        let by = match self.authorities.len() {
            0 => "any authority".to_owned(),
            1 => "1 authority".to_owned(),
            count => format!("one of {count} authorities"),
        };
        let more = match self.listed || self.authorities.is_empty() {
            true => "",
            false => " (see --client-ca-names)",
        };
        let mut out = format!("The server asks for a certificate by {by}{more}\n");
        for name in self.authorities.iter().filter(|_| self.listed) {
            let mark = palette.paint(Ink::Faint, "authority");
            out += &format!("  {mark} {name}\n");
        }
        out
    }

    fn json(&self) -> Value {
        json!({"event": "certificate_request", "authorities": self.authorities})
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
    /// There is none: the server has our pre-shared key.
    Key,
}

impl Trust {
    fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Pinned => "pinned",
            Self::Asked => "asked",
            Self::Query => "query",
            Self::None => "none",
            Self::Key => "psk",
        }
    }

    fn about(self) -> (Ink, &'static str) {
        match self {
            Self::Verified => (Ink::Good, "the certificate was verified"),
            Self::Pinned => (Ink::Good, "the certificate is the pinned one"),
            Self::Asked => (Ink::Plain, "you accepted the certificate"),
            Self::Query => (Ink::Bad, "the certificate's errors are ignored"),
            Self::None => (Ink::Bad, "the certificate was not verified"),
            Self::Key => (Ink::Good, "the server has the pre-shared key"),
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
    /// What the stapled response says.
    ocsp: Option<String>,
    trust: Trust,
    /// The name of the key that both sides have.
    psk_identity: Option<String>,
}

impl Encrypted {
    /// By this `trust`, or by the key of this name.
    pub(super) fn new(connection: &Connection, trust: Trust, key: Option<&str>) -> Self {
        let alpn = connection.alpn_protocol().map(String::from_utf8_lossy);
        Self {
            version: connection.session_protocol().map_or("", |it| it.name()),
            cipher: connection.session_cipher().map_or("", |it| it.name()),
            group: connection.key_exchange_group(),
            alpn: alpn.map(Into::into),
            resumed: connection.is_resumed(),
            ocsp: status::stapled(connection),
            trust,
            psk_identity: key.map(ToOwned::to_owned),
        }
    }
}

impl Telling for Encrypted {
    fn text(&self, palette: Palette) -> String {
        let mut facts = format!("{}, {}", self.version, self.cipher);
        if let Some(group) = self.group {
            facts += &format!(", {group}");
        } else if self.psk_identity.is_some() {
            facts += ", no key exchange and no forward secrecy";
        }
        if let Some(alpn) = &self.alpn {
            facts += &format!(", ALPN {alpn:?}");
        }
        if let Some(ocsp) = &self.ocsp {
            facts += &format!(", OCSP {ocsp}");
        }
        let (ink, about) = self.trust.about();
        let mut about = about.to_owned();
        if let Some(name) = &self.psk_identity {
            about += &format!(" \"{}\"", escaped(name));
        }
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
            "ocsp": self.ocsp,
            "trust": self.trust.name(),
            "psk_identity": self.psk_identity,
        })
    }
}

/// Bytes of data that went each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) sent: u64,
    pub(super) received: u64,
    /// The server ended before the input did.
    pub(super) input_left: bool,
    /// Bytes of the input, those that were read, that were never accepted.
    pub(super) input_dropped: u64,
    /// We have ended our side because the server kept silent.
    pub(super) lingered: bool,
}

impl Traffic {
    /// What of the input the server's side has not taken, in words.
    pub(super) fn lost(&self, report: &CloseReport) -> Option<String> {
        let dropped = (self.input_dropped > 0).then(|| {
            let dropped = grouped(self.input_dropped as usize);
            format!("at least {dropped} B of the input were not sent")
        });
        let lost: Vec<String> = dropped.into_iter().chain(exit::lost(report)).collect();
        (!lost.is_empty()).then(|| lost.join("; "))
    }
}

/// The connection is over.
pub(super) struct Closed {
    pub(super) report: CloseReport,
    pub(super) traffic: Traffic,
}

impl Closed {
    /// Bytes of the input that were encrypted.
    fn sent(&self) -> u64 {
        let abandoned = self.report.abandoned as u64;
        self.traffic.sent.saturating_sub(abandoned)
    }
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
            } => "by us; the server hung up without a close_notify of its own",
            _ => "without close_notify",
        };
        let traffic = self.traffic;
        let left = match traffic.input_left {
            true => "; the server ended before the input did",
            false => "",
        };
        let lost = traffic.lost(&self.report);
        let lost = lost.map_or_else(String::new, |lost| format!("; {lost}"));
        format!(
            "Closed {how}: {} B sent, {} B received{left}{lost}\n",
            grouped(self.sent() as usize),
            grouped(traffic.received as usize)
        )
    }

    fn json(&self) -> Value {
        json!({
            "event": "closed",
            "clean": self.report.clean,
            "close_notify_sent": self.report.close_notify_sent,
            "close_notify_received": self.report.close_notify_received,
            "sent": self.sent(),
            "received": self.traffic.received,
            "abandoned": self.report.abandoned,
            "unsent": self.report.unsent,
            "input_left": self.traffic.input_left,
            "input_dropped": self.traffic.input_dropped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_whose_name_would_clear_the_screen_is_named_in_escapes() {
        let connected = Connected {
            host: "host".to_owned(),
            address: "127.0.0.1:1".to_owned(),
            proxy: Some("http://\x1b[2J:1".to_owned()),
        };
        assert_eq!(
            connected.text(Palette::plain()),
            "Connected to \"host\" through http://\\u{1b}[2J:1 at 127.0.0.1:1\n"
        );
    }
}
