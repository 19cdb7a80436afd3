//! How a connection ends when the ending comes at an awkward moment (rules R1, R4, R6).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::crypto::CryptoProvider;
use sslcore::crypto::{AeadAlgorithm, AeadError, Backend, NONCE_LEN, RecordAead, TAG_LEN};
use sslcore::{
    Alert, Buffers, Connection, Event, FailureKind, Limits, OnErrors, ReadEnd, ServerStart,
    Timeouts, UsageError, Verdict, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::Forger;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, server_name};

fn was_closed(end: &End) -> bool {
    end.events
        .iter()
        .any(|event| matches!(event, Event::Closed(_)))
}

/// How the handshake is ended in the middle.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Close,
    Timeout,
}

/// A pair that has taken turns until the end that is asked for has the bytes of `flight`, and has
/// made `steps` steps with them. `None` when there are no such steps.
fn stopped_after(version: &str, by_client: bool, flight: usize, steps: usize) -> Option<Pair> {
    let client = client(backend())
        .protocols(&[version])
        .identity(WORLD.client.chain.clone(), WORLD.client.key());
    let server = server(backend())
        .protocols(&[version])
        .verify_mode(VerifyMode::Verify);
    let mut pair = Pair::tls(
        &client.build().expect("client"),
        &server.build().expect("server"),
    );
    for turn in 0..flight {
        let (from, to) = match turn % 2 {
            0 => (&mut pair.client, &mut pair.server),
            _ => (&mut pair.server, &mut pair.client),
        };
        let bytes = from.take();
        if turn + 1 < flight {
            to.give(&bytes, usize::MAX);
        } else {
            assert_eq!(to.conn.receive(&bytes), Ok(bytes.len()));
        }
    }
    let end = if by_client {
        &mut pair.client
    } else {
        &mut pair.server
    };
    for _ in 0..steps {
        if end.conn.is_encrypted() {
            return None;
        }
        let _ = end.conn.process(end.now());
        while let Some(event) = end.conn.poll_event() {
            end.events.push(event);
        }
    }
    (!end.conn.is_encrypted()).then_some(pair)
}

