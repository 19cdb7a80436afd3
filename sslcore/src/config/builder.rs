//! Collects a configuration, and checks it.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "sign")]
mod identity;
#[cfg(feature = "engine")]
mod keys;
#[cfg(feature = "server")]
mod server;
mod sessions;
mod verification;

use alloc::string::ToString;
use alloc::vec::Vec;
use core::marker::PhantomData;

use super::built::Terms;
use super::room;
use super::verification::Verification;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::handshake::settings::{Settings, Tickets};
use crate::handshake::wire::certificate;
use crate::identity::validity;
use crate::limits::Timeouts;
use crate::protocol::{Engine, SignatureScheme, SslCipher, SslProtocol};
use crate::record::header::MAX_PLAINTEXT;
use crate::record::traffic::RecordTerms;
use crate::verify::policy::VerifyMode;

/// Collects a [`ClientConfig`](crate::ClientConfig) or a [`ServerConfig`](crate::ServerConfig).
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
///         .groups(&["X25519", "secp256r1"]) // none with ML-KEM: the smallest hello
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
    protocols: Result<Option<Vec<SslProtocol>>, ConfigError>,
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
                keys: None,
                engine: None,
                protocols: Vec::new(),
                ciphers: None,
                groups: None,
                signature_schemes: None,
                alpn: Vec::new(),
                identity: None,
                prefer_own_ciphers: true,
                client_sessions: None,
                own_cache: Some(SESSIONS),
                takes_tickets: true,
                remember_groups: true,
                server_sessions: None,
                session_lifetime: validity::DEFAULT,
                tickets: Tickets::None,
                max_fragment: None,
                key_log: None,
                stapled: None,
                timestamps: None,
                asks_for_timestamps: false,
            },
            verification: Verification::default(),
            timeouts,
            records_per_key: u64::MAX,
            protocols: Ok(None),
            ciphers: Ok(None),
            signature_schemes: Ok(None),
            authorities: Ok(None),
            role: PhantomData,
        }
    }

    /// Sets who does the handshake. The default is [`Engine::Own`] with pre-shared keys, with signatures
    /// that are [asked for](Self::ask_for_signatures), and in a build without rustls, otherwise
    /// [`Engine::Rustls`].
    ///
    /// A client chooses before it says hello. A server with [`Engine::Own`] and certificates chooses when it
    /// has heard the client, and leaves TLS 1.2 to rustls, in a build that has both.
    ///
    /// `build` fails with [`ConfigError::Unsupported`] where the build does not have the engine, for
    /// [`Engine::Rustls`] with pre-shared keys, and for [`Engine::Own`] with certificates where
    /// [`protocols`](Self::protocols) names TLS 1.2 for a client, or for a server TLS 1.2 alone.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.settings.engine = Some(engine);
        self
    }

    /// Sets the protocol versions to use, by name: `"TLSv1.2"`, `"TLSv1.3"`. SSL 3, TLS 1.0 and 1.1
    /// are [`ConfigError::Unsupported`]. The default is both; with pre-shared keys, and for a client
    /// with [`Engine::Own`], it is TLS 1.3.
    /// `QSslSocket::setProtocol`.
    #[must_use]
    pub fn protocols(mut self, names: &[&str]) -> Self {
        let known = names.iter().map(|name| match *name {
            "TLSv1.3" => Ok(SslProtocol::TlsV1_3),
            "TLSv1.2" => Ok(SslProtocol::TlsV1_2),
            other => Err(ConfigError::unsupported("protocol", other)),
        });
        self.protocols = known.collect::<Result<_, _>>().map(Some);
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

    /// Sets the key exchange groups to use, in order of preference, by IANA's name: `"X25519MLKEM768"`,
    /// `"X25519"`, `"secp256r1"`, `"secp384r1"`, `"SecP256r1MLKEM768"`. A group that is named twice has
    /// the place where it is named first. The default is all of the backend's, in its order.
    /// `QSslConfiguration::setEllipticCurves`.
    ///
    /// A TLS 1.3 client's hello has a key share of its first group. With X25519MLKEM768 first it also
    /// has one of X25519, if that is named, too: the same key, which costs 36 bytes more and no
    /// computation. A server that takes neither asks for a second hello
    /// ([`is_hello_retried`](crate::Connection::is_hello_retried)). A server follows the client's order.
    /// The [groups with ML-KEM](crate::crypto#post-quantum-key-exchange) are for TLS 1.3 alone.
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
    /// a small transmit buffer. Handshake messages are split accordingly. A peer that asks for less gets
    /// less, with [`Engine::Own`] ([`Buffers::lent`](crate::Buffers::lent)).
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

    /// What a connection is authenticated by must be certain: keys, or certificates.
    fn check_keys_are_alone(&self) -> Result<(), ConfigError> {
        let beside = if self.settings.identity.is_some() {
            "a certificate"
        } else if self.verification.has_anchors() {
            "trust anchors"
        } else {
            return Ok(());
        };
        Err(ConfigError::PreSharedKeysBeside(beside))
    }

    /// `leaves_tls12` says whether our own engine leaves TLS 1.2 with certificates to the other: a server's
    /// does, which chooses when it has heard the client.
    fn terms(&mut self, mode: VerifyMode, leaves_tls12: bool) -> Result<Terms, ConfigError> {
        #[cfg(feature = "testing")]
        if self.settings.engine.is_none() && self.backend.prefers_own_engine() {
            let can = match &self.protocols.clone()? {
                Some(named) if leaves_tls12 => named.contains(&SslProtocol::TlsV1_3),
                Some(named) => !named.contains(&SslProtocol::TlsV1_2),
                None => true,
            };
            self.settings.engine = can.then_some(Engine::Own);
        }
        let asks = self.settings.asks_for_signatures();
        let leaves_tls12 = leaves_tls12 && !asks;
        let engine = self.settings.engine();
        if !engine.is_available() {
            return Err(ConfigError::unsupported("engine", engine.name()));
        }
        self.settings.protocols = match (self.protocols.clone()?, engine) {
            (Some(named), _) => named,
            (None, Engine::Own) if !leaves_tls12 => [SslProtocol::TlsV1_3].into(),
            (None, _) => SslProtocol::ALL.into(),
        };
        self.settings.ciphers = self.ciphers.clone()?;
        self.settings.signature_schemes = self.signature_schemes.clone()?;
        if self.settings.protocols.is_empty() {
            return Err(ConfigError::NothingLeft("protocol"));
        }
        if asks {
            if engine == Engine::Rustls {
                let name = "rustls with signatures that are asked for";
                return Err(ConfigError::unsupported("engine", name));
            }
            if self.settings.protocols.contains(&SslProtocol::TlsV1_2) {
                let name = "TLSv1.2, with signatures that are asked for";
                return Err(ConfigError::unsupported("protocol", name));
            }
        }
        let timestamps = self.settings.timestamps.is_some() || self.settings.asks_for_timestamps;
        if timestamps && engine == Engine::Rustls {
            let name = "rustls with timestamps of certificates";
            return Err(ConfigError::unsupported("engine", name));
        }
        if let Some(list) = &self.settings.timestamps {
            certificate::check_timestamps(list)
                .map_err(|_| ConfigError::MalformedTimestamps(list.len()))?;
        }
        if self.settings.keys.is_some() {
            self.check_keys_are_alone()?;
            if engine == Engine::Rustls {
                let name = "rustls with pre-shared keys";
                return Err(ConfigError::unsupported("engine", name));
            }
        }
        let bad_length = |name: &Vec<u8>| name.is_empty() || name.len() > 255;
        if self.settings.alpn.iter().any(bad_length) {
            return Err(ConfigError::InvalidAlpn);
        }
        if let Some(identity) = &self.settings.identity {
            // In TLS 1.2 what is stapled is a message of its own.
            let tls13 = self.settings.protocols.contains(&SslProtocol::TlsV1_3);
            let stapled = self.settings.stapled.as_ref().filter(|_| tls13);
            let timestamps = self.settings.timestamps.as_ref();
            room::certificates(&identity.chain, stapled, timestamps)?;
        }
        Ok(Terms {
            policy: self.verification.policy(&self.backend, mode)?,
            timeouts: self.timeouts,
            keep_peer_chain: !self.verification.lets_go_of_chain,
            records: RecordTerms {
                backend: self.backend.clone(),
                max_fragment: self.settings.max_fragment.unwrap_or(MAX_PLAINTEXT),
                records_per_key: self.records_per_key,
            },
        })
    }
}
