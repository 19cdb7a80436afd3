//! The AEADs, in place.

use alloc::boxed::Box;

#[cfg(feature = "aes256")]
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
#[cfg(feature = "chacha20")]
use chacha20poly1305::ChaCha20Poly1305;
use zeroize::ZeroizeOnDrop;

use crate::crypto::{AeadAlgorithm, AeadError, NONCE_LEN, RecordAead, TAG_LEN};

pub(super) fn make_aead(
    algorithm: AeadAlgorithm,
    key: &[u8],
) -> Result<Box<dyn RecordAead>, AeadError> {
    match algorithm {
        AeadAlgorithm::Aes128Gcm => boxed::<Aes128Gcm>(key),
        #[cfg(feature = "aes256")]
        AeadAlgorithm::Aes256Gcm => boxed::<Aes256Gcm>(key),
        #[cfg(feature = "chacha20")]
        AeadAlgorithm::ChaCha20Poly1305 => boxed::<ChaCha20Poly1305>(key),
        #[cfg(not(all(feature = "aes256", feature = "chacha20")))]
        _ => Err(AeadError),
    }
}

fn boxed<C>(key: &[u8]) -> Result<Box<dyn RecordAead>, AeadError>
where
    C: KeyInit + ZeroizeOnDrop,
    Key<C>: RecordAead + 'static,
{
    let cipher = C::new_from_slice(key).map_err(|_| AeadError)?;
    Ok(Box::new(Key(cipher)))
}

/// The bound has the compiler check that the cipher wipes its key.
struct Key<C: ZeroizeOnDrop>(C);

impl<C> RecordAead for Key<C>
where
    C: AeadInOut<NonceSize = U12, TagSize = U16> + ZeroizeOnDrop + Send + Sync,
{
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        self.0
            .encrypt_inout_detached(nonce.into(), aad, body.into())
            .map(Into::into)
            .map_err(|_| AeadError)
    }

    fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], body: &mut [u8]) -> Result<(), AeadError> {
        let (text, tag) = body.split_last_chunk_mut::<TAG_LEN>().ok_or(AeadError)?;
        self.0
            .decrypt_inout_detached(nonce.into(), aad, text.into(), (&*tag).into())
            .map_err(|_| AeadError)
    }
}
