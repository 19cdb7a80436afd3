//! What a server's configuration has of its own.

use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::TrustAnchor;

use super::{ConfigBuilder, SESSIONS};
use crate::config::built::{ServerConfig, ServerInner};
use crate::config::room;
use crate::config::settled::Settled;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::handshake::settings::Tickets;
use crate::handshake::template::ServerTemplate;
use crate::identity::server_sessions::{ServerSessionCache, ServerSessionStore};
use crate::identity::ticket_keys::TicketKeys;
use crate::limits::{self, Timeouts};
use crate::protocol::Engine;
use crate::verify::policy::VerifyMode;
use crate::x509::der::{Reader, tag};
use crate::x509::name::DistinguishedName;

impl ServerConfig {
    /// Begins a server's configuration. By default: TLS 1.2 and 1.3, all cipher suites of the
    /// backend, chosen in the server's order, [`VerifyMode::Query`], and
    /// [`OnErrors::Reject`](crate::OnErrors::Reject).
    pub fn builder(backend: Backend) -> ConfigBuilder<Self> {
        let mut builder = ConfigBuilder::new(backend, Timeouts::SERVER);
        builder.settings.server_sessions = Some(Arc::new(ServerSessionCache::new(SESSIONS)));
        builder.settings.tickets = Tickets::OwnKeys;
        builder
    }
}

impl ConfigBuilder<ServerConfig> {
    /// Chooses the cipher suite in the client's order of preference instead of our own.
    /// `QSsl::SslOptionDisableServerCipherPreference`.
    ///
    /// ```
    /// # use sslcore::{CertificateDer, ConfigError, PrivateKeyDer, ServerConfig, crypto::Backend};
    /// # fn f(
    /// #     backend: Backend, chain: [CertificateDer<'static>; 1], key: PrivateKeyDer<'static>,
    /// #     response: Vec<u8>,
    /// # ) -> Result<ServerConfig, ConfigError> {
    /// ServerConfig::builder(backend)
    ///     .identity(chain, key)
    ///     .follow_client_ciphers()
    ///     .stapled_ocsp_response(response) // fetched from the authority's responder
    ///     .build()
    /// # }
    /// ```
    #[must_use]
    pub fn follow_client_ciphers(mut self) -> Self {
        self.settings.prefer_own_ciphers = false;
        self
    }

    /// Sets the OCSP response (RFC 6960) to staple to our certificate, in DER, as the certificate's
    /// authority has signed it. The response goes to every client that asks (RFC 6066 §8,
    /// RFC 8446 §4.4.2.1), and is not read here. It has at most 65,527 bytes, and in TLS 1.3 shares
    /// the 65,535 bytes of a message with the chain. A response expires, mostly within days: build a
    /// new configuration then, with the same [`session_store`](Self::session_store) and
    /// [`ticket_keys`](Self::ticket_keys).
    #[must_use]
    pub fn stapled_ocsp_response(mut self, response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        self.settings.stapled = (!response.is_empty()).then_some(response);
        self
    }

    /// Sets the timestamps of logs that have seen our certificate, a SignedCertificateTimestampList
    /// (RFC 6962 §3.3) as OpenSSL's and BoringSSL's tools make it: its length, then each timestamp with its
    /// length. They go to every client that asks, beside the chain, in [`Engine::Own`](crate::Engine::Own)
    /// alone. Most certificates have their timestamps inside, and need none here.
    ///
    /// ```
    /// # use sslcore::{ConfigBuilder, Engine, ServerConfig};
    /// fn logged(builder: ConfigBuilder<ServerConfig>, list: Vec<u8>) -> ConfigBuilder<ServerConfig> {
    ///     builder.engine(Engine::Own).signed_certificate_timestamps(list)
    /// }
    /// ```
    #[must_use]
    pub fn signed_certificate_timestamps(mut self, list: impl Into<Vec<u8>>) -> Self {
        let list = list.into();
        self.settings.timestamps = (!list.is_empty()).then_some(list);
        self
    }

