//! Random numbers, from the host: QEMU's machine has no generator.

use core::sync::atomic::{AtomicBool, Ordering};

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

impl EntropySource for Host {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
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
