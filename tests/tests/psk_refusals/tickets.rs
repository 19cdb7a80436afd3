//! What a server says behind the handshake (RFC 8446 §4.6).

use sslcore::{Event, FailureKind};
use sslcore_tests::hello::{message, vector16};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{DATA, Direction, HANDSHAKE};

use super::client::Client;
use super::server::{Finishing, Server};
use super::stage::{
    ILLEGAL, MALFORMED, Refusal, UNEXPECTED, calling, client, refusal, server, waiting,
};

const KEY_UPDATE: [u8; 5] = [24, 0, 0, 1, 0];

/// A client that is encrypted, the keys, and both directions: ours, and the client's.
fn encrypted() -> (End, Finishing, [Direction; 2]) {
    let mut end = calling(client());
    let finishing = Server::hear(&mut end).greet(&mut end).finish(&mut end);
    let keys = finishing.again();
    let directions = finishing.complete(&mut end);
    (end, keys, directions)
}

/// NewSessionTicket: for an hour, with these extensions.
fn ticket(extensions: &[u8]) -> Vec<u8> {
    let body = [
        &3600_u32.to_be_bytes()[..],
        &[7; 4],
        &[1, 0],
        &vector16(b"ticket"),
        &vector16(extensions),
    ];
    message(4, &body.concat())
}

#[test]
fn tickets_are_counted_and_dropped() {
    let (mut end, _, [mut tx, mut rx]) = encrypted();
    for _ in 0..2 {
        let early_data = [0, 42, 0, 4, 0, 0, 16, 0];
        end.give(&tx.seal(HANDSHAKE, &ticket(&early_data), 0), usize::MAX);
    }
    let both = ticket(&[]).repeat(2);
    end.give(&tx.seal(HANDSHAKE, &both, 0), usize::MAX);
    assert!(end.saw(Event::SessionTicketReceived));
    assert_eq!(end.conn.session_tickets_received(), 4);
    assert_eq!(end.conn.session_ticket_lifetime_hint(), Some(3600));
    end.give(&tx.seal(DATA, b"on", 0), usize::MAX);
    assert_eq!(end.read_all(), b"on");
    end.write(b"and on");
    assert_eq!(rx.open(&end.take()), (DATA, b"and on".to_vec()));
}

#[test]
fn keys_are_renewed_in_both_directions() {
    let (mut end, keys, [mut tx, mut rx]) = encrypted();
    let [mut client, mut server, _] = keys.application.clone();
    for round in 0..3 {
        let asks = round % 2;
        let mut update = KEY_UPDATE;
        update[4] = asks;
        end.give(&tx.seal(HANDSHAKE, &update, 0), usize::MAX);
        server = keys.keys.next(&server);
        tx = keys.keys.direction(&server);
        end.give(&tx.seal(DATA, b"new", 0), usize::MAX);
        assert_eq!(end.read_all(), b"new");
        if asks == 1 {
            assert_eq!(rx.open(&end.take()), (HANDSHAKE, KEY_UPDATE.to_vec()));
            client = keys.keys.next(&client);
            rx = keys.keys.direction(&client);
        }
        end.write(b"own");
        assert_eq!(rx.open(&end.take()), (DATA, b"own".to_vec()));
    }
    assert!(end.saw(Event::KeysUpdated));
}

#[test]
fn what_has_no_place_behind_a_handshake_is_refused_under_the_keys_of_data() {
    let rows: [(&str, Vec<u8>, Refusal); 9] = [
        (
            "CertificateRequest",
            vec![13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 4],
            UNEXPECTED,
        ),
        ("ServerHello", vec![2, 0, 0, 0], UNEXPECTED),
        ("Finished", message(20, &[0; 32]), UNEXPECTED),
        ("EncryptedExtensions", vec![8, 0, 0, 2, 0, 0], UNEXPECTED),
        (
            "a KeyUpdate with data behind it",
            [&KEY_UPDATE[..], &KEY_UPDATE].concat(),
            UNEXPECTED,
        ),
        (
            "a KeyUpdate of another value",
            vec![24, 0, 0, 1, 2],
            ILLEGAL,
        ),
        ("an empty KeyUpdate", vec![24, 0, 0, 0], MALFORMED),
        ("an empty ticket", vec![4, 0, 0, 0], MALFORMED),
        ("a ticket with a key share", ticket(&[0, 51, 0, 0]), ILLEGAL),
    ];
    for (what, body, expected) in rows {
        let (mut end, _, [mut tx, mut rx]) = encrypted();
        end.give(&tx.seal(HANDSHAKE, &body, 0), usize::MAX);
        let said = refusal(what, &mut end, Some(&mut rx));
        assert_eq!(said, expected, "{what}");
    }
}

#[test]
fn a_client_gives_no_tickets() {
    let mut end = waiting(server());
    let client = Client::default();
    let mut answered = client.greet(&mut end);
    answered.complete(&mut end);
    let mut tx = answered.keys.direction(&answered.application[0]);
    tx.seal(DATA, b"ping", 0);
    end.give(&tx.seal(HANDSHAKE, &ticket(&[]), 0), usize::MAX);
    let failure = end.conn.failure().map(sslcore::Failure::kind);
    assert_eq!(failure, Some(FailureKind::UnexpectedMessage));
    assert_eq!(refusal("", &mut end, Some(&mut answered.rx)), UNEXPECTED);
}
