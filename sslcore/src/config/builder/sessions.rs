//! What outlives a connection: its sessions, and its secrets if somebody wants to see them.

use alloc::sync::Arc;
use core::time::Duration;

use super::ConfigBuilder;
use crate::config::built::{ClientConfig, ServerConfig};
use crate::handshake::settings::Tickets;
use crate::identity::client_sessions::{ClientSessionCache, ClientSessionStore};
use crate::identity::server_sessions::{ServerSessionCache, ServerSessionStore};
use crate::identity::ticket_keys::TicketKeys;
use crate::identity::validity;
use crate::key_log::KeyLog;

impl<C> ConfigBuilder<C> {
    /// How long a session may be resumed, from the full handshake on that it began with: after that
    /// the peer has to prove its identity again, however often the session was resumed in between.
    /// The default is 12 hours, the most 7 days (RFC 8446 §4.6.1), and less than a second is never.
    ///
    /// Measured with the wall clock that [`process`](crate::Connection::process) is given; without
    /// one nothing is resumed.
    #[must_use]
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.session_lifetime = lifetime.min(validity::LONGEST);
        self
    }

    /// Hands out the secrets of every connection, so that Wireshark can decrypt a recording of it:
    /// a file of these lines is what it calls a "(Pre)-Master-Secret log", and other programs
    /// SSLKEYLOGFILE.
    ///
    /// Whoever has the lines and the traffic reads everything, passwords included, and while the
    /// connection lasts can change it. It is for finding faults, on both sides' behalf. Nothing is
    /// handed out unless this was called.
    #[must_use]
    pub fn dangerously_log_keys(mut self, key_log: Arc<dyn KeyLog>) -> Self {
        self.settings.key_log = Some(key_log);
        self
    }
}

impl ConfigBuilder<ClientConfig> {
    /// Remember sessions of at most so many servers, in a [`ClientSessionCache`] of this
    /// configuration's own; 0 turns resumption off. The default is 256.
    #[must_use]
    pub fn session_cache(mut self, servers: usize) -> Self {
        self.settings.client_sessions = match servers {
            0 => None,
            servers => Some(Arc::new(ClientSessionCache::new(servers))),
        };
        self
    }

    /// Remember sessions in this store instead; see [`ClientSessionStore`] about sharing one.
    #[must_use]
    pub fn session_store(mut self, store: Arc<dyn ClientSessionStore>) -> Self {
        self.settings.client_sessions = Some(store);
        self
    }
}

impl ConfigBuilder<ServerConfig> {
    /// Remember at most so many sessions, in a [`ServerSessionCache`] of this configuration's own;
    /// 0 turns that off. The default is 256. Used with clients that do not take tickets, and with
    /// all when none are issued.
    #[must_use]
    pub fn session_cache(mut self, sessions: usize) -> Self {
        self.settings.server_sessions = match sessions {
            0 => None,
            sessions => Some(Arc::new(ServerSessionCache::new(sessions))),
        };
        self
    }

    /// Remember sessions in this store instead; see [`ServerSessionStore`] about sharing one.
    #[must_use]
    pub fn session_store(mut self, store: Arc<dyn ServerSessionStore>) -> Self {
        self.settings.server_sessions = Some(store);
        self
    }

    /// Whether to issue stateless session tickets (RFC 5077, RFC 8446 §4.6.1). On by default, under
    /// [`TicketKeys`] of this configuration's own, which rotate every
    /// [`session_lifetime`](Self::session_lifetime).
    ///
    /// In TLS 1.2 a ticket comes before the end of the handshake, and no session leaves before the
    /// verdict ([rule R13](crate::rules#r13)): a server that asks for certificates issues one to clients that show a
    /// good one, and remembers the others in its cache. The client's chain is in the ticket: when
    /// that makes it longer than 16,320 bytes there is none.
    #[must_use]
    pub fn session_tickets(mut self, issue: bool) -> Self {
        self.settings.tickets = match issue {
            true => Tickets::OwnKeys,
            false => Tickets::None,
        };
        self
    }

    /// Issue session tickets under these keys: they rotate as they were told, and configurations
    /// that share them accept each other's tickets.
    #[must_use]
    pub fn ticket_keys(mut self, keys: TicketKeys) -> Self {
        self.settings.tickets = Tickets::Under(keys);
        self
    }
}
