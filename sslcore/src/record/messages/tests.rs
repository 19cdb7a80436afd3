use super::*;

const MESSAGE: [u8; 7] = [1, 0, 0, 3, 7, 8, 9];

fn framed(message: &[u8]) -> Vec<u8> {
    [&[0; FRAME], message].concat()
}

#[test]
fn a_message_that_is_whole_stays_where_it_is() {
    let mut assembler = Assembler::default();
    let two = [MESSAGE, MESSAGE].concat();
    assert_eq!(assembler.add(&two, 7), Ok(Piece::Whole(7)));
    assert!(assembler.is_empty());
}

#[test]
fn a_message_is_the_same_however_it_is_cut() {
    for first in 1..7 {
        for second in first..7 {
            let mut assembler = Assembler::default();
            let mut rest = &[MESSAGE, MESSAGE].concat()[..];
            for cut in [first, second - first] {
                if cut > 0 {
                    let piece = assembler.add(&rest[..cut], 7);
                    assert_eq!(piece, Ok(Piece::Incomplete), "{first} {second}");
                    rest = &rest[cut..];
                }
            }
            assert_eq!(assembler.add(rest, 7), Ok(Piece::Completed(7 - second)));
            assert_eq!(assembler.take(), framed(&MESSAGE));
            assert_eq!(assembler.add(&rest[7 - second..], 7), Ok(Piece::Whole(7)));
        }
    }
}

#[test]
fn a_message_of_four_bytes_is_one() {
    let mut assembler = Assembler::default();
    assert_eq!(assembler.add(&[14, 0, 0], 7), Ok(Piece::Incomplete));
    assert_eq!(assembler.add(&[0, 1], 7), Ok(Piece::Completed(1)));
    assert_eq!(assembler.take(), framed(&[14, 0, 0, 0]));
}

#[test]
fn a_message_is_too_long_as_soon_as_it_says_so() {
    for cut in 1..=4 {
        let mut assembler = Assembler::default();
        let (now, later) = MESSAGE.split_at(cut);
        let mut last = assembler.add(now, 6);
        if cut < 4 {
            assert_eq!(last, Ok(Piece::Incomplete));
            last = assembler.add(&later[..4 - cut], 6);
        }
        let kind = last.map_err(|failure| failure.kind);
        assert_eq!(kind, Err(FailureKind::BufferTooSmall { needed: 7 }));
    }
}

#[test]
fn a_length_has_three_bytes() {
    for (bytes, len) in [
        (&[1, 0, 0][..], None),
        (&[1, 0, 0, 0], Some(4)),
        (&[1, 1, 2, 3, 9], Some(4 + 0x01_02_03)),
        (&[255; 4], Some(4 + 0xff_ff_ff)),
    ] {
        assert_eq!(message_len(bytes), len, "{bytes:?}");
    }
}

#[test]
fn a_record_may_end_where_a_message_does() {
    let mut assembler = Assembler::default();
    assert_eq!(assembler.add(&MESSAGE[..5], 7), Ok(Piece::Incomplete));
    assert_eq!(assembler.add(&MESSAGE[5..], 7), Ok(Piece::Completed(2)));
    assert_eq!(assembler.take(), framed(&MESSAGE));
    assert!(assembler.is_empty());
}

#[test]
fn nothing_is_no_piece_of_a_message() {
    let kind = |added: Result<Piece, Failure>| added.map_err(|failure| failure.kind);
    let mut assembler = Assembler::default();
    let unexpected = Err(FailureKind::UnexpectedMessage);
    assert_eq!(kind(assembler.add(&[], 7)), unexpected);
    assert_eq!(assembler.add(&MESSAGE[..2], 7), Ok(Piece::Incomplete));
    assert_eq!(kind(assembler.add(&[], 7)), unexpected);
}

/// Whether bit `n` is set.
fn bit(mask: u32, n: usize) -> bool {
    mask >> n & 1 == 1
}

/// What comes out of a stream that is cut behind each byte whose bit is set: the messages, and
/// whether one is left incomplete.
fn assembled(stream: &[u8], cuts: u32) -> (Vec<Vec<u8>>, bool) {
    let mut assembler = Assembler::default();
    let mut messages = Vec::new();
    let mut start = 0;
    for end in 1..=stream.len() {
        if end < stream.len() && !bit(cuts, end - 1) {
            continue;
        }
        let mut content = &stream[start..end];
        start = end;
        while !content.is_empty() {
            let done = match assembler.add(content, 8).expect("no message is longer") {
                Piece::Whole(len) => {
                    messages.push(content[..len].to_vec());
                    len
                }
                Piece::Completed(len) => {
                    messages.push(assembler.take()[FRAME..].to_vec());
                    len
                }
                Piece::Incomplete => content.len(),
            };
            content = &content[done..];
        }
    }
    (messages, !assembler.is_empty())
}

#[test]
#[cfg_attr(miri, ignore = "a million pieces")]
fn every_cut_of_every_two_short_messages_and_of_what_is_left_of_them() {
    for (first, second) in (0..=4).flat_map(|first| (0..=4).map(move |second| (first, second))) {
        let one: Vec<u8> = [1, 0, 0, first].into_iter().chain(10..10 + first).collect();
        let two: Vec<u8> = [2, 0, 0, second]
            .into_iter()
            .chain(20..20 + second)
            .collect();
        let all = [one.clone(), two.clone()].concat();
        // Every cut of the whole, and of each beginning of it.
        for len in 1..=all.len() {
            let expected: Vec<Vec<u8>> = match len {
                len if len == all.len() => [one.clone(), two.clone()].into(),
                len if len >= one.len() => [one.clone()].into(),
                _ => Vec::new(),
            };
            let is_cut = len != one.len() && len != all.len();
            // The longest are cut at every place once, and everywhere at once.
            for cuts in 0..1_u32 << (len - 1).min(11) {
                assert_eq!(
                    assembled(&all[..len], cuts),
                    (expected.clone(), is_cut),
                    "{first} {second} {len} {cuts:b}"
                );
            }
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "17 million lengths")]
fn every_length_of_a_message() {
    for len in 0..1_u32 << 24 {
        let [_, a, b, c] = len.to_be_bytes();
        assert_eq!(message_len(&[1, a, b, c]), Some(len as usize + 4));
    }
}

#[test]
fn every_length_around_a_limit() {
    for max in [4, 5, 255, 256, 16_384, 65_535, 65_540, 16_000_000] {
        for needed in (max - 3_usize).max(4)..max + 4 {
            let len = (needed - 4) as u32;
            let [_, a, b, c] = len.to_be_bytes();
            let added = Assembler::default().add(&[1, a, b, c], max);
            let expected = match (needed > max, len) {
                (true, _) => Err(FailureKind::BufferTooSmall { needed }),
                (false, 0) => Ok(Piece::Whole(4)),
                (false, _) => Ok(Piece::Incomplete),
            };
            assert_eq!(added.map_err(|failure| failure.kind), expected, "{max}");
        }
    }
}
