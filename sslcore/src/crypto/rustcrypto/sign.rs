//! Private keys, and what this side signs with them.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use p256::pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
#[cfg(feature = "ed25519")]
use rustls::pki_types::alg_id;
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::{Signer, SigningKey, public_key_to_spki};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};
use zeroize::Zeroizing;

#[cfg(feature = "p384")]
use super::nist::P384;
use super::nist::{NistCurve, secret_from_pkcs8, secret_from_sec1};

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
pub(super) fn load<P: NistCurve>(
    key: PrivateKeyDer<'static>,
) -> Result<Arc<dyn SigningKey>, Error> {
    let key = Zeroizing::new(key);
    match &*key {
        PrivateKeyDer::Pkcs8(der) => from_pkcs8::<P>(der.secret_pkcs8_der()),
        PrivateKeyDer::Sec1(der) => from_sec1::<P>(der.secret_sec1_der()),
        PrivateKeyDer::Pkcs1(_) => Err(rsa_refused()),
        _ => Err(Error::General(
            "the private key is in a form this backend does not read: give it as PKCS#8 or SEC 1"
                .to_string(),
        )),
    }
}

fn from_pkcs8<P: NistCurve>(der: &[u8]) -> Result<Arc<dyn SigningKey>, Error> {
    let info = PrivateKeyInfoRef::try_from(der)
        .map_err(|e| Error::General(format!("the private key is not valid PKCS#8: {e}")))?;
    match info.algorithm.oid {
        EC_PUBLIC_KEY => ecdsa::<P>(
            secret_from_pkcs8::<P>(der),
            #[cfg(feature = "p384")]
            || secret_from_pkcs8::<P384>(der),
        ),
        #[cfg(feature = "ed25519")]
        ED25519 => {
            let key = ed25519_dalek::SigningKey::try_from(info).map_err(|e| {
                Error::General(format!("the Ed25519 private key cannot be used: {e}"))
            })?;
            Ok(Arc::new(Ed25519Key(Arc::new(key))))
        }
        RSA_ENCRYPTION => Err(rsa_refused()),
        oid => Err(Error::General(format!(
            "the private key is of algorithm {oid}; this backend signs with {KEYS}"
        ))),
    }
}

fn from_sec1<P: NistCurve>(der: &[u8]) -> Result<Arc<dyn SigningKey>, Error> {
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
) -> Result<Arc<dyn SigningKey>, Error> {
    if let Some(secret) = p256 {
        return Ok(Arc::new(EcdsaKey::<P>(Arc::new(secret))));
    }
    #[cfg(feature = "p384")]
    if let Some(secret) = p384() {
        return Ok(Arc::new(EcdsaKey::<P384>(Arc::new(secret))));
    }
    Err(Error::General(format!(
        "the EC private key is not a valid key on {CURVES}"
    )))
}

fn rsa_refused() -> Error {
    Error::General(format!(
        "this backend makes no RSA signatures: it signs with {KEYS}"
    ))
}

/// One key is its own signer, because a curve has one scheme; the secret is shared, never copied.
struct EcdsaKey<C: NistCurve>(Arc<C::Secret>);

impl<C: NistCurve> fmt::Debug for EcdsaKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EcdsaKey").field(&C::SCHEME).finish()
    }
}

impl<C: NistCurve> SigningKey for EcdsaKey<C> {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        if !offered.contains(&C::SCHEME) {
            return None;
        }
        Some(Box::new(Self(Arc::clone(&self.0))))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        let point = C::public_point(&self.0);
        Some(public_key_to_spki(&C::KEY_ALGORITHM, point))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl<C: NistCurve> Signer for EcdsaKey<C> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        C::sign(&self.0, message).ok_or_else(|| Error::General("ECDSA signing failed".to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        C::SCHEME
    }
}

#[cfg(feature = "ed25519")]
struct Ed25519Key(Arc<ed25519_dalek::SigningKey>);

#[cfg(feature = "ed25519")]
impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519Key")
    }
}

#[cfg(feature = "ed25519")]
impl SigningKey for Ed25519Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        if !offered.contains(&SignatureScheme::ED25519) {
            return None;
        }
        Some(Box::new(Self(Arc::clone(&self.0))))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        let key = self.0.verifying_key();
        Some(public_key_to_spki(&alg_id::ED25519, key.as_bytes()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

#[cfg(feature = "ed25519")]
impl Signer for Ed25519Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        ed25519_dalek::Signer::try_sign(&*self.0, message)
            .map(|signature| signature.to_bytes().to_vec())
            .map_err(|_| Error::General("Ed25519 signing failed".to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}
