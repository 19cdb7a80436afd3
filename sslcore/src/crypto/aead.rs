//! The AEADs that records are sealed and opened with.

use alloc::boxed::Box;

use crate::memory;
use crate::protocol::AeadAlgorithm;

/// Length of the authentication tag of every AEAD that TLS 1.2 and 1.3 share here, in bytes
/// (RFC 5116 §5, RFC 8439 §2.8).
pub const TAG_LEN: usize = 16;
/// Length of the nonce of every one of them, in bytes.
pub const NONCE_LEN: usize = 12;

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
