//! What arrives, and the plaintext opened in place.

use alloc::vec::Vec;
use core::ops::Range;

use super::pace::{Pace, SMALL};
use super::storage::Storage;
use crate::memory::wipe;
use crate::record::header::{HEADER_LEN, Header, MAX_RECORD};
use crate::time::Instant;

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
    /// The transport filled all that it was lent.
    was_filled: bool,
    /// How much of what the reader took it may put back.
    taken: u32,
    /// How much of it surely has room: it was here since bytes last arrived, whatever has become of the
    /// limits and the memory meanwhile.
    just_taken: u32,
    /// How much of the front was in use since it was last wiped.
    used: usize,
    pace: Pace,
}

impl ReceiveBuffer {
    pub(crate) fn new(storage: Storage) -> Self {
        Self {
            storage,
            plain: 0..0,
            raw: 0..0,
            lent: 0,
            was_filled: false,
            taken: 0,
            just_taken: 0,
            used: 0,
            pace: Pace::default(),
        }
    }

    /// The same once more, if its memory is owned.
    #[cfg(feature = "testing")]
    pub(crate) fn copied(&self) -> Option<Self> {
        Some(Self {
            storage: self.storage.copied()?,
            plain: self.plain.clone(),
            raw: self.raw.clone(),
            ..*self
        })
    }

    /// Plaintext for the reader.
    #[inline]
    pub(crate) fn plain(&self) -> &[u8] {
        &self.storage.bytes()[self.plain.clone()]
    }

    /// How much of it there is.
    #[inline]
    pub(crate) fn plain_len(&self) -> usize {
        self.plain.len()
    }

    /// Whether there are bytes not yet processed.
    #[inline]
    pub(crate) fn has_raw(&self) -> bool {
        !self.raw.is_empty()
    }

    /// Bytes not yet processed.
    #[inline]
    pub(crate) fn raw(&self) -> &[u8] {
        &self.storage.bytes()[self.raw.clone()]
    }

    #[inline]
    pub(crate) fn raw_mut(&mut self) -> &mut [u8] {
        &mut self.storage.bytes_mut()[self.raw.clone()]
    }

    #[inline]
    fn live(&self) -> usize {
        self.plain.len() + self.raw.len()
    }

    /// How many more bytes fit when up to `cap` may be held.
    #[inline]
    pub(crate) fn room(&self, cap: usize) -> usize {
        self.capacity(cap).saturating_sub(self.live())
    }

    /// The most it can ever hold when up to `cap` may be held.
    #[inline]
    pub(crate) fn capacity(&self, cap: usize) -> usize {
        match &self.storage {
            Storage::Owned(_) => cap.max(self.live()),
            Storage::Lent(slice) => slice.len(),
        }
    }

    /// How much unread plaintext leaves room for any record, however large: without a bound when
    /// the memory is owned, since it grows then; at least 1.
    pub(crate) fn read_limit(&self) -> usize {
        match &self.storage {
            Storage::Owned(_) => usize::MAX,
            Storage::Lent(slice) => slice.len().saturating_sub(MAX_RECORD).max(1),
        }
    }

    /// Whether unread plaintext takes the room that the next record needs.
    pub(crate) fn is_blocked(&self, cap: usize) -> bool {
        !self.plain.is_empty() && missing(self.raw()) > self.room(cap)
    }

    /// Free space behind the last byte: at least `want` bytes, less when `cap` does not allow.
    #[inline]
    pub(crate) fn tail(&mut self, want: usize, cap: usize) -> &mut [u8] {
        let end = self.tail_end(want, cap);
        &mut self.storage.bytes_mut()[self.raw.end..end]
    }

    /// Where that ends.
    #[inline]
    fn tail_end(&mut self, want: usize, cap: usize) -> usize {
        let room = self.room(cap);
        let want = want.min(room);
        if self.storage.len() - self.raw.end < want {
            self.make_room(want, cap);
        }
        // A larger capacity of earlier days may be left over; `cap` is what counts.
        self.storage.len().min(self.raw.end.saturating_add(room))
    }

    /// Moves what is there to the front if that is enough, and grows if not.
    #[inline(never)]
    fn make_room(&mut self, want: usize, cap: usize) {
        let most = self.capacity(cap);
        if self.live() + want <= self.storage.len() {
            self.compact();
        } else if self.raw.end + want <= most {
            self.storage.grow(self.raw.end + want, most);
        } else {
            self.compact();
            self.storage.grow(self.raw.end + want, most);
        }
    }

