//! Random numbers, from the host: QEMU's machine has no generator.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use critical_section::Mutex;
use sslcore_embassy::sslcore::crypto::Backend;
use sslcore_embassy::sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};

use crate::semihosting::File;

/// The host's generator.
#[derive(Debug)]
struct Host;

/// The generator is broken.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// From now on the generator gives nothing.
pub(crate) fn break_down() {
    BROKEN.store(true, Ordering::Relaxed);
}

/// The state of a generator that gives the same numbers in each run.
static SEEDED: Mutex<Cell<Option<u64>>> = Mutex::new(Cell::new(None));

#[cfg(feature = "server")]
/// From now on the numbers are the same in each run: for figures, and for nothing else.
pub(crate) fn seed(seed: u64) {
    critical_section::with(|section| SEEDED.borrow(section).set(Some(seed)));
}

/// The next number of SplitMix64.
fn next() -> Option<u64> {
    critical_section::with(|section| {
        let state = SEEDED.borrow(section).get()?;
        let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        SEEDED.borrow(section).set(Some(state));
        let word = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(word ^ (word >> 31))
    })
}

impl EntropySource for Host {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        for piece in out.chunks_mut(8) {
            match next() {
                Some(word) => piece.copy_from_slice(&word.to_le_bytes()[..piece.len()]),
                None => return self.fill_from_host(out),
            }
        }
        Ok(())
    }
}

impl Host {
    fn fill_from_host(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        if BROKEN.load(Ordering::Relaxed) {
            return Err(EntropyError);
        }
        let source = File::open("/dev/urandom").ok_or(EntropyError)?;
        source.read(out).then_some(()).ok_or(EntropyError)
    }
}

static HOST: Host = Host;
static CRYPTO: RustCrypto = RustCrypto::new(&HOST);

/// The backend over it.
pub(crate) fn backend() -> Backend {
    CRYPTO.backend()
}
