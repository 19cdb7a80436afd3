//! What a client remembers of servers, so that the next handshake is shorter.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;
use core::fmt;
use core::hash::{Hash, Hasher};

use rustls_pki_types::{ServerName, UnixTime};
use spin::Mutex;

use super::validity::Validity;
use crate::protocol::SslProtocol;

/// A session that a client can resume once: what the server calls it, its secret, and the
/// server's chain.
///
/// It is a value of this process: rustls can neither write it down nor read it back. It can only be
/// resumed by connections of the configuration that it was made under.
pub struct ClientSession {
    pub(crate) protocol: SslProtocol,
    /// What the engine that made it keeps of it; nobody else looks into it.
    pub(crate) secrets: Box<dyn Any + Send + Sync>,
    pub(crate) validity: Validity,
    pub(crate) received: UnixTime,
    /// The OCSP response that came with the chain.
    pub(crate) stapled: Option<Arc<[u8]>>,
}

impl ClientSession {
    /// The version it was made with and can be resumed with.
    pub fn protocol(&self) -> SslProtocol {
        self.protocol
    }

    /// When the handshake took place in which the server proved its identity; earlier than
    /// [`received`](Self::received) when the session comes out of one that was itself resumed.
    pub fn begins(&self) -> UnixTime {
        self.validity.begins()
    }

    /// When it was received.
    pub fn received(&self) -> UnixTime {
        self.received
    }

    /// When it ends at the latest. The server may have said less, which counts too.
    pub fn expires(&self) -> UnixTime {
        self.validity.ends()
    }
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession")
            .field("protocol", &self.protocol())
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// What a client's sessions are kept under: a server, by the name it was asked for, and the
/// configuration. Two configurations have different keys for the same server.
#[derive(Clone)]
pub struct ClientSessionKey {
    pub(crate) server: ServerName<'static>,
    pub(crate) configuration: Arc<()>,
}

impl ClientSessionKey {
    /// The server's name, a DNS name or an address.
    pub fn server_name(&self) -> &ServerName<'static> {
        &self.server
    }
}

impl PartialEq for ClientSessionKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.configuration, &other.configuration) && self.server == other.server
    }
}

impl Eq for ClientSessionKey {}

impl Hash for ClientSessionKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.server.hash(state);
        Arc::as_ptr(&self.configuration).hash(state);
    }
}

impl fmt::Debug for ClientSessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientSessionKey")
            .field(&self.server)
            .finish()
    }
}

/// Where a client keeps its sessions. Given to
/// [`session_store`](crate::ConfigBuilder::session_store), it can serve any number of
/// configurations.
///
/// What to store is not the store's affair: a session arrives here only after an unforgiven verdict
/// ([rule R13](crate::rules#r13)), and when it is resumed, the chain that it was made with is judged by the policy and
/// the clock of that day, as if the server had sent it again. How old a session may be is the
/// configuration's affair too; a store only limits how much it holds. All calls come from within
/// [`process`](crate::Connection::process), which waits for them.
///
/// A session never leaves its configuration, because
/// [its key](ClientSessionKey) names that: a connection with other trust anchors or another
/// certificate of our own starts anew, so it can neither inherit trust nor speak under another
/// name. Sharing a store saves memory and does nothing else.
pub trait ClientSessionStore: Send + Sync {
    /// Keeps a session. A server may give several; with TLS 1.2 only the last one is of use.
    fn put(&self, key: &ClientSessionKey, session: ClientSession);

    /// Hands out the newest session of this version, and keeps it no longer: it is used once
    /// (RFC 8446 §C.4). One that was resumed with TLS 1.2 is [`put`](Self::put) again.
    fn take(&self, key: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession>;
}

/// A [`ClientSessionStore`] in memory: of the servers, the one longest not heard of is forgotten
/// first; of a server's sessions, the oldest.
///
/// Expired sessions go when the next one is stored, or by
/// [`remove_expired`](Self::remove_expired). Looking something up compares with each server.
pub struct ClientSessionCache {
    servers: usize,
    per_server: usize,
    entries: Mutex<Vec<Entry>>,
}

struct Entry {
    key: ClientSessionKey,
    sessions: Vec<ClientSession>,
}

/// Sessions kept of one server: each is used once, and servers send two or so.
const PER_SERVER: usize = 4;

impl ClientSessionCache {
    /// Remembers at most so many servers, and four sessions of each. Allocates as they come.
    pub fn new(servers: usize) -> Self {
        Self {
            servers,
            per_server: PER_SERVER,
            entries: Mutex::new(Vec::new()),
        }
    }

    /// Remembers at most so many sessions of each server: as many connections can then begin at
    /// once with a short handshake.
    #[must_use]
    pub fn sessions_per_server(mut self, sessions: usize) -> Self {
        self.per_server = sessions;
        self
    }

    /// How many sessions it holds now.
    pub fn len(&self) -> usize {
        let entries = self.entries.lock();
        entries.iter().map(|entry| entry.sessions.len()).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets, and wipes, everything.
    pub fn clear(&self) {
        *self.entries.lock() = Vec::new();
    }

    /// Forgets, and wipes, what has expired by now.
    pub fn remove_expired(&self, now: UnixTime) {
        remove_expired(&mut self.entries.lock(), now);
    }
}

fn remove_expired(entries: &mut Vec<Entry>, now: UnixTime) {
    entries.retain_mut(|entry| {
        entry.sessions.retain(|session| session.validity.holds(now));
        !entry.sessions.is_empty()
    });
}

impl ClientSessionStore for ClientSessionCache {
    fn put(&self, key: &ClientSessionKey, session: ClientSession) {
        if self.servers == 0 || self.per_server == 0 {
            return;
        }
        let mut entries = self.entries.lock();
        remove_expired(&mut entries, session.received);
        let known = entries.iter().position(|entry| entry.key == *key);
        let mut entry = match known {
            Some(index) => entries.remove(index),
            None => Entry {
                key: key.clone(),
                sessions: Vec::new(),
            },
        };
        if entries.len() >= self.servers {
            entries.remove(0);
        }
        if session.protocol() == SslProtocol::TlsV1_2 {
            entry
                .sessions
                .retain(|known| known.protocol() != SslProtocol::TlsV1_2);
        }
        if entry.sessions.len() >= self.per_server {
            entry.sessions.remove(0);
        }
        entry.sessions.push(session);
        entries.push(entry);
    }

    fn take(&self, key: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession> {
        let mut entries = self.entries.lock();
        let index = entries.iter().position(|entry| entry.key == *key)?;
        let sessions = &mut entries[index].sessions;
        let newest = sessions
            .iter()
            .rposition(|session| session.protocol() == protocol)?;
        let session = sessions.remove(newest);
        if sessions.is_empty() {
            entries.remove(index);
        }
        Some(session)
    }
}

impl fmt::Debug for ClientSessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientSessionCache({} sessions)", self.len())
    }
}
