//! Configurations: built once, checked when built, shared by any number of connections.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, TrustAnchor};

use crate::crypto::Backend;
use crate::error::ConfigError;
use crate::handshake::rustls::{
    ClientSessionCache, ClientTemplate, ServerSessionCache, ServerTemplate,
};
use crate::identity::session::SslCipher;
use crate::record::header::MAX_PLAINTEXT;
use crate::record::protection::SslProtocol;
use crate::verify::policy::{OnErrors, Policy, VerifyMode};

/// How much a connection may hold (rule R8), and when it gives memory back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Unread plaintext, in bytes, beyond which no record is opened; one more record may then
    /// wait unopened. The default is 16,384. `QSslSocket::setReadBufferSize`, but exact, and
    /// never unlimited.
    pub read_buffer_size: usize,
    /// Sealed bytes that may wait for the transport. The default, 33,300, holds two full records.
    /// Ignored for a lent buffer, which is its own limit.
    pub transmit: usize,
    /// Plaintext that may be written before the handshake is complete, in bytes. The default is
    /// 65,536.
    pub queued: usize,
    /// The largest handshake message, in bytes. The receive buffer grows so far while one is
    /// incomplete. The default is 65,536; rustls takes no message beyond 65,535.
    pub max_handshake: usize,
    /// Give owned buffers back to the allocator whenever they are empty. Off by default: a busy
    /// connection would allocate again for every record.
    pub release_when_idle: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            read_buffer_size: 16 * 1024,
            transmit: 33_300,
            queued: 64 * 1024,
            max_handshake: 64 * 1024,
            release_when_idle: false,
        }
    }
}

/// The three clocks of a connection. They are not one: the handshake's stands still while a
/// decision is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start of TLS to [`Encrypted`](crate::Event::Encrypted), open decisions not
    /// counted.
    pub handshake: Option<Duration>,
    /// How long a decision may stay open.
    pub decision: Option<Duration>,
    /// From our close_notify to the peer's.
    pub close: Option<Duration>,
}

impl Timeouts {
    /// A client's: 30 s for the handshake as Qt waits, any time for a person to decide, 5 s to
    /// close.
    pub const CLIENT: Self = Self {
        handshake: Some(Duration::from_secs(30)),
        decision: None,
        close: Some(Duration::from_secs(5)),
    };
    /// A server's: 10 s for the handshake, 30 s for a decision, 5 s to close.
    pub const SERVER: Self = Self {
        handshake: Some(Duration::from_secs(10)),
        decision: Some(Duration::from_secs(30)),
        close: Some(Duration::from_secs(5)),
    };
}

/// What to do with bytes that arrived before TLS was started and were not read (rule R2). To
/// hand them out afterwards, as if TLS had protected them, is not possible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leftover {
    /// Refuse to start: [`UsageError::UnreadPlaintext`](crate::UsageError::UnreadPlaintext).
    #[default]
    Refuse,
    /// Throw them away.
    Discard,
    /// They are the beginning of TLS: the peer began without waiting.
    TreatAsTls,
}

/// Whom a client talks to: the name its certificate must carry, and the name it asks for (SNI).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerName {
    pub(crate) verify: ServerName<'static>,
    pub(crate) sni: Option<ServerName<'static>>,
}

impl PeerName {
    /// A DNS name or an IP address, used for both. An IP address is never sent as SNI
    /// (RFC 6066 §3).
    ///
    /// # Errors
    /// [`ConfigError::InvalidName`] when it is neither.
    pub fn new(name: &str) -> Result<Self, ConfigError> {
        let name = server_name(name)?;
        Ok(Self {
            verify: name.clone(),
            sni: Some(name),
        })
    }

    /// Expects another name in the certificate. `QSslSocket::setPeerVerifyName`, but not sticky,
    /// and SNI stays as it is.
    ///
    /// # Errors
    /// [`ConfigError::InvalidName`] as for [`PeerName::new`].
    pub fn verify_as(mut self, name: &str) -> Result<Self, ConfigError> {
        self.verify = server_name(name)?;
        Ok(self)
    }

