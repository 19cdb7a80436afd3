//! The roots that come with the system, and Mozilla's.
#![cfg(any(feature = "native-roots", feature = "webpki-roots"))]

use rustls_pki_types::CertificateDer;
use sslcore::ClientConfig;
use sslcore_std::trust;
#[cfg(feature = "native-roots")]
use sslcore_tests::certs::{WORLD, pem};
#[cfg(feature = "native-roots")]
use sslcore_tests::peer::Scratch;

#[cfg(feature = "native-roots")]
use crate::certificate_pem;

/// Every one of these is taken by the configuration.
fn all_are_anchors(certificates: &[CertificateDer<'static>]) {
    ClientConfig::builder(sslcore_std::default_backend())
        .trust_anchors(certificates.to_vec())
        .build()
        .expect("each can be a trust anchor");
}

#[cfg(feature = "native-roots")]
#[test]
fn the_systems_roots_load_or_it_is_said_why_not() {
    let roots = trust::system();
    assert!(!roots.certificates.is_empty() || !roots.errors.is_empty());
    for error in &roots.errors {
        let text = error.to_string();
        assert!(text.starts_with("the system's trust store: "), "{text}");
    }
    all_are_anchors(&roots.certificates);
}

#[cfg(feature = "native-roots")]
#[test]
fn an_odd_root_of_the_system_is_named_and_spoils_nothing() {
    // In a program of its own: the environment belongs to all tests of this one.
    const INSIDE: &str = "SSLCORE_TEST_ODD_ROOT";
    if std::env::var_os(INSIDE).is_none() {
        let files = Scratch::new();
        let odd = pem("CERTIFICATE", b"\x30\x03\x02\x01\x07");
        let store = files.file("store.pem", certificate_pem(&WORLD.ca.der()) + &odd);
        let output = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "roots::an_odd_root_of_the_system_is_named_and_spoils_nothing",
            ])
            .env("SSL_CERT_FILE", store)
            .env_remove("SSL_CERT_DIR")
            .env(INSIDE, "1")
            .output()
            .expect("run");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("test result: ok. 1 passed"), "{text}");
        return;
    }
    let roots = trust::system();
    assert_eq!(roots.certificates.len(), 1);
    all_are_anchors(&roots.certificates);
    let errors: Vec<String> = roots.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "the system's trust store: the root \"without a name\": this is not a certificate that \
          can be used (BadDer)"
        ]
    );
}

#[cfg(feature = "webpki-roots")]
#[test]
fn mozillas_roots_are_trust_anchors() {
    let roots = trust::mozilla();
    assert!(roots.len() > 100, "only {}", roots.len());
    all_are_anchors(&roots);
}
