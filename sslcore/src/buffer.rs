//! The two buffers a connection lives in, owned or lent.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use zeroize::Zeroize;

use crate::alert::Alert;
use crate::error::ConfigError;
use crate::record::header::{HEADER_LEN, MAX_RECORD};

/// Kept free behind the transmit capacity for alerts, key updates and close_notify (rule R8).
pub(crate) const HEADROOM: usize = 256;
/// The smallest transmit buffer worth having: headroom, one record's overhead, some payload.
const MIN_TRANSMIT: usize = 512;

/// Where the memory comes from.
///
/// A desktop owns its buffers; firmware lends static ones and gets them back from
/// [`Connection::into_buffers`](crate::Connection::into_buffers).
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Buffers {
    /// Allocated when needed, up to the limits.
    #[default]
    Owned,
    /// Lent by the caller; see [`Buffers::lent`].
    #[non_exhaustive]
    Lent {
        /// Holds what arrives, and the plaintext opened in place.
        receive: &'static mut [u8],
        /// Holds what is to be sent.
        transmit: &'static mut [u8],
    },
}

impl Buffers {
    /// Lends two buffers.
    ///
    /// `receive` must hold the largest record the peer will send: 16,645 bytes for TLS 1.3,
    /// 18,437 for TLS 1.2, less only when the peer is known to send less (a larger record then
    /// fails the connection with
    /// [`BufferTooSmall`](crate::FailureKind::BufferTooSmall)).
    ///
    /// # Errors
    /// [`ConfigError::BufferTooSmall`] when either is below 512 bytes.
    pub fn lent(
        receive: &'static mut [u8],
        transmit: &'static mut [u8],
    ) -> Result<Self, ConfigError> {
        if receive.len().min(transmit.len()) < MIN_TRANSMIT {
            return Err(ConfigError::BufferTooSmall {
                needed: MIN_TRANSMIT,
            });
        }
        Ok(Self::Lent { receive, transmit })
    }
}

