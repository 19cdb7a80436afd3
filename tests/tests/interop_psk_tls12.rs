//! Pre-shared keys in TLS 1.2 with the programs of OpenSSL and GnuTLS, and with mosquitto.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, FailureKind, ServerConfig, SslCipher, SslMode,
    SslProtocol,
};
use sslcore_tests::network::{alone, free_address};
use sslcore_tests::pair::{backend, backends};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::psk::{self, IDENTITY, hex};
use sslcore_tests::wire::{Door, Wire, pattern};
use sslcore_tests::{gnutls, openssl};

/// The suites, by OpenSSL's names, and what GnuTLS calls their key exchange and their cipher.
const SUITES: [(&str, &str, &str); 4] = [
    (
        "ECDHE-PSK-CHACHA20-POLY1305",
        "ECDHE-PSK",
        "CHACHA20-POLY1305",
    ),
    ("PSK-CHACHA20-POLY1305", "PSK", "CHACHA20-POLY1305"),
    ("PSK-AES256-GCM-SHA384", "PSK", "AES-256-GCM"),
    ("PSK-AES128-GCM-SHA256", "PSK", "AES-128-GCM"),
];

const VERSION: &str = "TLSv1.2";
const BOTH: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

fn client() -> ConfigBuilder<ClientConfig> {
    psk::client(backend()).protocols(&[VERSION])
}

fn server() -> ConfigBuilder<ServerConfig> {
    psk::server(backend()).protocols(&[VERSION])
}

fn s_server(args: &[&str]) -> (Peer, SocketAddr) {
    let key = hex();
    let known = ["-nocert", "-psk_identity", IDENTITY, "-psk", &key];
    openssl::bare_server(Scratch::new(), &[&known, args].concat())
}

fn s_client(config: ConfigBuilder<ServerConfig>, args: &[&str]) -> (Wire, Peer) {
    let door = Door::open();
    let key = hex();
    let known = ["-psk_identity", IDENTITY, "-psk", &key];
    let client = openssl::bare_client(Scratch::new(), door.address, &[&known, args].concat());
    let wire = door.serve(&config.build().expect("server"));
    (wire, client)
}

fn called(address: SocketAddr, config: ConfigBuilder<ClientConfig>) -> Wire {
    Wire::connect(address, &config.build().expect("client"))
}

#[track_caller]
fn assert_known(wire: &Wire, suite: &str) {
    let conn = &wire.end.conn;
    assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
    assert!(conn.peer_certificate().is_none());
    assert_eq!(conn.session_protocol(), Some(SslProtocol::TlsV1_2));
    assert!(conn.has_extended_master_secret());
    let cipher = conn.session_cipher();
    assert_eq!(cipher.as_ref().map(SslCipher::openssl_name), Some(suite));
    let exchanged = conn.key_exchange_group().is_some();
    assert_eq!(exchanged, suite.starts_with("ECDHE"));
}

/// Both say goodbye.
#[track_caller]
fn part(mut wire: Wire, mut peer: Peer) {
    let report = wire.close();
    assert!(report.clean, "{report:?}");
    assert!(peer.until_exit().success());
}

#[test]
fn both_roles_speak_with_openssl_in_every_suite() {
    for backend in backends() {
        for (suite, ..) in SUITES {
            let (server, address) = s_server(&["-tls1_2", "-cipher", suite]);
            let config = psk::client(backend.clone()).protocols(&[VERSION]);
            let mut wire = called(address, config);
            wire.until_encrypted();
            server.converse(&mut wire);
            assert_known(&wire, suite);
            part(wire, server);

            let config = psk::server(backend.clone()).protocols(&[VERSION]);
            let (mut wire, client) = s_client(config, &["-tls1_2", "-cipher", suite]);
            wire.until_encrypted();
            client.converse(&mut wire);
            assert_known(&wire, suite);
            part(wire, client);
        }
    }
}

#[test]
fn who_offers_both_versions_takes_what_openssl_has() {
    for (option, protocol) in [
        ("-tls1_2", SslProtocol::TlsV1_2),
        ("-tls1_3", SslProtocol::TlsV1_3),
        ("-no_tls1_3", SslProtocol::TlsV1_2),
        ("-no_tls1", SslProtocol::TlsV1_3),
    ] {
        let options = [option, "-cipher", "PSK"];
        let (server, address) = s_server(&options);
        let mut wire = called(address, psk::client(backend()).protocols(&BOTH));
        wire.until_encrypted();
        server.converse(&mut wire);
        assert_eq!(wire.end.conn.session_protocol(), Some(protocol));
        part(wire, server);
        let (mut wire, client) = s_client(psk::server(backend()).protocols(&BOTH), &options);
        wire.until_encrypted();
        client.converse(&mut wire);
        assert_eq!(wire.end.conn.session_protocol(), Some(protocol));
        part(wire, client);
    }
}

