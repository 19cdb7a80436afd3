//! Small records with the programs of others: record_size_limit (RFC 8449) with GnuTLS and NSS,
//! max_fragment_length (RFC 6066 §4) with OpenSSL and mbedTLS.
//!
//! Our end has 2 KB for what arrives, so a peer that sends larger records ends the connection. Peers refuse
//! records larger than they have agreed to.

use std::net::{SocketAddr, TcpStream};

use sslcore::{ClientConfig, ConfigBuilder, Event, FailureKind, Fault, ServerConfig, ServerStart};
use sslcore_tests::network::alone;
use sslcore_tests::pair::{End, backend, lent, server_name};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::peers::mbedtls;
use sslcore_tests::psk::{self, IDENTITY, hex};
use sslcore_tests::wire::{Door, Wire, find, pattern};
use sslcore_tests::{gnutls, nss, openssl};

/// What arrives has so much room.
const ROOM: usize = 2048;
const VERSIONS: [(&str, &str); 2] = [("TLSv1.2", "-tls1_2"), ("TLSv1.3", "-tls1_3")];

fn on(tcp: TcpStream, room: usize) -> Wire {
    let mut wire = Wire::new(tcp);
    wire.end = End::on(lent(room, 40_000));
    wire
}

fn call(address: SocketAddr, config: ConfigBuilder<ClientConfig>) -> Wire {
    call_on(address, config, ROOM)
}

fn call_on(address: SocketAddr, config: ConfigBuilder<ClientConfig>, room: usize) -> Wire {
    let mut wire = on(TcpStream::connect(address).expect("connect"), room);
    let config = config.build().expect("client");
    let started = wire
        .end
        .conn
        .start_client_encryption(&config, server_name());
    started.expect("start");
    wire
}

fn serve(door: &Door, config: ConfigBuilder<ServerConfig>) -> Wire {
    let mut wire = on(door.accept(), ROOM);
    let start = ServerStart::With(config.build().expect("server"));
    wire.end.conn.start_server_encryption(start).expect("start");
    wire
}

fn client(version: &str) -> ConfigBuilder<ClientConfig> {
    psk::client(backend()).protocols(&[version])
}

fn server(version: &str) -> ConfigBuilder<ServerConfig> {
    psk::server(backend()).protocols(&[version])
}

fn s_server(args: &[&str]) -> (Peer, SocketAddr) {
    let key = hex();
    let known = ["-nocert", "-psk_identity", IDENTITY, "-psk", &key];
    openssl::bare_server(Scratch::new(), &[&known, args].concat())
}

#[test]
fn openssl_sends_a_client_the_fragments_that_it_has_room_for() {
    let data = pattern(200_000);
    for (version, option) in VERSIONS {
        let (mut peer, address) = s_server(&[option, "-tlsextdebug", "-msgfile", "/dev/null"]);
        let mut wire = call(address, client(version));
        peer.converse_at_length(&mut wire, &data);
        assert!(peer.said("TLS client extension \"max fragment length\""));
        assert!(wire.close().clean);
        peer.until_exit_having_printed(&data);
    }
}

#[test]
fn a_server_sends_openssl_the_fragments_that_it_asks_for() {
    let data = pattern(100 << 10);
    for (version, option) in VERSIONS {
        for length in ["512", "1024"] {
            let door = Door::open();
            let key = hex();
            let known = ["-psk_identity", IDENTITY, "-psk", &key, "-tlsextdebug"];
            let asking = [option, "-maxfraglen", length, "-msgfile", "/dev/null"];
            let args = [&known[..], &asking].concat();
            let mut peer = openssl::bare_client(Scratch::new(), door.address, &args);
            let mut wire = serve(&door, server(version));
            peer.converse_at_length(&mut wire, &data);
            assert!(peer.said("TLS server extension \"max fragment length\""));
            assert!(wire.close().clean);
            peer.until_exit_having_printed(&data);
        }
    }
}

/// On a buffer that has no room for the shortest fragments there is only the limit, of which OpenSSL does not
/// know.
#[test]
fn a_client_that_openssl_ignores_finds_its_buffer_too_small() {
    for (version, option) in VERSIONS {
        let (peer, address) = s_server(&[option, "-msgfile", "/dev/null"]);
        let mut wire = call_on(address, client(version), 520);
        wire.until_encrypted();
        peer.say(pattern(2048));
        wire.until("a failure", |wire| wire.end.conn.failure().is_some());
        let failure = wire.end.conn.failure().expect("it is there");
        let kind = failure.kind();
        assert!(matches!(
            kind,
            FailureKind::BufferTooSmall { needed: 521.. }
        ));
        assert_ne!(failure.fault(), Fault::Peer);
    }
}

