//! Pre-shared keys with tlslite-ng: the conversations of tlsfuzzer's `test-tls13-psk_dhe_ke` and
//! `test-tls13-psk_ke`, which is built on it, and their like in the other role.
//!
//! Of the first, `ffdhe2048` is the one that a server without finite fields refuses.

use sslcore::crypto::HashAlgorithm;
use sslcore::{Alert, ConfigBuilder, Event, FailureKind, PreSharedKey, SslCipher};
use sslcore_tests::pair::{backend, backends};
use sslcore_tests::peer::Peer;
use sslcore_tests::peers::tlslite::{self, Use};
use sslcore_tests::psk::{self, IDENTITY};
use sslcore_tests::wire::{Door, Wire, pattern};

const HASHES: [(&str, HashAlgorithm, &str); 2] = [
    ("sha256", HashAlgorithm::Sha256, "TLS_AES_128_GCM_SHA256"),
    ("sha384", HashAlgorithm::Sha384, "TLS_AES_256_GCM_SHA384"),
];

/// Each use of the key, with our key for it, and the suite that is agreed upon.
fn uses() -> impl Iterator<Item = (Use, PreSharedKey, &'static str)> {
    let ways = [
        ("psk_dhe_ke", "secp256r1"),
        ("psk_dhe_ke", "x25519"),
        ("psk_ke", "x25519"),
    ];
    ways.into_iter().flat_map(|(mode, group)| {
        HASHES.into_iter().map(move |(hash, of, suite)| {
            let how = Use { hash, mode, group };
            (how, psk::key().with_hash(of), suite)
        })
    })
}

/// With this key, and without an exchange of others where tlslite-ng wants it so.
fn with<C>(config: ConfigBuilder<C>, how: Use, key: PreSharedKey) -> ConfigBuilder<C> {
    let config = config.pre_shared_keys([key]);
    match how.mode {
        "psk_ke" => config.allow_psk_ke(),
        _ => config,
    }
}

#[track_caller]
fn assert_known(wire: &Wire, peer: &Peer, suite: &str) {
    let conn = &wire.end.conn;
    assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
    assert!(conn.peer_certificate().is_none());
    let cipher = conn.session_cipher();
    assert_eq!(cipher.as_ref().map(SslCipher::name), Some(suite));
    let cipher = match suite {
        "TLS_AES_128_GCM_SHA256" => "aes128gcm",
        _ => "aes256gcm",
    };
    peer.until_said(&format!("{cipher} 0\n"));
}

#[test]
fn a_server_answers_tlslite_as_tlsfuzzer_expects() {
    let data = pattern(40_000);
    for backend in backends() {
        for (how, key, suite) in uses() {
            let door = Door::open();
            let mut peer = tlslite::client(how, door.address);
            let config = with(psk::server(backend.clone()), how, key).build();
            let mut wire = door.serve(&config.expect("a server"));
            wire.until_encrypted();
            assert_known(&wire, &peer, suite);
            peer.say(data.clone());
            peer.hang_up();
            wire.until_received(data.len());
            assert_eq!(wire.received, data, "{how:?}");
            wire.send(&data);
            wire.close();
            peer.until_exit_having_printed(&data);
        }
    }
}

#[test]
fn a_client_gets_its_echo_from_tlslite() {
    let data = pattern(40_000);
    for backend in backends() {
        for (how, key, suite) in uses() {
            let (mut peer, address) = tlslite::server(how);
            let config = with(psk::client(backend.clone()), how, key).build();
            let mut wire = Wire::connect(address, &config.expect("a client"));
            wire.until_encrypted();
            wire.send(&data);
            wire.until_received(data.len());
            assert_eq!(wire.received, data, "{how:?}");
            assert_known(&wire, &peer, suite);
            assert!(wire.close().clean, "{how:?}");
            assert!(peer.until_exit().success());
        }
    }
}

const WITH_X25519: Use = Use {
    hash: "sha256",
    mode: "psk_dhe_ke",
    group: "x25519",
};

#[test]
fn tlslite_is_asked_for_another_key_share() {
    let door = Door::open();
    let how = Use {
        group: "x25519,secp256r1",
        ..WITH_X25519
    };
    let peer = tlslite::client(how, door.address);
    let config = psk::server(backend()).groups(&["P-256"]).build();
    let mut wire = door.serve(&config.expect("a server"));
    wire.until_encrypted();
    assert_known(&wire, &peer, "TLS_AES_128_GCM_SHA256");
    assert!(wire.end.conn.is_hello_retried());
}

#[test]
fn a_key_without_an_exchange_is_refused_unless_it_is_allowed() {
    let how = Use {
        mode: "psk_ke",
        ..WITH_X25519
    };
    let door = Door::open();
    let mut peer = tlslite::client(how, door.address);
    let mut wire = door.serve(&psk::server(backend()).build().expect("a server"));
    wire.until_failed(FailureKind::Incompatible);
    assert_eq!(wire.alerts_sent(), [Alert::HandshakeFailure]);
    assert!(!peer.until_exit().success());
    assert!(peer.said("handshake_failure"), "{}", peer.err());
}

#[test]
fn a_wrong_key_is_refused_by_either() {
    let door = Door::open();
    let mut peer = tlslite::client(WITH_X25519, door.address);
    let config = psk::server(backend()).pre_shared_keys([psk::wrong()]);
    let mut wire = door.serve(&config.build().expect("a server"));
    wire.until_failed(FailureKind::BadPreSharedKey);
    assert!(!peer.until_exit().success());
    assert!(peer.said("decrypt_error"), "{}", peer.err());

    let (mut peer, address) = tlslite::server(WITH_X25519);
    let config = psk::client(backend()).pre_shared_keys([psk::wrong()]);
    let mut wire = Wire::connect(address, &config.build().expect("a client"));
    wire.until_failed(FailureKind::AlertReceived(Alert::IllegalParameter));
    assert!(!wire.end.saw(Event::Encrypted));
    assert!(!peer.until_exit().success());
}
