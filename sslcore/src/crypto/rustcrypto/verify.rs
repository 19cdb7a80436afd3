//! The signatures that certificates and peers are judged by.

#[cfg(feature = "rsa")]
mod rsa;
mod verifier;

use core::marker::PhantomData;

use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{AlgorithmIdentifier, alg_id};
#[cfg(feature = "p384")]
use sha2::Sha384;
use sha2::{Digest, Sha256};

use self::verifier::Verifier;
use super::nist::NistCurve;
#[cfg(feature = "p384")]
use super::nist::P384;

/// What is supported, over one implementation of P-256.
pub(super) struct Supported<P>(PhantomData<P>);

impl<P: NistCurve> Supported<P> {
    const SHA256: Verifier = ecdsa::<P, Sha256>(alg_id::ECDSA_SHA256);
    #[cfg(feature = "p384")]
    const SHA384: Verifier = ecdsa::<P, Sha384>(alg_id::ECDSA_SHA384);

    /// The list, in the same order of preference as rustls' own providers: ECDSA before RSA.
    pub(super) const ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
        all: &[
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
        ],
        // TLS 1.2 names only the hash, so each ECDSA scheme stands for both curves there. In TLS 1.3
        // rustls uses the first of each line alone.
        mapping: &[
            #[cfg(feature = "p384")]
            (
                SignatureScheme::ECDSA_NISTP384_SHA384,
                &[&ECDSA_P384_SHA384, &Self::SHA384],
            ),
            (
                SignatureScheme::ECDSA_NISTP256_SHA256,
                &[
                    &Self::SHA256,
                    #[cfg(feature = "p384")]
                    &ECDSA_P384_SHA256,
                ],
            ),
            #[cfg(feature = "ed25519")]
            (SignatureScheme::ED25519, &[&ED25519]),
            #[cfg(feature = "rsa")]
            (SignatureScheme::RSA_PSS_SHA512, &[&rsa::PSS_SHA512]),
            #[cfg(feature = "rsa")]
            (SignatureScheme::RSA_PSS_SHA384, &[&rsa::PSS_SHA384]),
            #[cfg(feature = "rsa")]
            (SignatureScheme::RSA_PSS_SHA256, &[&rsa::PSS_SHA256]),
            #[cfg(feature = "rsa")]
            (SignatureScheme::RSA_PKCS1_SHA512, &[&rsa::PKCS1_SHA512]),
            #[cfg(feature = "rsa")]
            (SignatureScheme::RSA_PKCS1_SHA384, &[&rsa::PKCS1_SHA384]),
            #[cfg(feature = "rsa")]
            (SignatureScheme::RSA_PKCS1_SHA256, &[&rsa::PKCS1_SHA256]),
        ],
    };
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
