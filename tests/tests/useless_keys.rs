//! Keys of peers that no signature can be checked with: the certificate is refused for them, and
//! nobody is said to have forged anything.

use sslcore::SslErrorKind::UnsupportedAlgorithm;
use sslcore::{
    Certificate, ClientConfig, ConfigBuilder, Connection, Event, FailureKind, Fault, OnErrors,
    PeerName, Pin, ServerConfig, SslError, VerifyMode,
};
use sslcore_tests::chains::{HOST, Made};
use sslcore_tests::judging::{ders, now};
use sslcore_tests::pair::{Pair, VERSIONS, backend, backends, client, server};
use sslcore_tests::useless::{Useless, useless};

/// Every way to let a peer in in spite of an error: of a client, and of a server that asks.
fn lenient() -> Vec<(&'static str, VerifyMode, OnErrors)> {
    vec![
        ("strict", VerifyMode::Verify, OnErrors::Reject),
        ("asking", VerifyMode::Verify, OnErrors::Hold),
        (
            "careless",
            VerifyMode::Verify,
            OnErrors::DangerouslyAcceptAll,
        ),
        ("curious", VerifyMode::Query, OnErrors::Reject),
        ("judged elsewhere", VerifyMode::External, OnErrors::Reject),
        ("blind", VerifyMode::None, OnErrors::Reject),
    ]
}

/// The settings that all ends here share.
fn judging<C>(
    builder: ConfigBuilder<C>,
    (root, leaf): (&Made, &Made),
    (_, mode, on_errors): (&str, VerifyMode, OnErrors),
) -> ConfigBuilder<C> {
    let builder = builder
        .trust_anchors([root.der.clone()])
        .verify_mode(mode)
        .on_errors(on_errors);
    match mode {
        VerifyMode::Verify => {
            let leaf = Certificate::from_der(leaf.der.clone());
            builder.forgive([SslError::new(UnsupportedAlgorithm, Some(leaf))])
        }
        _ => builder,
    }
}

fn shown_by_server(key: &Useless, leaf: &Made) -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(backend())
        .verify_mode(VerifyMode::None)
        .identity_with_signer([leaf.der.clone()], key.owner())
}

fn shown_by_client(key: &Useless, leaf: &Made) -> ConfigBuilder<ClientConfig> {
    client(backend()).identity_with_signer([leaf.der.clone()], key.owner())
}

#[test]
fn a_chain_judged_without_a_handshake_has_the_error_that_a_handshake_would_have() {
    for key in useless() {
        let (root, leaf) = key.certified();
        for backend in backends() {
            let case = format!("{}, {}", key.name, backend.name());
            let config = ClientConfig::builder(backend.clone()).trust_anchors([root.der.clone()]);
            let config = config.build().expect("a client");
            let name = PeerName::new(HOST).expect("a name");
            let errors = config.verify_chain(&ders(&[&leaf]), Some(&name), Some(now()));
            if key.except == Some(backend.name()) {
                assert_eq!(errors, [], "{case}");
                continue;
            }
            let [error] = &errors[..] else {
                panic!("{case}: {errors:?}");
            };
            assert_eq!((error.kind(), error.depth()), (UnsupportedAlgorithm, 0));
            assert!(!error.is_forgivable(), "{case}");
            let told = error.explanation().to_string();
            assert!(told.ends_with(key.words), "{case}: {told}");
        }
    }
}

#[test]
fn who_shows_such_a_key_is_refused_for_the_certificate_however_lenient_the_other_side_is() {
    for key in useless() {
        let (root, leaf) = key.certified();
        for backend in backends() {
            for version in VERSIONS {
                for lenience in lenient() {
                    let case = format!("{}, {}, {version}", key.name, backend.name());
                    let expected = match key.except == Some(backend.name()) {
                        true => FailureKind::BadHandshakeSignature,
                        false => FailureKind::CertificateRejected(UnsupportedAlgorithm),
                    };
                    let judge = client(backend.clone()).protocols(&[version]);
                    let judge = judging(judge, (&root, &leaf), lenience);
                    let mut pair = Pair::handshaken(judge, shown_by_server(&key, &leaf));
                    pair.run();
                    let case = format!("{case}, {}", lenience.0);
                    refused(&pair.client.conn, expected, &case);
                    assert!(!pair.client.saw(Event::Encrypted), "{case}");

                    if lenience.1 == VerifyMode::None {
                        // A server that asks for none is shown none.
                        continue;
                    }
                    let judge = server(backend.clone()).protocols(&[version]);
                    let judge = judging(judge, (&root, &leaf), lenience);
                    let mut pair = Pair::handshaken(shown_by_client(&key, &leaf), judge);
                    pair.run();
                    refused(&pair.server.conn, expected, &case);
                    assert!(!pair.server.saw(Event::Encrypted), "{case}");
                }
            }
        }
    }
}

fn refused(conn: &Connection, expected: FailureKind, case: &str) {
    let failure = conn.failure().unwrap_or_else(|| panic!("{case}: {conn:?}"));
    assert_eq!(failure.kind(), expected, "{case}");
    if expected == FailureKind::CertificateRejected(UnsupportedAlgorithm) {
        assert_eq!(failure.fault(), Fault::Certificate);
        assert!(failure.to_string().contains("its "), "{case}: {failure}");
    }
    assert!(conn.review().is_none(), "{case}");
}

/// Trust by pin is trust in a key: in this one there can be none.
#[test]
fn a_pin_does_not_help() {
    for key in useless() {
        let (_, leaf) = key.certified();
        for backend in backends() {
            if key.except == Some(backend.name()) {
                continue;
            }
            for version in VERSIONS {
                let judge = client(backend.clone()).protocols(&[version]);
                let shown = Certificate::from_der(leaf.der.clone());
                let pin = shown.fingerprint_sha256(&backend).expect("SHA-256");
                let judge = judge.pins([Pin::CertificateSha256(pin)]);
                let pair = Pair::handshaken(judge, shown_by_server(&key, &leaf));
                let expected = FailureKind::CertificateRejected(UnsupportedAlgorithm);
                let case = format!("{}, {}, {version}", key.name, backend.name());
                refused(&pair.client.conn, expected, &case);
            }
        }
    }
}
