//! The seam under P-256 and P-384: what TLS asks of a NIST curve.
//!
//! Everything else in this backend is written against [`NistCurve`], so that another
//! implementation of P-256, say in assembly for one core, is one more `impl` of it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::Debug;

use p256::elliptic_curve::point::AffineCoordinates;
use rustls_pki_types::{AlgorithmIdentifier, alg_id};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::crypto::kx::SharedSecret;
use crate::protocol::{SignatureScheme, group};
use crate::x509::der::{Reader, tag};
use crate::x509::ec_private_key::EcPrivateKey;
use crate::x509::pkcs8::PrivateKeyInfo;

/// How the uncompressed form of a point begins (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

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
                let peer = Self::public_key(peer)?;
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
                let signature = $library::ecdsa::Signature::from_der(signature);
                let (Some(key), Ok(signature)) = (Self::public_key(point), signature) else {
                    return false;
                };
                let key = $library::ecdsa::VerifyingKey::from(key);
                key.verify_prehash(prehash, &signature).is_ok()
            }
        }

        impl $curve {
            /// By its coordinates: what reads a point in any form would have the square root with it.
            fn public_key(point: &[u8]) -> Option<$library::PublicKey> {
                let (x, y) = coordinates(point)?.split_at_checked($len)?;
                let (x, y) = (x.try_into().ok()?, y.try_into().ok()?);
                let point = $library::AffinePoint::from_coordinates(x, y).into_option()?;
                $library::PublicKey::from_affine(point).ok()
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

/// Reads a document: [`from_pkcs8`] and [`from_sec1`]. `None` when it has no key of this algorithm.
pub(super) type ReadKey = for<'a> fn(&'a [u8], &AlgorithmIdentifier) -> Option<EcPrivateKey<'a>>;

/// The secret in a document; `None` when it is not one for this curve, or belongs to another point than the
/// document says. Costs one multiplication.
pub(super) fn secret<C: NistCurve>(der: &[u8], read: ReadKey) -> Option<C::Secret> {
    let key = read(der, &C::KEY_ALGORITHM)?;
    let secret = C::secret(key.scalar)?;
    match key.point {
        Some(said) if !is_point(said, &C::public_point(&secret)) => None,
        _ => Some(secret),
    }
}

/// The key in a PKCS#8 document (RFC 5958 §2).
pub(super) fn from_pkcs8<'a>(
    der: &'a [u8],
    algorithm: &AlgorithmIdentifier,
) -> Option<EcPrivateKey<'a>> {
    let info = PrivateKeyInfo::read(der)?;
    match info.algorithm == algorithm.as_ref() {
        true => from_sec1(info.key, algorithm),
        false => None,
    }
}

/// The key in a document of its own (RFC 5915 §3).
pub(super) fn from_sec1<'a>(
    der: &'a [u8],
    algorithm: &AlgorithmIdentifier,
) -> Option<EcPrivateKey<'a>> {
    let mut algorithm = Reader::new(algorithm.as_ref());
    algorithm.read(tag::OBJECT_IDENTIFIER)?;
    EcPrivateKey::read(der).filter(|key| key.curve.is_none_or(|curve| curve == algorithm.rest()))
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

/// Both coordinates of a point in the uncompressed form.
fn coordinates(point: &[u8]) -> Option<&[u8]> {
    point.strip_prefix(&[UNCOMPRESSED])
}

/// `point` if it claims the uncompressed form.
pub(super) fn uncompressed(point: &[u8]) -> Option<&[u8]> {
    coordinates(point).map(|_| point)
}

#[cfg(test)]
mod tests;
