//! Random numbers, from the host: QEMU's machine has no generator.

use sslcore_embassy::sslcore::crypto::Backend;
use sslcore_embassy::sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};

use crate::semihosting::File;

/// The host's generator.
#[derive(Debug)]
struct Host;

impl EntropySource for Host {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
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
