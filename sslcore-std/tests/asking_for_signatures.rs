//! Signatures that the application gives when it is asked.

mod common;
#[path = "../examples/signed_elsewhere.rs"]
#[allow(dead_code, reason = "its main is not called")]
mod signed_elsewhere;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use common::{LONG, P256, asking_server, both, client, example, sign, started};
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, FailureKind, PeerName, SignError, Signature, SignatureId,
    SignatureScheme, UsageError, VerifyMode,
};
use sslcore_std::{HandshakeError, ReadHalf, ServerEvent, SslSocket, WaitError};
use sslcore_tests::certs::{Identity, WORLD};

fn asking_client() -> ConfigBuilder<ClientConfig> {
    let chain = WORLD.client.chain.clone();
    client().ask_for_signatures(chain, P256.iter().copied())
}

/// Waits until the socket is asked for a signature.
#[track_caller]
fn asked(socket: &mut SslSocket) -> SignatureId {
    match socket.wait_for_encrypted(Some(LONG)) {
        Err(WaitError::SignatureNeeded(id)) => id,
        other => panic!("{other:?}"),
    }
}

/// Waits until it is asked, and signs.
fn sign_when_asked(socket: &mut SslSocket, identity: &Identity) {
    let id = asked(socket);
    // It asks again until it is answered, whatever is called.
    assert_eq!(asked(socket), id);
    let read = socket.read(&mut [0; 1]).expect_err("not before");
    assert_eq!(read.kind(), ErrorKind::WouldBlock);
    let request = socket.signature_request().expect("open");
    assert_eq!((request.id, request.scheme), (id, P256[0]));
    let signature = sign(identity, request.message);
    let short = socket.provide_signature(id, Signature::Concatenated(&signature));
    assert!(matches!(short, Err(UsageError::Signature(_))), "{short:?}");
    let given = socket.provide_signature(id, Signature::Der(&signature));
    assert_eq!(given, Ok(()));
    let again = socket.provide_signature(id, Signature::Der(&signature));
    assert_eq!(again, Err(UsageError::NoDecisionOpen));
}

#[test]
fn both_sides_are_asked_and_encrypted_when_they_have_signed() {
    let (mut client, mut server) = started(
        &asking_client().build().expect("client"),
        &asking_server()
            .verify_mode(VerifyMode::Verify)
            .build()
            .expect("server"),
    );
    both(
        || {
            sign_when_asked(&mut client, &WORLD.client);
            client.wait_for_encrypted(Some(LONG)).expect("encrypted");
            client.write_all(b"hello").expect("write");
        },
        || {
            sign_when_asked(&mut server, &WORLD.server);
            server.wait_for_encrypted(Some(LONG)).expect("encrypted");
            let mut heard = [0; 5];
            server.read_exact(&mut heard).expect("read");
            assert_eq!(&heard, b"hello");
        },
    );
}

#[test]
fn who_refuses_to_sign_fails_and_the_peer_is_told() {
    let (mut client, mut server) = started(
        &client().build().expect("client"),
        &asking_server().build().expect("server"),
    );
    both(
        || {
            let end = client.wait_for_encrypted(Some(LONG));
            let Err(WaitError::Failed(failure)) = end else {
                panic!("{end:?}");
            };
            let told = FailureKind::AlertReceived(Alert::InternalError);
            assert_eq!(failure.kind(), told);
        },
        || {
            let id = asked(&mut server);
            let why = SignError::new("the module is locked");
            assert_eq!(server.refuse_signature(id, why), Ok(()));
            let end = server.wait_for_encrypted(Some(LONG));
            let Err(WaitError::Failed(failure)) = end else {
                panic!("{end:?}");
            };
            assert_eq!(failure.kind(), FailureKind::SigningFailed);
            assert!(failure.to_string().contains("the module is locked"));
        },
    );
}

/// Reads until it is asked for a signature.
#[track_caller]
fn asked_by_a_read(read_half: &mut ReadHalf) -> SignatureId {
    let asked = read_half.read(&mut [0; 1]).expect_err("not before");
    match asked.get_ref().and_then(|why| why.downcast_ref()) {
        Some(WaitError::SignatureNeeded(id)) => *id,
        _ => panic!("{asked}"),
    }
}

#[test]
fn a_half_of_a_socket_can_sign() {
    let (mut client, server) = started(
        &client().build().expect("client"),
        &asking_server().build().expect("server"),
    );
    let (mut read_half, mut write_half) = server.split().expect("split");
    both(
        || {
            client.read_exact(&mut [0; 6]).expect("what was queued");
            client.write_all(b"answer").expect("write");
            client.flush().expect("it leaves");
        },
        || {
            let id = asked_by_a_read(&mut read_half);
            write_half.write_all(b"queued").expect("it is queued");
            let socket = write_half.socket();
            let message = socket.look(|connection| {
                let request = connection.signature_request().expect("open");
                request.message.to_vec()
            });
            let signature = sign(&WORLD.server, &message);
            let given = socket.provide_signature(id, Signature::Der(&signature));
            assert_eq!(given, Ok(()));
            let again = socket.refuse_signature(id, SignError::new("too late"));
            assert_eq!(again, Err(UsageError::NoDecisionOpen));
            both(
                || read_half.read_exact(&mut [0; 6]).expect("the answer"),
                || write_half.flush().expect("it leaves"),
            );
        },
    );
}

