//! Pre-shared keys with `openssl s_server` and `openssl s_client`.

use std::net::SocketAddr;

use sslcore::crypto::HashAlgorithm;
use sslcore::{Alert, ConfigBuilder, Event, FailureKind, ServerConfig, SslProtocol};
use sslcore_tests::openssl::{self, count};
use sslcore_tests::pair::{backend, backends};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::psk::{self, IDENTITY, hex};
use sslcore_tests::wire::{Door, Wire, find, pattern};

/// The suites that OpenSSL has with SHA-256, as both sides call them.
const SUITES: [&str; 2] = ["TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"];

/// A server that has the key, and no certificate.
fn s_server(args: &[&str]) -> (Peer, SocketAddr) {
    let key = hex();
    let known = ["-nocert", "-psk_identity", IDENTITY, "-psk", &key];
    openssl::bare_server(Scratch::new(), &[&known, args].concat())
}

fn s_client(address: SocketAddr, args: &[&str]) -> Peer {
    let key = hex();
    let known = ["-psk_identity", IDENTITY, "-psk", &key];
    openssl::bare_client(Scratch::new(), address, &[&known, args].concat())
}

/// A server with this configuration and a client with these options, connected.
fn serve(config: ConfigBuilder<ServerConfig>, options: &[&str]) -> (Wire, Peer) {
    let door = Door::open();
    let client = s_client(door.address, options);
    let wire = door.serve(&config.build().expect("config"));
    (wire, client)
}

/// The handshake was by the key, in one of these suites.
#[track_caller]
fn assert_known(wire: &Wire, suites: &[&str]) {
    let conn = &wire.end.conn;
    assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
    assert!(conn.peer_certificate().is_none());
    assert_eq!(conn.session_protocol(), Some(SslProtocol::TlsV1_3));
    let cipher = conn.session_cipher().expect("negotiated");
    assert!(suites.contains(&cipher.name()), "{cipher:?}");
}

/// Both say goodbye.
#[track_caller]
fn part(mut wire: Wire, mut peer: Peer) {
    let report = wire.close();
    assert!(report.clean, "{report:?}");
    assert!(peer.until_exit().success());
    let received = openssl::received(&peer);
    assert_eq!(received.last().expect("some"), "warning close_notify");
    assert!(!received.iter().any(|name| name.starts_with("fatal")));
}

#[test]
fn a_client_of_every_backend_speaks_with_openssl_in_every_suite() {
    for backend in backends() {
        for suite in SUITES {
            let (server, address) = s_server(&["-tls1_3", "-ciphersuites", suite]);
            let config = psk::client(backend.clone()).build().expect("config");
            let mut wire = Wire::connect(address, &config);
            wire.until_encrypted();
            server.converse(&mut wire);
            assert_known(&wire, &[suite]);
            part(wire, server);
        }
    }
}

#[test]
fn a_server_of_every_backend_speaks_with_openssl_in_every_suite() {
    for backend in backends() {
        for suite in SUITES {
            let options = ["-tls1_3", "-ciphersuites", suite];
            let (mut wire, client) = serve(psk::server(backend.clone()), &options);
            wire.until_encrypted();
            client.converse(&mut wire);
            assert_known(&wire, &[suite]);
            assert!(client.said("no peer certificate available"));
            part(wire, client);
        }
    }
}

/// As an application gives it to OpenSSL, the key has its hash function, and OpenSSL takes the first suite
/// of the client's, whether it has a key for that or not.
#[test]
fn a_key_is_for_the_suites_with_its_hash_function() {
    for (hash, suites) in [
        (HashAlgorithm::Sha256, &SUITES[..]),
        (HashAlgorithm::Sha384, &["TLS_AES_256_GCM_SHA384"]),
    ] {
        for backend in backends() {
            let keys = [psk::key().with_hash(hash)];
            let scratch = Scratch::new();
            let session = psk::openssl_session(&scratch, hash, 0);
            let known = [
                "-tls1_3",
                "-psk_identity",
                IDENTITY,
                "-psk_session",
                &session,
            ];
            let options = [&["-nocert"], &known[..]].concat();
            let (server, address) = openssl::bare_server(scratch, &options);
            let config = psk::client(backend.clone()).pre_shared_keys(keys.clone());
            let mut wire = Wire::connect(address, &config.build().expect("config"));
            wire.until_encrypted();
            server.converse(&mut wire);
            assert_known(&wire, suites);
            part(wire, server);

            let scratch = Scratch::new();
            let session = psk::openssl_session(&scratch, hash, 0);
            let known = [
                "-tls1_3",
                "-psk_identity",
                IDENTITY,
                "-psk_session",
                &session,
            ];
            let door = Door::open();
            let client = openssl::bare_client(scratch, door.address, &known);
            let config = psk::server(backend).pre_shared_keys(keys);
            let mut wire = door.serve(&config.build().expect("config"));
            wire.until_encrypted();
            client.converse(&mut wire);
            assert_known(&wire, suites);
            part(wire, client);
        }
    }
}

