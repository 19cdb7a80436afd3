//! Writing DER (X.690): the few elements that are made here.

use alloc::vec::Vec;

/// An element of up to 65,535 bytes with this tag, and its value in parts. Allocates once.
pub(crate) fn element(tag: u8, value: &[&[u8]]) -> Vec<u8> {
    let len: usize = value.iter().map(|part| part.len()).sum();
    let [high, low] = (len as u16).to_be_bytes();
    let mut element = Vec::with_capacity(len + 4);
    match len {
        0..0x80 => element.extend([tag, low]),
        0x80..0x100 => element.extend([tag, 0x81, low]),
        _ => element.extend([tag, 0x82, high, low]),
    }
    value
        .iter()
        .for_each(|part| element.extend_from_slice(part));
    element
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::der::{Reader, tag};

    #[test]
    fn what_is_written_can_be_read() {
        for len in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff] {
            let value = alloc::vec![7; len];
            let (front, back) = value.split_at(len / 2);
            let written = element(tag::OCTET_STRING, &[front, back]);
            let mut reader = Reader::new(&written);
            assert_eq!(reader.read(tag::OCTET_STRING), Some(&value[..]), "{len}");
            assert!(reader.is_empty());
        }
    }
}
