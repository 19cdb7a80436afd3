//! Pre-shared keys, in the place of certificates.

use alloc::vec::Vec;

use super::ConfigBuilder;
use crate::config::built::ServerConfig;
use crate::handshake::settings::{KeySettings, KeySource};
use crate::identity::pre_shared_key::PreSharedKey;

impl<C> ConfigBuilder<C> {
    /// Authenticates both ends by [pre-shared keys](PreSharedKey), and by nothing else: there are no
    /// certificates, and none are verified, whatever the verification mode. A client offers all these
    /// keys, at most 8, in this order. A server takes the first that its client names and that is among
    /// them. [`psk_identity`](crate::Connection::psk_identity) tells which one it was.
    ///
    /// The version is TLS 1.3, unless [`protocols`](Self::protocols) names TLS 1.2, too, or alone. There
    /// a client uses the first key that is not imported. The suites are `ECDHE-PSK-CHACHA20-POLY1305`,
    /// preferred, and three without a key exchange, which have no forward secrecy: who ever learns the
    /// key decrypts everything that was recorded. A peer without the extended master secret is refused;
    /// nothing is resumed. A key should be for one of the versions alone (RFC 9257 §4.2).
    ///
    /// ```
    /// # use sslcore::crypto::Backend;
    /// # use sslcore::{ClientConfig, ConfigError, PreSharedKey, ServerConfig};
    /// fn both(backend: Backend, key: PreSharedKey) -> Result<(ClientConfig, ServerConfig), ConfigError> {
    ///     let client = ClientConfig::builder(backend.clone()).pre_shared_keys([key.clone()]);
    ///     let server = ServerConfig::builder(backend).pre_shared_keys([key]);
    ///     Ok((client.build()?, server.build()?))
    /// }
    /// ```
    ///
    /// `build` fails with
    /// [`ConfigError::PreSharedKeysBeside`](crate::ConfigError::PreSharedKeysBeside) where there is a
    /// certificate, a trust anchor or a pin beside the keys: so it is certain what a connection is
    /// authenticated by.
    #[must_use]
    pub fn pre_shared_keys(mut self, keys: impl IntoIterator<Item = PreSharedKey>) -> Self {
        let keys: Vec<_> = keys.into_iter().collect();
        self.keys().source = KeySource::Known(keys.into());
        self
    }

    /// Authenticates both ends by pre-shared keys, too, which the application gives when it is asked:
    /// [`Event::PreSharedKeyRequired`](crate::Event::PreSharedKeyRequired).
    ///
    /// ```
    /// # use sslcore::crypto::Backend;
    /// # use sslcore::{ConfigError, ServerConfig};
    /// fn gateway(backend: Backend) -> Result<ServerConfig, ConfigError> {
    ///     let builder = ServerConfig::builder(backend).ask_for_pre_shared_keys();
    ///     builder
    ///         .allow_psk_ke() // for devices that have no time for key exchanges
    ///         .allow_short_keys() // some have keys of 8 bytes
    ///         .tell_unknown_psk_identity()
    ///         .build()
    /// }
    /// ```
    #[must_use]
    pub fn ask_for_pre_shared_keys(mut self) -> Self {
        self.keys().source = KeySource::Asked;
        self
    }

    /// Lets keys have fewer than 16 bytes. What can be guessed protects nothing: who records a
    /// handshake tries keys at leisure.
    #[must_use]
    pub fn allow_short_keys(mut self) -> Self {
        self.keys().allows_short = true;
        self
    }

    /// Lets a handshake do without a key exchange (`psk_ke`, RFC 8446 §4.2.9), where the other side
    /// takes no other. It saves the public-key operations. It has no forward secrecy: who ever learns
    /// the key decrypts everything that was recorded. A handshake with a key exchange is preferred.
    #[must_use]
    pub fn allow_psk_ke(mut self) -> Self {
        self.keys().allows_psk_ke = true;
        self
    }

    fn keys(&mut self) -> &mut KeySettings {
        self.settings.keys.get_or_insert_with(|| KeySettings {
            source: KeySource::Known([].into()),
            allows_short: false,
            allows_psk_ke: false,
            hint: [].into(),
            tells_unknown: false,
        })
    }
}

impl ConfigBuilder<ServerConfig> {
    /// Sets what a server of TLS 1.2 says of the key that it wants, at most 1,024 bytes: the client finds
    /// it in [`PskRequest::hint`](crate::PskRequest::hint) (RFC 4279 §5.2). Unset, nothing is said. TLS 1.3
    /// has no hints. `QSslConfiguration::setPreSharedKeyIdentityHint`.
    ///
    /// ```
    /// # use sslcore::{ConfigBuilder, PreSharedKey, ServerConfig};
    /// fn for_old_devices(
    ///     builder: ConfigBuilder<ServerConfig>,
    ///     keys: Vec<PreSharedKey>,
    /// ) -> ConfigBuilder<ServerConfig> {
    ///     let builder = builder.pre_shared_keys(keys).protocols(&["TLSv1.2", "TLSv1.3"]);
    ///     builder.psk_identity_hint("lamps of the second floor")
    /// }
    /// ```
    #[must_use]
    pub fn psk_identity_hint(mut self, hint: impl AsRef<[u8]>) -> Self {
        self.keys().hint = hint.as_ref().into();
        self
    }

    /// Tells a client that names no key that the server has: unknown_psk_identity (RFC 8446 §6.2).
    /// Otherwise such a handshake fails as one with a wrong key does, and nobody can find out which
    /// identities there are.
    #[must_use]
    pub fn tell_unknown_psk_identity(mut self) -> Self {
        self.keys().tells_unknown = true;
        self
    }
}
