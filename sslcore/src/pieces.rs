//! Bytes that lie in several pieces.

use core::ops::Deref;

use bytes::Buf;

/// Gives `take` one piece after the other, as long as it takes all of each; says how much it took. A
/// [`Buf`] that has less than it says ends where it has no more.
pub(crate) fn each(bytes: &mut impl Buf, mut take: impl FnMut(&[u8]) -> usize) -> usize {
    let whole = bytes.remaining();
    let mut taken = 0;
    loop {
        let piece = bytes.chunk();
        let piece = &piece[..piece.len().min(whole - taken)];
        let given = piece.len();
        if given == 0 {
            return taken;
        }
        let n = take(piece).min(given);
        bytes.advance(n);
        taken += n;
        if n < given {
            return taken;
        }
    }
}

/// Copies from the front of `bytes` to `space`, as far as both reach; says how much that was.
pub(crate) fn copy(bytes: &mut impl Buf, space: &mut [u8]) -> usize {
    let mut filled = 0;
    each(bytes, |piece| {
        let rest = &mut space[filled..];
        let n = piece.len().min(rest.len());
        rest[..n].copy_from_slice(&piece[..n]);
        filled += n;
        n
    })
}

/// Slices, one behind the other.
pub(crate) struct Slices<'a, S> {
    slices: &'a [S],
    /// How much of the first is used.
    used: usize,
    remaining: usize,
}

impl<'a, S: Deref<Target = [u8]>> Slices<'a, S> {
    pub(crate) fn new(slices: &'a [S]) -> Self {
        let lens = slices.iter().map(|slice| slice.len());
        let mut this = Self {
            slices,
            used: 0,
            remaining: lens.fold(0, usize::saturating_add),
        };
        this.advance(0);
        this
    }
}

impl<S: Deref<Target = [u8]>> Buf for Slices<'_, S> {
    fn remaining(&self) -> usize {
        self.remaining
    }

    fn chunk(&self) -> &[u8] {
        let first = self.slices.first();
        first.map_or(&[], |first| &first[self.used..])
    }

    /// Stops before a slice that has bytes.
    fn advance(&mut self, n: usize) {
        self.remaining = self.remaining.saturating_sub(n);
        self.used += n;
        while let Some((first, rest)) = self.slices.split_first() {
            if self.used < first.len() {
                break;
            }
            self.used -= first.len();
            self.slices = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Says that it has more than it has.
    struct Boaster<'a>(Slices<'a, &'a [u8]>);

    impl Buf for Boaster<'_> {
        fn remaining(&self) -> usize {
            self.0.remaining() + 100
        }

        fn chunk(&self) -> &[u8] {
            self.0.chunk()
        }

        fn advance(&mut self, n: usize) {
            self.0.advance(n);
        }
    }

    #[test]
    fn pieces_are_given_until_one_is_not_taken_whole() {
        let slices: [&[u8]; 4] = [b"one", b"", b"two", b"three"];
        for room in 0..12 {
            let mut bytes = Slices::new(&slices);
            let mut taken = Vec::new();
            let n = each(&mut bytes, |piece| {
                let n = piece.len().min(room - taken.len());
                taken.extend_from_slice(&piece[..n]);
                n
            });
            assert_eq!((n, bytes.remaining()), (room.min(11), 11 - room.min(11)));
            assert_eq!(taken, b"onetwothree"[..n]);
        }
    }

    #[test]
    fn what_is_not_there_is_not_waited_for() {
        let slices: [&[u8]; 2] = [b"one", b"two"];
        let mut space = [0; 20];
        assert_eq!(copy(&mut Boaster(Slices::new(&slices)), &mut space), 6);
        assert_eq!(space[..7], *b"onetwo\0");
        let mut space = [0; 4];
        assert_eq!(copy(&mut Boaster(Slices::new(&slices)), &mut space), 4);
        assert_eq!(space, *b"onet");
    }
}
