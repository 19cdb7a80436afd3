//! Hybrid key exchanges: ML-KEM-768 (FIPS 203) beside a group of old. The secret stays unknown for as
//! long as one of the two holds (draft-ietf-tls-ecdhe-mlkem; draft-ietf-tls-hybrid-design).

#[cfg(feature = "ring")]
pub(super) mod ring;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;

use ml_kem::ml_kem_768::{Ciphertext, DecapsulationKey, EncapsulationKey};
use ml_kem::{Decapsulate, Key, KeyExport};
use rustls::crypto::{
    ActiveKeyExchange, CompletedKeyExchange, SecureRandom, SharedSecret, SupportedKxGroup,
};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};
use zeroize::Zeroizing;

/// Length of an encapsulation key, which a client shares (FIPS 203 §8, table 3).
const KEY_LEN: usize = 1184;
/// Length of a ciphertext, which a server shares.
const CIPHERTEXT_LEN: usize = 1088;

const INVALID_KEY_SHARE: Error = Error::PeerMisbehaved(PeerMisbehaved::InvalidKeyShare);

/// How a group is put together. In shares and secrets the two halves stand in the same order.
#[derive(Clone, Copy)]
struct Layout {
    group: NamedGroup,
    /// Length of the classical half of a share.
    classical_len: usize,
    ml_kem_is_first: bool,
}

impl Layout {
    /// The halves of what the peer shares: of ML-KEM, and classical.
    fn split<'a>(&self, share: &'a [u8], ml_kem_len: usize) -> Result<(&'a [u8], &'a [u8]), Error> {
        if share.len() != ml_kem_len + self.classical_len {
            return Err(INVALID_KEY_SHARE);
        }
        Ok(match self.ml_kem_is_first {
            true => share.split_at(ml_kem_len),
            false => {
                let (classical, ml_kem) = share.split_at(self.classical_len);
                (ml_kem, classical)
            }
        })
    }

    /// Allocates once, so that no half of a secret is left behind.
    fn join(&self, ml_kem: &[u8], classical: &[u8]) -> Vec<u8> {
        match self.ml_kem_is_first {
            true => [ml_kem, classical].concat(),
            false => [classical, ml_kem].concat(),
        }
    }
}

/// A hybrid group over the classical group `C`, with randomness for ML-KEM from `R`.
pub(super) struct Hybrid<C, R> {
    layout: Layout,
    classical: C,
    random: R,
}

impl<C, R> Hybrid<C, R> {
    /// X25519MLKEM768, over X25519.
    pub(super) const fn x25519(classical: C, random: R) -> Self {
        let layout = Layout {
            group: NamedGroup::X25519MLKEM768,
            classical_len: 32,
            ml_kem_is_first: true,
        };
        Self {
            layout,
            classical,
            random,
        }
    }

    /// SecP256r1MLKEM768, over P-256.
    pub(super) const fn p256(classical: C, random: R) -> Self {
        let layout = Layout {
            group: NamedGroup::secp256r1MLKEM768,
            classical_len: 65,
            ml_kem_is_first: false,
        };
        Self {
            layout,
            classical,
            random,
        }
    }
}

impl<C, R> fmt::Debug for Hybrid<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.layout.group.fmt(f)
    }
}

impl<C, R> SupportedKxGroup for Hybrid<C, R>
where
    C: Borrow<dyn SupportedKxGroup> + Send + Sync,
    R: SecureRandom,
{
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let classical = self.classical.borrow().start()?;
        let mut seed = Zeroizing::new([0; 64]);
        self.random.fill(&mut *seed)?;
        let key = DecapsulationKey::from_seed((*seed).into());
        let share = key.encapsulation_key().to_bytes();
        Ok(Box::new(Exchange {
            layout: self.layout,
            share: self.layout.join(&share, classical.pub_key()),
            key,
            classical,
        }))
    }

    fn start_and_complete(&self, share: &[u8]) -> Result<CompletedKeyExchange, Error> {
        let (key, classical) = self.layout.split(share, KEY_LEN)?;
        let key = Key::<EncapsulationKey>::try_from(key).map_err(|_| INVALID_KEY_SHARE)?;
        // Refuses numbers that are not below the modulus (FIPS 203 §7.2).
        let key = EncapsulationKey::new(&key).map_err(|_| INVALID_KEY_SHARE)?;
        let classical = self.classical.borrow().start_and_complete(classical)?;
        let mut message = Zeroizing::new([0; 32]);
        self.random.fill(&mut *message)?;
        let (ciphertext, secret) = key.encapsulate_deterministic(&(*message).into());
        let secret = Zeroizing::new(secret);
        let secret = self.layout.join(&secret, classical.secret.secret_bytes());
        Ok(CompletedKeyExchange {
            group: self.layout.group,
            pub_key: self.layout.join(&ciphertext, &classical.pub_key),
            secret: SharedSecret::from(secret),
        })
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        self.layout.group
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

/// The client's half way.
struct Exchange {
    layout: Layout,
    classical: Box<dyn ActiveKeyExchange>,
    key: DecapsulationKey,
    share: Vec<u8>,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, classical) = self.layout.split(share, CIPHERTEXT_LEN)?;
        let ciphertext = Ciphertext::try_from(ciphertext).map_err(|_| INVALID_KEY_SHARE)?;
        let classical = self.classical.complete(classical)?;
        let secret = Zeroizing::new(self.key.decapsulate(&ciphertext));
        let secret = self.layout.join(&secret, classical.secret_bytes());
        Ok(SharedSecret::from(secret))
    }

    /// Has rustls send the classical half as a share of its own, too, where that group is wanted.
    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((self.classical.group(), self.classical.pub_key()))
    }

    fn complete_hybrid_component(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, Error> {
        self.classical.complete(share)
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        self.layout.group
    }
}
