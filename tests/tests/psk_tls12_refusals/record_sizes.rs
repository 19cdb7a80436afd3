//! How large records may be: record_size_limit (RFC 8449) and max_fragment_length (RFC 6066 §4).

use sslcore::{Alert, FailureKind, PreSharedKey};
use sslcore_tests::forge::{DATA, HANDSHAKE};
use sslcore_tests::hello::{ClientHello, Extensions, message, number};
use sslcore_tests::pair::{End, Pair, server_name};
use sslcore_tests::records::{handshake_content, record, records};

use super::finished::in_the_middle;
use super::stage::{
    EXCHANGING, EXTENDED_MASTER_SECRET, ILLEGAL, MALFORMED, PLAIN, SERVER_KEY_EXCHANGE, TOO_LARGE,
    UNSOLICITED, client, encoded, extensions, lent, messages, refusal, server, with_extensions,
};

const ROOM: usize = 2048;

/// A client with this suite on this buffer, and a server on that one.
fn pair(suite: &str, client_room: usize, server_room: usize) -> Pair {
    let mut pair = Pair {
        client: lent(client_room),
        server: lent(server_room),
        chunk: usize::MAX,
    };
    let client = client(suite).build().expect("client");
    let server = server().psk_identity_hint("hint").build().expect("server");
    pair.start(&client, &server);
    pair
}

/// The limit is of the content alone; AES-GCM has a nonce besides, in each record.
#[test]
fn both_hold_themselves_to_what_the_other_has_room_for() {
    for (suite, overhead) in [(PLAIN, 29), (EXCHANGING, 21)] {
        let mut pair = pair(suite, ROOM, 1000);
        let hello = pair.client.take();
        let mut asked = ClientHello::parse(&handshake_content(&hello));
        let limit = |room: usize| Some(((room - overhead) as u16).to_be_bytes().to_vec());
        let expected = (limit(ROOM), Some(vec![2]));
        assert_eq!(asked.extensions().record_sizes(), expected, "{suite}");
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        let (all, _) = messages(&flight);
        let mut answered = Extensions::parse(extensions(&all[0]));
        assert_eq!(answered.record_sizes(), (limit(1000), None), "{suite}");
        pair.client.give(&flight, usize::MAX);
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
        for (of_client, room) in [(true, 1000), (false, ROOM)] {
            let (from, to) = match of_client {
                true => (&mut pair.client, &mut pair.server),
                false => (&mut pair.server, &mut pair.client),
            };
            from.write(&[7; 10_000]);
            let bytes = from.take();
            let all = records(&bytes);
            let (last, full) = all.split_last().expect("records");
            assert!(full.iter().all(|record| record.len() == room), "{suite}");
            assert!(last.len() <= room);
            let mut heard = 0;
            for record in all {
                to.give(&record, usize::MAX);
                heard += to.read_all().len();
            }
            assert_eq!(heard, 10_000);
        }
    }
}

#[test]
fn a_record_larger_than_was_agreed_upon_is_the_peers_fault() {
    for (side, room) in [(0, 1000), (1, ROOM)] {
        for over in [0, 1] {
            let mut pair = pair(PLAIN, ROOM, 1000);
            let hello = pair.client.take();
            pair.server.give(&hello, usize::MAX);
            let flight = pair.server.take();
            pair.client.give(&flight, usize::MAX);
            let answer = pair.client.take();
            pair.server.give(&answer, usize::MAX);
            let finished = pair.server.take();
            pair.client.give(&finished, usize::MAX);
            assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
            let all = [&hello, &flight, &answer].map(|flight| messages(flight).0);
            let mut forgers = in_the_middle(&all.concat());
            // Its first record was Finished.
            forgers[side].seal(HANDSHAKE, b"Finished");
            let data = forgers[side].seal(DATA, &vec![7; room - 29 + over]);
            let end = match side {
                0 => &mut pair.server,
                _ => &mut pair.client,
            };
            end.give(&data, usize::MAX);
            match over {
                0 => assert_eq!(end.read_all().len(), room - 29),
                _ => {
                    end.take();
                    let failure = end.conn.failure().expect("refused");
                    let said = (failure.kind(), failure.alert().expect("an alert"));
                    assert_eq!(said, TOO_LARGE);
                }
            }
        }
    }
}

