//! AWS-LC: what it has, and what of it rustls is given: groups with ML-KEM first, and no signatures by
//! ML-DSA.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use aws_lc_rs::kem::{self, DecapsulationKey, EncapsulationKey, ML_KEM_768};
#[cfg(feature = "rustls")]
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use zeroize::Zeroizing;

use super::hybrid::{Hybrid, MlKem};
use super::kx::{KeyExchange, KxError, SharedSecret};
use super::parts::Parts;
use super::ring_api::SUITES;
use super::ring_api::aws_lc::verification::{SCHEMES, VERIFIED};
use super::ring_api::aws_lc::{aead, hash, kx};
use super::verification::Verification;

pub(super) fn parts() -> Parts {
    Parts {
        name: "aws-lc-rs",
        version: Some(aws_lc_rs::awslc_version()),
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
const LOAD_KEY: super::keys::Load = super::ring_api::aws_lc::keys::load_key;
#[cfg(not(feature = "sign"))]
const LOAD_KEY: super::keys::Load = super::keys::load_none;

fn key_exchanges() -> Vec<Arc<dyn KeyExchange>> {
    vec![
        Arc::new(Hybrid::x25519(kx::X25519, MlKem768)),
        Arc::new(kx::X25519),
        Arc::new(kx::P256),
        Arc::new(kx::P384),
        Arc::new(Hybrid::p256(kx::P256, MlKem768)),
    ]
}

/// AWS-LC's own, with randomness of the system.
#[derive(Clone, Copy)]
struct MlKem768;

impl MlKem for MlKem768 {
    type Key = DecapsulationKey<kem::AlgorithmId>;

    fn generate(&self) -> Result<(Self::Key, Vec<u8>), KxError> {
        let key = DecapsulationKey::generate(&ML_KEM_768).map_err(|_| KxError::Random)?;
        let share = key.encapsulation_key().and_then(|key| {
            let bytes = key.key_bytes()?;
            Ok(bytes.as_ref().to_vec())
        });
        Ok((key, share.map_err(|_| KxError::Random)?))
    }

    fn encapsulate(&self, key: &[u8]) -> Result<(Vec<u8>, SharedSecret), KxError> {
        let key = EncapsulationKey::new(&ML_KEM_768, key).map_err(|_| KxError::Share)?;
        let (ciphertext, secret) = key.encapsulate().map_err(|_| KxError::Share)?;
        let secret = Zeroizing::new(secret.as_ref().to_vec());
        Ok((ciphertext.as_ref().to_vec(), secret))
    }

    fn decapsulate(key: &Self::Key, ciphertext: &[u8]) -> Result<SharedSecret, KxError> {
        let secret = key.decapsulate(ciphertext.into());
        let secret = secret.map_err(|_| KxError::Share)?;
        Ok(Zeroizing::new(secret.as_ref().to_vec()))
    }
}

#[cfg(feature = "rustls")]
fn provider() -> CryptoProvider {
    use rustls::crypto::aws_lc_rs::{default_provider, kx_group};

    use super::rustls::keys::Keys;
    use super::rustls::mapping::Mapping;
    use super::rustls::suites;

    const MAPPING: &Mapping = &Mapping::new(SCHEMES);
    static KEYS: Keys = Keys(LOAD_KEY);

    let mut provider = default_provider();
    suites::replace(&mut provider.cipher_suites, suites::aws_lc_rs::ALL);
    CryptoProvider {
        kx_groups: vec![
            kx_group::X25519MLKEM768,
            kx_group::X25519,
            kx_group::SECP256R1,
            kx_group::SECP384R1,
            kx_group::SECP256R1MLKEM768,
        ],
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: VERIFIED,
            mapping: MAPPING.as_slice(),
        },
        key_provider: &KEYS,
        ..provider
    }
}
