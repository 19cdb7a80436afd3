//! Trust by pin: one certificate, or one key, as it is.

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{KeyPair, PublicKeyData};
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, ConfigError, Event, FailureKind, OnErrors, Pin,
    ServerConfig, SslErrorKind, Verdict, VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD, self_signed_with};
use sslcore_tests::pair::{Pair, VERSIONS, backend, backends, client, server};

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = digest(&SHA256, bytes);
    digest.as_ref().try_into().expect("32 bytes")
}

fn certificate_of(identity: &Identity) -> Pin {
    Pin::CertificateSha256(sha256(&identity.chain[0]))
}

fn key_of(identity: &Identity) -> Pin {
    let key = KeyPair::try_from(&identity.key()).expect("key");
    Pin::SpkiSha256(sha256(&key.subject_public_key_info()))
}

fn server_as(version: &str, identity: &Identity) -> ServerConfig {
    server(backend())
        .protocols(&[version])
        .identity(identity.chain.clone(), identity.key())
        .build()
        .expect("server")
}

/// A client that trusts no authority.
fn lonely(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version]).trust_anchors([])
}

fn outcome(client: ConfigBuilder<ClientConfig>, server: &ServerConfig) -> Pair {
    let mut pair = Pair::tls(&client.build().expect("client"), server);
    pair.run();
    pair
}

fn kinds(pair: &Pair) -> Vec<SslErrorKind> {
    let errors = pair.client.conn.ssl_errors();
    errors.iter().map(|error| error.kind()).collect()
}

#[test]
fn a_pinned_certificate_is_trusted_whatever_is_wrong_with_it() {
    let odd = self_signed_with(&["elsewhere.test"], |params| {
        params.not_after = rcgen::date_time_ymd(2025, 6, 1);
    });
    for version in VERSIONS {
        for pin in [certificate_of(&odd), key_of(&odd)] {
            let pair = outcome(lonely(version).pins([pin]), &server_as(version, &odd));
            assert!(pair.client.saw(Event::Encrypted), "{version} {pin:?}");
            assert_eq!(kinds(&pair), []);
        }
    }
}

#[test]
fn a_pin_is_found_with_every_backend() {
    for backend in backends() {
        let name = backend.name();
        let client = client(backend)
            .trust_anchors([])
            .pins([certificate_of(&WORLD.self_signed)]);
        let pair = outcome(client, &server_as("TLSv1.3", &WORLD.self_signed));
        assert!(pair.client.saw(Event::Encrypted), "{name}");
    }
}

#[test]
fn one_of_several_pins_is_enough() {
    let pins = [certificate_of(&WORLD.expired), key_of(&WORLD.self_signed)];
    let server = server_as("TLSv1.3", &WORLD.self_signed);
    let pair = outcome(lonely("TLSv1.3").pins(pins), &server);
    assert!(pair.client.saw(Event::Encrypted));
}

#[test]
fn a_certificate_that_is_not_pinned_is_refused_although_its_chain_is_good() {
    for version in VERSIONS {
        let client = client(backend())
            .protocols(&[version])
            .pins([certificate_of(&WORLD.self_signed)]);
        let pair = outcome(client, &server_as(version, &WORLD.server));
        assert_eq!(kinds(&pair), [SslErrorKind::NotPinned], "{version}");
        assert_eq!(
            pair.client.conn.failure().map(|failure| failure.kind()),
            Some(FailureKind::CertificateRejected(SslErrorKind::NotPinned))
        );
        assert!(
            pair.server.saw(Event::AlertReceived(Alert::BadCertificate)),
            "{version}: {:?}",
            pair.server.events
        );
    }
}

#[test]
fn the_other_errors_are_told_behind_not_pinned() {
    let client = lonely("TLSv1.3").pins([certificate_of(&WORLD.server)]);
    let pair = outcome(client, &server_as("TLSv1.3", &WORLD.self_signed));
    assert_eq!(
        kinds(&pair),
        [SslErrorKind::NotPinned, SslErrorKind::SelfSignedCertificate]
    );
}