/// A client on a small buffer that has said hello, and the server's flight.
fn greeted(suite: &str, room: usize, key: &PreSharedKey) -> (End, Vec<Vec<u8>>) {
    let mut end = lent(room);
    let config = client(suite).pre_shared_keys([key.clone()]).build();
    let config = config.expect("client");
    let started = end.conn.start_client_encryption(&config, server_name());
    started.expect("start");
    let hello = end.take();
    let mut pair = pair(suite, 20_000, 20_000);
    pair.server.give(&hello, usize::MAX);
    let (flight, _) = messages(&pair.server.take());
    (end, flight)
}

fn key() -> PreSharedKey {
    PreSharedKey::new("device", [7; 32]).expect("a key")
}

#[test]
fn a_server_that_answers_what_cannot_be_is_refused() {
    let refused = |what: &str, room: usize, answer: &[u8]| {
        let (mut end, mut flight) = greeted(PLAIN, room, &key());
        let answer = [&EXTENDED_MASTER_SECRET[..], answer].concat();
        flight[0] = with_extensions(&flight[0], &answer);
        end.give(&encoded(&flight[..1]), usize::MAX);
        end.take();
        refusal(what, &end)
    };
    for (what, answer, expected) in [
        ("a limit of 0", &[0, 28, 0, 2, 0, 0][..], ILLEGAL),
        ("of 63", &[0, 28, 0, 2, 0, 63], ILLEGAL),
        ("of 16,385", &[0, 28, 0, 2, 0x40, 1], ILLEGAL),
        ("no limit", &[0, 28, 0, 0], MALFORMED),
        ("three bytes", &[0, 28, 0, 3, 1, 0, 0], MALFORMED),
        ("another length", &[0, 1, 0, 1, 1], ILLEGAL),
        ("length 0", &[0, 1, 0, 1, 0], ILLEGAL),
        ("length 5", &[0, 1, 0, 1, 5], ILLEGAL),
        ("no length", &[0, 1, 0, 0], MALFORMED),
        ("two lengths", &[0, 1, 0, 2, 2, 2], MALFORMED),
        ("both", &[0, 1, 0, 1, 2, 0, 28, 0, 2, 1, 0], ILLEGAL),
        ("twice", &[0, 28, 0, 2, 1, 0, 0, 28, 0, 2, 1, 0], ILLEGAL),
    ] {
        assert_eq!(refused(what, ROOM, answer), expected, "{what}");
    }
    // What was not asked for has no answer.
    let limit = [0, 28, 0, 2, 1, 0];
    assert_eq!(refused("a limit", 20_000, &limit), UNSOLICITED);
    let length = [0, 1, 0, 1, 2];
    assert_eq!(refused("a length", 20_000, &length), UNSOLICITED);
}

#[test]
fn a_client_that_asks_for_what_cannot_be_is_refused() {
    let answered = |asked: &[(u16, &[u8])]| {
        let mut pair = pair(PLAIN, 20_000, ROOM);
        let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
        for (number, content) in asked {
            hello.extensions().add(*number, content);
        }
        let hello = record(HANDSHAKE, &hello.encode());
        pair.server.give(&hello, usize::MAX);
        let bytes = pair.server.take();
        if pair.server.conn.failure().is_some() {
            return Err(refusal("a hello", &pair.server));
        }
        let (flight, _) = messages(&bytes);
        Ok(Extensions::parse(extensions(&flight[0])).record_sizes())
    };
    let (limit, length) = (number::RECORD_SIZE_LIMIT, number::MAX_FRAGMENT_LENGTH);
    let ours = || Ok((Some(2019u16.to_be_bytes().to_vec()), None));
    assert_eq!(answered(&[]), Ok((None, None)));
    for asked in [[0, 64], [0x40, 0], [0x40, 1], [255, 255]] {
        assert_eq!(answered(&[(limit, &asked)]), ours());
    }
    assert_eq!(answered(&[(limit, &[1, 0]), (length, &[9])]), ours());
    for asked in 1..=4 {
        let same = Ok((None, Some(vec![asked])));
        assert_eq!(answered(&[(length, &[asked])]), same);
    }
    for (number, content, expected) in [
        (limit, &[0, 63][..], ILLEGAL),
        (limit, &[0, 0], ILLEGAL),
        (limit, &[64], MALFORMED),
        (limit, &[0, 64, 0], MALFORMED),
        (length, &[0], ILLEGAL),
        (length, &[5], ILLEGAL),
        (length, &[], MALFORMED),
        (length, &[1, 1], MALFORMED),
    ] {
        let refused = answered(&[(number, content)]);
        assert_eq!(refused, Err(expected), "{number} {content:?}");
    }
}

