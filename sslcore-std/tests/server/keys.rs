//! Clients' pre-shared keys that the application looks for.

use std::io::{Read, Write};
use std::thread::JoinHandle;

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, FailureKind, PreSharedKey, ServerConfig, UsageError,
};
use sslcore_std::{AcceptError, Choice, HandshakeError, SslServer};

use crate::common::{LONG, VERSIONS, server};
use crate::spy::{Handshaked, Spy, client, good_client};

fn key(identity: &str) -> PreSharedKey {
    PreSharedKey::new(identity, [0x5e; 32]).expect("a key")
}

fn asking() -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(sslcore_std::default_backend()).ask_for_pre_shared_keys()
}

fn device(spy: &Spy, identity: &str) -> JoinHandle<Handshaked> {
    let config = ClientConfig::builder(sslcore_std::default_backend());
    let config = config.pre_shared_keys([key(identity)]).build();
    client(spy.address(), config.expect("client"))
}

#[test]
fn who_waits_for_a_key_does_not_stop_the_others() {
    let mut spy = Spy::new(asking());
    spy.server.set_max_pending(1);
    let slow = device(&spy, "slow");
    spy.until("asked", |spy| spy.requests.len() == 1);
    let (waiting, request) = spy.requests[0];

    let with_certificate = server().build().expect("server");
    spy.server
        .set_chooser(move |_| Choice::Use(with_certificate.clone()));
    let other = good_client(spy.address());
    spy.until("another is served", |spy| spy.sockets.len() == 1);
    other.join().expect("its thread").1.expect("encrypted");

    let socket = spy.server.socket(waiting).expect("it waits");
    let named = socket.psk_request().expect("open").identities;
    let named: Vec<&[u8]> = named.map(|it| it.name()).collect();
    assert_eq!(named, [b"slow"]);
    spy.server
        .provide_psk(waiting, request, &[key("slow")])
        .expect("open");
    spy.until("found", |spy| spy.sockets.len() == 2);
    let stale = spy.server.provide_psk(waiting, request, &[key("slow")]);
    assert_eq!(stale, Err(UsageError::Stale));
    let (mut client, done) = slow.join().expect("its thread");
    assert_eq!(done, Ok(()));
    let mut socket = spy.sockets.pop().expect("the last");
    client.write_all(b"at last").expect("write");
    let mut heard = [0; 7];
    socket.read_exact(&mut heard).expect("data");
    assert_eq!(&heard, b"at last");
    assert_eq!(spy.errors(), []);
}

#[test]
fn a_client_whose_key_is_not_found_or_for_which_there_is_no_place_fails_as_with_a_wrong_key() {
    let mut spy = Spy::new(asking());
    spy.server.set_max_pending(1);
    let first = device(&spy, "first");
    spy.until("asked", |spy| spy.requests.len() == 1);
    let second = device(&spy, "second");
    spy.until("no place", |spy| spy.failed.len() == 1);
    let (id, request) = spy.requests[0];
    spy.server.provide_psk(id, request, &[]).expect("open");
    spy.until("not found", |spy| spy.failed.len() == 2);
    for error in spy.errors() {
        let HandshakeError::Tls(failure) = error else {
            panic!("{error}");
        };
        assert_eq!(failure.kind(), FailureKind::BadPreSharedKey);
    }
    assert_eq!(spy.requests.len(), 1);
    for (_, done) in spy.serve_until(vec![first, second]) {
        let error = done.expect_err("refused").to_string();
        assert!(error.contains(Alert::DecryptError.name()), "{error}");
    }
}

#[test]
fn accept_says_that_a_key_is_needed() {
    for version in VERSIONS {
        let config = asking().protocols(&[version]).build().expect("server");
        let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
        let config = ClientConfig::builder(sslcore_std::default_backend());
        let config = config.pre_shared_keys([key("device")]).protocols(&VERSIONS);
        let address = server.local_addr().expect("address");
        let client = client(address, config.build().expect("client"));
        let asked = server.accept(Some(LONG));
        let Err(AcceptError::PreSharedKeyNeeded { id, request }) = asked else {
            panic!("{asked:?}");
        };
        server
            .provide_psk(id, request, &[key("device")])
            .expect("open");
        let (socket, _) = server.accept(Some(LONG)).expect("encrypted");
        let connection = socket.connection();
        assert_eq!(connection.psk_identity(), Some(&b"device"[..]));
        let protocol = connection.session_protocol();
        assert_eq!(protocol.map(|it| it.name()), Some(version));
        client.join().expect("its thread").1.expect("encrypted");
    }
}
