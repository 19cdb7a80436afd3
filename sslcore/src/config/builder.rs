//! Collects a configuration, and checks it.

mod sessions;
mod verification;

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::marker::PhantomData;

use rustls_pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor};

use super::built::{ClientConfig, ClientInner, ServerConfig, ServerInner, Terms};
use super::room;
use super::settled::Settled;
use super::verification::Verification;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::handshake::rustls::config::{ClientTemplate, ServerTemplate};
use crate::handshake::settings::{Identity, Settings, Signing, Tickets};
use crate::identity::client_sessions::ClientSessionCache;
use crate::identity::server_sessions::ServerSessionCache;
use crate::identity::signer::Signer;
use crate::identity::validity;
use crate::limits::{self, Timeouts};
use crate::protocol::{SignatureScheme, SslCipher, SslProtocol};
use crate::record::header::MAX_PLAINTEXT;
use crate::record::traffic::RecordTerms;
use crate::verify::policy::VerifyMode;
use crate::x509::der::{Reader, tag};
use crate::x509::name::DistinguishedName;

/// Collects a [`ClientConfig`] or a [`ServerConfig`].
///
/// Every method replaces what was set before. Nothing is checked until `build`, whose error names
/// the setting that cannot work.
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use sslcore::crypto::Backend;
/// # use sslcore::{CertificateDer, ClientConfig, ConfigError, Signer, Timeouts};
/// # type Chain = Vec<CertificateDer<'static>>;
/// fn client(backend: Backend, roots: Chain) -> Result<ClientConfig, ConfigError> {
///     ClientConfig::builder(backend)
///         .trust_anchors(roots)
///         .protocols(&["TLSv1.3"])
///         .ciphers(&["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"])
///         .groups(&["X25519", "secp256r1"])
///         .signature_schemes(&["ecdsa_secp256r1_sha256", "ed25519"])
///         .alpn(&[b"h2", b"http/1.1"])
///         .timeouts(Timeouts { handshake: Some(Duration::from_secs(5)), ..Timeouts::CLIENT })
///         .max_fragment(4096) // records that a slow peer can use early
///         .records_per_key(1 << 20) // sooner than AES-GCM needs it
///         .build()
/// }
///
/// /// For servers that ask for a certificate. The key is in a secure element, which signs.
/// fn known_client(
///     backend: Backend, roots: Chain, chain: Chain, element: Arc<dyn Signer>,
/// ) -> Result<ClientConfig, ConfigError> {
///     let builder = ClientConfig::builder(backend).trust_anchors(roots);
///     builder.identity_with_signer(chain, element).build()
/// }
/// ```
pub struct ConfigBuilder<C> {
    backend: Backend,
    settings: Settings,
    verification: Verification,
    timeouts: Timeouts,
    records_per_key: u64,
    protocols: Result<Vec<SslProtocol>, ConfigError>,
    ciphers: Result<Option<Vec<SslCipher>>, ConfigError>,
    signature_schemes: Result<Option<Vec<SignatureScheme>>, ConfigError>,
    /// The names to send to clients, without the headers of their sequences.
    authorities: Result<Option<Vec<Vec<u8>>>, ConfigError>,
    role: PhantomData<C>,
}

/// Sessions that a configuration remembers unless told otherwise: a session takes some hundred bytes, and
/// a chain.
const SESSIONS: usize = if cfg!(target_os = "none") { 4 } else { 256 };

impl<C> ConfigBuilder<C> {
    fn new(backend: Backend, timeouts: Timeouts) -> Self {
        Self {
            backend,
            settings: Settings {
                protocols: Vec::new(),
                ciphers: None,
                groups: None,
                signature_schemes: None,
                alpn: Vec::new(),
                identity: None,
                prefer_own_ciphers: true,
                client_sessions: None,
                remember_groups: true,
                server_sessions: None,
                session_lifetime: validity::DEFAULT,
                tickets: Tickets::None,
                max_fragment: None,
                key_log: None,
                stapled: None,
            },
            verification: Verification::default(),
            timeouts,
            records_per_key: u64::MAX,
            protocols: Ok([SslProtocol::TlsV1_3, SslProtocol::TlsV1_2].into()),
            ciphers: Ok(None),
            signature_schemes: Ok(None),
            authorities: Ok(None),
            role: PhantomData,
        }
    }

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

    /// Sets the protocol versions to use, by name: `"TLSv1.2"`, `"TLSv1.3"`. SSL 3, TLS 1.0 and 1.1
    /// are [`ConfigError::Unsupported`]. The default is both. `QSslSocket::setProtocol`.
    #[must_use]
    pub fn protocols(mut self, names: &[&str]) -> Self {
        self.protocols = names
            .iter()
            .map(|name| match *name {
                "TLSv1.3" => Ok(SslProtocol::TlsV1_3),
                "TLSv1.2" => Ok(SslProtocol::TlsV1_2),
                other => Err(ConfigError::unsupported("protocol", other)),
            })
            .collect();
        self
    }

    /// Sets the cipher suites to use, in order of preference, by IANA's or OpenSSL's name. Unknown
    /// names, CBC and static-RSA suites are [`ConfigError::Unsupported`]. A suite that is named twice
    /// has the place where it is named first. The default is all of the backend's.
    /// `QSslConfiguration::setCiphers`, which drops unknown names silently.
    #[must_use]
    pub fn ciphers(mut self, names: &[&str]) -> Self {
        let known = names.iter().map(|name| {
            SslCipher::from_name(name).ok_or_else(|| ConfigError::unsupported("cipher suite", name))
        });
        self.ciphers = known.collect::<Result<_, _>>().map(Some);
        self
    }

