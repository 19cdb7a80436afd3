//! Random numbers from seeds, a source for each backend.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use rustls::crypto::SecureRandom;
use spin::Mutex;

use crate::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};
use crate::crypto::rustls::random::Random;

/// The same numbers for the same seed (SplitMix64).
pub(super) struct Numbers(Mutex<u64>);

impl Numbers {
    pub(super) const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// A number below this one, which is not 0. Small ones are a little likelier.
    pub(super) fn below(&self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        self.next_bytes(&mut bytes);
        u64::from_le_bytes(bytes) % bound
    }

    fn next_bytes(&self, out: &mut [u8]) {
        let mut state = self.0.lock();
        for chunk in out.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = *state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word ^= word >> 31;
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
    }
}

impl EntropySource for Numbers {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        self.next_bytes(out);
        Ok(())
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbers")
    }
}

/// What rustls wants for as long as the program runs: a source, and who draws from it.
struct Slot {
    numbers: &'static Numbers,
    random: Random<&'static Numbers>,
    rustcrypto: RustCrypto,
}

/// Slots that no backend has: each is made once and used again, so that there are never more of them
/// than there were backends at one time.
static FREE: Mutex<Vec<&'static Slot>> = Mutex::new(Vec::new());

/// A source of one backend's own, for as long as this is held.
pub(super) struct Seeded(&'static Slot);

impl Seeded {
    pub(super) fn new(seed: u64) -> Self {
        let slot = FREE.lock().pop();
        let slot = slot.unwrap_or_else(|| {
            let numbers: &'static Numbers = Box::leak(Box::new(Numbers::new(0)));
            let rustcrypto = RustCrypto::new(numbers);
            Box::leak(Box::new(Slot {
                numbers,
                random: Random(numbers),
                rustcrypto,
            }))
        });
        *slot.numbers.0.lock() = seed;
        Self(slot)
    }

    pub(super) fn random(&self) -> &'static dyn SecureRandom {
        &self.0.random
    }

    pub(super) fn rustcrypto(&self) -> &'static RustCrypto {
        &self.0.rustcrypto
    }
}

impl EntropySource for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        self.0.numbers.fill(out)
    }
}

impl fmt::Debug for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seeded")
    }
}

impl Drop for Seeded {
    fn drop(&mut self) {
        FREE.lock().push(self.0);
    }
}