#[test]
fn hints_go_both_ways() {
    const HINT: &str = "lamps of the second floor";
    for suite in ["ECDHE-PSK-CHACHA20-POLY1305", "PSK-AES128-GCM-SHA256"] {
        let options = ["-tls1_2", "-cipher", suite, "-psk_hint", HINT];
        let (server, address) = s_server(&options);
        let config = client().ask_for_pre_shared_keys();
        let mut wire = called(address, config);
        wire.until("the question", |wire| wire.end.conn.psk_request().is_some());
        let request = wire.end.conn.psk_request().expect("open");
        assert_eq!(request.hint, Some(HINT.as_bytes()));
        assert_eq!(request.role, SslMode::Client);
        assert_eq!(request.protocol, SslProtocol::TlsV1_2);
        let id = request.id;
        wire.end.conn.provide_psk(id, &[psk::key()]).expect("open");
        wire.until_encrypted();
        server.converse(&mut wire);
        part(wire, server);

        let config = self::server().psk_identity_hint(HINT);
        let (mut wire, client) = s_client(config, &["-tls1_2", "-cipher", suite]);
        wire.until_encrypted();
        client.converse(&mut wire);
        client.until_said(&format!("PSK identity hint: {HINT}\n"));
        part(wire, client);
    }
}

#[test]
fn a_wrong_key_shows_at_finished() {
    for suite in ["ECDHE-PSK-CHACHA20-POLY1305", "PSK-AES128-GCM-SHA256"] {
        let options = ["-tls1_2", "-cipher", suite];
        let (mut server, address) = s_server(&options);
        let mut wire = called(address, client().pre_shared_keys([psk::wrong()]));
        wire.until_failed(FailureKind::AlertReceived(Alert::BadRecordMac));
        assert!(!wire.end.saw(Event::Encrypted));
        server.until_exit();
        for other in [psk::wrong(), psk::named("somebody else")] {
            let config = self::server().pre_shared_keys([other]);
            let (mut wire, mut client) = s_client(config, &options);
            wire.until_failed(FailureKind::BadRecordMac);
            assert_eq!(wire.alerts_sent(), [Alert::BadRecordMac]);
            assert!(!client.until_exit().success());
        }
        let config = self::server()
            .pre_shared_keys([psk::named("somebody else")])
            .tell_unknown_psk_identity();
        let (mut wire, mut client) = s_client(config, &options);
        wire.until_failed(FailureKind::NoPreSharedKey);
        assert!(!client.until_exit().success());
        assert!(openssl::received(&client).contains(&"fatal unknown_psk_identity".to_owned()));
    }
}

#[test]
fn a_peer_with_old_suites_alone_has_nothing_in_common() {
    let options = [
        "-tls1_2",
        "-cipher",
        "PSK-AES256-CBC-SHA:DHE-PSK-AES128-GCM-SHA256",
    ];
    let (mut server, address) = s_server(&options);
    let mut wire = called(address, client());
    wire.until_failed(FailureKind::AlertReceived(Alert::HandshakeFailure));
    server.until_exit();
    let (mut wire, mut client) = s_client(self::server(), &options);
    wire.until_failed(FailureKind::Incompatible);
    assert_eq!(wire.alerts_sent(), [Alert::HandshakeFailure]);
    assert!(!client.until_exit().success());
}

#[test]
fn ten_megabytes_cross_in_each_direction_while_the_reader_sips() {
    const LEN: usize = 10 << 20;
    let data = pattern(LEN);
    for suite in ["ECDHE-PSK-CHACHA20-POLY1305", "PSK-AES256-GCM-SHA384"] {
        let options = ["-tls1_2", "-cipher", suite, "-msgfile", "/dev/null"];
        let (server, address) = s_server(&options);
        let wire = called(address, client());
        let (served, client) = s_client(self::server(), &options);
        for (mut wire, mut peer) in [(wire, server), (served, client)] {
            peer.converse_at_length(&mut wire, &data);
            assert!(wire.close().clean);
            peer.until_exit_having_printed(&data);
        }
    }
}

#[test]
fn a_transport_that_carries_one_byte_at_a_time_changes_nothing() {
    for (suite, ..) in SUITES {
        let options = ["-tls1_2", "-cipher", suite];
        let (server, address) = s_server(&options);
        let wire = called(address, client());
        let (served, client) = s_client(self::server(), &options);
        for (mut wire, peer) in [(wire, server), (served, client)] {
            wire.chunk = 1;
            wire.until_encrypted();
            peer.converse(&mut wire);
            part(wire, peer);
        }
    }
}

