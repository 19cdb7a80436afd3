//! rustls' stores and ticketer over ours: behind one connection's gate, and with our lifetimes.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::server::{ProducesTickets, StoresServerSessions};
use rustls_pki_types::{ServerName, UnixTime};
use spin::Mutex;
use zeroize::Zeroizing;

use super::named::named;
use super::taps::Taps;
use crate::handshake::rustls::hold::Gate;
use crate::handshake::sessions::ClientMemory;
use crate::handshake::ticket::Ticket;
use crate::identity::client_sessions::ClientSession;
use crate::identity::server_sessions::{self as server, ServerSession};
use crate::identity::ticket_keys::TicketKeys;
use crate::identity::validity::Validity;
use crate::protocol::{Engine, SslProtocol};

/// What one connection's stores go by.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) taps: Arc<Taps>,
    pub(super) lifetime: Duration,
}

impl Rules {
    /// How long a session out of this handshake is valid: from the beginning of the one that is
    /// resumed in it, if one is.
    fn validity(&self) -> Validity {
        validity(&self.taps.gate, self.taps.clock.now(), self.lifetime)
    }

    /// Whether a session may be resumed now; if so, it is noted that it may be.
    fn admit(&self, validity: Validity) -> bool {
        let holds = validity.holds_under(self.lifetime, self.taps.clock.now());
        let admitted = self.taps.gate.resumption() && holds;
        if admitted {
            self.taps.gate.set_begins(validity.begins());
        }
        admitted
    }
}

fn validity(gate: &Gate, now: UnixTime, lifetime: Duration) -> Validity {
    let begins = gate.begins().unwrap_or(now);
    Validity::new(begins, lifetime).until(gate.good_until())
}

/// What is secret in a client's session, in rustls' terms.
enum ClientSecrets {
    Tls12(Tls12ClientSessionValue),
    Tls13(Tls13ClientSessionValue),
}

impl ClientSecrets {
    fn protocol(&self) -> SslProtocol {
        match self {
            Self::Tls12(_) => SslProtocol::TlsV1_2,
            Self::Tls13(_) => SslProtocol::TlsV1_3,
        }
    }
}

/// A client configuration's sessions, behind a connection's gate.
pub(super) struct GatedClientStore {
    pub(super) memory: Arc<ClientMemory>,
    pub(super) rules: Rules,
}

impl GatedClientStore {
    fn put(&self, server: ServerName<'static>, secrets: ClientSecrets) {
        let (memory, lifetime) = (self.memory.clone(), self.rules.lifetime);
        let received = self.rules.taps.clock.now();
        self.rules.taps.gate.store_session(move |gate| {
            let validity = validity(gate, received, lifetime);
            if validity.holds(received) {
                let session = ClientSession {
                    protocol: secrets.protocol(),
                    secrets: Box::new(secrets),
                    validity,
                    received,
                    stapled: gate.stapled(),
                };
                memory.put(&server, session);
            }
        });
    }

    fn take(&self, server: &ServerName<'_>, protocol: SslProtocol) -> Option<ClientSecrets> {
        if !self.rules.taps.gate.resumption() {
            return None;
        }
        let session = self.memory.take(server, protocol)?;
        let admitted = self.rules.admit(session.validity);
        if admitted {
            self.rules.taps.gate.set_stapled(session.stapled);
        }
        let secrets = admitted.then_some(session.secrets)?;
        secrets.downcast().ok().map(|secrets| *secrets)
    }
}

/// What a connection resumes its session out of.
pub(super) enum Memory {
    Client(Arc<GatedClientStore>, ServerName<'static>),
    Server(Arc<GatedServerStore>),
}

impl Memory {
    /// Whether tickets behind the handshake become sessions.
    pub(super) fn takes_tickets(&self) -> bool {
        match self {
            Self::Client(store, _) => store.memory.takes_tickets(),
            Self::Server(_) => false,
        }
    }

    /// What a session was resumed from has been refused. What came out of the same handshake would
    /// be, too, although the peer may have a better certificate by now: it shall show it.
    pub(super) fn forget(&self) {
        match self {
            Self::Client(store, server) => store.memory.forget(server),
            Self::Server(store) => store.forget(),
        }
    }
}

impl ClientSessionStore for GatedClientStore {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        let memory = self.memory.clone();
        let set = move |_: &Gate| memory.set_group(&server_name, group.into());
        self.rules.taps.gate.store(set);
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.memory.group(server_name).map(NamedGroup::from)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.put(server_name, ClientSecrets::Tls12(value));
    }

    /// Taken, too: rustls stores it again when the handshake that resumes it succeeds.
    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        match self.take(server_name, SslProtocol::TlsV1_2)? {
            ClientSecrets::Tls12(value) => Some(value),
            ClientSecrets::Tls13(_) => None,
        }
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.memory.take(server_name, SslProtocol::TlsV1_2);
    }

    fn insert_tls13_ticket(
        &self,
        server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        self.put(server_name, ClientSecrets::Tls13(value));
    }

    fn take_tls13_ticket(
        &self,
        server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        if !self.memory.takes_tickets() {
            return None;
        }
        match self.take(server_name, SslProtocol::TlsV1_3)? {
            ClientSecrets::Tls13(value) => Some(value),
            ClientSecrets::Tls12(_) => None,
        }
    }
}

