//! What makes two blocks of extensions the same, and what makes one be refused.

use alloc::vec::Vec;

use super::super::extension::Extensions;
use super::{GREASE, ILLEGAL, UNSOLICITED, alert, block};
use crate::handshake::extensions::{Place, number};

/// What is said is what is worst: an answer to nothing comes before one that has no place.
#[test]
fn all_of_a_block_is_looked_at() {
    let check = |numbers: &[u16], offered: &[u16]| {
        let all: Vec<_> = numbers.iter().map(|number| (*number, &[][..])).collect();
        let block = block(&all);
        let extensions = Extensions::read(&block).expect("whole");
        let answered = extensions.check(Place::EncryptedExtensions, |it| offered.contains(&it));
        (
            alert(extensions.belong(Place::ClientHello)),
            alert(answered),
        )
    };
    use self::number::{ALPN, KEY_SHARE, OID_FILTERS};
    assert_eq!(check(&[ALPN], &[ALPN]), (Ok(()), Ok(())));
    assert_eq!(check(&[ALPN, GREASE], &[ALPN]), (Ok(()), UNSOLICITED));
    assert_eq!(
        check(&[ALPN, KEY_SHARE], &[ALPN, KEY_SHARE]),
        (Ok(()), ILLEGAL)
    );
    assert_eq!(
        check(&[KEY_SHARE, ALPN], &[KEY_SHARE]),
        (Ok(()), UNSOLICITED)
    );
    assert_eq!(check(&[GREASE, OID_FILTERS], &[]), (ILLEGAL, UNSOLICITED));
}

#[test]
fn blocks_agree_in_any_order_and_in_nothing_less_than_number_and_content() {
    let first = block(&[(1, b"one"), (2, b"two"), (3, b"")]);
    let agrees = |other: &[(u16, &[u8])]| {
        let other = block(other);
        let [first, other] = [&first, &other].map(|block| Extensions::of_whole(block));
        let agree = first.agree(&other, |number| number >= 10);
        assert_eq!(other.agree(&first, |number| number >= 10), agree);
        agree
    };
    assert!(agrees(&[(3, b""), (1, b"one"), (2, b"two")]));
    assert!(agrees(&[
        (10, b"x"),
        (1, b"one"),
        (2, b"two"),
        (3, b""),
        (11, b"")
    ]));
    assert!(!agrees(&[(1, b"one"), (2, b"two")]), "one less");
    assert!(
        !agrees(&[(1, b"one"), (2, b"two"), (3, b""), (4, b"")]),
        "one more"
    );
    assert!(
        !agrees(&[(1, b"one"), (2, b"too"), (3, b"")]),
        "other content"
    );
    assert!(
        !agrees(&[(1, b"one"), (2, b"two"), (3, b"3")]),
        "more content"
    );
    // RFC 8446 §4.1.2: another number with the same content is another extension.
    assert!(
        !agrees(&[(1, b"one"), (2, b"two"), (4, b"")]),
        "another number"
    );
    assert!(
        !agrees(&[(1, b"two"), (2, b"one"), (3, b"")]),
        "changed about"
    );
}
