//! The application decides, and the peer waits.

use sslcore::{Alert, SslErrorKind};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::peer::Peer;

use crate::guest::{Guest, Running};

/// A client that knows this certificate meets the self-signed one, and thinks for so long.
fn meeting(known: &Identity, options: &[&str], milliseconds: u32) -> (Peer, Running) {
    let (peer, address) = openssl::server(&WORLD.self_signed, options);
    let guest = Guest::order("hold")
        .trusting(&WORLD.ca)
        .with_file("known", &known.chain[0])
        .port(address)
        // The handshake's timeout stands still while somebody thinks.
        .word("patience=1000")
        .word(&format!("hold={milliseconds}"));
    let guest = guest.boot();
    guest.until_said(&format!(
        "held for {:?}",
        SslErrorKind::SelfSignedCertificate
    ));
    (peer, guest)
}

#[test]
fn a_self_signed_certificate_that_is_known_is_accepted_after_a_while() {
    for (version, flag) in VERSIONS {
        let (mut peer, mut guest) = meeting(&WORLD.self_signed, &[flag, "-www"], 2500);
        // Nothing has left since the hello.
        assert_eq!(openssl::received(&peer), ["ClientHello"], "{version}");
        let said = guest.until_exit();
        assert!(said.contains("heard "), "{said}");
        peer.until_exit();
        assert_eq!(openssl::count(&openssl::received(&peer), "Finished"), 1);
    }
}

#[test]
fn another_certificate_than_the_known_one_is_refused() {
    for (version, flag) in VERSIONS {
        let (mut peer, mut guest) = meeting(&WORLD.server, &[flag], 100);
        let said = guest.until_failure();
        assert!(
            said.contains("the peer's certificate was refused"),
            "{said}"
        );
        openssl::assert_only_alerted(&mut peer, version, Alert::UnknownCa);
    }
}

#[test]
fn a_peer_that_hangs_up_is_noticed_while_somebody_thinks() {
    let (mut peer, mut guest) = meeting(&WORLD.self_signed, &[], 60_000);
    peer.kill();
    let said = guest.until_failure();
    assert!(said.contains("the peer has left: Some("), "{said}");
}
