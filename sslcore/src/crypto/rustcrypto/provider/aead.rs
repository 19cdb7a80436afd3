//! The AEADs, under rustls' handshake records.

use alloc::boxed::Box;

use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{AeadKey, Iv};

use crate::crypto::rustcrypto::aead::make_aead;
use crate::crypto::{AeadAlgorithm, AeadError, NONCE_LEN, RecordAead, TAG_LEN};

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
