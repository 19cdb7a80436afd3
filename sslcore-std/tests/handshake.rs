//! Handshakes through the socket: STARTTLS, decisions, timeouts.

mod common;

use std::io::{BufRead, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use common::{LONG, VERSIONS, both, client, encrypted, server, sockets, started, streams};
use sslcore::{
    Alert, Event, FailureKind, Leftover, OnErrors, ServerStart, SslErrorKind, SslMode, UsageError,
    Verdict,
};
use sslcore_std::{SslSocket, WaitError};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::server_name;

fn line(socket: &mut SslSocket) -> String {
    let mut line = String::new();
    socket.read_line(&mut line).expect("a line");
    line
}

#[test]
fn a_server_may_say_all_it_has_to_say_with_its_last_message_of_the_handshake() {
    for version in VERSIONS {
        let client = client().protocols(&[version]).build().expect("client");
        let (mut client, mut server) = started(&client, &server().build().expect("server"));
        while !server.connection().is_encrypted() {
            let now = Some(Duration::ZERO);
            // One looks, then the other.
            let _ = (
                client.wait_for_encrypted(now),
                server.wait_for_encrypted(now),
            );
        }
        server.write_all(b"bye").expect("write");
        server.close();
        assert_eq!(client.wait_for_encrypted(Some(LONG)), Ok(()), "{version}");
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).expect("the end");
        assert_eq!(heard, b"bye");
    }
}

#[test]
fn starttls_switches_between_two_lines() {
    for version in VERSIONS {
        let client_config = client().protocols(&[version]).build().expect("client");
        let server_config = server().protocols(&[version]).build().expect("server");
        let (mut client, mut server) = sockets();
        let ((), ()) = both(
            || {
                assert_eq!(line(&mut client), "220 ready\n");
                client.write_all(b"STARTTLS\n").expect("write");
                assert_eq!(line(&mut client), "220 go ahead\n");
                client
                    .start_client_encryption(&client_config, server_name())
                    .expect("nothing is left over");
                client.write_all(b"EHLO again\n").expect("queued");
                client.wait_for_encrypted(Some(LONG)).expect("encrypted");
                assert_eq!(line(&mut client), "250 hello\n");
                assert!(client.disconnect_from_host(LONG).clean);
            },
            || {
                server.write_all(b"220 ready\n").expect("write");
                assert_eq!(line(&mut server), "STARTTLS\n");
                server.write_all(b"220 go ahead\n").expect("write");
                server
                    .start_server_encryption(ServerStart::With(server_config))
                    .expect("the client cannot have been faster");
                assert_eq!(line(&mut server), "EHLO again\n");
                server.write_all(b"250 hello\n").expect("write");
                assert!(
                    server
                        .wait_for_disconnected(Some(LONG))
                        .expect("ended")
                        .clean
                );
            },
        );
    }
}

#[test]
fn bytes_injected_behind_the_go_ahead_stop_the_switch() {
    let (mut client, mut server) = sockets();
    server
        .write_all(b"220 go ahead\n250 injected\n")
        .expect("write");
    assert_eq!(line(&mut client), "220 go ahead\n");
    let config = common::client().build().expect("client");
    assert_eq!(
        client.start_client_encryption(&config, server_name()),
        Err(UsageError::UnreadPlaintext { bytes: 13 })
    );
    assert_eq!(client.connection().mode(), SslMode::Unencrypted);
}

#[test]
fn injected_bytes_can_be_thrown_away_by_choice() {
    let (mut client, mut server) = sockets();
    server
        .write_all(b"220 go ahead\n250 injected\n")
        .expect("write");
    assert_eq!(line(&mut client), "220 go ahead\n");
    let config = common::client().build().expect("client");
    client
        .start_client_encryption_with(&config, server_name(), Leftover::Discard)
        .expect("start");
    let config = common::server().build().expect("server");
    server
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    server.write_all(b"250 genuine\n").expect("queued");
    both(
        || assert_eq!(line(&mut client), "250 genuine\n"),
        || server.flush().expect("flush"),
    );
}

