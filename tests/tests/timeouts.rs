//! The clocks: of the handshake, of a decision, of our last bytes, of the peer's end.

use std::time::Duration;

use sslcore::{
    Alert, CloseReport, Event, FailureKind, Limits, ReadEnd, ServerStart, Timeouts, Verdict,
};
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server, server_name};

#[test]
fn a_quiet_peer_ends_the_handshake_when_its_time_is_up() {
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::default();
    pair.server
        .conn
        .start_server_encryption(ServerStart::With(server))
        .expect("start");
    pair.server.settle();
    let deadline = pair
        .server
        .conn
        .deadline()
        .expect("the handshake timeout runs");
    assert_eq!(pair.server.time.until(deadline), Duration::from_secs(10));
    pair.advance(Duration::from_secs(10));
    assert!(
        pair.server
            .saw(Event::Failed(FailureKind::HandshakeTimeout))
    );
    let alert = pair.server.take();
    assert_eq!(alert, [21, 3, 3, 0, 2, 2, 40]);
}

#[test]
fn the_handshakes_clock_stands_still_while_a_decision_is_open() {
    let mut pair = Pair::held(Timeouts::CLIENT);
    assert_eq!(
        pair.client.conn.deadline(),
        None,
        "a person may take any time"
    );
    pair.advance(Duration::from_secs(3600));
    let id = pair.client.conn.review().expect("still open").id;
    pair.client.conn.answer(id, Verdict::Accept).expect("open");
    // The server has waited an hour; that is its problem, not the client's.
    pair.client.settle();
    assert!(pair.client.conn.is_encrypted());
}

#[test]
fn a_decision_that_nobody_takes_is_answered_by_its_own_timeout() {
    let mut pair = Pair::held(Timeouts {
        decision: Some(Duration::from_secs(60)),
        ..Timeouts::CLIENT
    });
    let deadline = pair
        .client
        .conn
        .deadline()
        .expect("the decision timeout runs");
    assert_eq!(pair.client.time.until(deadline), Duration::from_secs(60));
    pair.client.time = deadline;
    pair.client.settle();
    assert!(pair.client.saw(Event::Failed(FailureKind::DecisionTimeout)));
    pair.run();
    assert!(
        pair.server
            .saw(Event::AlertReceived(Alert::CertificateUnknown))
    );
}

#[test]
fn timeouts_that_are_off_never_come() {
    let off = Timeouts {
        handshake: None,
        decision: None,
        close: None,
    };
    let mut pair = Pair::default();
    let config = client(backend()).timeouts(off).build().expect("client");
    pair.client
        .conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    pair.client.settle();
    assert_eq!(pair.client.conn.deadline(), None);
    pair.advance(Duration::from_secs(u32::MAX.into()));
    assert!(pair.client.conn.failure().is_none());
}

/// A client who wrote more during the handshake than its transmit buffer holds, and closes when
/// it is encrypted: close_notify waits behind data that waits for room.
fn closing_behind_queued_data(version: &str) -> Pair {
    let client = client(backend()).protocols(&[version]).build();
    let server = server(backend()).protocols(&[version]).build();
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    pair.client.write(&[7; 60_000]);
    while !pair.client.conn.is_encrypted() {
        assert!(pair.exchange(), "{:?}", pair.client.conn);
    }
    assert!(pair.client.conn.bytes_to_write() > 0);
    pair.client.conn.close();
    pair.client.settle();
    pair
}

#[test]
fn a_transport_that_takes_nothing_is_not_waited_for_longer_than_the_close_timeout() {
    for version in VERSIONS {
        let mut pair = closing_behind_queued_data(version);
        let expected = CloseReport {
            abandoned: pair.client.conn.bytes_to_write(),
            unsent: pair.client.conn.encrypted_bytes_to_write(),
            ..CloseReport::default()
        };
        pair.advance(Duration::from_millis(4999));
        assert!(!pair.client.conn.is_over());
        pair.advance(Duration::from_millis(1));
        assert_eq!(pair.client.conn.close_report(), Some(expected));
    }
}

#[test]
fn the_close_timeout_begins_anew_when_the_transport_takes_bytes() {
    let mut pair = closing_behind_queued_data("TLSv1.3");
    for _ in 0..5 {
        pair.advance(Duration::from_millis(4999));
        pair.client.conn.transmitted(1).expect("one byte");
        pair.client.settle();
    }
    assert!(!pair.client.conn.is_over());
    pair.advance(Duration::from_secs(5));
    assert!(pair.client.conn.is_over());
}

#[test]
fn a_peer_that_never_answers_close_is_waited_for_as_long_as_the_application_says() {
    let second = Duration::from_secs(1);
    for (discards, limit, expected) in [
        (false, None, None),
        (false, Some(second), Some(1)),
        (true, None, Some(5)),
        (true, Some(2 * second), Some(2)),
    ] {
        let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
        pair.client.conn.set_peer_close_timeout(limit);
        if discards {
            pair.client.conn.discard_reads();
        }
        pair.client.conn.close();
        pair.client.take();
        let Some(seconds) = expected else {
            assert_eq!(pair.client.conn.deadline(), None);
            pair.advance(3600 * second);
            assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Empty));
            continue;
        };
        let deadline = pair.client.conn.deadline().expect("it is limited");
        assert_eq!(pair.client.time.until(deadline), seconds * second);
        pair.advance(seconds * second - Duration::from_millis(1));
        assert!(pair.client.conn.close_report().is_none());
        pair.advance(Duration::from_millis(1));
        let report = pair.client.conn.close_report().expect("closed");
        let expected = CloseReport {
            close_notify_sent: true,
            ..CloseReport::default()
        };
        assert_eq!(report, expected);
        assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::TimedOut));
        assert!(pair.client.conn.failure().is_none(), "nothing was cut off");
        assert_eq!(pair.client.conn.deadline(), None);
    }
}

#[test]
fn who_reads_waits_anew_with_whatever_arrives_and_who_discards_does_not() {
    for discards in [false, true] {
        let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
        let limit = Some(Duration::from_secs(3));
        pair.client.conn.set_peer_close_timeout(limit);
        if discards {
            pair.client.conn.discard_reads();
        }
        pair.client.conn.close();
        pair.run();
        for _ in 0..4 {
            pair.advance(Duration::from_secs(2));
            if !pair.client.conn.is_over() {
                pair.server.write(b"more");
                pair.run();
                pair.client.read_all();
            }
        }
        assert_eq!(pair.client.conn.is_over(), discards);
    }
}

#[test]
fn a_limit_that_is_changed_counts_what_was_waited_already() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.client.conn.close();
    pair.run();
    let limit = Some(Duration::from_secs(3));
    pair.client.conn.set_peer_close_timeout(limit);
    pair.advance(Duration::from_secs(2));
    assert!(!pair.client.conn.is_over());
    pair.client.conn.set_peer_close_timeout(None);
    pair.advance(Duration::from_secs(60));
    assert!(!pair.client.conn.is_over());
    pair.client.conn.set_peer_close_timeout(limit);
    pair.client.settle();
    assert!(pair.client.conn.is_over(), "more than that is over already");
}