    /// Asks for no name.
    #[must_use]
    pub fn without_sni(mut self) -> Self {
        self.sni = None;
        self
    }
}

fn server_name(name: &str) -> Result<ServerName<'static>, ConfigError> {
    ServerName::try_from(name)
        .map(|name| name.to_owned())
        .map_err(|_| ConfigError::InvalidName(name.to_string()))
}

/// Our own certificate chain, leaf first, and its private key.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

/// What a builder has collected.
pub(crate) struct Settings {
    pub(crate) protocols: Vec<SslProtocol>,
    pub(crate) ciphers: Option<Vec<SslCipher>>,
    pub(crate) groups: Option<Vec<String>>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) identity: Option<Identity>,
    pub(crate) prefer_own_ciphers: bool,
    pub(crate) client_sessions: Option<Arc<ClientSessionCache>>,
    pub(crate) server_sessions: Option<Arc<ServerSessionCache>>,
    pub(crate) server_tickets: bool,
    pub(crate) max_fragment: Option<usize>,
}

/// The part of a configuration that lasts as long as the connection.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) backend: Backend,
    pub(crate) policy: Policy,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_fragment: usize,
    pub(crate) records_per_key: u64,
}

/// A client's configuration. Cloning costs one reference count.
#[derive(Clone)]
pub struct ClientConfig(pub(crate) Arc<ClientInner>);

pub(crate) struct ClientInner {
    pub(crate) template: ClientTemplate,
    pub(crate) terms: Terms,
}

/// A server's configuration. Cloning costs one reference count.
#[derive(Clone)]
pub struct ServerConfig(pub(crate) Arc<ServerInner>);

pub(crate) struct ServerInner {
    pub(crate) template: ServerTemplate,
    pub(crate) terms: Terms,
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientConfig")
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerConfig")
    }
}

/// How a server is started.
#[derive(Clone, Debug)]
pub enum ServerStart {
    /// With this configuration.
    With(ServerConfig),
    /// With the configuration that the application chooses when it has seen the ClientHello:
    /// [`Event::ConfigRequired`](crate::Event::ConfigRequired). The timeouts are for the time
    /// until then.
    Ask {
        /// What the client is answered when its ClientHello cannot be read.
        fallback: ServerConfig,
    },
}

/// Collects a [`ClientConfig`] or a [`ServerConfig`].
///
/// Every method replaces what was there before. Nothing is checked until `build`, which names
/// what cannot work.
pub struct ConfigBuilder<C> {
    backend: Backend,
    settings: Settings,
    anchors: Vec<CertificateDer<'static>>,
    mode: VerifyMode,
    on_errors: OnErrors,
    timeouts: Timeouts,
    records_per_key: u64,
    refused: Option<ConfigError>,
    role: PhantomData<C>,
}

/// Sessions that a configuration remembers unless told otherwise.
const SESSIONS: usize = 256;

impl<C> ConfigBuilder<C> {
    fn new(backend: Backend, timeouts: Timeouts) -> Self {
        Self {
            backend,
            settings: Settings {
                protocols: [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2].into(),
                ciphers: None,
                groups: None,
                alpn: Vec::new(),
                identity: None,
                prefer_own_ciphers: true,
                client_sessions: None,
                server_sessions: None,
                server_tickets: false,
                max_fragment: None,
            },
            anchors: Vec::new(),
            mode: VerifyMode::Auto,
            on_errors: OnErrors::Reject,
            timeouts,
            records_per_key: u64::MAX,
            refused: None,
            role: PhantomData,
        }
    }

    fn refuse(&mut self, error: ConfigError) {
        self.refused.get_or_insert(error);
    }

    /// The certificates that chains must end in. Without any, no chain is trusted.
    /// `QSslConfiguration::setCaCertificates`.
    #[must_use]
    pub fn trust_anchors(
        mut self,
        anchors: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.anchors = anchors.into_iter().collect();
        self
    }

    /// Whether the peer's certificate is asked for and judged. `QSslSocket::setPeerVerifyMode`.
    #[must_use]
    pub fn verify_mode(mut self, mode: VerifyMode) -> Self {
        self.mode = mode;
        self
    }

