//! The AEADs, in place; under the record layer and under rustls' handshake records alike.

use alloc::boxed::Box;

#[cfg(feature = "aes256")]
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
#[cfg(feature = "chacha20")]
use chacha20poly1305::ChaCha20Poly1305;
use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{AeadKey, Iv};
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

/// Makes a key of an AEAD.
type Make = fn(AeadAlgorithm, &[u8]) -> Result<Box<dyn RecordAead>, AeadError>;

/// The AEAD of a cipher suite, and who makes its keys.
#[derive(Clone, Copy)]
pub(crate) struct Suite {
    pub(super) algorithm: AeadAlgorithm,
    make: Make,
}

impl Suite {
    pub(super) const fn new(algorithm: AeadAlgorithm) -> Self {
        Self::made_by(algorithm, make_aead)
    }

    pub(crate) const fn made_by(algorithm: AeadAlgorithm, make: Make) -> Self {
        Self { algorithm, make }
    }

    /// A key for rustls' encrypters, whose constructors cannot fail. rustls always passes keys of
    /// the length it was told; should it not, every record is refused.
    pub(super) fn key(self, key: &AeadKey) -> Box<dyn RecordAead> {
        (self.make)(self.algorithm, key.as_ref()).unwrap_or_else(|AeadError| Box::new(Refusal))
    }

    /// The key in the form in which rustls hands it to the record layer.
    pub(super) fn secrets(self, key: AeadKey, iv: Iv) -> ConnectionTrafficSecrets {
        match self.algorithm {
            AeadAlgorithm::Aes128Gcm => ConnectionTrafficSecrets::Aes128Gcm { key, iv },
            AeadAlgorithm::Aes256Gcm => ConnectionTrafficSecrets::Aes256Gcm { key, iv },
            AeadAlgorithm::ChaCha20Poly1305 => {
                ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }
            }
        }
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

struct Refusal;

impl RecordAead for Refusal {
    fn seal(
        &self,
        _: &[u8; NONCE_LEN],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        Err(AeadError)
    }

    fn open(&self, _: &[u8; NONCE_LEN], _: &[u8], _: &mut [u8]) -> Result<(), AeadError> {
        Err(AeadError)
    }
}
