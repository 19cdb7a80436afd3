//! Hybrid key exchanges: ML-KEM-768 (FIPS 203) beside a group of old. The secret stays unknown for as
//! long as one of the two holds (draft-ietf-tls-ecdhe-mlkem; draft-ietf-tls-hybrid-design).

#[cfg(feature = "ml-kem")]
pub(super) mod ml_kem;

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::kx::{Answer, KeyExchange, KeyPair, KxError, SharedSecret};
use crate::protocol::group;

/// Length of an encapsulation key, which a client shares (FIPS 203 §8, table 3).
const KEY_LEN: usize = 1184;
/// Length of a ciphertext, which a server shares.
const CIPHERTEXT_LEN: usize = 1088;

/// ML-KEM-768, of one library.
pub(super) trait MlKem: Send + Sync {
    /// What decapsulates; wiped on drop.
    type Key: Send + Sync;

    /// A new key, and the encapsulation key that goes with it.
    ///
    /// # Errors
    /// [`KxError::Random`].
    fn generate(&self) -> Result<(Self::Key, Vec<u8>), KxError>;

    /// A ciphertext for the owner of an encapsulation key, and the secret in it.
    ///
    /// # Errors
    /// [`KxError::Share`] for a key with numbers that are not below the modulus (FIPS 203 §7.2);
    /// [`KxError::Random`].
    fn encapsulate(&self, key: &[u8]) -> Result<(Vec<u8>, SharedSecret), KxError>;

    /// The secret in a ciphertext.
    ///
    /// # Errors
    /// [`KxError::Share`] for another length.
    fn decapsulate(key: &Self::Key, ciphertext: &[u8]) -> Result<SharedSecret, KxError>;
}

/// How a group is put together. In shares and secrets the two halves stand in the same order.
#[derive(Clone, Copy)]
struct Layout {
    group: u16,
    classical: u16,
    /// Length of the classical half of a share.
    classical_len: usize,
    ml_kem_is_first: bool,
}

impl Layout {
    /// The halves of what the peer shares: of ML-KEM, and classical.
    fn split<'a>(
        &self,
        share: &'a [u8],
        ml_kem_len: usize,
    ) -> Result<(&'a [u8], &'a [u8]), KxError> {
        if share.len() != ml_kem_len + self.classical_len {
            return Err(KxError::Share);
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

/// A hybrid group over the classical group `C`, with ML-KEM from `K`.
pub(super) struct Hybrid<C, K> {
    layout: Layout,
    classical: C,
    ml_kem: K,
}

impl<C, K> Hybrid<C, K> {
    /// X25519MLKEM768, over X25519.
    pub(super) const fn x25519(classical: C, ml_kem: K) -> Self {
        let layout = Layout {
            group: group::X25519_MLKEM768,
            classical: group::X25519,
            classical_len: 32,
            ml_kem_is_first: true,
        };
        Self {
            layout,
            classical,
            ml_kem,
        }
    }

    /// SecP256r1MLKEM768, over P-256.
    pub(super) const fn p256(classical: C, ml_kem: K) -> Self {
        let layout = Layout {
            group: group::SECP256R1_MLKEM768,
            classical: group::SECP256R1,
            classical_len: 65,
            ml_kem_is_first: false,
        };
        Self {
            layout,
            classical,
            ml_kem,
        }
    }
}

impl<C: KeyExchange, K: MlKem + 'static> KeyExchange for Hybrid<C, K> {
    fn group(&self) -> u16 {
        self.layout.group
    }

    fn generate(&self) -> Result<Box<dyn KeyPair>, KxError> {
        let classical = self.classical.generate()?;
        let (key, share) = self.ml_kem.generate()?;
        Ok(Box::new(Pair::<K> {
            layout: self.layout,
            share: self.layout.join(&share, classical.share()),
            key,
            classical,
        }))
    }

    fn answer(&self, share: &[u8]) -> Result<Answer, KxError> {
        let (key, classical) = self.layout.split(share, KEY_LEN)?;
        let classical = self.classical.answer(classical)?;
        let (ciphertext, secret) = self.ml_kem.encapsulate(key)?;
        Ok(Answer {
            share: self.layout.join(&ciphertext, &classical.share),
            secret: Zeroizing::new(self.layout.join(&secret, &classical.secret)),
        })
    }
}

/// The client's half way.
struct Pair<K: MlKem> {
    layout: Layout,
    classical: Box<dyn KeyPair>,
    key: K::Key,
    share: Vec<u8>,
}

impl<K: MlKem> KeyPair for Pair<K> {
    fn share(&self) -> &[u8] {
        &self.share
    }

    fn agree(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
        let (ciphertext, classical) = self.layout.split(share, CIPHERTEXT_LEN)?;
        let classical = self.classical.agree(classical)?;
        let secret = K::decapsulate(&self.key, ciphertext)?;
        Ok(Zeroizing::new(self.layout.join(&secret, &classical)))
    }

    fn classical(&self) -> Option<(u16, &[u8])> {
        Some((self.layout.classical, self.classical.share()))
    }

    fn agree_classical(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
        self.classical.agree(share)
    }
}