pub(crate) enum Storage {
    Owned(Vec<u8>),
    Lent(&'static mut [u8]),
}

impl Storage {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Owned(vec) => vec,
            Self::Lent(slice) => slice,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Owned(vec) => vec,
            Self::Lent(slice) => slice,
        }
    }

    fn len(&self) -> usize {
        self.bytes().len()
    }

    /// Makes it `len` bytes long if it is owned and shorter.
    fn grow(&mut self, len: usize) {
        if let Self::Owned(vec) = self {
            if vec.len() < len {
                vec.reserve_exact(len - vec.len());
                vec.resize(len, 0);
            }
        }
    }

    fn release(&mut self) {
        if let Self::Owned(vec) = self {
            vec.zeroize();
            *vec = Vec::new();
        }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// One buffer, two regions: plaintext that waits for the reader, then bytes that wait to be
/// processed. Records are opened where they lie, so the plaintext moves only to stay contiguous.
///
/// Invariant: `plain.start <= plain.end <= raw.start <= raw.end <= storage.len()`.
#[derive(Debug)]
pub(crate) struct ReceiveBuffer {
    storage: Storage,
    plain: Range<usize>,
    raw: Range<usize>,
    /// How much of the tail the transport may be writing into: nothing moves meanwhile.
    lent: usize,
}

impl ReceiveBuffer {
    pub(crate) fn new(storage: Storage) -> Self {
        Self {
            storage,
            plain: 0..0,
            raw: 0..0,
            lent: 0,
        }
    }

    /// Plaintext for the reader.
    pub(crate) fn plain(&self) -> &[u8] {
        &self.storage.bytes()[self.plain.clone()]
    }

    /// Bytes not yet processed.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.storage.bytes()[self.raw.clone()]
    }

    pub(crate) fn raw_mut(&mut self) -> &mut [u8] {
        &mut self.storage.bytes_mut()[self.raw.clone()]
    }

    fn live(&self) -> usize {
        self.plain.len() + self.raw.len()
    }

    /// How many more bytes fit when up to `cap` may be held.
    pub(crate) fn room(&self, cap: usize) -> usize {
        self.capacity(cap).saturating_sub(self.live())
    }

    /// The most it can ever hold when up to `cap` may be held.
    pub(crate) fn capacity(&self, cap: usize) -> usize {
        match &self.storage {
            Storage::Owned(_) => cap.max(self.live()),
            Storage::Lent(slice) => slice.len(),
        }
    }

    /// Free space behind the last byte: at least `want` bytes, less when `cap` does not allow.
    pub(crate) fn tail(&mut self, want: usize, cap: usize) -> &mut [u8] {
        let want = want.min(self.room(cap));
        if self.storage.len() - self.raw.end < want {
            if self.live() + want <= self.storage.len() {
                self.compact();
            } else if self.raw.end + want <= self.capacity(cap) {
                self.storage.grow(self.raw.end + want);
            } else {
                self.compact();
                self.storage.grow(self.raw.end + want);
            }
        }
        // A larger capacity of earlier days may be left over; `cap` is what counts.
        let room = self.room(cap);
        let end = self.storage.len().min(self.raw.end.saturating_add(room));
        &mut self.storage.bytes_mut()[self.raw.end..end]
    }

    /// The same, lent until [`give_back`](Self::give_back) or until bytes arrive another way.
    pub(crate) fn lend(&mut self, want: usize, cap: usize) -> &mut [u8] {
        self.lent = 0;
        self.lent = self.tail(want, cap).len();
        let end = self.raw.end + self.lent;
        &mut self.storage.bytes_mut()[self.raw.end..end]
    }

    /// How much was lent.
    pub(crate) fn lent(&self) -> usize {
        self.lent
    }

    /// The first `n` bytes of what was lent are received bytes. `n` was checked by the caller.
    pub(crate) fn give_back(&mut self, n: usize) {
        self.lent = 0;
        self.commit(n);
        self.rewind_if_empty();
    }

    /// Moves everything to the front, plaintext and raw bytes next to each other.
    fn compact(&mut self) {
        self.lent = 0;
        let plain = self.plain.clone();
        let raw = self.raw.clone();
        let bytes = self.storage.bytes_mut();
        bytes.copy_within(plain.clone(), 0);
        bytes.copy_within(raw.clone(), plain.len());
        self.plain = 0..plain.len();
        self.raw = plain.len()..plain.len() + raw.len();
    }

    /// The first `n` bytes of the tail now hold received bytes. `n` was checked by the caller.
    pub(crate) fn commit(&mut self, n: usize) {
        debug_assert!(self.raw.end + n <= self.storage.len());
        self.raw.end += n;
        self.lent = 0;
    }

    /// Drops `n` raw bytes from the front.
    pub(crate) fn skip(&mut self, n: usize) {
        self.raw.start += n.min(self.raw.len());
        self.rewind_if_empty();
    }

    /// Turns `body` (a range within the raw bytes) into plaintext and drops the `record` raw
    /// bytes that it came in. The shorter of the old and the new plaintext is moved.
    pub(crate) fn deliver(&mut self, record: usize, body: Range<usize>) {
        let base = self.raw.start;
        let new = base + body.start..base + body.end;
        self.raw.start += record.min(self.raw.len());
        if new.is_empty() {
        } else if self.plain.is_empty() {
            self.plain = new;
        } else if new.len() <= self.plain.len() {
            let to = self.plain.end;
            self.plain.end += new.len();
            self.storage.bytes_mut().copy_within(new, to);
        } else {
            let to = new.start - self.plain.len();
            let old = self.plain.clone();
            self.plain = to..new.end;
            self.storage.bytes_mut().copy_within(old, to);
        }
        self.rewind_if_empty();
    }

    /// The reader took `n` bytes. `n` was checked by the caller.
    pub(crate) fn consume(&mut self, n: usize) {
        self.plain.start += n.min(self.plain.len());
        self.rewind_if_empty();
    }

    pub(crate) fn clear_plain(&mut self) {
        self.plain = self.raw.start..self.raw.start;
        self.rewind_if_empty();
    }

    /// Drops everything that is held; what is lent stays lent.
    pub(crate) fn discard(&mut self) {
        self.clear_plain();
        self.skip(self.raw.len());
    }

    fn clear(&mut self) {
        self.plain = 0..0;
        self.raw = 0..0;
        self.lent = 0;
    }

    /// Drops everything that is not plaintext.
    pub(crate) fn clear_raw(&mut self) {
        self.raw.end = self.raw.start;
        self.rewind_if_empty();
    }

    /// What was plaintext becomes raw again, in front of what follows it.
    pub(crate) fn unread(&mut self) {
        self.compact();
        self.raw.start = self.plain.start;
        self.plain = 0..0;
        self.rewind_if_empty();
    }

    fn rewind_if_empty(&mut self) {
        if self.lent == 0 && self.raw.is_empty() && self.plain.is_empty() {
            self.plain = 0..0;
            self.raw = 0..0;
        }
    }

    /// Gives owned memory back while nothing is held.
    pub(crate) fn release_if_empty(&mut self) {
        if self.live() == 0 && self.lent == 0 {
            self.clear();
            self.storage.release();
        }
    }

    /// Overwrites everything, plaintext that was read long ago included.
    pub(crate) fn wipe(&mut self) {
        self.clear();
        self.storage.bytes_mut().zeroize();
    }

    /// Takes the memory away; the buffer is empty and owned afterwards.
    pub(crate) fn take_storage(&mut self) -> Storage {
        self.clear();
        core::mem::replace(&mut self.storage, Storage::Owned(Vec::new()))
    }
}

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
    pub(crate) fn len(&self) -> usize {
        self.live.len() + self.backlog.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of them are TLS, not plaintext from before it.
    pub(crate) fn encrypted_len(&self) -> usize {
        self.len() - self.plain
    }

    /// Whether a flight waits that did not fit.
    pub(crate) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Room for data: nothing while a backlog waits, the headroom never counts.
    pub(crate) fn room(&self) -> usize {
        if self.backlog.is_empty() {
            self.cap.saturating_sub(self.live.len())
        } else {
            0
        }
    }

    /// `n` writable bytes behind what is there; [`commit`](Self::commit) keeps them. `None` when
    /// they do not fit even in the headroom.
    pub(crate) fn reserve(&mut self, n: usize) -> Option<&mut [u8]> {
        if !self.backlog.is_empty() || self.live.len() + n > self.cap.saturating_add(HEADROOM) {
            return None;
        }
        if self.storage.len() - self.live.end < n {
            if self.live.start > 0 {
                let live = self.live.clone();
                self.live = 0..live.len();
                self.storage.bytes_mut().copy_within(live, 0);
            }
            self.storage
                .grow((self.live.end + n).max(self.cap.min(2 * n)));
        }
        self.storage
            .bytes_mut()
            .get_mut(self.live.end..self.live.end + n)
    }

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

/// How many more bytes the record at the front of `raw` needs before it can be processed: a
/// header's worth while the header is incomplete.
pub(crate) fn missing(raw: &[u8]) -> usize {
    match raw {
        [_, _, _, high, low, body @ ..] => {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            len.saturating_sub(body.len()).min(MAX_RECORD)
        }
        short => HEADER_LEN - short.len(),
    }
}
