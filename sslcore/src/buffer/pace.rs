//! When the memory of an empty buffer is given back.

use crate::time::Instant;

/// What a buffer begins with, and keeps: the shortest packet that every link carries whole (RFC 8200 §5).
pub(crate) const SMALL: usize = 1280;

/// So often in a row must a buffer have been filled and emptied for it to be bulk.
const BULK: u8 = 8;

/// In bulk there is less between two fills, in microseconds. Who allocates once in as much time does not
/// notice.
const PAUSE: u32 = 1000;

/// What has become of a buffer since its pace was last asked.
#[derive(Clone, Copy, Debug, Default)]
enum Since {
    /// It was not emptied.
    #[default]
    Nothing,
    /// It was, of little.
    Little,
    /// It was, of much of what it has memory for.
    Much,
}

/// How fast a buffer is filled and emptied.
///
/// An empty buffer is given back at once, for nobody says when the next bytes come, and a connection has no
/// deadline for its memory. In bulk, allocating for each record would cost as much as its encryption:
/// [`BULK`] fills in a row, each of an eighth of the memory or more, or of [`SMALL`] memory, and less than
/// [`PAUSE`] after the one before, make the connection keep the memory; a smaller one, or a pause, makes it
/// forget them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// When the buffer was last emptied, in microseconds, as far as they fit: after an hour a pause may pass
    /// for a short one, once.
    emptied: u32,
    fills: u8,
    since: Since,
}

impl Pace {
    /// The buffer is empty, after so many of its `len` bytes were in use.
    #[inline]
    pub(super) fn emptied(&mut self, used: usize, len: usize) {
        self.since = match used >= len / 8 || len <= SMALL {
            true => Since::Much,
            false => Since::Little,
        };
    }

    /// Whether the memory of an empty buffer is given back now.
    pub(super) fn gives_back(&mut self, now: Instant) -> bool {
        let now = now.as_micros() as u32;
        let paused = now.wrapping_sub(self.emptied) >= PAUSE;
        let since = core::mem::take(&mut self.since);
        self.fills = match since {
            Since::Much if !paused => self.fills.saturating_add(1),
            Since::Nothing if !paused => self.fills,
            Since::Nothing | Since::Little | Since::Much => 0,
        };
        if !matches!(since, Since::Nothing) {
            self.emptied = now;
        }
        self.fills < BULK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEN: usize = 16_406;

    /// A pace after so many fills, a microsecond apart; and the time.
    fn after(fills: u8) -> (Pace, u64) {
        let mut pace = Pace::default();
        let mut now = 5_000_000_000;
        for _ in 0..fills {
            now += 1;
            pace.emptied(LEN, LEN);
            pace.gives_back(Instant::from_micros(now));
        }
        (pace, now)
    }

    #[test]
    fn memory_is_kept_in_bulk_only() {
        for fills in 0..20 {
            let (mut pace, now) = after(fills);
            let given_back = pace.gives_back(Instant::from_micros(now + 999));
            // The first comes after a pause.
            assert_eq!(given_back, fills <= BULK, "{fills}");
        }
    }

    #[test]
    fn a_pause_ends_bulk() {
        let (mut pace, now) = after(100);
        assert!(!pace.gives_back(Instant::from_micros(now + 999)));
        assert!(pace.gives_back(Instant::from_micros(now + 1000)));
        let (mut pace, now) = after(100);
        pace.emptied(LEN, LEN);
        assert!(pace.gives_back(Instant::from_micros(now + 1000)));
    }

    #[test]
    fn any_fill_of_small_memory_goes_on_with_bulk() {
        let (mut pace, now) = after(100);
        pace.emptied(1, SMALL);
        assert!(!pace.gives_back(Instant::from_micros(now)));
    }

    #[test]
    fn a_small_fill_ends_bulk() {
        for (filled, given_back) in [(LEN / 8, false), (LEN / 8 - 1, true)] {
            let (mut pace, now) = after(100);
            pace.emptied(filled, LEN);
            assert_eq!(pace.gives_back(Instant::from_micros(now)), given_back);
        }
    }
}
