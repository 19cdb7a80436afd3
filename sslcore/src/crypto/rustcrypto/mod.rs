//! The backend for microcontrollers: RustCrypto and dalek, portable Rust that needs neither an
//! operating system nor a C compiler.
//!
//! All entropy comes from the caller, so nothing here touches a system random generator and a
//! session can be replayed byte for byte: the same [`EntropySource`] output, the same clock and the
//! same bytes from the peer give the same bytes to the peer. ECDSA signatures are deterministic
//! (RFC 6979), Ed25519 signatures always are.
//!
//! ```
//! use sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};
//!
//! #[derive(Debug)]
//! struct Trng;
//!
//! impl EntropySource for Trng {
//!     fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
//!         // Read the hardware generator here; this one refuses, as a broken one should.
//!         let _ = out;
//!         Err(EntropyError)
//!     }
//! }
//!
//! static TRNG: Trng = Trng;
//! static CRYPTO: RustCrypto = RustCrypto::new(&TRNG);
//!
//! assert_eq!(CRYPTO.backend().name(), "rustcrypto");
//! ```
//!
//! What it does: TLS 1.3 and ECDHE TLS 1.2 with AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305;
//! X25519, P-256 and P-384; verifies ECDSA (P-256, P-384), Ed25519 and RSA signatures (2048 to
//! 8192 bits); signs with ECDSA and Ed25519 keys. It does not sign with RSA keys, whose private
//! operation is slow on the machines this backend is for; loading one is an error that says so.

pub(crate) mod aead;
pub(crate) mod cipher12;
pub(crate) mod cipher13;
mod entropy;
pub(crate) mod hash;
mod kx;
mod nist;
mod sign;
mod verify;

use alloc::vec;

use rustls::SupportedCipherSuite::{Tls12, Tls13};
use rustls::crypto::CryptoProvider;

use self::entropy::Entropy;
pub use self::entropy::{EntropyError, EntropySource};
use self::kx::{Ecdh, X25519};
use self::nist::{P256, P384};
use crate::crypto::Backend;

/// The `rustcrypto` library with its source of entropy; makes a [`Backend`].
///
/// rustls keeps references to the key exchange groups and to the random generator for as long as
/// the program runs. They live in here, so this value is a `static`, or leaked in a test.
#[derive(Debug)]
pub struct RustCrypto {
    random: Entropy,
    x25519: X25519,
    p256: Ecdh<P256>,
    p384: Ecdh<P384>,
}

impl RustCrypto {
    /// The library over `entropy`. Does not read the source yet.
    pub const fn new(entropy: &'static dyn EntropySource) -> Self {
        let random = Entropy(entropy);
        Self {
            random,
            x25519: X25519::new(random),
            p256: Ecdh::new(random),
            p384: Ecdh::new(random),
        }
    }

    /// The backend, with every suite and group, in the order of preference that the other backends
    /// have. Allocates the lists of suites and groups.
    pub fn backend(&'static self) -> Backend {
        let provider = CryptoProvider {
            cipher_suites: vec![
                Tls13(&cipher13::AES_256_GCM_SHA384),
                Tls13(&cipher13::AES_128_GCM_SHA256),
                Tls13(&cipher13::CHACHA20_POLY1305_SHA256),
                Tls12(&cipher12::ECDHE_ECDSA_AES_256_GCM_SHA384),
                Tls12(&cipher12::ECDHE_ECDSA_AES_128_GCM_SHA256),
                Tls12(&cipher12::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256),
                Tls12(&cipher12::ECDHE_RSA_AES_256_GCM_SHA384),
                Tls12(&cipher12::ECDHE_RSA_AES_128_GCM_SHA256),
                Tls12(&cipher12::ECDHE_RSA_CHACHA20_POLY1305_SHA256),
            ],
            kx_groups: vec![&self.x25519, &self.p256, &self.p384],
            signature_verification_algorithms: verify::SUPPORTED,
            secure_random: &self.random,
            key_provider: &sign::Keys,
        };
        Backend::custom("rustcrypto", provider, aead::make_aead)
    }
}
