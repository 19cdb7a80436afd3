//! What a configuration says of handshakes by this engine.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::certificates::Certificates;
use super::failures::engine_failure;
use super::sessions::Sessions;
use crate::alert::Alert;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::crypto::hash::{Hash, HashAlgorithm};
use crate::crypto::kx::KeyExchange;
use crate::failure::{Failure, FailureKind};
use crate::handshake::extensions::number;
use crate::handshake::settings::{KeySettings, KeySource, Settings};
use crate::handshake::wire::client_hello::ClientHello;
use crate::handshake::wire::extension::Extensions;
use crate::handshake::wire::{Refusal, alpn};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::key_log::KeyLog;
use crate::protocol::{SslCipher, SslProtocol, group};
use crate::record::header::MAX_PLAINTEXT;
use crate::record::size::RecordSizes;

/// What both ends prove themselves by.
enum Authentication {
    /// Pre-shared keys, and what they have to be.
    Keys(KeySettings, KeyRules),
    Certificates(Certificates, Sessions),
}

/// What a configuration says, for all of its connections.
pub(crate) struct Config {
    pub(in crate::handshake) backend: Backend,
    /// Of both versions.
    pub(in crate::handshake) ciphers: Vec<SslCipher>,
    pub(in crate::handshake) groups: Vec<Arc<dyn KeyExchange>>,
    pub(in crate::handshake) alpn: Vec<Vec<u8>>,
    authentication: Authentication,
    pub(in crate::handshake) key_log: Option<Arc<dyn KeyLog>>,
    pub(in crate::handshake) max_fragment: usize,
    pub(in crate::handshake) prefers_own_ciphers: bool,
}

impl Config {
    /// With certificates; a server that asks for them has names of acceptable issuers.
    #[cfg(feature = "certificates")]
    pub(in crate::handshake) fn certified(
        backend: &Backend,
        settings: &Settings,
        asks: Option<&[Vec<u8>]>,
    ) -> Result<Self, ConfigError> {
        if !settings.protocols.contains(&SslProtocol::TlsV1_3) {
            return Err(Self::without_tls13());
        }
        let certificates = Certificates::new(backend, settings, asks)?;
        let sessions = Sessions::new(
            #[cfg(feature = "server")]
            backend,
            settings,
        );
        let by = Authentication::Certificates(certificates, sessions);
        let mut config = Self::with(backend, settings, by)?;
        // Those of TLS 1.2 here are for keys.
        let of_tls13 = |cipher: &SslCipher| cipher.protocol() == SslProtocol::TlsV1_3;
        config.ciphers.retain(of_tls13);
        match config.ciphers.is_empty() {
            true => Err(ConfigError::no_cipher()),
            false => Ok(config),
        }
    }

    /// What TLS 1.2 with certificates is refused with.
    pub(in crate::handshake) fn without_tls13() -> ConfigError {
        let name = "TLSv1.2, with certificates by the engine own";
        ConfigError::unsupported("protocol", name)
    }

    /// With pre-shared keys, of which a question is answered with at most so many.
    pub(in crate::handshake) fn new(
        backend: &Backend,
        settings: &Settings,
        keys: &KeySettings,
        most_keys: usize,
    ) -> Result<Self, ConfigError> {
        if settings.protocols.contains(&SslProtocol::TlsV1_2) && !cfg!(feature = "tls12") {
            let name = SslProtocol::TlsV1_2.name();
            return Err(ConfigError::unsupported("protocol", name));
        }
        let mut plain = [false; HashAlgorithm::ALL.len()];
        for cipher in &ciphers(backend, settings)? {
            match cipher.protocol() {
                SslProtocol::TlsV1_3 => plain[cipher.hash() as usize] = true,
                // A key of TLS 1.2 belongs to no hash function.
                SslProtocol::TlsV1_2 => plain = [true; HashAlgorithm::ALL.len()],
            }
        }
        if keys.hint.len() > PreSharedKey::MAX_IDENTITY {
            return Err(ConfigError::HintTooLong(keys.hint.len()));
        }
        let available = HashAlgorithm::ALL.map(|hash| backend.hash(hash).is_some());
        let rules = KeyRules {
            available,
            allows_short: keys.allows_short,
            hashes: plain,
            most: most_keys,
        };
        if let KeySource::Known(known) = &keys.source {
            if known.is_empty() {
                return Err(ConfigError::NothingLeft("pre-shared key"));
            }
            let checked = rules.check(known);
            checked.map_err(|(index, why)| ConfigError::PreSharedKey { index, why })?;
            // An imported key is never for TLS 1.2.
            let of_tls13 = settings.protocols.contains(&SslProtocol::TlsV1_3);
            if !of_tls13 && known.iter().all(|key| key.context().is_some()) {
                let what = "pre-shared key that fits the protocols";
                return Err(ConfigError::NothingLeft(what));
            }
        }
        let by = Authentication::Keys(keys.clone(), rules);
        Self::with(backend, settings, by)
    }