    /// How much free space the transport should have: as much as the record at the front still needs.
    /// Between records nobody knows how long the next will be: own memory begins small, and grows while
    /// the transport fills it.
    #[inline]
    pub(crate) fn wanted(&self) -> usize {
        let missing = missing(self.raw());
        let roomy = match &self.storage {
            Storage::Owned(_) if self.plain.is_empty() => match self.storage.len() {
                len if self.was_filled && len < MAX_RECORD / 2 => {
                    (4 * len).clamp(SMALL, MAX_RECORD)
                }
                _ if missing == 0 => SMALL,
                _ => SMALL.saturating_sub(self.raw.len()),
            },
            Storage::Owned(_) | Storage::Lent(_) => MAX_RECORD,
        };
        roomy.max(missing)
    }

    /// The same, lent until [`give_back`](Self::give_back) or until bytes arrive another way. When it was lent
    /// before, what the transport has put there stays at its front.
    #[inline]
    pub(crate) fn lend(&mut self, want: usize, cap: usize) -> &mut [u8] {
        let end = self.tail_end(want, cap);
        self.lent = end - self.raw.end;
        &mut self.storage.bytes_mut()[self.raw.end..end]
    }

    /// How much was lent.
    pub(crate) fn lent(&self) -> usize {
        self.lent
    }

    /// That, once more.
    #[cfg(feature = "offload")]
    pub(crate) fn lent_mut(&mut self) -> &mut [u8] {
        let lent = self.raw.end..self.raw.end + self.lent;
        &mut self.storage.bytes_mut()[lent]
    }

    /// How many more bytes the record at the front needs, as far as that is known.
    #[cfg(feature = "offload")]
    pub(crate) fn missing(&self) -> usize {
        missing(self.raw())
    }

    /// The first `n` bytes of what was lent are received bytes. `n` was checked by the caller.
    pub(crate) fn give_back(&mut self, n: usize) {
        self.was_filled = n == self.lent;
        self.commit(n);
        self.rewind_if_empty();
    }

    /// Moves everything to the front, plaintext and raw bytes next to each other. What is lent is taken back, and
    /// is behind them as it was.
    fn compact(&mut self) {
        let plain = self.plain.clone();
        let raw = self.raw.clone();
        let lent = core::mem::take(&mut self.lent);
        let bytes = self.storage.bytes_mut();
        bytes.copy_within(plain.clone(), 0);
        bytes.copy_within(raw.start..raw.end + lent, plain.len());
        self.plain = 0..plain.len();
        self.raw = plain.len()..plain.len() + raw.len();
    }

    /// The first `n` bytes of the tail now hold received bytes. `n` was checked by the caller.
    #[inline]
    pub(crate) fn commit(&mut self, n: usize) {
        debug_assert!(self.raw.end + n <= self.storage.len());
        if n > 0 {
            self.just_taken = 0;
        }
        self.raw.end += n;
        self.used = self.used.max(self.raw.end);
        self.lent = 0;
    }

    /// Drops `n` raw bytes from the front.
    #[inline]
    pub(crate) fn skip(&mut self, n: usize) {
        self.raw.start += n.min(self.raw.len());
        self.rewind_if_empty();
    }

    /// Drops `n` bytes from the front of the content of the record at the front, which has this
    /// header. What is left of it is a record of its own, with its header where the last of these
    /// bytes were.
    pub(crate) fn skip_content(&mut self, header: Header, n: usize) {
        let rest = Header {
            body: header.body.saturating_sub(n),
            ..header
        };
        if rest.body == 0 {
            return self.skip(header.record_len());
        }
        self.skip(n);
        if let Some(front) = self.raw_mut().first_chunk_mut() {
            *front = rest.encode();
        }
    }

    /// Turns `body` (a range within the raw bytes) into plaintext and drops the `record` raw
    /// bytes that it came in. The shorter of the old and the new plaintext is moved.
    #[inline]
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

