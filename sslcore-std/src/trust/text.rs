//! Text in UTF-16, as Windows' programs write it, made UTF-8.

use zeroize::Zeroizing;

/// Half of the bytes of two units.
const UNIT: usize = 2;

/// The text in UTF-8, when it is UTF-16 with a byte order mark, or without one begins as PEM does.
/// What it held may be a private key: nothing of it is left behind.
pub(super) fn from_utf16(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (text, unit): (_, fn([u8; UNIT]) -> u16) = match bytes {
        [0xff, 0xfe, text @ ..] => (text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => (text, u16::from_be_bytes),
        [b'-', 0, b'-', 0, ..] => (bytes, u16::from_le_bytes),
        [0, b'-', 0, b'-', ..] => (bytes, u16::from_be_bytes),
        _ => return None,
    };
    let (units, _) = text.as_chunks::<UNIT>();
    // A unit is three bytes at most: a buffer that grew would leave what it held behind.
    let mut utf8 = Zeroizing::new(Vec::with_capacity(3 * units.len()));
    for character in char::decode_utf16(units.iter().map(|bytes| unit(*bytes))) {
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        let mut bytes = Zeroizing::new([0; 4]);
        let bytes = character.encode_utf8(&mut *bytes).as_bytes();
        utf8.extend_from_slice(bytes);
    }
    Some(utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_with_a_mark_and_without() {
        let text = "-----BEGIN \u{e4}\u{1f511}";
        let units = || text.encode_utf16();
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: [u8; 2], text: &[u8]| [&mark[..], text].concat();
        for bytes in [
            &little[..],
            &big,
            &marked([0xff, 0xfe], &little),
            &marked([0xfe, 0xff], &big),
        ] {
            let utf8 = from_utf16(bytes).expect("UTF-16");
            assert_eq!(&utf8[..], text.as_bytes());
        }
    }

    #[test]
    fn halves_of_characters_are_no_reason_to_stop_and_other_bytes_are_no_utf_16() {
        let utf8 = from_utf16(b"\xff\xfe\x00\xd8a\0b").expect("UTF-16");
        assert_eq!(&utf8[..], "\u{fffd}a".as_bytes());
        for bytes in [
            &b"-----BEGIN"[..],
            b"\x30\x82",
            b"",
            b"\xff",
            b"-\0",
            b"\xef\xbb\xbf-",
        ] {
            assert!(from_utf16(bytes).is_none(), "{bytes:?}");
        }
    }
}
