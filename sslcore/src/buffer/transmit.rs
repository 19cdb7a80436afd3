//! What leaves.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use bytes::Bytes;

use super::pace::{Pace, SMALL};
use super::storage::{HEADROOM, MIN_TRANSMIT, Storage};
use crate::alert::Alert;
#[cfg(feature = "offload")]
use crate::memory::wipe;
use crate::time::Instant;

/// Nobody has as much on its way; it is less than what [`TransmitBuffer`] can count.
const MOST: usize = (u32::MAX / 4) as usize;

/// An alert on its way out: told to the application when the transport took its last byte.
#[derive(Clone, Copy, Debug)]
struct AlertMark {
    alert: Alert,
    end: u32,
}

/// What leaves, in order: what was handed over, sealed records in `storage`, and behind them
/// `backlog`, which holds handshake flights that did not fit yet.
pub(crate) struct TransmitBuffer {
    handed_over: Option<HandedOver>,
    storage: Storage,
    live: Range<usize>,
    cap: usize,
    backlog: Vec<u8>,
    /// How many of the bytes at the front are plaintext from before TLS.
    plain: usize,
    /// Bytes ever appended, as far as that fits: less is on its way.
    appended: u32,
    marks: heapless::Deque<AlertMark, 4>,
    announced: bool,
    pace: Pace,
    /// What is in the memory is sealed by others, and plaintext until then.
    #[cfg(feature = "offload")]
    holds_plaintext: bool,
}

/// Memory that somebody else may hold, too.
struct HandedOver {
    memory: Bytes,
    /// Where in it the bytes lie that were not taken yet.
    live: Range<usize>,
    /// Nobody sends them any more, whoever holds them.
    is_back: bool,
}

impl HandedOver {
    /// What was not taken yet.
    fn bytes(&self) -> &[u8] {
        &self.memory[self.live.clone()]
    }

    /// Them, unless somebody may be sending them.
    fn shown(&self) -> &[u8] {
        match self.is_back() {
            true => self.bytes(),
            false => &[],
        }
    }

    /// They may be sent, or sent again. Dropping them gives them back.
    fn is_back(&self) -> bool {
        self.is_back || self.memory.is_unique()
    }
}

/// What the transport took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) plain: usize,
    pub(crate) encrypted: usize,
}

impl TransmitBuffer {
    pub(crate) fn new(storage: Storage, cap: usize) -> Self {
        let cap = match &storage {
            Storage::Owned(_) => cap.max(MIN_TRANSMIT - HEADROOM),
            Storage::Lent(lent) => lent.len().saturating_sub(HEADROOM),
        };
        let cap = cap.min(MOST);
        Self {
            handed_over: None,
            storage,
            live: 0..0,
            cap,
            backlog: Vec::new(),
            plain: 0,
            appended: 0,
            marks: heapless::Deque::new(),
            announced: false,
            pace: Pace::default(),
            #[cfg(feature = "offload")]
            holds_plaintext: false,
        }
    }

    /// Others seal what is in it from now on.
    #[cfg(feature = "offload")]
    pub(crate) fn hold_plaintext(&mut self) {
        self.holds_plaintext = true;
    }

    /// Overwrites what must not be found in memory that is given back.
    pub(crate) fn wipe(&mut self) {
        #[cfg(feature = "offload")]
        if self.holds_plaintext {
            wipe(self.storage.bytes_mut());
        }
    }

    /// The same once more, if its memory is owned. What is handed over must be
    /// [back](Self::is_out).
    #[cfg(feature = "testing")]
    pub(crate) fn copied(&self) -> Option<Self> {
        let back = self.handed_over.as_ref().map(|first| HandedOver {
            memory: Bytes::copy_from_slice(first.bytes()),
            live: 0..first.live.len(),
            is_back: true,
        });
        Some(Self {
            handed_over: back,
            storage: self.storage.copied()?,
            live: self.live.clone(),
            backlog: self.backlog.clone(),
            marks: self.marks.clone(),
            ..*self
        })
    }

    /// Whether somebody may be sending what was handed over.
    #[cfg(feature = "testing")]
    pub(crate) fn is_out(&self) -> bool {
        let first = self.handed_over.as_ref();
        first.is_some_and(|first| !first.is_back())
    }

    pub(crate) fn capacity(&self) -> usize {
        self.cap
    }

