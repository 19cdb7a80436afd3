//! ring: what it has, and what of it rustls is given.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

#[cfg(feature = "rustls")]
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};

#[cfg(feature = "ml-kem")]
use super::hybrid::{Hybrid, ml_kem::MlKem768};
use super::kx::KeyExchange;
use super::parts::Parts;
use super::ring_api::SUITES;
use super::ring_api::ring::verification::{SCHEMES, VERIFIED};
use super::ring_api::ring::{aead, hash, kx};
use super::verification::Verification;

pub(super) fn parts() -> Parts {
    Parts {
        name: "ring",
        version: None,
        suites: SUITES.to_vec(),
        hashes: hash::hashes(),
        key_exchanges: key_exchanges(),
        entropy: Arc::new(kx::System),
        verification: Verification {
            all: VERIFIED,
            schemes: Cow::Borrowed(SCHEMES),
        },
        load_key: Box::new(LOAD_KEY),
        make_aead: Box::new(aead::make_aead),
        #[cfg(feature = "rustls")]
        provider: Arc::new(provider()),
    }
}

#[cfg(feature = "sign")]
const LOAD_KEY: super::keys::Load = super::ring_api::ring::keys::load_key;
#[cfg(not(feature = "sign"))]
const LOAD_KEY: super::keys::Load = super::keys::load_none;

fn key_exchanges() -> Vec<Arc<dyn KeyExchange>> {
    vec![
        #[cfg(feature = "ml-kem")]
        Arc::new(X25519_ML_KEM),
        Arc::new(kx::X25519),
        Arc::new(kx::P256),
        Arc::new(kx::P384),
        #[cfg(feature = "ml-kem")]
        Arc::new(P256_ML_KEM),
    ]
}

#[cfg(feature = "ml-kem")]
const X25519_ML_KEM: Hybrid<kx::Ecdh, MlKem768> = Hybrid::x25519(kx::X25519, MlKem768(&kx::System));
#[cfg(feature = "ml-kem")]
const P256_ML_KEM: Hybrid<kx::Ecdh, MlKem768> = Hybrid::p256(kx::P256, MlKem768(&kx::System));

#[cfg(feature = "rustls")]
fn provider() -> CryptoProvider {
    use rustls::crypto::ring::{default_provider, kx_group};

    #[cfg(feature = "ml-kem")]
    use super::rustls::group::Group;
    use super::rustls::keys::Keys;
    use super::rustls::mapping::Mapping;
    use super::rustls::suites;

    const MAPPING: &Mapping = &Mapping::new(SCHEMES);
    static KEYS: Keys = Keys(LOAD_KEY);
    #[cfg(feature = "ml-kem")]
    static HYBRIDS: [Group<Hybrid<kx::Ecdh, MlKem768>>; 2] =
        [Group(X25519_ML_KEM), Group(P256_ML_KEM)];

    let mut provider = default_provider();
    suites::replace(&mut provider.cipher_suites, suites::ring::ALL);
    CryptoProvider {
        kx_groups: vec![
            #[cfg(feature = "ml-kem")]
            &HYBRIDS[0],
            kx_group::X25519,
            kx_group::SECP256R1,
            kx_group::SECP384R1,
            #[cfg(feature = "ml-kem")]
            &HYBRIDS[1],
        ],
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: VERIFIED,
            mapping: MAPPING.as_slice(),
        },
        key_provider: &KEYS,
        ..provider
    }
}
