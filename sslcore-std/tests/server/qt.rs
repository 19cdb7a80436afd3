//! The tests of QSslServer, by name: `tst_qsslserver.cpp` of Qt 6.7.
//!
//! Qt counts signals; these count what [`SslServer::next`](sslcore_std::SslServer::next) tells.
//! `testPreSharedKeyAuthenticationRequired` is with the tests that need the program openssl,
//! `interop_server.rs`.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use sslcore::{Alert, Event, FailureKind, OnErrors, PeerName, SslErrorKind, Verdict, VerifyMode};
use sslcore_std::{HandshakeError, SslServer, WaitError};
use sslcore_tests::certs::WORLD;

use crate::common::{self, LONG, VERSIONS, server};
use crate::spy::{Spy, client, doubtful_client, good_client, rest_of, starting, stream};

fn failure_kind(error: &HandshakeError) -> FailureKind {
    match error {
        HandshakeError::Tls(failure) => failure.kind(),
        other => panic!("{other}"),
    }
}

/// `testOneSuccessfulConnection`: a client forgives a self-signed certificate for another name
/// (two errors). The server tells of one start and one encrypted connection, and of no error,
/// alert or review. The client is encrypted.
#[test]
fn one_successful_connection() {
    for version in VERSIONS {
        let identity = &WORLD.self_signed;
        let config = server().protocols(&[version]);
        let mut spy = Spy::new(config.identity(identity.chain.clone(), identity.key()));
        let address = spy.address();
        let client = std::thread::spawn(move || {
            let config = common::client().on_errors(OnErrors::Hold);
            let config = config.build().expect("client");
            let name = PeerName::new("localhost").expect("a name");
            let mut client = starting(address, &config, name);
            let asked = client.wait_for_encrypted(Some(LONG));
            let Err(WaitError::VerdictNeeded(id)) = asked else {
                panic!("{asked:?}");
            };
            let review = client.review().expect("open");
            let kinds: Vec<_> = review.errors.iter().map(|error| error.kind()).collect();
            client.answer(id, Verdict::Accept).expect("open");
            let done = client.wait_for_encrypted(Some(LONG));
            (client, kinds, done)
        });
        spy.until("encrypted", |spy| !spy.sockets.is_empty());
        let (client, kinds, done) = client.join().expect("the client's thread");

        assert_eq!(
            kinds,
            [
                SslErrorKind::SelfSignedCertificate,
                SslErrorKind::HostNameMismatch
            ]
        );
        assert_eq!(done, Ok(()));
        assert!(client.connection().is_encrypted());
        spy.round();
        assert_eq!(spy.started.len(), 1);
        assert_eq!(spy.sockets.len(), 1);
        assert!(spy.sockets[0].connection().is_encrypted());
        assert_eq!(spy.sockets[0].connection().ssl_errors(), []);
        assert_eq!(spy.errors(), []);
        assert_eq!(spy.verdicts, []);
        assert_eq!(spy.alerts_sent(), []);
        assert_eq!(spy.alerts_received(), []);
        let is_error =
            |event: &Event| matches!(event, Event::PeerVerifyError { .. } | Event::SslErrors(_));
        assert_eq!(spy.count(is_error), 0);
        assert_eq!(spy.server.pending(), 0);
    }
}

