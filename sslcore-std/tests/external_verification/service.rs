//! A service in an event loop of its own making.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use sslcore::{Alert, FailureKind, ReviewId, UsageError, Verdict, VerifyMode};
use sslcore_std::{
    AcceptError, ConnectionId, HandshakeError, ServerEvent, ServerWaker, SslServer, SslSocket,
    WaitError,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::server_name;

use super::common::{LONG, VERSIONS, adopt, client, server};
use super::{assert_told_revoked, guest, talk, turns};

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
            assert_told_revoked(refused.join().expect("its thread"), version);
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
