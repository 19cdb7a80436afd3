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
//! With the feature `rustcrypto-keys` alone it has AES-128-GCM with SHA-256 and X25519, and no certificates:
//! enough for pre-shared keys, for `aes256` and `chacha20` can be named beside it.
//!
//! With the feature `rustcrypto-core` in the place of `rustcrypto` it has AES-128-GCM with SHA-256,
//! X25519 and P-256 alone, and beside that what is named: `aes256` (AES-256-GCM with SHA-384),
//! `chacha20`, `p384` (the group, and ECDSA over it or with SHA-384), `ed25519`, `rsa`. What public
//! servers show mostly needs `p384` and `rsa`. `ml-kem`, which `rustcrypto` does not bring with it, adds the
//! [groups with ML-KEM](crate::crypto#post-quantum-key-exchange).

#[cfg(all(feature = "rustls", not(feature = "rustcrypto-core")))]
compile_error!("with the feature rustls the backend rustcrypto needs rustcrypto-core");

mod aead;
pub(crate) mod hash;
mod kx;
#[cfg(feature = "rustcrypto-core")]
mod nist;
#[cfg(feature = "rustcrypto-core")]
mod p256;
#[cfg(feature = "rustls")]
pub(crate) mod provider;
#[cfg(all(feature = "rustcrypto-core", feature = "sign"))]
mod sign;
#[cfg(feature = "rustcrypto-core")]
mod verify;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
#[cfg(feature = "rustcrypto-core")]
use core::fmt;
#[cfg(all(feature = "rustcrypto-core", not(feature = "rustls")))]
use core::marker::PhantomData;

#[cfg(feature = "rustcrypto-core")]
use self::kx::Ecdh;
use self::kx::X25519;
#[cfg(feature = "p384")]
use self::nist::P384;
#[cfg(feature = "rustcrypto-core")]
use self::nist::{NistCurve, P256};
#[cfg(feature = "rustcrypto-core")]
use self::p256::Given;
#[cfg(feature = "rustcrypto-core")]
pub use self::p256::P256Operations;
use super::backend::Backend;
pub use super::entropy::{EntropyError, EntropySource};
#[cfg(feature = "ml-kem")]
use super::hybrid::{Hybrid, ml_kem::MlKem768};
use super::keys;
#[cfg(feature = "rustcrypto-core")]
use super::kx::KeyExchange;
use super::parts::Parts;
#[cfg(not(feature = "rustcrypto-core"))]
use super::verification::Verification;
use crate::protocol::cipher;

/// The `rustcrypto` library with its source of entropy; makes a [`Backend`].
///
/// rustls keeps references to the key exchange groups and to the random generator for as long as
/// the program runs. They live in here, so this value is a `static`, or leaked in a test.
#[derive(Debug)]
pub struct RustCrypto(
    #[cfg(feature = "rustcrypto-core")] Library<P256>,
    #[cfg(not(feature = "rustcrypto-core"))] KeysAlone,
);

impl RustCrypto {
    /// The library over `entropy`. Does not read the source yet.
    pub const fn new(entropy: &'static dyn EntropySource) -> Self {
        #[cfg(feature = "rustcrypto-core")]
        let library = Library::new(entropy);
        #[cfg(not(feature = "rustcrypto-core"))]
        let library = KeysAlone(entropy);
        Self(library)
    }

    /// The backend, with every suite and group of the build. Where processors have instructions for
    /// AES, the order of preference is that of the other backends; elsewhere the fast suites come
    /// first: on a Cortex-M4, ChaCha20-Poly1305 takes a fifth of the time of AES-128-GCM. Allocates
    /// the lists of suites and groups.
    pub fn backend(&'static self) -> Backend {
        self.0.backend()
    }
}