    /// Sets the authorities that a server which asks for certificates names as acceptable issuers
    /// (RFC 8446 §4.2.4, RFC 5246 §7.4.4), in the place of its trust anchors. Clients choose one of
    /// their certificates by the names; those that know none of them may show none. Trust does not
    /// depend on the names. Without any, each client chooses freely: so can a server trust more
    /// authorities than a request has room for. nginx's `ssl_trusted_certificate`.
    ///
    /// ```
    /// # use sslcore::{CertificateDer, ConfigBuilder, DistinguishedName, ServerConfig};
    /// fn internal(
    ///     builder: ConfigBuilder<ServerConfig>,
    ///     old: CertificateDer<'static>,
    ///     new: CertificateDer<'static>,
    ///     name: DistinguishedName<'_>,
    /// ) -> ConfigBuilder<ServerConfig> {
    ///     // Certificates of both are taken; who has one of each shows the new one.
    ///     builder.trust_anchors([old, new]).client_certificate_authorities([name])
    /// }
    /// ```
    #[must_use]
    pub fn client_certificate_authorities<'a>(
        mut self,
        names: impl IntoIterator<Item = DistinguishedName<'a>>,
    ) -> Self {
        let contents = names.into_iter().enumerate().map(|(index, name)| {
            let mut reader = Reader::new(name.der());
            let content = reader.read(tag::SEQUENCE).filter(|_| reader.is_empty());
            let invalid = ConfigError::InvalidAuthority { index };
            content.map(<[u8]>::to_vec).ok_or(invalid)
        });
        self.authorities = contents.collect::<Result<_, _>>().map(Some);
        self
    }

    /// Remembers at most `sessions` sessions, in a [`ServerSessionCache`] of this configuration's
    /// own; 0 turns the cache off. The default is 256, and 4 where there is no operating system. The
    /// cache serves clients that do not take tickets, and all clients when no tickets are issued.
    #[must_use]
    pub fn session_cache(mut self, sessions: usize) -> Self {
        self.settings.server_sessions = match sessions {
            0 => None,
            sessions => Some(Arc::new(ServerSessionCache::new(sessions))),
        };
        self.settings.own_cache = Some(sessions);
        self
    }

    /// Remembers sessions in `store` instead; [`ServerSessionStore`] says what sharing one means.
    #[must_use]
    pub fn session_store(mut self, store: Arc<dyn ServerSessionStore>) -> Self {
        self.settings.server_sessions = Some(store);
        self.settings.own_cache = None;
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

    /// Checks all settings and makes the configuration.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the setting that cannot work.
    pub fn build(mut self) -> Result<ServerConfig, ConfigError> {
        let mode = match self.verification.mode {
            VerifyMode::Auto => VerifyMode::Query,
            mode => mode,
        };
        let stapled = self.settings.stapled.as_ref().map_or(0, Vec::len);
        if stapled > limits::STAPLED_RESPONSE {
            return Err(ConfigError::StapledResponseTooLong(stapled));
        }
        let leaves_tls12 = self.settings.keys.is_none() && Engine::Rustls.is_available();
        let terms = self.terms(mode, leaves_tls12)?;
        let ask = mode != VerifyMode::None;
        let named = self.authorities.clone()?;
        let hints = match &named {
            _ if !ask => Vec::new(),
            Some(named) => named.clone(),
            None => subjects(&terms.policy.anchors),
        };
        room::issuers(&hints, self.backend.verified_schemes().len())?;
        let template = ServerTemplate::new(&self.backend, &self.settings, ask, &hints)?;
        Ok(ServerConfig(Arc::new(ServerInner {
            template,
            terms,
            settled: Settled::new(&self.backend, self.settings).naming(named),
        })))
    }
}

/// The names of trust anchors. Several certificates of one authority have one name.
fn subjects(anchors: &[TrustAnchor<'_>]) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    for anchor in anchors {
        if !names.iter().any(|known| **known == *anchor.subject) {
            names.push(anchor.subject.to_vec());
        }
    }
    names
}
