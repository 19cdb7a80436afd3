//! The hash functions of a rustls provider, in the shape in which the crate uses them.

use alloc::boxed::Box;
use alloc::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::{self as provided, Hash as Provided};
use rustls::crypto::tls13::{Hkdf, OkmBlock};
use zeroize::Zeroizing;

use super::hash::{Digest, Hash, HashAlgorithm, HashContext, Hashes};
use super::suite::Suite;

/// A hash function of one of its cipher suites, with HMAC as the suites of TLS 1.3 have it.
struct OfSuite {
    algorithm: HashAlgorithm,
    hash: &'static dyn Provided,
    hkdf: Option<&'static dyn Hkdf>,
}

/// What hashes the cipher suites of a provider have.
pub(super) fn hashes(provider: &CryptoProvider) -> Hashes {
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
            return super::hash::hmac(self, key, first, middle, last);
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

    fn finish(self: Box<Self>) -> Digest {
        Digest::cut(self.0.finish().as_ref())
    }
}
