//! Randomness from a seed that can be written down: for a session that is replayed.

use std::fmt;
use std::sync::Mutex;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use sslcore_std::sslcore::crypto::Backend;
use sslcore_std::sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};
use zeroize::Zeroizing;

/// What all randomness follows from: whoever knows it knows every secret.
#[derive(Clone)]
pub(crate) struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// One that nobody knows, from the system's own randomness.
    ///
    /// # Errors
    /// A sentence: that the system has none.
    pub(crate) fn fresh() -> Result<Self, String> {
        let mut seed = Zeroizing::new([0; 32]);
        let backend = sslcore_std::default_backend();
        let filled = backend.provider().secure_random.fill(&mut *seed);
        filled.map_err(|_| "the system has no randomness to give".to_owned())?;
        Ok(Self(seed))
    }

    /// The one of these hexadecimal digits.
    pub(crate) fn from_hex(digits: &str) -> Option<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        if digits.len() != 2 * seed.len() || !digits.bytes().all(|it| it.is_ascii_hexdigit()) {
            return None;
        }
        for (at, byte) in seed.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Self(seed))
    }

    pub(crate) fn hex(&self) -> Zeroizing<String> {
        let digits = self.0.iter().map(|byte| format!("{byte:02x}"));
        Zeroizing::new(digits.collect())
    }

    /// The backend that draws from it. It is there for as long as the program runs.
    pub(crate) fn backend(&self) -> Backend {
        let stream = ChaCha20::new((&*self.0).into(), &[0; 12].into());
        let entropy: &'static Stream = Box::leak(Box::new(Stream(Mutex::new(stream))));
        let library: &'static RustCrypto = Box::leak(Box::new(RustCrypto::new(entropy)));
        library.backend()
    }
}

/// The key stream of ChaCha20 under the seed (RFC 8439 §2.4).
struct Stream(Mutex<ChaCha20>);

impl EntropySource for Stream {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let mut stream = self.0.lock().map_err(|_| EntropyError)?;
        out.fill(0);
        // It ends after 256 GiB.
        stream.try_apply_keystream(out).map_err(|_| EntropyError)
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
