//! Rule R13: what a rejected or forgiven session leaves behind is nothing.

use std::time::Duration;

use sslcore::{
    Alert, ClientConfig, Event, OnErrors, ServerConfig, SslErrorKind, Verdict, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

/// How a server remembers.
const STATELESS: [bool; 2] = [true, false];

fn server_config(version: &str, stateless: bool, mode: VerifyMode) -> ServerConfig {
    server(backend())
        .protocols(&[version])
        .session_tickets(stateless)
        .verify_mode(mode)
        .on_errors(OnErrors::Hold)
        .build()
        .expect("server")
}

/// Handshakes, answering whoever asks; then exchanges a line, so that tickets arrive.
fn handshake(client: &ClientConfig, server: &ServerConfig, accept: bool) -> Pair {
    let mut pair = Pair::tls(client, server);
    pair.run();
    for end in [&mut pair.client, &mut pair.server] {
        if let Some(review) = end.conn.review() {
            let verdict = if accept {
                Verdict::Accept
            } else {
                Verdict::Reject
            };
            let id = review.id;
            end.conn.answer(id, verdict).expect("open");
        }
    }
    pair.run();
    if pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted() {
        pair.client.write(b"hello");
        pair.run();
        assert_eq!(pair.server.read_all(), b"hello");
    }
    pair
}

#[test]
fn a_trusted_session_is_resumed() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for mode in [VerifyMode::None, VerifyMode::Query, VerifyMode::Verify] {
                let client = client(backend())
                    .protocols(&[version])
                    .identity(WORLD.client.chain.clone(), WORLD.client.key())
                    .build()
                    .expect("client");
                let server = server_config(version, stateless, mode);
                assert!(!handshake(&client, &server, true).client.conn.is_resumed());
                for round in 0..3 {
                    let pair = handshake(&client, &server, true);
                    let case = format!("{version} stateless={stateless} {mode:?} {round}");
                    assert!(pair.client.conn.is_resumed(), "{case}");
                    assert!(pair.server.conn.is_resumed(), "{case}");
                    assert!(pair.client.conn.peer_certificate().is_some());
                    assert_eq!(
                        pair.server.conn.peer_certificate().is_some(),
                        mode != VerifyMode::None,
                        "{case}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_session_forgiven_by_the_client_is_not_resumed() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for on_errors in [OnErrors::Hold, OnErrors::DangerouslyAcceptAll] {
                let client = ClientConfig::builder(backend())
                    .protocols(&[version])
                    .on_errors(on_errors)
                    .build()
                    .expect("client");
                let server = server_config(version, stateless, VerifyMode::None);
                for round in 0..2 {
                    let pair = handshake(&client, &server, true);
                    assert!(pair.client.conn.is_encrypted());
                    assert!(!pair.client.conn.ssl_errors().is_empty());
                    assert!(
                        !pair.client.conn.is_resumed(),
                        "{version} {stateless} {round}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_session_forgiven_by_the_server_is_not_resumed() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for identity in [None, Some(&WORLD.stranger)] {
                for mode in [VerifyMode::Query, VerifyMode::Verify] {
                    if identity.is_none() && mode == VerifyMode::Query {
                        continue;
                    }
                    let mut client = client(backend()).protocols(&[version]);
                    if let Some(identity) = identity {
                        client = client.identity(identity.chain.clone(), identity.key());
                    }
                    let client = client.build().expect("client");
                    let server = server_config(version, stateless, mode);
                    for round in 0..2 {
                        let pair = handshake(&client, &server, true);
                        let case = format!("{version} stateless={stateless} {mode:?} {round}");
                        assert!(pair.server.conn.is_encrypted(), "{case}");
                        assert!(!pair.server.conn.ssl_errors().is_empty(), "{case}");
                        assert!(!pair.server.conn.is_resumed(), "{case}");
                        assert!(!pair.client.saw(Event::SessionTicketReceived), "{case}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_rejected_session_is_not_resumed() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let rejecting = ClientConfig::builder(backend())
                .protocols(&[version])
                .on_errors(OnErrors::Hold)
                .build()
                .expect("client");
            let server = server_config(version, stateless, VerifyMode::None);
            let pair = handshake(&rejecting, &server, false);
            assert!(!pair.client.conn.is_encrypted());
            let pair = handshake(&rejecting, &server, true);
            assert!(!pair.client.conn.is_resumed(), "{version} {stateless}");
        }
    }
}

#[test]
fn a_resumed_session_is_judged_by_todays_clock() {
    let short_lived = WORLD.ca.leaf_with(&["server.test"], |params| {
        params.not_after = rcgen::date_time_ymd(2026, 1, 1) + Duration::from_secs(3600);
    });
    for version in VERSIONS {
        for stateless in STATELESS {
            for judge_client in [false, true] {
                let mut client = client(backend())
                    .protocols(&[version])
                    .on_errors(OnErrors::Hold);
                let mut server = server(backend())
                    .protocols(&[version])
                    .session_tickets(stateless)
                    .on_errors(OnErrors::Hold);
                let (chain, key) = (short_lived.chain.clone(), short_lived.key());
                if judge_client {
                    client = client.identity(chain, key);
                    server = server.verify_mode(VerifyMode::Verify);
                } else {
                    server = server.identity(chain, key);
                }
                let (client, server) = (
                    client.build().expect("client"),
                    server.build().expect("server"),
                );
                handshake(&client, &server, true);
                assert!(handshake(&client, &server, true).client.conn.is_resumed());

                let mut pair = Pair::tls(&client, &server);
                pair.advance(Duration::from_secs(2 * 3600));
                pair.run();
                let case = format!("{version} stateless={stateless} client={judge_client}");
                let judging = if judge_client {
                    &pair.server
                } else {
                    &pair.client
                };
                let review = judging.conn.review().expect(&case);
                assert_eq!(
                    review.errors[0].kind(),
                    SslErrorKind::CertificateExpired,
                    "{case}"
                );
                assert_eq!(review.chain[0].der(), &short_lived.chain[0], "{case}");
                assert!(judging.conn.is_resumed(), "{case}");
                let id = review.id;
                let before = judging.sent.len();
                let judging = if judge_client {
                    &mut pair.server
                } else {
                    &mut pair.client
                };
                judging.conn.answer(id, Verdict::Reject).expect("open");
                pair.run();
                let (judging, judged) = match judge_client {
                    true => (&pair.server, &pair.client),
                    false => (&pair.client, &pair.server),
                };
                assert!(
                    judged.saw(Event::AlertReceived(Alert::CertificateExpired)),
                    "{case}"
                );
                assert!(
                    !judged.saw(Event::Encrypted) || version == "TLSv1.2",
                    "{case}"
                );
                let alert = &judging.sent[before..];
                let sealed = version == "TLSv1.3" && !judge_client;
                assert_eq!(alert[0], if sealed { 23 } else { 21 }, "{case}");
                assert_eq!(alert.len(), if sealed { 24 } else { 7 }, "{case}");
            }
        }
    }
}

#[test]
fn without_a_wall_clock_nothing_is_resumed() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for lost_by_client in [true, false] {
                let client = client(backend())
                    .protocols(&[version])
                    .build()
                    .expect("client");
                let server = server_config(version, stateless, VerifyMode::None);
                handshake(&client, &server, true);
                let mut pair = Pair::tls(&client, &server);
                let end = if lost_by_client {
                    &mut pair.client
                } else {
                    &mut pair.server
                };
                end.has_wall_clock = false;
                pair.run();
                assert!(!pair.client.conn.is_resumed());
                assert_eq!(pair.client.conn.is_encrypted(), !lost_by_client);
            }
        }
    }
}
