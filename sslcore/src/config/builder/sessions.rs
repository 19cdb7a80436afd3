//! What outlives a connection: its sessions, and its secrets if somebody wants to see them.

use alloc::sync::Arc;
use core::time::Duration;

use super::ConfigBuilder;
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