/// GnuTLS's priorities: pre-shared keys in one version. gnutls-cli 3.7.9 crashes when it is to tell of a
/// session with ECDHE-PSK.
const PRIORITIES: [(&str, &str); 2] = [
    ("TLSv1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK"),
    (
        "TLSv1.3",
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+DHE-PSK",
    ),
];

/// What both say in their handshakes, by GnuTLS's name and IANA's number.
const LIMIT: &str = "Record Size Limit/28";

#[test]
fn gnutls_as_a_server_holds_itself_to_our_limit_and_we_to_its_own() {
    alone(|| {
        let data = pattern(100 << 10);
        for (version, priority) in PRIORITIES {
            for args in [&[][..], &["--recordsize", "512"], &["--recordsize", "4096"]] {
                let scratch = Scratch::new();
                let keys = scratch.file("keys", format!("{IDENTITY}:{}\n", hex()));
                let known = ["--pskpasswd", &keys, "--priority", priority];
                let (peer, address) = gnutls::bare_server(scratch, &[&known, args].concat());
                let mut wire = call(address, client(version));
                wire.until_encrypted();
                wire.send(&data);
                wire.until_received(data.len());
                assert_eq!(find(&wire.received, &data), Some(0));
                assert!(peer.said(&format!("Parsing extension '{LIMIT}'")));
                assert!(wire.close().clean);
            }
        }
    });
}

#[test]
fn gnutls_as_a_client_holds_itself_to_our_limit_and_we_to_its_own() {
    for (version, priority) in PRIORITIES {
        let plain = ROOM - 29 - 1..=ROOM - 21;
        for (args, most) in [(&[][..], plain), (&["--recordsize", "512"], 511..=512)] {
            let door = Door::open();
            let key = hex();
            let known = ["--pskusername", IDENTITY, "--pskkey", &key];
            let args = [&known[..], &["--priority", priority], args].concat();
            let mut peer = gnutls::bare_client(Scratch::new(), door.address, &args);
            let mut wire = serve(&door, server(version));
            wire.until_encrypted();
            assert!(peer.said(&format!("Parsing extension '{LIMIT}'")));
            let data = pattern(100 << 10);
            wire.send(&data);
            wire.until("all at the peer", |_| peer.said_much(data.len()));
            // Of what it reads at once it sends one record, and drops the rest.
            peer.say(pattern(500));
            wire.until_received(500);
            peer.say(pattern(4000));
            peer.hang_up();
            wire.until_saw(Event::PeerClosed);
            assert!(wire.close().clean);
            let last = wire.received.len() - 500;
            assert!(most.contains(&last), "{last} bytes");
            peer.until_exit_having_printed(&data);
        }
    }
}

#[test]
fn nss_as_a_client_holds_itself_to_our_limit() {
    let data = pattern(100 << 10);
    let door = Door::open();
    let peer = nss::client(door.address);
    let mut wire = serve(&door, server("TLSv1.3"));
    peer.converse_at_length(&mut wire, &data);
    assert_eq!(wire.end.conn.psk_identity(), Some(IDENTITY.as_bytes()));
    // It does not end when we do.
    assert!(find(&peer.out(), &data).is_some());
}

/// By mbedTLS's names: one with an exchange of keys, and one with a nonce in each record.
const MBEDTLS_SUITES: [&str; 2] = [
    "TLS-ECDHE-PSK-WITH-CHACHA20-POLY1305-SHA256",
    "TLS-PSK-WITH-AES-128-GCM-SHA256",
];

#[test]
fn mbedtls_sends_a_client_the_fragments_that_it_has_room_for() {
    let data = pattern(100 << 10);
    for suite in MBEDTLS_SUITES {
        let (_peer, address) = mbedtls::server(suite, data.len());
        let mut wire = call(address, client("TLSv1.2"));
        wire.until_encrypted();
        wire.send(&data);
        wire.until_received(data.len());
        assert_eq!(find(&wire.received, &data), Some(0));
    }
}

#[test]
fn a_server_sends_mbedtls_the_fragments_that_it_asks_for() {
    let data = pattern(50 << 10);
    for suite in MBEDTLS_SUITES {
        for length in [512, 1024] {
            let door = Door::open();
            let mut peer = mbedtls::client(suite, door.address, length);
            let mut wire = serve(&door, server("TLSv1.2"));
            wire.until_encrypted();
            peer.say(data.clone());
            peer.hang_up();
            wire.send(&data);
            wire.until_received(data.len());
            assert_eq!(wire.received, data);
            wire.close();
            peer.until_exit_having_printed(&data);
            let overhead = if suite.contains("GCM") { 24 } else { 16 };
            let largest = format!("largest record: {}\n", length + overhead);
            assert!(peer.said(&largest), "{}", peer.err());
        }
    }
}
