//! Certificates judged and refused, by us and by the programs of OpenSSL.

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, FailureKind, PeerName, ServerConfig, SslErrorKind,
    VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::pair::{backend, client, server};
use sslcore_tests::peer::Peer;
use sslcore_tests::wire::{Door, Wire};

fn client_of(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

/// A server that does not speak to clients without a certificate.
fn strict_server(version: &str) -> ConfigBuilder<ServerConfig> {
    server(backend())
        .protocols(&[version])
        .verify_mode(VerifyMode::Verify)
}

/// Each way a server's certificate can be wrong, the name that the client expects, and what
/// follows.
fn wrong_servers() -> [(&'static Identity, &'static str, SslErrorKind, Alert); 4] {
    use SslErrorKind as K;
    let world = &*WORLD;
    [
        (
            &world.self_signed,
            "server.test",
            K::SelfSignedCertificate,
            Alert::UnknownCa,
        ),
        (
            &world.stranger,
            "server.test",
            K::UnableToGetLocalIssuerCertificate,
            Alert::UnknownCa,
        ),
        (
            &world.expired,
            "server.test",
            K::CertificateExpired,
            Alert::CertificateExpired,
        ),
        (
            &world.server,
            "other.test",
            K::HostNameMismatch,
            Alert::BadCertificate,
        ),
    ]
}

#[test]
fn a_server_whose_certificate_is_wrong_gets_the_right_alert_and_nothing_else() {
    for (version, option) in VERSIONS {
        for (identity, name, kind, alert) in wrong_servers() {
            let (mut server, address) = openssl::server(identity, &[option]);
            let config = client_of(version).build().expect("config");
            let name = PeerName::new("server.test").and_then(|peer| peer.verify_as(name));
            let mut wire = Wire::connect_to(address, &config, name.expect("a name"));
            wire.until_failed(FailureKind::CertificateRejected(kind));
            assert_eq!(wire.alerts_sent(), [alert]);
            assert!(!wire.end.saw(Event::Encrypted));
            openssl::assert_only_alerted(&mut server, version, alert);
        }
    }
}

#[test]
fn a_client_shows_its_certificate_to_a_server_that_wants_one() {
    for (version, option) in VERSIONS {
        let options = [option, "-Verify", "1", "-verify_return_error"];
        let (server, address) = openssl::server(&WORLD.server, &options);
        let config = client_of(version)
            .identity(WORLD.client.chain.clone(), WORLD.client.key())
            .build();
        let mut wire = Wire::connect(address, &config.expect("config"));
        wire.until_encrypted();
        wire.send(b"from a client with a name\n");
        wire.until("the data", |_| server.said("from a client with a name\n"));
        assert!(wire.end.saw(Event::ClientCertificateRequested));
        let received = openssl::received(&server);
        assert!(
            received.contains(&"CertificateVerify".to_string()),
            "{received:?}"
        );
        let leaf = WORLD.client.chain_pem();
        assert!(server.said(&leaf), "it prints the client certificate");
        assert!(wire.close().clean);
    }
}

#[test]
fn a_client_that_openssl_refuses_learns_why() {
    let (none, unknown) = (None, Some(&WORLD.stranger));
    for (version, option, identity, alert) in [
        ("TLSv1.2", "-tls1_2", none, Alert::HandshakeFailure),
        ("TLSv1.3", "-tls1_3", none, Alert::CertificateRequired),
        ("TLSv1.2", "-tls1_2", unknown, Alert::UnknownCa),
        ("TLSv1.3", "-tls1_3", unknown, Alert::UnknownCa),
    ] {
        let options = [option, "-Verify", "1", "-verify_return_error"];
        let (mut server, address) = openssl::server(&WORLD.server, &options);
        let mut config = client_of(version);
        if let Some(identity) = identity {
            config = config.identity(identity.chain.clone(), identity.key());
        }
        let mut wire = Wire::connect(address, &config.build().expect("config"));
        wire.until_failed(FailureKind::AlertReceived(alert));
        assert!(wire.end.saw(Event::AlertReceived(alert)));
        assert!(wire.end.saw(Event::ClientCertificateRequested));
        // Rule R14: a TLS 1.3 client is encrypted before the server has judged it.
        assert_eq!(wire.end.saw(Event::Encrypted), version == "TLSv1.3");
        assert_eq!(wire.alerts_sent(), []);
        server.until_exit();
        assert!(openssl::sent(&server).contains(&format!("fatal {}", alert.name())));
    }
}

#[test]
fn a_server_that_openssl_refuses_learns_why() {
    for (version, option) in VERSIONS {
        for (identity, alert) in [
            (&WORLD.self_signed, Alert::UnknownCa),
            (&WORLD.stranger, Alert::UnknownCa),
            (&WORLD.expired, Alert::CertificateExpired),
        ] {
            let config = server(backend())
                .protocols(&[version])
                .identity(identity.chain.clone(), identity.key())
                .build();
            let door = Door::open();
            let mut client = openssl::client(door.address, &[option]);
            let mut wire = door.serve(&config.expect("config"));
            wire.until_failed(FailureKind::AlertReceived(alert));
            assert!(!wire.end.saw(Event::Encrypted));
            assert_eq!(wire.alerts_sent(), []);
            client.until_exit();
            assert_eq!(
                openssl::sent(&client).last(),
                Some(&format!("fatal {}", alert.name()))
            );
        }
    }
}

#[test]
fn a_server_that_wants_a_certificate_serves_a_client_that_has_one() {
    for (version, option) in VERSIONS {
        let door = Door::open();
        let client = openssl::client_as(&WORLD.client, door.address, &[option]);
        let mut wire = door.serve(&strict_server(version).build().expect("config"));
        wire.until_encrypted();
        client.say("from a client with a name\n");
        wire.until_received(26);
        assert_eq!(wire.received, b"from a client with a name\n");
        wire.send(b"welcome\n");
        wire.until("the welcome", |_| client.said("welcome\n"));
        let leaf = wire.end.conn.peer_certificate().expect("it has one");
        assert_eq!(*leaf.der(), WORLD.client.chain[0]);
        assert!(wire.end.conn.ssl_errors().is_empty());
        assert!(openssl::sent(&client).contains(&"CertificateVerify".to_string()));
        assert!(wire.close().clean);
    }
}

#[test]
fn a_server_that_wants_a_certificate_refuses_a_client_without_one() {
    for (version, option, alert) in [
        ("TLSv1.2", "-tls1_2", Alert::HandshakeFailure),
        ("TLSv1.3", "-tls1_3", Alert::CertificateRequired),
    ] {
        let door = Door::open();
        let client = openssl::client(door.address, &[option]);
        let wire = door.serve(&strict_server(version).build().expect("config"));
        refuses(
            wire,
            client,
            version,
            SslErrorKind::NoPeerCertificate,
            alert,
        );
    }
}

#[test]
fn a_server_that_wants_a_certificate_refuses_one_that_it_does_not_trust() {
    use SslErrorKind as K;
    for (version, option) in VERSIONS {
        for (identity, kind, alert) in [
            (
                &WORLD.stranger,
                K::UnableToGetLocalIssuerCertificate,
                Alert::UnknownCa,
            ),
            (
                &WORLD.self_signed,
                K::SelfSignedCertificate,
                Alert::UnknownCa,
            ),
            (
                &WORLD.expired,
                K::CertificateExpired,
                Alert::CertificateExpired,
            ),
        ] {
            let door = Door::open();
            let client = openssl::client_as(identity, door.address, &[option]);
            let wire = door.serve(&strict_server(version).build().expect("config"));
            refuses(wire, client, version, kind, alert);
        }
    }
}

/// Our server refuses, and all that the client gets after the first flight is the alert.
fn refuses(mut wire: Wire, mut client: Peer, version: &str, kind: SslErrorKind, alert: Alert) {
    wire.until_failed(FailureKind::CertificateRejected(kind));
    assert_eq!(wire.alerts_sent(), [alert]);
    assert!(!wire.end.saw(Event::Encrypted));
    client.until_exit();
    let fatal = format!("fatal {}", alert.name());
    let mut expected = openssl::first_flight(version);
    expected.push(&fatal);
    assert_eq!(openssl::received(&client), expected);
    assert!(client.said(&format!("SSL alert number {}\n", alert.code())));
}