    /// Sets the key exchange groups to use, in order of preference, by IANA's name: `"X25519"`,
    /// `"secp256r1"`, `"secp384r1"`. A group that is named twice has the place where it is named
    /// first. The default is all of the backend's. `QSslConfiguration::setEllipticCurves`.
    #[must_use]
    pub fn groups(mut self, names: &[&str]) -> Self {
        self.settings.groups = Some(names.iter().map(ToString::to_string).collect());
        self
    }

    /// Sets the schemes in which the peer may sign its handshake, in order of preference, by IANA's
    /// name: `"ecdsa_secp256r1_sha256"`, `"rsa_pss_rsae_sha256"`, `"ed25519"` (RFC 8446 §4.2.3). The
    /// peer is sent the list, and a handshake that is signed in another scheme is refused. The list
    /// limits neither the signatures of certificates nor our own. A scheme that is named twice has
    /// the place where it is named first. The default is all of the backend's.
    #[must_use]
    pub fn signature_schemes(mut self, names: &[&str]) -> Self {
        let known = names.iter().map(|name| {
            SignatureScheme::from_name(name)
                .ok_or_else(|| ConfigError::unsupported("signature scheme", name))
        });
        self.signature_schemes = known.collect::<Result<_, _>>().map(Some);
        self
    }

    /// Sets the application protocols that a client offers, or a server accepts, in order of
    /// preference (ALPN, RFC 7301). Each name has 1 to 255 bytes; a client's names have 28,672 bytes
    /// together, with one more for each. `QSslConfiguration::setAllowedNextProtocols`.
    #[must_use]
    pub fn alpn(mut self, protocols: &[&[u8]]) -> Self {
        self.settings.alpn = protocols.iter().map(|name| name.to_vec()).collect();
        self
    }

    /// Sets the three timeouts. The default is [`Timeouts::CLIENT`] or [`Timeouts::SERVER`].
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how many bytes of plaintext one record of ours carries at most: 32 to 16,384, the
    /// default; values outside are brought inside. Smaller records reach a slow reader sooner, and fit
    /// a small transmit buffer. Handshake messages are split accordingly.
    #[must_use]
    pub fn max_fragment(mut self, bytes: usize) -> Self {
        self.settings.max_fragment = Some(bytes.clamp(32, MAX_PLAINTEXT));
        self
    }

    /// Sets after how many records our traffic key is renewed, if that is before the cipher's limit,
    /// which is the default (RFC 8446 §5.5). TLS 1.3 sends KeyUpdate; TLS 1.2 cannot renew keys, and
    /// fails with [`FailureKind::KeysExhausted`](crate::FailureKind::KeysExhausted).
    #[must_use]
    pub fn records_per_key(mut self, records: u64) -> Self {
        self.records_per_key = records;
        self
    }

    fn terms(&mut self, mode: VerifyMode) -> Result<Terms, ConfigError> {
        self.settings.protocols = self.protocols.clone()?;
        self.settings.ciphers = self.ciphers.clone()?;
        self.settings.signature_schemes = self.signature_schemes.clone()?;
        if self.settings.protocols.is_empty() {
            return Err(ConfigError::NothingLeft("protocol"));
        }
        let bad_length = |name: &Vec<u8>| name.is_empty() || name.len() > 255;
        if self.settings.alpn.iter().any(bad_length) {
            return Err(ConfigError::InvalidAlpn);
        }
        if let Some(identity) = &self.settings.identity {
            // In TLS 1.2 what is stapled is a message of its own.
            let tls13 = self.settings.protocols.contains(&SslProtocol::TlsV1_3);
            let stapled = self.settings.stapled.as_ref().filter(|_| tls13);
            room::certificates(&identity.chain, stapled)?;
        }
        Ok(Terms {
            policy: self.verification.policy(&self.backend, mode)?,
            timeouts: self.timeouts,
            records: RecordTerms {
                backend: self.backend.clone(),
                max_fragment: self.settings.max_fragment.unwrap_or(MAX_PLAINTEXT),
                records_per_key: self.records_per_key,
            },
        })
    }
}

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
        let terms = self.terms(mode)?;
        room::application_protocols(&self.settings.alpn)?;
        let template = ClientTemplate::new(&self.backend, &self.settings)?;
        Ok(ClientConfig(Arc::new(ClientInner {
            template,
            terms,
            settled: Settled::new(&self.backend, self.settings),
        })))
    }
}

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
        let terms = self.terms(mode)?;
        let ask = mode != VerifyMode::None;
        let named = self.authorities.clone()?;
        let hints = match named {
            _ if !ask => Vec::new(),
            Some(named) => named,
            None => subjects(&terms.policy.anchors),
        };
        let algorithms = self.backend.provider().signature_verification_algorithms;
        room::issuers(&hints, algorithms.mapping.len())?;
        let template = ServerTemplate::new(&self.backend, &self.settings, ask, &hints)?;
        Ok(ServerConfig(Arc::new(ServerInner {
            template,
            terms,
            settled: Settled::new(&self.backend, self.settings),
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
