//! The AEADs of records.

macro_rules! record_aead {
    ($library:ident, $($own:tt)*) => {
        use alloc::boxed::Box;

        use $library::aead::{
            AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
        };

        use crate::crypto::aead::{AeadError, NONCE_LEN, RecordAead, TAG_LEN};
        use crate::protocol::AeadAlgorithm;

        struct Key(LessSafeKey);

        pub(in crate::crypto) fn make_aead(
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