/// Fragments of a length are cut in the clear, too (RFC 6066 §4); a limit is for what is protected.
#[test]
fn a_server_cuts_what_is_in_the_clear_to_a_fragment_length() {
    for (number, content, expected) in [
        (number::MAX_FRAGMENT_LENGTH, &[1][..], &[512, 494][..]),
        (number::RECORD_SIZE_LIMIT, &[0, 64], &[1006]),
    ] {
        let mut pair = Pair::default();
        let client = client(PLAIN).build().expect("client");
        let server = server().psk_identity_hint([b'h'; 1000]);
        pair.start(&client, &server.build().expect("server"));
        let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
        hello.extensions().add(number, content);
        let hello = record(HANDSHAKE, &hello.encode());
        pair.server.give(&hello, usize::MAX);
        let lengths: Vec<usize> = records(&pair.server.take())
            .iter()
            .map(|record| record.len() - 5)
            .collect();
        // Between ServerHello and ServerHelloDone.
        assert_eq!(lengths[1..lengths.len() - 1], *expected);
    }
}

#[test]
fn a_client_cuts_what_is_in_the_clear_to_a_fragment_length() {
    let long = PreSharedKey::new([b'i'; 1000], [7; 32]).expect("a key");
    for (answer, expected) in [
        (&[0, 1, 0, 1, 1][..], &[512, 494][..]),
        (&[0, 28, 0, 2, 0, 64], &[1006]),
    ] {
        let (mut end, mut flight) = greeted(PLAIN, 600, &long);
        let answer = [&EXTENDED_MASTER_SECRET[..], answer].concat();
        flight[0] = with_extensions(&flight[0], &answer);
        end.give(&encoded(&flight), usize::MAX);
        let all = records(&end.take());
        let clear = all.iter().filter(|record| record[0] == HANDSHAKE);
        let lengths: Vec<usize> = clear.map(|record| record.len() - 5).collect();
        let (_, exchange) = lengths.split_last().expect("Finished is the last");
        assert_eq!(*exchange, *expected);
    }
}

/// In the clear a fragment that is too long is the peer's fault as well, when a length was agreed upon.
#[test]
fn a_fragment_in_the_clear_that_is_too_long_is_refused() {
    for (answer, len, expected) in [
        (&[0, 1, 0, 1, 2][..], 1024, None),
        (&[0, 1, 0, 1, 2], 1025, Some(TOO_LARGE)),
        (&[0, 28, 0, 2, 1, 0], 1025, None),
        (&[0, 28, 0, 2, 1, 0], 2043, None),
        (
            &[0, 28, 0, 2, 1, 0],
            2044,
            Some((
                FailureKind::BufferTooSmall { needed: 2049 },
                Alert::IllegalParameter,
            )),
        ),
    ] {
        let (mut end, mut flight) = greeted(PLAIN, ROOM, &key());
        let answer = [&EXTENDED_MASTER_SECRET[..], answer].concat();
        flight[0] = with_extensions(&flight[0], &answer);
        let hint = (len - 4 - 2) as u16;
        let exchange = [&hint.to_be_bytes()[..], &vec![b'h'; len - 4 - 2]].concat();
        flight[1] = message(SERVER_KEY_EXCHANGE, &exchange);
        end.give(&encoded(&flight[..1]), usize::MAX);
        let exchange = encoded(&flight[1..2]);
        end.give(&exchange[..5], usize::MAX);
        end.take();
        match expected {
            Some(expected) => assert_eq!(refusal("a fragment", &end), expected, "{len}"),
            None => {
                end.give(&exchange[5..], usize::MAX);
                assert!(end.conn.failure().is_none(), "{len}: {:?}", end.conn);
            }
        }
    }
}
