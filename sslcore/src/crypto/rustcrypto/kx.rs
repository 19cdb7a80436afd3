//! Ephemeral key exchange: X25519 (RFC 7748) and ECDH over the NIST curves.

use alloc::boxed::Box;
#[cfg(feature = "ml-kem")]
use core::borrow::Borrow;
use core::fmt;
use core::marker::PhantomData;

use rustls::crypto::{ActiveKeyExchange, SecureRandom, SharedSecret, SupportedKxGroup};
use rustls::{Error, NamedGroup, PeerMisbehaved};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::entropy::Entropy;
use super::nist::NistCurve;

/// How often a scalar is drawn before the source counts as stuck. A good source has a P-256 scalar
/// refused once in 2^32 draws, so four in a row do not happen.
const DRAWS: usize = 4;

/// Room for the longest scalar, of P-384.
const MAX_SCALAR_LEN: usize = 48;

pub(super) struct X25519 {
    entropy: Entropy,
}

impl X25519 {
    pub(super) const fn new(entropy: Entropy) -> Self {
        Self { entropy }
    }
}

#[cfg(feature = "ml-kem")]
impl Borrow<dyn SupportedKxGroup> for X25519 {
    fn borrow(&self) -> &(dyn SupportedKxGroup + 'static) {
        self
    }
}

impl fmt::Debug for X25519 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name().fmt(f)
    }
}

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.entropy.fill(&mut *bytes)?;
        let secret = StaticSecret::from(*bytes);
        let public = PublicKey::from(&secret);
        Ok(Box::new(X25519Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct X25519Exchange {
    secret: StaticSecret,
    public: PublicKey,
}

impl ActiveKeyExchange for X25519Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer: [u8; 32] = peer
            .try_into()
            .map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let shared = self.secret.diffie_hellman(&PublicKey::from(peer));
        // A point of small order makes the secret all zero, known to everyone (RFC 8446 §7.4.2).
        if !shared.was_contributory() {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        Ok(SharedSecret::from(shared.as_bytes().as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

pub(super) struct Ecdh<C> {
    entropy: Entropy,
    curve: PhantomData<fn() -> C>,
}

impl<C> Ecdh<C> {
    pub(super) const fn new(entropy: Entropy) -> Self {
        Self {
            entropy,
            curve: PhantomData,
        }
    }
}

impl<C: NistCurve> Ecdh<C> {
    fn draw(&self) -> Result<C::Secret, Error> {
        let mut bytes = Zeroizing::new([0; MAX_SCALAR_LEN]);
        let bytes = &mut bytes[..C::SCALAR_LEN];
        for _ in 0..DRAWS {
            self.entropy.fill(bytes)?;
            // Rejection, not reduction, keeps the scalar uniform (FIPS 186-5 §A.2.2).
            if let Some(secret) = C::secret(bytes) {
                return Ok(secret);
            }
        }
        Err(Error::FailedToGetRandomBytes)
    }
}

#[cfg(feature = "ml-kem")]
impl<C: NistCurve> Borrow<dyn SupportedKxGroup> for Ecdh<C> {
    fn borrow(&self) -> &(dyn SupportedKxGroup + 'static) {
        self
    }
}

impl<C: NistCurve> fmt::Debug for Ecdh<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        C::GROUP.fmt(f)
    }
}

impl<C: NistCurve> SupportedKxGroup for Ecdh<C> {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = self.draw()?;
        let public = C::public_point(&secret);
        Ok(Box::new(EcdhExchange::<C> { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        C::GROUP
    }
}

struct EcdhExchange<C: NistCurve> {
    secret: C::Secret,
    public: Box<[u8]>,
}

impl<C: NistCurve> ActiveKeyExchange for EcdhExchange<C> {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        C::agree(&self.secret, peer).ok_or_else(|| PeerMisbehaved::InvalidKeyShare.into())
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        C::GROUP
    }
}
