//! Our settings as rustls configurations.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    DistinguishedName, Error, InconsistentKeys, SignatureScheme, SupportedProtocolVersion,
};

use spin::Mutex;

use super::gates::{
    ClientMemory, GatedClientStore, GatedServerStore, GatedTicketer, Groups, Memory, Rules,
};
use super::refusal::Refusals;
use super::signer::OutsideKey;
use super::staple::Staple;
use super::staples::Staples;
use super::taps::{Clock, SecretTap};
use super::verifier::Recorder;
use super::{Gate, HelloFacts, Released, RustlsEngine, Side, errors};
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::failure::Failure;
use crate::handshake::settings::{Settings, Signing, Tickets};
use crate::handshake::wire::client_hello::HelloMessage;
use crate::identity::private_key::PrivateKey;
use crate::identity::server_sessions::ServerSessionStore;
use crate::identity::ticket_keys::TicketKeys;
use crate::key_log::KeyLog;
use crate::protocol::{SslProtocol, group};
use crate::record::header::HEADER_LEN;
use crate::time::Now;
use crate::x509::key_kind::KeyKind;

/// A client configuration, cloned for each connection.
pub(crate) struct ClientTemplate {
    config: rustls::ClientConfig,
    verifier: Arc<Recorder>,
    memory: Option<Arc<ClientMemory>>,
    lifetime: Duration,
    key_log: Option<Arc<dyn KeyLog>>,
    backend: Backend,
}

/// A server configuration, cloned for each connection.
pub(crate) struct ServerTemplate {
    config: rustls::ServerConfig,
    store: Option<Arc<dyn ServerSessionStore>>,
    ticket_keys: Option<TicketKeys>,
    lifetime: Duration,
    protocols: Arc<[SslProtocol]>,
    asks_for_client_certificate: bool,
    verifier: Arc<Recorder>,
    key_log: Option<Arc<dyn KeyLog>>,
    backend: Backend,
}

/// Narrows the backend's provider to what the settings name.
fn provider(backend: &Backend, settings: &Settings) -> Result<Arc<CryptoProvider>, ConfigError> {
    let mut provider = CryptoProvider::clone(backend.provider());
    if let Some(wanted) = &settings.ciphers {
        let known = core::mem::take(&mut provider.cipher_suites);
        for cipher in wanted {
            let suite = known
                .iter()
                .find(|suite| u16::from(suite.suite()) == cipher.id())
                .ok_or_else(|| ConfigError::unsupported("cipher suite", cipher.name()))?;
            if !provider.cipher_suites.contains(suite) {
                provider.cipher_suites.push(*suite);
            }
        }
    }
    if let Some(wanted) = &settings.groups {
        let known = core::mem::take(&mut provider.kx_groups);
        for name in wanted {
            let group = known
                .iter()
                .find(|group| {
                    group
                        .name()
                        .as_str()
                        .is_some_and(|known| group::is_named(known, name))
                })
                .ok_or_else(|| ConfigError::unsupported("group", name))?;
            let named = |known: &&dyn SupportedKxGroup| known.name() == group.name();
            if !provider.kx_groups.iter().any(named) {
                provider.kx_groups.push(*group);
            }
        }
    }
    if provider.kx_groups.is_empty() {
        return Err(ConfigError::NothingLeft("group"));
    }
    Ok(Arc::new(provider))
}

/// The schemes that the peer may sign in, among those that the backend can check.
fn signature_schemes(
    provider: &CryptoProvider,
    settings: &Settings,
) -> Result<Vec<SignatureScheme>, ConfigError> {
    let known = provider
        .signature_verification_algorithms
        .supported_schemes();
    let Some(wanted) = &settings.signature_schemes else {
        return Ok(known);
    };
    let mut schemes = Vec::new();
    for scheme in wanted {
        let code = SignatureScheme::from(scheme.code());
        if !known.contains(&code) {
            let error = ConfigError::unsupported("signature scheme", scheme.name());
            return Err(error);
        }
        if !schemes.contains(&code) {
            schemes.push(code);
        }
    }
    let of_tls12 = settings.protocols.contains(&SslProtocol::TlsV1_2);
    match wanted.iter().any(|it| of_tls12 || it.is_of_tls13()) {
        true => Ok(schemes),
        false => Err(ConfigError::NothingLeft(
            "signature scheme that fits the protocols",
        )),
    }
}

fn versions(settings: &Settings) -> Vec<&'static SupportedProtocolVersion> {
    let mut versions = Vec::new();
    for protocol in &settings.protocols {
        versions.push(match protocol {
            SslProtocol::TlsV1_3 => &rustls::version::TLS13,
            SslProtocol::TlsV1_2 => &rustls::version::TLS12,
        });
    }
    versions
}

