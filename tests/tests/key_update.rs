//! New traffic keys, asked for from either side, and when a key is used up (RFC 8446 §4.6.3).

use sslcore::{Event, FailureKind, Repeated, UsageError};
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

fn encrypted(version: &str) -> Pair {
    renewing(version, u64::MAX)
}

fn renewing(version: &str, records_per_key: u64) -> Pair {
    let client = client(backend())
        .protocols(&[version])
        .records_per_key(records_per_key);
    let server = server(backend())
        .protocols(&[version])
        .session_tickets(false);
    Pair::encrypted(
        &client.build().expect("client"),
        &server.build().expect("server"),
    )
}

fn speak(pair: &mut Pair, what: &[u8]) {
    pair.client.write(what);
    pair.server.write(what);
    pair.run();
    assert_eq!(pair.server.read_all(), what);
    assert_eq!(pair.client.read_all(), what);
}

#[test]
fn asking_renews_the_keys_of_both_directions() {
    for by_client in [true, false] {
        let mut pair = encrypted("TLSv1.3");
        for round in 0..100 {
            pair.client.events.clear();
            pair.server.events.clear();
            let asking = match by_client {
                true => &mut pair.client,
                false => &mut pair.server,
            };
            assert_eq!(asking.conn.update_keys(), Ok(()));
            pair.run();
            assert!(pair.client.saw(Event::KeysUpdated), "round {round}");
            assert!(pair.server.saw(Event::KeysUpdated), "round {round}");
            speak(&mut pair, b"under the new keys");
        }
    }
}

#[test]
fn both_may_ask_at_once() {
    let mut pair = encrypted("TLSv1.3");
    assert_eq!(pair.client.conn.update_keys(), Ok(()));
    assert_eq!(pair.server.conn.update_keys(), Ok(()));
    pair.run();
    speak(&mut pair, b"still here");
}

#[test]
fn tls12_cannot_renew_keys_and_says_so() {
    let mut pair = encrypted("TLSv1.2");
    assert_eq!(pair.client.conn.update_keys(), Err(UsageError::NotTls13));
    speak(&mut pair, b"unharmed");
}

#[test]
fn an_unencrypted_connection_has_no_keys_to_renew() {
    let mut pair = Pair::default();
    assert_eq!(
        pair.client.conn.update_keys(),
        Err(UsageError::NotEncrypted)
    );
}

#[test]
fn a_reply_that_finds_no_room_waits_and_is_one_however_often_it_was_asked_for() {
    let mut pair = encrypted("TLSv1.3");
    while pair.server.conn.write(&[1; 16384]).expect("open") > 0 {}
    for _ in 0..10 {
        assert_eq!(pair.client.conn.update_keys(), Ok(()));
        let asked = pair.client.take();
        let waiting = pair.server.conn.encrypted_bytes_to_write();
        pair.server.give(&asked, usize::MAX);
        assert!(
            pair.server.conn.encrypted_bytes_to_write() <= waiting + 27,
            "the reply is a flag, not a queue"
        );
    }
    let expected = pair.server.events.iter().map(|event| match event {
        Event::BytesWritten(n) => *n,
        _ => 0,
    });
    let expected: usize = expected.sum();
    let mut received = Vec::new();
    while received.len() < expected {
        assert!(
            pair.client.conn.failure().is_none(),
            "{:?}",
            pair.client.conn
        );
        let waiting = pair.server.conn.transmit().len().min(10_000);
        let bytes = pair.server.conn.transmit()[..waiting].to_vec();
        pair.server.conn.transmitted(waiting).expect("shown");
        pair.server.settle();
        pair.client.give(&bytes, usize::MAX);
        received.extend(pair.client.read_all());
    }
    pair.run();
    speak(&mut pair, b"in step again");
}

