//! Plaintext that waits for its keys.

use alloc::vec::Vec;

use super::storage::reserve;
use crate::memory::wipe;

/// What was written before it could be encrypted. It leaves nothing of it behind in memory (rule
/// R11): not when it grows, and not when it is emptied or dropped.
#[derive(Default)]
#[cfg_attr(feature = "testing", derive(Clone))]
pub(crate) struct Queue(Vec<u8>);

impl Queue {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends as much of `bytes` as fits when up to `limit` may wait, and says how much that is.
    pub(crate) fn push(&mut self, bytes: &[u8], limit: usize) -> usize {
        let n = bytes.len().min(limit.saturating_sub(self.0.len()));
        reserve(&mut self.0, n, limit);
        self.0.extend_from_slice(&bytes[..n]);
        n
    }

    /// Appends what `fill` puts in place, of up to `len` bytes: as many as it says. Says for how many there
    /// was room, and how many they were.
    pub(crate) fn push_with(
        &mut self,
        len: usize,
        limit: usize,
        fill: impl FnOnce(&mut [u8]) -> usize,
    ) -> (usize, usize) {
        let before = self.0.len();
        let n = len.min(limit.saturating_sub(before));
        if n == 0 {
            return (0, 0);
        }
        reserve(&mut self.0, n, limit);
        self.0.resize(before + n, 0);
        let filled = fill(&mut self.0[before..]).min(n);
        wipe(&mut self.0[before + filled..]);
        self.0.truncate(before + filled);
        (n, filled)
    }

    /// Drops the first `n` bytes: they are encrypted.
    pub(crate) fn consume(&mut self, n: usize) {
        let rest = self.0.len().saturating_sub(n);
        let from = self.0.len() - rest;
        self.0.copy_within(from.., 0);
        wipe(&mut self.0[rest..]);
        self.0.truncate(rest);
        if rest == 0 {
            self.clear();
        }
    }

    /// Drops everything, and says how much it was.
    pub(crate) fn clear(&mut self) -> usize {
        let len = self.0.len();
        wipe(&mut self.0);
        self.0 = Vec::new();
        len
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}
