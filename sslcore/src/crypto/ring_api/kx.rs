//! X25519 and ECDH, and the random numbers of the system.

macro_rules! key_exchanges {
    ($library:ident, |$key:ident, $share:ident| $agree:expr) => {
        use alloc::boxed::Box;
        use alloc::vec::Vec;

        use zeroize::Zeroizing;
        use $library::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey};
        use $library::rand::{SecureRandom, SystemRandom};

        use crate::crypto::entropy::{EntropyError, EntropySource};
        use crate::crypto::kx::{KeyExchange, KeyPair, KxError, SharedSecret};
        use crate::protocol::group;

        /// The system's generator, through the library.
        #[derive(Debug)]
        pub(in crate::crypto) struct System;

        impl EntropySource for System {
            fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
                SystemRandom::new().fill(out).map_err(|_| EntropyError)
            }
        }

        #[derive(Clone, Copy)]
        pub(in crate::crypto) struct Ecdh {
            group: u16,
            algorithm: &'static agreement::Algorithm,
            share_len: usize,
        }

        pub(in crate::crypto) const X25519: Ecdh = Ecdh {
            group: group::X25519,
            algorithm: &agreement::X25519,
            share_len: 32,
        };

        pub(in crate::crypto) const P256: Ecdh = Ecdh {
            group: group::SECP256R1,
            algorithm: &agreement::ECDH_P256,
            share_len: 65,
        };

        pub(in crate::crypto) const P384: Ecdh = Ecdh {
            group: group::SECP384R1,
            algorithm: &agreement::ECDH_P384,
            share_len: 97,
        };

        impl KeyExchange for Ecdh {
            fn group(&self) -> u16 {
                self.group
            }

            fn generate(&self) -> Result<Box<dyn KeyPair>, KxError> {
                let key = EphemeralPrivateKey::generate(self.algorithm, &SystemRandom::new())
                    .map_err(|_| KxError::Random)?;
                let share = key.compute_public_key().map_err(|_| KxError::Random)?;
                Ok(Box::new(Pair {
                    exchange: *self,
                    share: share.as_ref().to_vec(),
                    key,
                }))
            }
        }

        struct Pair {
            exchange: Ecdh,
            key: EphemeralPrivateKey,
            share: Vec<u8>,
        }

        impl KeyPair for Pair {
            fn share(&self) -> &[u8] {
                &self.share
            }

            fn agree(self: Box<Self>, share: &[u8]) -> Result<SharedSecret, KxError> {
                let exchange = self.exchange;
                // Points are in the uncompressed form (RFC 8446 §4.2.8.2).
                let is_point = exchange.group == group::X25519 || share.first() == Some(&4);
                if share.len() != exchange.share_len || !is_point {
                    return Err(KxError::Share);
                }
                let ($key, $share) = (self.key, UnparsedPublicKey::new(exchange.algorithm, share));
                let secret: Result<Vec<u8>, KxError> = $agree;
                Ok(Zeroizing::new(secret?))
            }
        }
    };
}
