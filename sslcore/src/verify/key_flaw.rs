//! Keys that no signature can be checked with: what a backend says of a key, before anything that
//! it may have signed is looked at.

use core::ops::RangeInclusive;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};

use super::judge::error;
use super::x509::{self, PublicKey, RSA};
use super::{Detail, SslError, SslErrorKind as Kind};
use crate::identity::key_kind::KeyKind;
use crate::verify::der::{Reader, tag};

/// The length of RSA keys that backends check signatures with, in bits. Shorter ones can be
/// factored, longer ones are a way to keep a processor busy.
pub(super) const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// Public exponents have at most so many bits, and more than one.
const EXPONENT_BITS: RangeInclusive<usize> = 2..=33;

/// Why no signature by a key can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFlaw {
    /// The backend has no algorithm for keys of its kind, or on its curve.
    Kind,
    /// An RSA key of so many bits.
    Bits(usize),
    /// An RSA key's public exponent.
    Exponent,
    /// What should be the key cannot be one.
    Malformed,
}

/// What keeps these algorithms from checking signatures by this key, if anything does.
pub(super) fn flaw<'a>(
    key: &PublicKey<'_>,
    algorithms: impl IntoIterator<Item = &'a dyn SignatureVerificationAlgorithm>,
) -> Option<KeyFlaw> {
    let mut ids = algorithms.into_iter().map(|it| it.public_key_alg_id());
    if !ids.any(|id| id.as_ref() == key.algorithm) {
        return Some(KeyFlaw::Kind);
    }
    match key.kind() {
        Some(KeyKind::Rsa { bits }) if !RSA_BITS.contains(&bits) => Some(KeyFlaw::Bits(bits)),
        Some(KeyKind::Rsa { .. }) => exponent_flaw(key),
        Some(KeyKind::Ed25519) => (key.key.len() != 32).then_some(KeyFlaw::Malformed),
        Some(curve) => {
            let coordinate = curve.bits().div_ceil(8);
            let whole = match key.key.split_first() {
                Some((4, point)) => point.len() == 2 * coordinate,
                // Compressed; some backends take it.
                Some((2 | 3, point)) => point.len() == coordinate,
                _ => false,
            };
            (!whole).then_some(KeyFlaw::Malformed)
        }
        // An RSA key without a modulus; of other kinds only the backend knows.
        None => is_rsa(key).then_some(KeyFlaw::Malformed),
    }
}

fn is_rsa(key: &PublicKey<'_>) -> bool {
    Reader::new(key.algorithm).read(tag::OBJECT_IDENTIFIER) == Some(&RSA)
}

fn exponent_flaw(key: &PublicKey<'_>) -> Option<KeyFlaw> {
    let exponent = || {
        let mut numbers = Reader::new(Reader::new(key.key).read(tag::SEQUENCE)?);
        numbers.read(tag::INTEGER)?;
        numbers.read(tag::INTEGER)
    };
    let Some(exponent) = exponent() else {
        return Some(KeyFlaw::Malformed);
    };
    let fits = x509::bit_length(exponent).is_some_and(|bits| EXPONENT_BITS.contains(&bits));
    let odd = exponent.last().is_some_and(|last| last & 1 == 1);
    (!fits || !odd).then_some(KeyFlaw::Exponent)
}

/// The error of a leaf whose key no handshake signature can be checked with by these algorithms.
///
/// It is none that can be forgiven, in any verify mode and by nobody: that the peer has the
/// certificate's private key is all that a handshake proves of a certificate, and here it cannot.
pub(crate) fn unusable<'a>(
    leaf: &CertificateDer<'_>,
    algorithms: impl IntoIterator<Item = &'a dyn SignatureVerificationAlgorithm>,
) -> Option<SslError> {
    let key = x509::Certificate::parse(leaf)?.public_key;
    let flaw = flaw(&key, algorithms)?;
    Some(error(
        Kind::UnsupportedAlgorithm,
        0,
        Detail::Key(flaw),
        leaf,
    ))
}

#[cfg(all(test, feature = "ring"))]
mod tests;
