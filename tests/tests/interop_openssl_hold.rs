//! Verdicts that take their time: nothing happens meanwhile, and then the right thing.

use std::time::Duration;

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, FailureKind, OnErrors, ServerConfig, SslErrorKind, Verdict,
    VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::pair::{backend, client, server};
use sslcore_tests::wire::{Door, Wire};

/// A client that asks about certificates with errors.
fn doubting_client(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend())
        .protocols(&[version])
        .on_errors(OnErrors::Hold)
}

/// A server that wants certificates, and asks about those with errors.
fn doubting_server(version: &str) -> ConfigBuilder<ServerConfig> {
    server(backend())
        .protocols(&[version])
        .verify_mode(VerifyMode::Verify)
        .on_errors(OnErrors::Hold)
}

#[test]
fn a_held_client_says_nothing_until_it_is_told_to_go_on() {
    for (version, option) in VERSIONS {
        let (server, address) = openssl::server(&WORLD.self_signed, &[option]);
        let config = doubting_client(version).build();
        let mut wire = Wire::connect(address, &config.expect("config"));
        wire.send(b"written before the verdict\n");
        wire.until("a review", |wire| wire.end.conn.review().is_some());
        let released = |wire: &Wire| wire.bytes_sent() + wire.end.conn.transmit().len();
        let silent_since = released(&wire);
        for _ in 0..1000 {
            wire.turn();
        }
        wire.skip(Duration::from_secs(3600));
        let before = openssl::records_before_the_verdict(version);
        wire.until("all of it at the server", |_| {
            openssl::received_records(&server).len() >= before.len()
        });
        assert_eq!(openssl::received_records(&server), before);
        assert_eq!(released(&wire), silent_since);
        let review = wire.end.conn.review().expect("still open");
        assert_eq!(*review.chain[0].der(), WORLD.self_signed.chain[0]);
        let (id, errors) = (review.id, review.errors.to_vec());
        wire.end
            .conn
            .answer(id, Verdict::AcceptOnly(&errors))
            .expect("open");
        wire.until_encrypted();
        wire.until("the data", |_| server.said("written before the verdict\n"));
        server.say("welcome\n");
        wire.until_received(8);
        assert_eq!(wire.received, b"welcome\n");
        assert!(wire.close().clean);
    }
}

#[test]
fn a_held_client_that_is_told_to_refuse_sends_one_alert_and_nothing_else() {
    for (version, option) in VERSIONS {
        for (verdict, alert) in [
            (Verdict::Reject, Alert::UnknownCa),
            (Verdict::AcceptOnly(&[]), Alert::UnknownCa),
            (
                Verdict::RejectWith(Alert::AccessDenied),
                Alert::AccessDenied,
            ),
        ] {
            let (mut server, address) = openssl::server(&WORLD.self_signed, &[option]);
            let config = doubting_client(version).build();
            let mut wire = Wire::connect(address, &config.expect("config"));
            wire.until("a review", |wire| wire.end.conn.review().is_some());
            wire.skip(Duration::from_secs(3600));
            wire.turn();
            let id = wire.end.conn.review().expect("still open").id;
            wire.end.conn.answer(id, verdict).expect("open");
            let kind = SslErrorKind::SelfSignedCertificate;
            wire.until_failed(FailureKind::CertificateRejected(kind));
            assert_eq!(wire.alerts_sent(), [alert]);
            openssl::assert_only_alerted(&mut server, version, alert);
        }
    }
}

#[test]
fn a_held_server_delivers_nothing_until_it_is_told_to_go_on() {
    for (version, option) in VERSIONS {
        let door = Door::open();
        let client = openssl::client_as(&WORLD.stranger, door.address, &[option]);
        let config = doubting_server(version).build();
        let mut wire = door.serve(&config.expect("config"));
        client.say("from a stranger\n");
        wire.until("a review", |wire| wire.end.conn.review().is_some());
        wire.until("all that comes before the verdict", |wire| {
            // A TLS 1.3 client has finished: the record with its data, 38 bytes, is there.
            let data = if version == "TLSv1.3" { 38 } else { 0 };
            wire.end.conn.encrypted_bytes_available() >= data
        });
        for _ in 0..1000 {
            wire.turn();
        }
        wire.skip(Duration::from_secs(20));
        wire.turn();
        assert_eq!(wire.received, b"");
        let flight = openssl::first_flight(version);
        wire.until("all of it at the client", |_| {
            openssl::received(&client).len() >= flight.len()
        });
        assert_eq!(openssl::received(&client), flight);
        let id = wire.end.conn.review().expect("still open").id;
        wire.end.conn.answer(id, Verdict::Accept).expect("open");
        wire.until_received(16);
        assert_eq!(wire.received, b"from a stranger\n");
        wire.send(b"welcome, stranger\n");
        wire.until("the welcome", |_| client.said("welcome, stranger\n"));
        assert!(wire.close().clean);
    }
}

#[test]
fn a_held_server_that_nobody_answers_refuses_in_the_end() {
    for (version, option) in VERSIONS {
        let door = Door::open();
        let mut client = openssl::client_as(&WORLD.stranger, door.address, &[option]);
        let config = doubting_server(version).build();
        let mut wire = door.serve(&config.expect("config"));
        wire.until("a review", |wire| wire.end.conn.review().is_some());
        wire.skip(Duration::from_secs(31));
        wire.until_failed(FailureKind::DecisionTimeout);
        assert_eq!(wire.alerts_sent(), [Alert::CertificateUnknown]);
        client.until_exit();
        let mut expected = openssl::first_flight(version);
        expected.push("fatal certificate_unknown");
        assert_eq!(openssl::received(&client), expected);
    }
}
