//! The signatures that certificates and peers are judged by.

use core::ops::RangeInclusive;

use ed25519_dalek::VerifyingKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, Pss};
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use sha2::digest::FixedOutputReset;
use sha2::digest::const_oid::AssociatedOid;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::nist::{NistCurve, P256, P384};

/// RSA moduli that are accepted, in bits. Shorter ones can be factored, longer ones are a way to
/// keep a small processor busy.
const RSA_BITS: RangeInclusive<u32> = 2048..=8192;

/// The list, in the same order of preference as rustls' own providers: ECDSA before RSA.
pub(super) static SUPPORTED: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        &ECDSA_P256_SHA256,
        &ECDSA_P256_SHA384,
        &ECDSA_P384_SHA256,
        &ECDSA_P384_SHA384,
        &ED25519,
        &RSA_PSS_SHA256,
        &RSA_PSS_SHA384,
        &RSA_PSS_SHA512,
        &RSA_PKCS1_SHA256,
        &RSA_PKCS1_SHA384,
        &RSA_PKCS1_SHA512,
        &RSA_PKCS1_SHA256_NO_PARAMS,
        &RSA_PKCS1_SHA384_NO_PARAMS,
        &RSA_PKCS1_SHA512_NO_PARAMS,
    ],
    // TLS 1.2 names only the hash, so each ECDSA scheme stands for both curves there. In TLS 1.3
    // rustls uses the first of each line alone.
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[&ECDSA_P384_SHA384, &ECDSA_P256_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[&ECDSA_P256_SHA256, &ECDSA_P384_SHA256],
        ),
        (SignatureScheme::ED25519, &[&ED25519]),
        (SignatureScheme::RSA_PSS_SHA512, &[&RSA_PSS_SHA512]),
        (SignatureScheme::RSA_PSS_SHA384, &[&RSA_PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA256, &[&RSA_PSS_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&RSA_PKCS1_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&RSA_PKCS1_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&RSA_PKCS1_SHA256]),
    ],
};

/// Takes the public key, the message and the signature.
type Verify = fn(&[u8], &[u8], &[u8]) -> bool;

#[derive(Debug)]
struct Verifier {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    verify: Verify,
}

impl SignatureVerificationAlgorithm for Verifier {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match (self.verify)(public_key, message, signature) {
            true => Ok(()),
            false => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

const fn ecdsa<C: NistCurve, D: Digest>(signature: AlgorithmIdentifier) -> Verifier {
    Verifier {
        key: C::KEY_ALGORITHM,
        signature,
        verify: verify_ecdsa::<C, D>,
    }
}

const fn rsa(signature: AlgorithmIdentifier, verify: Verify) -> Verifier {
    Verifier {
        key: alg_id::RSA_ENCRYPTION,
        signature,
        verify,
    }
}

static ECDSA_P256_SHA256: Verifier = ecdsa::<P256, Sha256>(alg_id::ECDSA_SHA256);
static ECDSA_P256_SHA384: Verifier = ecdsa::<P256, Sha384>(alg_id::ECDSA_SHA384);
static ECDSA_P384_SHA256: Verifier = ecdsa::<P384, Sha256>(alg_id::ECDSA_SHA256);
static ECDSA_P384_SHA384: Verifier = ecdsa::<P384, Sha384>(alg_id::ECDSA_SHA384);

static ED25519: Verifier = Verifier {
    key: alg_id::ED25519,
    signature: alg_id::ED25519,
    verify: verify_ed25519,
};

static RSA_PSS_SHA256: Verifier = rsa(alg_id::RSA_PSS_SHA256, verify_pss::<Sha256>);
static RSA_PSS_SHA384: Verifier = rsa(alg_id::RSA_PSS_SHA384, verify_pss::<Sha384>);
static RSA_PSS_SHA512: Verifier = rsa(alg_id::RSA_PSS_SHA512, verify_pss::<Sha512>);

static RSA_PKCS1_SHA256: Verifier = rsa(alg_id::RSA_PKCS1_SHA256, verify_pkcs1::<Sha256>);
static RSA_PKCS1_SHA384: Verifier = rsa(alg_id::RSA_PKCS1_SHA384, verify_pkcs1::<Sha384>);
static RSA_PKCS1_SHA512: Verifier = rsa(alg_id::RSA_PKCS1_SHA512, verify_pkcs1::<Sha512>);

// RFC 4055 §5 wants NULL parameters, and some authorities leave them out.
static RSA_PKCS1_SHA256_NO_PARAMS: Verifier = rsa(
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
    verify_pkcs1::<Sha256>,
);
static RSA_PKCS1_SHA384_NO_PARAMS: Verifier = rsa(
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
    verify_pkcs1::<Sha384>,
);
static RSA_PKCS1_SHA512_NO_PARAMS: Verifier = rsa(
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
    verify_pkcs1::<Sha512>,
);

fn verify_ecdsa<C: NistCurve, D: Digest>(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    C::verify(point, &D::digest(message), signature)
}

fn verify_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = VerifyingKey::try_from(key) else {
        return false;
    };
    let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else {
        return false;
    };
    // Under a key of small order one signature fits every message.
    !key.is_weak() && ed25519_dalek::Verifier::verify(&key, message, &signature).is_ok()
}

fn verify_pkcs1<D: Digest + AssociatedOid>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    rsa_key(key).is_some_and(|key| {
        key.verify(Pkcs1v15Sign::new::<D>(), &D::digest(message), signature)
            .is_ok()
    })
}

/// The salt is as long as the hash (RFC 8446 §4.2.3).
fn verify_pss<D: Digest + FixedOutputReset>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    rsa_key(key).is_some_and(|key| {
        key.verify(Pss::<D>::new(), &D::digest(message), signature)
            .is_ok()
    })
}

fn rsa_key(der: &[u8]) -> Option<rsa::PublicKey> {
    // Refuses an even modulus, and an exponent that is even or over 2^33.
    let key = rsa::PublicKey::from_pkcs1_der(der).ok()?;
    RSA_BITS
        .contains(&key.n().bit_width_vartime())
        .then_some(key)
}
