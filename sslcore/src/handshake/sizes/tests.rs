use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::alert::Alert;

fn suite(name: &str) -> SslCipher {
    SslCipher::from_name(name).expect("a suite")
}

fn tls13() -> SslCipher {
    suite("TLS_AES_128_GCM_SHA256")
}

fn gcm() -> SslCipher {
    suite("PSK-AES128-GCM-SHA256")
}

fn chacha20() -> SslCipher {
    suite("PSK-CHACHA20-POLY1305")
}

/// The limit, and the fragment length.
fn asked(room: usize, ciphers: &[SslCipher]) -> (Option<u16>, Option<usize>) {
    let Asked { limit, length } = Asked::new(Room(room), ciphers);
    (limit, length.map(FragmentLength::bytes))
}

/// RFC 8449 §4: in TLS 1.3 the limit counts the content type, in TLS 1.2 the content alone. A record has 21
/// bytes besides, or 29 with AES-GCM in TLS 1.2.
#[test]
fn a_client_asks_for_less_where_a_full_record_does_not_fit() {
    for (room, limit, length) in [
        (18_437, None, None),
        (16_406, None, None),
        (16_405, Some(16_384), Some(4096)),
        (4118, Some(4097), Some(4096)),
        (4117, Some(4096), Some(2048)),
        (2048, Some(2027), Some(1024)),
        (1046, Some(1025), Some(1024)),
        (1045, Some(1024), Some(512)),
        (534, Some(513), Some(512)),
        (533, Some(512), None),
        (512, Some(491), None),
    ] {
        assert_eq!(asked(room, &[tls13()]), (limit, length), "{room}");
    }
    for (suite, overhead) in [(gcm(), 29), (chacha20(), 21)] {
        let full = MAX_PLAINTEXT + overhead;
        assert_eq!(asked(full, &[suite]), (None, None));
        let asked = |room| asked(room, &[suite]);
        assert_eq!(asked(full - 1), (Some(16_383), Some(4096)));
        assert_eq!(asked(1024 + overhead), (Some(1024), Some(1024)));
        assert_eq!(asked(1023 + overhead), (Some(1023), Some(512)));
    }
    // Of suites that are offered together, for the one with the least room.
    let all = [tls13(), chacha20(), gcm()];
    assert_eq!(asked(1053, &all), (Some(1024), Some(1024)));
    assert_eq!(asked(16_412, &all), (Some(16_383), Some(4096)));
    assert_eq!(asked(16_413, &all), (None, None));
}

fn block(extensions: &[(u16, &[u8])]) -> Vec<u8> {
    let one = |(number, content): &(u16, &[u8])| {
        let len = content.len() as u16;
        [&number.to_be_bytes()[..], &len.to_be_bytes(), content].concat()
    };
    extensions.iter().flat_map(one).collect()
}

type Sizes = Result<(usize, usize, bool), Alert>;

fn sizes(agreed: Result<RecordSizes, Refusal>) -> Sizes {
    let all = |sizes: RecordSizes| (sizes.sent, sizes.received, sizes.in_the_clear);
    agreed.map(all).map_err(|refusal| refusal.alert)
}

const FULL: usize = MAX_PLAINTEXT;
const ILLEGAL: Sizes = Err(Alert::IllegalParameter);
const MALFORMED: Sizes = Err(Alert::DecodeError);
const LIMIT: u16 = number::RECORD_SIZE_LIMIT;
const LENGTH: u16 = number::MAX_FRAGMENT_LENGTH;

