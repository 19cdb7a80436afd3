//! Pre-shared keys in TLS 1.2, with OpenSSL and GnuTLS.

use std::net::SocketAddr;

use sslcore::{Alert, ClientConfig, ConfigBuilder, Event, FailureKind, ServerConfig, SslProtocol};
use sslcore_tests::gnutls;
use sslcore_tests::network::alone;
use sslcore_tests::openssl;
use sslcore_tests::pair::{backend, backends};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::psk::{self, IDENTITY, hex};
use sslcore_tests::wire::{Door, Wire, pattern};

const BOTH: &[&str] = &["TLSv1.2", "TLSv1.3"];

/// All suites, by the names that OpenSSL has for them.
const SUITES: [&str; 4] = [
    "ECDHE-PSK-CHACHA20-POLY1305",
    "PSK-CHACHA20-POLY1305",
    "PSK-AES256-GCM-SHA384",
    "PSK-AES128-GCM-SHA256",
];

fn client() -> ConfigBuilder<ClientConfig> {
    psk::client(backend()).protocols(BOTH)
}

fn server() -> ConfigBuilder<ServerConfig> {
    psk::server(backend()).protocols(BOTH)
}

/// A server of OpenSSL's that has the key, and no certificate.
fn s_server(args: &[&str]) -> (Peer, SocketAddr) {
    let key = hex();
    let known = [
        "-nocert",
        "-tls1_2",
        "-psk_identity",
        IDENTITY,
        "-psk",
        &key,
    ];
    openssl::bare_server(Scratch::new(), &[&known, args].concat())
}

/// A server of ours and a client of OpenSSL's, connected.
fn serve(config: ConfigBuilder<ServerConfig>, options: &[&str]) -> (Wire, Peer) {
    let key = hex();
    let known = ["-tls1_2", "-psk_identity", IDENTITY, "-psk", &key];
    let door = Door::open();
    let client = openssl::bare_client(Scratch::new(), door.address, &[&known, options].concat());
    let wire = door.serve(&config.build().expect("config"));
    (wire, client)
}

#[track_caller]
fn assert_known(wire: &Wire, suite: &str) {
    let conn = &wire.end.conn;
    assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
    assert_eq!(conn.session_protocol(), Some(SslProtocol::TlsV1_2));
    let cipher = conn.session_cipher().expect("negotiated");
    assert_eq!(cipher.openssl_name(), suite);
    assert!(conn.has_extended_master_secret());
    assert_eq!(
        conn.key_exchange_group().is_some(),
        suite.starts_with("ECDHE")
    );
}

#[track_caller]
fn part(mut wire: Wire, mut peer: Peer) {
    let report = wire.close();
    assert!(report.clean, "{report:?}");
    assert!(peer.until_exit().success());
}

#[test]
fn a_client_of_every_backend_speaks_with_openssl_in_every_suite() {
    for backend in backends() {
        for suite in SUITES {
            let (server, address) = s_server(&["-cipher", suite, "-psk_hint", "which one?"]);
            let config = psk::client(backend.clone()).protocols(BOTH).build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until_encrypted();
            server.converse(&mut wire);
            assert_known(&wire, suite);
            part(wire, server);
        }
    }
}

#[test]
fn a_server_of_every_backend_speaks_with_openssl_in_every_suite() {
    for backend in backends() {
        for suite in SUITES {
            let config = psk::server(backend.clone()).protocols(BOTH);
            let config = config.psk_identity_hint("which one?");
            let (mut wire, client) = serve(config, &["-cipher", suite]);
            wire.until_encrypted();
            client.converse(&mut wire);
            assert_known(&wire, suite);
            assert!(
                client.said("PSK identity hint: which one?"),
                "{}",
                client.log()
            );
            part(wire, client);
        }
    }
}

#[test]
fn a_client_is_asked_behind_openssls_hint() {
    let (server, address) = s_server(&["-psk_hint", "which one?"]);
    let config = ClientConfig::builder(backend()).ask_for_pre_shared_keys();
    let config = config.protocols(&["TLSv1.2"]).build().expect("config");
    let mut wire = Wire::connect(address, &config);
    wire.until("a question", |wire| wire.end.conn.psk_request().is_some());
    let request = wire.end.conn.psk_request().expect("open");
    assert_eq!(request.hint, Some(&b"which one?"[..]));
    let id = request.id;
    assert!(wire.end.saw(Event::PreSharedKeyRequired(id)));
    wire.end.conn.provide_psk(id, &[psk::key()]).expect("open");
    wire.until_encrypted();
    server.converse(&mut wire);
    part(wire, server);
}

#[test]
fn a_wrong_key_is_found_out_by_whoever_is_the_server() {
    // `s_server` takes the key under any name.
    let (_server, address) = s_server(&[]);
    let config = client().pre_shared_keys([psk::wrong()]);
    let mut wire = Wire::connect(address, &config.build().expect("config"));
    wire.until_failed(FailureKind::AlertReceived(Alert::BadRecordMac));
    for config in [
        server().pre_shared_keys([psk::wrong()]),
        server().pre_shared_keys([psk::named("another")]),
    ] {
        let (mut wire, mut client) = serve(config, &[]);
        wire.until_failed(FailureKind::BadRecordMac);
        assert_eq!(wire.alerts_sent(), [Alert::BadRecordMac]);
        assert!(!client.until_exit().success());
    }
}

#[test]
fn megabytes_cross_in_each_direction() {
    let data = pattern(2_000_000);
    let (mut wire, client) = serve(server(), &["-cipher", "PSK-AES128-GCM-SHA256"]);
    wire.until_encrypted();
    client.converse_at_length(&mut wire, &data);
    part(wire, client);
    let (server, address) = s_server(&[]);
    let mut wire = Wire::connect(address, &client_config());
    wire.until_encrypted();
    server.converse_at_length(&mut wire, &data);
    part(wire, server);
}

fn client_config() -> ClientConfig {
    client().build().expect("config")
}

/// `gnutls-cli` 3.7 and 3.8 end in a segmentation fault behind every handshake with ECDHE-PSK, whoever the
/// server is, so it is its server that has that here.
#[test]
fn gnutls_speaks_with_both_ends() {
    let key = hex();
    for priority in ["+PSK", "+ECDHE-PSK:+PSK"] {
        let priority = format!("NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:{priority}");
        alone(|| {
            let scratch = Scratch::new();
            let keys = scratch.file("keys", format!("{IDENTITY}:{}\n", hex()));
            let args = [
                "--pskpasswd",
                &keys,
                "--pskhint",
                "hint",
                "--priority",
                &priority,
            ];
            let (_server, address) = gnutls::bare_server(scratch, &args);
            let mut wire = Wire::connect(address, &client_config());
            wire.until_encrypted();
            let exchanges = priority.contains("ECDHE");
            assert_eq!(wire.end.conn.key_exchange_group().is_some(), exchanges);
            wire.send(b"echo\n");
            wire.until_received(5);
        });
    }
    let priority = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK";
    let args = [
        "--pskusername",
        IDENTITY,
        "--pskkey",
        &key,
        "--priority",
        priority,
    ];
    let door = Door::open();
    let client = gnutls::bare_client(Scratch::new(), door.address, &args);
    let mut wire = door.serve(&server().build().expect("config"));
    wire.until_encrypted();
    client.converse(&mut wire);
    assert_eq!(wire.end.conn.psk_identity(), Some(IDENTITY.as_bytes()));
}