#[test]
fn both_export_the_same_keying_material() {
    const LABEL: &str = "EXPORTER-sslcore-test";
    for (suite, ..) in SUITES {
        let options = [
            &["-tls1_2", "-cipher", suite][..],
            &["-keymatexport", LABEL, "-keymatexportlen", "40"],
        ]
        .concat();
        let (server, address) = s_server(&options);
        let wire = called(address, client());
        let (served, client) = s_client(self::server(), &options);
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

fn priority(exchange: &str, cipher: &str) -> String {
    format!("NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+{exchange}:-CIPHER-ALL:+{cipher}")
}

#[test]
fn a_client_of_every_backend_gets_its_echo_of_gnutls_in_every_suite() {
    alone(|| {
        for (suite, exchange, cipher) in SUITES {
            let scratch = Scratch::new();
            let keys = scratch.file("keys", format!("{IDENTITY}:{}\n", hex()));
            let priority = priority(exchange, cipher);
            let known = ["--pskpasswd", &keys, "--priority", &priority];
            let (server, address) = gnutls::bare_server(scratch, &known);
            for backend in backends() {
                let mut wire = called(address, psk::client(backend).protocols(&[VERSION]));
                wire.until_encrypted();
                wire.send(b"hello\n");
                wire.until_received(6);
                assert_eq!(wire.received, b"hello\n");
                assert_known(&wire, suite);
                assert!(wire.close().clean);
            }
            server.until_said(&format!("- PSK authentication. Connected as '{IDENTITY}'"));
            for other in [psk::wrong(), psk::named("nobody")] {
                let mut wire = called(address, client().pre_shared_keys([other]));
                wire.until_closed();
                let failure = wire.end.conn.failure().map(sslcore::Failure::kind);
                assert!(
                    matches!(failure, Some(FailureKind::AlertReceived(_))),
                    "{failure:?}"
                );
                assert!(!wire.end.saw(Event::Encrypted));
            }
        }
    });
}

#[test]
fn a_server_of_every_backend_speaks_with_gnutls_in_every_suite() {
    for backend in backends() {
        for (suite, exchange, cipher) in SUITES {
            let (door, key) = (Door::open(), hex());
            let priority = priority(exchange, cipher);
            let known = ["--pskusername", IDENTITY, "--pskkey", &key];
            let options = [&known[..], &["--priority", &priority]].concat();
            let mut client = gnutls::bare_client(Scratch::new(), door.address, &options);
            let config = psk::server(backend.clone()).protocols(&[VERSION]).build();
            let mut wire = door.serve(&config.expect("server"));
            wire.until_encrypted();
            assert_known(&wire, suite);
            if exchange == "ECDHE-PSK" {
                // gnutls-cli 3.7.9 crashes when it is to tell of such a session, of gnutls-serv's, too.
                wire.until("our Finished at its end", |_| {
                    gnutls::received(&client).contains(&"FINISHED".to_owned())
                });
                continue;
            }
            client.converse(&mut wire);
            client.hang_up();
            wire.until_saw(Event::PeerClosed);
            assert!(wire.close().clean);
            assert!(client.until_exit().success());
        }
    }
}

/// Without the extended master secret nothing is agreed (RFC 7627 §5).
#[test]
fn a_gnutls_without_the_extended_master_secret_is_refused() {
    let (door, key) = (Door::open(), hex());
    let priority = self::priority("PSK", "AES-128-GCM") + ":%NO_SESSION_HASH";
    let known = ["--pskusername", IDENTITY, "--pskkey", &key];
    let options = [&known[..], &["--priority", &priority]].concat();
    let mut client = gnutls::bare_client(Scratch::new(), door.address, &options);
    let mut wire = door.serve(&server().build().expect("server"));
    wire.until_closed();
    assert_eq!(wire.alerts_sent(), [Alert::HandshakeFailure]);
    assert!(!client.until_exit().success());
    alone(|| {
        let scratch = Scratch::new();
        let keys = scratch.file("keys", format!("{IDENTITY}:{}\n", hex()));
        let priority = self::priority("PSK", "AES-128-GCM") + ":%NO_SESSION_HASH";
        let known = ["--pskpasswd", &keys, "--priority", &priority];
        let (_server, address) = gnutls::bare_server(scratch, &known);
        let mut wire = called(address, self::client());
        wire.until_closed();
        assert_eq!(wire.alerts_sent(), [Alert::HandshakeFailure]);
    });
}

/// MQTT 3.1.1: CONNECT and CONNACK.
#[test]
fn mosquitto_welcomes_a_client_that_knows_tls_1_2_alone() {
    alone(|| {
        let scratch = Scratch::new();
        let address = free_address();
        // Started by root, it becomes another user, if there is one.
        let readable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(scratch.path(), readable).expect("let others read the folder");
        let keys = scratch.file("keys", format!("{IDENTITY}:{}\n", hex()));
        let (host, port) = (address.ip(), address.port());
        let config = format!(
            "listener {port} {host}
psk_file {keys}
psk_hint the broker
use_identity_as_username true
allow_anonymous false
log_dest stderr
log_type all
"
        );
        let config = scratch.file("mosquitto.conf", config);
        let mut broker = Peer::start("mosquitto", ["-c", &config], scratch);
        broker.until_listening(address);
        for backend in backends() {
            let config = psk::client(backend).protocols(&[VERSION]);
            let mut wire = called(address, config);
            wire.send(b"\x10\x12\0\x04MQTT\x04\x02\0\x3c\0\x06device");
            wire.until_received(4);
            assert_eq!(wire.received, b"\x20\x02\0\0");
            let protocol = wire.end.conn.session_protocol();
            assert_eq!(protocol, Some(SslProtocol::TlsV1_2));
            broker.until_said(&format!("as device (p2, c1, k60, u'{IDENTITY}')"));
            wire.send(b"\xe0\0");
            wire.until_saw(Event::PeerClosed);
        }
    });
}
