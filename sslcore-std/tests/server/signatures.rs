//! Signatures that the application gives a server.

use std::io::{Read, Write};

use sslcore::{Alert, FailureKind, SignError, Signature, SignatureId, UsageError};
use sslcore_std::{AcceptError, ConnectionId, HandshakeError, SslServer, SslSocket};
use sslcore_tests::certs::WORLD;

use crate::common::{LONG, asking_server, sign};
use crate::spy::{Spy, good_client};

/// Signs what is asked for, and answers.
fn answer(server: &mut SslServer, id: ConnectionId, request: SignatureId) {
    let socket = server.socket(id).expect("it waits");
    let asked = socket.signature_request().expect("open");
    assert_eq!(asked.id, request);
    let signature = sign(&WORLD.server, asked.message);
    let given = server.provide_signature(id, request, Ok(Signature::Der(&signature)));
    assert_eq!(given, Ok(()));
}

fn say_a_word(client: &mut SslSocket, server: &mut SslSocket) {
    client.write_all(b"at last").expect("write");
    let mut heard = [0; 7];
    server.read_exact(&mut heard).expect("data");
    assert_eq!(&heard, b"at last");
}

#[test]
fn a_client_for_whose_signature_there_is_no_place_is_refused_and_the_others_are_served() {
    let mut spy = Spy::new(asking_server());
    spy.server.set_max_pending(1);
    let first = good_client(spy.address());
    spy.until("asked", |spy| spy.signatures.len() == 1);
    let second = good_client(spy.address());
    spy.until("no place", |spy| spy.failed.len() == 1);
    let errors = spy.errors();
    let [HandshakeError::Tls(failure)] = &errors[..] else {
        panic!("{errors:?}");
    };
    assert_eq!(failure.kind(), FailureKind::SigningFailed);
    assert!(failure.to_string().contains("too many connections"));
    let (_, done) = spy.serve_until(vec![second]).remove(0);
    let error = done.expect_err("refused").to_string();
    assert!(error.contains(Alert::InternalError.name()), "{error}");

    let (id, request) = spy.signatures[0];
    answer(&mut spy.server, id, request);
    spy.until("served", |spy| spy.sockets.len() == 1);
    let late = spy
        .server
        .provide_signature(id, request, Err(SignError::new("too late")));
    assert_eq!(late, Err(UsageError::Stale));
    let (mut client, done) = first.join().expect("its thread");
    assert_eq!(done, Ok(()));
    say_a_word(&mut client, &mut spy.sockets[0]);
    assert_eq!((spy.signatures.len(), spy.failed.len()), (1, 1));
}

#[test]
fn a_signature_that_cannot_be_of_the_key_can_be_given_again() {
    let mut spy = Spy::new(asking_server());
    let client = good_client(spy.address());
    spy.until("asked", |spy| spy.signatures.len() == 1);
    let (id, request) = spy.signatures[0];
    let short = Signature::Concatenated(&[1; 3]);
    let given = spy.server.provide_signature(id, request, Ok(short));
    assert!(matches!(given, Err(UsageError::Signature(_))), "{given:?}");
    spy.round();
    assert_eq!(spy.signatures.len(), 1, "it is told once");
    answer(&mut spy.server, id, request);
    spy.until("served", |spy| spy.sockets.len() == 1);
    client.join().expect("its thread").1.expect("encrypted");
}

#[test]
fn accept_says_that_a_signature_is_needed() {
    let config = asking_server().build().expect("server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    let client = good_client(server.local_addr().expect("address"));
    let asked = server.accept(Some(LONG));
    let Err(AcceptError::SignatureNeeded { id, request }) = asked else {
        panic!("{asked:?}");
    };
    answer(&mut server, id, request);
    let (mut socket, _) = server.accept(Some(LONG)).expect("encrypted");
    let (mut client, done) = client.join().expect("its thread");
    assert_eq!(done, Ok(()));
    say_a_word(&mut client, &mut socket);
}
