//! close, half-close, abort, and the three clocks.

use std::time::Duration;

use sslcore::{
    Alert, CloseReport, Event, FailureKind, Limits, OnErrors, ReadEnd, ServerStart, Timeouts,
    UsageError,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

fn encrypted(version: &str) -> Pair {
    Pair::encrypted(
        &client(backend())
            .protocols(&[version])
            .build()
            .expect("client"),
        &server(backend())
            .protocols(&[version])
            .build()
            .expect("server"),
    )
}

fn held(timeouts: Timeouts) -> Pair {
    let client = client(backend())
        .on_errors(OnErrors::Hold)
        .timeouts(timeouts);
    let server = server(backend()).identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
    let mut pair = Pair::tls(
        &client.build().expect("client"),
        &server.build().expect("server"),
    );
    pair.run();
    assert!(pair.client.conn.review().is_some());
    pair
}

/// The same, and the client has written something.
fn held_with(plaintext: &[u8], timeouts: Timeouts) -> Pair {
    let mut pair = held(timeouts);
    pair.client.write(plaintext);
    pair
}

/// Carries what fits, once.
fn carry(from: &mut End, to: &mut End) {
    let n = to.conn.receive(from.conn.transmit()).expect("open");
    from.conn.transmitted(n).expect("shown");
}

#[test]
fn what_was_written_before_close_arrives_before_close_notify() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        pair.client.write(b"the last line");
        assert_eq!(pair.server.conn.read_end(), None);
        pair.client.conn.close();
        assert_eq!(
            pair.client.conn.write(b"more"),
            Err(UsageError::WriteClosed)
        );
        pair.run();
        assert_eq!(pair.server.conn.read_end(), Some(ReadEnd::Closed));
        assert_eq!(pair.server.read_all(), b"the last line");
        assert_eq!(pair.server.conn.read(&mut [0; 1]), Err(ReadEnd::Closed));
        assert!(pair.client.conn.transmit_finished());
        pair.client.conn.close();
        assert!(pair.client.take().is_empty(), "closing twice does nothing");
    }
}

#[test]
fn a_tls13_peer_goes_on_writing_after_we_closed() {
    let mut pair = encrypted("TLSv1.3");
    pair.client.conn.close();
    pair.run();
    assert!(pair.server.saw(Event::PeerClosed));
    assert!(
        pair.client.conn.close_report().is_none(),
        "only one direction is closed"
    );
    pair.server.write(b"the rest of the answer");
    pair.run();
    assert_eq!(pair.client.read_all(), b"the rest of the answer");
    pair.server.conn.close();
    pair.run();
    for end in [&pair.client, &pair.server] {
        assert!(end.conn.close_report().expect("closed").clean);
    }
}

#[test]
fn a_tls12_peer_answers_close_at_once_and_abandons_what_it_still_had() {
    let mut pair = encrypted("TLSv1.2");
    pair.client.conn.close();
    pair.run();
    assert_eq!(
        pair.server.conn.write(b"too late"),
        Err(UsageError::ConnectionOver)
    );
    for end in [&pair.client, &pair.server] {
        let report = end.conn.close_report().expect("closed");
        assert!(report.clean && report.close_notify_sent && report.close_notify_received);
    }
}

