//! Qt's tests of trust that comes from files and from the system, by name (`tst_qsslsocket.cpp`).
//! `tests/tests/qt-checklist.txt` lists all of them.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

mod common;

use common::{LONG, both, client, server, started};
use rustls_pki_types::CertificateDer;
use sslcore::ClientConfig;
use sslcore_std::trust;
use sslcore_tests::certs::{Ca, WORLD, pem};
use sslcore_tests::peer::Scratch;

/// Two roots in files of their own: another one's, and the one that the tests' server needs.
fn roots() -> (Scratch, [String; 2]) {
    let scratch = Scratch::new();
    let other = pem("CERTIFICATE", &Ca::new("another root").der());
    let needed = pem("CERTIFICATE", &WORLD.ca.der());
    let files = [scratch.file("a.pem", other), scratch.file("b.pem", needed)];
    (scratch, files)
}

fn trusting(roots: Vec<CertificateDer<'static>>) -> ClientConfig {
    let builder = client().trust_anchors(roots);
    builder.build().expect("client")
}

/// Whether a client with this configuration trusts the tests' server.
fn trusts(config: &ClientConfig) -> bool {
    let (mut one, mut other) = started(config, &server().build().expect("server"));
    let (outcome, _) = both(
        || one.wait_for_encrypted(Some(LONG)),
        || other.wait_for_encrypted(Some(LONG)),
    );
    outcome.is_ok()
}

/// Qt's `systemCaCertificates`: the system has some, and has the same when asked again. Those that
/// could not be used are told beside them; Qt drops them silently.
#[cfg(feature = "native-roots")]
#[test]
fn system_ca_certificates() {
    let system = trust::system();
    assert!(!system.certificates.is_empty(), "{:?}", system.errors);
    assert_eq!(trust::system().certificates, system.certificates);
    assert!(!trusts(&trusting(system.certificates)), "not our root");
}

/// Qt's `addCaCertificates` (Qt 5), which is a stub there: the certificates of a file are trusted
/// besides those before, and a file that is not there adds nothing. Qt says so by `false`, here it
/// is an error that names the file.
#[test]
fn add_ca_certificates() {
    let (scratch, [other, needed]) = roots();
    let mut roots = trust::certificates(&other).expect("load");
    assert!(!trusts(&trusting(roots.clone())));
    roots.extend(trust::certificates(&needed).expect("load"));
    assert_eq!(roots.len(), 2);
    assert!(trusts(&trusting(roots)));
    let missing = scratch.path().join("missing.pem");
    let error = trust::certificates(missing.to_str().expect("UTF-8")).expect_err("missing");
    assert!(error.to_string().contains("missing.pem"), "{error}");
}

/// Qt's `addCaCertificates2` (Qt 5), which is a stub there: by a pattern, from all files that
/// match.
#[test]
fn add_ca_certificates2() {
    let (scratch, _) = roots();
    for (pattern, works) in [("[a].pem", false), ("*.pem", true)] {
        let pattern = scratch.path().join(pattern);
        let roots = trust::certificates(pattern.to_str().expect("UTF-8"));
        assert_eq!(
            trusts(&trusting(roots.expect("load"))),
            works,
            "{pattern:?}"
        );
    }
}

/// Qt's `addDefaultCaCertificates` (Qt 5), which is a stub there: what is added to the default is
/// trusted by every socket made from then on. The default here is a configuration that they share.
#[test]
fn add_default_ca_certificates() {
    let (_scratch, [other, needed]) = roots();
    let before = trusting(trust::certificates(&other).expect("load"));
    let after = trusting(trust::certificates(&needed).expect("load"));
    for _ in 0..2 {
        assert!(!trusts(&before.clone()));
        assert!(trusts(&after.clone()));
    }
}

/// Qt's `addDefaultCaCertificates2` (Qt 5), which is a stub there: the same with the certificates
/// of a whole folder.
#[test]
fn add_default_ca_certificates2() {
    let (scratch, _) = roots();
    let folder = scratch.path().to_str().expect("UTF-8");
    let roots = trust::certificates(folder).expect("load");
    assert_eq!(roots.len(), 2);
    let shared = trusting(roots);
    assert!(trusts(&shared) && trusts(&shared.clone()));
}
