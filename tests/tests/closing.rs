//! close, half-close, abort, reset, and how each end is told (rule R4).

use std::time::Duration;

use sslcore::{CloseReport, Event, FailureKind, Limits, ReadEnd, Transmission, UsageError};
use sslcore_tests::pair::{Pair, VERSIONS};

#[test]
fn what_was_written_before_close_arrives_before_close_notify() {
    for version in VERSIONS {
        let mut pair = Pair::encrypted_in(version, Limits::default());
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
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
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
    let mut pair = Pair::encrypted_in("TLSv1.2", Limits::default());
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
fn abort_throws_everything_away_and_tells_the_peer_nothing() {
    for version in VERSIONS {
        let mut pair = Pair::encrypted_in(version, Limits::default());
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
fn abort_after_the_end_throws_away_what_was_not_read() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.server.write(b"unread");
    pair.server.conn.close();
    pair.run();
    pair.client.conn.close();
    pair.run();
    let report = pair.client.conn.close_report().expect("closed");
    assert!(report.clean && !pair.client.conn.is_done());
    pair.client.conn.abort();
    assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Closed));
    assert!(pair.client.conn.is_done());
    assert_eq!(pair.client.conn.close_report(), Some(report));
}

#[test]
fn a_reset_throws_away_what_nobody_will_take() {
    for version in VERSIONS {
        let mut pair = Pair::encrypted_in(version, Limits::default());
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
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
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
fn a_peer_that_ends_its_stream_after_our_close_has_an_end_of_its_own() {
    for version in VERSIONS {
        for discards in [false, true] {
            let mut pair = Pair::encrypted_in(version, Limits::default());
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
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
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
            let mut pair = Pair::encrypted_in(version, Limits::default());
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
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.client.conn.close();
    pair.client.take();
    pair.client.conn.receive_reset();
    pair.client.settle();
    assert!(pair.client.saw(Event::Failed(FailureKind::Reset)));
}

/// A client whose close_notify was handed over to the transport.
fn handed_over(version: &str) -> (Pair, Transmission) {
    let mut pair = Pair::encrypted_in(version, Limits::default());
    pair.client.conn.close();
    pair.client.settle();
    let last = pair.client.conn.take_transmit().expect("close_notify");
    (pair, last)
}

#[test]
fn a_stream_that_ends_while_our_close_is_handed_over_waits_for_what_becomes_of_it() {
    for version in VERSIONS {
        for (case, end) in [
            ("sent", ReadEnd::CloseUnanswered),
            ("sent in part", ReadEnd::Truncated),
            ("dropped", ReadEnd::Truncated),
            ("never known", ReadEnd::TimedOut),
            ("reset", ReadEnd::Reset),
        ] {
            let (mut pair, last) = handed_over(version);
            pair.client.conn.receive_eof();
            pair.client.settle();
            assert_eq!(pair.client.conn.read_end(), None, "{version}, {case}");
            assert!(pair.client.conn.deadline().is_some(), "not for ever");
            let n = last.len();
            match case {
                "sent" => pair.client.conn.complete_transmit(last, n).expect("lent"),
                "sent in part" => pair.client.conn.complete_transmit(last, 1).expect("lent"),
                "dropped" => drop(last),
                "reset" => pair.client.conn.receive_reset(),
                _ => pair.advance(Duration::from_secs(5)),
            }
            pair.client.settle();
            let read_end = pair.client.conn.read_end();
            assert_eq!(read_end, Some(end), "{version}, {case}");
            let unanswered = pair.client.saw(Event::CloseUnanswered);
            assert_eq!(unanswered, case == "sent", "{version}, {case}");
            pair.client.take();
            assert!(pair.client.conn.close_report().is_some());
        }
    }
}

#[test]
fn data_that_arrives_while_our_close_is_handed_over_may_be_behind_it() {
    let (mut pair, last) = handed_over("TLSv1.3");
    pair.server.write(b"half an answer");
    let answer = pair.server.take();
    pair.client.give(&answer, usize::MAX);
    let n = last.len();
    let complete = pair.client.conn.complete_transmit(last, n);
    complete.expect("on its way");
    pair.client.conn.receive_eof();
    pair.client.settle();
    assert_eq!(pair.client.read_all(), b"half an answer");
    assert_eq!(pair.client.conn.read_end(), Some(ReadEnd::Truncated));
}
