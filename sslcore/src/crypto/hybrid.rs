//! Hybrid key exchanges: ML-KEM-768 (FIPS 203) beside a group of old. The secret stays unknown for as
//! long as one of the two holds (draft-ietf-tls-ecdhe-mlkem; draft-ietf-tls-hybrid-design).

#[cfg(feature = "ml-kem")]
pub(super) mod ml_kem;

use alloc::boxed::Box;
use alloc::vec::Vec;

use zeroize::Zeroizing;

#[cfg(feature = "engine")]
use super::kx::Steps;
use super::kx::{Answer, KeyExchange, KeyPair, KxError, SharedSecret};
use crate::protocol::group;

/// Length of an encapsulation key, which a client shares (FIPS 203 §8, table 3).
const KEY_LEN: usize = 1184;
/// Length of a ciphertext, which a server shares.
const CIPHERTEXT_LEN: usize = 1088;

/// ML-KEM-768, of one library.
pub(super) trait MlKem: Clone + Send + Sync + 'static {
    /// What decapsulates; wiped on drop.
    type Key: Send + Sync + 'static;

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

impl<C: KeyExchange, K: MlKem> KeyExchange for Hybrid<C, K> {
    fn group(&self) -> u16 {
        self.layout.group
    }

    fn generate(&self) -> Result<Box<dyn KeyPair>, KxError> {
        let classical = self.classical.generate()?;
        Ok(Box::new(Pair::beside(
            classical,
            &self.ml_kem,
            self.layout,
        )?))
    }

    #[cfg(feature = "engine")]
    fn begin_generate(&self) -> Result<Steps<Box<dyn KeyPair>>, KxError> {
        let classical = self.classical.generate()?;
        let (ml_kem, layout) = (self.ml_kem.clone(), self.layout);
        Ok(Steps::More(Box::new(move || {
            let pair = Pair::beside(classical, &ml_kem, layout)?;
            Ok(Steps::Done(Box::new(pair)))
        })))
    }

    #[cfg(feature = "engine")]
    fn begin_answer(&self, share: &[u8]) -> Result<Steps<Answer>, KxError> {
        let (key, classical) = self.layout.split(share, KEY_LEN)?;
        let (key, classical) = (key.to_vec(), classical.to_vec());
        let pair = self.classical.generate()?;
        let (ml_kem, layout) = (self.ml_kem.clone(), self.layout);
        Ok(Steps::More(Box::new(move || {
            let own = pair.share().to_vec();
            let agreed = pair.agree(&classical)?;
            Ok(Steps::More(Box::new(move || {
                let (ciphertext, secret) = ml_kem.encapsulate(&key)?;
                Ok(Steps::Done(Answer {
                    share: layout.join(&ciphertext, &own),
                    secret: Zeroizing::new(layout.join(&secret, &agreed)),
                }))
            })))
        })))
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
    /// Until its half is agreed upon.
    classical: Option<Box<dyn KeyPair>>,
    key: K::Key,
    share: Vec<u8>,
}

impl<K: MlKem> Pair<K> {
    /// With a key of ML-KEM beside this pair.
    fn beside(classical: Box<dyn KeyPair>, ml_kem: &K, layout: Layout) -> Result<Self, KxError> {
        let (key, share) = ml_kem.generate()?;
        Ok(Self {
            share: layout.join(&share, classical.share()),
            layout,
            key,
            classical: Some(classical),
        })
    }

    /// Its half of the secret.
    fn agree_half(&mut self, share: &[u8]) -> Result<SharedSecret, KxError> {
        let pair = self.classical.take().ok_or(KxError::Share)?;
        pair.agree(share)
    }
}

impl<K: MlKem> KeyPair for Pair<K> {
    fn share(&self) -> &[u8] {
        &self.share
    }

    fn agree(mut self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
        let (ciphertext, classical) = self.layout.split(share, CIPHERTEXT_LEN)?;
        let classical = self.agree_half(classical)?;
        let secret = K::decapsulate(&self.key, ciphertext)?;
        Ok(Zeroizing::new(self.layout.join(&secret, &classical)))
    }

