//! What a server remembers of clients, so that the next handshake is shorter.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::UnixTime;
use spin::Mutex;
use zeroize::Zeroizing;

use super::validity::Validity;

/// A session that a server can resume: the secret, and the client's chain if it sent one. Wiped when
/// dropped.
///
/// A session is a value of this process, kept in memory; servers that share sessions across processes
/// use session tickets under the same [`TicketKeys`](crate::TicketKeys).
#[derive(Clone)]
pub struct ServerSession {
    pub(crate) encoded: Zeroizing<Vec<u8>>,
    pub(crate) validity: Validity,
    pub(crate) stored: UnixTime,
}

impl ServerSession {
    /// The time of the full handshake that the session began with.
    pub fn begins(&self) -> UnixTime {
        self.validity.begins()
    }

    /// The time at which the session was stored.
    pub fn stored(&self) -> UnixTime {
        self.stored
    }

    /// The time after which the session is not resumed any more.
    pub fn expires(&self) -> UnixTime {
        self.validity.ends()
    }

    /// The size of the session in bytes: some hundred, and the client's chain.
    pub fn size(&self) -> usize {
        self.encoded.len()
    }
}

impl fmt::Debug for ServerSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSession")
            .field("size", &self.size())
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// Stores the sessions of servers. One store, given to
/// [`session_store`](crate::ConfigBuilder::session_store), can serve any number of configurations.
///
/// A store decides only how much it holds. Only sessions of clients that were trusted, not forgiven,
/// or that were not asked for a certificate, get here ([rule R13](crate::rules#r13)). When a session
/// is resumed, the client's chain is verified again, by the configuration that resumes it and the
/// clock of that moment: a session without a client certificate is not resumed under a configuration
/// that wants one, nor is a client's whose root is not trusted there. A session is resumed only for the
/// same SNI and cipher suite, and by the engine that has stored it. Configurations that must not share their clients' sessions need
/// a store each. Each configuration limits how old a session may be. All calls come from within
/// [`process`](crate::Connection::process), which waits for them.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use sslcore::{ServerSession, ServerSessionStore};
///
/// /// Keeps the first thousand.
/// #[derive(Default)]
/// struct Thousand(Mutex<HashMap<Vec<u8>, ServerSession>>);
///
/// impl ServerSessionStore for Thousand {
///     fn put(&self, id: &[u8], session: ServerSession) {
///         let mut sessions = self.0.lock().unwrap();
///         if sessions.len() < 1000 {
///             let (from, until) = (session.stored(), session.expires());
///             let (size, begins) = (session.size(), session.begins());
///             println!("{size} bytes, {from:?} to {until:?}, begun at {begins:?}");
///             sessions.insert(id.to_vec(), session);
///         }
///     }
///
///     fn get(&self, id: &[u8]) -> Option<ServerSession> {
///         self.0.lock().unwrap().get(id).cloned()
///     }
///
///     fn take(&self, id: &[u8]) -> Option<ServerSession> {
///         self.0.lock().unwrap().remove(id)
///     }
/// }
/// ```
pub trait ServerSessionStore: Send + Sync {
    /// Stores a session under an id of at most 32 bytes, in the place of the session that had it.
    fn put(&self, id: &[u8], session: ServerSession);

    /// Returns a copy of the session with this id: a TLS 1.2 session can be resumed several times.
    fn get(&self, id: &[u8]) -> Option<ServerSession>;

    /// Removes and returns the session with this id: a TLS 1.3 session is resumed once.
    fn take(&self, id: &[u8]) -> Option<ServerSession>;
}

/// A [`ServerSessionStore`] in memory. When it is full, it drops the session that was stored first.
///
/// Expired sessions are dropped in their turn, or at once by
/// [`remove_expired`](Self::remove_expired). A look-up takes logarithmic time.
///
/// ```
/// # use std::time::SystemTime;
/// # use sslcore::{ServerSessionCache, UnixTime};
/// let cache = ServerSessionCache::new(1000).max_bytes(1 << 20);
/// let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
/// cache.remove_expired(UnixTime::since_unix_epoch(now));
/// assert!(cache.is_empty() && cache.len() == 0 && cache.bytes() == 0);
/// cache.clear();
/// ```
pub struct ServerSessionCache {
    sessions: usize,
    bytes: usize,
    content: Mutex<Content>,
}

#[derive(Default)]
struct Content {
    by_id: BTreeMap<Vec<u8>, (u64, ServerSession)>,
    /// The ids, in the order in which the sessions were stored.
    by_age: BTreeMap<u64, Vec<u8>>,
    next: u64,
    bytes: usize,
}

impl Content {
    fn remove(&mut self, id: &[u8]) -> Option<ServerSession> {
        let (id, (age, session)) = self.by_id.remove_entry(id)?;
        self.by_age.remove(&age);
        self.bytes -= id.len() + session.size();
        Some(session)
    }

    fn insert(&mut self, id: &[u8], session: ServerSession) {
        self.bytes += id.len() + session.size();
        self.by_age.insert(self.next, id.to_vec());
        self.by_id.insert(id.to_vec(), (self.next, session));
        self.next += 1;
    }

    fn remove_oldest(&mut self) -> bool {
        let oldest = self.by_age.first_key_value().map(|(_, id)| id.clone());
        oldest.is_some_and(|id| self.remove(&id).is_some())
    }
}

/// What a session may take on the average unless told otherwise.
const BYTES_PER_SESSION: usize = 4096;

impl ServerSessionCache {
    /// A cache for at most `sessions` sessions, and 4,096 bytes for each on the average. Allocates
    /// when sessions are stored.
    pub fn new(sessions: usize) -> Self {
        Self {
            sessions,
            bytes: sessions.saturating_mul(BYTES_PER_SESSION),
            content: Mutex::default(),
        }
    }

    /// Sets how many bytes all sessions and their ids may take together: a client chooses how long a
    /// chain it sends.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// The number of sessions in the cache.
    pub fn len(&self) -> usize {
        self.content.lock().by_id.len()
    }

    /// Whether the cache holds no session.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of bytes that the sessions and their ids take.
    pub fn bytes(&self) -> usize {
        self.content.lock().bytes
    }

    /// Drops and wipes all sessions.
    pub fn clear(&self) {
        *self.content.lock() = Content::default();
    }

    /// Drops and wipes the sessions that have expired at `now`. Looks at every session.
    pub fn remove_expired(&self, now: UnixTime) {
        let mut content = self.content.lock();
        let expired =
            |(_, (_, session)): &(&Vec<u8>, &(u64, ServerSession))| !session.validity.holds(now);
        let ids: Vec<Vec<u8>> = content
            .by_id
            .iter()
            .filter(expired)
            .map(|(id, _)| id.clone())
            .collect();
        for id in ids {
            content.remove(&id);
        }
    }
}

impl ServerSessionStore for ServerSessionCache {
    fn put(&self, id: &[u8], session: ServerSession) {
        let mut content = self.content.lock();
        content.remove(id);
        let size = id.len() + session.size();
        if self.sessions == 0 || size > self.bytes {
            return;
        }
        while content.by_id.len() >= self.sessions || content.bytes > self.bytes - size {
            if !content.remove_oldest() {
                return;
            }
        }
        content.insert(id, session);
    }

    fn get(&self, id: &[u8]) -> Option<ServerSession> {
        let content = self.content.lock();
        content.by_id.get(id).map(|(_, session)| session.clone())
    }

    fn take(&self, id: &[u8]) -> Option<ServerSession> {
        self.content.lock().remove(id)
    }
}

impl fmt::Debug for ServerSessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerSessionCache({} sessions)", self.len())
    }
}
