//! Random numbers, for rustls and from it.

use rustls::crypto::{GetRandomFailed, SecureRandom};

use crate::crypto::entropy::{EntropyError, EntropySource};

/// A source of ours.
#[cfg(feature = "rustcrypto-core")]
#[derive(Debug)]
pub(crate) struct Random<S>(pub(crate) S);

#[cfg(feature = "rustcrypto-core")]
impl<S: EntropySource> SecureRandom for Random<S> {
    fn fill(&self, out: &mut [u8]) -> Result<(), GetRandomFailed> {
        self.0.fill(out).map_err(|EntropyError| GetRandomFailed)
    }
}

/// A provider's source.
#[derive(Debug)]
pub(super) struct Provided(pub(super) &'static dyn SecureRandom);

impl EntropySource for Provided {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(out).map_err(|GetRandomFailed| EntropyError)
    }
}
