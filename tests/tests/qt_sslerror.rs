//! Qt's tests of QSslError and QSslKeyingMaterial, by their names.

use std::collections::HashSet;

use sslcore::{Certificate, ExportError, OnErrors, SslError, SslErrorKind};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, backend, client, server};

/// Qt's `constructing`: an error that is none. Here there is no such value; one without a certificate
/// there is.
#[test]
fn constructing() {
    let error = SslError::new(SslErrorKind::NoPeerCertificate, None);
    assert_eq!(error.kind(), SslErrorKind::NoPeerCertificate);
    assert_eq!(error.certificate(), None);
    assert!(!error.to_string().is_empty());
}

/// Qt's `nonDefaultConstructors`: an error has the kind and the certificate that it was made with, and
/// a text of its own.
#[test]
fn non_default_constructors() {
    let certificate = Certificate::from(WORLD.server.chain[0].clone());
    let kinds = [
        SslErrorKind::CertificateExpired,
        SslErrorKind::HostNameMismatch,
        SslErrorKind::SelfSignedCertificate,
        SslErrorKind::CertificateBlacklisted,
        SslErrorKind::CertificateRevoked,
    ];
    let mut texts = HashSet::new();
    for kind in kinds {
        let error = SslError::new(kind, Some(certificate.clone()));
        assert_eq!(error.kind(), kind);
        assert_eq!(error.certificate(), Some(&certificate));
        assert!(texts.insert(error.to_string()), "{error}");
    }
}

/// Qt's `hash`: errors can be members of a set, and equal ones are one.
#[test]
fn hash() {
    let certificate = Certificate::from(WORLD.server.chain[0].clone());
    let expired = || SslError::new(SslErrorKind::CertificateExpired, Some(certificate.clone()));
    let mut errors = HashSet::from([expired(), expired()]);
    assert_eq!(errors.len(), 1);
    errors.insert(SslError::new(SslErrorKind::CertificateExpired, None));
    errors.insert(SslError::new(
        SslErrorKind::CertificateRevoked,
        Some(certificate.clone()),
    ));
    assert_eq!(errors.len(), 3);
}

/// Encrypted, with a certificate that is forgiven, as in Qt's test.
fn encrypted() -> Pair {
    let client = client(backend()).on_errors(OnErrors::DangerouslyAcceptAll);
    let server = server(backend()).identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
    Pair::encrypted(
        &client.build().expect("client"),
        &server.build().expect("server"),
    )
}

/// Qt's `construction`: a label and a length are needed, a context is not, and an empty one is one.
#[test]
fn construction() {
    let pair = encrypted();
    let export = |label: &[u8], len: usize, context| {
        pair.client
            .conn
            .export_keying_material(&mut vec![0; len], label, context)
    };
    assert_eq!(export(b"", 1, None), Err(ExportError::LabelLength(0)));
    assert_eq!(export(b"dummy", 0, None), Err(ExportError::OutputLength(0)));
    for context in [None, Some(&b""[..]), Some(b"ctx")] {
        assert_eq!(export(b"dummy", 256, context), Ok(()));
    }
}

/// Qt's `exporterProducesSameMaterialOnBothSides`: for the same label, length and context, and for no
/// others.
#[test]
fn exporter_produces_same_material_on_both_sides() {
    let pair = encrypted();
    let mut all = HashSet::new();
    for (len, context) in [(5, None), (6, None), (5, Some(&b"ctx1"[..]))] {
        let [ours, theirs] = [&pair.client, &pair.server].map(|end| {
            let mut material = vec![0; len];
            let exported = end
                .conn
                .export_keying_material(&mut material, b"label1", context);
            exported.expect("encrypted");
            material
        });
        assert_eq!(ours, theirs);
        assert!(all.insert(ours));
    }
}
