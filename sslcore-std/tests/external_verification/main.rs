//! Certificates that somebody else judges: a service that answers later, a person.

#[path = "../common/mod.rs"]
mod common;
mod examples;
mod service;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use common::{LONG, VERSIONS, client, server};
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, FailureKind, ReviewId, ServerConfig, UsageError, Verdict,
    VerifyMode,
};
use sslcore_std::{SslSocket, WaitError};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::server_name;

/// A client that handshakes and says a word, in a thread of its own.
fn guest<'scope>(
    scope: &'scope Scope<'scope, '_>,
    address: SocketAddr,
    version: &str,
    identity: Option<&Identity>,
) -> ScopedJoinHandle<'scope, Result<SslSocket, WaitError>> {
    let mut config = client().protocols(&[version]);
    if let Some(identity) = identity {
        config = config.identity(identity.chain.clone(), identity.key());
    }
    let config = config.build().expect("client");
    scope.spawn(move || {
        let host = address.ip().to_string();
        let mut socket =
            SslSocket::connect_to_host(&host, address.port(), Some(LONG)).expect("connect");
        socket.set_timeout(Some(LONG));
        socket
            .start_client_encryption(&config, server_name())
            .expect("start");
        socket.wait_for_encrypted(Some(LONG))?;
        Ok(socket)
    })
}

/// A word each way; TLS 1.3 clients learn by it that they were accepted (rule R14).
fn talk(client: &mut SslSocket, served: &mut SslSocket) {
    let mut word = [0; 5];
    client.write_all(b"hello").expect("write");
    served.read_exact(&mut word).expect("the client's word");
    served.write_all(&word).expect("write");
    client.read_exact(&mut word).expect("the server's word");
    assert_eq!(&word, b"hello");
}

/// Lets several sides have their turns in one thread, until there is a result.
fn turns<T>(what: &str, mut turn: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(result) = turn() {
            return result;
        }
        assert!(begun.elapsed() < LONG, "not {what}");
    }
}

/// A client that is asked about its server's certificate, and the server.
fn asked(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (SslSocket, SslSocket, ReviewId) {
    let client = client.build().expect("client");
    let server = server.build().expect("server");
    let (mut client, mut server) = common::started(&client, &server);
    let id = turns("asked", || {
        match client.wait_for_encrypted(Some(Duration::ZERO)) {
            Err(WaitError::VerdictNeeded(id)) => return Some(id),
            other => assert_eq!(other, Err(WaitError::Timeout)),
        }
        let handshake = server.wait_for_encrypted(Some(Duration::ZERO));
        assert_eq!(handshake, Err(WaitError::Timeout));
        None
    });
    (client, server, id)
}

/// That a client was told, in the handshake or behind it, that its certificate is revoked.
#[track_caller]
fn assert_told_revoked(client: Result<SslSocket, WaitError>, version: &str) {
    let received = match client {
        // Encrypted before it was judged: the alert comes behind.
        Ok(mut socket) => socket.wait_for_ready_read(Some(LONG)),
        Err(error) => Err(error),
    };
    let Err(WaitError::Failed(failure)) = received else {
        panic!("{version}: {received:?}");
    };
    let alert = FailureKind::AlertReceived(Alert::CertificateRevoked);
    assert_eq!(failure.kind(), alert, "{version}");
}

#[test]
fn a_person_who_decides_when_the_server_has_hung_up_is_too_late() {
    for version in VERSIONS {
        let external = client().verify_mode(VerifyMode::External);
        let trusted = server().protocols(&[version]);
        let (mut client, server, id) = asked(external, trusted);
        let review = client.review().expect("open");
        assert!(review.errors.is_empty());
        assert_eq!(review.chain[0].der(), &WORLD.server.chain[0]);
        assert_eq!(client.keep_asking(Duration::ZERO), Ok(()));
        drop(server);
        let gone = loop {
            match client.keep_asking(LONG) {
                Ok(()) => {}
                Err(error) => break error,
            }
        };
        let WaitError::Failed(failure) = gone else {
            panic!("{gone}");
        };
        assert!(
            matches!(
                failure.kind(),
                FailureKind::Truncated | FailureKind::Reset | FailureKind::AlertReceived(_)
            ),
            "{failure}"
        );
        assert_eq!(
            client.answer(id, Verdict::Accept),
            Err(UsageError::NoDecisionOpen)
        );
        assert!(!client.connection().is_encrypted());
    }
}
