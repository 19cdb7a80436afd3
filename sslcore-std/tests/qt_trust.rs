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

/// Qt's `onDemandRootCertLoadingMemberMethods`: with no roots set on the socket it does not work,
/// by default, with the system's, it does, and without again it does not. Nothing is loaded on
/// demand here: an empty configuration, which works in Qt, trusts nobody.
#[cfg(all(feature = "native-roots", target_os = "linux"))]
#[test]
fn on_demand_root_cert_loading_member_methods() {
    with_our_root_in_the_systems_store("on_demand_root_cert_loading_member_methods", || {
        let empty = || ClientConfig::builder(sslcore_std::default_backend()).build();
        for _ in 0..2 {
            assert!(!trusts(&trusting(vec![])));
            assert!(trusts(&trusting(trust::system().certificates)));
            assert!(!trusts(&empty().expect("client")));
        }
    });
}

/// Qt's `onDemandRootCertLoadingStaticMethods`: the same with the default configuration, which is
/// one that sockets share.
#[cfg(all(feature = "native-roots", target_os = "linux"))]
#[test]
fn on_demand_root_cert_loading_static_methods() {
    with_our_root_in_the_systems_store("on_demand_root_cert_loading_static_methods", || {
        let nobody = trusting(vec![]);
        let system = trusting(trust::system().certificates);
        for (default, works) in [(&nobody, false), (&system, true), (&nobody, false)] {
            assert_eq!(trusts(&default.clone()), works);
        }
    });
}

/// Runs a test in a program of its own, where the system's store has the tests' root: the
/// environment belongs to all tests of this one. The roots of two programs are two, so that the
/// one of the first is all that the second may trust.
#[cfg(all(feature = "native-roots", target_os = "linux"))]
fn with_our_root_in_the_systems_store(test: &str, story: impl FnOnce()) {
    const INSIDE: &str = "SSLCORE_TEST_SYSTEM_STORE";
    if let Some(store) = std::env::var_os(INSIDE) {
        // The root is made anew in each program, and belongs into the store before it is read.
        std::fs::write(store, pem("CERTIFICATE", &WORLD.ca.der())).expect("write the store");
        return story();
    }
    let scratch = Scratch::new();
    let store = scratch.file("store.pem", "");
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test])
        .env("SSL_CERT_FILE", &store)
        .env_remove("SSL_CERT_DIR")
        .env(INSIDE, &store)
        .output()
        .expect("run");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("test result: ok. 1 passed"), "{text}");
}
