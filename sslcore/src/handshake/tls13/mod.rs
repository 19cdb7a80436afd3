//! The handshake engine of our own: TLS 1.3 with pre-shared keys (RFC 8446 §2.2), as a client and as a
//! server.
//!
//! ```text
//!   client                                       server
//!
//!   Asking     the application gives keys
//!   Generating a key pair
//!      │ ClientHello ──────────────────────────► Asking      the application knows the keys
//!      │                                         Accepting   the binder, the group
//!   AwaitingHello ◄───── HelloRetryRequest ───── │ or
//!      │                                         Generating  a key pair
//!   Agreeing   with the server's share           Agreeing    with the client's share
//!      │ ◄── ServerHello, EncryptedExtensions, Finished ──── │
//!   AwaitingExtensions                           │
//!   AwaitingFinished                             AwaitingFinished
//!      │ Finished ─────────────────────────────► │
//!   Complete                                     Complete
//! ```
//!
//! Each state does one thing, of at most one public-key operation ([rule R16](crate::rules#r16)): what is
//! read only changes the state, and [`Engine::work`](super::Engine::work) does what the state says. The halves of a hybrid key
//! exchange are one step for now.

#[cfg(feature = "client")]
pub(crate) mod client;
mod flight;
mod psk;
mod secrets;
#[cfg(feature = "server")]
pub(crate) mod server;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use subtle::ConstantTimeEq;

use super::facts::SessionFacts;
use super::key_schedule::exporter::Exporter;
use super::renewal::Renewal;
use super::settings::{KeySettings, KeySource, Settings};
use super::wire::Refusal;
use crate::alert::Alert;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::crypto::hash::{Hash, HashAlgorithm};
use crate::crypto::kx::{KeyExchange, KxError};
use crate::failure::{Failure, FailureKind};
use crate::identity::pre_shared_key::{KeyRules, PreSharedKey};
use crate::key_log::KeyLog;
use crate::protocol::{SslCipher, SslProtocol, group};
use crate::record::header::MAX_PLAINTEXT;
use crate::record::protection::Protection;
use crate::record::traffic::HandOff;

/// What a configuration says, for all of its connections.
pub(super) struct Config {
    backend: Backend,
    ciphers: Vec<SslCipher>,
    groups: Vec<Arc<dyn KeyExchange>>,
    alpn: Vec<Vec<u8>>,
    keys: KeySettings,
    rules: KeyRules,
    key_log: Option<Arc<dyn KeyLog>>,
    max_fragment: usize,
    prefers_own_ciphers: bool,
}

impl Config {
    fn new(
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

    fn hash(&self, algorithm: HashAlgorithm) -> Result<&Arc<dyn Hash>, Failure> {
        let hash = self.backend.hash(algorithm);
        hash.ok_or_else(|| engine_failure("the backend has lost a hash function"))
    }

    fn cipher(&self, id: u16) -> Option<SslCipher> {
        let mut ciphers = self.ciphers.iter();
        ciphers.find(|cipher| cipher.id() == id).copied()
    }

    fn group(&self, number: u16) -> Option<&Arc<dyn KeyExchange>> {
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

/// What the two ends have agreed upon.
#[derive(Default)]
struct Agreed {
    cipher: Option<SslCipher>,
    group: Option<u16>,
    alpn: Option<Box<[u8]>>,
    retried: bool,
    /// The name of the key.
    identity: Option<Box<[u8]>>,
}

impl Agreed {
    fn facts(&self, server_name: Option<Box<str>>) -> SessionFacts {
        SessionFacts {
            protocol: self.cipher.map(|_| VERSION),
            cipher: self.cipher.map(|cipher| cipher.id()),
            group: self.group,
            alpn: self.alpn.clone(),
            // TLS 1.3 has what it is for.
            extended_master_secret: self.cipher.is_some(),
            retried: self.retried,
            psk_identity: self.identity.clone(),
            server_name,
            ..SessionFacts::default()
        }
    }
}

/// What is left of a complete handshake.
struct Completed {
    cipher: SslCipher,
    hash: Arc<dyn Hash>,
    secrets: secrets::Application,
}

impl Completed {
    fn exporter(&self) -> Exporter {
        Exporter::Tls13 {
            hash: self.hash.clone(),
            secret: self.secrets.exporter.clone(),
        }
    }

    /// How the server's records are protected behind its Finished, from the first on.
    fn of_server(&self, backend: &Backend) -> Result<Protection, Failure> {
        secrets::protection(
            backend,
            &*self.hash,
            self.cipher.aead(),
            &self.secrets.server,
        )
    }

    fn hand_off(self, backend: &Backend, is_client: bool) -> Result<HandOff, Failure> {
        let Self {
            cipher,
            hash,
            secrets: secrets::Application { client, server, .. },
        } = self;
        let protection = |secret| secrets::protection(backend, &*hash, cipher.aead(), secret);
        let (tx, rx) = match is_client {
            true => (protection(&client)?, protection(&server)?),
            false => (protection(&server)?, protection(&client)?),
        };
        Ok(HandOff {
            tx,
            rx,
            post: Box::new(Renewal::new(hash, cipher.aead(), client, server, is_client)),
            // Of all suites less than what connections renew their keys after.
            confidentiality_limit: u64::MAX,
        })
    }
}

/// A message that has no place in this state.
fn unexpected(kind: u8) -> Failure {
    Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
        .because(format_args!("handshake message {kind}"))
}

/// The last message before new keys must end its record (RFC 8446 §5.1).
fn check_last(last: bool) -> Result<(), Failure> {
    match last {
        true => Ok(()),
        false => Err(Refusal::new(
            Alert::UnexpectedMessage,
            "a handshake message across a change of keys",
        )
        .into()),
    }
}

/// Compares the value of a Finished, in constant time.
fn check_finished(value: &[u8], expected: &[u8]) -> Result<(), Failure> {
    if value.len() != expected.len() {
        return Err(Refusal::decode("a Finished of another length").into());
    }
    match bool::from(value.ct_eq(expected)) {
        true => Ok(()),
        false => Err(Failure::new(
            FailureKind::BadHandshakeSignature,
            Alert::DecryptError,
        )),
    }
}

/// Nothing in common.
fn incompatible(why: &str) -> Failure {
    Failure::new(FailureKind::Incompatible, Alert::HandshakeFailure).because(why)
}

/// No key in common.
fn no_key(alert: Alert, why: &str) -> Failure {
    Failure::new(FailureKind::NoPreSharedKey, alert).because(why)
}

fn engine_failure(why: &str) -> Failure {
    Failure::new(FailureKind::Engine, Alert::InternalError).because(why)
}

impl From<KxError> for Failure {
    fn from(error: KxError) -> Self {
        match error {
            KxError::Share => Refusal::illegal("a key share that is none of its group").into(),
            KxError::Random => engine_failure("there are no random numbers"),
        }
    }
}

/// Of a configuration's own keys, or none yet.
fn known(settings: &KeySettings) -> Option<&[PreSharedKey]> {
    match &settings.source {
        KeySource::Known(keys) => Some(keys),
        KeySource::Asked => None,
    }
}

/// The version of all of this.
const VERSION: SslProtocol = SslProtocol::TlsV1_3;