/// A client that asks, before a server with a certificate of its own making.
fn doubting(version: &str) -> (SslSocket, SslSocket) {
    let client = client().protocols(&[version]).on_errors(OnErrors::Hold);
    let server = server().identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    started(
        &client.build().expect("client"),
        &server.build().expect("server"),
    )
}

#[test]
fn a_verdict_is_asked_for_and_accepting_goes_on() {
    for version in VERSIONS {
        let (mut client, mut server) = doubting(version);
        let ((), ()) = both(
            || {
                let asked = client.wait_for_encrypted(Some(LONG));
                let Err(WaitError::VerdictNeeded(id)) = asked else {
                    panic!("{asked:?}");
                };
                let read = client
                    .read(&mut [0; 1])
                    .expect_err("not before the verdict");
                assert_eq!(read.kind(), ErrorKind::WouldBlock);
                let review = client.review().expect("open");
                let errors = review.errors.to_vec();
                assert_eq!(errors[0].kind(), SslErrorKind::SelfSignedCertificate);
                client
                    .answer(id, Verdict::AcceptOnly(&errors))
                    .expect("open");
                client.wait_for_encrypted(Some(LONG)).expect("accepted");
                assert_eq!(
                    client.answer(id, Verdict::Accept),
                    Err(UsageError::NoDecisionOpen)
                );
                client.write_all(b"x").expect("write");
            },
            || server.read_exact(&mut [0; 1]).expect("data"),
        );
    }
}

#[test]
fn rejecting_tells_the_server_why() {
    for version in VERSIONS {
        let (mut client, mut server) = doubting(version);
        let (client, server) = both(
            || {
                let Err(WaitError::VerdictNeeded(id)) = client.wait_for_encrypted(Some(LONG))
                else {
                    panic!("no verdict needed");
                };
                client.answer(id, Verdict::Reject).expect("open");
                let error = client.wait_for_encrypted(Some(LONG));
                assert!(!client.disconnect_from_host(LONG).clean);
                error.expect_err("rejected")
            },
            || {
                let error = server.wait_for_encrypted(Some(LONG)).expect_err("refused");
                server.disconnect_from_host(LONG);
                error
            },
        );
        let kind = |error| match error {
            WaitError::Failed(failure) => failure.kind(),
            other => panic!("{other}"),
        };
        assert_eq!(
            kind(client),
            FailureKind::CertificateRejected(SslErrorKind::SelfSignedCertificate)
        );
        assert_eq!(kind(server), FailureKind::AlertReceived(Alert::UnknownCa));
    }
}

#[test]
fn a_server_that_asks_is_configured_by_the_name_it_sees() {
    let client_config = client().build().expect("client");
    let config = server().build().expect("server");
    let (mut client, mut server) = sockets();
    client
        .start_client_encryption(&client_config, server_name())
        .expect("start");
    let fallback = config.clone();
    server
        .start_server_encryption(ServerStart::Ask { fallback })
        .expect("start");
    let (done, ()) = both(
        || client.wait_for_encrypted(Some(LONG)),
        || {
            let asked = server.wait_for_encrypted(Some(LONG));
            let Err(WaitError::ConfigNeeded(id)) = asked else {
                panic!("{asked:?}");
            };
            assert!(server.config_request().is_some());
            server.provide_config(id, &config).expect("open");
            server.wait_for_encrypted(Some(LONG)).expect("encrypted");
        },
    );
    assert_eq!(done, Ok(()));
}

#[test]
fn a_server_that_asks_may_refuse_with_an_alert_of_its_choice() {
    let client_config = client().build().expect("client");
    let fallback = server().build().expect("server");
    let (mut client, mut server) = sockets();
    client
        .start_client_encryption(&client_config, server_name())
        .expect("start");
    server
        .start_server_encryption(ServerStart::Ask { fallback })
        .expect("start");
    let (told, failed) = both(
        || client.wait_for_encrypted(Some(LONG)),
        || {
            let asked = server.wait_for_encrypted(Some(LONG));
            let Err(WaitError::ConfigNeeded(id)) = asked else {
                panic!("{asked:?}");
            };
            let refused = server.refuse_config_with(id, Alert::AccessDenied);
            assert_eq!(refused, Ok(()));
            let failed = server.wait_for_encrypted(Some(LONG));
            server.disconnect_from_host(LONG);
            failed
        },
    );
    let kind = |end: Result<(), WaitError>| match end {
        Err(WaitError::Failed(failure)) => failure.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(told), FailureKind::AlertReceived(Alert::AccessDenied));
    assert_eq!(kind(failed), FailureKind::ConfigRefused);
}

