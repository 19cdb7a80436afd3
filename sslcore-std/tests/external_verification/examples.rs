//! The examples of the documentation.

#[path = "../../examples/judged_by_a_person.rs"]
#[allow(dead_code, reason = "its main is not called")]
mod judged_by_a_person;
#[path = "../../examples/judged_elsewhere.rs"]
#[allow(dead_code, reason = "its main is not called")]
mod judged_elsewhere;

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use sslcore::{Alert, Certificate, FailureKind, OnErrors, ReviewId, Verdict, VerifyMode};
use sslcore_std::{HandshakeError, ServerEvent, SslSocket, WaitError};
use sslcore_tests::certs::WORLD;

use super::common::{LONG, VERSIONS, both, client, example, server};
use super::{asked, assert_told_revoked, guest, talk};

/// Drives the example: its judge waits for a word from the test before it answers about a chain that
/// is not empty.
fn judged(
    version: &str,
    verdict: Verdict<'static>,
    client: impl FnOnce(SocketAddr, Sender<()>, Receiver<ServerEvent>),
) {
    let config = server()
        .protocols(&[version])
        .verify_mode(VerifyMode::External);
    let (go, gone) = channel();
    let gone = Mutex::new(gone);
    let judge = Arc::new(move |chain: &[Certificate]| {
        if chain.is_empty() {
            return Verdict::Accept;
        }
        let gone = gone.lock().expect("nobody panics");
        gone.recv_timeout(LONG).expect("a word");
        verdict
    });
    example(
        config,
        |server, note| judged_elsewhere::serve(server, judge, note),
        |address, noted| client(address, go, noted),
    );
}

fn served(noted: &Receiver<ServerEvent>) -> SslSocket {
    match noted.recv_timeout(LONG) {
        Ok(ServerEvent::Encrypted { mut socket, .. }) => {
            socket.set_timeout(Some(LONG));
            socket
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_serves_others_while_a_responder_takes_its_time() {
    for version in VERSIONS {
        judged(version, Verdict::Accept, |address, go, noted| {
            std::thread::scope(|scope| {
                let waiting = guest(scope, address, version, Some(&WORLD.client));
                let other = guest(scope, address, version, None);
                let mut other = other.join().expect("its thread").expect("encrypted");
                let mut first = served(&noted);
                assert!(first.connection().peer_certificate().is_none());
                talk(&mut other, &mut first);
                go.send(()).expect("the responder");
                let mut waiting = waiting.join().expect("its thread").expect("encrypted");
                let mut second = served(&noted);
                talk(&mut waiting, &mut second);
                assert!(second.connection().peer_certificate().is_some());
            });
        });
    }
}

#[test]
fn the_example_refuses_what_the_responder_calls_revoked() {
    for version in VERSIONS {
        let verdict = Verdict::RejectWith(Alert::CertificateRevoked);
        judged(version, verdict, |address, go, noted| {
            std::thread::scope(|scope| {
                let refused = guest(scope, address, version, Some(&WORLD.client));
                go.send(()).expect("the responder");
                assert!(matches!(
                    noted.recv_timeout(LONG),
                    Ok(ServerEvent::Failed {
                        error: HandshakeError::Tls(_),
                        ..
                    })
                ));
                assert_told_revoked(refused.join().expect("its thread"), version);
            });
        });
    }
}

fn person_asked(version: &str) -> (SslSocket, SslSocket, ReviewId) {
    let identity = &WORLD.self_signed;
    let untrusted = server().identity(identity.chain.clone(), identity.key());
    let client = client().protocols(&[version]).on_errors(OnErrors::Hold);
    asked(client, untrusted)
}

#[test]
fn the_example_does_what_the_person_says() {
    for version in VERSIONS {
        for says in [Some(true), Some(false), None] {
            let (mut client, mut server, id) = person_asked(version);
            let question = judged_by_a_person::question(&client.review().expect("open"));
            assert!(
                question.contains("is self-signed and not trusted\nGo on"),
                "{question}"
            );
            let (answer, answers) = channel();
            if let Some(says) = says {
                answer.send(says).expect("it listens");
            }
            drop(answer);
            let decided = judged_by_a_person::decide(&mut client, id, &answers);
            let (client, server) = both(
                || client.wait_for_encrypted(Some(LONG)),
                || server.wait_for_encrypted(Some(LONG)),
            );
            let yes = says == Some(true);
            assert_eq!(client.is_ok(), yes, "{version}: {decided:?} {client:?}");
            assert_eq!(server.is_ok(), yes, "{version}: {server:?}");
        }
    }
}

#[test]
fn the_example_tells_a_person_who_is_too_late() {
    for version in VERSIONS {
        let (mut client, server, id) = person_asked(version);
        let (answer, answers) = channel();
        drop(server);
        let decided = judged_by_a_person::decide(&mut client, id, &answers);
        let Err(WaitError::Failed(failure)) = decided else {
            panic!("{version}: {decided:?}");
        };
        assert!(
            matches!(failure.kind(), FailureKind::Truncated | FailureKind::Reset),
            "{failure}"
        );
        answer.send(true).expect("it listens");
        let decided = judged_by_a_person::decide(&mut client, id, &answers);
        assert!(decided.is_err() && !client.connection().is_encrypted());
    }
}