/// `testSelfSignedCertificateRejectedByServer`: a server that verifies clients gets a self-signed
/// certificate. One start, one certificate error, told once by itself and once in the list, one
/// failure, one alert sent, no connection. The client ends disconnected.
#[test]
fn self_signed_certificate_rejected_by_server() {
    for version in VERSIONS {
        let mut spy = Spy::new(server().verify_mode(VerifyMode::Verify));
        let client = doubtful_client(spy.address(), version);
        spy.until("failed", |spy| !spy.failed.is_empty());
        let ended = std::thread::spawn(move || {
            let (mut client, _) = client.join().expect("the client's thread");
            // In TLS 1.3 the client is done before the server has judged it (rule R14).
            client
                .wait_for_disconnected(Some(LONG))
                .expect("disconnected");
            client
        });
        let client = spy.serve_until(vec![ended]).remove(0);

        let kind = SslErrorKind::SelfSignedCertificate;
        assert_eq!(spy.started.len(), 1);
        assert_eq!(spy.sockets.len(), 0);
        assert_eq!(spy.failed.len(), 1);
        assert_eq!(
            failure_kind(&spy.failed[0].1),
            FailureKind::CertificateRejected(kind)
        );
        assert_eq!(
            spy.count(|event| *event == Event::PeerVerifyError { kind, depth: 0 }),
            1
        );
        assert_eq!(spy.count(|event| matches!(event, Event::SslErrors(_))), 1);
        let kinds: Vec<_> = spy.ssl_errors.iter().map(|error| error.kind()).collect();
        assert_eq!(kinds, [kind]);
        assert_eq!(spy.verdicts, []);
        assert_eq!(spy.alerts_sent(), [Alert::UnknownCa]);
        assert_eq!(spy.alerts_received(), []);
        assert!(!client.connection().is_encrypted());
        assert_eq!(
            client.connection().failure().map(|failure| failure.kind()),
            Some(FailureKind::AlertReceived(Alert::UnknownCa))
        );
    }
}

/// `testSelfSignedCertificateRejectedByClient`: the client verifies and does not forgive. One
/// start, no certificate error at the server, one failure with one alert received, no connection.
/// Qt allows that the server was first and has handed the connection out; here a TLS 1.2 or 1.3
/// server has not the client's Finished then, so that cannot happen.
#[test]
fn self_signed_certificate_rejected_by_client() {
    for version in VERSIONS {
        let identity = &WORLD.self_signed;
        let config = server().identity(identity.chain.clone(), identity.key());
        let mut spy = Spy::new(config);
        let config = common::client().protocols(&[version]);
        let client = client(spy.address(), config.build().expect("client"));
        spy.until("failed", |spy| !spy.failed.is_empty());
        let (client, done) = client.join().expect("the client's thread");

        assert_eq!(spy.started.len(), 1);
        assert_eq!(spy.sockets.len(), 0);
        assert_eq!(spy.failed.len(), 1);
        assert_eq!(
            failure_kind(&spy.failed[0].1),
            FailureKind::AlertReceived(Alert::UnknownCa)
        );
        assert_eq!(spy.ssl_errors, []);
        assert_eq!(spy.verdicts, []);
        assert_eq!(spy.alerts_sent(), []);
        assert_eq!(spy.alerts_received(), [Alert::UnknownCa]);
        let Err(WaitError::Failed(failure)) = done else {
            panic!("{done:?}");
        };
        assert_eq!(
            failure.kind(),
            FailureKind::CertificateRejected(SslErrorKind::SelfSignedCertificate)
        );
        assert!(!client.connection().is_encrypted());
    }
}

/// `testHandshakeInterruptedOnError`: the server is to ask about a client's certificate. It asks
/// once, and not continuing ends the handshake: one start, one failure, one alert sent, no
/// connection. In Qt not continuing is returning from the slot; here it is an answer.
#[test]
fn handshake_interrupted_on_error() {
    for version in VERSIONS {
        let config = server()
            .verify_mode(VerifyMode::Verify)
            .on_errors(OnErrors::Hold);
        let mut spy = Spy::new(config);
        let client = doubtful_client(spy.address(), version);
        spy.until("asked", |spy| !spy.verdicts.is_empty());
        spy.round();
        let (id, review) = spy.verdicts[0];
        let socket = spy.server.socket(id).expect("it waits");
        let errors = socket.review().expect("open").errors;
        assert_eq!(errors[0].kind(), SslErrorKind::SelfSignedCertificate);
        assert_eq!(spy.errors(), []);
        spy.server
            .answer(id, review, Verdict::Reject)
            .expect("open");
        spy.until("failed", |spy| !spy.failed.is_empty());
        spy.serve_until(vec![client]);

        assert_eq!(spy.started, [id]);
        assert_eq!(spy.verdicts.len(), 1);
        assert_eq!(spy.sockets.len(), 0);
        assert_eq!(spy.failed.len(), 1);
        assert_eq!(spy.alerts_sent(), [Alert::UnknownCa]);
        assert_eq!(spy.alerts_received(), []);
    }
}

