//! The backend that connections run on.

use sslcore::crypto::Backend;

use crate::outcome::Trouble;

/// Names the backend.
const VARIABLE: &str = "SSLCORE_SHIM_BACKEND";

/// The backend that the environment names, or the first that is built in.
pub(crate) fn chosen() -> Result<Backend, Trouble> {
    let wanted = std::env::var(VARIABLE).unwrap_or_default();
    match wanted.as_str() {
        #[cfg(feature = "ring")]
        "" | "ring" => Ok(Backend::ring()),
        #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
        "" => Ok(Backend::aws_lc_rs()),
        #[cfg(feature = "aws-lc-rs")]
        "aws-lc-rs" => Ok(Backend::aws_lc_rs()),
        #[cfg(all(
            feature = "rustcrypto",
            not(any(feature = "ring", feature = "aws-lc-rs"))
        ))]
        "" => system::rustcrypto(),
        #[cfg(feature = "rustcrypto")]
        "rustcrypto" => system::rustcrypto(),
        other => Err(Trouble::unsupported(format!("the backend {other:?}"))),
    }
}

#[cfg(feature = "rustcrypto")]
mod system {
    //! Entropy for the backend that has none of its own.

    use std::fs::File;
    use std::io::Read;
    use std::sync::Mutex;

    use sslcore::crypto::Backend;
    use sslcore::crypto::rustcrypto::{EntropyError, EntropySource};
    use sslcore_tests::entropy::backend_over;

    use crate::outcome::Trouble;

    #[derive(Debug)]
    struct Device(Mutex<File>);

    impl EntropySource for Device {
        fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
            let mut device = self.0.lock().map_err(|_| EntropyError)?;
            device.read_exact(out).map_err(|_| EntropyError)
        }
    }

    pub(super) fn rustcrypto() -> Result<Backend, Trouble> {
        let device = File::open("/dev/urandom")?;
        Ok(backend_over(Device(Mutex::new(device))))
    }
}
