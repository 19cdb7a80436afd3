//! Plaintext that waits for its keys.

use alloc::vec::Vec;

use zeroize::Zeroize;

/// What was written before it could be encrypted.
#[derive(Default)]
pub(crate) struct Queue(Vec<u8>);

impl Queue {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends as much of `bytes` as fits when up to `limit` may wait.
    pub(crate) fn push(&mut self, bytes: &[u8], limit: usize) -> usize {
        let n = bytes.len().min(limit.saturating_sub(self.0.len()));
        self.0.extend_from_slice(&bytes[..n]);
        n
    }

    /// Drops the first `n` bytes: they are encrypted.
    pub(crate) fn consume(&mut self, n: usize) {
        self.0.drain(..n.min(self.0.len()));
        if self.0.is_empty() {
            self.clear();
        }
    }

    /// Drops everything, and says how much it was.
    pub(crate) fn clear(&mut self) -> usize {
        let len = self.0.len();
        self.0.zeroize();
        self.0 = Vec::new();
        len
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
