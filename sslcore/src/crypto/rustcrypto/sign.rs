//! Private keys, and what this side signs with them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use p256::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use rustls_pki_types::PrivateKeyDer;
#[cfg(feature = "ed25519")]
use rustls_pki_types::alg_id;

#[cfg(feature = "p384")]
use super::nist::P384;
use super::nist::{NistCurve, secret_from_pkcs8, secret_from_sec1};
use crate::crypto::keys::public_key_info;
use crate::identity::signer::{SignError, Signer};
use crate::protocol::SignatureScheme;

/// RFC 5480 §2.1.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8410 §3.
#[cfg(feature = "ed25519")]
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 8017 §A.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

const CURVES: &str = if cfg!(feature = "p384") {
    "P-256 or P-384"
} else {
    "P-256"
};
const KEYS: &str = match (cfg!(feature = "p384"), cfg!(feature = "ed25519")) {
    (true, true) => "ECDSA keys on P-256 or P-384 and with Ed25519 keys",
    (true, false) => "ECDSA keys on P-256 or P-384",
    (false, true) => "ECDSA keys on P-256 and with Ed25519 keys",
    (false, false) => "ECDSA keys on P-256",
};

/// An ECDSA or Ed25519 key.
pub(super) fn load<P: NistCurve>(key: &PrivateKeyDer<'_>) -> Result<Arc<dyn Signer>, String> {
    match key {
        PrivateKeyDer::Pkcs8(der) => from_pkcs8::<P>(der.secret_pkcs8_der()),
        PrivateKeyDer::Sec1(der) => from_sec1::<P>(der.secret_sec1_der()),
        PrivateKeyDer::Pkcs1(_) => Err(rsa_refused()),
        _ => Err(
            "the private key is in a form this backend does not read: give it as PKCS#8 or SEC 1"
                .to_string(),
        ),
    }
}

fn from_pkcs8<P: NistCurve>(der: &[u8]) -> Result<Arc<dyn Signer>, String> {
    let info = PrivateKeyInfoRef::try_from(der)
        .map_err(|e| format!("the private key is not valid PKCS#8: {e}"))?;
    match info.algorithm.oid {
        EC_PUBLIC_KEY => ecdsa::<P>(
            secret_from_pkcs8::<P>(der),
            #[cfg(feature = "p384")]
            || secret_from_pkcs8::<P384>(der),
        ),
        #[cfg(feature = "ed25519")]
        ED25519 => {
            let key = ed25519_dalek::SigningKey::try_from(info)
                .map_err(|e| format!("the Ed25519 private key cannot be used: {e}"))?;
            Ok(Arc::new(Ed25519Key::new(key)))
        }
        RSA_ENCRYPTION => Err(rsa_refused()),
        oid => Err(format!(
            "the private key is of algorithm {oid}; this backend signs with {KEYS}"
        )),
    }
}

fn from_sec1<P: NistCurve>(der: &[u8]) -> Result<Arc<dyn Signer>, String> {
    ecdsa::<P>(
        secret_from_sec1::<P>(der),
        #[cfg(feature = "p384")]
        || secret_from_sec1::<P384>(der),
    )
}

/// The key on whichever curve could read it.
fn ecdsa<P: NistCurve>(
    p256: Option<P::Secret>,
    #[cfg(feature = "p384")] p384: impl FnOnce() -> Option<<P384 as NistCurve>::Secret>,
) -> Result<Arc<dyn Signer>, String> {
    if let Some(secret) = p256 {
        return Ok(Arc::new(EcdsaKey::<P>::new(secret)));
    }
    #[cfg(feature = "p384")]
    if let Some(secret) = p384() {
        return Ok(Arc::new(EcdsaKey::<P384>::new(secret)));
    }
    Err(format!("the EC private key is not a valid key on {CURVES}"))
}

fn rsa_refused() -> String {
    format!("this backend makes no RSA signatures: it signs with {KEYS}")
}

struct EcdsaKey<C: NistCurve> {
    secret: C::Secret,
    /// The public key in a SubjectPublicKeyInfo.
    info: Vec<u8>,
}

impl<C: NistCurve> EcdsaKey<C> {
    fn new(secret: C::Secret) -> Self {
        let info = public_key_info(&C::KEY_ALGORITHM, &C::public_point(&secret));
        Self { secret, info }
    }
}

impl<C: NistCurve> Signer for EcdsaKey<C> {
    fn schemes(&self) -> &[SignatureScheme] {
        &[C::SCHEME]
    }

    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        C::sign(&self.secret, message).ok_or_else(|| SignError::new("ECDSA signing failed"))
    }

    fn public_key_info(&self) -> Option<&[u8]> {
        Some(&self.info)
    }
}

#[cfg(feature = "ed25519")]
struct Ed25519Key {
    key: ed25519_dalek::SigningKey,
    info: Vec<u8>,
}

#[cfg(feature = "ed25519")]
impl Ed25519Key {
    fn new(key: ed25519_dalek::SigningKey) -> Self {
        let info = public_key_info(&alg_id::ED25519, key.verifying_key().as_bytes());
        Self { key, info }
    }
}

#[cfg(feature = "ed25519")]
impl Signer for Ed25519Key {
    fn schemes(&self) -> &[SignatureScheme] {
        &[SignatureScheme::Ed25519]
    }

    fn sign(&self, _: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        ed25519_dalek::Signer::try_sign(&self.key, message)
            .map(|signature| signature.to_bytes().to_vec())
            .map_err(|_| SignError::new("Ed25519 signing failed"))
    }

    fn public_key_info(&self) -> Option<&[u8]> {
        Some(&self.info)
    }
}