/// `plaintextClient`: a client that only connects stays connected; when it writes what is no TLS
/// it is disconnected. It receives nothing, and no handshake was started.
#[test]
fn plaintext_client() {
    let mut spy = Spy::new(server());
    let mut client = stream(spy.address());
    let peer = client.local_addr().expect("address");
    spy.rounds_until("accepted", |spy| spy.server.pending() == 1);
    spy.round();
    assert_eq!((spy.server.pending(), spy.errors()), (1, vec![]));

    client.write_all(b"Hello World!").expect("write");
    spy.until("disconnected", |spy| !spy.failed.is_empty());
    assert_eq!(spy.failed, [(peer, HandshakeError::NotTls(b'H'))]);
    assert_eq!(rest_of(client), b"");
    assert_eq!(spy.started, []);
    assert_eq!(spy.server.pending(), 0);
}

/// `quietClient`: a client that sends nothing is disconnected when the handshake timeout is over,
/// and the error names it.
#[test]
fn quiet_client() {
    let mut spy = Spy::new(server());
    spy.server.set_handshake_timeout(Duration::from_millis(50));
    let client = stream(spy.address());
    let peer = client.local_addr().expect("address");
    spy.until("disconnected", |spy| !spy.failed.is_empty());
    assert_eq!(spy.failed, [(peer, HandshakeError::Quiet)]);
    assert_eq!(rest_of(client), b"");
    assert_eq!(spy.started, []);
}

/// `twoGoodAndManyBadClients`: with a limit of five, a good client is connected; ten quiet ones
/// come; no more than five connections are ever there; a second good client is connected.
///
/// Qt has to wait until the quiet ones have timed out. Here a newcomer gets the place of the
/// oldest quiet one, so the timeout is for ever.
#[test]
fn two_good_and_many_bad_clients() {
    const LIMIT: usize = 5;
    let mut spy = Spy::new(server());
    spy.server.set_handshake_timeout(Duration::MAX);
    spy.server.set_max_pending(LIMIT);
    let address = spy.address();
    let first = good_client(address);
    spy.until("the first is connected", |spy| spy.sockets.len() == 1);
    first.join().expect("its thread").1.expect("encrypted");

    let quiet: Vec<_> = (0..2 * LIMIT).map(|_| stream(address)).collect();
    spy.rounds_until("crowded", |spy| {
        assert!(spy.server.pending() <= LIMIT);
        spy.failed.len() == LIMIT
    });
    assert_eq!(spy.server.pending(), LIMIT);
    let second = good_client(address);
    spy.until("the second is connected", |spy| spy.sockets.len() == 2);
    second.join().expect("its thread").1.expect("encrypted");

    // The oldest made place, one after the other.
    let peers = quiet
        .iter()
        .map(|quiet| quiet.local_addr().expect("address"));
    let crowded: Vec<(SocketAddr, _)> = peers
        .map(|peer| (peer, HandshakeError::Crowded))
        .take(LIMIT + 1)
        .collect();
    assert_eq!(spy.failed, crowded);
    assert_eq!(spy.started.len(), 2);
}

/// The simple form, `accept`, hands out encrypted connections and nothing else.
#[test]
fn accepting_passes_bad_clients_over() {
    let config = server().build().expect("server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    let address = server.local_addr().expect("address");
    let mut bad = stream(address);
    bad.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("write");
    let good = good_client(address);
    let (socket, peer) = server.accept(Some(LONG)).expect("the good one");
    let (client, done) = good.join().expect("its thread");
    assert_eq!(done, Ok(()));
    assert!(socket.connection().is_encrypted());
    assert_eq!(client.stream().local_addr().expect("address"), peer);
}
