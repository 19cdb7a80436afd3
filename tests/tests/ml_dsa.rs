//! Post-quantum signatures: none is offered, asked for, made or accepted.
#![cfg(feature = "aws-lc-rs")]

use rcgen::{KeyPair, PKCS_ML_DSA_44, PKCS_ML_DSA_65, PKCS_ML_DSA_87};
use sslcore::crypto::Backend;
use sslcore::{Alert, ConfigError, FailureKind, SslErrorKind, VerifyMode};
use sslcore_tests::chains::{HOST, Made, authority, leaf};
use sslcore_tests::hello::{ClientHello, kind, number};
use sslcore_tests::pair::{Pair, backends, client, server};
use sslcore_tests::records::handshake_content;

/// Whether a number is one of ML-DSA's or SLH-DSA's signature schemes (IANA).
fn is_post_quantum(scheme: u16) -> bool {
    (0x0904..=0x0906).contains(&scheme) || (0x0911..=0x091c).contains(&scheme)
}

/// The schemes that a server names when it asks for a certificate; TLS 1.2 asks in the clear.
fn asked_for(backend: &Backend) -> Vec<u16> {
    let client = client(backend.clone()).protocols(&["TLSv1.2"]).build();
    let server = server(backend.clone())
        .verify_mode(VerifyMode::Verify)
        .build();
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let mut rest = &handshake_content(&pair.server.take())[..];
    loop {
        let len = u32::from_be_bytes([0, rest[1], rest[2], rest[3]]) as usize;
        let (message, later) = rest.split_at(4 + len);
        rest = later;
        if message[0] == kind::CERTIFICATE_REQUEST {
            // RFC 5246 §7.4.4: types of certificates, then schemes.
            let schemes = &message[5 + usize::from(message[4])..];
            let len = usize::from(u16::from_be_bytes([schemes[0], schemes[1]]));
            let pairs = schemes[2..2 + len].chunks(2);
            return pairs
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
        }
    }
}

/// The schemes in a client's hello, which has no list for certificates alone.
fn offered(backend: &Backend) -> Vec<u16> {
    let client = client(backend.clone()).build().expect("client");
    let server = server(backend.clone()).build().expect("server");
    let mut pair = Pair::tls(&client, &server);
    let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
    assert!(!hello.extensions().has(number::SIGNATURE_ALGORITHMS_CERT));
    let schemes = hello.extensions().get(number::SIGNATURE_ALGORITHMS);
    let pairs = schemes[2..].chunks(2);
    pairs
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect()
}

#[test]
fn no_post_quantum_signature_is_offered_by_a_client_or_asked_for_by_a_server() {
    for backend in backends() {
        let known = backend.provider().signature_verification_algorithms;
        let known = known.mapping.iter().map(|(scheme, _)| u16::from(*scheme));
        for schemes in [known.collect(), offered(&backend), asked_for(&backend)] {
            assert!(schemes.contains(&0x0403), "{schemes:x?}");
            let post_quantum = schemes.iter().any(|scheme| is_post_quantum(*scheme));
            assert!(!post_quantum, "{} {schemes:x?}", backend.name());
        }
    }
}

#[test]
fn a_key_of_ml_dsa_is_refused_when_the_configuration_is_built() {
    for algorithm in [&PKCS_ML_DSA_44, &PKCS_ML_DSA_65, &PKCS_ML_DSA_87] {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let made = Made::self_signed_by(leaf(&[HOST]), key);
        for backend in backends() {
            let server = server(backend).identity([made.der.clone()], made.private_key());
            let error = server.build().expect_err("no such key");
            assert!(matches!(error, ConfigError::UnusableKey(_)), "{error:?}");
        }
    }
}

#[test]
fn a_certificate_that_ml_dsa_has_signed_has_an_error() {
    let key = KeyPair::generate_for(&PKCS_ML_DSA_65).expect("a key");
    let root = Made::self_signed_by(authority("root"), key);
    let made = root.issue(leaf(&[HOST]));
    for backend in backends() {
        for version in ["TLSv1.2", "TLSv1.3"] {
            let server = server(backend.clone()).protocols(&[version]);
            let server = server.identity([made.der.clone()], made.private_key());
            let client = client(backend.clone()).trust_anchors([root.der.clone()]);
            let (client, server) = (client.build(), server.build());
            let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
            pair.run();
            assert_eq!(
                pair.client.error_kinds(),
                [SslErrorKind::UnsupportedAlgorithm],
                "{} {version}",
                backend.name()
            );
            let failure = pair.client.conn.failure().expect("a failure");
            let unsupported = SslErrorKind::UnsupportedAlgorithm;
            let rejected = FailureKind::CertificateRejected(unsupported);
            assert_eq!(failure.kind(), rejected, "{failure}");
            assert_eq!(failure.alert(), Some(Alert::BadCertificate));
        }
    }
}
