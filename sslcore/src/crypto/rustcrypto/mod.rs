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
//!
//! With the feature `rustcrypto-core` in the place of `rustcrypto` it has AES-128-GCM with SHA-256,
//! X25519 and P-256 alone, and beside that what is named: `aes256` (AES-256-GCM with SHA-384),
//! `chacha20`, `p384` (the group, and ECDSA over it or with SHA-384), `ed25519`, `rsa`. What public
//! servers show mostly needs `p384` and `rsa`. `ml-kem`, which `rustcrypto` does not bring with it, adds the
//! [groups with ML-KEM](crate::crypto#post-quantum-key-exchange).

pub(crate) mod aead;
#[cfg(feature = "tls12")]
pub(crate) mod cipher12;
pub(crate) mod cipher13;
mod entropy;
pub(crate) mod hash;
mod keys;
mod kx;
mod nist;
mod p256;
#[cfg(feature = "sign")]
mod sign;
mod verify;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

#[cfg(feature = "tls12")]
use rustls::SupportedCipherSuite::Tls12;
use rustls::SupportedCipherSuite::{self, Tls13};
use rustls::crypto::CryptoProvider;

use self::entropy::Entropy;
pub use self::entropy::{EntropyError, EntropySource};
use self::keys::Keys;
use self::kx::{Ecdh, X25519};
#[cfg(feature = "p384")]
use self::nist::P384;
use self::nist::{NistCurve, P256};
use self::p256::Given;
pub use self::p256::P256Operations;
use crate::crypto::Backend;
#[cfg(feature = "ml-kem")]
use crate::crypto::hybrid::Hybrid;

/// The `rustcrypto` library with its source of entropy; makes a [`Backend`].
///
/// rustls keeps references to the key exchange groups and to the random generator for as long as
/// the program runs. They live in here, so this value is a `static`, or leaked in a test.
#[derive(Debug)]
pub struct RustCrypto(Library<P256>);

impl RustCrypto {
    /// The library over `entropy`. Does not read the source yet.
    pub const fn new(entropy: &'static dyn EntropySource) -> Self {
        Self(Library::new(entropy))
    }

    /// The backend, with every suite and group of the build. Where processors have instructions for
    /// AES, the order of preference is that of the other backends; elsewhere the fast suites come
    /// first: on a Cortex-M4, ChaCha20-Poly1305 takes a fifth of the time of AES-128-GCM. Allocates
    /// the lists of suites and groups.
    pub fn backend(&'static self) -> Backend {
        self.0.backend()
    }
}

/// [`RustCrypto`] with another implementation of P-256, for key exchange and ECDSA.
#[derive(Debug)]
pub struct RustCryptoWith<O: P256Operations>(Library<Given<O>>);

impl<O: P256Operations> RustCryptoWith<O> {
    /// The library over `entropy`, as [`RustCrypto::new`] makes it.
    pub const fn new(entropy: &'static dyn EntropySource) -> Self {
        Self(Library::new(entropy))
    }

    /// The backend, as [`RustCrypto::backend`] makes it.
    pub fn backend(&'static self) -> Backend {
        self.0.backend()
    }
}

/// Over one implementation of P-256.
#[derive(Debug)]
struct Library<P: NistCurve> {
    random: Entropy,
    x25519: X25519,
    p256: Ecdh<P>,
    #[cfg(feature = "p384")]
    p384: Ecdh<P384>,
    #[cfg(feature = "ml-kem")]
    x25519_ml_kem: Hybrid<X25519, Entropy>,
    #[cfg(feature = "ml-kem")]
    p256_ml_kem: Hybrid<Ecdh<P>, Entropy>,
}

impl<P: NistCurve> Library<P> {
    const fn new(entropy: &'static dyn EntropySource) -> Self {
        let random = Entropy(entropy);
        Self {
            random,
            x25519: X25519::new(random),
            p256: Ecdh::new(random),
            #[cfg(feature = "p384")]
            p384: Ecdh::new(random),
            #[cfg(feature = "ml-kem")]
            x25519_ml_kem: Hybrid::x25519(X25519::new(random), random),
            #[cfg(feature = "ml-kem")]
            p256_ml_kem: Hybrid::p256(Ecdh::new(random), random),
        }
    }
}

impl<P: NistCurve> Library<P> {
    fn backend(&'static self) -> Backend {
        const HAS_AES: bool = cfg!(any(
            target_arch = "aarch64",
            target_arch = "x86",
            target_arch = "x86_64"
        ));
        let provider = CryptoProvider {
            cipher_suites: suites(HAS_AES),
            kx_groups: vec![
                #[cfg(feature = "ml-kem")]
                &self.x25519_ml_kem,
                &self.x25519,
                &self.p256,
                #[cfg(feature = "p384")]
                &self.p384,
                #[cfg(feature = "ml-kem")]
                &self.p256_ml_kem,
            ],
            signature_verification_algorithms: verify::Supported::<P>::ALGORITHMS,
            secure_random: &self.random,
            key_provider: &Keys::<P>::NEW,
        };
        Backend::with_hashes(
            "rustcrypto",
            None,
            provider,
            hash::hashes(),
            Box::new(aead::make_aead),
        )
    }
}

/// All suites, the fastest first where there are no instructions for AES.
fn suites(has_aes: bool) -> Vec<SupportedCipherSuite> {
    let kinds: &[&[SupportedCipherSuite]] = &[
        &[
            #[cfg(feature = "aes256")]
            Tls13(&cipher13::AES_256_GCM_SHA384),
            Tls13(&cipher13::AES_128_GCM_SHA256),
            #[cfg(feature = "chacha20")]
            Tls13(&cipher13::CHACHA20_POLY1305_SHA256),
        ],
        #[cfg(feature = "tls12")]
        &[
            #[cfg(feature = "aes256")]
            Tls12(&cipher12::ECDHE_ECDSA_AES_256_GCM_SHA384),
            Tls12(&cipher12::ECDHE_ECDSA_AES_128_GCM_SHA256),
            #[cfg(feature = "chacha20")]
            Tls12(&cipher12::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256),
        ],
        #[cfg(all(feature = "tls12", feature = "rsa"))]
        &[
            #[cfg(feature = "aes256")]
            Tls12(&cipher12::ECDHE_RSA_AES_256_GCM_SHA384),
            Tls12(&cipher12::ECDHE_RSA_AES_128_GCM_SHA256),
            #[cfg(feature = "chacha20")]
            Tls12(&cipher12::ECDHE_RSA_CHACHA20_POLY1305_SHA256),
        ],
    ];
    let mut suites = Vec::new();
    for kind in kinds {
        match has_aes {
            true => suites.extend(*kind),
            false => suites.extend(kind.iter().rev()),
        }
    }
    suites
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn without_instructions_for_aes_chacha_comes_first_and_short_keys_before_long_ones() {
        let names = |suites: Vec<SupportedCipherSuite>| {
            let names = suites.into_iter().map(|it| format!("{:?}", it.suite()));
            names.collect::<Vec<_>>()
        };
        let (with, without) = (names(suites(true)), names(suites(false)));
        assert_eq!(
            without[..3],
            [
                "TLS13_CHACHA20_POLY1305_SHA256",
                "TLS13_AES_128_GCM_SHA256",
                "TLS13_AES_256_GCM_SHA384"
            ]
        );
        // RSA stays behind ECDSA, and TLS 1.2 behind TLS 1.3.
        for (with, without) in with.chunks(3).zip(without.chunks(3)) {
            assert!(with.iter().eq(without.iter().rev()), "{with:?}");
        }
    }
}
