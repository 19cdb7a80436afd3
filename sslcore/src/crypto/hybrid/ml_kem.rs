//! ML-KEM-768 from the crate ml-kem of RustCrypto, for the libraries that have none.

use alloc::vec::Vec;

use ml_kem::ml_kem_768::{Ciphertext, DecapsulationKey, EncapsulationKey};
use ml_kem::{Decapsulate, Key, KeyExport};
use zeroize::Zeroizing;

use super::MlKem;
use crate::crypto::entropy::EntropySource;
use crate::crypto::kx::{KxError, SharedSecret};

/// With randomness from this source.
#[derive(Clone, Copy)]
pub(in crate::crypto) struct MlKem768(pub(in crate::crypto) &'static dyn EntropySource);

impl MlKem for MlKem768 {
    type Key = DecapsulationKey;

    fn generate(&self) -> Result<(DecapsulationKey, Vec<u8>), KxError> {
        let mut seed = Zeroizing::new([0; 64]);
        self.0.fill(&mut *seed)?;
        let key = DecapsulationKey::from_seed((*seed).into());
        let share = key.encapsulation_key().to_bytes().to_vec();
        Ok((key, share))
    }

    fn encapsulate(&self, key: &[u8]) -> Result<(Vec<u8>, SharedSecret), KxError> {
        let key = Key::<EncapsulationKey>::try_from(key).map_err(|_| KxError::Share)?;
        let key = EncapsulationKey::new(&key).map_err(|_| KxError::Share)?;
        let mut message = Zeroizing::new([0; 32]);
        self.0.fill(&mut *message)?;
        let (ciphertext, secret) = key.encapsulate_deterministic(&(*message).into());
        let secret = Zeroizing::new(secret);
        Ok((ciphertext.to_vec(), Zeroizing::new(secret.to_vec())))
    }

    fn decapsulate(key: &DecapsulationKey, ciphertext: &[u8]) -> Result<SharedSecret, KxError> {
        let ciphertext = Ciphertext::try_from(ciphertext).map_err(|_| KxError::Share)?;
        let secret = Zeroizing::new(key.decapsulate(&ciphertext));
        Ok(Zeroizing::new(secret.to_vec()))
    }
}
