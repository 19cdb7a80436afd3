//! What the server says, as text or as JSON.

use std::io::{Write, stderr, stdout};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::{Value, json};

use super::fate::Fate;
use super::mail::Mail;
use crate::telling::Telling;
use crate::text::{Fingerprint, Palette, ascii_json};

/// Text: what scripts and people wait for on standard output, what happened on standard error.
/// JSON: everything on standard output. Every piece is written at once, so that the threads do
/// not mix their words; when nobody reads them any more, the server goes on.
#[derive(Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// The server is there.
    pub(super) fn listening(
        self,
        address: SocketAddr,
        fingerprint: Fingerprint,
        thrown_away: bool,
        smtp: bool,
    ) {
        let fingerprint = fingerprint.to_string();
        let starttls = if smtp { " --starttls smtp" } else { "" };
        let command = format!(
            "sslcore connect {}{starttls} --trust-sha256 {fingerprint}",
            reachable(address)
        );
        if self.json {
            return say(&json!({
                "event": "listening",
                "address": address.to_string(),
                "certificate_sha256": fingerprint,
                "certificate_made_now": thrown_away,
                "command": command,
            }));
        }
        let made = match thrown_away {
            true => "made for this run",
            false => "from the file",
        };
        tell(&format!(
            "{address}\nIts certificate, {made}, has the SHA-256 fingerprint\n  {fingerprint}\n\
             To connect and accept that certificate and no other:\n  {command}\n"
        ));
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
