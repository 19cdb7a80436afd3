//! Certificates that somebody else judges: a service that answers later, a person.

mod common;
#[path = "../examples/judged_by_a_person.rs"]
#[allow(dead_code, reason = "its main is not called")]
mod judged_by_a_person;
#[path = "../examples/judged_elsewhere.rs"]
#[allow(dead_code, reason = "its main is not called")]
mod judged_elsewhere;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use common::{LONG, VERSIONS, adopt, client, server};
use rustls_pki_types::CertificateDer;
use sslcore::{
    Alert, Certificate, FailureKind, OnErrors, ReviewId, UsageError, Verdict, VerifyMode,
};
use sslcore_std::{
    AcceptError, ConnectionId, HandshakeError, ServerEvent, ServerWaker, SslServer, SslSocket,
    WaitError,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::server_name;

/// Whose certificate is to be looked up.
type Case = (ConnectionId, ReviewId);

struct Question {
    case: Case,
    leaf: CertificateDer<'static>,
}

struct Answer {
    case: Case,
    revoked: bool,
}

/// What an OCSP client does: asks somewhere, which takes its time, and rings when it knows. Each
/// answer waits here until the test lets it go.
fn responder(
    questions: Receiver<Question>,
    go: Receiver<()>,
    answers: Sender<Answer>,
    waker: ServerWaker,
    revoked: CertificateDer<'static>,
) {
    for Question { case, leaf } in questions {
        if go.recv_timeout(LONG).is_err() {
            return;
        }
        let revoked = leaf == revoked;
        if answers.send(Answer { case, revoked }).is_err() {
            return;
        }
        waker.wake();
    }
}

/// An event loop: a server whose clients without a certificate are welcome, and those with one
/// are looked up.
struct Service {
    server: SslServer,
    questions: Sender<Question>,
    answers: Receiver<Answer>,
    asked: usize,
    served: Vec<SslSocket>,
    failed: Vec<(ConnectionId, HandshakeError)>,
    too_late: Vec<UsageError>,
}

impl Service {
    /// The service, the responder's half of the channels, and what lets it answer.
    fn new(
        version: &str,
    ) -> (
        Self,
        impl FnOnce(CertificateDer<'static>) + Send,
        Sender<()>,
    ) {
        let config = server()
            .protocols(&[version])
            .verify_mode(VerifyMode::External);
        let config = config.build().expect("server");
        let server = SslServer::bind("127.0.0.1:0", config).expect("bind");
        let (questions, asked) = channel();
        let (answer, answers) = channel();
        let (go, gone) = channel();
        let waker = server.waker();
        let service = Self {
            server,
            questions,
            answers,
            asked: 0,
            served: Vec::new(),
            failed: Vec::new(),
            too_late: Vec::new(),
        };
        let thread = move |revoked| responder(asked, gone, answer, waker, revoked);
        (service, thread, go)
    }

    fn address(&self) -> SocketAddr {
        self.server.local_addr().expect("address")
    }

    /// Runs the loop until then.
    fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        while !condition(self) {
            match self.server.next(Some(LONG)) {
                Ok(event) => self.note(event),
                Err(AcceptError::Woken) => self.take_answers(),
                Err(error) => panic!("not {what}: {error}"),
            }
        }
    }

    fn note(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::VerdictNeeded { id, review, .. } => self.judge(id, review),
            ServerEvent::Encrypted { mut socket, .. } => {
                socket.set_timeout(Some(LONG));
                self.served.push(socket);
            }
            ServerEvent::Failed { id, error, .. } => self.failed.push((id, error)),
            _ => {}
        }
    }

    fn judge(&mut self, id: ConnectionId, review: ReviewId) {
        let socket = self.server.socket(id).expect("it is held");
        let chain = socket.review().expect("a review").chain;
        match chain.first() {
            None => {
                let answered = self.server.answer(id, review, Verdict::Accept);
                answered.expect("open");
            }
            Some(leaf) => {
                let question = Question {
                    case: (id, review),
                    leaf: leaf.der().clone(),
                };
                self.questions.send(question).expect("the responder");
                self.asked += 1;
            }
        }
    }

    fn take_answers(&mut self) {
        while let Ok(Answer { case, revoked }) = self.answers.try_recv() {
            let verdict = match revoked {
                true => Verdict::RejectWith(Alert::CertificateRevoked),
                false => Verdict::Accept,
            };
            if let Err(error) = self.server.answer(case.0, case.1, verdict) {
                self.too_late.push(error);
            }
        }
    }
}

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

#[test]
fn a_service_that_answers_later_stops_no_other_connection() {
    for version in VERSIONS {
        let (mut service, responder, go) = Service::new(version);
        std::thread::scope(|scope| {
            scope.spawn(move || responder(WORLD.stranger.chain[0].clone()));
            let waiting = guest(scope, service.address(), version, Some(&WORLD.client));
            service.until("asked", |service| service.asked == 1);

            let other = guest(scope, service.address(), version, None);
            service.until("another is served", |service| service.served.len() == 1);
            let mut other = other.join().expect("its thread").expect("encrypted");
            talk(&mut other, &mut service.served[0]);
            assert!(service.failed.is_empty());

            go.send(()).expect("the responder");
            service.until("accepted", |service| service.served.len() == 2);
            let mut accepted = waiting.join().expect("its thread").expect("encrypted");
            talk(&mut accepted, &mut service.served[1]);
            let leaf = service.served[1].connection().peer_certificate();
            assert_eq!(leaf.expect("one").der(), &WORLD.client.chain[0]);
            drop(service);
        });
    }
}