    /// What the transport may take now.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.handed_over {
            None => &self.storage.bytes()[self.live.clone()],
            Some(first) => first.shown(),
        }
    }

    /// How much that is.
    #[inline]
    pub(crate) fn shown(&self) -> usize {
        match &self.handed_over {
            None => self.live.len(),
            Some(first) => first.shown().len(),
        }
    }

    /// Whether there are such bytes, and this was not asked since there were none.
    pub(crate) fn announce(&mut self) -> bool {
        // Asked once: what is handed over may come back at any moment, from another thread.
        let shown = !self.bytes().is_empty();
        let told = core::mem::replace(&mut self.announced, shown);
        shown && !told
    }

    /// Everything on its way, backlog included.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.held() + self.backlog.len()
    }

    /// What counts against the capacity.
    #[inline]
    fn held(&self) -> usize {
        let first = self.handed_over.as_ref();
        first.map_or(0, |first| first.live.len()) + self.live.len()
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
            self.cap.saturating_sub(self.held())
        } else {
            0
        }
    }

    /// When nothing is in it yet, takes memory for `n` bytes at once, or for as many as there is room for:
    /// growing with each of several records would move those before it.
    pub(crate) fn reserve_for(&mut self, n: usize) {
        if self.live.is_empty() {
            let len = n.min(self.room());
            self.storage.reserve(len, self.cap.saturating_add(HEADROOM));
        }
    }

    /// `n` writable bytes behind what is there; [`commit`](Self::commit) keeps them. `None` when
    /// they do not fit even in the headroom.
    #[inline]
    pub(crate) fn reserve(&mut self, n: usize) -> Option<&mut [u8]> {
        if !self.backlog.is_empty() || self.held() + n > self.cap.saturating_add(HEADROOM) {
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
    #[inline(never)]
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
        self.appended = self.appended.wrapping_add(n as u32);
    }

    /// Appends as much of `bytes` as there is room for.
    pub(crate) fn append_plain(&mut self, bytes: &[u8]) -> usize {
        let copy = |space: &mut [u8]| {
            space.copy_from_slice(&bytes[..space.len()]);
            space.len()
        };
        self.append_plain_with(bytes.len(), copy).1
    }

    /// Appends what `fill` puts in place, of up to `len` bytes: as many as it says. Says for how many there
    /// was room, and how many they were.
    pub(crate) fn append_plain_with(
        &mut self,
        len: usize,
        fill: impl FnOnce(&mut [u8]) -> usize,
    ) -> (usize, usize) {
        let n = len.min(self.room());
        let space = if n > 0 { self.reserve(n) } else { None };
        let Some(space) = space else {
            return (0, 0);
        };
        let filled = fill(space).min(n);
        self.commit(filled);
        self.plain += filled;
        (n, filled)
    }

    /// Appends all of `bytes`, to the backlog when they do not fit.
    pub(crate) fn append_flight(&mut self, bytes: &[u8]) {
        self.appended = self.appended.wrapping_add(bytes.len() as u32);
        self.backlog.extend_from_slice(bytes);
        self.refill();
    }

    /// Moves backlog into the buffer as far as there is room.
    #[inline]
    fn refill(&mut self) {
        if !self.backlog.is_empty() {
            self.refill_from_backlog();
        }
    }

    fn refill_from_backlog(&mut self) {
        let n = self.backlog.len().min(self.cap.saturating_sub(self.held()));
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
    #[inline]
    pub(crate) fn take(&mut self, n: usize) -> Taken {
        let n = n.min(self.shown());
        if let Some(first) = &mut self.handed_over {
            first.live.start += n;
            if first.live.is_empty() {
                self.take_memory_back();
            }
            self.announced &= self.shown() > 0;
        } else {
            self.live.start += n;
            if self.live.is_empty() {
                self.rewind();
            }
        }
        self.refill();
        let plain = n.min(self.plain);
        self.plain -= plain;
        Taken {
            plain,
            encrypted: n - plain,
        }
    }

    /// Drops `n` bytes of the content of the record at the front, which begins behind `prefix` bytes. What
    /// is left of it is a record of its own, with this header. `n` was checked by the caller.
    #[cfg(feature = "offload")]
    pub(crate) fn skip_content(&mut self, prefix: usize, header: &[u8], n: usize) {
        let start = self.live.start;
        let bytes = self.storage.bytes_mut();
        bytes.copy_within(start..start + prefix, start + n);
        bytes[start + n..][..header.len()].copy_from_slice(header);
        self.live.start += n;
    }

    /// Nothing waits in the memory any more.
    #[inline]
    fn rewind(&mut self) {
        self.announced = false;
        if self.live.end > 0 {
            self.pace.emptied(self.live.end, self.storage.len());
            self.live = 0..0;
        }
    }

    /// Everything that was handed over was taken. Its memory serves again, unless somebody keeps it, or
    /// there is other memory.
    fn take_memory_back(&mut self) {
        let Some(first) = self.handed_over.take() else {
            return;
        };
        if let Storage::Owned(vec) = &mut self.storage {
            if vec.is_empty() {
                if let Ok(memory) = first.memory.try_into_mut() {
                    *vec = memory.into();
                    self.pace.emptied(first.live.end, vec.len());
                }
            }
        }
    }

    /// How many bytes were appended behind an alert.
    fn behind(&self, mark: &AlertMark) -> usize {
        self.appended.wrapping_sub(mark.end) as usize
    }

    /// Whether no alert is on its way out.
    #[inline]
    pub(crate) fn marks_nothing(&self) -> bool {
        self.marks.is_empty()
    }

    /// The next alert that has left completely.
    pub(crate) fn alert_gone(&mut self) -> Option<Alert> {
        if self.behind(self.marks.front()?) < self.len() {
            return None;
        }
        self.marks.pop_front().map(|mark| mark.alert)
    }

    /// Throws away everything that waits, and says how much it was.
    pub(crate) fn clear(&mut self) -> usize {
        let unsent = self.len();
        self.handed_over = None;
        self.announced = false;
        self.live = 0..0;
        self.backlog = Vec::new();
        self.plain = 0;
        self.marks.clear();
        unsent
    }

    /// Hands over everything that may leave now, without copying when the memory is owned. It stays
    /// on its way until it is [taken back](Self::take_back), or dropped; `None` when there is nothing,
    /// or something is handed over already.
    pub(crate) fn hand_over(&mut self) -> Option<Bytes> {
        if self.bytes().is_empty() {
            return None;
        }
        self.announced = false;
        let first = self.handed_over.get_or_insert_with(|| {
            let live = core::mem::take(&mut self.live);
            let (memory, live) = match &mut self.storage {
                Storage::Owned(vec) => (core::mem::take(vec).into(), live),
                Storage::Lent(lent) => {
                    let len = live.len();
                    (Bytes::copy_from_slice(&lent[live]), 0..len)
                }
            };
            HandedOver {
                memory,
                live,
                is_back: false,
            }
        });
        first.is_back = false;
        Some(first.memory.slice(first.live.clone()))
    }

    /// Nobody sends `bytes` any more. Whether they are those that were handed over.
    pub(crate) fn take_back(&mut self, bytes: &Bytes) -> bool {
        match &mut self.handed_over {
            Some(first) if first.bytes().as_ptr() == bytes.as_ptr() && !first.is_back => {
                first.is_back = true;
                true
            }
            _ => false,
        }
    }

    /// Whether this alert may have left: somebody holds it, and has not said what became of it.
    pub(crate) fn is_handed_over(&self, alert: Alert) -> bool {
        let Some(first) = self.handed_over.as_ref().filter(|first| !first.is_back()) else {
            return false;
        };
        let behind = self.len() - first.live.len();
        let mut marks = self.marks.iter();
        marks.any(|mark| mark.alert == alert && self.behind(mark) >= behind)
    }

    /// Gives owned memory back while nothing is held, but not in bulk: all of it, or what is not small.
    #[inline]
    pub(crate) fn rest(&mut self, now: Instant, all: bool) {
        let keeps = if all { 0 } else { SMALL };
        if self.storage.owned() > keeps && self.live.is_empty() {
            self.release(now);
        }
    }

    #[inline(never)]
    fn release(&mut self, now: Instant) {
        if self.pace.gives_back(now) {
            self.wipe();
            self.storage.release();
        }
    }

    /// Takes the memory away; the buffer is empty and owned afterwards.
    pub(crate) fn take_storage(&mut self) -> Storage {
        self.clear();
        self.wipe();
        core::mem::replace(&mut self.storage, Storage::Owned(Vec::new()))
    }
}

impl fmt::Debug for TransmitBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes", self.len(), self.cap)
    }
}

#[cfg(test)]
mod tests;