    fn with(
        backend: &Backend,
        settings: &Settings,
        authentication: Authentication,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            groups: groups(backend, settings)?,
            backend: backend.clone(),
            ciphers: ciphers(backend, settings)?,
            alpn: settings.alpn.clone(),
            authentication,
            key_log: settings.key_log.clone(),
            max_fragment: settings.max_fragment.unwrap_or(MAX_PLAINTEXT),
            prefers_own_ciphers: settings.prefer_own_ciphers,
        })
    }

    pub(in crate::handshake) fn hash(
        &self,
        algorithm: HashAlgorithm,
    ) -> Result<&Arc<dyn Hash>, Failure> {
        let hash = self.backend.hash(algorithm);
        hash.ok_or_else(|| engine_failure("the backend has lost a hash function"))
    }

    fn keys(&self) -> Option<&KeySettings> {
        match &self.authentication {
            Authentication::Keys(keys, _) => Some(keys),
            Authentication::Certificates(..) => None,
        }
    }

    /// The keys that are in it; `None` when the application is asked for them.
    pub(in crate::handshake) fn known_keys(&self) -> Option<&[PreSharedKey]> {
        match self.keys().map(|keys| &keys.source) {
            Some(KeySource::Known(keys)) => Some(keys),
            Some(KeySource::Asked) => None,
            None => Some(&[]),
        }
    }

    /// What keys have to be.
    pub(in crate::handshake) fn key_rules(&self) -> Option<KeyRules> {
        match self.authentication {
            Authentication::Keys(_, rules) => Some(rules),
            Authentication::Certificates(..) => None,
        }
    }

    /// Whether a key may be used alone, without a key exchange.
    pub(super) fn allows_psk_ke(&self) -> bool {
        self.keys().is_some_and(|keys| keys.allows_psk_ke)
    }

    /// Whether a server says that it has no such key.
    pub(in crate::handshake) fn tells_unknown(&self) -> bool {
        self.keys().is_some_and(|keys| keys.tells_unknown)
    }

    /// What a server of TLS 1.2 says of the key that it wants; empty for nothing.
    pub(in crate::handshake) fn hint(&self) -> &[u8] {
        self.keys().map_or(&[], |keys| &keys.hint)
    }

    /// The certificates, in the place of keys.
    pub(super) fn certificates(&self) -> Option<&Certificates> {
        match &self.authentication {
            Authentication::Keys(..) => None,
            Authentication::Certificates(certificates, _) => Some(certificates),
        }
    }

    /// What it says of sessions, which are of certificates.
    pub(super) fn sessions(&self) -> Option<&Sessions> {
        match &self.authentication {
            Authentication::Keys(..) => None,
            Authentication::Certificates(_, sessions) => Some(sessions),
        }
    }

    /// What is said of certificates, in a state that is reached with them alone.
    pub(super) fn own_certificates(&self) -> Result<&Certificates, Failure> {
        let certificates = self.certificates();
        certificates.ok_or_else(|| engine_failure("there are no certificates"))
    }

    /// Whether a server has what it proves itself by.
    pub(in crate::handshake) fn can_prove_itself(&self) -> bool {
        self.certificates().is_none_or(Certificates::has_identity)
    }

    /// Whether a client is asked for its certificate.
    pub(super) fn asks(&self) -> bool {
        self.certificates().is_some_and(Certificates::asks)
    }

    /// Whether a suite of TLS 1.3 has this hash function.
    pub(super) fn has_hash(&self, hash: HashAlgorithm) -> bool {
        let mut ciphers = self.ciphers_of(SslProtocol::TlsV1_3);
        ciphers.any(|cipher| cipher.hash() == hash)
    }

    /// The suites of a version.
    pub(in crate::handshake) fn ciphers_of(
        &self,
        protocol: SslProtocol,
    ) -> impl Iterator<Item = SslCipher> {
        let ciphers = self.ciphers.iter().copied();
        ciphers.filter(move |cipher| cipher.protocol() == protocol)
    }

    pub(in crate::handshake) fn has(&self, protocol: SslProtocol) -> bool {
        self.ciphers_of(protocol).next().is_some()
    }

    /// The groups that TLS 1.2 has, too.
    pub(in crate::handshake) fn groups_of_tls12(
        &self,
    ) -> impl Iterator<Item = &Arc<dyn KeyExchange>> {
        self.groups.iter().filter(|group| !group.is_kem())
    }

    pub(in crate::handshake) fn cipher(&self, id: u16) -> Option<SslCipher> {
        let mut ciphers = self.ciphers.iter();
        ciphers.find(|cipher| cipher.id() == id).copied()
    }

    /// Our first protocol that the client offers, too (RFC 7301 §3.2).
    pub(in crate::handshake) fn application_protocol(
        &self,
        hello: &ClientHello<'_>,
    ) -> Result<Option<Box<[u8]>>, Failure> {
        let own = &self.alpn;
        if own.is_empty() || hello.alpn().next().is_none() {
            return Ok(None);
        }
        let common = own
            .iter()
            .find(|name| hello.alpn().any(|offered| offered == **name));
        match common {
            Some(name) => Ok(Some(name.as_slice().into())),
            None => Err(Failure::new(
                FailureKind::Incompatible,
                Alert::NoApplicationProtocol,
            )),
        }
    }

    /// The application protocol that a server says it has taken of ours.
    ///
    /// # Errors
    /// decode_error, and illegal_parameter for one that is not ours.
    pub(in crate::handshake) fn taken_protocol(
        &self,
        extensions: &Extensions<'_>,
    ) -> Result<Option<Box<[u8]>>, Refusal> {
        let chosen = extensions
            .find(number::ALPN)
            .map(alpn::chosen)
            .transpose()?;
        match chosen {
            Some(name) if !self.alpn.iter().any(|offered| offered == name) => {
                Err(Refusal::illegal("a protocol that was not offered"))
            }
            taken => Ok(taken.map(Box::from)),
        }
    }

    /// The most content that a record of ours has which is protected.
    pub(in crate::handshake) fn fragment(&self, sizes: RecordSizes) -> usize {
        self.max_fragment.min(sizes.sent)
    }

    /// The same in the clear.
    pub(in crate::handshake) fn clear_fragment(&self, sizes: RecordSizes) -> usize {
        match sizes.in_the_clear {
            true => self.fragment(sizes),
            false => self.max_fragment,
        }
    }

    pub(in crate::handshake) fn group(&self, number: u16) -> Option<&Arc<dyn KeyExchange>> {
        self.groups.iter().find(|group| group.group() == number)
    }
}

