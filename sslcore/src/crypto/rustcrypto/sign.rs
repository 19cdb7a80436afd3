//! Private keys, and what this side signs with them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::PrivateKeyDer;
#[cfg(feature = "ed25519")]
use rustls_pki_types::alg_id;

#[cfg(feature = "p384")]
use super::nist::P384;
use super::nist::{NistCurve, ReadKey, from_pkcs8, from_sec1, secret};
use crate::crypto::keys::public_key_info;
use crate::identity::signer::{SignError, Signer};
use crate::protocol::SignatureScheme;
#[cfg(feature = "ed25519")]
use crate::x509::der::{Reader, tag};
use crate::x509::key_kind;
use crate::x509::oid::ObjectIdentifier;
use crate::x509::pkcs8::PrivateKeyInfo;

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
        PrivateKeyDer::Pkcs8(der) => load_pkcs8::<P>(der.secret_pkcs8_der()),
        PrivateKeyDer::Sec1(der) => load_ecdsa::<P>(der.secret_sec1_der(), from_sec1),
        PrivateKeyDer::Pkcs1(_) => Err(rsa_refused()),
        _ => Err(
            "the private key is in a form this backend does not read: give it as PKCS#8 or SEC 1"
                .to_string(),
        ),
    }
}

fn load_pkcs8<P: NistCurve>(der: &[u8]) -> Result<Arc<dyn Signer>, String> {
    let info = PrivateKeyInfo::read(der).filter(PrivateKeyInfo::is_of_its_version);
    let Some(info) = info else {
        return Err("the private key is not valid PKCS#8".to_string());
    };
    let id = info.algorithm_id();
    #[cfg(feature = "ed25519")]
    if id == key_kind::ED25519 {
        return match Ed25519Key::read(&info) {
            Some(key) => Ok(Arc::new(key)),
            None => Err("the Ed25519 private key is damaged".to_string()),
        };
    }
    if id == key_kind::EC {
        load_ecdsa::<P>(der, from_pkcs8)
    } else if id == key_kind::RSA {
        Err(rsa_refused())
    } else {
        let id = ObjectIdentifier::new(id);
        Err(format!(
            "the private key is of algorithm {id}; this backend signs with {KEYS}"
        ))
    }
}

/// The key on whichever curve it is for.
fn load_ecdsa<P: NistCurve>(der: &[u8], read: ReadKey) -> Result<Arc<dyn Signer>, String> {
    if let Some(secret) = secret::<P>(der, read) {
        return Ok(Arc::new(EcdsaKey::<P>::new(secret)));
    }
    #[cfg(feature = "p384")]
    if let Some(secret) = secret::<P384>(der, read) {
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
    /// 32 bytes (RFC 8410 §7), whose public key is the one that the document has, if it has one.
    fn read(info: &PrivateKeyInfo<'_>) -> Option<Self> {
        let mut whole = Reader::new(info.key);
        let secret = whole.read(tag::OCTET_STRING)?;
        if !whole.is_empty() {
            return None;
        }
        let key = ed25519_dalek::SigningKey::from_bytes(secret.try_into().ok()?);
        let public_key = key.verifying_key();
        if info
            .public_key
            .is_some_and(|said| said != public_key.as_bytes())
        {
            return None;
        }
        let info = public_key_info(&alg_id::ED25519, public_key.as_bytes());
        Some(Self { key, info })
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

#[cfg(all(test, feature = "ed25519"))]
mod tests;