/// The server's sessions, behind a gate.
pub(super) struct GatedServerStore {
    pub(super) store: Arc<dyn server::ServerSessionStore>,
    pub(super) rules: Rules,
    /// What was got out of it, and is still in it.
    pub(super) got: Mutex<Option<Vec<u8>>>,
    pub(super) wish: Mutex<TicketWish>,
}

/// Whether a TLS 1.2 client will have the session in a ticket: then it need not be remembered.
/// rustls asks the ticketer whether it is enabled when the client takes tickets; later it puts the
/// session into the store, and then asks for the ticket, which may come to nothing.
#[derive(Default)]
pub(super) enum TicketWish {
    #[default]
    NotWanted,
    Wanted,
    /// This session waits for what becomes of the ticket.
    Awaited(Vec<u8>, ServerSession),
}

impl GatedServerStore {
    /// The client takes tickets.
    fn expect_ticket(&self) {
        *self.wish.lock() = TicketWish::Wanted;
    }

    /// A ticket was made, or not.
    fn settle_ticket(&self, made: bool) {
        let awaited = core::mem::take(&mut *self.wish.lock());
        if let (TicketWish::Awaited(key, session), false) = (awaited, made) {
            self.remember(key, session);
        }
    }

    fn remember(&self, key: Vec<u8>, session: ServerSession) {
        let store = self.store.clone();
        self.rules
            .taps
            .gate
            .store_session(move |_| store.put(&key, session));
    }

    fn forget(&self) {
        if let Some(id) = self.got.lock().take() {
            self.store.take(&id);
        }
    }

    fn admit(&self, session: ServerSession) -> Option<Vec<u8>> {
        let mut session = self.rules.admit(session.validity).then_some(session)?;
        Some(core::mem::take(&mut *session.encoded))
    }
}

impl StoresServerSessions for GatedServerStore {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let (stored, validity) = (self.rules.taps.clock.now(), self.rules.validity());
        let encoded = Zeroizing::new(value);
        if self.rules.taps.gate.is_closed() || !validity.holds(stored) {
            return false;
        }
        let session = ServerSession {
            encoded,
            validity,
            stored,
        };
        let mut wish = self.wish.lock();
        if let TicketWish::Wanted = *wish {
            *wish = TicketWish::Awaited(key, session);
            return true;
        }
        drop(wish);
        self.remember(key, session);
        self.rules.taps.gate.session_kept();
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let session = self
            .rules
            .taps
            .gate
            .resumption()
            .then(|| self.store.get(key))??;
        let admitted = self.admit(session)?;
        *self.got.lock() = Some(key.to_vec());
        Some(admitted)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let session = self
            .rules
            .taps
            .gate
            .resumption()
            .then(|| self.store.take(key))??;
        self.admit(session)
    }

    fn can_cache(&self) -> bool {
        !self.rules.taps.gate.is_closed()
    }
}

/// The server's tickets, behind a gate.
pub(super) struct GatedTicketer {
    pub(super) keys: TicketKeys,
    pub(super) rules: Rules,
    /// Where the session is remembered when there is no ticket.
    pub(super) store: Option<Arc<GatedServerStore>>,
}

impl GatedTicketer {
    fn make(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let (now, validity) = (self.rules.taps.clock.now(), self.rules.validity());
        if !self.rules.taps.gate.may_issue_ticket() || !validity.holds(now) {
            return None;
        }
        let ticket = Ticket::seal(&self.keys, Engine::Rustls, validity.begins(), plain, now)?;
        self.rules.taps.gate.ticket_issued();
        Some(ticket)
    }
}

impl ProducesTickets for GatedTicketer {
    fn enabled(&self) -> bool {
        let enabled = self.rules.taps.gate.resumption();
        if let (true, Some(store)) = (enabled, &self.store) {
            store.expect_ticket();
        }
        enabled
    }

    fn lifetime(&self) -> u32 {
        let left = self.rules.validity().left(self.rules.taps.clock.now());
        let certain = left.min(self.keys.certain()).as_secs();
        u32::try_from(certain).unwrap_or(u32::MAX)
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let ticket = self.make(plain);
        if let Some(store) = &self.store {
            store.settle_ticket(ticket.is_some());
        }
        ticket
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        if !self.rules.taps.gate.resumption() {
            return None;
        }
        let now = self.rules.taps.clock.now();
        let ticket = Ticket::open(&self.keys, Engine::Rustls, cipher, now)?;
        let validity = Validity::new(ticket.begins, self.rules.lifetime);
        self.rules
            .admit(validity)
            .then(|| ticket.session().to_vec())
    }
}

named!(GatedClientStore, GatedServerStore, GatedTicketer);