/// The suites of these versions that are named, or all.
fn ciphers(backend: &Backend, settings: &Settings) -> Result<Vec<SslCipher>, ConfigError> {
    let mut known: Vec<SslCipher> = backend.tls13_ciphers().collect();
    // By a suite of the same parts: a backend without security has none that has a name.
    let can = |cipher: &SslCipher| {
        let mut supported = backend.supported_ciphers();
        backend.hash(cipher.hash()).is_some() && supported.any(|it| it.aead() == cipher.aead())
    };
    known.extend(SslCipher::with_psk().filter(can));
    let fits = |cipher: &SslCipher| settings.protocols.contains(&cipher.protocol());
    let Some(named) = &settings.ciphers else {
        known.retain(fits);
        return match known.is_empty() {
            true => Err(ConfigError::NothingLeft("cipher suite")),
            false => Ok(known),
        };
    };
    let mut ciphers = Vec::new();
    for cipher in named {
        let certified = backend.supported_ciphers().any(|known| known == *cipher);
        if !known.contains(cipher) && !certified {
            return Err(ConfigError::unsupported("cipher suite", cipher.name()));
        }
        if known.contains(cipher) && fits(cipher) && !ciphers.contains(cipher) {
            ciphers.push(*cipher);
        }
    }
    match ciphers.is_empty() {
        true => Err(ConfigError::no_cipher()),
        false => Ok(ciphers),
    }
}

/// The groups that are named, or all.
fn groups(
    backend: &Backend,
    settings: &Settings,
) -> Result<Vec<Arc<dyn KeyExchange>>, ConfigError> {
    let known = backend.key_exchanges();
    let Some(named) = &settings.groups else {
        return match known.is_empty() {
            true => Err(ConfigError::NothingLeft("group")),
            false => Ok(known.to_vec()),
        };
    };
    let mut groups: Vec<Arc<dyn KeyExchange>> = Vec::new();
    for name in named {
        let mut known = known.iter();
        let found = known
            .find(|known| group::is_named(known.group(), name))
            .ok_or_else(|| ConfigError::unsupported("group", name))?;
        if !groups.iter().any(|group| group.group() == found.group()) {
            groups.push(found.clone());
        }
    }
    match groups.is_empty() {
        true => Err(ConfigError::NothingLeft("group")),
        false => Ok(groups),
    }
}
