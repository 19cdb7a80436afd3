//! What rustls asks a library for, over what this one has.

pub(crate) mod aead;
#[cfg(feature = "tls12")]
pub(crate) mod cipher12;
pub(crate) mod cipher13;
pub(crate) mod hash;

use alloc::vec;
use alloc::vec::Vec;

#[cfg(feature = "tls12")]
use rustls::SupportedCipherSuite::Tls12;
use rustls::SupportedCipherSuite::{self, Tls13};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};

use super::kx::{Ecdh, X25519};
use super::nist::NistCurve;
#[cfg(feature = "p384")]
use super::nist::P384;
use super::verify::Supported;
use crate::crypto::entropy::EntropySource;
#[cfg(feature = "ml-kem")]
use crate::crypto::hybrid::{Hybrid, ml_kem::MlKem768};
use crate::crypto::keys::Load;
use crate::crypto::rustls::group::Group;
use crate::crypto::rustls::keys::Keys;
use crate::crypto::rustls::mapping::Mapping;
use crate::crypto::rustls::random::Random;

/// What rustls keeps references to, over one implementation of P-256.
pub(super) struct Provided<P: NistCurve> {
    random: Random<&'static dyn EntropySource>,
    keys: Keys,
    x25519: Group<X25519>,
    p256: Group<Ecdh<P>>,
    #[cfg(feature = "p384")]
    p384: Group<Ecdh<P384>>,
    #[cfg(feature = "ml-kem")]
    x25519_ml_kem: Group<Hybrid<X25519, MlKem768>>,
    #[cfg(feature = "ml-kem")]
    p256_ml_kem: Group<Hybrid<Ecdh<P>, MlKem768>>,
}

impl<P: NistCurve> Provided<P> {
    const SCHEMES: &'static Mapping = &Mapping::new(Supported::<P>::SCHEMES);

    pub(super) const fn new(entropy: &'static dyn EntropySource, load: Load) -> Self {
        Self {
            random: Random(entropy),
            keys: Keys(load),
            x25519: Group(X25519(entropy)),
            p256: Group(Ecdh::new(entropy)),
            #[cfg(feature = "p384")]
            p384: Group(Ecdh::new(entropy)),
            #[cfg(feature = "ml-kem")]
            x25519_ml_kem: Group(Hybrid::x25519(X25519(entropy), MlKem768(entropy))),
            #[cfg(feature = "ml-kem")]
            p256_ml_kem: Group(Hybrid::p256(Ecdh::new(entropy), MlKem768(entropy))),
        }
    }

    pub(super) fn provider(&'static self, has_aes: bool) -> CryptoProvider {
        CryptoProvider {
            cipher_suites: suites(has_aes),
            kx_groups: vec![
                #[cfg(feature = "ml-kem")]
                &self.x25519_ml_kem,
                &self.x25519,
                &self.p256,
                #[cfg(feature = "p384")]
                &self.p384,
                #[cfg(feature = "ml-kem")]
                &self.p256_ml_kem,
            ],
            signature_verification_algorithms: WebPkiSupportedAlgorithms {
                all: Supported::<P>::ALL,
                mapping: Self::SCHEMES.as_slice(),
            },
            secure_random: &self.random,
            key_provider: &self.keys,
        }
    }
}

/// All suites, the fastest first where there are no instructions for AES.
fn suites(has_aes: bool) -> Vec<SupportedCipherSuite> {
    let kinds: &[&[SupportedCipherSuite]] = &[
        &[
            #[cfg(feature = "aes256")]
            Tls13(&cipher13::AES_256_GCM_SHA384),
            Tls13(&cipher13::AES_128_GCM_SHA256),
            #[cfg(feature = "chacha20")]
            Tls13(&cipher13::CHACHA20_POLY1305_SHA256),
        ],
        #[cfg(feature = "tls12")]
        &[
            #[cfg(feature = "aes256")]
            Tls12(&cipher12::ECDHE_ECDSA_AES_256_GCM_SHA384),
            Tls12(&cipher12::ECDHE_ECDSA_AES_128_GCM_SHA256),
            #[cfg(feature = "chacha20")]
            Tls12(&cipher12::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256),
        ],
        #[cfg(all(feature = "tls12", feature = "rsa"))]
        &[
            #[cfg(feature = "aes256")]
            Tls12(&cipher12::ECDHE_RSA_AES_256_GCM_SHA384),
            Tls12(&cipher12::ECDHE_RSA_AES_128_GCM_SHA256),
            #[cfg(feature = "chacha20")]
            Tls12(&cipher12::ECDHE_RSA_CHACHA20_POLY1305_SHA256),
        ],
    ];
    let mut suites = Vec::new();
    for kind in kinds {
        match has_aes {
            true => suites.extend(*kind),
            false => suites.extend(kind.iter().rev()),
        }
    }
    suites
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn without_instructions_for_aes_chacha_comes_first_and_short_keys_before_long_ones() {
        let names = |suites: Vec<SupportedCipherSuite>| {
            let names = suites.into_iter().map(|it| format!("{:?}", it.suite()));
            names.collect::<Vec<_>>()
        };
        let (with, without) = (names(suites(true)), names(suites(false)));
        assert_eq!(
            without[..3],
            [
                "TLS13_CHACHA20_POLY1305_SHA256",
                "TLS13_AES_128_GCM_SHA256",
                "TLS13_AES_256_GCM_SHA384"
            ]
        );
        // RSA stays behind ECDSA, and TLS 1.2 behind TLS 1.3.
        for (with, without) in with.chunks(3).zip(without.chunks(3)) {
            assert!(with.iter().eq(without.iter().rev()), "{with:?}");
        }
    }
}
