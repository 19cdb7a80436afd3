//! Writing messages: the presentation language of RFC 8446 §3 the other way round.

use alloc::vec::Vec;

use crate::record::messages::MESSAGE_HEADER;

/// Appends numbers, bytes, and vectors whose lengths are found out when their content is there.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Some vector is longer than its length can say.
    overflowed: bool,
}

/// What most messages have room in: more is found on the way.
const EXPECTED: usize = 256;

impl Writer {
    /// A whole message of this type (RFC 8446 §4); `None` when something in it is too long.
    pub(crate) fn message(kind: u8, content: impl FnOnce(&mut Self)) -> Option<Vec<u8>> {
        Self::message_with_room(kind, EXPECTED, content)
    }

    /// The same, whose content has about so many bytes.
    pub(crate) fn message_with_room(
        kind: u8,
        len: usize,
        content: impl FnOnce(&mut Self),
    ) -> Option<Vec<u8>> {
        let mut writer = Self {
            bytes: Vec::with_capacity(MESSAGE_HEADER + len),
            overflowed: false,
        };
        writer.u8(kind);
        writer.vector(3, content);
        (!writer.overflowed).then_some(writer.bytes)
    }

    pub(crate) fn u8(&mut self, number: u8) {
        self.bytes.push(number);
    }

    pub(crate) fn u16(&mut self, number: u16) {
        self.bytes.extend(number.to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// `<0..2^8-1>`.
    pub(crate) fn vector8(&mut self, content: impl FnOnce(&mut Self)) {
        self.vector(1, content);
    }

    /// `<0..2^16-1>`.
    pub(crate) fn vector16(&mut self, content: impl FnOnce(&mut Self)) {
        self.vector(2, content);
    }

    /// `<0..2^24-1>`.
    pub(crate) fn vector24(&mut self, content: impl FnOnce(&mut Self)) {
        self.vector(3, content);
    }

    /// An extension (RFC 8446 §4.2).
    pub(crate) fn extension(&mut self, number: u16, content: impl FnOnce(&mut Self)) {
        self.u16(number);
        self.vector16(content);
    }

    fn vector(&mut self, length: usize, content: impl FnOnce(&mut Self)) {
        let start = self.bytes.len() + length;
        self.bytes.resize(start, 0);
        content(self);
        let len = (self.bytes.len() - start).to_be_bytes();
        let (high, low) = len.split_at(len.len() - length);
        self.overflowed |= high.iter().any(|byte| *byte != 0);
        if let Some(place) = self.bytes.get_mut(start - length..start) {
            place.copy_from_slice(low);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_what_follows() {
        let message = Writer::message(7, |w| {
            w.u16(0x0102);
            w.vector8(|w| w.bytes(b"abc"));
            w.vector16(|w| w.extension(9, |w| w.u8(5)));
        });
        let expected = [7, 0, 0, 13, 1, 2, 3, b'a', b'b', b'c', 0, 5, 0, 9, 0, 1, 5];
        assert_eq!(message.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn what_is_too_long_is_never_sent() {
        let of = |len: usize| Writer::message(1, |w| w.vector8(|w| w.bytes(&alloc::vec![0; len])));
        assert_eq!(of(255).map(|message| message.len()), Some(4 + 1 + 255));
        assert_eq!(of(256), None);
        let of = |len: usize| Writer::message(1, |w| w.vector16(|w| w.bytes(&alloc::vec![0; len])));
        assert_eq!(
            of(0xffff).map(|message| message.len()),
            Some(4 + 2 + 0xffff)
        );
        assert_eq!(of(0x10000), None);
    }
}