    /// Puts `bytes` in front of the unread plaintext, when the reader took as many, and up to `cap` may
    /// be held; or says how many could be put back. What there is memory for may always be held: `cap`
    /// may have been more when it arrived.
    pub(crate) fn put_back(&mut self, bytes: &[u8], cap: usize) -> Result<(), usize> {
        let room = self.room(cap).max(self.storage.len() - self.live());
        let most = room.max(self.just_taken as usize).min(self.taken as usize);
        if bytes.len() > most {
            return Err(most);
        }
        let cap = cap.max(self.live() + bytes.len());
        self.taken -= bytes.len() as u32;
        self.just_taken = self.just_taken.saturating_sub(bytes.len() as u32);
        if self.plain.is_empty() {
            self.plain = self.raw.start..self.raw.start;
        }
        if self.plain.start < bytes.len() {
            self.compact();
            let shift = bytes.len();
            self.tail(shift, cap);
            let held = 0..self.raw.end;
            self.storage.bytes_mut().copy_within(held, shift);
            self.plain = shift..self.plain.end + shift;
            self.raw = self.raw.start + shift..self.raw.end + shift;
            self.used = self.used.max(self.raw.end);
        }
        let end = self.plain.start;
        self.plain.start -= bytes.len();
        self.storage.bytes_mut()[self.plain.start..end].copy_from_slice(bytes);
        Ok(())
    }

    /// The reader took `n` bytes. `n` was checked by the caller.
    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        let n = n.min(self.plain.len());
        self.plain.start += n;
        let taken = u32::try_from(n).unwrap_or(u32::MAX);
        self.taken = self.taken.saturating_add(taken);
        self.just_taken = self.just_taken.saturating_add(taken);
        self.rewind_if_empty();
    }

    /// What the reader took cannot be put back any more.
    pub(crate) fn forget_taken(&mut self) {
        (self.taken, self.just_taken) = (0, 0);
    }

    /// Drops the unread plaintext, and nothing that was read can be put back.
    pub(crate) fn clear_plain(&mut self) {
        self.plain = self.raw.start..self.raw.start;
        self.forget_taken();
        self.rewind_if_empty();
    }

    /// Drops everything that is held; what is lent stays lent.
    pub(crate) fn discard(&mut self) {
        self.clear_plain();
        self.clear_raw();
    }

    fn clear(&mut self) {
        self.plain = 0..0;
        self.raw = 0..0;
        self.lent = 0;
    }

    /// Drops everything that is not plaintext; what is lent stays where it is.
    pub(crate) fn clear_raw(&mut self) {
        self.skip(self.raw.len());
    }

    /// What was plaintext becomes raw again, in front of what follows it.
    pub(crate) fn make_raw(&mut self) {
        self.compact();
        self.raw.start = self.plain.start;
        self.plain = 0..0;
        self.rewind_if_empty();
    }

    #[inline]
    fn rewind_if_empty(&mut self) {
        if self.lent == 0 && self.raw.is_empty() && self.plain.is_empty() && self.raw.end > 0 {
            self.pace.emptied(self.raw.end, self.storage.len());
            self.plain = 0..0;
            self.raw = 0..0;
        }
    }

    /// Gives owned memory back while nothing is held, but not in bulk: all of it, or what is not small.
    #[inline]
    pub(crate) fn rest(&mut self, now: Instant, all: bool) {
        let keeps = if all { 0 } else { SMALL };
        if self.storage.owned() > keeps && self.live() == 0 && self.lent == 0 {
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

    /// Overwrites all that was in use, plaintext that was read long ago included.
    pub(crate) fn wipe(&mut self) {
        self.clear();
        let used = core::mem::take(&mut self.used);
        wipe(&mut self.storage.bytes_mut()[..used]);
    }

    /// Takes the memory away; the buffer is empty and owned afterwards.
    pub(crate) fn take_storage(&mut self) -> Storage {
        self.clear();
        self.used = 0;
        core::mem::replace(&mut self.storage, Storage::Owned(Vec::new()))
    }
}

/// How many more bytes the record at the front of `raw` needs before it can be processed: a
/// header's worth while the header is incomplete.
#[inline]
fn missing(raw: &[u8]) -> usize {
    match raw {
        [_, _, _, high, low, body @ ..] => {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            len.saturating_sub(body.len()).min(MAX_RECORD)
        }
        short => HEADER_LEN - short.len(),
    }
}

#[cfg(test)]
mod tests;