#[test]
fn openssl_takes_the_key_that_it_has_of_those_that_we_offer() {
    let (server, address) = s_server(&["-tls1_3"]);
    let sha384 = psk::named("sha384").with_hash(HashAlgorithm::Sha384);
    let imported = psk::named("imported").imported("context").expect("a key");
    let keys = [psk::named("other"), sha384, imported, psk::key()];
    let config = psk::client(backend()).pre_shared_keys(keys);
    let mut wire = Wire::connect(address, &config.build().expect("config"));
    wire.until_encrypted();
    server.converse(&mut wire);
    let conn = &wire.end.conn;
    assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
    part(wire, server);
}

#[test]
fn a_client_whose_key_share_openssl_does_not_want_says_hello_again() {
    for backend in backends() {
        let (server, address) = s_server(&["-tls1_3", "-groups", "P-384"]);
        // Keys of two hash functions, of which one is left for the second hello.
        let sha384 = psk::named("sha384").with_hash(HashAlgorithm::Sha384);
        let config = psk::client(backend).pre_shared_keys([sha384, psk::key()]);
        let config = config.groups(&["X25519", "secp384r1"]).build();
        let mut wire = Wire::connect(address, &config.expect("config"));
        wire.until_encrypted();
        server.converse(&mut wire);
        let hellos = ["ClientHello", "ClientHello", "Finished"];
        assert_eq!(openssl::received(&server), hellos);
        assert_eq!(openssl::sent(&server)[..2], ["ServerHello", "ServerHello"]);
        assert_eq!(wire.end.conn.key_exchange_group(), Some("secp384r1"));
        assert!(wire.end.conn.is_hello_retried());
        assert!(wire.close().clean);
    }
}

#[test]
fn a_client_whose_key_share_we_do_not_want_is_asked_for_another() {
    for backend in backends() {
        let config = psk::server(backend).groups(&["secp384r1"]);
        let (mut wire, client) = serve(config, &["-tls1_3", "-groups", "X25519:P-384"]);
        wire.until_encrypted();
        client.converse(&mut wire);
        assert_eq!(count(&openssl::sent(&client), "ClientHello"), 2);
        assert_eq!(count(&openssl::received(&client), "ServerHello"), 2);
        assert_eq!(wire.end.conn.key_exchange_group(), Some("secp384r1"));
        part(wire, client);
    }
}

#[test]
fn without_a_group_in_common_the_key_alone_is_enough_where_both_allow_that() {
    let (ours, theirs) = (["X25519"], ["-tls1_3", "-groups", "P-384"]);
    let allowed = [&theirs[..], &["-allow_no_dhe_kex"]].concat();
    for backend in backends() {
        let (server, address) = s_server(&allowed);
        let config = psk::client(backend.clone()).groups(&ours).allow_psk_ke();
        let mut wire = Wire::connect(address, &config.build().expect("config"));
        wire.until_encrypted();
        server.converse(&mut wire);
        assert_eq!(wire.end.conn.key_exchange_group(), None);
        part(wire, server);

        let config = psk::server(backend).groups(&ours).allow_psk_ke();
        let (mut wire, client) = serve(config, &allowed);
        wire.until_encrypted();
        client.converse(&mut wire);
        assert_eq!(wire.end.conn.key_exchange_group(), None);
        part(wire, client);
    }

    // We allow it, and OpenSSL does not, or the other way.
    let (mut server, address) = s_server(&theirs);
    let config = psk::client(backend()).groups(&ours).allow_psk_ke();
    let mut wire = Wire::connect(address, &config.build().expect("config"));
    wire.until_failed(FailureKind::AlertReceived(Alert::HandshakeFailure));
    server.until_exit();
    let config = psk::server(backend()).groups(&ours);
    let (mut wire, mut client) = serve(config, &allowed);
    wire.until_failed(FailureKind::Incompatible);
    assert_eq!(wire.alerts_sent(), [Alert::HandshakeFailure]);
    assert!(!client.until_exit().success());
}

