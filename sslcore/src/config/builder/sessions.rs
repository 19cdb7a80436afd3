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
    /// Sets how long after its full handshake a session may be resumed, however often it is resumed
    /// in between. The default is 12 hours, the maximum 7 days (RFC 8446 §4.6.1); less than one second
    /// turns resumption off.
    ///
    /// The time is taken from the wall clock that [`process`](crate::Connection::process) is given;
    /// without a wall clock no session is resumed.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Duration};
    /// # use sslcore::crypto::Backend;
    /// # use sslcore::{
    /// #     CertificateDer, ClientConfig, ClientSessionCache, ConfigError, PrivateKeyDer,
    /// #     ServerConfig, ServerSessionCache, TicketKeys,
    /// # };
    /// # type Chain = Vec<CertificateDer<'static>>;
    /// /// Resumes within an hour; 16 servers are remembered, 8 sessions of each.
    /// fn client(backend: Backend, roots: Chain) -> Result<ClientConfig, ConfigError> {
    ///     let store = ClientSessionCache::new(16).sessions_per_server(8);
    ///     ClientConfig::builder(backend)
    ///         .trust_anchors(roots)
    ///         .session_store(Arc::new(store))
    ///         .session_lifetime(Duration::from_secs(3600))
    ///         .remember_groups(false) // every hello is like the first
    ///         .build()
    /// }
    ///
    /// /// Issues tickets under keys that other processes have, too, and remembers no more than 1 MB
    /// /// of sessions for clients that take no tickets.
    /// fn server(
    ///     backend: Backend, chain: Chain, key: PrivateKeyDer<'static>, shared: &TicketKeys,
    /// ) -> Result<ServerConfig, ConfigError> {
    ///     ServerConfig::builder(backend)
    ///         .identity(chain, key)
    ///         .ticket_keys(shared.clone())
    ///         .session_store(Arc::new(ServerSessionCache::new(1000).max_bytes(1 << 20)))
    ///         .build()
    /// }
    ///
    /// /// Resumes nothing.
    /// fn forgetful(
    ///     backend: Backend, chain: Chain, key: PrivateKeyDer<'static>,
    /// ) -> Result<ServerConfig, ConfigError> {
    ///     let builder = ServerConfig::builder(backend).identity(chain, key);
    ///     builder.session_tickets(false).session_cache(0).build()
    /// }
    /// ```
    #[must_use]
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.session_lifetime = lifetime.min(validity::LONGEST);
        self
    }

    /// Hands the secrets of every connection to `key_log`, so that Wireshark can decrypt a recording
    /// of it: a file of these lines is Wireshark's "(Pre)-Master-Secret log", which other programs
    /// call SSLKEYLOGFILE.
    ///
    /// **Dangerous**: whoever has the lines and the traffic reads everything, passwords included, and
    /// can change the traffic while the connection lasts. The log is for finding faults, with the
    /// consent of both sides. Without this call no secret is handed out. [`KeyLog`] has an example.
    #[must_use]
    pub fn dangerously_log_keys(mut self, key_log: Arc<dyn KeyLog>) -> Self {
        self.settings.key_log = Some(key_log);
        self
    }
}

impl ConfigBuilder<ClientConfig> {
    /// Remembers the sessions of at most `servers` servers, in a [`ClientSessionCache`] of this
    /// configuration's own; 0 turns resumption off. The default is 256, and 4 where there is no
    /// operating system.
    #[must_use]
    pub fn session_cache(mut self, servers: usize) -> Self {
        self.settings.client_sessions = match servers {
            0 => None,
            servers => Some(Arc::new(ClientSessionCache::new(servers))),
        };
        self
    }

    /// Remembers sessions in `store` instead; [`ClientSessionStore`] says what sharing one means.
    #[must_use]
    pub fn session_store(mut self, store: Arc<dyn ClientSessionStore>) -> Self {
        self.settings.client_sessions = Some(store);
        self
    }

    /// Sets whether a client that remembers sessions also remembers the key exchange group that a
    /// server has chosen, and begins with a share of that group the next time, which saves a
    /// HelloRetryRequest (RFC 8446 §4.1.4). On by default, for the 256 servers of last, and 4 where
    /// there is no operating system; turn it off to make every hello like the first.
    #[must_use]
    pub fn remember_groups(mut self, on: bool) -> Self {
        self.settings.remember_groups = on;
        self
    }
}

impl ConfigBuilder<ServerConfig> {
    /// Remembers at most `sessions` sessions, in a [`ServerSessionCache`] of this configuration's
    /// own; 0 turns the cache off. The default is 256, and 4 where there is no operating system. The cache serves clients that do not take
    /// tickets, and all clients when no tickets are issued.
    #[must_use]
    pub fn session_cache(mut self, sessions: usize) -> Self {
        self.settings.server_sessions = match sessions {
            0 => None,
            sessions => Some(Arc::new(ServerSessionCache::new(sessions))),
        };
        self
    }

    /// Remembers sessions in `store` instead; [`ServerSessionStore`] says what sharing one means.
    #[must_use]
    pub fn session_store(mut self, store: Arc<dyn ServerSessionStore>) -> Self {
        self.settings.server_sessions = Some(store);
        self
    }

    /// Sets whether stateless session tickets are issued (RFC 5077, RFC 8446 §4.6.1). On by default,
    /// under [`TicketKeys`] of this configuration's own, which rotate every
    /// [`session_lifetime`](Self::session_lifetime).
    ///
    /// In TLS 1.2 a ticket is sent before the end of the handshake, and no session leaves before the
    /// client's certificate was accepted ([rule R13](crate::rules#r13)): a server that asks for
    /// certificates issues tickets to clients whose certificate has no errors, and remembers the
    /// others in its cache. The client's chain is in the ticket; no ticket is issued that would be
    /// longer than 16,320 bytes.
    #[must_use]
    pub fn session_tickets(mut self, issue: bool) -> Self {
        self.settings.tickets = match issue {
            true => Tickets::OwnKeys,
            false => Tickets::None,
        };
        self
    }

    /// Issues session tickets under these keys. Configurations that share keys accept each other's
    /// tickets; [`TicketKeys`] says when the keys rotate.
    #[must_use]
    pub fn ticket_keys(mut self, keys: TicketKeys) -> Self {
        self.settings.tickets = Tickets::Under(keys);
        self
    }
}
