//! Every length that the reader takes, and those around them (X.690 §8.1.3, §10.1).

use alloc::vec;
use alloc::vec::Vec;

use super::*;

/// The length that these bytes are, and how many of them, as DER wants it: in as few as can be. Four
/// bytes and more are for elements that nobody sends.
fn expected(bytes: &[u8]) -> Option<(usize, usize)> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), 1));
    }
    let (len, count) = match *rest {
        [a, ..] if first == 0x81 => (usize::from(a), 1),
        [a, b, ..] if first == 0x82 => (usize::from(a) * 256 + usize::from(b), 2),
        [a, b, c, ..] if first == 0x83 => {
            let low = usize::from(b) * 256 + usize::from(c);
            (usize::from(a) * 65_536 + low, 3)
        }
        _ => return None,
    };
    let shortest = match len {
        0..0x80 => 0,
        0x80..0x100 => 1,
        0x100..0x1_0000 => 2,
        _ => 3,
    };
    (count == shortest).then_some((len, 1 + count))
}

/// An element that begins with `header`, with room for the longest value.
struct Element(Vec<u8>);

impl Element {
    fn new() -> Self {
        Self(vec![0; 5 + (1 << 24)])
    }

    fn check(&mut self, length: &[u8]) {
        self.0[0] = tag::OCTET_STRING;
        self.0[1..=length.len()].copy_from_slice(length);
        let read = |bytes| Reader::new(bytes).element();
        let Some((len, count)) = expected(length) else {
            assert!(read(&self.0).is_none(), "{length:02x?}");
            return;
        };
        let whole = 1 + count + len;
        let mut reader = Reader::new(&self.0);
        let (found, value, all) = reader.element().expect("an element");
        assert_eq!(found, tag::OCTET_STRING);
        assert_eq!((value.len(), all.len()), (len, whole), "{length:02x?}");
        assert_eq!(value.as_ptr(), self.0[1 + count..].as_ptr());
        assert_eq!(reader.rest().len(), self.0.len() - whole);
        // Whole, or nothing.
        assert!(read(&self.0[..whole]).is_some());
        assert!(read(&self.0[..whole - 1]).is_none(), "{length:02x?}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "too much memory")]
fn every_length_of_up_to_two_bytes_behind_every_first_one() {
    let mut element = Element::new();
    for first in 0..=u8::MAX {
        for a in 0..=u8::MAX {
            element.check(&[first, a, 0, 0, 0]);
        }
    }
    for len in 0..=u16::MAX {
        let [a, b] = len.to_be_bytes();
        element.check(&[0x82, a, b, 0, 0]);
    }
}

#[test]
#[cfg_attr(miri, ignore = "too much memory")]
fn every_length_of_three_bytes() {
    let mut element = Element::new();
    // All 17 million take a second when they are optimised, as `tests/run deep` has them.
    let last: Vec<u8> = match cfg!(debug_assertions) {
        true => [0, 1, 0x7f, 0x80, 0xff].into(),
        false => (0..=u8::MAX).collect(),
    };
    for len in 0..=u16::MAX {
        let [a, b] = len.to_be_bytes();
        for c in &last {
            element.check(&[0x83, a, b, *c, 0]);
        }
    }
}

#[test]
fn a_header_that_is_cut_is_none() {
    for header in [&[][..], &[4], &[4, 0x81], &[4, 0x82, 1], &[4, 0x83, 1, 0]] {
        assert!(Reader::new(header).element().is_none(), "{header:02x?}");
    }
}

#[test]
fn every_tag_but_those_of_several_bytes() {
    for tag in 0..=u8::MAX {
        let read = Reader::new(&[tag, 1, 7]).element().map(|(tag, ..)| tag);
        assert_eq!(read, (tag & 0x1f != 0x1f).then_some(tag));
    }
}
