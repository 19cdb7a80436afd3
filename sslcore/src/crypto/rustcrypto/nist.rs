//! The seam under P-256 and P-384: what TLS asks of a NIST curve.
//!
//! Everything else in this backend is written against [`NistCurve`], so that another
//! implementation of P-256, say in assembly for one core, is one more `impl` of it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::Debug;

use rustls_pki_types::{AlgorithmIdentifier, alg_id};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::crypto::kx::SharedSecret;
use crate::protocol::{SignatureScheme, group};
use crate::x509::der::{Reader, tag};

/// A curve of prime order, with ECDH and with ECDSA over the hash that TLS pairs with it.
///
/// Points are in the uncompressed form of SEC 1 §2.3.3, the only one that TLS allows (RFC 8446
/// §4.2.8.2, RFC 8422 §5.4.1), and are refused when they are not on the curve.
pub(super) trait NistCurve: Debug + Send + Sync + 'static {
    /// IANA's number.
    const GROUP: u16;
    const SCHEME: SignatureScheme;
    const KEY_ALGORITHM: AlgorithmIdentifier;
    /// Length of a scalar in bytes.
    const SCALAR_LEN: usize;

    /// A private scalar and its public point.
    type Secret: ZeroizeOnDrop + Send + Sync + 'static;

    /// The scalar that `bytes` spell, big endian; `None` unless it is in `1..order`. Costs one
    /// multiplication, for the point.
    fn secret(bytes: &[u8]) -> Option<Self::Secret>;

    /// Costs nothing: the secret has it.
    fn public_point(secret: &Self::Secret) -> Box<[u8]>;

    /// ECDH; `None` when `peer` is not a point of the curve.
    fn agree(secret: &Self::Secret, peer: &[u8]) -> Option<SharedSecret>;

    /// A deterministic signature (RFC 6979) over the hash of `message`, in DER.
    fn sign(secret: &Self::Secret, message: &[u8]) -> Option<Vec<u8>>;

    /// Whether the DER `signature` over a hash is the one of `point`'s owner.
    fn verify(point: &[u8], prehash: &[u8], signature: &[u8]) -> bool;
}

macro_rules! rustcrypto_curve {
    (
        $(#[$doc:meta])* $curve:ident, $library:ident, $len:literal,
        $group:ident, $scheme:ident, $algorithm:ident
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $curve;

        impl NistCurve for $curve {
            const GROUP: u16 = group::$group;
            const SCHEME: SignatureScheme = SignatureScheme::$scheme;
            const KEY_ALGORITHM: AlgorithmIdentifier = alg_id::$algorithm;
            const SCALAR_LEN: usize = $len;

            type Secret = $library::ecdsa::SigningKey;

            fn secret(bytes: &[u8]) -> Option<Self::Secret> {
                $library::ecdsa::SigningKey::from_slice(bytes).ok()
            }

            fn public_point(secret: &Self::Secret) -> Box<[u8]> {
                secret.verifying_key().to_sec1_point(false).to_bytes()
            }

            fn agree(secret: &Self::Secret, peer: &[u8]) -> Option<SharedSecret> {
                let peer = $library::PublicKey::from_sec1_bytes(uncompressed(peer)?).ok()?;
                let shared =
                    $library::ecdh::diffie_hellman(secret.as_nonzero_scalar(), peer.as_affine());
                Some(Zeroizing::new(shared.raw_secret_bytes().to_vec()))
            }

            fn sign(secret: &Self::Secret, message: &[u8]) -> Option<Vec<u8>> {
                use $library::ecdsa::signature::Signer;
                let signature: $library::ecdsa::DerSignature = secret.try_sign(message).ok()?;
                Some(signature.as_bytes().to_vec())
            }

            fn verify(point: &[u8], prehash: &[u8], signature: &[u8]) -> bool {
                use $library::ecdsa::signature::hazmat::PrehashVerifier;
                let Some(point) = uncompressed(point) else {
                    return false;
                };
                let key = $library::ecdsa::VerifyingKey::from_sec1_bytes(point);
                let signature = $library::ecdsa::Signature::from_der(signature);
                match (key, signature) {
                    (Ok(key), Ok(signature)) => key.verify_prehash(prehash, &signature).is_ok(),
                    _ => false,
                }
            }
        }
    };
}

rustcrypto_curve!(
    /// NIST P-256, `secp256r1`, from the crate `p256`.
    P256,
    p256,
    32,
    SECP256R1,
    EcdsaP256Sha256,
    ECDSA_P256
);
#[cfg(feature = "p384")]
rustcrypto_curve!(
    /// NIST P-384, `secp384r1`, from the crate `p384`.
    P384,
    p384,
    48,
    SECP384R1,
    EcdsaP384Sha384,
    ECDSA_P384
);

/// The scalar in a PKCS#8 document (RFC 5958 §2); `None` when it is not one for this curve.
pub(super) fn secret_from_pkcs8<C: NistCurve>(der: &[u8]) -> Option<C::Secret> {
    let mut fields = whole_sequence(der)?;
    if !matches!(fields.read(tag::INTEGER)?, [0 | 1]) {
        return None;
    }
    if fields.read(tag::SEQUENCE)? != C::KEY_ALGORITHM.as_ref() {
        return None;
    }
    // Attributes, and the public key once more, may follow.
    secret_from_sec1::<C>(fields.read(tag::OCTET_STRING)?)
}

/// The scalar in an `ECPrivateKey` (RFC 5915 §3); `None` when it is not one for this curve, or belongs to
/// another point than the key says. Costs one multiplication.
pub(super) fn secret_from_sec1<C: NistCurve>(der: &[u8]) -> Option<C::Secret> {
    let mut fields = whole_sequence(der)?;
    if fields.read(tag::INTEGER)? != [1] {
        return None;
    }
    let scalar = fields.read(tag::OCTET_STRING)?;
    if let Some(parameters) = fields.read_if(tag::constructed(0)) {
        let mut algorithm = Reader::new(C::KEY_ALGORITHM.as_ref());
        algorithm.read(tag::OBJECT_IDENTIFIER)?;
        if parameters != algorithm.rest() {
            return None;
        }
    }
    let said = match fields.is_empty() {
        true => None,
        false => {
            let mut said = Reader::new(fields.read(tag::constructed(1))?);
            Some(said.read(tag::BIT_STRING)?.strip_prefix(&[0])?)
        }
    };
    if !fields.is_empty() {
        return None;
    }
    let secret = C::secret(scalar)?;
    match said {
        Some(said) if !is_point(said, &C::public_point(&secret)) => None,
        _ => Some(secret),
    }
}

/// The elements of a sequence that is all there is.
fn whole_sequence(der: &[u8]) -> Option<Reader<'_>> {
    let mut whole = Reader::new(der);
    let inside = whole.read(tag::SEQUENCE)?;
    whole.is_empty().then(|| Reader::new(inside))
}

/// Whether `said` is this uncompressed point, or its compressed form (SEC 1 §2.3.3).
fn is_point(said: &[u8], point: &[u8]) -> bool {
    match (said.split_first(), point.split_last()) {
        (Some((2 | 3, x)), Some((last, _))) => {
            said[0] & 1 == last & 1
                && point.get(1..=x.len()) == Some(x)
                && point.len() == 2 * x.len() + 1
        }
        _ => said == point,
    }
}

/// `point` if it claims the uncompressed form; the libraries also read the compressed one.
pub(super) fn uncompressed(point: &[u8]) -> Option<&[u8]> {
    matches!(point.first(), Some(0x04)).then_some(point)
}

#[cfg(test)]
mod tests;
