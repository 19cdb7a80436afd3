//! Signatures that say nothing, and that are believed.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls::crypto::{KeyProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, PrivateKeyDer, SignatureVerificationAlgorithm, alg_id,
};
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use crate::identity::private_key::PrivateKey;
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
pub(super) static BELIEVED: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
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
    ],
    // TLS 1.2 names only the hash, TLS 1.3 takes the first of each line.
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[&P256_SHA256, &P384_SHA256, &P521_SHA256],
        ),
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[&P384_SHA384, &P256_SHA384, &P521_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP521_SHA512,
            &[&P521_SHA512, &P256_SHA512, &P384_SHA512],
        ),
        (SignatureScheme::ED25519, &[&ED25519]),
        (SignatureScheme::RSA_PSS_SHA256, &[&PSS_SHA256]),
        (SignatureScheme::RSA_PSS_SHA384, &[&PSS_SHA384]),
        (SignatureScheme::RSA_PSS_SHA512, &[&PSS_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[&PKCS1_SHA256]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[&PKCS1_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[&PKCS1_SHA512]),
    ],
};

/// What all kinds of keys sign in.
pub(super) const SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// Loads keys of every kind, and forgets them.
#[derive(Debug)]
pub(super) struct Keys;

impl KeyProvider for Keys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        let key = PrivateKey::try_from(key).map_err(|error| Error::General(error.to_string()))?;
        Ok(Arc::new(Nothing {
            kind: key.kind(),
            scheme: None,
        }))
    }
}

/// Signs nothing.
#[derive(Clone, Copy, Debug)]
struct Nothing {
    kind: KeyKind,
    scheme: Option<SignatureScheme>,
}

/// A signature's length with most keys; its content is not looked at.
const SIGNATURE: [u8; 64] = [0x5e; 64];

impl Nothing {
    fn schemes(self) -> &'static [SignatureScheme] {
        match self.kind {
            KeyKind::EcdsaP256 => &SCHEMES[..1],
            KeyKind::EcdsaP384 => &SCHEMES[1..2],
            KeyKind::EcdsaP521 => &SCHEMES[2..3],
            KeyKind::Ed25519 => &SCHEMES[3..4],
            KeyKind::Rsa { .. } => &SCHEMES[4..],
        }
    }
}

impl SigningKey for Nothing {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let mut schemes = self.schemes().iter().copied();
        let scheme = schemes.find(|scheme| offered.contains(scheme))?;
        Some(Box::new(Self {
            scheme: Some(scheme),
            ..*self
        }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.kind {
            KeyKind::Ed25519 => SignatureAlgorithm::ED25519,
            KeyKind::Rsa { .. } => SignatureAlgorithm::RSA,
            _ => SignatureAlgorithm::ECDSA,
        }
    }
}

impl Signer for Nothing {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(SIGNATURE.to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme.unwrap_or(SCHEMES[0])
    }
}