/// What pre-shared keys need.
#[cfg(not(feature = "rustcrypto-core"))]
#[derive(Debug)]
struct KeysAlone(&'static dyn EntropySource);

#[cfg(not(feature = "rustcrypto-core"))]
impl KeysAlone {
    fn backend(&'static self) -> Backend {
        let x25519 = X25519(self.0);
        Backend::new(Parts {
            name: "rustcrypto",
            version: None,
            suites: suites(HAS_AES),
            hashes: hash::hashes(),
            key_exchanges: vec![
                #[cfg(feature = "ml-kem")]
                Arc::new(Hybrid::x25519(x25519, MlKem768(self.0))),
                Arc::new(x25519),
            ],
            entropy: Arc::new(self.0),
            verification: Verification::NONE,
            load_key: Box::new(keys::load_none),
            make_aead: Box::new(aead::make_aead),
        })
    }
}

/// Whether the machine has instructions for AES.
const HAS_AES: bool = cfg!(any(
    target_arch = "aarch64",
    target_arch = "x86",
    target_arch = "x86_64"
));

/// [`RustCrypto`] with another implementation of P-256, for key exchange and ECDSA.
#[cfg(feature = "rustcrypto-core")]
#[derive(Debug)]
pub struct RustCryptoWith<O: P256Operations>(Library<Given<O>>);

#[cfg(feature = "rustcrypto-core")]
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
#[cfg(feature = "rustcrypto-core")]
struct Library<P: NistCurve> {
    entropy: &'static dyn EntropySource,
    #[cfg(feature = "rustls")]
    provided: provider::Provided<P>,
    #[cfg(not(feature = "rustls"))]
    p256: PhantomData<fn() -> P>,
}

#[cfg(feature = "rustcrypto-core")]
impl<P: NistCurve> Library<P> {
    #[cfg(feature = "sign")]
    const LOAD_KEY: keys::Load = sign::load::<P>;
    #[cfg(not(feature = "sign"))]
    const LOAD_KEY: keys::Load = keys::load_none;

    const fn new(entropy: &'static dyn EntropySource) -> Self {
        Self {
            entropy,
            #[cfg(feature = "rustls")]
            provided: provider::Provided::new(entropy, Self::LOAD_KEY),
            #[cfg(not(feature = "rustls"))]
            p256: PhantomData,
        }
    }

    fn backend(&'static self) -> Backend {
        Backend::new(Parts {
            name: "rustcrypto",
            version: None,
            suites: suites(HAS_AES),
            hashes: hash::hashes(),
            key_exchanges: self.key_exchanges(),
            entropy: Arc::new(self.entropy),
            verification: verify::Supported::<P>::ALGORITHMS,
            load_key: Box::new(Self::LOAD_KEY),
            make_aead: Box::new(aead::make_aead),
            #[cfg(feature = "rustls")]
            provider: Arc::new(self.provided.provider(HAS_AES)),
        })
    }

    fn key_exchanges(&self) -> Vec<Arc<dyn KeyExchange>> {
        let entropy = self.entropy;
        vec![
            #[cfg(feature = "ml-kem")]
            Arc::new(Hybrid::x25519(X25519(entropy), MlKem768(entropy))),
            Arc::new(X25519(entropy)),
            Arc::new(Ecdh::<P>::new(entropy)),
            #[cfg(feature = "p384")]
            Arc::new(Ecdh::<P384>::new(entropy)),
            #[cfg(feature = "ml-kem")]
            Arc::new(Hybrid::p256(Ecdh::<P>::new(entropy), MlKem768(entropy))),
        ]
    }
}

#[cfg(feature = "rustcrypto-core")]
impl<P: NistCurve> fmt::Debug for Library<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Library").field(&self.entropy).finish()
    }
}

/// The cipher suites of TLS 1.3, the fastest first where there are no instructions for AES.
fn suites(has_aes: bool) -> Vec<u16> {
    let mut suites = vec![
        #[cfg(feature = "aes256")]
        cipher::TLS13_AES_256_GCM_SHA384,
        cipher::TLS13_AES_128_GCM_SHA256,
        #[cfg(feature = "chacha20")]
        cipher::TLS13_CHACHA20_POLY1305_SHA256,
    ];
    if !has_aes {
        suites.reverse();
    }
    suites
}