#[test]
fn canceling_during_the_handshake_abandons_what_was_accepted_and_says_so() {
    for version in VERSIONS {
        for steps in 0..4 {
            let client = client(backend())
                .protocols(&[version])
                .build()
                .expect("client");
            let server = server(backend())
                .protocols(&[version])
                .build()
                .expect("server");
            let mut pair = Pair::tls(&client, &server);
            let mut flights = 0;
            while flights < steps && !pair.client.conn.is_encrypted() {
                let (from, to) = match flights % 2 {
                    0 => (&mut pair.client, &mut pair.server),
                    _ => (&mut pair.server, &mut pair.client),
                };
                let bytes = from.take();
                to.give(&bytes, usize::MAX);
                flights += 1;
            }
            if pair.client.conn.is_encrypted() {
                continue;
            }
            pair.client.write(b"never sent");
            pair.client.conn.cancel();
            pair.run();
            let report = pair.client.conn.close_report().expect("closed");
            assert_eq!(report.abandoned, 10, "{version} after {flights} flights");
            assert!(!report.clean);
            assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Canceled));
            if pair.client.sent.is_empty() {
                assert_eq!(flights, 0, "a client that has not said hello just leaves");
                continue;
            }
            assert!(pair.client.saw(Event::AlertSent(Alert::UserCanceled)));
            assert!(pair.client.saw(Event::AlertSent(Alert::CloseNotify)));
            assert!(report.close_notify_sent);
            assert!(pair.server.saw(Event::AlertReceived(Alert::UserCanceled)));
            // A TLS 1.2 client whose Finished had left says it sealed, and the server, whose
            // handshake is complete by then, can read it.
            let end = match (version, flights) {
                ("TLSv1.2", 2..) => Event::PeerClosed,
                _ => Event::Failed(FailureKind::ClosedDuringHandshake),
            };
            assert!(
                pair.server.saw(end),
                "{version} after {flights} flights: {:?}",
                pair.server.events
            );
        }
    }
}

/// A pair whose handshake has gone on for so many flights; `None` when it is complete by then.
fn underway(version: &str, flights: usize) -> Option<Pair> {
    let client = client(backend()).protocols(&[version]).build();
    let server = server(backend()).protocols(&[version]).build();
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    for flight in 0..flights {
        let (from, to) = match flight % 2 {
            0 => (&mut pair.client, &mut pair.server),
            _ => (&mut pair.server, &mut pair.client),
        };
        let bytes = from.take();
        to.give(&bytes, usize::MAX);
    }
    (!pair.client.conn.is_encrypted()).then_some(pair)
}

#[test]
fn closing_during_the_handshake_sends_what_was_accepted_once_it_can() {
    for version in VERSIONS {
        for flights in 0..4 {
            let Some(mut pair) = underway(version, flights) else {
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
            let Some(mut pair) = underway(version, flights) else {
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
fn canceling_an_encrypted_connection_says_so_and_ends_both_directions() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        pair.client.write(b"sealed");
        pair.client.conn.cancel();
        pair.client.conn.cancel();
        assert!(pair.client.conn.is_over());
        assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Canceled));
        pair.run();
        assert_eq!(pair.server.read_all(), b"sealed");
        assert!(pair.server.saw(Event::PeerClosed));
        let canceled = Event::AlertReceived(Alert::UserCanceled);
        assert!(pair.server.saw(canceled), "no ordinary close");
        let report = pair.client.conn.close_report().expect("closed");
        assert!(report.close_notify_sent && !report.clean && report.unsent == 0);
    }
}

#[test]
fn canceling_in_the_clear_just_ends() {
    let mut pair = Pair::default();
    pair.client.write(b"a line");
    pair.client.conn.cancel();
    pair.run();
    assert_eq!(pair.server.read_all(), b"a line");
    assert!(pair.client.conn.transmit_finished() && pair.client.conn.is_done());
    assert_eq!(pair.client.conn.read_end(), Some(ReadEnd::Canceled));
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
        pair.client.conn.answer(id, sslcore::Verdict::Accept),
        Err(UsageError::NoDecisionOpen)
    );
}

#[test]
fn an_answer_after_close_lets_what_was_accepted_leave() {
    let mut pair = held_with(b"a word", Timeouts::CLIENT);
    pair.client.conn.close();
    pair.run();
    pair.advance(Duration::from_secs(4));
    pair.client.answer(sslcore::Verdict::Accept);
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
    let mut pair = held(Timeouts::CLIENT);
    let id = pair.client.conn.review().expect("open").id;
    pair.client.conn.close();
    pair.run();
    assert!(pair.client.conn.review().is_none());
    assert_eq!(
        pair.client.conn.answer(id, sslcore::Verdict::Accept),
        Err(UsageError::NoDecisionOpen)
    );
    assert!(pair.client.saw(Event::AlertSent(Alert::CloseNotify)));
}

