//! Against rustls' own buffered connections, in both roles, with every pair of backends.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConnection, RootCertStore, ServerConnection};
use sslcore::crypto::Backend;
use sslcore::{Event, Limits, ServerStart, VerifyMode};
use sslcore_tests::certs::{NOW, WORLD};
use sslcore_tests::forge::exchange;
use sslcore_tests::pair::{End, backends, client, server, server_name, tests_own_engine};

/// The tests' clock, for rustls.
#[derive(Debug)]
struct TestClock;

impl rustls::time_provider::TimeProvider for TestClock {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let since = std::time::Duration::from_secs(NOW);
        Some(rustls::pki_types::UnixTime::since_unix_epoch(since))
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    tls13: bool,
    client_certificate: bool,
    hello_retry: bool,
}

impl Case {
    fn version(self) -> &'static str {
        if self.tls13 { "TLSv1.3" } else { "TLSv1.2" }
    }

    fn versions(self) -> [&'static rustls::SupportedProtocolVersion; 1] {
        [if self.tls13 {
            &rustls::version::TLS13
        } else {
            &rustls::version::TLS12
        }]
    }
}

fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(WORLD.ca.der()).expect("root");
    roots
}

fn peer_client(backend: &Backend, case: Case) -> rustls::Connection {
    let builder =
        rustls::ClientConfig::builder_with_details(backend.provider().clone(), Arc::new(TestClock))
            .with_protocol_versions(&case.versions())
            .expect("versions")
            .with_root_certificates(roots());
    let mut config = match case.client_certificate {
        true => builder
            .with_client_auth_cert(WORLD.client.chain.clone(), WORLD.client.key())
            .expect("identity"),
        false => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"echo".to_vec()];
    let name = ServerName::try_from("server.test").expect("name");
    ClientConnection::new(Arc::new(config), name)
        .expect("client")
        .into()
}

fn peer_server(backend: &Backend, case: Case) -> rustls::Connection {
    let mut provider = rustls::crypto::CryptoProvider::clone(backend.provider());
    if case.hello_retry {
        provider
            .kx_groups
            .retain(|group| group.name() == rustls::NamedGroup::secp256r1);
    }
    let provider = Arc::new(provider);
    let builder = rustls::ServerConfig::builder_with_details(provider.clone(), Arc::new(TestClock))
        .with_protocol_versions(&case.versions())
        .expect("versions");
    let builder = match case.client_certificate {
        true => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots()), provider)
                .build()
                .expect("verifier"),
        ),
        false => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key())
        .expect("identity");
    config.alpn_protocols = vec![b"echo".to_vec()];
    ServerConnection::new(Arc::new(config))
        .expect("server")
        .into()
}

/// Both speak, both hear, both close.
fn converse(end: &mut End, peer: &mut rustls::Connection, case: Case) {
    exchange(end, peer);
    assert!(end.saw(Event::Encrypted), "{case:?}: {:?}", end.conn);
    assert_eq!(end.conn.alpn_protocol(), Some(&b"echo"[..]));
    assert_eq!(peer.alpn_protocol(), Some(&b"echo"[..]));
    let ours: Vec<u8> = (0..30_000).map(|i| (i * 7) as u8).collect();
    let theirs: Vec<u8> = (0..30_000).map(|i| (i * 11) as u8).collect();
    peer.writer().write_all(&theirs).expect("room");
    let mut heard = Vec::new();
    let mut written = 0;
    while written < ours.len() || heard.len() < theirs.len() {
        written += end.conn.write(&ours[written..]).expect("open");
        exchange(end, peer);
        heard.extend(end.read_all());
    }
    assert_eq!(heard, theirs, "{case:?}");
    let mut out = vec![0; ours.len()];
    peer.reader().read_exact(&mut out).expect("all of it");
    assert_eq!(out, ours, "{case:?}");
    if case.tls13 {
        peer.refresh_traffic_keys().expect("TLS 1.3");
        end.conn.update_keys().expect("TLS 1.3");
        peer.writer().write_all(b"under new keys").expect("room");
        end.write(b"new keys here as well");
        exchange(end, peer);
        assert_eq!(end.read_all(), b"under new keys");
        let mut out = [0; 21];
        peer.reader().read_exact(&mut out).expect("all of it");
        assert_eq!(&out, b"new keys here as well");
    }
    end.conn.close();
    exchange(end, peer);
    peer.send_close_notify();
    exchange(end, peer);
    assert_eq!(
        peer.reader().read(&mut [0; 1]).expect("close_notify came"),
        0
    );
    assert!(end.saw(Event::PeerClosed));
    assert!(
        end.conn.close_report().expect("closed").clean,
        "{case:?}: {:?}",
        end.events
    );
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for tls13 in [false, true] {
        for client_certificate in [false, true] {
            for hello_retry in [false, true] {
                cases.push(Case {
                    tls13,
                    client_certificate,
                    hello_retry,
                });
            }
        }
    }
    cases
}

