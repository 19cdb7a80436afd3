//! What a connection tells of how its handshake went: the peer's signature, and a second hello.

use sslcore::{Progress, SignatureScheme, VerifyMode};
use sslcore_tests::certs::{PKCS_ED25519, WORLD};
use sslcore_tests::pair::{Pair, VERSIONS, backends, client, server};

#[test]
fn each_side_is_told_the_scheme_that_the_other_has_signed_in() {
    let ed25519 = WORLD.ca.leaf_of(&PKCS_ED25519, &["client.test"]);
    for backend in backends() {
        for version in VERSIONS {
            let server = server(backend.clone()).protocols(&[version]);
            let server = server
                .verify_mode(VerifyMode::Verify)
                .build()
                .expect("a server");
            let client = client(backend.clone()).identity(ed25519.chain.clone(), ed25519.key());
            let client = client.build().expect("a client");
            let pair = Pair::encrypted(&client, &server);
            assert_eq!(
                pair.client.conn.peer_signature_scheme(),
                Some(SignatureScheme::EcdsaP256Sha256),
                "{version}"
            );
            assert_eq!(
                pair.server.conn.peer_signature_scheme(),
                Some(SignatureScheme::Ed25519),
                "{version}"
            );
        }
    }
}

#[test]
fn who_signs_nothing_has_no_scheme() {
    for version in VERSIONS {
        let server = server(backends().remove(0)).protocols(&[version]);
        let server = server.build().expect("a server");
        let client = client(backends().remove(0)).build().expect("a client");
        let first = Pair::encrypted(&client, &server);
        assert_eq!(first.server.conn.peer_signature_scheme(), None, "{version}");
        let second = Pair::encrypted(&client, &server);
        assert!(second.client.conn.is_resumed(), "{version}");
        assert_eq!(
            second.client.conn.peer_signature_scheme(),
            None,
            "{version}"
        );
    }
}

#[test]
fn nobody_is_told_a_scheme_before_the_signature_was_checked() {
    for version in VERSIONS {
        for flights in 0..8 {
            let Some(pair) = Pair::underway(version, flights) else {
                break;
            };
            for end in [&pair.client, &pair.server] {
                let told = end.conn.peer_signature_scheme().is_some();
                assert!(!told || end.conn.is_encrypted(), "{version}, {flights}");
            }
        }
    }
}

#[test]
fn a_client_that_remembers_groups_is_asked_once_and_another_every_time() {
    for backend in backends() {
        for (remembers, asked_again) in [(true, false), (false, true)] {
            let server = server(backend.clone()).groups(&["secp384r1"]);
            let server = server.build().expect("a server");
            let client = client(backend.clone()).groups(&["X25519", "secp384r1"]);
            let client = client.remember_groups(remembers).build().expect("a client");
            for asked in [true, asked_again] {
                let pair = Pair::encrypted(&client, &server);
                for end in [&pair.client, &pair.server] {
                    assert_eq!(end.conn.is_hello_retried(), asked, "{remembers}");
                    assert_eq!(end.conn.key_exchange_group(), Some("secp384r1"));
                }
            }
        }
    }
}

/// What is known of the protocol by a client that is given up after so many calls of `process`, behind
/// its ClientHello; nothing when there are fewer.
fn known_after(version: &str, calls: usize) -> Option<bool> {
    let server = server(backends().remove(0)).protocols(&[version]);
    let client = client(backends().remove(0)).protocols(&[version]);
    let (client, server) = (
        client.build().expect("client"),
        server.build().expect("server"),
    );
    let mut pair = Pair::tls(&client, &server);
    pair.client.settle();
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    pair.server.settle();
    let conn = &mut pair.client.conn;
    conn.receive(&pair.server.take()).expect("room");
    let now = pair.server.now();
    for _ in 0..calls {
        match conn.process(now) {
            Progress::Idle => return None,
            _ => while conn.poll_event().is_some() {},
        }
    }
    conn.abort();
    Some(conn.session_protocol().is_some())
}

#[test]
fn what_was_known_once_is_known_wherever_the_handshake_ends_after() {
    for version in VERSIONS {
        let known: Vec<bool> = (0..)
            .map_while(|calls| known_after(version, calls))
            .collect();
        assert!(known.len() > 4 && !known[0], "{known:?}");
        assert!(known.is_sorted() && known.contains(&true), "{known:?}");
    }
}
