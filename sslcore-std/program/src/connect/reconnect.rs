//! `--reconnect`: whether the server resumes the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use sslcore_std::SslSocket;
use sslcore_std::sslcore::{
    ClientSession, ClientSessionCache, ClientSessionKey, ClientSessionStore, SslProtocol,
};

use super::report::{Report, Telling, Trouble};
use crate::text::{Ink, Palette};

/// The sessions of this run, and what became of them.
pub(super) struct Sessions {
    cache: ClientSessionCache,
    /// How many were kept.
    kept: AtomicUsize,
    /// Whether the last handshake was given one to offer.
    offered: AtomicBool,
}

impl Sessions {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            cache: ClientSessionCache::new(1),
            kept: AtomicUsize::new(0),
            offered: AtomicBool::new(false),
        })
    }

    /// Why the last handshake resumed none.
    fn why_not(&self, forgiven: bool) -> &'static str {
        match self.offered.load(Ordering::Relaxed) {
            true => "the server did not take the session that it had given",
            false if forgiven => "no session is kept of a certificate whose errors were ignored",
            false if self.kept.load(Ordering::Relaxed) == 0 => {
                "the server has given no session (no ticket came)"
            }
            false => "no session is left: each is used once, and the server has given no other",
        }
    }
}

impl ClientSessionStore for Sessions {
    fn put(&self, key: &ClientSessionKey, session: ClientSession) {
        self.kept.fetch_add(1, Ordering::Relaxed);
        self.cache.put(key, session);
    }

    fn take(&self, key: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession> {
        let session = self.cache.take(key, protocol);
        self.offered.fetch_or(session.is_some(), Ordering::Relaxed);
        session
    }
}

/// One connection more.
struct Reconnected {
    number: u8,
    of: u8,
    version: &'static str,
    /// Why it was not resumed.
    why: Option<&'static str>,
}

impl Telling for Reconnected {
    fn text(&self, palette: Palette) -> String {
        let Self { number, of, .. } = self;
        let how = match self.why {
            None => palette.paint(Ink::Good, "resumed"),
            Some(why) => format!("{}: {why}", palette.paint(Ink::Bad, "not resumed")),
        };
        format!("Reconnected {number} of {of}: {}, {how}\n", self.version)
    }

    fn json(&self) -> Value {
        json!({
            "event": "reconnected",
            "number": self.number,
            "version": self.version,
            "resumed": self.why.is_none(),
            "why": self.why,
        })
    }
}

/// Connects so often, one after the other, and says what was resumed. `handshaken` connects and
/// handshakes, `over` ends it. `forgiving`: a certificate's errors are ignored.
pub(super) fn run(
    times: u8,
    sessions: &Sessions,
    forgiving: bool,
    report: &Report,
    handshaken: impl Fn() -> Result<SslSocket, Trouble>,
    over: impl Fn(SslSocket),
) -> Result<(), Trouble> {
    for number in 1..=times {
        sessions.offered.store(false, Ordering::Relaxed);
        let socket = handshaken()?;
        let connection = socket.connection();
        let forgiven = forgiving && !connection.ssl_errors().is_empty();
        report.tell(&Reconnected {
            number,
            of: times,
            version: connection.session_protocol().map_or("", |it| it.name()),
            why: (!connection.is_resumed()).then(|| sessions.why_not(forgiven)),
        });
        over(socket);
    }
    Ok(())
}
