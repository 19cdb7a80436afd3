//! rustls' stores and ticketers behind one connection's gate, and the stores themselves.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::crypto::SecureRandom;
use rustls::server::{ProducesTickets, StoresServerSessions};
use rustls_pki_types::ServerName;
use spin::Mutex;
use zeroize::{Zeroize, Zeroizing};

use crate::crypto::{AeadAlgorithm, Backend, NONCE_LEN, RecordAead, TAG_LEN};
use crate::handshake::hold::Gate;

/// The client's sessions, behind a gate.
#[derive(Debug)]
pub(super) struct GatedClientStore {
    pub(super) store: Arc<dyn ClientSessionStore>,
    pub(super) gate: Arc<Gate>,
}

impl ClientSessionStore for GatedClientStore {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        let store = self.store.clone();
        self.gate
            .store(move || store.set_kx_hint(server_name, group));
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.store.kx_hint(server_name)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        let store = self.store.clone();
        self.gate
            .store_session(move || store.set_tls12_session(server_name, value));
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.gate
            .resumption()
            .then(|| self.store.tls12_session(server_name))?
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.store.remove_tls12_session(server_name);
    }

    fn insert_tls13_ticket(
        &self,
        server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        let store = self.store.clone();
        self.gate
            .store_session(move || store.insert_tls13_ticket(server_name, value));
    }

    fn take_tls13_ticket(
        &self,
        server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.gate
            .resumption()
            .then(|| self.store.take_tls13_ticket(server_name))?
    }
}

/// The server's sessions, behind a gate.
#[derive(Debug)]
pub(super) struct GatedServerStore {
    pub(super) store: Arc<dyn StoresServerSessions>,
    pub(super) gate: Arc<Gate>,
}

impl StoresServerSessions for GatedServerStore {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        if self.gate.is_closed() {
            return false;
        }
        let store = self.store.clone();
        let mut value = Zeroizing::new(value);
        self.gate.store_session(move || {
            store.put(key, core::mem::take(&mut *value));
        });
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.gate.resumption().then(|| self.store.get(key))?
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.gate.resumption().then(|| self.store.take(key))?
    }

    fn can_cache(&self) -> bool {
        !self.gate.is_closed() && self.store.can_cache()
    }
}

/// The server's tickets, behind a gate.
#[derive(Debug)]
pub(super) struct GatedTicketer {
    pub(super) ticketer: Arc<Ticketer>,
    pub(super) gate: Arc<Gate>,
}

impl ProducesTickets for GatedTicketer {
    fn enabled(&self) -> bool {
        self.gate.resumption()
    }

    fn lifetime(&self) -> u32 {
        TICKET_LIFETIME
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.gate
            .may_issue_ticket()
            .then(|| self.ticketer.encrypt(plain))?
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.gate
            .resumption()
            .then(|| self.ticketer.decrypt(cipher))?
    }
}

/// How long a ticket may be used, in seconds.
const TICKET_LIFETIME: u32 = 12 * 60 * 60;

/// Stateless tickets under one key (RFC 5077 §4): nonce, then the sealed session.
pub(super) struct Ticketer {
    key: Box<dyn RecordAead>,
    random: &'static dyn SecureRandom,
}

impl Ticketer {
    /// `None` when the random source fails.
    pub(super) fn new(backend: &Backend) -> Option<Self> {
        let random = backend.provider().secure_random;
        let algorithm = AeadAlgorithm::ChaCha20Poly1305;
        let mut key = [0; 32];
        random.fill(&mut key).ok()?;
        let ticketer = backend
            .aead(algorithm, &key)
            .ok()
            .map(|key| Self { key, random });
        key.zeroize();
        ticketer
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut ticket = Vec::with_capacity(NONCE_LEN + plain.len() + TAG_LEN);
        ticket.extend_from_slice(&nonce);
        ticket.extend_from_slice(plain);
        let tag = self.key.seal(&nonce, &[], &mut ticket[NONCE_LEN..]).ok()?;
        ticket.extend_from_slice(&tag);
        Some(ticket)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = ticket.split_first_chunk::<NONCE_LEN>()?;
        let mut plain = sealed.to_vec();
        self.key.open(nonce, &[], &mut plain).ok()?;
        plain.truncate(plain.len().checked_sub(TAG_LEN)?);
        Some(plain)
    }
}

