//! A fuzzer's input, byte by byte.

/// What is left of an input. Behind its end there are zeros.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().unwrap_or(0)
    }

    pub(crate) fn size(&mut self) -> usize {
        usize::from(self.byte())
    }

    /// A number of two bytes.
    pub(crate) fn long(&mut self) -> usize {
        self.size() << 8 | self.size()
    }

    /// The next `n` bytes, or as many as there are.
    pub(crate) fn take(&mut self, n: usize) -> &'a [u8] {
        let (front, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        front
    }

    /// A slice with its length in one byte before it.
    pub(crate) fn part(&mut self) -> &'a [u8] {
        let n = self.size();
        self.take(n)
    }
}
