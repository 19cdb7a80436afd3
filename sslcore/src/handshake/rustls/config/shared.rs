//! What both roles have of the settings, and what one connection brings.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls::crypto::{CryptoProvider, SupportedKxGroup};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, SignatureScheme, SupportedProtocolVersion};

use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::crypto::rustls::signer::SignerKey;
use crate::handshake::identity::Presented;
use crate::handshake::rustls::gates::{Memory, Rules};
use crate::handshake::rustls::side::Side;
use crate::handshake::rustls::staple::Staple;
use crate::handshake::rustls::taps::{Clock, SecretTap, Taps};
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core"))]
use crate::handshake::rustls::twins;
use crate::handshake::rustls::verifier::Recorder;
use crate::handshake::rustls::{Gate, HelloFacts, Released, RustlsEngine};
use crate::handshake::settings::Settings;
use crate::key_log::KeyLog;
use crate::protocol::{self, SslProtocol, group};
use crate::time::Now;

/// Narrows the backend's provider to what the settings name, and says whether it protects nothing.
pub(super) fn provider(
    backend: &Backend,
    settings: &Settings,
) -> Result<(Arc<CryptoProvider>, bool), ConfigError> {
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
                .find(|group| group::is_named(group.name().into(), name))
                .ok_or_else(|| ConfigError::unsupported("group", name))?;
            let named = |known: &&dyn SupportedKxGroup| known.name() == group.name();
            if !provider.kx_groups.iter().any(named) {
                provider.kx_groups.push(*group);
            }
        }
    }
    let fits = |group: &&dyn SupportedKxGroup| {
        let mut protocols = settings.protocols.iter();
        protocols.any(|protocol| group.usable_for_version(protocol.code().into()))
    };
    if provider.kx_groups.is_empty() {
        return Err(ConfigError::NothingLeft("group"));
    }
    if !provider.kx_groups.iter().any(fits) {
        return Err(ConfigError::NothingLeft("group that fits the protocols"));
    }
    let is_bare = protects_nothing(&mut provider);
    Ok((Arc::new(provider), is_bare))
}

/// Has it protect nothing if that can be, and says whether.
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core"))]
fn protects_nothing(provider: &mut CryptoProvider) -> bool {
    twins::replace_suites(provider)
}

/// Without backends of its own it has only what the application brings.
#[cfg(not(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core")))]
fn protects_nothing(_: &mut CryptoProvider) -> bool {
    false
}

/// The schemes that the peer may sign in, among those that the backend can check.
pub(super) fn signature_schemes(
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
        false => Err(ConfigError::no_scheme()),
    }
}

pub(super) fn versions(
    settings: &Settings,
) -> Result<Vec<&'static SupportedProtocolVersion>, ConfigError> {
    let versions = settings.protocols.iter().map(|protocol| match protocol {
        SslProtocol::TlsV1_3 => Ok(&rustls::version::TLS13),
        #[cfg(feature = "tls12")]
        SslProtocol::TlsV1_2 => Ok(&rustls::version::TLS12),
        #[cfg(not(feature = "tls12"))]
        SslProtocol::TlsV1_2 => Err(ConfigError::unsupported("protocol", protocol.name())),
    });
    versions.collect()
}

/// Our certificate with its key, and the schemes in which that signs.
type Identity = (SingleCertAndKey, Arc<[protocol::SignatureScheme]>);

pub(super) fn identity(
    backend: &Backend,
    settings: &Settings,
) -> Result<Option<Identity>, ConfigError> {
    let Some(presented) = Presented::new(backend, settings)? else {
        return Ok(None);
    };
    let schemes = presented.signer.schemes().into();
    let key = SignerKey::new(&presented.signer).map_err(ConfigError::UnusableKey)?;
    let mut certified = CertifiedKey::new(presented.chain, Arc::new(key));
    certified.ocsp = presented.stapled;
    Ok(Some((SingleCertAndKey::from(certified), schemes)))
}

pub(super) fn nothing_left(_: Error) -> ConfigError {
    ConfigError::no_cipher()
}

/// What one connection shares with the rustls configuration made for it.
pub(super) struct Shared {
    pub(super) rules: Rules,
}

impl Shared {
    pub(super) fn new(
        now: Now,
        judged: bool,
        lifetime: Duration,
        key_log: Option<Arc<dyn KeyLog>>,
    ) -> Self {
        let taps = Arc::new(Taps {
            clock: Clock::new(now),
            tap: SecretTap::new(key_log),
            gate: Gate::new(now.wall.is_some(), judged),
        });
        Self {
            rules: Rules { taps, lifetime },
        }
    }

    pub(super) fn engine(
        self,
        side: Side,
        backend: &Backend,
        memory: Option<Memory>,
        verifier: Arc<Recorder>,
        asks: bool,
    ) -> RustlsEngine {
        RustlsEngine {
            is_client: matches!(side, Side::Client(_)),
            side,
            backend: backend.clone(),
            taps: self.rules.taps,
            memory,
            staple: Staple::Done,
            own_schemes: Arc::default(),
            released: Released::default(),
            hello: None,
            offer: None,
            facts: HelloFacts::default(),
            read_protection: None,
            tls12_keys: None,
            server_key: None,
            has_read_keys: false,
            is_bare: false,
            sealed: 0,
            resealed: 0,
            tickets: 0,
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
pub(super) struct NoClock;

impl rustls::time_provider::TimeProvider for NoClock {
    fn current_time(&self) -> Option<rustls_pki_types::UnixTime> {
        None
    }
}