#[test]
fn a_half_of_a_socket_can_refuse_to_sign() {
    let (mut client, server) = started(
        &client().build().expect("client"),
        &asking_server().build().expect("server"),
    );
    let (mut read_half, _write_half) = server.split().expect("split");
    both(
        || {
            let end = client.wait_for_encrypted(Some(LONG));
            assert!(matches!(end, Err(WaitError::Failed(_))), "{end:?}");
        },
        || {
            let id = asked_by_a_read(&mut read_half);
            let why = SignError::new("the module is locked");
            let refused = read_half.socket().refuse_signature(id, why);
            assert_eq!(refused, Ok(()));
            let end = read_half.read(&mut [0; 1]).expect_err("it has failed");
            assert!(end.to_string().contains("the module is locked"), "{end}");
        },
    );
}

/// The first signature of the example's module.
struct First {
    asked: Receiver<()>,
    go: Sender<()>,
}

impl First {
    fn until_asked(&self) {
        self.asked.recv_timeout(LONG).expect("it is asked for");
    }

    fn go(&self) {
        self.go.send(()).expect("a module");
    }
}

/// Drives the example: its module waits for a word of the test's before it signs for the first client, and
/// signs for the others at once.
fn signed(
    outcome: Result<(), SignError>,
    clients: impl FnOnce(SocketAddr, First, Receiver<ServerEvent>),
) {
    let config = asking_server().session_tickets(false).session_cache(0);
    let ((go, gone), (ask, asked)) = (channel::<()>(), channel());
    let first = Mutex::new(Some((ask, gone)));
    let module = Arc::new(move |_: SignatureScheme, message: &[u8]| {
        let first = first.lock().expect("nobody panics").take();
        if let Some((ask, gone)) = first {
            ask.send(()).expect("a test");
            gone.recv_timeout(LONG).expect("a word");
            outcome.clone()?;
        }
        Ok(sign(&WORLD.server, message))
    });
    example(
        config,
        |server, note| signed_elsewhere::serve(server, module, note),
        |address, noted| clients(address, First { asked, go }, noted),
    );
}

#[track_caller]
fn next(noted: &Receiver<ServerEvent>) -> ServerEvent {
    noted.recv_timeout(LONG).expect("an event")
}

fn connect(address: SocketAddr) -> SslSocket {
    let config = client().build().expect("client");
    let tcp = TcpStream::connect(address).expect("connect");
    let mut socket = SslSocket::from_stream(tcp).expect("a socket");
    let name = PeerName::new("server.test").expect("a name");
    socket
        .start_client_encryption(&config, name)
        .expect("plain");
    socket
}

#[test]
fn the_example_serves_others_while_a_module_takes_its_time() {
    signed(Ok(()), |address, first, noted| {
        let mut waiting = connect(address);
        first.until_asked();
        for _ in 0..3 {
            let mut other = connect(address);
            other.wait_for_encrypted(Some(LONG)).expect("encrypted");
            assert!(matches!(next(&noted), ServerEvent::Encrypted { .. }));
        }
        assert_eq!(
            waiting.wait_for_encrypted(Some(std::time::Duration::ZERO)),
            Err(WaitError::Timeout)
        );
        first.go();
        waiting.wait_for_encrypted(Some(LONG)).expect("encrypted");
        assert!(matches!(next(&noted), ServerEvent::Encrypted { .. }));
    });
}

#[test]
fn the_example_fails_the_client_that_nobody_signs_for() {
    let locked = SignError::new("the module is locked");
    signed(Err(locked), |address, first, noted| {
        let mut waiting = connect(address);
        first.until_asked();
        first.go();
        let end = waiting.wait_for_encrypted(Some(LONG));
        assert!(matches!(end, Err(WaitError::Failed(_))), "{end:?}");
        match next(&noted) {
            ServerEvent::Failed {
                error: HandshakeError::Tls(failure),
                ..
            } => assert_eq!(failure.kind(), FailureKind::SigningFailed),
            other => panic!("{other:?}"),
        }
    });
}

#[cfg(feature = "transcripts")]
#[test]
fn a_transcript_tells_of_the_signature_and_of_its_refusal() {
    for refuses in [false, true] {
        let text = Arc::new(Mutex::new(String::new()));
        let to = Arc::clone(&text);
        let (mut client, mut server) = common::sockets();
        let transcribed = server.transcribe("mine", move |piece: &str| {
            to.lock().expect("text").push_str(piece);
        });
        transcribed.expect("nothing has happened");
        let name = PeerName::new("server.test").expect("a name");
        let config = common::client().build().expect("client");
        client
            .start_client_encryption(&config, name)
            .expect("start");
        let config = asking_server().build().expect("server");
        server
            .start_server_encryption(sslcore::ServerStart::With(config))
            .expect("start");
        let _ = client.wait_for_encrypted(Some(std::time::Duration::ZERO));
        let id = asked(&mut server);
        let request = server.signature_request().expect("open");
        let signature = sign(&WORLD.server, request.message);
        let expected = match refuses {
            true => {
                let why = SignError::new("a secret reason");
                server.refuse_signature(id, why).expect("open");
                "\nrefuse_signature 0\n".to_owned()
            }
            false => {
                server
                    .provide_signature(id, Signature::Der(&signature))
                    .expect("open");
                let bytes: String = signature.iter().map(|it| format!("{it:02x}")).collect();
                format!("\nprovide_signature 0 der {bytes}\n")
            }
        };
        drop(server);
        let text = text.lock().expect("text");
        assert!(text.contains(&expected), "{text}");
        assert!(!text.contains("a secret reason"), "{text}");
        assert!(text.contains("event SignatureRequired(SignatureId(0))"));
        let parsed = text.parse::<sslcore::transcript::Transcript>();
        assert_eq!(parsed.expect("a transcript").to_string(), *text);
    }
}