#[test]
fn a_wrong_key_is_found_out_by_whoever_is_the_server() {
    let (mut server, address) = s_server(&["-tls1_3"]);
    let config = psk::client(backend()).pre_shared_keys([psk::wrong()]);
    let mut wire = Wire::connect(address, &config.build().expect("config"));
    // RFC 8446 §4.2.11 names no alert.
    wire.until_failed(FailureKind::AlertReceived(Alert::IllegalParameter));
    assert!(!wire.end.saw(Event::Encrypted));
    server.until_exit();
    assert_eq!(openssl::received(&server), ["ClientHello"]);

    let config = psk::server(backend()).pre_shared_keys([psk::wrong()]);
    let (mut wire, mut client) = serve(config, &["-tls1_3"]);
    wire.until_failed(FailureKind::BadPreSharedKey);
    assert_eq!(wire.alerts_sent(), [Alert::DecryptError]);
    assert!(!wire.end.saw(Event::Encrypted));
    assert!(!client.until_exit().success());
    assert_eq!(openssl::received(&client), ["fatal decrypt_error"]);
}

#[test]
fn a_name_that_the_server_does_not_know_ends_the_handshake() {
    let (mut server, address) = s_server(&["-tls1_3"]);
    let config = psk::client(backend()).pre_shared_keys([psk::named("nobody")]);
    let mut wire = Wire::connect(address, &config.build().expect("config"));
    // It would go on with a certificate, for which our hello has no signature_algorithms.
    wire.until_failed(FailureKind::AlertReceived(Alert::MissingExtension));
    server.until_exit();

    for (config, kind, alert) in [
        (
            psk::server(backend()),
            FailureKind::BadPreSharedKey,
            Alert::DecryptError,
        ),
        (
            psk::server(backend()).tell_unknown_psk_identity(),
            FailureKind::NoPreSharedKey,
            Alert::UnknownPskIdentity,
        ),
    ] {
        let config = config.pre_shared_keys([psk::named("somebody else")]);
        let (mut wire, mut client) = serve(config, &["-tls1_3"]);
        wire.until_failed(kind);
        assert_eq!(wire.alerts_sent(), [alert]);
        assert!(!client.until_exit().success());
        let fatal = format!("fatal {}", alert.name());
        assert_eq!(openssl::received(&client), [fatal]);
    }
}

#[test]
fn a_server_with_a_certificate_does_not_come_together_with_a_client_that_has_a_key() {
    let world = &sslcore_tests::certs::WORLD;
    let (mut server, address) = openssl::server(&world.server, &["-tls1_3"]);
    let config = psk::client(backend()).build().expect("config");
    let mut wire = Wire::connect(address, &config);
    wire.until_failed(FailureKind::AlertReceived(Alert::MissingExtension));
    server.until_exit();

    let door = Door::open();
    let mut client = openssl::client(door.address, &["-tls1_3"]);
    let mut wire = door.serve(&psk::server(backend()).build().expect("config"));
    wire.until_failed(FailureKind::NoPreSharedKey);
    assert_eq!(wire.alerts_sent(), [Alert::HandshakeFailure]);
    assert!(!client.until_exit().success());
}

#[test]
fn a_peer_that_speaks_tls_1_2_alone_fails_for_that() {
    let (mut server, address) = s_server(&["-tls1_2"]);
    let config = psk::client(backend()).build().expect("config");
    let mut wire = Wire::connect(address, &config);
    wire.until_failed(FailureKind::AlertReceived(Alert::ProtocolVersion));
    server.until_exit();

    let (mut wire, mut client) = serve(psk::server(backend()), &["-tls1_2"]);
    wire.until_failed(FailureKind::Incompatible);
    assert_eq!(wire.alerts_sent(), [Alert::ProtocolVersion]);
    assert!(!client.until_exit().success());
    assert_eq!(openssl::received(&client), ["fatal protocol_version"]);
}

#[test]
fn a_key_update_from_either_side_renews_the_keys() {
    let config = psk::client(backend()).build().expect("config");
    let (server, address) = s_server(&["-tls1_3"]);
    let wire = Wire::connect(address, &config);
    renew(wire, server);
    let (wire, client) = serve(psk::server(backend()), &["-tls1_3"]);
    renew(wire, client);
}

