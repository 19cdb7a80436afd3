//! New traffic keys, asked for from either side, and when a key is used up (RFC 8446 §4.6.3).

use sslcore::{Event, FailureKind, Repeated, UsageError};
use sslcore_tests::pair::{Pair, backend, client, server};

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

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
