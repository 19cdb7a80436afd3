//! Our client and `gnutls-serv`, each time in a network of their own.

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, FailureKind, OnErrors, SslCipher, SslErrorKind,
    Verdict,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::gnutls::{self, SUITES, VERSIONS};
use sslcore_tests::network::alone;
use sslcore_tests::pair::{backend, backends, client};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::wire::{Wire, find, pattern};

fn only(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
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

#[test]
fn a_client_of_either_version_and_backend_gets_its_echo() {
    alone(|| {
        for (version, priority) in VERSIONS {
            let (server, address) = gnutls::server(&WORLD.server, &["--priority", priority]);
            for backend in backends() {
                let config = client(backend).protocols(&[version]).build();
                let mut wire = Wire::connect(address, &config.expect("config"));
                wire.until_encrypted();
                converse(&mut wire, &server);
                let said = format!("- Version: {}\n", version.replace('v', ""));
                server.until_said(&said);
                let report = wire.close();
                assert!(report.clean, "{report:?}");
                assert!(wire.end.saw(Event::PeerClosed));
            }
        }
    });
}

#[test]
fn every_cipher_suite_of_ours_that_gnutls_insists_on_protects_the_echo() {
    alone(|| {
        for (name, priority) in SUITES {
            let (server, address) = gnutls::server(&WORLD.server, &["--priority", priority]);
            let config = client(backend()).build().expect("config");
            let mut wire = Wire::connect(address, &config);
            wire.until_encrypted();
            converse(&mut wire, &server);
            let cipher = wire.end.conn.session_cipher();
            assert_eq!(cipher.as_ref().map(SslCipher::openssl_name), Some(name));
            let theirs = priority.rsplit_once(":+").expect("a cipher").1;
            server.until_said(&format!("- Cipher: {theirs}\n"));
            assert!(wire.close().clean);
        }
    });
}

#[test]
fn a_client_whose_key_share_gnutls_does_not_want_says_hello_again() {
    alone(|| {
        let priority = format!("{}:-GROUP-ALL:+GROUP-SECP384R1", VERSIONS[1].1);
        let (server, address) = gnutls::server(&WORLD.server, &["--priority", &priority]);
        let config = only("TLSv1.3").groups(&["X25519", "secp384r1"]).build();
        let mut wire = Wire::connect(address, &config.expect("config"));
        wire.until_encrypted();
        converse(&mut wire, &server);
        server.until("two hellos", |server| {
            let received = gnutls::received(server);
            received.starts_with(&["CLIENT HELLO", "CLIENT HELLO"].map(String::from))
        });
        server.until_said("HELLO RETRY REQUEST was queued");
        assert_eq!(wire.end.conn.key_exchange_group(), Some("secp384r1"));
        assert!(wire.close().clean);
    });
}

#[test]
fn a_server_whose_certificate_is_wrong_gets_the_right_alert_and_nothing_else() {
    use SslErrorKind as K;
    alone(|| {
        for (version, priority) in VERSIONS {
            for (identity, kind, alert) in [
                (
                    &WORLD.self_signed,
                    K::SelfSignedCertificate,
                    Alert::UnknownCa,
                ),
                (
                    &WORLD.stranger,
                    K::UnableToGetLocalIssuerCertificate,
                    Alert::UnknownCa,
                ),
                (
                    &WORLD.expired,
                    K::CertificateExpired,
                    Alert::CertificateExpired,
                ),
                (&WORLD.client, K::HostNameMismatch, Alert::BadCertificate),
            ] {
                let (server, address) = gnutls::server(identity, &["--priority", priority]);
                let mut wire = Wire::connect(address, &only(version).build().expect("config"));
                wire.until_failed(FailureKind::CertificateRejected(kind));
                assert_eq!(wire.alerts_sent(), [alert]);
                server.until_said("Error in handshake: ");
                assert_eq!(gnutls::alerts_received(&server), [(2, alert.code())]);
                assert_eq!(gnutls::received(&server), ["CLIENT HELLO"]);
            }
        }
    });
}

#[test]
fn a_client_shows_its_certificate_to_a_server_that_wants_one() {
    alone(|| {
        for (version, priority) in VERSIONS {
            let options = [
                "--require-client-cert",
                "--verify-client-cert",
                "--priority",
                priority,
            ];
            let (server, address) = gnutls::server(&WORLD.server, &options);
            let config = only(version)
                .identity(WORLD.client.chain.clone(), WORLD.client.key())
                .build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until_encrypted();
            converse(&mut wire, &server);
            assert!(wire.end.saw(Event::ClientCertificateRequested));
            server.until("its signature", |server| {
                gnutls::received(server).contains(&"CERTIFICATE VERIFY".to_string())
            });
            server.until_said("- Status: The certificate is trusted.");
            assert!(wire.close().clean);
        }
    });
}

#[test]
fn a_client_that_gnutls_refuses_learns_why() {
    alone(|| {
        let (none, unknown) = (None, Some(&WORLD.stranger));
        for ((version, priority), identity, alert) in [
            // GnuTLS 3.7 says so to every TLS 1.2 client without a certificate.
            (VERSIONS[0], none, Alert::DecodeError),
            (VERSIONS[1], none, Alert::CertificateRequired),
            (VERSIONS[0], unknown, Alert::AccessDenied),
            (VERSIONS[1], unknown, Alert::AccessDenied),
        ] {
            let options = [
                "--require-client-cert",
                "--verify-client-cert",
                "--priority",
                priority,
            ];
            let (_server, address) = gnutls::server(&WORLD.server, &options);
            let mut config = only(version);
            if let Some(identity) = identity {
                config = config.identity(identity.chain.clone(), identity.key());
            }
            let mut wire = Wire::connect(address, &config.build().expect("config"));
            wire.until_failed(FailureKind::AlertReceived(alert));
            assert!(wire.end.saw(Event::ClientCertificateRequested));
            // Rule R14: a TLS 1.3 client is encrypted before the server has judged it.
            assert_eq!(wire.end.saw(Event::Encrypted), version == "TLSv1.3");
            assert_eq!(wire.alerts_sent(), []);
        }
    });
}

#[test]
fn both_agree_on_a_protocol_or_the_client_is_told_that_there_is_none() {
    alone(|| {
        for (version, priority) in VERSIONS {
            let options = ["--alpn-fatal", "--alpn", "h2", "--priority", priority];
            let (server, address) = gnutls::server(&WORLD.server, &options);
            let config = only(version).alpn(&[b"http/1.1", b"h2"]).build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until_encrypted();
            converse(&mut wire, &server);
            assert_eq!(wire.end.conn.alpn_protocol(), Some(&b"h2"[..]));
            server.until_said("- Application protocol: h2\n");
            assert!(wire.close().clean);

            let config = only(version).alpn(&[b"http/1.1"]).build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until_failed(FailureKind::AlertReceived(Alert::NoApplicationProtocol));
            assert!(!wire.end.saw(Event::Encrypted));
        }
    });
}

#[test]
fn a_key_update_from_us_renews_both_directions() {
    alone(|| {
        let (server, address) = gnutls::server(&WORLD.server, &["--priority", VERSIONS[1].1]);
        let mut wire = Wire::connect(address, &only("TLSv1.3").build().expect("config"));
        wire.until_encrypted();
        for updates in 1..=3 {
            wire.end.conn.update_keys().expect("encrypted");
            converse(&mut wire, &server);
            server.until("our request", |server| {
                let received = gnutls::received(server);
                received.iter().filter(|name| *name == "KEY_UPDATE").count() == updates
            });
            assert_eq!(wire.count(Event::KeysUpdated), 2 * updates);
        }
        assert!(wire.close().clean);
    });
}

#[test]
fn a_transport_that_carries_one_byte_at_a_time_changes_nothing() {
    alone(|| {
        for (version, priority) in VERSIONS {
            let (server, address) = gnutls::server(&WORLD.server, &["--priority", priority]);
            let mut wire = Wire::connect(address, &only(version).build().expect("config"));
            wire.chunk = 1;
            wire.until_encrypted();
            converse(&mut wire, &server);
            let report = wire.close();
            assert!(report.clean, "{report:?}");
        }
    });
}

#[test]
fn ten_megabytes_come_back_while_the_reader_sips() {
    const LEN: usize = 10 << 20;
    alone(|| {
        for (version, priority) in VERSIONS {
            let options = ["--debug", "0", "--priority", priority];
            let (_server, address) = gnutls::server(&WORLD.server, &options);
            let mut wire = Wire::connect(address, &only(version).build().expect("config"));
            wire.sip = 5000;
            let data = pattern(LEN);
            wire.until_encrypted();
            wire.send(&data);
            wire.until_received(LEN);
            assert!(wire.received == data, "the echo is not the call");
            assert!(wire.close().clean);
        }
    });
}

#[test]
fn a_client_reads_all_that_gnutls_sent_before_it_closed() {
    alone(|| {
        for (version, priority) in VERSIONS {
            let data = pattern(1 << 20);
            let scratch = Scratch::new();
            let path = scratch.file("data", &data);
            let options = ["--httpdata", &path, "--priority", priority];
            let (_server, address) = gnutls::server_in(scratch, &WORLD.server, &options);
            let mut wire = Wire::connect(address, &only(version).build().expect("config"));
            wire.sip = 5000;
            wire.send(b"GET / HTTP/1.0\r\n\r\n");
            wire.until_saw(Event::PeerClosed);
            let report = wire.close();
            assert!(report.clean, "{report:?}");
            let head = find(&wire.received, b"\r\n\r\n").expect("a response head") + 4;
            assert!(wire.received[head..] == data, "it arrived changed");
        }
    });
}

#[test]
fn a_client_that_was_held_and_told_to_go_on_gets_its_echo() {
    alone(|| {
        for (version, priority) in VERSIONS {
            let (server, address) = gnutls::server(&WORLD.self_signed, &["--priority", priority]);
            let config = only(version).on_errors(OnErrors::Hold).build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until("a review", |wire| wire.end.conn.review().is_some());
            let id = wire.end.conn.review().expect("open").id;
            let released = |wire: &Wire| wire.bytes_sent() + wire.end.conn.transmit().len();
            let silent_since = released(&wire);
            for _ in 0..1000 {
                wire.turn();
            }
            wire.until("the hello", |_| !gnutls::received(&server).is_empty());
            assert_eq!(gnutls::received(&server), ["CLIENT HELLO"]);
            assert_eq!(released(&wire), silent_since);
            wire.end.conn.answer(id, Verdict::Accept).expect("open");
            wire.until_encrypted();
            converse(&mut wire, &server);
            assert!(wire.close().clean);
        }
    });
}
