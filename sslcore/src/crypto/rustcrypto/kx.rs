//! Ephemeral key exchange: X25519 (RFC 7748) and ECDH over the NIST curves.

use alloc::boxed::Box;
#[cfg(feature = "rustcrypto-core")]
use core::marker::PhantomData;

use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

#[cfg(feature = "rustcrypto-core")]
use super::nist::NistCurve;
use crate::crypto::entropy::EntropySource;
use crate::crypto::kx::{KeyExchange, KeyPair, KxError, SharedSecret};
use crate::protocol::group;

/// How often a scalar is drawn before the source counts as stuck. A good source has a P-256 scalar
/// refused once in 2^32 draws, so four in a row do not happen.
#[cfg(feature = "rustcrypto-core")]
const DRAWS: usize = 4;

/// Room for the longest scalar, of P-384.
#[cfg(feature = "rustcrypto-core")]
const MAX_SCALAR_LEN: usize = 48;

#[derive(Clone, Copy)]
pub(super) struct X25519(pub(super) &'static dyn EntropySource);

impl KeyExchange for X25519 {
    fn group(&self) -> u16 {
        group::X25519
    }

    fn generate(&self) -> Result<Box<dyn KeyPair>, KxError> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.0.fill(&mut *bytes)?;
        let secret = StaticSecret::from(*bytes);
        let public = PublicKey::from(&secret);
        Ok(Box::new(X25519Pair { secret, public }))
    }
}

struct X25519Pair {
    secret: StaticSecret,
    public: PublicKey,
}

impl KeyPair for X25519Pair {
    fn share(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn agree(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
        let peer: [u8; 32] = share.try_into().map_err(|_| KxError::Share)?;
        let shared = self.secret.diffie_hellman(&PublicKey::from(peer));
        // A point of small order makes the secret all zero, known to everyone (RFC 8446 §7.4.2).
        if !shared.was_contributory() {
            return Err(KxError::Share);
        }
        Ok(Zeroizing::new(shared.as_bytes().to_vec()))
    }
}

#[cfg(feature = "rustcrypto-core")]
pub(super) struct Ecdh<C> {
    entropy: &'static dyn EntropySource,
    curve: PhantomData<fn() -> C>,
}

#[cfg(feature = "rustcrypto-core")]
impl<C> Ecdh<C> {
    pub(super) const fn new(entropy: &'static dyn EntropySource) -> Self {
        Self {
            entropy,
            curve: PhantomData,
        }
    }
}

#[cfg(feature = "rustcrypto-core")]
impl<C: NistCurve> Ecdh<C> {
    fn draw(&self) -> Result<C::Secret, KxError> {
        let mut bytes = Zeroizing::new([0; MAX_SCALAR_LEN]);
        let bytes = &mut bytes[..C::SCALAR_LEN];
        for _ in 0..DRAWS {
            self.entropy.fill(bytes)?;
            // Rejection, not reduction, keeps the scalar uniform (FIPS 186-5 §A.2.2).
            if let Some(secret) = C::secret(bytes) {
                return Ok(secret);
            }
        }
        Err(KxError::Random)
    }
}

#[cfg(feature = "rustcrypto-core")]
impl<C: NistCurve> KeyExchange for Ecdh<C> {
    fn group(&self) -> u16 {
        C::GROUP
    }

    fn generate(&self) -> Result<Box<dyn KeyPair>, KxError> {
        let secret = self.draw()?;
        let public = C::public_point(&secret);
        Ok(Box::new(EcdhPair::<C> { secret, public }))
    }
}

#[cfg(feature = "rustcrypto-core")]
struct EcdhPair<C: NistCurve> {
    secret: C::Secret,
    public: Box<[u8]>,
}

#[cfg(feature = "rustcrypto-core")]
impl<C: NistCurve> KeyPair for EcdhPair<C> {
    fn share(&self) -> &[u8] {
        &self.public
    }

    fn agree(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
        C::agree(&self.secret, share).ok_or(KxError::Share)
    }
}
