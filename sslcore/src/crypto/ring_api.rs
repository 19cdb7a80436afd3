//! Record AEADs and hash functions over the API that ring and aws-lc-rs share, and what each does in
//! its own way.

macro_rules! hashes {
    ($library:ident) => {
        use alloc::sync::Arc;

        use $library::{digest, hmac};

        use crate::crypto::hash::{Digest, Hash, HashAlgorithm, HashContext, Hashes};

        struct Sha2 {
            algorithm: HashAlgorithm,
            digest: &'static digest::Algorithm,
            hmac: hmac::Algorithm,
        }

        pub(crate) fn hashes() -> Hashes {
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
                let key = hmac::Key::new(self.hmac, key);
                let mut context = hmac::Context::with_key(&key);
                context.update(first);
                middle.iter().for_each(|part| context.update(part));
                context.update(last);
                Digest::cut(context.sign().as_ref())
            }
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

macro_rules! record_aead {
    ($library:ident, $($own:tt)*) => {
        use alloc::boxed::Box;

        use $library::aead::{
            AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
        };

        use crate::crypto::aead::{AeadError, NONCE_LEN, RecordAead, TAG_LEN};
        use crate::protocol::AeadAlgorithm;

        struct Key(LessSafeKey);

        pub(crate) fn make_aead(
            algorithm: AeadAlgorithm,
            key: &[u8],
        ) -> Result<Box<dyn RecordAead>, AeadError> {
            let algorithm = match algorithm {
                AeadAlgorithm::Aes128Gcm => &AES_128_GCM,
                AeadAlgorithm::Aes256Gcm => &AES_256_GCM,
                AeadAlgorithm::ChaCha20Poly1305 => &CHACHA20_POLY1305,
            };
            let key = UnboundKey::new(algorithm, key).map_err(|_| AeadError)?;
            Ok(Box::new(Key(LessSafeKey::new(key))))
        }

        impl RecordAead for Key {
            fn seal(
                &self,
                nonce: &[u8; NONCE_LEN],
                aad: &[u8],
                body: &mut [u8],
            ) -> Result<[u8; TAG_LEN], AeadError> {
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let tag = self
                    .0
                    .seal_in_place_separate_tag(nonce, Aad::from(aad), body)
                    .map_err(|_| AeadError)?;
                tag.as_ref().try_into().map_err(|_| AeadError)
            }

            $($own)*
        }
    };
}

#[cfg(feature = "aws-lc-rs")]
pub(super) mod aws_lc {
    use crate::crypto::aead::copy;

    /// Up to here copying the plaintext costs less than a block of its own for the content type.
    const COPY: usize = 2048;

    hashes!(aws_lc_rs);

    record_aead! {
        aws_lc_rs,

        fn seal_from(
            &self,
            nonce: &[u8; NONCE_LEN],
            aad: &[u8],
            plaintext: &[u8],
            last: &[u8],
            out: &mut [u8],
        ) -> Result<(), AeadError> {
            // AWS-LC makes a block of its own for what comes last, with ChaCha20 whole 64 bytes.
            let is_chacha20 = self.0.algorithm() == &CHACHA20_POLY1305;
            if !last.is_empty() && (is_chacha20 || plaintext.len() <= COPY) {
                let (body, tag) = copy(plaintext, last, out)?;
                let (nonce, aad) = (Nonce::from(nonce), Aad::from(aad));
                return self
                    .0
                    .seal_in_place_scatter(nonce, aad, body, &[], tag)
                    .map_err(|_| AeadError);
            }
            let (ciphertext, rest) = out
                .split_at_mut_checked(plaintext.len())
                .ok_or(AeadError)?;
            let (nonce, aad) = (Nonce::from(nonce), Aad::from(aad));
            self.0
                .seal_out_of_place_scatter(nonce, aad, plaintext, ciphertext, last, rest)
                .map_err(|_| AeadError)
        }

        // `open_in_place` does the same but moves the nonce byte by byte.
        fn open(
            &self,
            nonce: &[u8; NONCE_LEN],
            aad: &[u8],
            body: &mut [u8],
        ) -> Result<(), AeadError> {
            let ciphertext = body.len().checked_sub(TAG_LEN).ok_or(AeadError)?;
            let (body, tag) = body.split_at_mut(ciphertext);
            self.0
                .open_in_place_separate_tag(Nonce::from(nonce), Aad::from(aad), tag, body)
                .map(|_| ())
                .map_err(|_| AeadError)
        }
    }
}

#[cfg(feature = "ring")]
pub(super) mod ring {
    use ring::aead::Tag;

    hashes!(ring);

    record_aead! {
        ring,

        fn open(
            &self,
            nonce: &[u8; NONCE_LEN],
            aad: &[u8],
            body: &mut [u8],
        ) -> Result<(), AeadError> {
            let ciphertext = body.len().checked_sub(TAG_LEN).ok_or(AeadError)?;
            let (body, tag) = body.split_at_mut(ciphertext);
            let tag = Tag::try_from(&*tag).map_err(|_| AeadError)?;
            let nonce = Nonce::assume_unique_for_key(*nonce);
            self.0
                .open_in_place_separate_tag(nonce, Aad::from(aad), tag, body, 0..)
                .map(|_| ())
                .map_err(|_| AeadError)
        }
    }
}
