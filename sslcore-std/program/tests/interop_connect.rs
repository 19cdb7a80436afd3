//! `sslcore connect` at servers of OpenSSL's that are old, or do what is old.

mod common;

use common::program::ca_file;
use common::served::PROGRAM;
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl;
use sslcore_tests::peer::{Peer, Scratch};

/// `sslcore connect` to this server, with an input that does not end.
fn connected(address: std::net::SocketAddr) -> Peer {
    let (address, ca) = (address.to_string(), ca_file());
    let ca = ca.to_str().expect("a path");
    Peer::start(PROGRAM, ["connect", &address, "--ca", ca], Scratch::new())
}

#[test]
fn old_servers_are_told_for_what_they_are() {
    for (arguments, wanted) in [
        (
            &["-tls1", "-cipher", "ALL:@SECLEVEL=0"][..],
            "alert protocol_version (70); it speaks neither TLS 1.2 nor TLS 1.3",
        ),
        (
            &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
            "alert protocol_version (70); it speaks neither TLS 1.2 nor TLS 1.3",
        ),
        (
            &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
            "alert handshake_failure (40); perhaps it knows only old cipher suites",
        ),
    ] {
        let (_server, address) = openssl::server(&WORLD.server, arguments);
        let mut client = connected(address);
        assert_eq!(client.until_exit().code(), Some(3), "{}", client.log());
        assert!(client.said(wanted), "{arguments:?}: {}", client.log());
    }
}

#[test]
fn a_server_that_renegotiates_for_a_certificate_is_told_for_that() {
    let (server, address) = openssl::server(&WORLD.server, &["-tls1_2"]);
    let mut client = connected(address);
    client.until_said("Encrypted: ");
    server.say("R\n");
    client.until_exit();
    assert!(
        client.said("warning: the server wanted to renegotiate, as IIS does"),
        "{}",
        client.log()
    );
}
