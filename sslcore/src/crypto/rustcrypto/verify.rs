//! The signatures that certificates and peers are judged by.

#[cfg(feature = "rsa")]
mod rsa;
mod verifier;

use alloc::borrow::Cow;
use core::marker::PhantomData;

use rustls_pki_types::{AlgorithmIdentifier, alg_id};
#[cfg(feature = "p384")]
use sha2::Sha384;
use sha2::{Digest, Sha256};

use self::verifier::Verifier;
use super::nist::NistCurve;
#[cfg(feature = "p384")]
use super::nist::P384;
use crate::crypto::verification::{Algorithm, OfScheme, Verification};
use crate::protocol::SignatureScheme;

/// What is supported, over one implementation of P-256.
pub(super) struct Supported<P>(PhantomData<P>);

impl<P: NistCurve> Supported<P> {
    const SHA256: Verifier = ecdsa::<P, Sha256>(alg_id::ECDSA_SHA256);
    #[cfg(feature = "p384")]
    const SHA384: Verifier = ecdsa::<P, Sha384>(alg_id::ECDSA_SHA384);

    pub(super) const ALGORITHMS: Verification = Verification {
        all: Self::ALL,
        schemes: Cow::Borrowed(Self::SCHEMES),
    };

    /// In the same order of preference as rustls' own providers: ECDSA before RSA.
    pub(super) const ALL: &'static [Algorithm] = &[
        &Self::SHA256,
        #[cfg(feature = "p384")]
        &Self::SHA384,
        #[cfg(feature = "p384")]
        &ECDSA_P384_SHA256,
        #[cfg(feature = "p384")]
        &ECDSA_P384_SHA384,
        #[cfg(feature = "ed25519")]
        &ED25519,
        #[cfg(feature = "rsa")]
        &rsa::PSS_SHA256,
        #[cfg(feature = "rsa")]
        &rsa::PSS_SHA384,
        #[cfg(feature = "rsa")]
        &rsa::PSS_SHA512,
        #[cfg(feature = "rsa")]
        &rsa::PKCS1_SHA256,
        #[cfg(feature = "rsa")]
        &rsa::PKCS1_SHA384,
        #[cfg(feature = "rsa")]
        &rsa::PKCS1_SHA512,
        #[cfg(feature = "rsa")]
        &rsa::PKCS1_SHA256_NO_PARAMS,
        #[cfg(feature = "rsa")]
        &rsa::PKCS1_SHA384_NO_PARAMS,
        #[cfg(feature = "rsa")]
        &rsa::PKCS1_SHA512_NO_PARAMS,
    ];

    // TLS 1.2 names only the hash, so each ECDSA scheme stands for both curves there. In TLS 1.3
    // the first of each line is used alone.
    pub(super) const SCHEMES: &'static [OfScheme] = &[
        #[cfg(feature = "p384")]
        (
            SignatureScheme::EcdsaP384Sha384,
            &[&ECDSA_P384_SHA384, &Self::SHA384],
        ),
        (
            SignatureScheme::EcdsaP256Sha256,
            &[
                &Self::SHA256,
                #[cfg(feature = "p384")]
                &ECDSA_P384_SHA256,
            ],
        ),
        #[cfg(feature = "ed25519")]
        (SignatureScheme::Ed25519, &[&ED25519]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RsaPssSha512, &[&rsa::PSS_SHA512]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RsaPssSha384, &[&rsa::PSS_SHA384]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RsaPssSha256, &[&rsa::PSS_SHA256]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RsaPkcs1Sha512, &[&rsa::PKCS1_SHA512]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RsaPkcs1Sha384, &[&rsa::PKCS1_SHA384]),
        #[cfg(feature = "rsa")]
        (SignatureScheme::RsaPkcs1Sha256, &[&rsa::PKCS1_SHA256]),
    ];
}

const fn ecdsa<C: NistCurve, D: Digest>(signature: AlgorithmIdentifier) -> Verifier {
    Verifier {
        key: C::KEY_ALGORITHM,
        signature,
        verify: verify_ecdsa::<C, D>,
    }
}

#[cfg(feature = "p384")]
static ECDSA_P384_SHA256: Verifier = ecdsa::<P384, Sha256>(alg_id::ECDSA_SHA256);
#[cfg(feature = "p384")]
static ECDSA_P384_SHA384: Verifier = ecdsa::<P384, Sha384>(alg_id::ECDSA_SHA384);

#[cfg(feature = "ed25519")]
static ED25519: Verifier = Verifier {
    key: alg_id::ED25519,
    signature: alg_id::ED25519,
    verify: verify_ed25519,
};

fn verify_ecdsa<C: NistCurve, D: Digest>(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    C::verify(point, &D::digest(message), signature)
}

#[cfg(feature = "ed25519")]
fn verify_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = ed25519_dalek::VerifyingKey::try_from(key) else {
        return false;
    };
    let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else {
        return false;
    };
    // Under a key of small order one signature fits every message.
    !key.is_weak() && ed25519_dalek::Verifier::verify(&key, message, &signature).is_ok()
}
