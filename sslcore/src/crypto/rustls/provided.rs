//! What a rustls provider has, in the shape in which the crate uses it.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls::ProtocolVersion;
use rustls::crypto::hash::{self as provided, Hash as Provided};
use rustls::crypto::tls13::{Hkdf, OkmBlock};
use rustls::crypto::{ActiveKeyExchange, CryptoProvider, SupportedKxGroup};
use zeroize::Zeroizing;

use super::provided_key::load_key;
use super::random;
use super::suite::Suite;
use crate::crypto::aead::MakeAead;
use crate::crypto::hash::{self, Digest, Hash, HashAlgorithm, HashContext, Hashes};
use crate::crypto::kx::{Answer, KeyExchange, KeyPair, KxError, SharedSecret};
use crate::crypto::parts::Parts;
use crate::crypto::verification::Verification;
use crate::protocol::{SignatureScheme, group};

/// A backend's parts, all of a provider but the AEADs.
pub(crate) fn parts(
    name: &'static str,
    provider: CryptoProvider,
    make_aead: Box<MakeAead>,
) -> Parts {
    Parts {
        name,
        version: None,
        suites: suites(&provider),
        hashes: hashes(&provider),
        key_exchanges: key_exchanges(&provider),
        entropy: Arc::new(random::Provided(provider.secure_random)),
        verification: verification(&provider),
        load_key: load_key(provider.key_provider),
        make_aead,
        provider: Arc::new(provider),
    }
}

/// IANA's numbers of its suites.
fn suites(provider: &CryptoProvider) -> Vec<u16> {
    let suites = provider.cipher_suites.iter();
    suites.map(|suite| suite.suite().into()).collect()
}

/// Schemes that have no name here are left out.
fn verification(provider: &CryptoProvider) -> Verification {
    let known = provider.signature_verification_algorithms;
    let schemes = known.mapping.iter().filter_map(|(scheme, algorithms)| {
        let scheme = SignatureScheme::from_code((*scheme).into())?;
        Some((scheme, *algorithms))
    });
    Verification {
        all: known.all,
        schemes: schemes.collect(),
    }
}

/// A hash function of one of its cipher suites, with HMAC as the suites of TLS 1.3 have it.
struct OfSuite {
    algorithm: HashAlgorithm,
    hash: &'static dyn Provided,
    hkdf: Option<&'static dyn Hkdf>,
}

/// What hashes the cipher suites of a provider have.
fn hashes(provider: &CryptoProvider) -> Hashes {
    Hashes::new(|algorithm| {
        let suites = provider.cipher_suites.iter().copied().map(Suite::from);
        let suites = suites.filter(|suite| suite.hash() == Some(algorithm));
        let hkdf = suites.clone().find_map(|suite| match suite {
            Suite::Tls13(suite) => Some(suite.hkdf_provider),
            Suite::Tls12(_) => None,
        });
        let hash = suites.clone().next()?.common().hash_provider;
        Some(Arc::new(OfSuite {
            algorithm,
            hash,
            hkdf,
        }) as _)
    })
}

impl Hash for OfSuite {
    fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    fn start(&self) -> Box<dyn HashContext> {
        Box::new(Running(self.hash.start()))
    }

    fn hash(&self, data: &[u8]) -> Digest {
        Digest::cut(self.hash.hash(data).as_ref())
    }

    fn hmac(&self, key: &[u8], first: &[u8], middle: &[&[u8]], last: &[u8]) -> Digest {
        let Some(hkdf) = self.hkdf.filter(|_| key.len() <= OkmBlock::MAX_LEN) else {
            return hash::hmac(self, key, first, middle, last);
        };
        let message = Zeroizing::new([first, &middle.concat(), last].concat());
        Digest::cut(hkdf.hmac_sign(&OkmBlock::new(key), &message).as_ref())
    }
}

struct Running(Box<dyn provided::Context>);

impl HashContext for Running {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn current(&self) -> Digest {
        Digest::cut(self.0.fork_finish().as_ref())
    }

    fn finish(self: Box<Self>) -> Digest {
        Digest::cut(self.0.finish().as_ref())
    }
}

/// One of its groups.
struct OfProvider(&'static dyn SupportedKxGroup);

/// The groups of a provider that TLS 1.3 has, in its order.
fn key_exchanges(provider: &CryptoProvider) -> Vec<Arc<dyn KeyExchange>> {
    let groups = provider.kx_groups.iter().copied();
    let groups = groups.filter(|group| group.usable_for_version(ProtocolVersion::TLSv1_3));
    groups
        .map(|group| Arc::new(OfProvider(group)) as _)
        .collect()
}

fn error(error: rustls::Error) -> KxError {
    match error {
        rustls::Error::FailedToGetRandomBytes => KxError::Random,
        _ => KxError::Share,
    }
}

fn secret(secret: &rustls::crypto::SharedSecret) -> SharedSecret {
    Zeroizing::new(secret.secret_bytes().to_vec())
}

impl KeyExchange for OfProvider {
    fn group(&self) -> u16 {
        self.0.name().into()
    }

    /// One under a number of its own says so by being for TLS 1.3 alone.
    fn is_kem(&self) -> bool {
        group::is_kem(self.group()) || !self.0.usable_for_version(ProtocolVersion::TLSv1_2)
    }

    fn generate(&self) -> Result<Box<dyn KeyPair>, KxError> {
        // There is nothing of the peer's yet.
        let pair = self.0.start().map_err(|_| KxError::Random)?;
        Ok(Box::new(Pair(pair)))
    }

    fn answer(&self, share: &[u8]) -> Result<Answer, KxError> {
        let answer = self.0.start_and_complete(share).map_err(error)?;
        Ok(Answer {
            secret: secret(&answer.secret),
            share: answer.pub_key,
        })
    }
}

struct Pair(Box<dyn ActiveKeyExchange>);

impl KeyPair for Pair {
    fn share(&self) -> &[u8] {
        self.0.pub_key()
    }

    fn agree(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
        Ok(secret(&self.0.complete(share).map_err(error)?))
    }
}
