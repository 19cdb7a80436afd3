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

/// A session that a client can resume once: the server's ticket or session id, the secret, and the
/// server's chain.
///
/// A session is a value of this process: it can neither be written to a file nor read back.
/// Only connections of the configuration that it was made under can resume it.
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
    /// The protocol version that the session was made with, and can be resumed with.
    pub fn protocol(&self) -> SslProtocol {
        self.protocol
    }

    /// The time of the full handshake, in which the server proved its identity. Earlier than
    /// [`received`](Self::received) when the session was received in a resumed connection.
    pub fn begins(&self) -> UnixTime {
        self.validity.begins()
    }

    /// The time at which the session was received.
    pub fn received(&self) -> UnixTime {
        self.received
    }

    /// The time after which the session is not resumed any more. A server may have set an earlier one,
    /// which is kept, too.
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

/// The key that a client's sessions are stored under: the server's name and the configuration. Two
/// configurations have different keys for the same server.
#[derive(Clone)]
pub struct ClientSessionKey {
    pub(crate) server: ServerName<'static>,
    pub(crate) configuration: Arc<()>,
}

impl ClientSessionKey {
    /// The server's name: a DNS name or an IP address.
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

/// Stores the sessions of clients. One store, given to
/// [`session_store`](crate::ConfigBuilder::session_store), can serve any number of configurations.
///
/// A store decides only how much it holds. Only sessions of servers that were trusted, not forgiven,
/// get here ([rule R13](crate::rules#r13)). When a session is resumed, the chain that it was made
/// with is verified again, by the configuration and the clock of that moment, as if the server had
/// sent it. The configuration limits how old a session may be. All calls come from within
/// [`process`](crate::Connection::process), which waits for them.
///
/// A session is resumed only under the configuration that it was made under, because
/// [its key](ClientSessionKey) names that: a connection with other trust anchors, or another
/// certificate of our own, makes a full handshake. Sharing a store between configurations saves
/// memory and changes nothing else.
///
/// ```
/// use std::sync::Mutex;
///
/// use sslcore::{ClientSession, ClientSessionKey, ClientSessionStore, SslProtocol};
///
/// /// Keeps one session, the newest.
/// #[derive(Default)]
/// struct Last(Mutex<Option<(ClientSessionKey, ClientSession)>>);
///
/// impl ClientSessionStore for Last {
///     fn put(&self, key: &ClientSessionKey, session: ClientSession) {
///         println!(
///             "{:?}, {:?}: received at {:?}, resumed until {:?} by a handshake of {:?}",
///             key.server_name(), session.protocol(), session.received(), session.expires(),
///             session.begins(),
///         );
///         *self.0.lock().unwrap() = Some((key.clone(), session));
///     }
///
///     fn take(&self, key: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession> {
///         let mut last = self.0.lock().unwrap();
///         let (_, session) = last.take_if(|(k, s)| k == key && s.protocol() == protocol)?;
///         Some(session)
///     }
/// }
/// ```
pub trait ClientSessionStore: Send + Sync {
    /// Stores a session. A server may send several; with TLS 1.2 only the last one is of use.
    fn put(&self, key: &ClientSessionKey, session: ClientSession);

    /// Removes and returns the newest session of this server and version: a session is used once
    /// (RFC 8446 §C.4). A TLS 1.2 session is [`put`](Self::put) again when it was resumed.
    fn take(&self, key: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession>;
}

/// A [`ClientSessionStore`] in memory. When it is full, it drops the server whose last session is the
/// oldest; of one server's sessions, the oldest.
///
/// Expired sessions are dropped when the next one is stored, or by
/// [`remove_expired`](Self::remove_expired). A look-up takes time in proportion to the number of
/// servers.
///
/// ```
/// # use std::time::SystemTime;
/// # use sslcore::{ClientSessionCache, UnixTime};
/// let cache = ClientSessionCache::new(16).sessions_per_server(8);
/// let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
/// cache.remove_expired(UnixTime::since_unix_epoch(now));
/// assert!(cache.is_empty() && cache.len() == 0);
/// cache.clear();
/// ```
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
    /// A cache for at most `servers` servers, and four sessions of each. Allocates when sessions are
    /// stored.
    pub fn new(servers: usize) -> Self {
        Self {
            servers,
            per_server: PER_SERVER,
            entries: Mutex::new(Vec::new()),
        }
    }

    /// Sets how many sessions of each server are kept: as many connections can be resumed at once.
    #[must_use]
    pub fn sessions_per_server(mut self, sessions: usize) -> Self {
        self.per_server = sessions;
        self
    }

    /// The number of sessions in the cache.
    pub fn len(&self) -> usize {
        let entries = self.entries.lock();
        entries.iter().map(|entry| entry.sessions.len()).sum()
    }

    /// Whether the cache holds no session.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops and wipes all sessions.
    pub fn clear(&self) {
        *self.entries.lock() = Vec::new();
    }

    /// Drops and wipes the sessions that have expired at `now`.
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
