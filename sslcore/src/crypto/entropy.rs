//! Where randomness comes from.

use core::error::Error;
use core::fmt;

/// The source of randomness for key shares, hello randoms and session ids.
///
/// The bytes must be unpredictable: a true random generator, or a generator of cryptographic
/// quality seeded from one. Only tests and replays may use anything else.
pub trait EntropySource: fmt::Debug + Send + Sync {
    /// Fills all of `out`.
    ///
    /// # Errors
    /// [`EntropyError`] when the source cannot deliver; the handshake then fails, and `out` is not
    /// used.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError>;
}

impl<S: EntropySource + ?Sized> EntropySource for &S {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        (**self).fill(out)
    }
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
