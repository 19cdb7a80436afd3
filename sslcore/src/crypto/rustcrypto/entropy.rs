//! Where randomness comes from: the caller.

use core::error::Error;
use core::fmt;

use rustls::crypto::{GetRandomFailed, SecureRandom};

/// The source of randomness for key shares, hello randoms and session ids.
///
/// The bytes must be unpredictable: a true random generator, or a generator of cryptographic
/// quality seeded from one. Only tests and replays may use anything else.
pub trait EntropySource: fmt::Debug + Send + Sync {
    /// Fills all of `out`.
    ///
    /// # Errors
    /// [`EntropyError`] when the source cannot deliver; the handshake then fails with
    /// `rustls::Error::FailedToGetRandomBytes`. `out` is then not used.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError>;
}

/// The entropy source could not deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EntropyError;

impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the entropy source could not deliver random bytes")
    }
}

impl Error for EntropyError {}

/// The caller's source, as rustls wants to see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entropy(pub(super) &'static dyn EntropySource);

impl SecureRandom for Entropy {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        self.0.fill(buf).map_err(|EntropyError| GetRandomFailed)
    }
}
