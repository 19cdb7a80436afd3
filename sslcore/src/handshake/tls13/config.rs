//! What a configuration says of handshakes with pre-shared keys.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::failures::engine_failure;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::crypto::hash::{Hash, HashAlgorithm};
use crate::crypto::kx::KeyExchange;
use crate::failure::Failure;
use crate::handshake::settings::{KeySettings, KeySource, Settings};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::key_log::KeyLog;
use crate::protocol::{SslCipher, group};
use crate::record::header::MAX_PLAINTEXT;

/// What a configuration says, for all of its connections.
pub(super) struct Config {
    pub(super) backend: Backend,
    pub(super) ciphers: Vec<SslCipher>,
    pub(super) groups: Vec<Arc<dyn KeyExchange>>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) keys: KeySettings,
    pub(super) rules: KeyRules,
    pub(super) key_log: Option<Arc<dyn KeyLog>>,
    pub(super) max_fragment: usize,
    pub(super) prefers_own_ciphers: bool,
}

impl Config {
    pub(super) fn new(
        backend: &Backend,
        settings: &Settings,
        keys: &KeySettings,
        most_keys: usize,
    ) -> Result<Self, ConfigError> {
        let ciphers = ciphers(backend, settings)?;
        let mut hashes = [false; HashAlgorithm::ALL.len()];
        for cipher in &ciphers {
            hashes[cipher.hash() as usize] = true;
        }
        let available = HashAlgorithm::ALL.map(|hash| backend.hash(hash).is_some());
        let rules = KeyRules {
            available,
            allows_short: keys.allows_short,
            hashes,
            most: most_keys,
        };
        if let KeySource::Known(known) = &keys.source {
            if known.is_empty() {
                return Err(ConfigError::NothingLeft("pre-shared key"));
            }
            let checked = rules.check(known);
            checked.map_err(|(index, why)| ConfigError::PreSharedKey { index, why })?;
        }
        Ok(Self {
            groups: groups(backend, settings)?,
            backend: backend.clone(),
            ciphers,
            alpn: settings.alpn.clone(),
            keys: keys.clone(),
            rules,
            key_log: settings.key_log.clone(),
            max_fragment: settings.max_fragment.unwrap_or(MAX_PLAINTEXT),
            prefers_own_ciphers: settings.prefer_own_ciphers,
        })
    }

    pub(super) fn hash(&self, algorithm: HashAlgorithm) -> Result<&Arc<dyn Hash>, Failure> {
        let hash = self.backend.hash(algorithm);
        hash.ok_or_else(|| engine_failure("the backend has lost a hash function"))
    }

    /// The keys that are in it; `None` when the application is asked for them.
    pub(super) fn known_keys(&self) -> Option<&[PreSharedKey]> {
        match &self.keys.source {
            KeySource::Known(keys) => Some(keys),
            KeySource::Asked => None,
        }
    }

    #[cfg(feature = "server")]
    pub(super) fn cipher(&self, id: u16) -> Option<SslCipher> {
        let mut ciphers = self.ciphers.iter();
        ciphers.find(|cipher| cipher.id() == id).copied()
    }

    pub(super) fn group(&self, number: u16) -> Option<&Arc<dyn KeyExchange>> {
        self.groups.iter().find(|group| group.group() == number)
    }
}

/// The suites of TLS 1.3 that are named, or all.
fn ciphers(backend: &Backend, settings: &Settings) -> Result<Vec<SslCipher>, ConfigError> {
    let known: Vec<_> = backend.tls13_ciphers().collect();
    let Some(named) = &settings.ciphers else {
        return match known.is_empty() {
            true => Err(ConfigError::NothingLeft("cipher suite")),
            false => Ok(known),
        };
    };
    let mut ciphers = Vec::new();
    for cipher in named {
        if !backend.supported_ciphers().any(|known| known == *cipher) {
            return Err(ConfigError::unsupported("cipher suite", cipher.name()));
        }
        if known.contains(cipher) && !ciphers.contains(cipher) {
            ciphers.push(*cipher);
        }
    }
    match ciphers.is_empty() {
        true => Err(ConfigError::NothingLeft(
            "cipher suite that fits the protocols",
        )),
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