/// So many requests of the client's for new keys, one record each.
fn requests(pair: &mut Pair, count: usize) -> Vec<u8> {
    let mut records = Vec::new();
    for _ in 0..count {
        assert_eq!(pair.client.conn.update_keys(), Ok(()));
        records.extend(pair.client.take());
    }
    records
}

/// The lengths of the records in these bytes.
fn records(mut bytes: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let [_, _, _, high, low, rest @ ..] = bytes {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        lengths.push(5 + len);
        bytes = &rest[len..];
    }
    lengths
}

/// Of a KeyUpdate: header, message, type, tag.
const KEY_UPDATE: usize = 5 + 5 + 1 + 16;
/// Of one byte of data.
const ONE_BYTE: usize = 5 + 1 + 1 + 16;

/// "An implementation which receives multiple KeyUpdates while it is silent" is caused "to respond
/// with a single update" (RFC 8446 §4.6.3).
#[test]
fn a_burst_of_requests_is_answered_once_however_it_is_cut_and_whatever_is_sent_meanwhile() {
    for chunk in [usize::MAX, KEY_UPDATE, 40, 1] {
        for taken_between in [false, true] {
            let mut pair = encrypted("TLSv1.3");
            let burst = requests(&mut pair, 5);
            let mut answers = Vec::new();
            for piece in burst.chunks(chunk.min(burst.len())) {
                pair.server.give(piece, usize::MAX);
                if taken_between {
                    answers.extend(pair.server.take());
                }
            }
            answers.extend(pair.server.take());
            assert_eq!(records(&answers), [KEY_UPDATE], "{chunk} {taken_between}");
            pair.client.give(&answers, usize::MAX);
            speak(&mut pair, b"under the new keys");
        }
    }
}

#[test]
fn each_burst_is_answered_once_when_data_has_been_sent_since_the_last() {
    let mut pair = encrypted("TLSv1.3");
    for _ in 0..3 {
        let burst = requests(&mut pair, 5);
        pair.server.give(&burst, usize::MAX);
        pair.server.write(b"x");
        let sent = pair.server.take();
        assert_eq!(records(&sent), [KEY_UPDATE, ONE_BYTE]);
        pair.client.give(&sent, usize::MAX);
        assert_eq!(pair.client.read_all(), b"x");
        // Data in between, as from a peer that may go on asking.
        pair.client.write(b"y");
        pair.run();
    }
}

/// The answer stands before the data, also when a request finds data that waits.
#[test]
fn what_is_sent_behind_a_request_is_under_new_keys() {
    let mut pair = encrypted("TLSv1.3");
    pair.server.write(b"x");
    let first = requests(&mut pair, 1);
    pair.server.give(&first, usize::MAX);
    pair.server.write(b"x");
    let second = requests(&mut pair, 1);
    pair.server.give(&second, usize::MAX);
    pair.server.write(b"x");
    let sent = pair.server.take();
    let expected = [ONE_BYTE, KEY_UPDATE, ONE_BYTE, KEY_UPDATE, ONE_BYTE];
    assert_eq!(records(&sent), expected);
    pair.client.give(&sent, usize::MAX);
    assert_eq!(pair.client.read_all(), b"xxx");
}

/// "If implementations independently send their own KeyUpdates with request_update set to
/// "update_requested" and they cross in flight, then each side will also send a response" (RFC 8446
/// §4.6.3).
#[test]
fn requests_that_cross_are_both_answered() {
    let mut pair = encrypted("TLSv1.3");
    assert_eq!(pair.server.conn.update_keys(), Ok(()));
    let ours = pair.server.take();
    let theirs = requests(&mut pair, 1);
    pair.server.give(&theirs, usize::MAX);
    pair.client.give(&ours, usize::MAX);
    for end in [&mut pair.server, &mut pair.client] {
        assert_eq!(end.conn.transmit().len(), KEY_UPDATE);
    }
    pair.run();
    speak(&mut pair, b"in step");
}

