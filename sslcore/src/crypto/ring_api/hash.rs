//! SHA-2 and HMAC, with what a library has of its own.

macro_rules! hashes {
    ($library:ident $(, $($own:tt)*)?) => {
        use alloc::boxed::Box;
        use alloc::sync::Arc;

        use $library::{digest, hmac};

        use crate::crypto::hash::{Digest, Hash, HashAlgorithm, HashContext, Hashes, Keyed};

        struct Sha2 {
            algorithm: HashAlgorithm,
            digest: &'static digest::Algorithm,
            hmac: hmac::Algorithm,
        }

        pub(in crate::crypto) fn hashes() -> Hashes {
            Hashes::new(|algorithm| {
                let (digest, hmac) = match algorithm {
                    HashAlgorithm::Sha256 => (&digest::SHA256, hmac::HMAC_SHA256),
                    HashAlgorithm::Sha384 => (&digest::SHA384, hmac::HMAC_SHA384),
                };
                Some(Arc::new(Sha2 {
                    algorithm,
                    digest,
                    hmac,
                }))
            })
        }

        impl Hash for Sha2 {
            fn algorithm(&self) -> HashAlgorithm {
                self.algorithm
            }

            fn start(&self) -> Box<dyn HashContext> {
                Box::new(Running(digest::Context::new(self.digest)))
            }

            fn hash(&self, data: &[u8]) -> Digest {
                Digest::cut(digest::digest(self.digest, data).as_ref())
            }

            fn hmac(&self, key: &[u8], first: &[u8], middle: &[&[u8]], last: &[u8]) -> Digest {
                signed(&hmac::Key::new(self.hmac, key), first, middle, last)
            }

            fn keyed(&self, key: &[u8], then: &mut dyn FnMut(&Keyed<'_>)) {
                let key = hmac::Key::new(self.hmac, key);
                then(&|first, middle, last| signed(&key, first, middle, last));
            }

            $($($own)*)?
        }

        /// The MAC of a message in parts.
        fn signed(key: &hmac::Key, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Digest {
            let mut context = hmac::Context::with_key(key);
            context.update(first);
            middle.iter().for_each(|part| context.update(part));
            context.update(last);
            Digest::cut(context.sign().as_ref())
        }

        struct Running(digest::Context);

        impl HashContext for Running {
            fn update(&mut self, data: &[u8]) {
                self.0.update(data);
            }

            fn current(&self) -> Digest {
                Digest::cut(self.0.clone().finish().as_ref())
            }

            fn finish(self: Box<Self>) -> Digest {
                Digest::cut(self.0.finish().as_ref())
            }
        }
    };
}
