//! How a connection ends when the ending comes at an awkward moment (rules R1, R4, R6).

use std::time::Duration;

use sslcore::{Alert, Event, FailureKind, Limits, ServerStart, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::Forger;
use sslcore_tests::pair::{End, Pair, backend, client, server};

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

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
