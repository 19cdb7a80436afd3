//! Resuming: which of a client's sessions goes on, and the tickets that it gets.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls_pki_types::UnixTime;

use super::Server;
use super::offered::{Chosen, Offered, Proof};
use super::sessions::{ID, Resumption, Session};
use crate::failure::Failure;
use crate::handshake::extensions::number;
use crate::handshake::tls13::flight;
use crate::handshake::tls13::psk::Psk;
use crate::handshake::tls13::sessions::ticket_key;
use crate::handshake::transcript::Transcript;
use crate::handshake::wire::pre_shared_key::{Mode, modes};
use crate::handshake::wire::writer::Writer;
use crate::identity::validity::Validity;
use crate::record::messages::kind;

/// How many tickets a client gets: it uses each once, and may open two connections at a time.
const TICKETS: u8 = 2;

impl Offered<'_> {
    /// The first of the client's sessions that can be resumed.
    pub(super) fn choose_session(
        self,
        now: Option<UnixTime>,
    ) -> Result<Option<(Chosen, Session)>, Failure> {
        let extensions = self.hello.extensions();
        let (Some(now), Some(sessions)) = (now, self.config.sessions()) else {
            return Ok(None);
        };
        if extensions.find(number::PRE_SHARED_KEY).is_none() || !self.takes_tickets() {
            return Ok(None);
        }
        let hello = self.hello.hello();
        // Of another name another certificate may be right (RFC 8446 §4.2.11).
        let is_named_so = |session: &Session| {
            let both = session.server_name.as_deref().zip(hello.server_name());
            match both {
                Some((before, now)) => before.eq_ignore_ascii_case(now),
                None => session.server_name.as_deref() == hello.server_name(),
            }
        };
        // Who was not asked for a certificate may have one, and shall show it.
        let is_wanted = |session: &Session| !self.config.asks() || session.asked;
        for (place, identity) in self.keys()?.identities().enumerate() {
            let found = sessions.find(identity, now);
            let Some(session) = found.filter(is_wanted).filter(is_named_so) else {
                continue;
            };
            let Some(cipher) = self.common_cipher(|cipher| cipher.id() == session.cipher) else {
                continue;
            };
            let hash = self.config.hash(cipher.hash())?;
            let proof = Proof::Key(Psk::of_session(identity, hash, &session.key), place);
            return Ok(Some((Chosen { proof, cipher }, session)));
        }
        Ok(None)
    }

    /// Whether a ticket is of use to the client (RFC 8446 §4.2.9).
    fn takes_tickets(self) -> bool {
        let extensions = self.hello.extensions();
        let offered = extensions.find(number::PSK_KEY_EXCHANGE_MODES);
        let offered = offered.and_then(|content| modes(content).ok());
        offered.is_some_and(|takes| takes(Mode::PskDheKe))
    }
}

impl Server {
    /// Sends tickets, if the client is to resume anything. What cannot be made is left out: nothing
    /// depends on it.
    pub(super) fn issue_tickets(&mut self, good_until: Option<UnixTime>, flight: &mut Vec<u8>) {
        let Some(mut resumption) = self.resumption.take() else {
            return;
        };
        let made = |nonce| self.ticket(nonce, &resumption, good_until);
        let tickets: Vec<_> = (0..TICKETS).map_while(made).collect();
        let (before, fragment) = (flight.len(), self.config.fragment(self.agreed.sizes));
        let messages = tickets.iter().map(Vec::as_slice);
        match flight::sealed(flight, messages, &mut resumption.protection, fragment) {
            Ok(()) => {
                self.agreed.has_issued_ticket = !tickets.is_empty();
                self.tickets = Some(resumption.protection);
            }
            Err(_) => flight.truncate(before),
        }
    }

    /// A NewSessionTicket.
    fn ticket(
        &self,
        nonce: u8,
        resumption: &Resumption,
        good_until: Option<UnixTime>,
    ) -> Option<Vec<u8>> {
        let (now, config) = (self.wall?, &self.config);
        let sessions = config.sessions()?;
        let before = self.session.as_ref();
        let begins = before.map_or(now, |session| session.begins);
        let validity = Validity::new(begins, sessions.lifetime).until(good_until);
        if !validity.holds(now) {
            return None;
        }
        let hash = config.hash(resumption.cipher.hash()).ok()?;
        let session = Session {
            begins,
            cipher: resumption.cipher.id(),
            key: ticket_key(&**hash, &resumption.secret, &[nonce]).ok()?,
            server_name: self.name.clone(),
            asked: config.asks(),
            chain: self.shown.chain.clone(),
            id: None,
        };
        let random = |bytes: &mut [u8]| config.backend.fill_random(bytes).ok();
        let mut age_add = [0; 4];
        random(&mut age_add)?;
        let id = || {
            let mut id = [0; ID];
            random(&mut id).map(|()| id)
        };
        let (ticket, lifetime) = sessions.ticket(&session, validity, now, id)?;
        Writer::message(kind::NEW_SESSION_TICKET, |w| {
            w.bytes(&lifetime.to_be_bytes());
            w.bytes(&age_add);
            w.vector8(|w| w.u8(nonce));
            w.vector16(|w| w.bytes(&ticket));
            w.vector16(|_| {});
        })
    }

    /// Keeps what tickets are made of, if there are to be any. `transcript` ends with the client's Finished.
    pub(super) fn prepare_tickets(&mut self, transcript: &Transcript) -> Result<(), Failure> {
        let completed = self.application.as_ref();
        let Some(completed) = completed.filter(|_| self.may_issue_tickets()) else {
            return Ok(());
        };
        self.resumption = Some(Box::new(Resumption {
            cipher: completed.cipher,
            secret: completed.secrets.resumption(transcript),
            protection: completed.of_server()?,
        }));
        Ok(())
    }

    /// Whether tickets are of any use here.
    fn may_issue_tickets(&self) -> bool {
        let sessions = self.config.sessions();
        let issues = sessions.is_some_and(|it| it.keys.is_some() || it.store.is_some());
        issues && self.wall.is_some() && self.offered().takes_tickets()
    }
}