#[test]
fn our_client_speaks_with_rustls_server() {
    for ours in backends() {
        for theirs in backends() {
            for case in cases() {
                let mut config = client(ours.clone())
                    .protocols(&[case.version()])
                    .groups(&["X25519", "secp256r1"])
                    .alpn(&[b"other", b"echo"]);
                if case.client_certificate {
                    config = config.identity(WORLD.client.chain.clone(), WORLD.client.key());
                }
                let mut end = End::new(Limits::default());
                let config = config.build().expect("client");
                end.conn
                    .start_client_encryption(&config, server_name())
                    .expect("start");
                converse(&mut end, &mut peer_server(&theirs, case), case);
                assert_eq!(
                    end.saw(Event::ClientCertificateRequested),
                    case.client_certificate
                );
                let group = end.conn.key_exchange_group();
                assert_eq!(group == Some("secp256r1"), case.hello_retry, "{case:?}");
            }
        }
    }
}

#[test]
fn our_server_speaks_with_rustls_client() {
    for ours in backends() {
        for theirs in backends() {
            for case in cases() {
                let mut config = server(ours.clone())
                    .protocols(&[case.version()])
                    .alpn(&[b"echo"])
                    .verify_mode(match case.client_certificate {
                        true => VerifyMode::Verify,
                        false => VerifyMode::None,
                    });
                if case.hello_retry {
                    // The last of the client's groups.
                    config = config.groups(&["secp384r1"]);
                }
                let mut end = End::new(Limits::default());
                let start = ServerStart::With(config.build().expect("server"));
                end.conn.start_server_encryption(start).expect("start");
                converse(&mut end, &mut peer_client(&theirs, case), case);
                assert_eq!(
                    end.conn.peer_certificate().is_some(),
                    case.client_certificate
                );
                if case.hello_retry {
                    assert_eq!(end.conn.key_exchange_group(), Some("secp384r1"));
                }
            }
        }
    }
}

/// Both ends renew their keys three times, and speak in between.
fn renew(end: &mut End, peer: &mut rustls::Connection) {
    exchange(end, peer);
    for generation in 0..3 {
        end.conn.update_keys().expect("TLS 1.3");
        end.write(&[generation; 20]);
        exchange(end, peer);
        let mut out = [0; 20];
        peer.reader().read_exact(&mut out).expect("all of it");
        assert_eq!(out, [generation; 20]);
        peer.refresh_traffic_keys().expect("TLS 1.3");
        peer.writer().write_all(&[generation; 30]).expect("room");
        exchange(end, peer);
        assert_eq!(end.read_all(), [generation; 30]);
    }
}

/// A client that keeps tickets renews its keys with rustls, everything else without.
#[test]
fn keys_are_renewed_as_rustls_renews_them() {
    let case = Case {
        tls13: true,
        client_certificate: false,
        hello_retry: false,
    };
    for backend in backends() {
        for suite in [
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
        ] {
            for sessions in [0, 8] {
                let config = client(backend.clone())
                    .ciphers(&[suite])
                    .alpn(&[b"echo"])
                    .session_cache(sessions);
                let config = config.build().expect("client");
                let mut end = End::new(Limits::default());
                end.conn
                    .start_client_encryption(&config, server_name())
                    .expect("start");
                renew(&mut end, &mut peer_server(&backend, case));
                // Our engine says that tickets are of no use where none is kept.
                let comes = sessions > 0 || !tests_own_engine();
                assert_eq!(end.saw(Event::SessionTicketReceived), comes);
            }
            let config = server(backend.clone()).ciphers(&[suite]).alpn(&[b"echo"]);
            let start = ServerStart::With(config.build().expect("server"));
            let mut end = End::new(Limits::default());
            end.conn.start_server_encryption(start).expect("start");
            renew(&mut end, &mut peer_client(&backend, case));
        }
    }
}
