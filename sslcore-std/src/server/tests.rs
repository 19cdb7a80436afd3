//! What time does to a server: it passes when a test says so.

// Others do not say that a peer has hung up behind data that was not read.
#[cfg(target_os = "linux")]
mod hanging_up;

use std::io::{Read, Write};
use std::thread::JoinHandle;

use sslcore::{
    Alert, ClientConfig, Event, FailureKind, OnErrors, ReviewId, Timeouts, Verdict, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{client, server, server_name};

use super::*;
use crate::default_backend;
use crate::stream::SslStream;
use crate::wait_error::WaitError;

const LONG: Duration = Duration::from_secs(20);
/// Where a round may have nothing to wait for.
const REST: Duration = Duration::from_millis(1);
const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

/// A server that gives the handshake as long as any test may take, and asks for `decision` about
/// clients' certificates.
fn asking(decision: Option<Duration>) -> SslServer {
    let timeouts = Timeouts {
        handshake: None,
        decision,
        ..Timeouts::SERVER
    };
    let config = server(default_backend())
        .verify_mode(VerifyMode::Verify)
        .on_errors(OnErrors::Hold)
        .timeouts(timeouts);
    let config = config.build().expect("a server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    server.set_handshake_timeout(LONG);
    server
}

/// More than any timeout here.
const HOUR: Duration = Duration::from_secs(3600);

/// Lets an hour pass.
fn skip_an_hour(server: &mut SslServer) {
    server.clock.skip(HOUR);
    for pending in &mut server.pending {
        if let Some(socket) = pending.socket_mut() {
            socket.driver.clock.skip(HOUR);
        }
    }
}

/// A client with a certificate that nobody trusts.
fn doubtful(version: &str) -> ClientConfig {
    let config = client(default_backend())
        .protocols(&[version])
        .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    config.build().expect("a client")
}

/// The same, that has been told to start TLS.
fn doubtful_client(server: &SslServer, version: &str) -> SslSocket {
    let config = doubtful(version);
    let address = server.local_addr().expect("an address");
    let host = address.ip().to_string();
    let mut socket =
        SslSocket::connect_to_host(&host, address.port(), Some(LONG)).expect("connect");
    socket
        .start_client_encryption(&config, server_name())
        .expect("start");
    socket
}

type Handshaked = (SslSocket, Result<(), WaitError>);

/// Handshakes in a thread of its own.
fn handshaking(mut client: SslSocket) -> JoinHandle<Handshaked> {
    std::thread::spawn(move || {
        let done = client.wait_for_encrypted(Some(LONG));
        (client, done)
    })
}

/// The next that is told which is not that a handshake has begun.
fn next(server: &mut SslServer) -> ServerEvent {
    loop {
        match server.next(Some(LONG)).expect("something happens") {
            ServerEvent::HandshakeStarted { .. } => {}
            told => return told,
        }
    }
}

fn until_asked(server: &mut SslServer) -> (ConnectionId, ReviewId) {
    match next(server) {
        ServerEvent::VerdictNeeded { id, review, .. } => (id, review),
        other => panic!("{other:?}"),
    }
}

fn until_failed(server: &mut SslServer) -> (ConnectionId, HandshakeError) {
    match next(server) {
        ServerEvent::Failed { id, error, .. } => (id, error),
        other => panic!("{other:?}"),
    }
}

fn alerts_sent(server: &mut SslServer, id: ConnectionId) -> Vec<Alert> {
    let events = std::iter::from_fn(|| server.poll_event(id));
    let sent = events.filter_map(|event| match event {
        Event::AlertSent(alert) => Some(alert),
        _ => None,
    });
    sent.collect()
}

#[test]
fn the_time_in_which_a_person_judges_does_not_count() {
    for version in VERSIONS {
        let mut server = asking(None);
        let client = handshaking(doubtful_client(&server, version));
        let (id, review) = until_asked(&mut server);
        // One that waits for the same timeout, and sees it pass.
        let address = server.local_addr().expect("an address");
        let _quiet = std::net::TcpStream::connect(address).expect("connect");
        while server.pending() == 1 {
            server.round(Some(LONG)).expect("a round");
        }
        skip_an_hour(&mut server);
        let (_, error) = until_failed(&mut server);
        assert_eq!(error, HandshakeError::Quiet);

        let answered = server.answer(id, review, Verdict::Accept);
        assert_eq!(answered, Ok(()), "{version}");
        let ServerEvent::Encrypted { socket, .. } = next(&mut server) else {
            panic!("it was accepted");
        };
        let (_client, done) = client.join().expect("its thread");
        assert_eq!(done, Ok(()));
        drop(socket);
    }
}

/// Holds the last bytes of what it is to send back while it is told to.
struct Slow {
    stream: std::net::TcpStream,
    holds: bool,
}

impl Read for Slow {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.stream.read(out)
    }
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let held = if self.holds { 20 } else { 0 };
        match bytes.len().saturating_sub(held) {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            n => self.stream.write(&bytes[..n]),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn after_a_verdict_the_rest_of_a_handshake_has_all_the_time_again() {
    let mut server = asking(None);
    let address = server.local_addr().expect("an address");
    let stream = std::net::TcpStream::connect(address).expect("connect");
    stream.set_nonblocking(true).expect("non-blocking");
    let mut client = SslStream::new(Slow {
        stream,
        holds: false,
    });
    // Before a TLS 1.2 client's Finished has arrived.
    let config = doubtful("TLSv1.2");
    client
        .start_client_encryption(&config, server_name())
        .expect("start");
    client.get_mut().holds = true;
    let (id, review) = loop {
        client.turn();
        match server.next(Some(REST)) {
            Ok(ServerEvent::VerdictNeeded { id, review, .. }) => break (id, review),
            Ok(ServerEvent::HandshakeStarted { .. }) | Err(AcceptError::Timeout) => {}
            other => panic!("{other:?}"),
        }
    };
    skip_an_hour(&mut server);
    let answered = server.answer(id, review, Verdict::Accept);
    assert_eq!(answered, Ok(()));
    server.round(Some(REST)).expect("a round");
    assert!(
        server
            .socket(id)
            .is_some_and(|it| !it.connection().is_over())
    );
    client.get_mut().holds = false;
    let told = loop {
        client.turn();
        match server.next(Some(REST)) {
            Err(AcceptError::Timeout) => {}
            told => break told,
        }
    };
    assert!(
        matches!(told, Ok(ServerEvent::Encrypted { .. })),
        "{told:?}"
    );
}

#[test]
fn a_person_who_does_not_answer_is_not_waited_for_longer_than_configured() {
    for version in VERSIONS {
        let mut server = asking(Some(HOUR / 2));
        let client = handshaking(doubtful_client(&server, version));
        let (id, review) = until_asked(&mut server);
        skip_an_hour(&mut server);
        let (failed, error) = until_failed(&mut server);
        assert_eq!(failed, id);
        let HandshakeError::Tls(failure) = error else {
            panic!("{error}");
        };
        assert_eq!(failure.kind(), FailureKind::DecisionTimeout);
        assert_eq!(alerts_sent(&mut server, id), [Alert::CertificateUnknown]);
        let late = server.answer(id, review, Verdict::Accept);
        assert!(late.is_err(), "{late:?}");
        let (_client, done) = client.join().expect("its thread");
        // A TLS 1.3 client is done before it is judged.
        assert_eq!(done.is_err(), version == "TLSv1.2");
    }
}

#[test]
fn a_handshake_that_does_not_go_on_ends_with_its_timeout() {
    let mut server = asking(None);
    // A TLS 1.3 client would be encrypted by then, and take the close for an orderly one.
    let mut client = doubtful_client(&server, "TLSv1.2");
    // It says hello, and nothing more.
    client.driver.turn();
    let started = server.next(Some(LONG)).expect("it has begun");
    let ServerEvent::HandshakeStarted { id, .. } = started else {
        panic!("{started:?}");
    };
    skip_an_hour(&mut server);
    assert_eq!(until_failed(&mut server), (id, HandshakeError::TimedOut));
    let alerts = alerts_sent(&mut server, id);
    assert_eq!(alerts, [Alert::UserCanceled, Alert::CloseNotify]);
    let Err(WaitError::Failed(failure)) = client.wait_for_encrypted(Some(LONG)) else {
        panic!("the server has given up");
    };
    assert_eq!(failure.kind(), FailureKind::ClosedDuringHandshake);
    drop(client);
    while server.pending() > 0 {
        server.round(Some(REST)).expect("a round");
    }
}
