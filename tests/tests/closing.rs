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
fn closing_during_the_handshake_cancels_it_and_reports_what_was_abandoned() {
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
            pair.client.conn.close();
            pair.run();
            let report = pair.client.conn.close_report().expect("closed");
            assert_eq!(report.abandoned, 10, "{version} after {flights} flights");
            assert!(!report.clean);
            assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Aborted));
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
fn a_peer_that_never_answers_close_is_not_waited_for_longer_than_the_timeout() {
    let mut pair = encrypted("TLSv1.3");
    pair.client.conn.close();
    pair.client.take();
    let deadline = pair.client.conn.deadline().expect("the close timeout runs");
    assert_eq!(pair.client.time.until(deadline), Duration::from_secs(5));
    pair.advance(Duration::from_millis(4999));
    assert!(pair.client.conn.close_report().is_none());
    pair.advance(Duration::from_millis(1));
    let report = pair.client.conn.close_report().expect("closed");
    let expected = CloseReport {
        close_notify_sent: true,
        ..CloseReport::default()
    };
    assert_eq!(report, expected);
    assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Truncated));
    assert_eq!(pair.client.conn.deadline(), None);
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