#[test]
fn waits_end_when_their_time_is_up() {
    let shortly = Some(Duration::from_millis(10));
    let (mut client, _server) = sockets();
    assert_eq!(
        client.wait_for_encrypted(shortly),
        Err(WaitError::NotStarted)
    );
    assert_eq!(client.wait_for_ready_read(shortly), Err(WaitError::Timeout));
    assert_eq!(
        client.wait_for_disconnected(shortly),
        Err(WaitError::Timeout)
    );
    assert_eq!(client.wait_for_bytes_written(shortly), Ok(()));
    client.set_timeout(shortly);
    let error = client.read(&mut [0; 1]).expect_err("nobody writes");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let config = common::client().build().expect("client");
    client
        .start_client_encryption(&config, server_name())
        .expect("start");
    assert_eq!(client.wait_for_encrypted(shortly), Err(WaitError::Timeout));
    assert_eq!(
        client.wait_for_encrypted(Some(Duration::ZERO)),
        Err(WaitError::Timeout)
    );
}

#[test]
fn the_configurations_own_timeout_ends_a_wait_without_one() {
    let timeouts = sslcore::Timeouts {
        handshake: Some(Duration::from_millis(20)),
        ..sslcore::Timeouts::SERVER
    };
    let config = server().timeouts(timeouts).build().expect("server");
    let (mut server, _client) = sockets();
    server
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    let Err(WaitError::Failed(failure)) = server.wait_for_encrypted(None) else {
        panic!("a quiet client is not waited for");
    };
    assert_eq!(failure.kind(), FailureKind::HandshakeTimeout);
}

#[test]
fn what_is_not_tls_is_told_so() {
    let (client, mut server) = streams();
    let mut client = SslSocket::from_stream(client).expect("adopt");
    let config = common::client().build().expect("client");
    client
        .start_client_encryption(&config, server_name())
        .expect("start");
    server.write_all(&[0xff; 100]).expect("write");
    let Err(WaitError::Failed(failure)) = client.wait_for_encrypted(Some(LONG)) else {
        panic!("that was no TLS");
    };
    assert_eq!(failure.kind(), FailureKind::NotTls);
    drop(client);
    let mut sent = Vec::new();
    // What it sent before the alert is a ClientHello, or nothing if it was not that far yet.
    let _ = server.read_to_end(&mut sent);
    assert_eq!(sent.last_chunk(), Some(&[21, 3, 3, 0, 2, 2, 10]));
}

#[test]
fn connecting_finds_the_host_by_name_and_tells_when_nobody_listens() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind");
    let port = listener.local_addr().expect("address").port();
    let socket = SslSocket::connect_to_host("localhost", port, Some(LONG)).expect("connect");
    assert_eq!(socket.stream().peer_addr().expect("connected").port(), port);
    drop(listener);
    let refused = SslSocket::connect_to_host("127.0.0.1", port, Some(LONG));
    assert_eq!(
        refused.expect_err("closed").kind(),
        ErrorKind::ConnectionRefused
    );
}

#[test]
fn new_keys_are_told_to_both_sides() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.update_keys().expect("TLS 1.3");
    client.write_all(b"under new keys\n").expect("write");
    assert_eq!(line(&mut server), "under new keys\n");
    server.write_all(b"here too\n").expect("write");
    assert_eq!(line(&mut client), "here too\n");
    for socket in [&mut client, &mut server] {
        let mut events = std::iter::from_fn(|| socket.poll_event());
        assert!(events.any(|event| event == Event::KeysUpdated));
    }
}