#[test]
fn what_a_service_finds_revoked_is_refused_with_that_alert() {
    for version in VERSIONS {
        let (mut service, responder, go) = Service::new(version);
        std::thread::scope(|scope| {
            scope.spawn(move || responder(WORLD.client.chain[0].clone()));
            let refused = guest(scope, service.address(), version, Some(&WORLD.client));
            service.until("asked", |service| service.asked == 1);
            go.send(()).expect("the responder");
            service.until("refused", |service| service.failed.len() == 1);
            let received = match refused.join().expect("its thread") {
                // Encrypted before it was judged: the alert comes behind.
                Ok(mut socket) => {
                    let ended = socket.wait_for_ready_read(Some(LONG));
                    ended.expect_err("there is no data")
                }
                Err(error) => error,
            };
            let WaitError::Failed(failure) = received else {
                panic!("{received}");
            };
            let alert = FailureKind::AlertReceived(Alert::CertificateRevoked);
            assert_eq!(failure.kind(), alert, "{version}");
            drop(service);
        });
    }
}

#[test]
fn a_service_that_answers_when_the_client_is_gone_is_too_late() {
    for version in VERSIONS {
        let (mut service, responder, go) = Service::new(version);
        std::thread::scope(|scope| {
            scope.spawn(move || responder(WORLD.stranger.chain[0].clone()));
            let stream = std::net::TcpStream::connect(service.address()).expect("connect");
            let mut leaving = adopt(stream);
            let config = client()
                .protocols(&[version])
                .identity(WORLD.client.chain.clone(), WORLD.client.key());
            let config = config.build().expect("client");
            leaving
                .start_client_encryption(&config, server_name())
                .expect("start");
            turns("asked", || {
                // A TLS 1.2 client waits for the server's last flight, in vain.
                let handshake = leaving.wait_for_encrypted(Some(Duration::ZERO));
                assert!(matches!(handshake, Ok(()) | Err(WaitError::Timeout)));
                if let Some(event) = service.server.poll_once().expect("a round") {
                    service.note(event);
                }
                (service.asked == 1).then_some(())
            });
            leaving.abort();
            service.until("gone", |service| service.failed.len() == 1);
            assert!(
                matches!(&service.failed[0].1, HandshakeError::Tls(failure)
                    if matches!(failure.kind(), FailureKind::Truncated | FailureKind::Reset)),
                "{:?}",
                service.failed
            );
            go.send(()).expect("the responder");
            service.until("told", |service| service.too_late.len() == 1);
            assert!(
                matches!(
                    service.too_late[0],
                    UsageError::Stale | UsageError::NoDecisionOpen
                ),
                "{:?}",
                service.too_late
            );
            assert!(service.served.is_empty());
            drop(service);
        });
    }
}

#[test]
fn a_person_who_decides_when_the_server_has_hung_up_is_too_late() {
    for version in VERSIONS {
        let config = client()
            .protocols(&[version])
            .verify_mode(VerifyMode::External);
        let config = config.build().expect("client");
        let server = server().protocols(&[version]).build().expect("server");
        let (mut client, mut server) = common::started(&config, &server);
        let id = turns("asked", || {
            match client.wait_for_encrypted(Some(Duration::ZERO)) {
                Err(WaitError::VerdictNeeded(id)) => return Some(id),
                other => assert_eq!(other, Err(WaitError::Timeout)),
            }
            let handshake = server.wait_for_encrypted(Some(Duration::ZERO));
            assert_eq!(handshake, Err(WaitError::Timeout));
            None
        });
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

/// Drives the example: a server in a thread of its own, whose judge waits for a word from the
/// test before it answers about a chain that is not empty.
fn example(
    version: &str,
    verdict: Verdict<'static>,
    client: impl FnOnce(SocketAddr, Sender<()>, Receiver<ServerEvent>),
) {
    let config = server()
        .protocols(&[version])
        .verify_mode(VerifyMode::External);
    let config = config.build().expect("server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    let address = server.local_addr().expect("address");
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
    let (note, noted) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            judged_elsewhere::serve(&mut server, judge, |event| {
                let handed_out = matches!(
                    event,
                    ServerEvent::Encrypted { .. } | ServerEvent::Failed { .. }
                );
                match handed_out && note.send(event).is_err() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            })
            .expect("served");
        });
        client(address, go, noted);
        // One more connection, for the server to see that the test is over.
        drop(std::net::TcpStream::connect(address));
    });
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
        example(version, Verdict::Accept, |address, go, noted| {
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
        example(version, verdict, |address, go, noted| {
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
                let received = match refused.join().expect("its thread") {
                    // Encrypted before it was judged: the alert comes behind.
                    Ok(mut socket) => socket.wait_for_ready_read(Some(LONG)),
                    Err(error) => Err(error),
                };
                let WaitError::Failed(failure) = received.expect_err("refused") else {
                    panic!("it was not told");
                };
                let alert = FailureKind::AlertReceived(Alert::CertificateRevoked);
                assert_eq!(failure.kind(), alert, "{version}");
            });
        });
    }
}

/// A client that is asked about a self-signed certificate, and its server.
fn person_asked(version: &str) -> (SslSocket, SslSocket, ReviewId) {
    let config = client().protocols(&[version]).on_errors(OnErrors::Hold);
    let config = config.build().expect("client");
    let identity = &WORLD.self_signed;
    let server = server().identity(identity.chain.clone(), identity.key());
    let (mut client, mut server) = common::started(&config, &server.build().expect("server"));
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
            let (client, server) = common::both(
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
