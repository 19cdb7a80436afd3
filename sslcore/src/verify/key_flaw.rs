//! Keys that no signature can be checked with: what a backend says of a key, before anything that
//! it may have signed is looked at.

use rustls_pki_types::{SignatureVerificationAlgorithm, alg_id};

use crate::x509::der::{Reader, tag};
use crate::x509::key_kind::{KeyKind, RSA};
use crate::x509::raw::PublicKey;
use crate::x509::rsa_key::{MODULUS_BITS, RsaPublicKey};

/// Why no signature by a key can be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFlaw {
    /// The backend has no algorithm for keys of its kind, or on its curve.
    Kind,
    /// An RSA key of so many bits.
    Bits(usize),
    /// An RSA key's public exponent.
    Exponent,
    /// A point of which only half is there (SEC 1 §2.3.3), and the backend wants all of it.
    Compressed,
    /// What should be the key cannot be one.
    Malformed,
}

/// A signature of this message by a key with a compressed point, with ECDSA on P-256 and SHA-256:
/// whether a backend takes such keys it says only when it is shown one. (Made with
/// `openssl dgst -sha256 -sign`; the private key is gone.)
pub(super) mod compressed {
    pub(in crate::verify) static MESSAGE: [u8; 10] = *b"compressed";
    pub(in crate::verify) static POINT: [u8; 33] = [
        0x03, 0xaf, 0xd0, 0x20, 0x06, 0x7d, 0xbf, 0x91, 0x70, 0x51, 0xfd, 0x0c, 0xea, 0xc8, 0x20,
        0x3d, 0x79, 0xb6, 0xf5, 0x8f, 0x76, 0x21, 0x5e, 0x02, 0x37, 0xfa, 0xc2, 0xa9, 0xaa, 0xf8,
        0x48, 0xac, 0xdf,
    ];
    pub(in crate::verify) static SIGNATURE: [u8; 72] = [
        0x30, 0x46, 0x02, 0x21, 0x00, 0xdd, 0xb8, 0x2f, 0x5b, 0xba, 0xbb, 0xdb, 0x58, 0x46, 0x69,
        0xfa, 0xe6, 0x7d, 0x55, 0x23, 0x94, 0xed, 0x28, 0x3b, 0x67, 0x45, 0xdc, 0x5d, 0x90, 0xfa,
        0x34, 0xae, 0x96, 0x13, 0x67, 0xf7, 0x72, 0x02, 0x21, 0x00, 0xf6, 0xdf, 0x26, 0x2a, 0x47,
        0x68, 0x6b, 0x87, 0x07, 0xee, 0x8b, 0xbb, 0x0c, 0x3b, 0x34, 0x32, 0xd2, 0xca, 0x9f, 0x81,
        0x07, 0x0c, 0x3c, 0x61, 0x5a, 0x58, 0x7a, 0xbb, 0x07, 0x30, 0x34, 0xaa,
    ];
}

/// Whether they check signatures by keys with compressed points. Costs one such check.
fn take_compressed(algorithms: &[&dyn SignatureVerificationAlgorithm]) -> bool {
    let p256 = algorithms.iter().find(|it| {
        it.public_key_alg_id() == alg_id::ECDSA_P256
            && it.signature_alg_id() == alg_id::ECDSA_SHA256
    });
    p256.is_some_and(|p256| {
        p256.verify_signature(
            &compressed::POINT,
            &compressed::MESSAGE,
            &compressed::SIGNATURE,
        )
        .is_ok()
    })
}

/// How many signatures are checked to find this key's flaw.
pub(super) fn cost(key: &PublicKey<'_>) -> usize {
    let on_curve = !matches!(
        key.kind(),
        None | Some(KeyKind::Rsa { .. } | KeyKind::Ed25519)
    );
    usize::from(on_curve && matches!(key.key.first(), Some(2 | 3)))
}

/// What keeps these algorithms from checking signatures by this key, if anything does. Checks as
/// many signatures as [`cost`] says.
pub(super) fn flaw(
    key: &PublicKey<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Option<KeyFlaw> {
    let mut ids = algorithms.iter().map(|it| it.public_key_alg_id());
    if !ids.any(|id| id.as_ref() == key.algorithm) {
        return Some(KeyFlaw::Kind);
    }
    match key.kind() {
        Some(KeyKind::Rsa { bits }) if !MODULUS_BITS.contains(&bits) => Some(KeyFlaw::Bits(bits)),
        Some(KeyKind::Rsa { .. }) => {
            let exponent = RsaPublicKey::read(key.key).and_then(|key| key.exponent());
            exponent.is_none().then_some(KeyFlaw::Exponent)
        }
        Some(KeyKind::Ed25519) => (key.key.len() != 32).then_some(KeyFlaw::Malformed),
        Some(curve) => {
            let coordinate = curve.bits().div_ceil(8);
            match key.key.split_first() {
                Some((4, point)) if point.len() == 2 * coordinate => None,
                Some((2 | 3, point)) if point.len() == coordinate => {
                    (!take_compressed(algorithms)).then_some(KeyFlaw::Compressed)
                }
                _ => Some(KeyFlaw::Malformed),
            }
        }
        // What is no RSA key; of other kinds only the backend knows.
        None => is_rsa(key).then_some(KeyFlaw::Malformed),
    }
}

fn is_rsa(key: &PublicKey<'_>) -> bool {
    Reader::new(key.algorithm).read(tag::OBJECT_IDENTIFIER) == Some(&RSA)
}

#[cfg(all(test, feature = "ring"))]
mod tests;
