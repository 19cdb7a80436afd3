//! Our client and `openssl s_server`.

use sslcore::{Alert, ClientConfig, ConfigBuilder, Event, FailureKind, SslCipher};
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl::{self, SUITES, VERSIONS, count};
use sslcore_tests::pair::{backend, backends, client};
use sslcore_tests::peer::Scratch;
use sslcore_tests::wire::{Wire, find, pattern};

fn only(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

#[test]
fn a_client_of_either_version_and_backend_speaks_with_openssl_both_ways() {
    for (version, option) in VERSIONS {
        for backend in backends() {
            let config = client(backend).protocols(&[version]).build();
            let (mut server, address) = openssl::server(&WORLD.server, &[option]);
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until_encrypted();
            server.converse(&mut wire);
            let protocol = wire.end.conn.session_protocol().expect("negotiated");
            assert_eq!(protocol.name(), version);
            assert!(server.said("Supported groups: "), "its summary was printed");
            let report = wire.close();
            assert!(report.clean, "{report:?}");
            assert!(wire.end.saw(Event::PeerClosed));
            assert!(server.until_exit().success());
            let received = openssl::received(&server);
            assert_eq!(received.last().expect("some"), "warning close_notify");
            assert!(!received.iter().any(|name| name.starts_with("fatal")));
        }
    }
}

#[test]
fn every_cipher_suite_of_ours_that_openssl_insists_on_protects_data_both_ways() {
    for (name, options) in SUITES {
        let (server, address) = openssl::server(&WORLD.server, &options);
        let config = client(backend()).build().expect("config");
        let mut wire = Wire::connect(address, &config);
        wire.until_encrypted();
        server.converse(&mut wire);
        let cipher = wire.end.conn.session_cipher();
        assert_eq!(cipher.as_ref().map(SslCipher::openssl_name), Some(name));
        assert!(server.said(&format!("CIPHER is {name}\n")));
        assert!(wire.close().clean);
    }
}

#[test]
fn a_client_whose_key_share_openssl_does_not_want_says_hello_again() {
    let config = only("TLSv1.3").groups(&["X25519", "secp384r1"]).build();
    let (server, address) = openssl::server(&WORLD.server, &["-tls1_3", "-groups", "P-384"]);
    let mut wire = Wire::connect(address, &config.expect("config"));
    wire.until_encrypted();
    server.converse(&mut wire);
    let hellos = ["ClientHello", "ClientHello", "Finished"];
    assert_eq!(openssl::received(&server), hellos);
    // The first of them is its HelloRetryRequest.
    assert_eq!(openssl::sent(&server)[..2], ["ServerHello", "ServerHello"]);
    assert_eq!(wire.end.conn.key_exchange_group(), Some("secp384r1"));
    assert!(wire.close().clean);
}

#[test]
fn both_agree_on_the_protocol_that_the_server_prefers() {
    for (version, option) in VERSIONS {
        let config = only(version).alpn(&[b"http/1.1", b"h2"]).build();
        let options = [option, "-alpn", "h3,h2,http/1.1"];
        let (server, address) = openssl::server(&WORLD.server, &options);
        let mut wire = Wire::connect(address, &config.expect("config"));
        wire.until_encrypted();
        server.converse(&mut wire);
        assert_eq!(wire.end.conn.alpn_protocol(), Some(&b"h2"[..]));
        assert!(server.said("ALPN protocols selected: h2\n"));
        assert!(wire.close().clean);
    }
}

#[test]
fn a_client_whose_protocols_openssl_does_not_speak_is_told_so() {
    for (version, option) in VERSIONS {
        let config = only(version).alpn(&[b"http/1.1"]).build();
        let (mut server, address) = openssl::server(&WORLD.server, &[option, "-alpn", "h2"]);
        let mut wire = Wire::connect(address, &config.expect("config"));
        wire.until_failed(FailureKind::AlertReceived(Alert::NoApplicationProtocol));
        assert!(!wire.end.saw(Event::Encrypted));
        server.until_exit();
        assert_eq!(openssl::received(&server), ["ClientHello"]);
    }
}

#[test]
fn a_key_update_from_us_renews_both_directions() {
    let config = only("TLSv1.3").build().expect("config");
    let (server, address) = openssl::server(&WORLD.server, &["-tls1_3"]);
    let mut wire = Wire::connect(address, &config);
    wire.until_encrypted();
    for updates in 1..=3 {
        wire.end.conn.update_keys().expect("encrypted");
        wire.until("the request", |_| {
            count(&openssl::received(&server), "KeyUpdate") == updates
        });
        // Its answer leaves with its next data.
        server.converse(&mut wire);
        assert_eq!(count(&openssl::sent(&server), "KeyUpdate"), updates);
        assert_eq!(wire.count(Event::KeysUpdated), 2 * updates);
    }
    assert!(wire.close().clean);
}

#[test]
fn a_key_update_from_openssl_is_answered_when_it_asks_for_that() {
    for (command, answers) in [("k\n", 0), ("K\n", 1)] {
        let config = only("TLSv1.3").build().expect("config");
        let (server, address) = openssl::server(&WORLD.server, &["-tls1_3"]);
        let mut wire = Wire::connect(address, &config);
        wire.until_encrypted();
        server.converse(&mut wire);
        server.say(command);
        wire.until_saw(Event::KeysUpdated);
        server.converse(&mut wire);
        assert_eq!(count(&openssl::sent(&server), "KeyUpdate"), 1);
        assert_eq!(count(&openssl::received(&server), "KeyUpdate"), answers);
        assert!(wire.close().clean);
    }
}

#[test]
fn a_client_renews_its_key_after_so_many_records_or_says_goodbye() {
    for (version, option) in VERSIONS {
        let config = only(version).records_per_key(10).build().expect("config");
        let (mut server, address) = openssl::server(&WORLD.server, &[option]);
        let mut wire = Wire::connect(address, &config);
        wire.until_encrypted();
        // One record each. Of ten, TLS 1.3 spends one on KeyUpdate; TLS 1.2 has spent one on
        // Finished and keeps one for close_notify.
        let records = if version == "TLSv1.3" { 50 } else { 8 };
        for record in 0..records {
            wire.send(format!("record {record}.\n").as_bytes());
            wire.until("the record", |_| {
                server.said(&format!("record {record}.\n"))
            });
        }
        if version == "TLSv1.3" {
            assert_eq!(count(&openssl::received(&server), "KeyUpdate"), 5);
            assert_eq!(wire.count(Event::KeysUpdated), 5);
            server.converse(&mut wire);
            assert!(wire.close().clean);
        } else {
            wire.until_failed(FailureKind::KeysExhausted);
            assert_eq!(wire.alerts_sent(), [Alert::CloseNotify]);
            server.until_exit();
            let received = openssl::received(&server);
            assert_eq!(received.last().expect("some"), "warning close_notify");
        }
    }
}

#[test]
fn a_transport_that_carries_one_byte_at_a_time_changes_nothing() {
    for (version, option) in VERSIONS {
        let config = only(version).build().expect("config");
        let (server, address) = openssl::server(&WORLD.server, &[option]);
        let mut wire = Wire::connect(address, &config);
        wire.chunk = 1;
        wire.until_encrypted();
        server.converse(&mut wire);
        let report = wire.close();
        assert!(report.clean, "{report:?}");
    }
}

#[test]
fn ten_megabytes_cross_in_each_direction_while_the_reader_sips() {
    const LEN: usize = 10 << 20;
    for (version, option) in VERSIONS {
        let config = only(version).build().expect("config");
        let options = [option, "-msgfile", "/dev/null"];
        let (mut server, address) = openssl::server(&WORLD.server, &options);
        let mut wire = Wire::connect(address, &config);
        let data = pattern(LEN);
        server.converse_at_length(&mut wire, &data);
        assert!(wire.close().clean);
        server.until_exit_having_printed(&data);
    }
}

#[test]
fn a_client_learns_that_openssl_has_closed_and_closes_in_its_turn() {
    for (version, option) in VERSIONS {
        let config = only(version).build().expect("config");
        let (mut server, address) = openssl::server(&WORLD.server, &[option, "-rev"]);
        let mut wire = Wire::connect(address, &config);
        wire.until_encrypted();
        wire.send(b"tneilc eht morf\n");
        wire.until_received(16);
        assert_eq!(wire.received, b"from the client\n");
        wire.send(b"CLOSE\n");
        wire.until_saw(Event::PeerClosed);
        // TLS 1.2 answers by itself, TLS 1.3 leaves our direction open.
        let report = match version {
            "TLSv1.2" => wire.until_closed(),
            _ => {
                for _ in 0..10 {
                    wire.turn();
                }
                assert!(wire.end.conn.is_encrypted());
                wire.close()
            }
        };
        assert!(report.clean, "{report:?}");
        assert!(wire.end.saw(Event::AlertSent(Alert::CloseNotify)));
        server.until_exit();
        assert!(openssl::sent(&server).contains(&"warning close_notify".to_string()));
    }
}

#[test]
fn a_client_that_has_closed_its_direction_reads_all_that_openssl_goes_on_sending() {
    let data = pattern(1 << 20);
    let scratch = Scratch::new();
    scratch.file("data", &data);
    let (mut server, address) = openssl::server_in(scratch, &WORLD.server, &["-tls1_3", "-WWW"]);
    let mut wire = Wire::connect(address, &only("TLSv1.3").build().expect("config"));
    // While nothing is read, most of the file cannot have come.
    wire.sip = 0;
    wire.until_encrypted();
    wire.send(b"GET /data HTTP/1.0\r\n\r\n");
    wire.until("the request", Wire::all_sent);
    wire.end.conn.close();
    wire.until_saw(Event::AlertSent(Alert::CloseNotify));
    assert!(wire.end.conn.bytes_available() < data.len() / 2);
    wire.sip = usize::MAX;
    let report = wire.until_closed();
    assert!(report.clean, "{report:?}");
    let head = find(&wire.received, b"\r\n\r\n").expect("a response head") + 4;
    assert!(wire.received[head..] == data, "it arrived changed");
    server.until_exit();
    assert!(server.said("FILE:data"));
}