#[test]
fn another_certificate_with_the_pinned_key_matches_only_the_pin_of_the_key() {
    let key = KeyPair::generate().expect("key");
    let renewed = |serial: u64| {
        let mut params = rcgen::CertificateParams::new(["server.test".into()]).expect("names");
        params.serial_number = Some(serial.into());
        let certificate = params.self_signed(&key).expect("certificate");
        (
            certificate.der().clone(),
            Pin::CertificateSha256(sha256(certificate.der())),
        )
    };
    let (_, old) = renewed(1);
    let (new, _) = renewed(2);
    let spki = Pin::SpkiSha256(sha256(&key.subject_public_key_info()));
    let server = server(backend())
        .identity([new], key)
        .build()
        .expect("server");
    assert!(
        outcome(lonely("TLSv1.3").pins([spki]), &server)
            .client
            .saw(Event::Encrypted)
    );
    let pair = outcome(lonely("TLSv1.3").pins([old]), &server);
    assert_eq!(kinds(&pair)[0], SslErrorKind::NotPinned);
}

#[test]
fn a_server_can_pin_its_clients() {
    for (pinned, encrypted) in [(&WORLD.client, true), (&WORLD.server, false)] {
        let server = server(backend())
            .trust_anchors([])
            .verify_mode(VerifyMode::Verify)
            .pins([certificate_of(pinned)])
            .build()
            .expect("server");
        let client = client(backend()).identity(WORLD.client.chain.clone(), WORLD.client.key());
        let pair = outcome(client, &server);
        assert_eq!(pair.server.saw(Event::Encrypted), encrypted);
    }
}

#[test]
fn a_pin_does_not_need_the_time() {
    let config = lonely("TLSv1.3")
        .pins([certificate_of(&WORLD.self_signed)])
        .build()
        .expect("client");
    let mut pair = Pair::tls(&config, &server_as("TLSv1.3", &WORLD.self_signed));
    pair.client.has_wall_clock = false;
    pair.run();
    assert!(pair.client.saw(Event::Encrypted));
}

#[test]
fn a_person_can_still_be_asked_about_what_is_not_pinned() {
    let client = lonely("TLSv1.3")
        .on_errors(OnErrors::Hold)
        .pins([certificate_of(&WORLD.server)]);
    let pair = outcome(client, &server_as("TLSv1.3", &WORLD.self_signed));
    let review = pair.client.conn.review().expect("a review");
    assert_eq!(review.errors[0].kind(), SslErrorKind::NotPinned);
}

#[test]
fn trust_on_first_use_is_a_person_asked_once() {
    for version in VERSIONS {
        let server = server_as(version, &WORLD.self_signed);
        let first = lonely(version).on_errors(OnErrors::Hold);
        let mut pair = outcome(first, &server);
        let accepted = pair.client.conn.peer_certificate().expect("asked about");
        let pin = Pin::SpkiSha256(accepted.spki_sha256(&backend()).expect("a key"));
        pair.client.answer(Verdict::Accept);
        pair.run();
        assert_eq!(
            pair.client.told(),
            ["SelfSignedCertificate 0", "SslErrors", "Encrypted"]
        );

        let then = || lonely(version).on_errors(OnErrors::Hold).pins([pin]);
        let pair = outcome(then(), &server);
        assert_eq!(pair.client.told(), ["Encrypted"], "{version}");
        // Somebody else in its place.
        for identity in [&WORLD.stranger, &WORLD.server] {
            let pair = outcome(then(), &server_as(version, identity));
            assert_eq!(pair.client.error_kinds()[0], SslErrorKind::NotPinned);
            assert!(!pair.client.conn.is_encrypted(), "{version}");
        }
    }
}

#[test]
fn pins_that_nobody_would_compare_are_refused() {
    let refused = client(backend())
        .verify_mode(VerifyMode::None)
        .pins([Pin::CertificateSha256([0; 32])])
        .build();
    assert_eq!(refused.err(), Some(ConfigError::PinsWithoutVerification));
}

#[test]
fn a_list_of_blocked_ones_that_nobody_would_compare_is_refused() {
    for mode in [VerifyMode::None, VerifyMode::External] {
        let refused = client(backend())
            .verify_mode(mode)
            .block([Pin::SpkiSha256([0; 32])])
            .build();
        assert_eq!(refused.err(), Some(ConfigError::PinsWithoutVerification));
    }
}
