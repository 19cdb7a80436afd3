//! `close` while a handshake is under way, open decisions included.

use std::time::Duration;

use sslcore::{Alert, Event, FailureKind, ReadEnd, Timeouts, UsageError, Verdict};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

/// A handshake whose client asks about a server that it does not trust, and has written something.
fn held_with(plaintext: &[u8], timeouts: Timeouts) -> Pair {
    let mut pair = Pair::held(timeouts);
    pair.client.write(plaintext);
    pair
}

#[test]
fn closing_during_the_handshake_sends_what_was_accepted_once_it_can() {
    for version in VERSIONS {
        for flights in 0..4 {
            let Some(mut pair) = Pair::underway(version, flights) else {
                continue;
            };
            pair.client.write(b"the last word");
            pair.client.conn.close();
            assert_eq!(
                pair.client.conn.write(b"more"),
                Err(UsageError::WriteClosed)
            );
            pair.run();
            assert_eq!(pair.server.read_all(), b"the last word");
            assert!(pair.server.saw(Event::PeerClosed));
            pair.server.conn.close();
            pair.run();
            for end in [&pair.client, &pair.server] {
                assert!(end.saw(Event::Encrypted));
                let report = end.conn.close_report().expect("closed");
                assert!(report.clean && report.abandoned == 0, "{version} {flights}");
            }
        }
    }
}

#[test]
fn closing_during_the_handshake_with_nothing_accepted_cancels_it() {
    for version in VERSIONS {
        for flights in 0..4 {
            let Some(mut pair) = Pair::underway(version, flights) else {
                continue;
            };
            pair.client.conn.close();
            pair.run();
            assert!(!pair.client.saw(Event::Encrypted), "{version} {flights}");
            assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Canceled));
            let told = pair.client.saw(Event::AlertSent(Alert::UserCanceled));
            assert_eq!(told, flights > 0, "who has said hello says goodbye");
            assert!(!pair.client.conn.close_report().expect("closed").clean);
        }
    }
}

#[test]
fn a_handshake_that_takes_longer_than_a_close_may_is_waited_for() {
    let timeouts = Timeouts {
        close: Some(Duration::from_secs(1)),
        handshake: Some(Duration::from_secs(20)),
        ..Timeouts::CLIENT
    };
    let client = client(backend()).timeouts(timeouts);
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::tls(&client.build().expect("client"), &server);
    pair.client.write(b"the last word");
    pair.client.conn.close();
    pair.client.settle();
    let hello = pair.client.take();
    for _ in 0..10 {
        pair.advance(Duration::from_secs(1));
        pair.client.settle();
        assert!(pair.client.conn.is_handshaking());
    }
    pair.server.give(&hello, usize::MAX);
    pair.run();
    assert_eq!(pair.server.read_all(), b"the last word");
}

#[test]
fn a_failed_handshake_reports_what_was_accepted_before_close_as_abandoned() {
    let client = client(backend()).build().expect("client");
    let server = server(backend()).identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
    let mut pair = Pair::tls(&client, &server.build().expect("server"));
    pair.client.write(b"never sent");
    pair.client.conn.close();
    pair.run();
    assert_eq!(pair.client.conn.close_report().expect("over").abandoned, 10);
    assert!(pair.client.conn.failure().is_some());
}

#[test]
fn close_waits_for_an_open_decision_as_long_as_the_close_timeout_and_is_no_answer() {
    let mut pair = held_with(b"a word", Timeouts::CLIENT);
    let id = pair.client.conn.review().expect("open").id;
    pair.client.conn.close();
    pair.run();
    assert_eq!(pair.client.conn.review().map(|review| review.id), Some(id));
    let deadline = pair.client.conn.deadline().expect("the close timeout runs");
    assert_eq!(pair.client.time.until(deadline), Duration::from_secs(5));
    pair.advance(Duration::from_secs(5));
    assert!(pair.client.conn.is_over() && !pair.client.saw(Event::Encrypted));
    pair.run();
    let report = pair.client.conn.close_report().expect("closed");
    assert_eq!((report.abandoned, report.clean), (6, false));
    assert!(pair.client.saw(Event::AlertSent(Alert::UserCanceled)));
    assert!(pair.server.saw(Event::AlertReceived(Alert::UserCanceled)));
    assert!(pair.server.read_all().is_empty());
    assert_eq!(
        pair.client.conn.answer(id, Verdict::Accept),
        Err(UsageError::NoDecisionOpen)
    );
}

#[test]
fn an_answer_after_close_lets_what_was_accepted_leave() {
    let mut pair = held_with(b"a word", Timeouts::CLIENT);
    pair.client.conn.close();
    pair.run();
    pair.advance(Duration::from_secs(4));
    pair.client.answer(Verdict::Accept);
    assert!(pair.client.conn.review().is_none(), "it is answered");
    pair.run();
    assert_eq!(pair.server.read_all(), b"a word");
    assert!(pair.server.saw(Event::PeerClosed));
}

#[test]
fn a_farewell_that_nobody_takes_is_not_waited_for_for_ever() {
    let mut pair = held_with(b"a word", Timeouts::CLIENT);
    pair.client.conn.close();
    pair.client.settle();
    for _ in 0..2 {
        assert!(pair.client.conn.close_report().is_none());
        pair.client.time = pair.client.time.after(Duration::from_secs(5));
        pair.client.settle();
    }
    let report = pair.client.conn.close_report().expect("closed");
    assert!(report.unsent > 0 && !report.close_notify_sent);
}

#[test]
fn a_sealed_close_notify_in_the_middle_of_a_handshake_is_understood() {
    let client = client(backend())
        .protocols(&["TLSv1.3"])
        .build()
        .expect("client");
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::tls(&client, &server);
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let flight = pair.server.take();
    // ServerHello alone: the client has handshake keys now, and no more.
    let server_hello = 5 + usize::from(u16::from_be_bytes([flight[3], flight[4]]));
    pair.client.give(&flight[..server_hello], usize::MAX);
    pair.client.conn.close();
    pair.run();
    assert!(
        pair.server
            .saw(Event::Failed(FailureKind::ClosedDuringHandshake))
    );
    assert!(
        pair.server.take().is_empty(),
        "who has left is told nothing"
    );
}

#[test]
fn closing_while_a_decision_is_open_makes_the_id_stale() {
    let mut pair = Pair::held(Timeouts::CLIENT);
    let id = pair.client.conn.review().expect("open").id;
    pair.client.conn.close();
    pair.run();
    assert!(pair.client.conn.review().is_none());
    assert_eq!(
        pair.client.conn.answer(id, Verdict::Accept),
        Err(UsageError::NoDecisionOpen)
    );
    assert!(pair.client.saw(Event::AlertSent(Alert::CloseNotify)));
}
