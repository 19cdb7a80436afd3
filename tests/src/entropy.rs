//! The `rustcrypto` backend over seeded entropy: whole sessions that can be replayed.

use std::sync::Mutex;

use sslcore::crypto::Backend;
use sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};

/// The same bytes for the same seed; predictable, so fit for tests only (SplitMix64).
#[derive(Debug)]
pub struct Seeded(Mutex<u64>);

impl Seeded {
    /// From the beginning.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl EntropySource for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let mut state = self.0.lock().map_err(|_| EntropyError)?;
        for byte in out {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = *state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (word >> 56) as u8;
        }
        Ok(())
    }
}

/// The backend over any source. Leaks it: a hundred bytes, for as long as the tests run.
pub fn backend_over(entropy: impl EntropySource + 'static) -> Backend {
    Box::leak(Box::new(RustCrypto::new(Box::leak(Box::new(entropy))))).backend()
}

/// The backend over seeded entropy.
pub fn seeded(seed: u64) -> Backend {
    backend_over(Seeded::new(seed))
}
