//! `cancel`: both directions end at once, with a farewell.

use sslcore::{Alert, Event, FailureKind, Limits, ReadEnd};
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

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

#[test]
fn canceling_an_encrypted_connection_says_so_and_ends_both_directions() {
    for version in VERSIONS {
        let mut pair = Pair::encrypted_in(version, Limits::default());
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
fn what_was_not_read_is_thrown_away_and_nothing_is_waited_for() {
    for version in VERSIONS {
        let mut pair = Pair::encrypted_in(version, Limits::default());
        pair.server.write(b"unread");
        pair.run();
        pair.server.write(b"unopened");
        let record = pair.server.take();
        assert_eq!(pair.client.conn.receive(&record), Ok(record.len()));
        pair.client.conn.cancel();
        assert_eq!(pair.client.conn.read(&mut [0; 6]), Err(ReadEnd::Canceled));
        pair.run();
        assert!(pair.client.conn.is_done());
    }
}
