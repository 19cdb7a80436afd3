//! The backend seam: who does the cryptography.
//!
//! A [`Backend`] bundles two things that must come from the same library: the rustls
//! `CryptoProvider` that the handshake runs on, and the AEADs that the record layer seals and
//! opens with. Another backend is one more file beside these.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::{Hash, HashAlgorithm};

use crate::identity::session::SslCipher;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod ring_api;
#[cfg(feature = "rustcrypto")]
pub mod rustcrypto;

/// Length of the authentication tag of every AEAD that TLS 1.2 and 1.3 share here, in bytes
/// (RFC 5116 §5, RFC 8439 §2.8).
pub const TAG_LEN: usize = 16;
/// Length of the nonce of every one of them, in bytes.
pub const NONCE_LEN: usize = 12;

/// The AEADs of the record layer. All three have a 16-byte tag and a 12-byte nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AeadAlgorithm {
    /// AES-128 in Galois/counter mode (RFC 5288, RFC 8446).
    Aes128Gcm,
    /// AES-256 in Galois/counter mode.
    Aes256Gcm,
    /// ChaCha20-Poly1305 (RFC 8439, RFC 7905).
    ChaCha20Poly1305,
}

impl AeadAlgorithm {
    /// Length of the key in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }
}

/// The AEAD refused: a forged or damaged record, or a key that cannot be used.
///
/// It says nothing more, as RFC 8446 §5.2 asks: which byte was wrong is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AeadError;

/// One key of one AEAD, ready to seal and open in place. Implementations wipe the key on drop.
pub trait RecordAead: Send + Sync {
    /// Encrypts `body` in place and returns the tag. Does not allocate.
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError>;

    /// Encrypts `plaintext` and `last` behind it, which is short, into `out`, and puts the tag
    /// behind them: `out` is exactly as long as the three. Does not allocate.
    ///
    /// As provided, it copies and seals in place; a library that reads from one place and writes
    /// to another need not copy.
    fn seal_from(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        last: &[u8],
        out: &mut [u8],
    ) -> Result<(), AeadError> {
        let (body, tag) = copy(plaintext, last, out)?;
        let tag: &mut [u8; TAG_LEN] = tag.try_into().map_err(|_| AeadError)?;
        *tag = self.seal(nonce, aad, body)?;
        Ok(())
    }

    /// Checks and decrypts `body`, ciphertext followed by its tag, in place; afterwards the
    /// plaintext is `body[..body.len() - TAG_LEN]`. Does not allocate. On an error the content of
    /// `body` is unspecified and must not be used.
    fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], body: &mut [u8]) -> Result<(), AeadError>;
}

/// Copies `plaintext` and `last` to the front of `out`, and tells them from the place of the tag.
fn copy<'a>(
    plaintext: &[u8],
    last: &[u8],
    out: &'a mut [u8],
) -> Result<(&'a mut [u8], &'a mut [u8]), AeadError> {
    let body = plaintext.len() + last.len();
    let (body, tag) = out.split_at_mut_checked(body).ok_or(AeadError)?;
    let (front, back) = body.split_at_mut(plaintext.len());
    front.copy_from_slice(plaintext);
    back.copy_from_slice(last);
    Ok((body, tag))
}

/// Makes a [`RecordAead`] from a key of exactly [`AeadAlgorithm::key_len`] bytes; another length
/// is an [`AeadError`]. Allocates the returned box: once per key, never per record.
pub type MakeAead = fn(AeadAlgorithm, &[u8]) -> Result<Box<dyn RecordAead>, AeadError>;

/// A cryptography library, as the connection uses it.
///
/// Cloning costs one reference count.
#[derive(Clone)]
pub struct Backend {
    name: &'static str,
    provider: Arc<CryptoProvider>,
    make_aead: MakeAead,
}

impl Backend {
    /// AWS-LC, through `aws-lc-rs`: the fastest on servers and desktops. Draws entropy from the
    /// system.
    #[cfg(feature = "aws-lc-rs")]
    pub fn aws_lc_rs() -> Self {
        Self::custom(
            "aws-lc-rs",
            rustls::crypto::aws_lc_rs::default_provider(),
            ring_api::aws_lc::make_aead,
        )
    }

    /// ring: smaller to build than AWS-LC, needs no CMake. Draws entropy from the system.
    #[cfg(feature = "ring")]
    pub fn ring() -> Self {
        Self::custom(
            "ring",
            rustls::crypto::ring::default_provider(),
            ring_api::ring::make_aead,
        )
    }

    /// A backend of your own: a rustls provider, and the AEADs for the record layer. Both must
    /// know the same cipher suites.
    pub fn custom(name: &'static str, provider: CryptoProvider, make_aead: MakeAead) -> Self {
        Self {
            name,
            provider: Arc::new(provider),
            make_aead,
        }
    }

    /// The backend's name, for logs: `"aws-lc-rs"`, `"ring"`, `"rustcrypto"`, or your own.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The rustls provider that handshakes run on.
    pub fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// The cipher suites it has, in its order of preference. Costs a look-up each.
    /// `QSslConfiguration::supportedCiphers`.
    pub fn supported_ciphers(&self) -> impl Iterator<Item = SslCipher> {
        let suites = self.provider.cipher_suites.iter();
        suites.filter_map(|suite| SslCipher::from_id(suite.suite().into()))
    }

    /// A key of one of the record AEADs.
    ///
    /// # Errors
    /// [`AeadError`] when `key` is not [`AeadAlgorithm::key_len`] bytes long.
    pub fn aead(
        &self,
        algorithm: AeadAlgorithm,
        key: &[u8],
    ) -> Result<Box<dyn RecordAead>, AeadError> {
        (self.make_aead)(algorithm, key)
    }

    /// SHA-256, borrowed from a cipher suite that hashes with it; `None` when the provider has
    /// no such suite.
    pub(crate) fn sha256(&self) -> Option<&'static dyn Hash> {
        let mut hashes = self.provider.cipher_suites.iter().map(|suite| match suite {
            SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
            SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
        });
        hashes.find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Backend").field(&self.name).finish()
    }
}
