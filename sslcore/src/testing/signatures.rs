//! Signatures that say nothing, and that are believed.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm, alg_id,
};

use crate::crypto::verification::{Algorithm, OfScheme, Verification};
use crate::identity::private_key::PrivateKey;
use crate::identity::signer::{SignError, Signer};
use crate::protocol::SignatureScheme;
use crate::x509::key_kind::KeyKind;

/// Believes every signature by keys of one kind.
#[derive(Debug)]
struct Believer {
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
}

impl SignatureVerificationAlgorithm for Believer {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.key
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

macro_rules! believer {
    ($name:ident, $key:ident, $signature:ident) => {
        static $name: Believer = Believer {
            key: alg_id::$key,
            signature: alg_id::$signature,
        };
    };
}

believer!(P256_SHA256, ECDSA_P256, ECDSA_SHA256);
believer!(P256_SHA384, ECDSA_P256, ECDSA_SHA384);
believer!(P256_SHA512, ECDSA_P256, ECDSA_SHA512);
believer!(P384_SHA256, ECDSA_P384, ECDSA_SHA256);
believer!(P384_SHA384, ECDSA_P384, ECDSA_SHA384);
believer!(P384_SHA512, ECDSA_P384, ECDSA_SHA512);
believer!(P521_SHA256, ECDSA_P521, ECDSA_SHA256);
believer!(P521_SHA384, ECDSA_P521, ECDSA_SHA384);
believer!(P521_SHA512, ECDSA_P521, ECDSA_SHA512);
believer!(ED25519, ED25519, ED25519);
believer!(PKCS1_SHA256, RSA_ENCRYPTION, RSA_PKCS1_SHA256);
believer!(PKCS1_SHA384, RSA_ENCRYPTION, RSA_PKCS1_SHA384);
believer!(PKCS1_SHA512, RSA_ENCRYPTION, RSA_PKCS1_SHA512);
believer!(PSS_SHA256, RSA_ENCRYPTION, RSA_PSS_SHA256);
believer!(PSS_SHA384, RSA_ENCRYPTION, RSA_PSS_SHA384);
believer!(PSS_SHA512, RSA_ENCRYPTION, RSA_PSS_SHA512);

/// Whatever the key and the signature, in certificates and in handshakes.
pub(super) const BELIEVED: Verification = Verification {
    all: ALL,
    schemes: Cow::Borrowed(OF_SCHEMES),
};

pub(super) const ALL: &[Algorithm] = &[
    &P256_SHA256,
    &P256_SHA384,
    &P256_SHA512,
    &P384_SHA256,
    &P384_SHA384,
    &P384_SHA512,
    &P521_SHA256,
    &P521_SHA384,
    &P521_SHA512,
    &ED25519,
    &PKCS1_SHA256,
    &PKCS1_SHA384,
    &PKCS1_SHA512,
    &PSS_SHA256,
    &PSS_SHA384,
    &PSS_SHA512,
];

// TLS 1.2 names only the hash, TLS 1.3 takes the first of each line.
pub(super) const OF_SCHEMES: &[OfScheme] = &[
    (
        SignatureScheme::EcdsaP256Sha256,
        &[&P256_SHA256, &P384_SHA256, &P521_SHA256],
    ),
    (
        SignatureScheme::EcdsaP384Sha384,
        &[&P384_SHA384, &P256_SHA384, &P521_SHA384],
    ),
    (
        SignatureScheme::EcdsaP521Sha512,
        &[&P521_SHA512, &P256_SHA512, &P384_SHA512],
    ),
    (SignatureScheme::Ed25519, &[&ED25519]),
    (SignatureScheme::RsaPssSha256, &[&PSS_SHA256]),
    (SignatureScheme::RsaPssSha384, &[&PSS_SHA384]),
    (SignatureScheme::RsaPssSha512, &[&PSS_SHA512]),
    (SignatureScheme::RsaPkcs1Sha256, &[&PKCS1_SHA256]),
    (SignatureScheme::RsaPkcs1Sha384, &[&PKCS1_SHA384]),
    (SignatureScheme::RsaPkcs1Sha512, &[&PKCS1_SHA512]),
];

/// What all kinds of keys sign in.
const SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::EcdsaP256Sha256,
    SignatureScheme::EcdsaP384Sha384,
    SignatureScheme::EcdsaP521Sha512,
    SignatureScheme::Ed25519,
    SignatureScheme::RsaPssSha256,
    SignatureScheme::RsaPssSha384,
    SignatureScheme::RsaPssSha512,
    SignatureScheme::RsaPkcs1Sha256,
    SignatureScheme::RsaPkcs1Sha384,
    SignatureScheme::RsaPkcs1Sha512,
];

/// Loads a key of any kind, and forgets it.
pub(super) fn load(key: &PrivateKeyDer<'_>) -> Result<Arc<dyn Signer>, String> {
    let key = PrivateKey::from_der(key.secret_der()).map_err(|error| error.to_string())?;
    Ok(Arc::new(Nothing(key.kind())))
}

/// Signs nothing.
struct Nothing(KeyKind);

/// A signature's length with most keys; its content is not looked at.
const SIGNATURE: [u8; 64] = [0x5e; 64];

impl Signer for Nothing {
    fn schemes(&self) -> &[SignatureScheme] {
        match self.0 {
            KeyKind::EcdsaP256 => &SCHEMES[..1],
            KeyKind::EcdsaP384 => &SCHEMES[1..2],
            KeyKind::EcdsaP521 => &SCHEMES[2..3],
            KeyKind::Ed25519 => &SCHEMES[3..4],
            KeyKind::Rsa { .. } => &SCHEMES[4..],
        }
    }

    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(SIGNATURE.to_vec())
    }
}
