//! What leaves.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::storage::{HEADROOM, MIN_TRANSMIT, Storage};
use crate::alert::Alert;

/// An alert on its way out: told to the application when the transport took its last byte.
#[derive(Clone, Copy, Debug)]
struct AlertMark {
    alert: Alert,
    end: u64,
}

/// What leaves, in order: sealed records in `storage`, and behind them `backlog`, which holds
/// handshake flights that did not fit yet.
pub(crate) struct TransmitBuffer {
    storage: Storage,
    live: Range<usize>,
    cap: usize,
    backlog: Vec<u8>,
    /// How many of the bytes at the front are plaintext from before TLS.
    plain: usize,
    /// Bytes ever appended, and bytes ever taken by the transport.
    appended: u64,
    taken: u64,
    marks: heapless::Deque<AlertMark, 4>,
}

/// What [`TransmitBuffer::take`] handed over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) plain: usize,
    pub(crate) encrypted: usize,
}

impl TransmitBuffer {
    pub(crate) fn new(storage: Storage, cap: usize) -> Self {
        let cap = match &storage {
            Storage::Owned(_) => cap.max(MIN_TRANSMIT - HEADROOM),
            Storage::Lent(slice) => slice.len().saturating_sub(HEADROOM),
        };
        Self {
            storage,
            live: 0..0,
            cap,
            backlog: Vec::new(),
            plain: 0,
            appended: 0,
            taken: 0,
            marks: heapless::Deque::new(),
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.cap
    }

    /// What the transport may take now.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.storage.bytes()[self.live.clone()]
    }

    /// Everything on its way, backlog included.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.live.len() + self.backlog.len()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of them are TLS, not plaintext from before it.
    pub(crate) fn encrypted_len(&self) -> usize {
        self.len() - self.plain
    }

    /// Whether a flight waits that did not fit.
    #[inline]
    pub(crate) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Room for data: nothing while a backlog waits, the headroom never counts.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        if self.backlog.is_empty() {
            self.cap.saturating_sub(self.live.len())
        } else {
            0
        }
    }

    /// `n` writable bytes behind what is there; [`commit`](Self::commit) keeps them. `None` when
    /// they do not fit even in the headroom.
    #[inline]
    pub(crate) fn reserve(&mut self, n: usize) -> Option<&mut [u8]> {
        if !self.backlog.is_empty() || self.live.len() + n > self.cap.saturating_add(HEADROOM) {
            return None;
        }
        if self.storage.len() - self.live.end < n {
            self.make_room(n);
        }
        self.storage
            .bytes_mut()
            .get_mut(self.live.end..self.live.end + n)
    }

    /// Moves what is there to the front, and grows.
    fn make_room(&mut self, n: usize) {
        let most = self.cap.saturating_add(HEADROOM);
        if self.live.start > 0 {
            let live = self.live.clone();
            self.live = 0..live.len();
            self.storage.bytes_mut().copy_within(live, 0);
        }
        self.storage.grow(self.live.end + n, most);
    }

    #[inline]
    pub(crate) fn commit(&mut self, n: usize) {
        debug_assert!(self.live.end + n <= self.storage.len());
        self.live.end += n;
        self.appended += n as u64;
    }

    /// Appends as much of `bytes` as there is room for.
    pub(crate) fn append_plain(&mut self, bytes: &[u8]) -> usize {
        let n = bytes.len().min(self.room());
        let Some(space) = self.reserve(n) else {
            return 0;
        };
        space.copy_from_slice(&bytes[..n]);
        self.commit(n);
        self.plain += n;
        n
    }

    /// Appends all of `bytes`, to the backlog when they do not fit.
    pub(crate) fn append_flight(&mut self, bytes: &[u8]) {
        self.appended += bytes.len() as u64;
        self.backlog.extend_from_slice(bytes);
        self.refill();
    }

    /// Moves backlog into the buffer as far as there is room.
    fn refill(&mut self) {
        let n = self
            .backlog
            .len()
            .min(self.cap.saturating_sub(self.live.len()));
        if n == 0 {
            return;
        }
        let backlog = core::mem::take(&mut self.backlog);
        if let Some(space) = self.reserve(n) {
            space.copy_from_slice(&backlog[..n]);
            self.live.end += n;
            self.backlog = backlog;
            self.backlog.drain(..n);
            if self.backlog.is_empty() {
                self.backlog = Vec::new();
            }
        } else {
            self.backlog = backlog;
        }
    }

    /// The alert that ends with the last byte appended.
    pub(crate) fn mark_alert(&mut self, alert: Alert) {
        let end = self.appended;
        // Four alerts never wait at once: two are the most that one connection queues in a row,
        // and no_renegotiation is capped.
        let _ = self.marks.push_back(AlertMark { alert, end });
    }

    /// The transport took `n` bytes. `n` was checked by the caller.
    pub(crate) fn take(&mut self, n: usize) -> Taken {
        let n = n.min(self.live.len());
        self.live.start += n;
        self.taken += n as u64;
        if self.live.is_empty() {
            self.live = 0..0;
        }
        self.refill();
        let plain = n.min(self.plain);
        self.plain -= plain;
        Taken {
            plain,
            encrypted: n - plain,
        }
    }

    /// Whether no alert is on its way out.
    #[inline]
    pub(crate) fn marks_nothing(&self) -> bool {
        self.marks.is_empty()
    }

    /// The next alert that has left completely.
    pub(crate) fn alert_gone(&mut self) -> Option<Alert> {
        if self.marks.front()?.end > self.taken {
            return None;
        }
        self.marks.pop_front().map(|mark| mark.alert)
    }

    /// Throws away everything that waits, and says how much it was.
    pub(crate) fn clear(&mut self) -> usize {
        let unsent = self.len();
        self.live = 0..0;
        self.backlog = Vec::new();
        self.plain = 0;
        self.marks.clear();
        unsent
    }

    /// Hands over everything that may leave now as one vector, without copying when the memory is
    /// owned; the caller has still to [`take`](Self::take) as many bytes.
    pub(crate) fn split_off(&mut self) -> (Vec<u8>, Range<usize>) {
        match &mut self.storage {
            Storage::Owned(vec) => {
                let live = self.live.clone();
                (core::mem::take(vec), live)
            }
            Storage::Lent(slice) => {
                let copy = slice[self.live.clone()].to_vec();
                let all = 0..copy.len();
                (copy, all)
            }
        }
    }

    pub(crate) fn release_if_empty(&mut self) {
        if self.is_empty() {
            self.storage.release();
        }
    }

    /// Takes the memory away; the buffer is empty and owned afterwards.
    pub(crate) fn take_storage(&mut self) -> Storage {
        self.clear();
        core::mem::replace(&mut self.storage, Storage::Owned(Vec::new()))
    }
}

impl fmt::Debug for TransmitBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.len(), self.cap)
    }
}
