//! Our own certificate, and what signs for it.

use alloc::sync::Arc;

use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::ConfigBuilder;
use crate::handshake::settings::{Identity, Signing};
use crate::identity::signer::Signer;
use crate::protocol::SignatureScheme;

impl<C> ConfigBuilder<C> {
    /// Sets the certificate chain that we present, leaf first, and the leaf's private key. A server
    /// needs both; a client only for servers that ask. The key is a
    /// [`PrivateKey`](crate::PrivateKey), or DER in any form that the backend reads. The chain may
    /// make a message of at most 65,535 bytes. `QSslSocket::setLocalCertificateChain` and
    /// `setPrivateKey`.
    #[must_use]
    pub fn identity(
        mut self,
        chain: impl IntoIterator<Item = CertificateDer<'static>>,
        key: impl Into<PrivateKeyDer<'static>>,
    ) -> Self {
        self.settings.identity = Some(Identity {
            chain: chain.into_iter().collect(),
            signing: Signing::Key(key.into()),
        });
        self
    }

    /// Sets the certificate chain that we present, leaf first, and has the application sign when it is
    /// asked: [`Event::SignatureRequired`](crate::Event::SignatureRequired), then
    /// [`provide_signature`](crate::Connection::provide_signature) any time later. For keys in a secure
    /// element, a module or a cloud, which take their time: nobody is blocked meanwhile, as by a
    /// [`Signer`]. The schemes are what the key can sign in, in the order of preference, all for the
    /// leaf's key. Replaces [`identity`](Self::identity) and
    /// [`identity_with_signer`](Self::identity_with_signer), and is replaced by them.
    ///
    /// It takes [`Engine::Own`](crate::Engine::Own), and so TLS 1.3 alone: with another engine, or when
    /// TLS 1.2 is named, `build` fails as [`Unsupported`](crate::ConfigError::Unsupported). It fails as
    /// [`UnusableKey`](crate::ConfigError::UnusableKey) without a scheme, or with schemes for keys of
    /// different kinds, as [`KeyMismatch`](crate::ConfigError::KeyMismatch) when one of them is not for
    /// the leaf's key, and as [`NothingLeft`](crate::ConfigError::NothingLeft) when TLS 1.3 signs in none of them.
    ///
    /// ```
    /// # use sslcore::crypto::Backend;
    /// # use sslcore::{CertificateDer, ConfigError, ServerConfig, SignatureScheme};
    /// fn server(
    ///     backend: Backend, chain: Vec<CertificateDer<'static>>,
    /// ) -> Result<ServerConfig, ConfigError> {
    ///     let schemes = [SignatureScheme::EcdsaP256Sha256];
    ///     ServerConfig::builder(backend).ask_for_signatures(chain, schemes).build()
    /// }
    /// ```
    #[must_use]
    pub fn ask_for_signatures(
        mut self,
        chain: impl IntoIterator<Item = CertificateDer<'static>>,
        schemes: impl IntoIterator<Item = SignatureScheme>,
    ) -> Self {
        self.settings.identity = Some(Identity {
            chain: chain.into_iter().collect(),
            signing: Signing::Asked(schemes.into_iter().collect()),
        });
        self
    }

    /// Sets the certificate chain that we present, leaf first, and the [`Signer`] that signs in the
    /// place of a private key: a hardware module, a secure element, an agent. Replaces
    /// [`identity`](Self::identity), and is replaced by it. `QSslSocket::setPrivateKey` with an
    /// opaque `QSslKey`.
    ///
    /// A handshake in which we present the chain calls the signer once, within
    /// [`process`](crate::Connection::process), which waits for it. When the signer refuses, the
    /// handshake ends with [`FailureKind::SigningFailed`](crate::FailureKind::SigningFailed) and the
    /// alert internal_error.
    #[must_use]
    pub fn identity_with_signer(
        mut self,
        chain: impl IntoIterator<Item = CertificateDer<'static>>,
        signer: Arc<dyn Signer>,
    ) -> Self {
        self.settings.identity = Some(Identity {
            chain: chain.into_iter().collect(),
            signing: Signing::Signer(signer),
        });
        self
    }
}
