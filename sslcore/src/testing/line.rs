//! What one end has said and the other has not yet heard.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use super::entropy::Numbers;
use crate::time::Instant;

/// How bytes travel in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// How long a piece takes.
    pub latency: Duration,
    /// How much longer it may take, for each piece anew. Pieces do not overtake each other.
    pub jitter: Duration,
    /// The most bytes of a piece; it has one or more of them, by chance.
    pub chunk: usize,
    /// The most bytes under way. The link takes no more, which is back-pressure.
    pub window: usize,
}

/// 20 ms, pieces of up to 1,460 bytes, as in TCP, and 64 KiB under way.
impl Default for Link {
    fn default() -> Self {
        Self {
            latency: Duration::from_millis(20),
            jitter: Duration::ZERO,
            chunk: 1460,
            window: 64 * 1024,
        }
    }
}

struct Piece {
    at: Instant,
    bytes: Vec<u8>,
    /// How much of it was delivered.
    heard: usize,
}

/// One direction.
pub(super) struct Line {
    pub(super) link: Link,
    pieces: VecDeque<Piece>,
    under_way: usize,
    /// When the last piece arrives.
    last: Instant,
    /// Nothing arrives before.
    blocked: Instant,
    /// When the stream ends, until that is told.
    end: Option<Instant>,
    over: bool,
}

impl Line {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link,
            pieces: VecDeque::new(),
            under_way: 0,
            last: Instant::default(),
            blocked: Instant::default(),
            end: None,
            over: false,
        }
    }

    /// Takes a piece of `bytes`, and says how long it is; 0, if it has no room.
    pub(super) fn send(&mut self, bytes: &[u8], now: Instant, numbers: &Numbers) -> usize {
        let room = self.link.window.max(1).saturating_sub(self.under_way);
        let chunk = 1 + numbers.below(self.link.chunk.max(1) as u64) as usize;
        let n = bytes.len().min(room).min(chunk);
        if n > 0 {
            let most = u64::try_from(self.link.jitter.as_micros()).unwrap_or(u64::MAX);
            let jitter = Duration::from_micros(numbers.below(most.saturating_add(1)));
            let at = now.after(self.link.latency).after(jitter);
            self.last = self.last.max(at);
            self.under_way += n;
            self.pieces.push_back(Piece {
                at: self.last,
                bytes: bytes[..n].to_vec(),
                heard: 0,
            });
        }
        n
    }

    /// No more will be sent.
    pub(super) fn end(&mut self, now: Instant) {
        if !self.over {
            self.over = true;
            self.end = Some(self.last.max(now.after(self.link.latency)));
        }
    }

    pub(super) fn block(&mut self, until: Instant) {
        self.blocked = self.blocked.max(until);
    }

    /// What is under way is lost, and nothing follows it.
    pub(super) fn reset(&mut self) {
        self.pieces.clear();
        self.under_way = 0;
        self.over = true;
        self.end = None;
    }

    /// Gives `hear` what has arrived; it says how much it takes. Returns how much that was.
    pub(super) fn deliver(&mut self, now: Instant, mut hear: impl FnMut(&[u8]) -> usize) -> usize {
        let before = self.under_way;
        while let Some(piece) = self.pieces.front_mut() {
            if piece.at.max(self.blocked) > now {
                break;
            }
            let n = hear(&piece.bytes[piece.heard..]);
            piece.heard += n;
            self.under_way -= n;
            if piece.heard < piece.bytes.len() {
                break;
            }
            self.pieces.pop_front();
        }
        before - self.under_way
    }

    /// Whether the end of the stream has arrived, once.
    pub(super) fn take_end(&mut self, now: Instant) -> bool {
        let blocked = self.blocked;
        let arrived = self.end.is_some_and(|at| at.max(blocked) <= now) && self.pieces.is_empty();
        if arrived {
            self.end = None;
        }
        arrived
    }

    /// When the next piece arrives, or the end, given whether the other end has room for a piece.
    pub(super) fn next_arrival(&self, has_room: bool) -> Option<Instant> {
        let at = match self.pieces.front() {
            Some(piece) => has_room.then_some(piece.at),
            None => self.end,
        };
        at.map(|at| at.max(self.blocked))
    }
}

/// Links that something can be said over in a minute.
#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Link {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let [latency, jitter, chunk, window] = <[u16; 4]>::arbitrary(input)?;
        Ok(Self {
            latency: Duration::from_micros(u64::from(latency) * 4),
            jitter: Duration::from_micros(u64::from(jitter) * 4),
            chunk: 1 + usize::from(chunk),
            window: 1 + usize::from(window),
        })
    }

    fn size_hint(_depth: usize) -> (usize, Option<usize>) {
        (8, Some(8))
    }
}