impl fmt::Debug for Ticketer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticketer")
    }
}

/// Sessions of a client, in memory, the oldest forgotten first.
pub(crate) struct ClientSessionCache {
    capacity: usize,
    servers: Mutex<Vec<ClientEntry>>,
}

struct ClientEntry {
    name: ServerName<'static>,
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: Vec<Tls13ClientSessionValue>,
}

/// Tickets kept for one server: each is used once (RFC 8446 §C.4), and servers send two.
const TICKETS_PER_SERVER: usize = 4;

impl ClientSessionCache {
    /// Remembers at most `capacity` servers.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            servers: Mutex::new(Vec::new()),
        }
    }

    fn entry<T>(
        &self,
        name: &ServerName<'_>,
        read: impl FnOnce(&mut ClientEntry) -> Option<T>,
    ) -> Option<T> {
        let mut servers = self.servers.lock();
        read(servers.iter_mut().find(|entry| entry.name == *name)?)
    }

    fn entry_or_new(&self, name: ServerName<'static>, write: impl FnOnce(&mut ClientEntry)) {
        let mut servers = self.servers.lock();
        if let Some(entry) = servers.iter_mut().find(|entry| entry.name == name) {
            return write(entry);
        }
        if self.capacity == 0 {
            return;
        }
        if servers.len() >= self.capacity {
            servers.remove(0);
        }
        let mut entry = ClientEntry {
            name,
            group: None,
            tls12: None,
            tls13: Vec::new(),
        };
        write(&mut entry);
        servers.push(entry);
    }
}

impl ClientSessionStore for ClientSessionCache {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.entry_or_new(name, |entry| entry.group = Some(group));
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.entry(name, |entry| entry.group)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.entry_or_new(name, |entry| entry.tls12 = Some(value));
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.entry(name, |entry| entry.tls12.clone())
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.entry(name, |entry| entry.tls12.take());
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.entry_or_new(name, |entry| {
            if entry.tls13.len() >= TICKETS_PER_SERVER {
                entry.tls13.remove(0);
            }
            entry.tls13.push(value);
        });
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.entry(name, |entry| entry.tls13.pop())
    }
}

impl fmt::Debug for ClientSessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientSessionCache({})", self.servers.lock().len())
    }
}

/// A session's id, and what was stored under it, which holds its secret.
type ServerEntry = (Vec<u8>, Zeroizing<Vec<u8>>);

/// Sessions of a server, in memory, the oldest forgotten first.
pub(crate) struct ServerSessionCache {
    capacity: usize,
    sessions: Mutex<Vec<ServerEntry>>,
}

impl ServerSessionCache {
    /// Remembers at most `capacity` sessions.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            sessions: Mutex::new(Vec::new()),
        }
    }
}

impl StoresServerSessions for ServerSessionCache {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let mut sessions = self.sessions.lock();
        sessions.retain(|(known, _)| *known != key);
        if self.capacity == 0 {
            return false;
        }
        if sessions.len() >= self.capacity {
            sessions.remove(0);
        }
        sessions.push((key, Zeroizing::new(value)));
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let sessions = self.sessions.lock();
        sessions
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.to_vec())
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut sessions = self.sessions.lock();
        let index = sessions.iter().position(|(known, _)| known == key)?;
        Some(core::mem::take(&mut *sessions.remove(index).1))
    }

    fn can_cache(&self) -> bool {
        self.capacity > 0
    }
}

impl fmt::Debug for ServerSessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerSessionCache({})", self.sessions.lock().len())
    }
}
