//! `sslcore connect` and `sslcore serve` with a pre-shared key, and the programs of OpenSSL.

mod common;

use std::net::SocketAddr;

use common::served::{PROGRAM, served_as};
use sslcore_tests::openssl;
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::psk::{IDENTITY, hex};

fn connect(address: SocketAddr, identity: &str, key: &str, arguments: &[&str]) -> Peer {
    let scratch = Scratch::new();
    let file = scratch.file("key", key);
    let address = address.to_string();
    let known = ["--psk-identity", identity, "--psk-file", &file];
    let all = [&["connect", &address][..], &known, arguments].concat();
    let mut client = Peer::start(PROGRAM, all, scratch);
    client.say("hello\n");
    client.hang_up();
    client
}

/// `openssl s_server`, which sends each line back in reverse.
fn s_server(arguments: &[&str]) -> (Peer, SocketAddr) {
    let key = hex();
    let known = ["-nocert", "-psk_identity", IDENTITY, "-psk", &key, "-rev"];
    openssl::bare_server(Scratch::new(), &[&known, arguments].concat())
}

#[test]
fn openssl_answers_who_has_the_key_and_others_hear_that_they_have_not() {
    let (_server, address) = s_server(&["-tls1_3"]);
    let mut client = connect(address, IDENTITY, &hex(), &[]);
    assert!(client.until_exit().success(), "{}", client.log());
    assert_eq!(client.out(), b"olleh\n");
    client.until_said(&format!("the server has the pre-shared key \"{IDENTITY}\""));

    for (identity, key, said) in [
        (IDENTITY, "5e".repeat(32), "is another one than ours"),
        ("nobody", hex(), "it has no key \"nobody\""),
    ] {
        let (_server, address) = s_server(&["-tls1_3"]);
        let mut client = connect(address, identity, &key, &[]);
        assert_eq!(client.until_exit().code(), Some(4), "{}", client.log());
        client.until_said(said);
    }
}

#[test]
fn an_openssl_that_speaks_tls_1_2_alone_is_answered_where_that_is_named() {
    let old = ["-tls1_2", "-cipher", "PSK"];
    let (_server, address) = s_server(&old);
    let mut client = connect(address, IDENTITY, &hex(), &[]);
    assert_eq!(client.until_exit().code(), Some(3), "{}", client.log());
    client.until_said("alert protocol_version (70); it does not speak TLS 1.3");

    let (_server, address) = s_server(&old);
    let both = ["--protocol", "TLSv1.3,TLSv1.2"];
    let mut client = connect(address, IDENTITY, &hex(), &both);
    assert!(client.until_exit().success(), "{}", client.log());
    assert_eq!(client.out(), b"olleh\n");
}

#[test]
fn openssl_is_answered_with_a_key_exchange_and_without() {
    for (options, said) in [
        (&["-tls1_3"][..], "X25519, pre-shared key"),
        (
            &["-tls1_3", "-groups", "ffdhe2048", "-allow_no_dhe_kex"],
            "no key exchange, pre-shared key",
        ),
    ] {
        let (scratch, key) = (Scratch::new(), hex());
        let file = scratch.file("key", &key);
        let named = ["--psk-identity", IDENTITY, "--psk-file", &file];
        let others = ["--allow-psk-ke", "--once"];
        let mut server = served_as(scratch, &[&named[..], &others].concat());
        let known = ["-psk_identity", IDENTITY, "-psk", &key];
        let options = [&known[..], options].concat();
        let mut client = openssl::bare_client(Scratch::new(), server.address, &options);
        client.say("hello\n");
        client.until_said("hello\n");
        client.hang_up();
        assert!(client.until_exit().success());
        assert_eq!(server.exit_code(), Some(0), "{}", server.peer.log());
        server.until_told(&[said, IDENTITY, "6 bytes echoed"]);
    }
}
