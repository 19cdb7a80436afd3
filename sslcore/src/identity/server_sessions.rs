//! What a server remembers of clients, so that the next handshake is shorter.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::UnixTime;
use spin::Mutex;
use zeroize::Zeroizing;

use super::validity::Validity;

/// A session that a server can resume: its secret, and the client's chain if it showed one.
/// Wiped when dropped.
///
/// It is a value of this process, to be kept in memory; servers that share sessions across
/// processes use session tickets under the same [`TicketKeys`](crate::TicketKeys).
#[derive(Clone)]
pub struct ServerSession {
    pub(crate) encoded: Zeroizing<Vec<u8>>,
    pub(crate) validity: Validity,
    pub(crate) stored: UnixTime,
}

impl ServerSession {
    /// When the handshake took place that was not itself a resumption.
    pub fn begins(&self) -> UnixTime {
        self.validity.begins()
    }

    /// When it was stored.
    pub fn stored(&self) -> UnixTime {
        self.stored
    }

    /// When it ends.
    pub fn expires(&self) -> UnixTime {
        self.validity.ends()
    }

    /// How many bytes it takes: some hundred, and the client's chain.
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

/// Where a server keeps its sessions. Given to
/// [`session_store`](crate::ConfigBuilder::session_store), it can serve any number of
/// configurations.
///
/// What to store is not the store's affair: a session arrives here only after an unforgiven verdict
/// ([rule R13](crate::rules#r13)), or when no certificate was asked for. One that is resumed is judged by the policy and
/// the clock of that day, and by the policy of the configuration that resumes it: a session without
/// a client certificate does not get into a configuration that wants one, nor does a client whose
/// root is not trusted there. rustls resumes it only for the same SNI and cipher suite. Give
/// configurations that must not share their clients' sessions at all a store each. How old a
/// session may be is each configuration's affair too. All calls come from within
/// [`process`](crate::Connection::process), which waits for them.
pub trait ServerSessionStore: Send + Sync {
    /// Keeps a session under an id of up to 32 bytes, instead of what was there.
    fn put(&self, id: &[u8], session: ServerSession);

    /// Hands out a copy: a TLS 1.2 session can be resumed several times.
    fn get(&self, id: &[u8]) -> Option<ServerSession>;

    /// Hands it out and keeps it no longer: a TLS 1.3 session is resumed once.
    fn take(&self, id: &[u8]) -> Option<ServerSession>;
}

/// A [`ServerSessionStore`] in memory: when it is full, the session stored first is forgotten.
///
/// Expired sessions are of no use; they go like all others, or at once by
/// [`remove_expired`](Self::remove_expired). A look-up takes logarithmic time.
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
    /// Remembers at most so many sessions, and 4,096 bytes for each on the average. Allocates as
    /// they come.
    pub fn new(sessions: usize) -> Self {
        Self {
            sessions,
            bytes: sessions.saturating_mul(BYTES_PER_SESSION),
            content: Mutex::default(),
        }
    }

    /// Holds at most so many bytes of sessions in all, with their ids: clients choose how long a
    /// chain they show.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// How many sessions it holds now.
    pub fn len(&self) -> usize {
        self.content.lock().by_id.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the sessions take now.
    pub fn bytes(&self) -> usize {
        self.content.lock().bytes
    }

    /// Forgets, and wipes, everything.
    pub fn clear(&self) {
        *self.content.lock() = Content::default();
    }

    /// Forgets, and wipes, what has expired by now. Looks at every session.
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