fn identity(
    provider: &CryptoProvider,
    settings: &Settings,
) -> Result<Option<SingleCertAndKey>, ConfigError> {
    let Some(identity) = &settings.identity else {
        return Ok(None);
    };
    let key = match &identity.signing {
        Signing::Key(key) => provider
            .key_provider
            .load_private_key(key.clone_key())
            .map_err(|error| {
                ConfigError::UnusableKey(short_rsa(key).unwrap_or_else(|| error.to_string()))
            })?,
        Signing::Signer(signer) => Arc::new(OutsideKey::new(signer)?),
    };
    let mut certified = CertifiedKey::new(identity.chain.clone(), key);
    certified.ocsp = settings.stapled.clone();
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(Error::InconsistentKeys(_)) => return Err(ConfigError::KeyMismatch),
        Err(error) => {
            let leaf = identity.chain.first().map(webpki::EndEntityCert::try_from);
            return Err(ConfigError::UnusableCertificate(match leaf {
                Some(Err(webpki::Error::UnsupportedCertVersion)) => {
                    "it is not X.509 version 3".to_string()
                }
                _ => error.to_string(),
            }));
        }
    }
    Ok(Some(SingleCertAndKey::from(certified)))
}

/// What is wrong with an RSA key of former times. Nobody checks its signatures any more.
fn short_rsa(key: &PrivateKeyDer<'_>) -> Option<String> {
    const NEEDED: usize = 2048;
    match PrivateKey::from_der(key.secret_der()).ok()?.kind() {
        KeyKind::Rsa { bits } if bits < NEEDED => Some(format!(
            "an RSA key of {bits} bits, and {NEEDED} are needed"
        )),
        _ => None,
    }
}

fn nothing_left(_: Error) -> ConfigError {
    ConfigError::NothingLeft("cipher suite that fits the protocols")
}

impl ClientTemplate {
    pub(crate) fn new(backend: &Backend, settings: &Settings) -> Result<Self, ConfigError> {
        let provider = provider(backend, settings)?;
        let verifier = Recorder {
            algorithms: provider.signature_verification_algorithms,
            schemes: signature_schemes(&provider, settings)?,
            ask_client: false,
            hints: Vec::new(),
            staples: Staples::default(),
            refusals: Refusals::default(),
        };
        let verifier = Arc::new(verifier);
        let builder =
            rustls::ClientConfig::builder_with_details(provider.clone(), Arc::new(NoClock))
                .with_protocol_versions(&versions(settings))
                .map_err(nothing_left)?
                .dangerous()
                .with_custom_certificate_verifier(verifier.clone());
        let mut config = match identity(&provider, settings)? {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(identity)),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = settings.alpn.clone();
        config.max_fragment_size = settings.max_fragment.map(|bytes| bytes + HEADER_LEN);
        config.enable_secret_extraction = true;
        config.resumption = Resumption::disabled();
        Ok(Self {
            config,
            verifier,
            memory: settings.client_sessions.clone().map(|store| {
                Arc::new(ClientMemory {
                    store,
                    configuration: Arc::new(()),
                    groups: settings.remember_groups.then(Groups::default),
                })
            }),
            lifetime: settings.session_lifetime,
            key_log: settings.key_log.clone(),
            backend: backend.clone(),
        })
    }

    /// A new handshake. `judged` says whether the server's certificate will be judged.
    pub(crate) fn engine(
        &self,
        name: ServerName<'static>,
        enable_sni: bool,
        judged: bool,
        now: Now,
    ) -> Result<RustlsEngine, Failure> {
        let shared = Shared::new(now, judged, self.lifetime, self.key_log.clone());
        let mut memory = None;
        let mut config = self.config.clone();
        config.enable_sni = enable_sni;
        config.key_log = shared.tap.clone();
        config.time_provider = shared.clock.clone();
        if let Some(sessions) = &self.memory {
            let store = Arc::new(GatedClientStore {
                memory: sessions.clone(),
                rules: shared.rules.clone(),
            });
            config.resumption = Resumption::store(store.clone());
            memory = Some(Memory::Client(store, name.clone()));
        }
        let conn = UnbufferedClientConnection::new(Arc::new(config), name)
            .map_err(|error| errors::failure(&error, errors::Context { version: None }))?;
        let verifier = self.verifier.clone();
        let side = Side::Client(conn.into());
        let mut engine = shared.engine(side, &self.backend, memory, verifier, false);
        engine.staple = Staple::Waiting(self.verifier.clone());
        Ok(engine)
    }
}

