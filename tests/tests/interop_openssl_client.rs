//! Our server and `openssl s_client`.

use sslcore::{Alert, ConfigBuilder, Event, FailureKind, ServerConfig, SslCipher};
use sslcore_tests::openssl::{self, SUITES, VERSIONS, count};
use sslcore_tests::pair::{backend, backends, server};
use sslcore_tests::peer::Peer;
use sslcore_tests::wire::{Door, Wire, pattern};

fn only(version: &str) -> ConfigBuilder<ServerConfig> {
    server(backend()).protocols(&[version])
}

/// A server with this configuration and a client with these options, connected.
fn connect(config: ConfigBuilder<ServerConfig>, options: &[&str]) -> (Wire, Peer) {
    let door = Door::open();
    let client = openssl::client(door.address, options);
    let wire = door.serve(&config.build().expect("config"));
    (wire, client)
}

#[test]
fn a_server_of_either_version_and_backend_speaks_with_openssl_both_ways() {
    for (version, option) in VERSIONS {
        for backend in backends() {
            let config = server(backend).protocols(&[version]);
            let (mut wire, mut client) = connect(config, &[option]);
            wire.until_encrypted();
            client.converse(&mut wire);
            assert!(client.said(&format!("New, {version}, Cipher is ")));
            assert!(client.said("Verify return code: 0 (ok)"));
            assert!(client.said("Verified peername: server.test"));
            let report = wire.close();
            assert!(report.clean, "{report:?}");
            assert!(wire.end.saw(Event::PeerClosed));
            assert!(client.until_exit().success());
            let received = openssl::received(&client);
            assert_eq!(received.last().expect("some"), "warning close_notify");
            assert!(!received.iter().any(|name| name.starts_with("fatal")));
        }
    }
}

#[test]
fn every_cipher_suite_of_ours_that_openssl_insists_on_protects_data_both_ways() {
    for (name, options) in SUITES {
        let (mut wire, client) = connect(server(backend()), &options);
        wire.until_encrypted();
        client.converse(&mut wire);
        let cipher = wire.end.conn.session_cipher();
        assert_eq!(cipher.as_ref().map(SslCipher::openssl_name), Some(name));
        assert!(client.said(&format!("Cipher is {name}\n")));
        assert!(wire.close().clean);
    }
}

#[test]
fn a_client_whose_key_share_we_do_not_want_is_asked_for_another() {
    let config = only("TLSv1.3").groups(&["secp384r1"]);
    let (mut wire, client) = connect(config, &["-tls1_3", "-groups", "X25519:P-384"]);
    wire.until_encrypted();
    client.converse(&mut wire);
    let sent = openssl::sent(&client);
    assert_eq!(count(&sent, "ClientHello"), 2);
    // The first of them is our HelloRetryRequest.
    assert_eq!(count(&openssl::received(&client), "ServerHello"), 2);
    assert!(client.said("Server Temp Key: ECDH, secp384r1, 384 bits"));
    assert!(wire.close().clean);
}

#[test]
fn both_agree_on_the_protocol_that_we_prefer() {
    for (version, option) in VERSIONS {
        let config = only(version).alpn(&[b"h2", b"http/1.1"]);
        let (mut wire, client) = connect(config, &[option, "-alpn", "h3,http/1.1,h2"]);
        wire.until_encrypted();
        client.converse(&mut wire);
        assert_eq!(wire.end.conn.alpn_protocol(), Some(&b"h2"[..]));
        assert!(client.said("ALPN protocol: h2\n"));
        assert!(wire.close().clean);
    }
}

#[test]
fn a_client_none_of_whose_protocols_we_speak_gets_one_alert_and_nothing_else() {
    for (version, option) in VERSIONS {
        let config = only(version).alpn(&[b"h2"]);
        let (mut wire, mut client) = connect(config, &[option, "-alpn", "http/1.1"]);
        wire.until_failed(FailureKind::Incompatible);
        assert_eq!(wire.alerts_sent(), [Alert::NoApplicationProtocol]);
        client.until_exit();
        let alert = ["fatal no_application_protocol"];
        assert_eq!(openssl::received(&client), alert);
        assert_eq!(openssl::received_records(&client), [21]);
        assert!(client.said("SSL alert number 120"));
    }
}

#[test]
fn a_key_update_from_us_renews_both_directions() {
    let (mut wire, client) = connect(only("TLSv1.3"), &["-tls1_3"]);
    wire.until_encrypted();
    for updates in 1..=3 {
        wire.end.conn.update_keys().expect("encrypted");
        wire.until("the request", |_| {
            count(&openssl::received(&client), "KeyUpdate") == updates
        });
        // Its answer leaves with its next data.
        client.converse(&mut wire);
        assert_eq!(count(&openssl::sent(&client), "KeyUpdate"), updates);
        assert_eq!(wire.count(Event::KeysUpdated), 2 * updates);
    }
    assert!(wire.close().clean);
}

#[test]
fn a_key_update_from_openssl_is_answered_when_it_asks_for_that() {
    for (command, answers) in [("k\n", 0), ("K\n", 1)] {
        let (mut wire, client) = connect(only("TLSv1.3"), &["-tls1_3"]);
        wire.until_encrypted();
        client.converse(&mut wire);
        client.say(command);
        wire.until_saw(Event::KeysUpdated);
        client.converse(&mut wire);
        assert_eq!(count(&openssl::sent(&client), "KeyUpdate"), 1);
        assert_eq!(count(&openssl::received(&client), "KeyUpdate"), answers);
        assert!(wire.close().clean);
    }
}

#[test]
fn a_transport_that_carries_one_byte_at_a_time_changes_nothing() {
    for (version, option) in VERSIONS {
        let (mut wire, client) = connect(only(version), &[option]);
        wire.chunk = 1;
        wire.until_encrypted();
        client.converse(&mut wire);
        let report = wire.close();
        assert!(report.clean, "{report:?}");
    }
}

#[test]
fn ten_megabytes_cross_in_each_direction_while_the_reader_sips() {
    const LEN: usize = 10 << 20;
    for (version, option) in VERSIONS {
        let options = [option, "-msgfile", "/dev/null"];
        let (mut wire, mut client) = connect(only(version), &options);
        let data = pattern(LEN);
        client.converse_at_length(&mut wire, &data);
        assert!(wire.close().clean);
        client.until_exit_having_printed(&data);
    }
}

#[test]
fn a_server_learns_that_openssl_has_closed_and_closes_in_its_turn() {
    for (version, option) in VERSIONS {
        let (mut wire, mut client) = connect(only(version), &[option]);
        wire.until_encrypted();
        client.converse(&mut wire);
        client.hang_up();
        wire.until_saw(Event::PeerClosed);
        // TLS 1.2 answers by itself, TLS 1.3 leaves our direction open.
        let report = match version {
            "TLSv1.2" => wire.until_closed(),
            _ => {
                assert!(wire.end.conn.is_encrypted());
                wire.send(b"a last word\n");
                wire.close()
            }
        };
        assert!(report.clean, "{report:?}");
        assert!(wire.end.saw(Event::AlertSent(Alert::CloseNotify)));
        client.until_exit();
        assert!(client.said("DONE"));
    }
}
