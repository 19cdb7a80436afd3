//! The AEADs that records are sealed and opened with.

use alloc::boxed::Box;

use crate::memory;
use crate::protocol::AeadAlgorithm;

/// Length of an authentication tag in bytes: the same for all three AEADs (RFC 5116 §5,
/// RFC 8439 §2.8).
pub const TAG_LEN: usize = 16;
/// Length of a nonce in bytes: the same for all three AEADs.
pub const NONCE_LEN: usize = 12;

/// The AEAD refused: a forged or damaged record, or a key that cannot be used. The error says nothing
/// more (RFC 8446 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AeadError;

/// One key of one AEAD, ready to seal and open in place. Implementations wipe the key on drop.
///
/// ```
/// # use sslcore::crypto::{AeadAlgorithm, AeadError, Backend, NONCE_LEN, RecordAead, TAG_LEN};
/// fn there_and_back(backend: &Backend, nonce: [u8; NONCE_LEN]) -> Result<(), AeadError> {
///     let algorithm = AeadAlgorithm::ChaCha20Poly1305;
///     let aead: Box<dyn RecordAead> = backend.aead(algorithm, &vec![7; algorithm.key_len()])?;
///     let mut body = b"hello".to_vec();
///     let tag: [u8; TAG_LEN] = aead.seal(&nonce, b"header", &mut body)?;
///     body.extend_from_slice(&tag);
///     aead.open(&nonce, b"header", &mut body)?;
///     assert!(body.starts_with(b"hello"));
///
///     let mut out = [0; 6 + TAG_LEN]; // from one place to another, with a content type behind it
///     aead.seal_from(&nonce, b"header", b"hello", &[23], &mut out)
/// }
/// # #[cfg(feature = "ring")]
/// # there_and_back(&Backend::ring(), [0; NONCE_LEN]).unwrap();
/// ```
pub trait RecordAead: Send + Sync {
    /// Encrypts `body` in place and returns the tag. Does not allocate.
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError>;

    /// Encrypts `plaintext`, and the few bytes of `last` behind it, into `out`, and puts the tag
    /// behind them: `out` is exactly as long as the three. Does not allocate.
    ///
    /// The provided method copies, and seals in place. A library that can read from one place and
    /// write to another need not copy.
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
pub(super) fn copy<'a>(
    plaintext: &[u8],
    last: &[u8],
    out: &'a mut [u8],
) -> Result<(&'a mut [u8], &'a mut [u8]), AeadError> {
    let body = plaintext.len() + last.len();
    let (body, tag) = out.split_at_mut_checked(body).ok_or(AeadError)?;
    let (front, back) = body.split_at_mut(plaintext.len());
    memory::copy(plaintext, front);
    match (back, last) {
        ([to], [last]) => *to = *last,
        (back, last) => back.copy_from_slice(last),
    }
    Ok((body, tag))
}

/// Makes a [`RecordAead`] from a key of exactly [`AeadAlgorithm::key_len`] bytes; another length
/// is an [`AeadError`]. Allocates the returned box: once per key, never per record.
pub type MakeAead =
    dyn Fn(AeadAlgorithm, &[u8]) -> Result<Box<dyn RecordAead>, AeadError> + Send + Sync;
