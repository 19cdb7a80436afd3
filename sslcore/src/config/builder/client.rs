//! What a client's configuration has of its own.

use alloc::sync::Arc;

use super::{ConfigBuilder, SESSIONS};
use crate::config::built::{ClientConfig, ClientInner};
use crate::config::room;
use crate::config::settled::Settled;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::handshake::template::ClientTemplate;
use crate::identity::client_sessions::{ClientSessionCache, ClientSessionStore};
use crate::limits::Timeouts;
use crate::verify::policy::VerifyMode;

impl ClientConfig {
    /// Begins a client's configuration. By default: TLS 1.2 and 1.3, all cipher suites of the
    /// backend, no trust anchors, [`VerifyMode::Verify`], and
    /// [`OnErrors::Reject`](crate::OnErrors::Reject).
    pub fn builder(backend: Backend) -> ConfigBuilder<Self> {
        let mut builder = ConfigBuilder::new(backend, Timeouts::CLIENT);
        builder.settings.client_sessions = Some(Arc::new(ClientSessionCache::new(SESSIONS)));
        builder
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
        self.settings.own_cache = Some(servers);
        self
    }

    /// Remembers sessions in `store` instead; [`ClientSessionStore`] says what sharing one means.
    #[must_use]
    pub fn session_store(mut self, store: Arc<dyn ClientSessionStore>) -> Self {
        self.settings.client_sessions = Some(store);
        self.settings.own_cache = None;
        self
    }

    /// Asks servers for timestamps of logs that have seen their certificates (RFC 6962 §3.3.1):
    /// [`signed_certificate_timestamps`](crate::Connection::signed_certificate_timestamps) hands them out,
    /// for an application that verifies them, in a review. Off by default, and in
    /// [`Engine::Own`](crate::Engine::Own) alone.
    ///
    /// ```
    /// # use sslcore::{ClientConfig, ConfigBuilder, Engine};
    /// fn wary(builder: ConfigBuilder<ClientConfig>) -> ConfigBuilder<ClientConfig> {
    ///     builder.engine(Engine::Own).request_certificate_timestamps(true)
    /// }
    /// ```
    #[must_use]
    pub fn request_certificate_timestamps(mut self, asks: bool) -> Self {
        self.settings.asks_for_timestamps = asks;
        self
    }

    /// Sets whether a client takes session tickets (RFC 5077, RFC 8446 §4.6.1). On by default. Without
    /// them, TLS 1.2 resumes sessions that the server keeps, by their session ids, and TLS 1.3 resumes
    /// none; a ticket that a TLS 1.3 server sends all the same is
    /// [counted](crate::Connection::session_tickets_received) and thrown away.
    /// `QSsl::SslOptionDisableSessionTickets`.
    ///
    /// ```
    /// # use sslcore::{ClientConfig, ConfigBuilder};
    /// fn without_tickets(builder: ConfigBuilder<ClientConfig>) -> ConfigBuilder<ClientConfig> {
    ///     builder.session_tickets(false)
    /// }
    /// ```
    #[must_use]
    pub fn session_tickets(mut self, take: bool) -> Self {
        self.settings.takes_tickets = take;
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

    /// Checks all settings and makes the configuration. With an [`identity`](Self::identity) the key
    /// is compared with the certificate, which costs a few public-key operations.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the setting that cannot work.
    pub fn build(mut self) -> Result<ClientConfig, ConfigError> {
        let mode = match self.verification.mode {
            VerifyMode::Auto => VerifyMode::Verify,
            mode => mode,
        };
        let terms = self.terms(mode, false)?;
        room::application_protocols(&self.settings.alpn)?;
        let template = ClientTemplate::new(&self.backend, &self.settings)?;
        Ok(ClientConfig(Arc::new(ClientInner {
            template,
            terms,
            settled: Settled::new(&self.backend, self.settings),
        })))
    }
}
