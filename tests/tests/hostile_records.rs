//! What a peer may not do with records and messages once encrypted (rules R8, R10).

use sslcore::{Alert, Event, FailureKind, Limits, Repeated, ServerStart};
use sslcore_tests::forge::{DATA, Forger, HANDSHAKE};
use sslcore_tests::pair::{End, backend, client, server, server_name};

fn server_end(tls13: bool) -> (End, Forger) {
    let mut end = End::new(Limits::default());
    let config = server(backend()).session_tickets(false).session_cache(0);
    end.conn
        .start_server_encryption(ServerStart::With(config.build().expect("server")))
        .expect("start");
    let forger = Forger::as_client(&mut end, tls13);
    (end, forger)
}

fn failed(end: &End, kind: FailureKind, alert: Alert) {
    assert!(end.saw(Event::Failed(kind)), "{:?}", end.events);
    let failure = end.conn.failure().expect("failed");
    assert_eq!(failure.alert(), Some(alert));
}

#[test]
fn tickets_without_end_are_refused() {
    let mut end = End::new(Limits::default());
    let config = client(backend()).build().expect("client");
    end.conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    let mut forger = Forger::as_server(&mut end, true);
    // Lifetime, age_add, nonce, ticket, no extensions (RFC 8446 §4.6.1).
    let ticket = [4, 0, 0, 15, 0, 0, 1, 0, 1, 2, 3, 4, 1, 0, 0, 1, 7, 0, 0];
    for _ in 0..16 {
        let record = forger.seal(HANDSHAKE, &ticket.repeat(16));
        end.give(&record, usize::MAX);
    }
    assert!(end.saw(Event::SessionTicketReceived));
    assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
    let record = forger.seal(HANDSHAKE, &ticket);
    end.give(&record, usize::MAX);
    failed(
        &end,
        FailureKind::TooMuchOf(Repeated::SessionTickets),
        Alert::UnexpectedMessage,
    );
}

#[test]
fn padding_counts_towards_the_largest_record() {
    for (padding, good) in [(16384 - 10, true), (16384 - 9, false)] {
        let (mut end, mut forger) = server_end(true);
        let record = forger.seal_padded(DATA, &[7; 10], padding);
        end.give(&record, usize::MAX);
        if good {
            assert_eq!(end.read_all(), [7; 10]);
        } else {
            failed(&end, FailureKind::RecordTooLarge, Alert::RecordOverflow);
        }
    }
}

#[test]
fn a_tls12_record_of_another_version_is_refused() {
    let (mut end, mut forger) = server_end(false);
    let mut record = forger.seal(DATA, b"genuine otherwise");
    record[2] = 1;
    end.give(&record, usize::MAX);
    assert!(end.read_all().is_empty());
    failed(&end, FailureKind::PeerMisbehaved, Alert::ProtocolVersion);
}