impl ServerTemplate {
    pub(crate) fn new(
        backend: &Backend,
        settings: &Settings,
        ask_client: bool,
        hints: &[Vec<u8>],
    ) -> Result<Self, ConfigError> {
        let provider = provider(backend, settings)?;
        let verifier = Recorder {
            algorithms: provider.signature_verification_algorithms,
            schemes: signature_schemes(&provider, settings)?,
            ask_client,
            hints: hints
                .iter()
                .map(|name| DistinguishedName::in_sequence(name))
                .collect(),
            staples: Staples::default(),
            refusals: Refusals::default(),
        };
        let verifier = Arc::new(verifier);
        let identity = identity(&provider, settings)?.ok_or_else(|| {
            ConfigError::UnusableCertificate("a server needs a certificate and its key".into())
        })?;
        let mut config = rustls::ServerConfig::builder_with_details(provider, Arc::new(NoClock))
            .with_protocol_versions(&versions(settings))
            .map_err(nothing_left)?
            .with_client_cert_verifier(verifier.clone())
            .with_cert_resolver(Arc::new(identity));
        config.alpn_protocols = settings.alpn.clone();
        config.max_fragment_size = settings.max_fragment.map(|bytes| bytes + HEADER_LEN);
        config.ignore_client_order = settings.prefer_own_ciphers;
        config.enable_secret_extraction = true;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_half_rtt_data = false;
        config.max_early_data_size = 0;
        Ok(Self {
            config,
            store: settings.server_sessions.clone(),
            ticket_keys: match &settings.tickets {
                Tickets::None => None,
                Tickets::OwnKeys => Some(TicketKeys::rotating(backend, settings.session_lifetime)),
                Tickets::Under(keys) => Some(keys.clone()),
            },
            lifetime: settings.session_lifetime,
            protocols: settings.protocols.as_slice().into(),
            asks_for_client_certificate: ask_client,
            verifier,
            key_log: settings.key_log.clone(),
            backend: backend.clone(),
        })
    }

    /// A new handshake, which begins with this hello.
    pub(crate) fn engine(&self, hello: HelloMessage, now: Now) -> Result<RustlsEngine, Failure> {
        let asks = self.asks_for_client_certificate;
        let shared = Shared::new(now, asks, self.lifetime, self.key_log.clone());
        let mut config = self.config.clone();
        config.key_log = shared.tap.clone();
        config.time_provider = shared.clock.clone();
        let store = self.store.clone().map(|store| {
            Arc::new(GatedServerStore {
                store,
                rules: shared.rules.clone(),
                got: Mutex::default(),
                ticket: Mutex::default(),
            })
        });
        if let Some(store) = &store {
            config.session_storage = store.clone();
        }
        if let Some(keys) = &self.ticket_keys {
            config.ticketer = Arc::new(GatedTicketer {
                keys: keys.clone(),
                rules: shared.rules.clone(),
                store: store.clone(),
            });
        }
        let memory = store.map(Memory::Server);
        let conn = UnbufferedServerConnection::new(Arc::new(config))
            .map_err(|error| errors::failure(&error, errors::Context { version: None }))?;
        let verifier = self.verifier.clone();
        let side = Side::Server(conn.into());
        let mut engine = shared.engine(side, &self.backend, memory, verifier, asks);
        engine.protocols = self.protocols.clone();
        engine.hello = Some(hello);
        Ok(engine)
    }
}

/// What one connection shares with the rustls configuration made for it.
struct Shared {
    tap: Arc<SecretTap>,
    clock: Arc<Clock>,
    rules: Rules,
}

impl Shared {
    fn new(now: Now, judged: bool, lifetime: Duration, key_log: Option<Arc<dyn KeyLog>>) -> Self {
        let clock = Arc::new(Clock::new(now));
        Self {
            tap: Arc::new(SecretTap::new(key_log)),
            clock: clock.clone(),
            rules: Rules {
                gate: Arc::new(Gate::new(now.wall.is_some(), judged)),
                clock,
                lifetime,
            },
        }
    }

    fn engine(
        self,
        side: Side,
        backend: &Backend,
        memory: Option<Memory>,
        verifier: Arc<Recorder>,
        asks: bool,
    ) -> RustlsEngine {
        RustlsEngine {
            side,
            backend: backend.clone(),
            tap: self.tap,
            clock: self.clock,
            gate: self.rules.gate,
            memory,
            staple: Staple::Done,
            released: Released::default(),
            hello: None,
            offer: None,
            facts: HelloFacts::default(),
            read_protection: None,
            has_read_keys: false,
            resealed: 0,
            protocols: Arc::default(),
            verifier,
            refused: None,
            asks_for_client_certificate: asks,
            certificate_requested: false,
            authorities: None,
            idle_requests: 0,
            judged: false,
            dropped: 0,
        }
    }
}

/// Stands in the template; every connection brings its own clock.
#[derive(Debug)]
struct NoClock;

impl rustls::time_provider::TimeProvider for NoClock {
    fn current_time(&self) -> Option<rustls_pki_types::UnixTime> {
        None
    }
}
