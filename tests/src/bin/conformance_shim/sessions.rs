//! Session stores that count what they are given.

use std::sync::atomic::{AtomicUsize, Ordering};

use sslcore::{
    ClientSession, ClientSessionCache, ClientSessionKey, ClientSessionStore, ServerSession,
    ServerSessionCache, ServerSessionStore, SslProtocol,
};

/// A client's sessions.
pub(crate) struct ClientSessions {
    cache: ClientSessionCache,
    stored: AtomicUsize,
}

impl Default for ClientSessions {
    fn default() -> Self {
        Self {
            cache: ClientSessionCache::new(1),
            stored: AtomicUsize::new(0),
        }
    }
}

impl ClientSessions {
    /// How many sessions were ever stored.
    pub(crate) fn stored(&self) -> usize {
        self.stored.load(Ordering::Relaxed)
    }
}

impl ClientSessionStore for ClientSessions {
    fn put(&self, key: &ClientSessionKey, session: ClientSession) {
        self.stored.fetch_add(1, Ordering::Relaxed);
        self.cache.put(key, session);
    }

    fn take(&self, key: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession> {
        self.cache.take(key, protocol)
    }
}

/// A server's sessions.
pub(crate) struct ServerSessions {
    cache: ServerSessionCache,
    stored: AtomicUsize,
}

impl Default for ServerSessions {
    fn default() -> Self {
        Self {
            cache: ServerSessionCache::new(16),
            stored: AtomicUsize::new(0),
        }
    }
}

impl ServerSessions {
    /// How many sessions were ever stored.
    pub(crate) fn stored(&self) -> usize {
        self.stored.load(Ordering::Relaxed)
    }
}

impl ServerSessionStore for ServerSessions {
    fn put(&self, id: &[u8], session: ServerSession) {
        self.stored.fetch_add(1, Ordering::Relaxed);
        self.cache.put(id, session);
    }

    fn get(&self, id: &[u8]) -> Option<ServerSession> {
        self.cache.get(id)
    }

    fn take(&self, id: &[u8]) -> Option<ServerSession> {
        self.cache.take(id)
    }
}
