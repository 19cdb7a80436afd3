//! The private keys that a backend signs with.

use alloc::string::String;
use alloc::sync::Arc;
#[cfg(feature = "sign")]
use alloc::vec::Vec;

#[cfg(feature = "sign")]
use rustls_pki_types::AlgorithmIdentifier;
use rustls_pki_types::PrivateKeyDer;
#[cfg(all(feature = "sign", any(feature = "aws-lc-rs", feature = "ring")))]
use zeroize::Zeroizing;

#[cfg(feature = "sign")]
use crate::der_writer::element;
use crate::identity::signer::Signer;
#[cfg(feature = "sign")]
use crate::x509::der::tag;

/// Loads a private key. The error is a sentence for people.
pub(crate) type LoadKey =
    dyn Fn(&PrivateKeyDer<'_>) -> Result<Arc<dyn Signer>, String> + Send + Sync;

/// A function that does.
pub(crate) type Load = fn(&PrivateKeyDer<'_>) -> Result<Arc<dyn Signer>, String>;

/// A SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
#[cfg(feature = "sign")]
pub(super) fn public_key_info(algorithm: &AlgorithmIdentifier, key: &[u8]) -> Vec<u8> {
    let algorithm = element(tag::SEQUENCE, &[algorithm]);
    let key = element(tag::BIT_STRING, &[&[0], key]);
    element(tag::SEQUENCE, &[&algorithm, &key])
}

/// A private key of ECDSA as SEC 1 has it (RFC 5915 §3), in PKCS#8 (RFC 5958 §2).
#[cfg(all(feature = "sign", any(feature = "aws-lc-rs", feature = "ring")))]
pub(super) fn pkcs8(algorithm: &AlgorithmIdentifier, sec1: &[u8]) -> Zeroizing<Vec<u8>> {
    let version = element(tag::INTEGER, &[&[0]]);
    let algorithm = element(tag::SEQUENCE, &[algorithm]);
    let key = Zeroizing::new(element(tag::OCTET_STRING, &[sec1]));
    Zeroizing::new(element(tag::SEQUENCE, &[&version, &algorithm, &key]))
}

/// Who does not sign loads no key.
#[cfg(any(
    not(feature = "sign"),
    all(feature = "rustcrypto-keys", not(feature = "rustcrypto-core"))
))]
pub(super) fn load_none(_: &PrivateKeyDer<'_>) -> Result<Arc<dyn Signer>, String> {
    Err(String::new())
}