    #[cfg(feature = "engine")]
    fn begin_agree(mut self: Box<Self>, share: &[u8]) -> Result<Steps<SharedSecret>, KxError> {
        let (ciphertext, classical) = self.layout.split(share, CIPHERTEXT_LEN)?;
        let ciphertext = ciphertext.to_vec();
        let agreed = self.agree_half(classical)?;
        // The key stays where it is: what moves leaves a copy behind.
        Ok(Steps::More(Box::new(move || {
            let secret = K::decapsulate(&self.key, &ciphertext)?;
            let joined = self.layout.join(&secret, &agreed);
            Ok(Steps::Done(Zeroizing::new(joined)))
        })))
    }

    fn classical(&self) -> Option<(u16, &[u8])> {
        let pair = self.classical.as_ref()?;
        Some((self.layout.classical, pair.share()))
    }

    fn agree_classical(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
        let pair = self.classical.ok_or(KxError::Share)?;
        pair.agree(share)
    }
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use alloc::sync::Arc;
    use core::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Counts what it is asked for, and does nothing secret.
    #[derive(Clone, Default)]
    struct Counted(Arc<AtomicUsize>);

    impl Counted {
        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }

        fn add(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl KeyExchange for Counted {
        fn group(&self) -> u16 {
            group::X25519
        }

        fn generate(&self) -> Result<Box<dyn KeyPair>, KxError> {
            self.add();
            Ok(Box::new(Own(self.clone())))
        }
    }

    struct Own(Counted);

    impl KeyPair for Own {
        fn share(&self) -> &[u8] {
            &[7; 32]
        }

        fn agree(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
            self.0.add();
            Ok(Zeroizing::new(share.to_vec()))
        }
    }

    impl MlKem for Counted {
        type Key = Self;

        fn generate(&self) -> Result<(Self::Key, Vec<u8>), KxError> {
            self.add();
            Ok((self.clone(), alloc::vec![8; KEY_LEN]))
        }

        fn encapsulate(&self, key: &[u8]) -> Result<(Vec<u8>, SharedSecret), KxError> {
            self.add();
            Ok((
                alloc::vec![key[0]; CIPHERTEXT_LEN],
                Zeroizing::new(alloc::vec![key[0]; 32]),
            ))
        }

        fn decapsulate(key: &Self::Key, ciphertext: &[u8]) -> Result<SharedSecret, KxError> {
            key.add();
            Ok(Zeroizing::new(ciphertext[..32].to_vec()))
        }
    }

    /// Takes all the steps, and says how many operations each has cost.
    fn counted<T>(
        operations: &Counted,
        first: impl FnOnce() -> Result<Steps<T>, KxError>,
    ) -> (T, Vec<usize>) {
        let mut costs = Vec::new();
        let mut before = operations.count();
        let mut steps = first();
        loop {
            let now = operations.count();
            costs.push(now - before);
            before = now;
            match steps.expect("no step fails") {
                Steps::Done(made) => return (made, costs),
                Steps::More(next) => steps = next(),
            }
        }
    }

    #[test]
    fn each_step_costs_one_operation_and_all_of_them_come_to_the_same() {
        let operations = Counted::default();
        for hybrid in [
            Hybrid::x25519(operations.clone(), operations.clone()),
            Hybrid::p256(operations.clone(), operations.clone()),
        ] {
            let (pair, costs) = counted(&operations, || hybrid.begin_generate());
            assert_eq!(costs, [1, 1]);
            let whole = hybrid.generate().expect("a pair");
            assert_eq!(pair.share(), whole.share());
            assert_eq!(pair.classical(), whole.classical());

            let share = alloc::vec![9; hybrid.layout.classical_len + KEY_LEN];
            let (answer, costs) = counted(&operations, || hybrid.begin_answer(&share));
            assert_eq!(costs, [1, 1, 1]);
            let same = hybrid.answer(&share).expect("an answer");
            assert_eq!((answer.share, &*answer.secret), (same.share, &*same.secret));

            let theirs = alloc::vec![6; hybrid.layout.classical_len + CIPHERTEXT_LEN];
            let (secret, costs) = counted(&operations, || pair.begin_agree(&theirs));
            assert_eq!(costs, [1, 1]);
            assert_eq!(*secret, *whole.agree(&theirs).expect("a secret"));

            // Of another length nothing is begun.
            let before = operations.count();
            let short = &theirs[1..];
            let pair = hybrid.generate().expect("a pair");
            assert!(matches!(pair.begin_agree(short), Err(KxError::Share)));
            assert!(matches!(hybrid.begin_answer(short), Err(KxError::Share)));
            assert_eq!(operations.count(), before + 2, "the pair alone");
        }
    }
}