/// What a client makes of an answer that has asked for 2,027 bytes, or for fragments of 1,024.
#[test]
fn what_a_server_answers_is_agreed_upon_or_refused() {
    let asked = Asked::new(Room(2048), &[tls13()]);
    type Row<'a> = (&'a [(u16, &'a [u8])], Sizes, Sizes);
    let rows: &[Row<'_>] = &[
        (&[], Ok((FULL, FULL, false)), Ok((FULL, FULL, false))),
        (
            &[(LIMIT, &[0, 64])],
            Ok((63, 2026, false)),
            Ok((64, 2027, false)),
        ),
        (
            &[(LIMIT, &[0x40, 0])],
            Ok((16_383, 2026, false)),
            Ok((FULL, 2027, false)),
        ),
        (&[(LIMIT, &[0x40, 1])], Ok((FULL, 2026, false)), ILLEGAL),
        (&[(LIMIT, &[0x40, 2])], ILLEGAL, ILLEGAL),
        (&[(LIMIT, &[0xff, 0xff])], ILLEGAL, ILLEGAL),
        (&[(LIMIT, &[0, 63])], ILLEGAL, ILLEGAL),
        (&[(LIMIT, &[0, 0])], ILLEGAL, ILLEGAL),
        (&[(LIMIT, &[])], MALFORMED, MALFORMED),
        (&[(LIMIT, &[64])], MALFORMED, MALFORMED),
        (&[(LIMIT, &[0, 64, 0])], MALFORMED, MALFORMED),
        (
            &[(LENGTH, &[2])],
            Ok((1024, 1024, true)),
            Ok((1024, 1024, true)),
        ),
        (&[(LENGTH, &[1])], ILLEGAL, ILLEGAL),
        (&[(LENGTH, &[3])], ILLEGAL, ILLEGAL),
        (&[(LENGTH, &[0])], ILLEGAL, ILLEGAL),
        (&[(LENGTH, &[5])], ILLEGAL, ILLEGAL),
        (&[(LENGTH, &[])], MALFORMED, MALFORMED),
        (&[(LENGTH, &[2, 0])], MALFORMED, MALFORMED),
        (&[(LENGTH, &[2]), (LIMIT, &[4, 0])], ILLEGAL, ILLEGAL),
    ];
    for (answer, in_tls13, in_tls12) in rows {
        let block = block(answer);
        let extensions = Extensions::of_whole(&block);
        let agreed = |protocol| sizes(asked.agreed(&extensions, protocol));
        assert_eq!(agreed(SslProtocol::TlsV1_3), *in_tls13, "{answer:?}");
        assert_eq!(agreed(SslProtocol::TlsV1_2), *in_tls12, "{answer:?}");
    }
}

/// What a server answers on a buffer of 2,048 bytes, as extensions, and what it keeps to.
#[test]
fn what_a_client_asks_for_is_answered_or_refused() {
    let ours = &2027u16.to_be_bytes()[..];
    type Row<'a> = (&'a [(u16, &'a [u8])], &'a [(u16, &'a [u8])], Sizes);
    let rows: &[Row<'_>] = &[
        (&[], &[], Ok((FULL, FULL, false))),
        (
            &[(LIMIT, &[0, 64])],
            &[(LIMIT, ours)],
            Ok((63, 2026, false)),
        ),
        // A client may know of larger records (RFC 8449 §4).
        (
            &[(LIMIT, &[0xff, 0xff])],
            &[(LIMIT, ours)],
            Ok((FULL, 2026, false)),
        ),
        (&[(LIMIT, &[0, 63])], &[], ILLEGAL),
        (&[(LIMIT, &[0, 0])], &[], ILLEGAL),
        (&[(LIMIT, &[])], &[], MALFORMED),
        (&[(LIMIT, &[64])], &[], MALFORMED),
        (&[(LIMIT, &[0, 64, 0])], &[], MALFORMED),
        (&[(LENGTH, &[1])], &[(LENGTH, &[1])], Ok((512, 512, true))),
        (&[(LENGTH, &[4])], &[(LENGTH, &[4])], Ok((4096, 4096, true))),
        (&[(LENGTH, &[0])], &[], ILLEGAL),
        (&[(LENGTH, &[5])], &[], ILLEGAL),
        (&[(LENGTH, &[])], &[], MALFORMED),
        (&[(LENGTH, &[1, 1])], &[], MALFORMED),
        // A server "MUST ignore a "max_fragment_length" that appears in a ClientHello if both extensions
        // appear" (RFC 8449 §5), whatever it says.
        (
            &[(LENGTH, &[9, 9]), (LIMIT, &[1, 0])],
            &[(LIMIT, ours)],
            Ok((255, 2026, false)),
        ),
    ];
    for (asked, answer, expected) in rows {
        let asked_block = block(asked);
        let extensions = Extensions::of_whole(&asked_block);
        let answered = Answered::new(Room(2048), &extensions, tls13());
        if let Ok(answered) = &answered {
            let written = Writer::message(0, |w| answered.write(w)).expect("short");
            assert_eq!(written[4..], block(answer), "{asked:?}");
        }
        assert_eq!(sizes(answered.map(|it| it.sizes)), *expected, "{asked:?}");
    }
}

/// Its own limit is never more than there is, and less where the suite leaves less.
#[test]
fn a_server_answers_with_its_own_limit() {
    let block = block(&[(LIMIT, &[0x20, 0])]);
    let extensions = Extensions::of_whole(&block);
    for (room, suite, limit, received) in [
        (18_437, tls13(), 16_385, FULL),
        (18_437, gcm(), 16_384, FULL),
        (18_437, chacha20(), 16_384, FULL),
        (1045, tls13(), 1024, 1023),
        (1045, gcm(), 1016, 1016),
        (1045, chacha20(), 1024, 1024),
    ] {
        let answered = Answered::new(Room(room), &extensions, suite).expect("legal");
        assert_eq!(answered.limit, Some(limit), "{room} {suite:?}");
        assert_eq!(answered.sizes.received, received, "{room} {suite:?}");
    }
}

#[test]
fn what_is_asked_for_stands_in_the_hello() {
    let written = |room, ciphers: &[SslCipher]| {
        let asked = Asked::new(Room(room), ciphers);
        Writer::message(0, |w| asked.write(w)).expect("short")[4..].to_vec()
    };
    let both = block(&[(LENGTH, &[2]), (LIMIT, &2027u16.to_be_bytes())]);
    assert_eq!(written(2048, &[tls13()]), both);
    assert_eq!(written(20_000, &[tls13()]), vec![0; 0]);
}
