//! Pre-shared keys with `gnutls-cli` and with `gnutls-serv`, which gets a network of its own.

use std::net::SocketAddr;

use sslcore::crypto::HashAlgorithm;
use sslcore::{Alert, ConfigBuilder, Event, FailureKind, ServerConfig, SslCipher};
use sslcore_tests::gnutls;
use sslcore_tests::network::alone;
use sslcore_tests::pair::{backend, backends};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::psk::{self, IDENTITY, hex};
use sslcore_tests::wire::{Door, Wire, find, pattern};

/// TLS 1.3 with pre-shared keys, with a key exchange and without.
const DHE: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+DHE-PSK";
const PLAIN: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+PSK";

/// The suites that GnuTLS has with SHA-256: by our names, and as its ciphers.
const SUITES: [(&str, &str); 2] = [
    ("TLS_AES_128_GCM_SHA256", "AES-128-GCM"),
    ("TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
];

/// A server that has the key, and no certificate. It echoes.
fn gnutls_serv(priority: &str, args: &[&str]) -> (Peer, SocketAddr) {
    let scratch = Scratch::new();
    let keys = scratch.file("keys", format!("{IDENTITY}:{}\n", hex()));
    let known = ["--pskpasswd", &keys, "--priority", priority];
    gnutls::bare_server(scratch, &[&known, args].concat())
}

fn gnutls_cli(address: SocketAddr, priority: &str, args: &[&str]) -> Peer {
    let key = hex();
    let known = ["--pskusername", IDENTITY, "--pskkey", &key];
    let all = [&known, &["--priority", priority][..], args].concat();
    gnutls::bare_client(Scratch::new(), address, &all)
}

/// A server with this configuration and a client with these options, connected.
fn serve(config: ConfigBuilder<ServerConfig>, priority: &str, options: &[&str]) -> (Wire, Peer) {
    let door = Door::open();
    let client = gnutls_cli(door.address, priority, options);
    let wire = door.serve(&config.build().expect("config"));
    (wire, client)
}

/// The server echoes what it gets.
fn converse(wire: &mut Wire, server: &Peer) {
    let before = wire.received.len();
    let ours = format!("from the client at {before}\n");
    wire.send(ours.as_bytes());
    wire.until_received(before + ours.len());
    assert_eq!(wire.received[before..], *ours.as_bytes());
    wire.until("its output", |_| {
        server.said(&format!("received cmd: {ours}"))
    });
}

/// gnutls-cli answers no close_notify, so it has to say goodbye first.
fn part(mut wire: Wire, mut client: Peer) {
    client.hang_up();
    wire.until_saw(Event::PeerClosed);
    let report = wire.close();
    assert!(report.clean, "{report:?}");
    assert!(client.until_exit().success());
}

#[track_caller]
fn assert_known(wire: &Wire, suite: &str) {
    let conn = &wire.end.conn;
    assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
    assert!(conn.peer_certificate().is_none());
    let cipher = conn.session_cipher();
    assert_eq!(cipher.as_ref().map(SslCipher::name), Some(suite));
}

#[test]
fn a_client_of_every_backend_gets_its_echo_in_every_suite() {
    alone(|| {
        for (suite, cipher) in SUITES {
            let priority = format!("{DHE}:-CIPHER-ALL:+{cipher}");
            let (server, address) = gnutls_serv(&priority, &[]);
            for backend in backends() {
                let config = psk::client(backend).build().expect("config");
                let mut wire = Wire::connect(address, &config);
                wire.until_encrypted();
                converse(&mut wire, &server);
                assert_known(&wire, suite);
                server.until_said(&format!("- PSK authentication. Connected as '{IDENTITY}'"));
                let report = wire.close();
                assert!(report.clean, "{report:?}");
            }
        }
    });
}

#[test]
fn a_server_of_every_backend_speaks_with_gnutls_in_every_suite() {
    for backend in backends() {
        for (suite, cipher) in SUITES {
            let priority = format!("{DHE}:-CIPHER-ALL:+{cipher}");
            let (mut wire, client) = serve(psk::server(backend.clone()), &priority, &[]);
            wire.until_encrypted();
            client.converse(&mut wire);
            assert_known(&wire, suite);
            client.until_said(&format!("- PSK authentication. Connected as '{IDENTITY}'"));
            part(wire, client);
        }
    }
}

#[test]
fn gnutls_takes_the_key_that_it_has_of_those_that_we_offer() {
    alone(|| {
        let (server, address) = gnutls_serv(DHE, &[]);
        let sha384 = psk::named("sha384").with_hash(HashAlgorithm::Sha384);
        let keys = [psk::key(), sha384, psk::named("other")];
        let config = psk::client(backend()).pre_shared_keys(keys);
        let mut wire = Wire::connect(address, &config.build().expect("config"));
        wire.until_encrypted();
        converse(&mut wire, &server);
        let conn = &wire.end.conn;
        assert_eq!(conn.psk_identity(), Some(IDENTITY.as_bytes()));
        assert!(wire.close().clean);
    });
}

#[test]
fn a_client_whose_key_share_gnutls_does_not_want_says_hello_again() {
    alone(|| {
        let priority = format!("{DHE}:-GROUP-ALL:+GROUP-SECP384R1");
        let (server, address) = gnutls_serv(&priority, &[]);
        for backend in backends() {
            let config = psk::client(backend)
                .groups(&["X25519", "secp384r1"])
                .build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until_encrypted();
            converse(&mut wire, &server);
            assert_eq!(wire.end.conn.key_exchange_group(), Some("secp384r1"));
            assert!(wire.end.conn.is_hello_retried());
            assert!(wire.close().clean);
        }
        server.until_said("HELLO RETRY REQUEST was queued");
    });
}

#[test]
fn a_client_whose_key_share_we_do_not_want_is_asked_for_another() {
    let priority = format!("{DHE}:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1");
    for backend in backends() {
        let config = psk::server(backend).groups(&["secp384r1"]);
        let (mut wire, client) = serve(config, &priority, &["--single-key-share"]);
        wire.until_encrypted();
        client.converse(&mut wire);
        client.until("its HelloRetryRequest", |client| {
            gnutls::received(client).contains(&"HELLO RETRY REQUEST".to_string())
        });
        assert_eq!(wire.end.conn.key_exchange_group(), Some("secp384r1"));
        part(wire, client);
    }
}

#[test]
fn a_peer_that_does_without_a_key_exchange_is_taken_where_that_is_allowed() {
    for backend in backends() {
        let (mut wire, client) = serve(psk::server(backend).allow_psk_ke(), PLAIN, &[]);
        wire.until_encrypted();
        client.converse(&mut wire);
        assert_eq!(wire.end.conn.key_exchange_group(), None);
        part(wire, client);
    }
    let (mut wire, mut client) = serve(psk::server(backend()), PLAIN, &[]);
    wire.until_failed(FailureKind::Incompatible);
    assert_eq!(wire.alerts_sent(), [Alert::HandshakeFailure]);
    assert!(!client.until_exit().success());
}

#[test]
fn a_client_does_without_a_key_exchange_where_gnutls_wants_none() {
    alone(|| {
        let (server, address) = gnutls_serv(PLAIN, &[]);
        for backend in backends() {
            let config = psk::client(backend).allow_psk_ke().build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until_encrypted();
            converse(&mut wire, &server);
            assert_eq!(wire.end.conn.key_exchange_group(), None);
            assert!(wire.close().clean);
        }
        let config = psk::client(backend()).build().expect("config");
        let mut wire = Wire::connect(address, &config);
        wire.until_closed();
        assert!(wire.end.conn.failure().is_some());
        assert!(!wire.end.saw(Event::Encrypted));
    });
}

#[test]
fn a_wrong_key_or_name_ends_the_handshake_with_gnutls_as_the_server() {
    alone(|| {
        let (server, address) = gnutls_serv(DHE, &[]);
        for key in [psk::wrong(), psk::named("nobody")] {
            let config = psk::client(backend()).pre_shared_keys([key]).build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until_failed(FailureKind::AlertReceived(Alert::IllegalParameter));
            assert!(!wire.end.saw(Event::Encrypted));
        }
        server.until_said("Error in handshake: ");
    });
}

#[test]
fn a_wrong_key_or_name_ends_the_handshake_with_gnutls_as_the_client() {
    for (key, kind, alert) in [
        (
            psk::server(backend()).pre_shared_keys([psk::wrong()]),
            FailureKind::BadPreSharedKey,
            Alert::DecryptError,
        ),
        (
            psk::server(backend()).pre_shared_keys([psk::named("somebody else")]),
            FailureKind::BadPreSharedKey,
            Alert::DecryptError,
        ),
        (
            psk::server(backend())
                .pre_shared_keys([psk::named("somebody else")])
                .tell_unknown_psk_identity(),
            FailureKind::NoPreSharedKey,
            Alert::UnknownPskIdentity,
        ),
    ] {
        let (mut wire, mut client) = serve(key, DHE, &[]);
        wire.until_failed(kind);
        assert_eq!(wire.alerts_sent(), [alert]);
        assert!(!wire.end.saw(Event::Encrypted));
        assert!(!client.until_exit().success());
        assert_eq!(gnutls::alerts_received(&client), [(2, alert.code())]);
    }
}

#[test]
fn a_peer_that_speaks_tls_1_2_alone_fails_for_that() {
    const OLD: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK:+PSK";
    let (mut wire, mut client) = serve(psk::server(backend()), OLD, &[]);
    wire.until_failed(FailureKind::Incompatible);
    assert_eq!(wire.alerts_sent(), [Alert::ProtocolVersion]);
    assert!(!client.until_exit().success());
    alone(|| {
        let (_server, address) = gnutls_serv(OLD, &[]);
        let config = psk::client(backend()).build().expect("config");
        let mut wire = Wire::connect(address, &config);
        // It sees no suite in common before it sees that there is no version.
        wire.until_failed(FailureKind::AlertReceived(Alert::HandshakeFailure));
    });
}

#[test]
fn a_key_update_from_either_side_renews_both_directions() {
    let (mut wire, client) = serve(psk::server(backend()), DHE, &["--inline-commands"]);
    wire.until_encrypted();
    client.converse(&mut wire);
    client.say("^rekey^\n");
    wire.until_saw(Event::KeysUpdated);
    client.converse(&mut wire);
    client.until_said("- Rekey was completed");
    let updates = |client: &Peer| {
        let received = gnutls::received(client);
        received.iter().filter(|name| *name == "KEY_UPDATE").count()
    };
    client.until("our answer", |client| updates(client) == 1);
    wire.end.conn.update_keys().expect("encrypted");
    wire.until("our request", |_| updates(&client) == 2);
    client.converse(&mut wire);
    part(wire, client);
}

#[test]
fn ten_megabytes_come_and_go_while_the_reader_sips() {
    const LEN: usize = 10 << 20;
    let data = pattern(LEN);
    let (mut wire, mut client) = serve(psk::server(backend()), DHE, &["--debug", "0"]);
    client.converse_at_length(&mut wire, &data);
    client.hang_up();
    wire.until_saw(Event::PeerClosed);
    assert!(wire.close().clean);
    client.until_exit_having_printed(&data);
}

#[test]
fn a_megabyte_is_echoed_over_a_transport_of_small_pieces() {
    alone(|| {
        let (_server, address) = gnutls_serv(DHE, &["--debug", "0"]);
        let config = psk::client(backend()).build().expect("config");
        let mut wire = Wire::connect(address, &config);
        wire.chunk = 1000;
        let data = pattern(1 << 20);
        wire.until_encrypted();
        wire.send(&data);
        wire.until_received(data.len());
        assert_eq!(find(&wire.received, &data), Some(0));
        assert!(wire.close().clean);
    });
}