fn renew(mut wire: Wire, peer: Peer) {
    wire.until_encrypted();
    peer.converse(&mut wire);
    for (command, answers) in [("k\n", 0), ("K\n", 1)] {
        let before = wire.count(Event::KeysUpdated);
        peer.say(command);
        wire.until("new keys", |wire| wire.count(Event::KeysUpdated) > before);
        peer.converse(&mut wire);
        assert_eq!(count(&openssl::received(&peer), "KeyUpdate"), answers);
    }
    wire.end.conn.update_keys().expect("encrypted");
    wire.until("our request", |_| {
        count(&openssl::received(&peer), "KeyUpdate") == 2
    });
    peer.converse(&mut wire);
    assert_eq!(count(&openssl::sent(&peer), "KeyUpdate"), 3);
    part(wire, peer);
}

#[test]
fn ten_megabytes_cross_in_each_direction_while_the_reader_sips() {
    const LEN: usize = 10 << 20;
    let data = pattern(LEN);
    let options = ["-tls1_3", "-msgfile", "/dev/null"];
    let (server, address) = s_server(&options);
    let config = psk::client(backend()).build().expect("config");
    let wire = Wire::connect(address, &config);
    let (served, client) = serve(psk::server(backend()), &options);
    for (mut wire, mut peer) in [(wire, server), (served, client)] {
        peer.converse_at_length(&mut wire, &data);
        assert!(wire.close().clean);
        peer.until_exit_having_printed(&data);
    }
}

#[test]
fn a_transport_that_carries_one_byte_at_a_time_changes_nothing() {
    let (server, address) = s_server(&["-tls1_3"]);
    let config = psk::client(backend()).build().expect("config");
    let wire = Wire::connect(address, &config);
    let (served, client) = serve(psk::server(backend()), &["-tls1_3"]);
    for (mut wire, peer) in [(wire, server), (served, client)] {
        wire.chunk = 1;
        wire.until_encrypted();
        peer.converse(&mut wire);
        part(wire, peer);
    }
}

#[test]
fn both_agree_on_the_protocol_that_the_server_prefers() {
    let (server, address) = s_server(&["-tls1_3", "-alpn", "h3,h2"]);
    let config = psk::client(backend()).alpn(&[b"http/1.1", b"h2"]).build();
    let wire = Wire::connect(address, &config.expect("config"));
    let config = psk::server(backend()).alpn(&[b"h2", b"http/1.1"]);
    let (served, client) = serve(config, &["-tls1_3", "-alpn", "h3,http/1.1,h2"]);
    for (mut wire, peer) in [(wire, server), (served, client)] {
        wire.until_encrypted();
        peer.converse(&mut wire);
        assert_eq!(wire.end.conn.alpn_protocol(), Some(&b"h2"[..]));
        part(wire, peer);
    }
}

#[test]
fn both_export_the_same_keying_material() {
    const LABEL: &str = "EXPORTER-sslcore-test";
    let options = ["-tls1_3", "-keymatexport", LABEL, "-keymatexportlen", "40"];
    for backend in backends() {
        let (server, address) = s_server(&options);
        let config = psk::client(backend.clone()).build().expect("config");
        let wire = Wire::connect(address, &config);
        let (served, client) = serve(psk::server(backend), &options);
        for (mut wire, peer) in [(wire, server), (served, client)] {
            wire.until_encrypted();
            let mut ours = [0; 40];
            let conn = &wire.end.conn;
            conn.export_keying_material(&mut ours, LABEL.as_bytes(), None)
                .expect("encrypted");
            let hex: String = ours.iter().map(|byte| format!("{byte:02X}")).collect();
            wire.until("what OpenSSL exports", |_| {
                peer.said(&format!("Keying material: {hex}\n"))
            });
        }
    }
}

/// Behind a HelloRetryRequest `s_client` of OpenSSL 3.0 has no key any more that it was given so.
#[test]
fn early_data_of_openssl_is_skipped() {
    for backend in backends() {
        let scratch = Scratch::new();
        let session = psk::openssl_session(&scratch, HashAlgorithm::Sha256, 100);
        let early = scratch.file("early", b"said too early\n");
        let door = Door::open();
        let known = ["-psk_identity", IDENTITY, "-psk_session", &session];
        let options = [&known[..], &["-tls1_3", "-early_data", &early]].concat();
        let client = openssl::bare_client(scratch, door.address, &options);
        let config = psk::server(backend).build();
        let mut wire = door.serve(&config.expect("config"));
        wire.until_encrypted();
        client.converse(&mut wire);
        assert_eq!(find(&wire.received, b"early"), None);
        assert!(client.said("Early data was rejected"));
        part(wire, client);
    }
}