#[test]
fn abort_throws_everything_away_and_tells_the_peer_nothing() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        pair.server.write(b"unread");
        pair.exchange();
        assert_eq!(pair.client.conn.write(b"unsent"), Ok(6));
        pair.client.conn.abort();
        assert!(pair.client.conn.transmit().is_empty());
        pair.client.settle();
        assert_eq!(pair.client.conn.bytes_available(), 0);
        assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Aborted));
        let report = pair.client.conn.close_report().expect("closed");
        assert!(!report.clean && report.unsent > 6);
        assert!(
            pair.client.conn.failure().is_none(),
            "aborting is no failure"
        );
        assert!(pair.client.conn.transmit_finished());
    }
}

#[test]
fn a_reset_throws_away_what_nobody_will_take() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        assert_eq!(pair.client.conn.write(b"unsent"), Ok(6));
        pair.client.conn.receive_reset();
        pair.client.settle();
        assert!(pair.client.saw(Event::Failed(FailureKind::Reset)));
        assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Reset));
        assert!(pair.client.conn.close_report().expect("closed").unsent > 6);
        assert_eq!(
            pair.client.conn.receive(b"x"),
            Err(UsageError::ReceiveAfterEnd)
        );
    }
}

#[test]
fn bytes_after_the_end_are_swallowed() {
    let mut pair = encrypted("TLSv1.3");
    pair.client.conn.abort();
    for _ in 0..100 {
        assert_eq!(pair.client.conn.receive(&[0; 10_000]), Ok(10_000));
        let lent = pair.client.conn.receive_buffer().len();
        assert!(lent > 0);
        assert_eq!(pair.client.conn.received(lent), Ok(()));
    }
    pair.client.settle();
    assert_eq!(pair.client.conn.encrypted_bytes_available(), 0);
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
        let mut pair = encrypted("TLSv1.3");
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
        let mut pair = encrypted("TLSv1.3");
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
    let mut pair = encrypted("TLSv1.3");
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

#[test]
fn a_peer_that_ends_its_stream_after_our_close_has_an_end_of_its_own() {
    for version in VERSIONS {
        for discards in [false, true] {
            let mut pair = encrypted(version);
            if discards {
                pair.client.conn.discard_reads();
            }
            pair.client.conn.close();
            pair.client.take();
            pair.client.conn.receive_eof();
            pair.client.settle();
            assert!(pair.client.saw(Event::CloseUnanswered));
            assert!(pair.client.conn.failure().is_none());
            assert_eq!(
                pair.client.conn.read(&mut [0; 1]),
                Err(ReadEnd::CloseUnanswered)
            );
            let report = pair.client.conn.close_report().expect("closed");
            let expected = CloseReport {
                close_notify_sent: true,
                ..CloseReport::default()
            };
            assert_eq!(report, expected, "not clean");
        }
    }
}

#[test]
fn what_arrived_before_our_close_left_does_not_make_its_end_a_truncation() {
    let mut pair = encrypted("TLSv1.3");
    pair.server.write(b"an answer");
    pair.exchange();
    pair.client.settle();
    pair.client.conn.close();
    pair.client.take();
    pair.client.conn.receive_eof();
    pair.client.settle();
    assert_eq!(pair.client.read_all(), b"an answer");
    assert!(pair.client.saw(Event::CloseUnanswered));
}

#[test]
fn a_stream_that_ends_in_any_other_way_without_close_notify_is_truncated() {
    type Case = (&'static str, fn(&mut Pair));
    let cases: [Case; 5] = [
        ("we never closed", |_| ()),
        ("our close_notify has not left", |pair| {
            pair.client.conn.close();
            pair.client.settle();
        }),
        ("half an answer behind it", |pair| {
            pair.client.conn.close();
            pair.client.take();
            pair.server.write(b"half an answer");
            let answer = pair.server.take();
            pair.client.give(&answer, usize::MAX);
        }),
        ("half an answer behind it, which nobody reads", |pair| {
            pair.client.conn.discard_reads();
            pair.client.conn.close();
            pair.client.take();
            pair.server.write(b"half an answer");
            let answer = pair.server.take();
            pair.client.give(&answer, usize::MAX);
        }),
        ("in the middle of a record", |pair| {
            pair.client.conn.close();
            pair.client.take();
            pair.server.write(b"half an answer");
            let answer = pair.server.take();
            pair.client.give(&answer[..3], usize::MAX);
        }),
    ];
    for version in VERSIONS {
        for (name, case) in cases {
            let mut pair = encrypted(version);
            case(&mut pair);
            pair.client.conn.receive_eof();
            pair.client.settle();
            pair.client.take();
            assert!(
                pair.client.saw(Event::Failed(FailureKind::Truncated)),
                "{version}, {name}: {:?}",
                pair.client.events
            );
            assert!(!pair.client.saw(Event::CloseUnanswered));
            pair.client.read_all();
            assert_eq!(pair.client.conn.read_end(), Some(ReadEnd::Truncated));
        }
    }
}

#[test]
fn a_reset_after_our_close_is_a_reset() {
    let mut pair = encrypted("TLSv1.3");
    pair.client.conn.close();
    pair.client.take();
    pair.client.conn.receive_reset();
    pair.client.settle();
    assert!(pair.client.saw(Event::Failed(FailureKind::Reset)));
}

#[test]
fn when_sending_has_failed_reading_goes_on_to_its_end() {
    for version in VERSIONS {
        for says_why in [false, true] {
            let mut pair = encrypted(version);
            assert_eq!(pair.client.conn.write(b"unsent"), Ok(6));
            pair.client.conn.transmit_failed();
            pair.client.settle();
            assert!(pair.client.conn.transmit().is_empty());
            assert!(!pair.client.conn.is_over());
            assert_eq!(
                pair.client.conn.write(b"more"),
                Err(UsageError::WriteClosed)
            );
            pair.server.write(b"why not");
            if says_why {
                pair.server.conn.close();
            }
            let last = pair.server.take();
            pair.client.give(&last, usize::MAX);
            assert_eq!(pair.client.read_all(), b"why not");
            assert_eq!(pair.client.conn.is_over(), says_why);
            pair.client.conn.receive_eof();
            pair.client.settle();
            assert!(pair.client.saw(Event::Failed(FailureKind::Reset)));
            assert_eq!(pair.client.saw(Event::PeerClosed), says_why);
            let report = pair.client.conn.close_report().expect("over");
            assert!(report.unsent > 6 && !report.clean);
        }
    }
}

#[test]
fn when_sending_has_failed_in_a_handshake_the_peers_reason_is_heard() {
    let pair = underway("TLSv1.3", 1);
    let mut pair = pair.expect("under way");
    pair.client.write(b"queued");
    pair.client.conn.transmit_failed();
    pair.server.conn.cancel();
    let farewell = pair.server.take();
    pair.client.give(&farewell, usize::MAX);
    assert!(pair.client.saw(Event::AlertReceived(Alert::UserCanceled)));
    let report = pair.client.conn.close_report().expect("over");
    assert_eq!((report.abandoned, report.clean), (6, false));
}

#[test]
fn sending_that_fails_when_everything_has_left_changes_nothing() {
    let mut pair = encrypted("TLSv1.3");
    pair.client.conn.close();
    pair.run();
    pair.client.conn.transmit_failed();
    pair.server.write(b"the rest");
    pair.server.conn.close();
    pair.run();
    assert_eq!(pair.client.read_all(), b"the rest");
    assert!(pair.client.conn.close_report().expect("closed").clean);
}

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
    let mut pair = held(Timeouts::CLIENT);
    assert_eq!(
        pair.client.conn.deadline(),
        None,
        "a person may take any time"
    );
    pair.advance(Duration::from_secs(3600));
    let id = pair.client.conn.review().expect("still open").id;
    pair.client
        .conn
        .answer(id, sslcore::Verdict::Accept)
        .expect("open");
    // The server has waited an hour; that is its problem, not the client's.
    pair.client.settle();
    assert!(pair.client.conn.is_encrypted());
}

#[test]
fn a_decision_that_nobody_takes_is_answered_by_its_own_timeout() {
    let mut pair = held(Timeouts {
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

#[test]
fn fifty_megabytes_each_way_do_not_deadlock_when_both_write_first() {
    const TOTAL: usize = 50 << 20;
    for version in VERSIONS {
        let mut pair = encrypted(version);
        let chunk = [0xa5; 64 * 1024];
        let mut written = [0; 2];
        let mut read = [0; 2];
        let mut turns = 0;
        while read != [TOTAL; 2] {
            turns += 1;
            assert!(turns < 100_000, "no progress: {written:?} {read:?}");
            // Both write until nothing more is taken, and only then does anybody read.
            for (end, written) in [&mut pair.client, &mut pair.server]
                .into_iter()
                .zip(&mut written)
            {
                while *written < TOTAL {
                    let rest = (TOTAL - *written).min(chunk.len());
                    let n = end.conn.write(&chunk[..rest]).expect("open");
                    *written += n;
                    if n == 0 {
                        break;
                    }
                }
            }
            carry(&mut pair.client, &mut pair.server);
            carry(&mut pair.server, &mut pair.client);
            for (end, read) in [&mut pair.client, &mut pair.server]
                .into_iter()
                .zip(&mut read)
            {
                end.settle();
                let plain = end.conn.peek();
                assert!(plain.iter().all(|byte| *byte == 0xa5));
                *read += plain.len();
                end.conn.consume(plain.len()).expect("shown");
                end.events.clear();
            }
        }
    }
}

#[test]
fn a_full_buffer_is_a_short_write_and_writable_follows() {
    for version in VERSIONS {
        let mut pair = encrypted(version);
        let mut taken = 0;
        let limit = Limits::default().transmit;
        loop {
            let n = pair.client.conn.write(&[1; 16384]).expect("open");
            taken += n;
            if n < 16384 {
                break;
            }
        }
        assert!(taken > 0 && taken <= limit);
        assert!(pair.client.conn.encrypted_bytes_to_write() <= limit);
        pair.client.settle();
        assert!(!pair.client.saw(Event::Writable));
        pair.client.take();
        assert!(pair.client.saw(Event::Writable));
        assert_eq!(pair.client.conn.write(&[1; 16384]), Ok(16384));
    }
}

#[test]
fn plaintext_written_before_encrypted_is_bounded() {
    let config = client(backend()).build().expect("client");
    let mut pair = Pair::new(Limits {
        queued: 1000,
        ..Limits::default()
    });
    pair.client
        .conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    assert_eq!(pair.client.conn.write(&[2; 600]), Ok(600));
    assert_eq!(pair.client.conn.write(&[3; 600]), Ok(400));
    assert_eq!(pair.client.conn.write(&[3; 600]), Ok(0));
    assert_eq!(pair.client.conn.bytes_to_write(), 1000);
    let config = server(backend()).build().expect("server");
    pair.server
        .conn
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    pair.run();
    let mut expected = vec![2; 600];
    expected.extend([3; 400]);
    assert_eq!(pair.server.read_all(), expected);
    assert!(pair.client.saw(Event::Writable));
    let encrypted = pair
        .client
        .events
        .iter()
        .position(|event| *event == Event::Encrypted);
    let written = pair
        .client
        .events
        .iter()
        .position(|event| *event == Event::BytesWritten(1000));
    assert!(
        encrypted.is_some() && encrypted < written,
        "{:?}",
        pair.client.events
    );
}

/// A client who wrote more during the handshake than its transmit buffer holds, and closes when
/// it is encrypted: close_notify waits behind data that waits for room.
fn closing_behind_queued_data(version: &str) -> Pair {
    let client = client(backend()).protocols(&[version]).build();
    let server = server(backend()).protocols(&[version]).build();
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    pair.client.write(&[7; 60_000]);
    while !pair.client.conn.is_encrypted() {
        pair.exchange();
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