/// While there is no room both can be owed: an answer, and a request of our own.
#[test]
fn a_request_of_ours_that_waits_is_still_a_request_when_the_peer_has_asked() {
    let mut pair = encrypted("TLSv1.3");
    for len in [16384, 1] {
        while pair.server.conn.write(&[1; 16384][..len]).expect("open") > 0 {}
    }
    // There is headroom for one of two.
    for _ in 0..2 {
        assert_eq!(pair.server.conn.update_keys(), Ok(()));
        pair.server.settle();
    }
    assert_eq!(pair.client.conn.update_keys(), Ok(()));
    let asked = pair.client.take();
    pair.server.give(&asked, usize::MAX);
    let sent = pair.server.take();
    let updates = records(&sent)
        .iter()
        .filter(|len| **len == KEY_UPDATE)
        .count();
    assert_eq!(updates, 2);
    let (first, last) = sent.split_at(sent.len() - KEY_UPDATE);
    for piece in first.chunks(10_000) {
        pair.client.give(piece, usize::MAX);
        pair.client.read_all();
    }
    assert_eq!(pair.client.take().len(), KEY_UPDATE);
    pair.client.write(b"x");
    pair.client.take();
    // The last of them asks, too.
    pair.client.give(last, usize::MAX);
    assert_eq!(pair.client.take().len(), KEY_UPDATE);
}

#[test]
fn a_used_up_tls13_key_is_renewed_on_the_way() {
    let mut pair = renewing("TLSv1.3", 4);
    for _ in 0..20 {
        speak(&mut pair, b"x");
    }
    let updates = |events: &[Event]| {
        events
            .iter()
            .filter(|event| **event == Event::KeysUpdated)
            .count()
    };
    // Four records to a key, the KeyUpdate itself is one of them.
    assert_eq!(updates(&pair.client.events), 20 / 3);
    assert_eq!(updates(&pair.server.events), 20 / 3);
}

#[test]
fn a_used_up_tls12_key_closes_the_connection() {
    let mut pair = renewing("TLSv1.2", 10);
    let mut written = 0;
    while pair.client.conn.write(b"x").is_ok_and(|n| n == 1) {
        written += 1;
        assert!(written < 10);
        pair.run();
    }
    pair.run();
    // Finished was the first record, close_notify is the last.
    assert_eq!(written, 8);
    assert!(pair.client.saw(Event::Failed(FailureKind::KeysExhausted)));
    assert!(
        pair.server.saw(Event::PeerClosed),
        "{:?}",
        pair.server.events
    );
    assert_eq!(pair.server.read_all(), b"xxxxxxxx");
}

#[test]
fn too_many_key_updates_without_data_are_refused() {
    let mut pair = encrypted("TLSv1.3");
    let mut rounds = 0;
    while pair.server.conn.failure().is_none() {
        rounds += 1;
        assert!(rounds < 100);
        assert_eq!(pair.client.conn.update_keys(), Ok(()));
        let asked = pair.client.take();
        pair.server.give(&asked, usize::MAX);
    }
    assert_eq!(rounds, 33);
    let kind = FailureKind::TooMuchOf(Repeated::KeyUpdates);
    assert!(pair.server.saw(Event::Failed(kind)));
}

#[test]
fn records_are_cut_where_the_configuration_says() {
    for version in VERSIONS {
        let client = client(backend()).protocols(&[version]).max_fragment(100);
        let server = server(backend()).protocols(&[version]);
        let mut pair = Pair::encrypted(
            &client.build().expect("client"),
            &server.build().expect("server"),
        );
        let before = pair.client.sent.len();
        pair.client.write(&[9; 1000]);
        pair.run();
        assert_eq!(pair.server.read_all(), [9; 1000]);
        let mut bytes = &pair.client.sent[before..];
        let mut records = 0;
        while let [_, _, _, high, low, rest @ ..] = bytes {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            assert!(len <= 100 + 24 + 1);
            bytes = &rest[len..];
            records += 1;
        }
        assert_eq!(records, 10);
    }
}
