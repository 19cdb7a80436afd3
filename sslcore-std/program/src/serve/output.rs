//! What the server says, as text or as JSON.

use std::io::{Write, stderr, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::{Value, json};

use super::fate::Fate;
use super::identity::Proof;
use super::mail::Mail;
use crate::telling::Telling;
use crate::text::{Fingerprint, Palette, ascii_json, escaped};

/// Text: what scripts and people wait for on standard output, what happened on standard error.
/// JSON: everything on standard output. Every piece is written at once, so that the threads do
/// not mix their words; when nobody reads them any more, the server goes on.
#[derive(Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

/// What clients can know the server by.
pub(super) enum Shown {
    Certificate {
        fingerprint: Fingerprint,
        /// It was made for this run.
        made_now: bool,
    },
    Key {
        name: String,
        /// What a client's command line says of it.
        options: String,
    },
}

impl Shown {
    /// The key has this name, and needs these options.
    pub(super) fn of(proof: &Proof, name: Option<&str>, options: String) -> Self {
        match proof {
            Proof::Certificate(identity) => Self::Certificate {
                fingerprint: identity.fingerprint,
                made_now: identity.thrown_away,
            },
            Proof::Key(_) => Self::Key {
                name: name.unwrap_or_default().to_owned(),
                options,
            },
        }
    }

    /// What a client's command line says.
    fn options(&self) -> String {
        match self {
            Self::Certificate { fingerprint, .. } => format!("--trust-sha256 {fingerprint}"),
            Self::Key { options, .. } => options.clone(),
        }
    }

    /// For people, above the command that connects.
    fn text(&self) -> String {
        match self {
            Self::Certificate {
                fingerprint,
                made_now,
            } => {
                let made = match made_now {
                    true => "made for this run",
                    false => "from the file",
                };
                format!(
                    "Its certificate, {made}, has the SHA-256 fingerprint\n  {fingerprint}\n\
                     To connect and accept that certificate and no other"
                )
            }
            Self::Key { name, .. } => format!(
                "Clients must have the pre-shared key \"{}\"\nTo connect with that key",
                escaped(name)
            ),
        }
    }
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// The server is there.
    pub(super) fn listening(self, address: SocketAddr, shown: &Shown, smtp: bool) {
        let starttls = if smtp { " --starttls smtp" } else { "" };
        let reachable = reachable(address);
        let options = shown.options();
        let command = format!("sslcore connect {reachable}{starttls} {options}");
        if !self.json {
            let shown = shown.text();
            return tell(&format!("{address}\n{shown}:\n  {}\n", escaped(&command)));
        }
        let (fingerprint, made_now, key) = match shown {
            Shown::Certificate {
                fingerprint,
                made_now,
            } => (Some(fingerprint.to_string()), *made_now, None),
            Shown::Key { name, .. } => (None, false, Some(name)),
        };
        say(&json!({
            "event": "listening",
            "address": address.to_string(),
            "certificate_sha256": fingerprint,
            "certificate_made_now": made_now,
            "psk_identity": key,
            "command": command,
        }));
    }

    /// A connection is over.
    pub(super) fn fate(self, fate: &Fate) {
        match self.json {
            true => say(&fate.json()),
            false => complain(&format!("{fate}\n")),
        }
    }

    /// A mail was taken.
    pub(super) fn mail(self, mail: &Mail, peer: &str) {
        match self.json {
            true => say(&mail.json(peer)),
            false => tell(&mail.text(peer)),
        }
    }

    /// Something that is wrong with the server itself.
    pub(super) fn tell(self, what: &dyn Telling) {
        match self.json {
            true => say(&what.json()),
            false => complain(&what.text(Palette::for_stderr())),
        }
    }
}

fn complain(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}

fn say(value: &Value) {
    tell(&(ascii_json(value) + "\n"));
}

fn tell(text: &str) {
    let mut out = stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Where a client on this machine finds a server that listens there.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