    /// What happens when it has errors.
    #[must_use]
    pub fn on_errors(mut self, on_errors: OnErrors) -> Self {
        self.on_errors = on_errors;
        self
    }

    /// The certificate chain we present, leaf first, and the leaf's private key. A server needs
    /// one. `QSslSocket::setLocalCertificateChain` and `setPrivateKey`.
    #[must_use]
    pub fn identity(
        mut self,
        chain: impl IntoIterator<Item = CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Self {
        self.settings.identity = Some(Identity {
            chain: chain.into_iter().collect(),
            key,
        });
        self
    }

    /// The protocol versions to use, by name: `"TLSv1.2"`, `"TLSv1.3"`. SSL 3, TLS 1.0 and 1.1
    /// are [`ConfigError::Unsupported`]. `QSslSocket::setProtocol`.
    #[must_use]
    pub fn protocols(mut self, names: &[&str]) -> Self {
        self.settings.protocols.clear();
        for name in names {
            match *name {
                "TLSv1.3" => self.settings.protocols.push(SslProtocol::TlsV1_3),
                "TLSv1.2" => self.settings.protocols.push(SslProtocol::TlsV1_2),
                other => self.refuse(ConfigError::Unsupported {
                    what: "protocol",
                    name: other.to_string(),
                }),
            }
        }
        self
    }

    /// The cipher suites to use, in order of preference, by IANA's or OpenSSL's name. Names that
    /// are not known, CBC and static-RSA suites are [`ConfigError::Unsupported`].
    /// `QSslConfiguration::setCiphers`, which drops them silently.
    #[must_use]
    pub fn ciphers(mut self, names: &[&str]) -> Self {
        let mut ciphers = Vec::new();
        for name in names {
            match SslCipher::from_name(name) {
                Some(cipher) => ciphers.push(cipher),
                None => self.refuse(ConfigError::Unsupported {
                    what: "cipher suite",
                    name: (*name).to_string(),
                }),
            }
        }
        self.settings.ciphers = Some(ciphers);
        self
    }

    /// The key exchange groups to use, in order of preference, by IANA's name: `"X25519"`,
    /// `"secp256r1"`, `"secp384r1"`. `QSslConfiguration::setEllipticCurves`.
    #[must_use]
    pub fn groups(mut self, names: &[&str]) -> Self {
        self.settings.groups = Some(names.iter().map(ToString::to_string).collect());
        self
    }

    /// The application protocols to offer or accept, in order of preference (RFC 7301).
    /// `QSslConfiguration::setAllowedNextProtocols`.
    #[must_use]
    pub fn alpn(mut self, protocols: &[&[u8]]) -> Self {
        if protocols
            .iter()
            .any(|name| name.is_empty() || name.len() > 255)
        {
            self.refuse(ConfigError::InvalidAlpn);
        }
        self.settings.alpn = protocols.iter().map(|name| name.to_vec()).collect();
        self
    }

    /// The three timeouts.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The most plaintext that one record of ours carries, 32 to 16,384 bytes (what is outside is
    /// brought inside): smaller records reach a slow reader sooner, and fit a small transmit
    /// buffer. Handshake messages are split too.
    #[must_use]
    pub fn max_fragment(mut self, bytes: usize) -> Self {
        self.settings.max_fragment = Some(bytes.clamp(32, MAX_PLAINTEXT));
        self
    }

    /// Renew traffic keys after so many records instead of at the cipher's limit: TLS 1.3 sends
    /// KeyUpdate, TLS 1.2 closes.
    #[must_use]
    pub fn records_per_key(mut self, records: u64) -> Self {
        self.records_per_key = records;
        self
    }

    fn terms(&mut self, mode: VerifyMode) -> Result<Terms, ConfigError> {
        if let Some(error) = self.refused.take() {
            return Err(error);
        }
        if self.settings.protocols.is_empty() {
            return Err(ConfigError::NothingLeft("protocol"));
        }
        let mut anchors: Vec<TrustAnchor<'static>> = Vec::with_capacity(self.anchors.len());
        for (index, der) in self.anchors.iter().enumerate() {
            let anchor = webpki::anchor_from_trusted_cert(der).map_err(|error| {
                ConfigError::UnusableTrustAnchor {
                    index,
                    why: error.to_string(),
                }
            })?;
            anchors.push(anchor.to_owned());
        }
        Ok(Terms {
            policy: Policy {
                mode,
                on_errors: self.on_errors,
                anchors,
                algorithms: self
                    .backend
                    .provider()
                    .signature_verification_algorithms
                    .all,
            },
            backend: self.backend.clone(),
            timeouts: self.timeouts,
            max_fragment: self.settings.max_fragment.unwrap_or(MAX_PLAINTEXT),
            records_per_key: self.records_per_key,
        })
    }
}

impl ClientConfig {
    /// Begins a client's configuration: TLS 1.2 and 1.3, all suites of the backend, no trust
    /// anchors, [`VerifyMode::Verify`], errors reject.
    pub fn builder(backend: Backend) -> ConfigBuilder<Self> {
        let mut builder = ConfigBuilder::new(backend, Timeouts::CLIENT);
        builder.settings.client_sessions = Some(Arc::new(ClientSessionCache::new(SESSIONS)));
        builder
    }
}

impl ConfigBuilder<ClientConfig> {
    /// Remember sessions of at most so many servers; 0 turns resumption off. The default is 256.
    #[must_use]
    pub fn session_cache(mut self, servers: usize) -> Self {
        self.settings.client_sessions =
            (servers > 0).then(|| Arc::new(ClientSessionCache::new(servers)));
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what cannot work.
    pub fn build(mut self) -> Result<ClientConfig, ConfigError> {
        let mode = match self.mode {
            VerifyMode::Auto => VerifyMode::Verify,
            mode => mode,
        };
        let terms = self.terms(mode)?;
        let template = ClientTemplate::new(&self.backend, &self.settings)?;
        Ok(ClientConfig(Arc::new(ClientInner { template, terms })))
    }
}

impl ServerConfig {
    /// Begins a server's configuration: TLS 1.2 and 1.3, all suites of the backend in the
    /// server's order, [`VerifyMode::Query`], errors reject.
    pub fn builder(backend: Backend) -> ConfigBuilder<Self> {
        let mut builder = ConfigBuilder::new(backend, Timeouts::SERVER);
        builder.settings.server_sessions = Some(Arc::new(ServerSessionCache::new(SESSIONS)));
        builder.settings.server_tickets = true;
        builder
    }
}

impl ConfigBuilder<ServerConfig> {
    /// Follow the client's order of cipher suites instead of our own.
    /// `QSsl::SslOptionDisableServerCipherPreference`.
    #[must_use]
    pub fn follow_client_ciphers(mut self) -> Self {
        self.settings.prefer_own_ciphers = false;
        self
    }

    /// Remember at most so many sessions; 0 turns that off. The default is 256.
    #[must_use]
    pub fn session_cache(mut self, sessions: usize) -> Self {
        self.settings.server_sessions =
            (sessions > 0).then(|| Arc::new(ServerSessionCache::new(sessions)));
        self
    }

    /// Whether to issue stateless session tickets (RFC 5077, RFC 8446 §4.6.1). On by default;
    /// the key lives as long as the configuration.
    #[must_use]
    pub fn session_tickets(mut self, issue: bool) -> Self {
        self.settings.server_tickets = issue;
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// A [`ConfigError`] that names what cannot work.
    pub fn build(mut self) -> Result<ServerConfig, ConfigError> {
        let mode = match self.mode {
            VerifyMode::Auto => VerifyMode::Query,
            mode => mode,
        };
        let terms = self.terms(mode)?;
        let hints: Vec<Vec<u8>> = terms
            .policy
            .anchors
            .iter()
            .map(|anchor| anchor.subject.to_vec())
            .collect();
        let ask = mode != VerifyMode::None;
        let template = ServerTemplate::new(&self.backend, &self.settings, ask, &hints)?;
        Ok(ServerConfig(Arc::new(ServerInner { template, terms })))
    }
}
