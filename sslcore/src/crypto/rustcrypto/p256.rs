//! P-256 by other means: assembly for one core, or the accelerator of a device.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use p256::ecdsa::Signature;
use rustls_pki_types::{AlgorithmIdentifier, alg_id};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::nist::{NistCurve, uncompressed};
use crate::crypto::kx::SharedSecret;
use crate::protocol::{SignatureScheme, group};

/// An implementation of NIST P-256 (SEC 2, `secp256r1`), for
/// [`RustCryptoWith`](super::RustCryptoWith). The functions have no `self`: an accelerator is found by
/// whoever implements this, and they may be called from several threads.
///
/// Numbers are big endian; points are in the uncompressed form of SEC 1 §2.3.3, 65 bytes that begin
/// with 4. What takes a scalar must take the same time whatever it is. Scalars come from
/// [`EntropySource`](super::EntropySource) and from private keys, and are wiped here when they are
/// done with.
///
/// ```
/// use sslcore::crypto::rustcrypto::{EntropySource, P256Operations, RustCryptoWith};
///
/// /// A device whose accelerator has been switched off: with it there is no P-256, X25519 stays.
/// #[derive(Debug)]
/// struct Off;
///
/// impl P256Operations for Off {
///     fn public_point(_scalar: &[u8; 32]) -> Option<[u8; 65]> {
///         None
///     }
///     fn agree(_scalar: &[u8; 32], _peer: &[u8; 65]) -> Option<[u8; 32]> {
///         None
///     }
///     fn sign(_scalar: &[u8; 32], _hash: &[u8; 32]) -> Option<[u8; 64]> {
///         None
///     }
///     fn verify(_point: &[u8; 65], _hash: &[u8; 32], _signature: &[u8; 64]) -> bool {
///         false
///     }
/// }
///
/// # fn f(trng: &'static dyn EntropySource) {
/// let crypto: &'static RustCryptoWith<Off> = Box::leak(Box::new(RustCryptoWith::new(trng)));
/// assert_eq!(crypto.backend().name(), "rustcrypto");
/// # }
/// ```
pub trait P256Operations: fmt::Debug + Send + Sync + 'static {
    /// The public point of a private scalar; `None` unless the scalar is in `1..order`. Should it be
    /// `None` four times in a row, a handshake fails for want of randomness.
    fn public_point(scalar: &[u8; 32]) -> Option<[u8; 65]>;

    /// The x coordinate of the product of a scalar and a point: ECDH (SEC 1 §3.3.1). `None` when
    /// `peer`, which is the peer's choice, is not a point of the curve: **this must be checked**, or
    /// the peer learns the scalar.
    fn agree(scalar: &[u8; 32], peer: &[u8; 65]) -> Option<[u8; 32]>;

    /// An ECDSA signature over a hash, `r` and behind it `s` (FIPS 186-5 §6.4.1). `None` fails the
    /// handshake. The secret number of each signature must never be known or repeat: RFC 6979 makes
    /// it of scalar and hash.
    fn sign(scalar: &[u8; 32], hash: &[u8; 32]) -> Option<[u8; 64]>;

    /// Whether an ECDSA signature, `r` and behind it `s`, both in `1..order`, is good. All three are the
    /// peer's choice; `point` may not be on the curve.
    fn verify(point: &[u8; 65], hash: &[u8; 32], signature: &[u8; 64]) -> bool;
}

/// The curve, by these operations.
pub(super) struct Given<O>(PhantomData<fn() -> O>);

impl<O> fmt::Debug for Given<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P256")
    }
}

/// A scalar, with its point.
pub(super) struct Secret {
    scalar: [u8; 32],
    point: [u8; 65],
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.scalar.zeroize();
    }
}

impl ZeroizeOnDrop for Secret {}

impl<O: P256Operations> NistCurve for Given<O> {
    const GROUP: u16 = group::SECP256R1;
    const SCHEME: SignatureScheme = SignatureScheme::EcdsaP256Sha256;
    const KEY_ALGORITHM: AlgorithmIdentifier = alg_id::ECDSA_P256;
    const SCALAR_LEN: usize = 32;

    type Secret = Secret;

    fn secret(bytes: &[u8]) -> Option<Secret> {
        let scalar = Zeroizing::new(<[u8; 32]>::try_from(bytes).ok()?);
        let point = O::public_point(&scalar)?;
        let scalar = *scalar;
        Some(Secret { scalar, point })
    }

    fn public_point(secret: &Secret) -> Box<[u8]> {
        secret.point.into()
    }

    fn agree(secret: &Secret, peer: &[u8]) -> Option<SharedSecret> {
        let x = Zeroizing::new(O::agree(&secret.scalar, whole(peer)?)?);
        Some(Zeroizing::new(x.to_vec()))
    }

    fn sign(secret: &Secret, message: &[u8]) -> Option<Vec<u8>> {
        let signature = O::sign(&secret.scalar, &Sha256::digest(message).into())?;
        let signature = Signature::from_slice(&signature).ok()?;
        Some(signature.to_der().as_bytes().to_vec())
    }

    fn verify(point: &[u8], prehash: &[u8], signature: &[u8]) -> bool {
        // Of a longer hash the first bits count (FIPS 186-5 §6.4.2).
        let (Some(point), Some(hash)) = (whole(point), prehash.first_chunk()) else {
            return false;
        };
        match Signature::from_der(signature) {
            Ok(signature) => O::verify(point, hash, &signature.to_bytes().into()),
            Err(_) => false,
        }
    }
}

fn whole(point: &[u8]) -> Option<&[u8; 65]> {
    uncompressed(point)?.try_into().ok()
}
