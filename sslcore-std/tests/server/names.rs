//! One server for many names.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use sslcore::{Alert, FailureKind, PeerName, ServerConfig};
use sslcore_std::{Choice, ConfigsByName, HandshakeError, WaitError};
use sslcore_tests::certs::WORLD;

use crate::common::{self, LONG, VERSIONS, server};
use crate::spy::{Handshaked, Spy, starting};

/// A server's configuration with a certificate for this name, by the tests' root.
fn named(name: &str) -> ServerConfig {
    let identity = WORLD.ca.leaf(&[name]);
    let config = server().identity(identity.chain.clone(), identity.key());
    config.build().expect("server")
}

/// A client that asks for a name and expects it in the certificate.
fn client_for(address: SocketAddr, name: PeerName, version: &str) -> JoinHandle<Handshaked> {
    let config = common::client().protocols(&[version]);
    let config = config.build().expect("client");
    std::thread::spawn(move || {
        let mut socket = starting(address, &config, name);
        let done = socket.wait_for_encrypted(Some(LONG));
        (socket, done)
    })
}

fn name(name: &str) -> PeerName {
    PeerName::new(name).expect("a name")
}

fn names() -> ConfigsByName {
    ConfigsByName::new()
        .with("Shop.test", named("shop.test"))
        .with("*.blog.test", named("*.blog.test"))
        .with("old.blog.test", named("old.blog.test"))
}

#[test]
fn each_name_gets_its_certificate() {
    let mut spy = Spy::new(server());
    let names = names();
    spy.server.set_chooser(move |request| names.choose(request));
    let mut served = 0;
    for version in VERSIONS {
        for asked in ["shop.test", "SHOP.test", "my.blog.test", "old.blog.test"] {
            let client = client_for(spy.address(), name(asked), version);
            served += 1;
            spy.until("served", |spy| spy.sockets.len() == served);
            let (_, done) = client.join().expect("its thread");
            assert_eq!(done, Ok(()), "{asked}");
        }
        // Who asks for none gets the server's own.
        let nameless = name("server.test").without_sni();
        let client = client_for(spy.address(), nameless, version);
        served += 1;
        spy.until("served", |spy| spy.sockets.len() == served);
        assert_eq!(client.join().expect("its thread").1, Ok(()));
    }
    assert_eq!(spy.errors(), []);
}

#[test]
fn an_unknown_name_is_refused() {
    for version in VERSIONS {
        let mut spy = Spy::new(server());
        let names = names();
        spy.server.set_chooser(move |request| names.choose(request));
        for unknown in ["server.test", "a.b.blog.test", "blog.test"] {
            let client = client_for(spy.address(), name(unknown), version);
            let before = spy.failed.len();
            spy.until("refused", |spy| spy.failed.len() > before);
            let HandshakeError::Tls(failure) = &spy.failed[before].1 else {
                panic!("{:?}", spy.failed);
            };
            assert_eq!(failure.kind(), FailureKind::ConfigRefused);
            let (_, done) = client.join().expect("its thread");
            let Err(WaitError::Failed(failure)) = done else {
                panic!("{done:?}");
            };
            assert_eq!(
                failure.kind(),
                FailureKind::AlertReceived(Alert::UnrecognizedName)
            );
        }
    }
}

#[test]
fn an_unknown_name_gets_the_servers_own_certificate_by_choice() {
    let mut spy = Spy::new(server());
    let names = names().unknown(Choice::Default).nameless(Choice::Refuse);
    spy.server.set_chooser(move |request| names.choose(request));
    let client = client_for(spy.address(), name("server.test"), "TLSv1.3");
    spy.until("served", |spy| spy.sockets.len() == 1);
    assert_eq!(client.join().expect("its thread").1, Ok(()));

    let nameless = name("server.test").without_sni();
    let client = client_for(spy.address(), nameless, "TLSv1.3");
    spy.until("refused", |spy| spy.failed.len() == 1);
    client.join().expect("its thread").1.expect_err("refused");
}

#[test]
fn the_choice_is_made_once_although_the_client_must_say_hello_again() {
    // The client offers a share for a group that the server does not take.
    let config = server().groups(&["secp384r1"]);
    let mut spy = Spy::new(config);
    let (count, counted) = std::sync::mpsc::channel();
    spy.server.set_chooser(move |_| {
        count.send(()).expect("the test counts");
        Choice::Default
    });
    let config = common::client().groups(&["X25519", "secp384r1"]);
    let client = crate::spy::client(spy.address(), config.build().expect("client"));
    spy.until("served", |spy| spy.sockets.len() == 1);
    let (client, done) = client.join().expect("its thread");
    assert_eq!(done, Ok(()));
    assert_eq!(client.connection().key_exchange_group(), Some("secp384r1"));
    assert_eq!(counted.try_iter().count(), 1);
}

#[test]
fn a_renewed_certificate_is_for_those_who_come_later() {
    let mut spy = Spy::new(server());
    let client = client_for(spy.address(), name("server.test"), "TLSv1.3");
    spy.until("served", |spy| spy.sockets.len() == 1);
    assert_eq!(client.join().expect("its thread").1, Ok(()));
    spy.server.set_config(named("renewed.test"));
    let client = client_for(spy.address(), name("renewed.test"), "TLSv1.3");
    spy.until("served", |spy| spy.sockets.len() == 2);
    assert_eq!(client.join().expect("its thread").1, Ok(()));
}