#[test]
fn a_handshake_ended_between_any_two_steps_says_so_in_records_the_peer_can_open() {
    for version in VERSIONS {
        for (by_client, flight) in [(true, 0), (false, 1), (true, 2), (false, 3), (true, 4)] {
            for steps in 0..20 {
                for ending in [Ending::Close, Ending::Timeout] {
                    let Some(mut pair) = stopped_after(version, by_client, flight, steps) else {
                        continue;
                    };
                    let (end, peer) = match by_client {
                        true => (&mut pair.client, &mut pair.server),
                        false => (&mut pair.server, &mut pair.client),
                    };
                    match ending {
                        Ending::Close => end.conn.close(),
                        Ending::Timeout => end.time = end.time.after(Duration::from_secs(31)),
                    }
                    let sent = end.take();
                    peer.give(&sent, usize::MAX);
                    let case = format!("{version} client={by_client} {flight} {steps} {ending:?}");
                    if let Some(failure) = peer.conn.failure() {
                        assert!(
                            matches!(
                                failure.kind(),
                                FailureKind::ClosedDuringHandshake
                                    | FailureKind::AlertReceived(Alert::HandshakeFailure)
                            ),
                            "{case}: {failure}"
                        );
                    } else if !sent.is_empty() && end.conn.is_over() {
                        assert!(peer.saw(Event::PeerClosed), "{case}: {:?}", peer.events);
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_follows_our_close_notify_not_even_an_alert() {
    let mut end = End::new(Limits::default());
    let config = server(backend()).build().expect("server");
    end.conn
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    Forger::as_client(&mut end, true);
    end.conn.close();
    assert!(!end.take().is_empty());
    assert!(end.conn.transmit_finished(), "the adapter sends FIN");
    end.give(
        &[
            23, 3, 3, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        usize::MAX,
    );
    assert!(end.saw(Event::Failed(FailureKind::BadRecordMac)));
    assert!(end.conn.transmit_finished(), "FIN cannot be taken back");
    assert!(end.take().is_empty());
    assert_eq!(end.conn.failure().and_then(|failure| failure.alert()), None);
    assert!(was_closed(&end));
}

#[test]
fn after_a_reset_nothing_waits_for_a_transport_that_is_gone() {
    let config = server(backend()).build().expect("server");
    let hello = {
        let mut end = End::new(Limits::default());
        let config = client(backend()).build().expect("client");
        end.conn
            .start_client_encryption(&config, server_name())
            .expect("start");
        end.take()
    };
    for arrived in [
        &b"\x16\x03\x03\x00\x04\x01\x00\x00\x00"[..],
        b"GET /",
        &hello,
    ] {
        let mut end = End::new(Limits::default());
        end.conn
            .start_server_encryption(ServerStart::With(config.clone()))
            .expect("start");
        assert_eq!(end.conn.receive(arrived), Ok(arrived.len()));
        end.conn.receive_reset();
        end.settle();
        assert!(end.conn.failure().is_some());
        assert!(end.conn.transmit().is_empty(), "{:?}", end.events);
        assert_eq!(end.conn.failure().and_then(|failure| failure.alert()), None);
        assert!(was_closed(&end), "{:?}", end.events);
    }

    let mut end = End::new(Limits::default());
    end.conn.receive_reset();
    let _ = end.conn.write(b"into the void");
    end.settle();
    assert!(end.saw(Event::Failed(FailureKind::Reset)));
    assert!(was_closed(&end), "{:?}", end.events);
}

#[test]
fn a_reset_after_the_peer_closed_its_side_is_a_failure_while_ours_is_open() {
    let client = client(backend()).protocols(&["TLSv1.3"]).build();
    let server = server(backend()).build();
    let mut pair = Pair::encrypted(&client.expect("client"), &server.expect("server"));
    pair.client.conn.close();
    pair.run();
    assert!(pair.server.saw(Event::PeerClosed));
    assert_eq!(pair.server.conn.write(b"an answer nobody takes"), Ok(22));
    pair.server.conn.receive_reset();
    pair.server.settle();
    assert!(
        pair.server.saw(Event::Failed(FailureKind::Reset)),
        "{:?}",
        pair.server.events
    );
    assert!(was_closed(&pair.server));
    assert_eq!(pair.server.conn.read(&mut [0; 1]), Err(ReadEnd::Closed));

    let mut end = End::new(Limits::default());
    end.conn.receive_eof();
    end.settle();
    assert!(end.saw(Event::EndOfStream));
    end.conn.receive_reset();
    end.settle();
    assert!(
        end.saw(Event::Failed(FailureKind::Reset)),
        "{:?}",
        end.events
    );
    assert!(was_closed(&end));
}

#[test]
fn the_end_of_the_plaintext_stream_is_a_truncation_once_tls_was_started() {
    let mut end = End::new(Limits::default());
    end.conn.receive_eof();
    end.settle();
    assert!(end.saw(Event::EndOfStream));
    let config = client(backend()).build().expect("client");
    end.conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    end.take();
    assert!(end.saw(Event::Failed(FailureKind::Truncated)));
    assert_eq!(end.conn.read(&mut [0; 1]), Err(ReadEnd::Truncated));
    assert!(!end.conn.close_report().expect("closed").clean);
}

#[test]
fn an_alert_follows_a_flight_that_did_not_fit_the_buffer() {
    let receive = Box::leak(vec![0; 20_000].into_boxed_slice());
    let transmit = Box::leak(vec![0; 512].into_boxed_slice());
    let config = client(backend())
        .protocols(&["TLSv1.3"])
        .identity(WORLD.client.chain.clone(), WORLD.client.key());
    let mut pair = Pair::default();
    pair.client.conn = Connection::new(
        Limits::default(),
        Buffers::lent(receive, transmit).expect("large enough"),
    );
    let server = server(backend()).verify_mode(VerifyMode::Verify);
    pair.start(
        &config.build().expect("client"),
        &server.build().expect("server"),
    );
    pair.exchange();
    assert!(pair.client.conn.is_encrypted());
    assert!(
        pair.client.conn.encrypted_bytes_to_write() > 512,
        "a backlog"
    );
    let mut forged = vec![23, 3, 3, 0, 17];
    forged.extend([0; 17]);
    pair.client.give(&forged, usize::MAX);
    assert!(pair.client.saw(Event::Failed(FailureKind::BadRecordMac)));
    pair.run();
    assert!(pair.client.saw(Event::AlertSent(Alert::BadRecordMac)));
    assert!(pair.server.saw(Event::AlertReceived(Alert::BadRecordMac)));
}

#[test]
fn a_tls12_alert_is_sealed_after_our_finished_however_the_server_hello_was_cut() {
    for fragment in [32, 37, 38, 16384] {
        for by_client in [true, false] {
            let mut client_config = client(backend()).protocols(&["TLSv1.2"]);
            let mut server_config = server(backend()).protocols(&["TLSv1.2"]);
            client_config = client_config.max_fragment(fragment);
            server_config = server_config.max_fragment(fragment);
            let client = client_config.build().expect("client");
            let server = server_config.build().expect("server");
            // The server's Finished leaves first only when a session is resumed.
            Pair::encrypted(&client, &server);
            let mut pair = Pair::tls(&client, &server);
            let hello = pair.client.take();
            pair.server.give(&hello, usize::MAX);
            let (end, peer) = if by_client {
                let flight = pair.server.take();
                pair.client.give(&flight, usize::MAX);
                (&mut pair.client, &mut pair.server)
            } else {
                (&mut pair.server, &mut pair.client)
            };
            end.conn.close();
            let sent = end.take();
            peer.give(&sent, usize::MAX);
            peer.take();
            let failure = peer.conn.failure().map(|failure| failure.kind());
            assert!(
                matches!(failure, None | Some(FailureKind::ClosedDuringHandshake)),
                "{fragment} client={by_client}: {failure:?}"
            );
        }
    }
}

#[test]
fn a_refusal_is_a_fatal_alert_whatever_the_application_asks_for() {
    for warning in [
        Alert::CloseNotify,
        Alert::UserCanceled,
        Alert::NoRenegotiation,
        Alert::Unknown(0),
        Alert::Unknown(90),
        Alert::Unknown(100),
    ] {
        let client = client(backend()).on_errors(OnErrors::Hold);
        let server =
            server(backend()).identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
        let mut pair = Pair::tls(
            &client.build().expect("client"),
            &server.build().expect("server"),
        );
        pair.run();
        let id = pair.client.conn.review().expect("open").id;
        pair.client
            .conn
            .answer(id, Verdict::RejectWith(warning))
            .expect("open");
        pair.run();
        assert!(
            matches!(
                pair.server.conn.failure().map(|failure| failure.kind()),
                Some(FailureKind::AlertReceived(_))
            ),
            "{warning}: {:?}",
            pair.server.events
        );
        assert!(
            !pair
                .client
                .conn
                .close_report()
                .expect("closed")
                .close_notify_sent
        );
    }
}

#[test]
fn a_chosen_configurations_own_timeouts_count_from_the_choice_on() {
    let fallback = server(backend()).timeouts(Timeouts {
        handshake: None,
        ..Timeouts::SERVER
    });
    let mut pair = Pair::default();
    pair.server
        .conn
        .start_server_encryption(ServerStart::Ask {
            fallback: fallback.build().expect("server"),
        })
        .expect("start");
    let config = client(backend()).build().expect("client");
    pair.client
        .conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let id = pair.server.conn.config_request().expect("asked").id;
    let chosen = server(backend()).build().expect("server");
    pair.server.conn.provide_config(id, &chosen).expect("open");
    pair.server.settle();
    let deadline = pair.server.conn.deadline().expect("the handshake's");
    assert_eq!(pair.server.time.until(deadline), Duration::from_secs(10));
}

#[test]
fn replies_to_our_own_key_updates_are_not_held_against_the_peer() {
    let client = client(backend()).protocols(&["TLSv1.3"]).build();
    let server = server(backend()).build();
    let mut pair = Pair::encrypted(&client.expect("client"), &server.expect("server"));
    // A log that only ever flows one way, and renews its keys every hour.
    for hour in 0..100 {
        pair.client.conn.update_keys().expect("encrypted");
        pair.client.write(b"a line of the log");
        pair.run();
        assert_eq!(pair.server.read_all(), b"a line of the log", "hour {hour}");
        assert!(pair.client.conn.failure().is_none(), "hour {hour}");
    }
}

/// An AEAD that seals one full record and then never again.
struct Failing(Box<dyn RecordAead>, AtomicBool);

impl RecordAead for Failing {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        body: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        let full = body.len() > 16_384;
        match full && self.1.swap(true, Ordering::Relaxed) {
            true => Err(AeadError),
            false => self.0.seal(nonce, aad, body),
        }
    }

    fn open(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], body: &mut [u8]) -> Result<(), AeadError> {
        self.0.open(nonce, aad, body)
    }
}

fn make_failing(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn RecordAead>, AeadError> {
    let aead = backend().aead(algorithm, key)?;
    Ok(Box::new(Failing(aead, AtomicBool::new(false))))
}

fn failing() -> Backend {
    Backend::custom(
        "failing",
        CryptoProvider::clone(backend().provider()),
        make_failing,
    )
}

#[test]
fn an_engine_that_cannot_seal_what_was_queued_ends_the_connection_with_a_report() {
    let client = client(failing()).protocols(&["TLSv1.3"]).build();
    let server = server(backend()).build();
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    pair.client.write(&[1; 40_000]);
    pair.run();
    assert!(pair.client.saw(Event::Failed(FailureKind::Engine)));
    let report = pair.client.conn.close_report().expect("closed");
    assert_eq!(report.abandoned, 40_000 - 16_384);
    assert_eq!(pair.client.conn.bytes_to_write(), 0);
}

#[test]
fn what_cannot_be_sealed_ends_the_connection_through_every_door() {
    type Door = fn(&mut Connection, &[u8]) -> Result<usize, UsageError>;
    let doors: [(&str, Door); 3] = [
        ("write", |conn, data| conn.write(data)),
        ("write_vectored", |conn, data| {
            conn.write_vectored(&[data, data])
        }),
        ("write_with", |conn, data| {
            conn.write_with(data.len(), |room| {
                let n = room.len().min(data.len());
                room[..n].copy_from_slice(&data[..n]);
                n
            })
        }),
    ];
    for (name, door) in doors {
        let client = client(failing()).protocols(&["TLSv1.3"]).build();
        let server = server(backend()).build().expect("server");
        let mut pair = Pair::encrypted(&client.expect("client"), &server);
        let data = [1; 16_384];
        let mut accepted = 0;
        // The first full record is sealed, the second is not.
        while pair.client.conn.failure().is_none() {
            assert!(accepted <= 2 * data.len(), "{name} goes on");
            accepted += door(&mut pair.client.conn, &data).expect(name);
            pair.run();
        }
        let failure = pair.client.conn.failure().expect(name);
        assert_eq!(failure.kind(), FailureKind::Engine, "{name}");
        assert!(
            pair.client.saw(Event::Failed(FailureKind::Engine)),
            "{name}"
        );
    }
}

#[test]
fn an_alert_that_nobody_takes_is_reported_unsent_when_the_close_timeout_comes() {
    let mut end = End::new(Limits::default());
    let config = server(backend()).build().expect("server");
    end.conn
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    end.give(b"GET / HTTP/1.1\r\n", usize::MAX);
    assert_eq!(end.conn.transmit().len(), 7);
    assert_eq!(end.conn.encrypted_bytes_available(), 0, "nothing is kept");
    assert!(!was_closed(&end));
    end.time = end.conn.deadline().expect("the close timeout runs");
    end.settle();
    assert!(was_closed(&end));
    assert_eq!(end.conn.close_report().expect("closed").unsent, 7);
    assert!(!end.saw(Event::AlertSent(Alert::UnexpectedMessage)));
}

#[test]
fn a_decision_costs_the_handshake_no_time_and_gives_it_none_back() {
    let client = client(backend())
        .protocols(&["TLSv1.2"])
        .on_errors(OnErrors::Hold)
        .timeouts(Timeouts {
            decision: Some(Duration::from_secs(5)),
            ..Timeouts::CLIENT
        });
    let server = server(backend()).identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
    let mut pair = Pair::tls(
        &client.build().expect("client"),
        &server.build().expect("server"),
    );
    let hello = pair.client.take();
    pair.client.time = pair.client.time.after(Duration::from_secs(20));
    pair.server.give(&hello, usize::MAX);
    let flight = pair.server.take();
    pair.client.give(&flight, usize::MAX);
    let id = pair.client.conn.review().expect("open").id;
    pair.client.time = pair.client.time.after(Duration::from_secs(4));
    pair.client.conn.answer(id, Verdict::Accept).expect("open");
    pair.client.settle();
    // The server's Finished is still to come; 20 of 30 seconds are used.
    let deadline = pair.client.conn.deadline().expect("the handshake's");
    assert_eq!(pair.client.time.until(deadline), Duration::from_secs(10));
    pair.client.time = pair.client.time.after(Duration::from_secs(9));
    pair.run();
    assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.events);
}

#[test]
fn what_waits_when_a_tls12_peer_closes_is_abandoned_and_counted() {
    let client = client(backend()).protocols(&["TLSv1.2"]).build();
    let server = server(backend()).build();
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    pair.server.write(&[1; 60_000]);
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let flight = pair.server.take();
    pair.client.give(&flight, usize::MAX);
    let finished = pair.client.take();
    // Encrypted, and more is queued than fits: the transport takes nothing.
    pair.server.give(&finished, usize::MAX);
    assert!(pair.server.conn.is_encrypted());
    let queued = pair.server.conn.bytes_to_write();
    assert!(queued > 0);
    pair.client.conn.close();
    let close = pair.client.take();
    pair.server.give(&close, usize::MAX);
    assert!(!pair.server.conn.is_over());
    pair.server.take();
    let report = pair.server.conn.close_report();
    let failure = pair.server.conn.failure();
    assert_eq!(
        report.map(|report| report.abandoned),
        Some(queued),
        "{failure:?}"
    );
}

#[test]
fn what_was_negotiated_is_known_after_a_handshake_that_failed() {
    for version in VERSIONS {
        let client = client(backend()).protocols(&[version]).build();
        let server = server(backend()).build();
        let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        pair.server.take();
        pair.server.conn.receive_eof();
        pair.server.settle();
        assert!(pair.server.saw(Event::Failed(FailureKind::Truncated)));
        let protocol = pair.server.conn.session_protocol();
        assert_eq!(protocol.map(|protocol| protocol.name()), Some(version));
        assert!(pair.server.conn.session_cipher().is_some());
    }
}
