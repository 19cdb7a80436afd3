//! Certificates from folders, and from the files that match a pattern.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

use std::path::Path;

use sslcore_std::trust::{self, LoadError, LoadErrorKind};
use sslcore_tests::certs::{Ca, WORLD, pem};
use sslcore_tests::chains::{self, Made, element};
use sslcore_tests::peer::Scratch;

/// The error's text, without the path that it must begin with.
fn said<T: std::fmt::Debug>(path: impl AsRef<Path>, outcome: Result<T, LoadError>) -> String {
    let error = outcome.expect_err("this cannot be loaded");
    let path = path.as_ref();
    assert_eq!(error.path(), Some(path));
    let text = error.to_string();
    let text = text.strip_prefix(&format!("{path:?}"));
    text.unwrap_or_else(|| panic!("{error} must name {path:?}"))
        .to_owned()
}

fn certificate_pem(der: &[u8]) -> String {
    pem("CERTIFICATE", der)
}

#[test]
fn a_folder_gives_each_certificate_once_and_passes_over_other_files() {
    let files = Scratch::new();
    let other = Ca::new("other root");
    files.file("b.pem", certificate_pem(&WORLD.ca.der()));
    files.file("a.der", other.der());
    files.file(
        "bundle.crt",
        [&WORLD.ca, &other]
            .map(|ca| certificate_pem(&ca.der()))
            .concat(),
    );
    files.file("serial", "01\n");
    files.file("readme.txt", "0 certificates in this file");
    files.file("empty", "");
    files.file("key.pem", WORLD.server.key_pem());
    files.file("revoked.pem", pem("X509 CRL", b"whatever"));
    let authority = Made::self_signed(chains::authority("authority"));
    files.file("revoked.crl", authority.revoke(&[1], 2030).der());
    files.file("message.p7b", element(0x30, b"\x06\x03\x55\x04\x03"));
    files.file("good.ocsp", element(0x30, b"\x0a\x01\x06"));
    files.file("firefox.p12", b"\x30\x80\x02\x01\x03\0\0");
    std::fs::create_dir(files.path().join("more")).expect("a folder");
    files.file("more/deeper.pem", WORLD.server.chain_pem());
    #[cfg(unix)]
    for (target, link) in [("b.pem", "0123abcd.0"), ("nowhere", "4567cdef.0")] {
        std::os::unix::fs::symlink(target, files.path().join(link)).expect("a link");
    }
    let folder = files.path().to_str().expect("UTF-8");
    let all = trust::certificates(folder).expect("load");
    // 0123abcd.0 comes first and is b.pem.
    let mut wanted = vec![WORLD.ca.der(), other.der()];
    if cfg!(not(unix)) {
        wanted.reverse();
    }
    assert_eq!(all, wanted);
}

#[test]
fn a_pattern_gives_all_files_that_match() {
    let files = Scratch::new();
    let other = Ca::new("other root");
    files.file("one.pem", certificate_pem(&WORLD.ca.der()));
    files.file("two.pem", certificate_pem(&other.der()));
    files.file("three.crt", WORLD.server.chain_pem());
    files.file("key.pem", WORLD.server.key_pem());
    let load = |pattern: &str| {
        let pattern = files.path().join(pattern);
        trust::certificates(pattern.to_str().expect("UTF-8")).expect("load")
    };
    assert_eq!(load("*.pem"), [WORLD.ca.der(), other.der()]);
    assert_eq!(load("t[hw]*.p?m"), [other.der()]);
    // What exists under a name is what is meant.
    files.file("[o]ne.pem", WORLD.server.chain_pem());
    assert_eq!(load("[o]ne.pem"), [WORLD.server.chain[0].clone()]);
}

#[test]
fn two_stars_stand_for_folders_in_folders_and_links_lead_nowhere() {
    let files = Scratch::new();
    let other = Ca::new("other root");
    std::fs::create_dir_all(files.path().join("a/b")).expect("folders");
    files.file("here.pem", certificate_pem(&WORLD.ca.der()));
    files.file("a/b/below.pem", certificate_pem(&other.der()));
    files.file("a/b/below.crt", "no pattern wants this: -----BEGIN");
    // With these two there are more ways than anybody could walk.
    #[cfg(unix)]
    for link in ["round", "and-round"] {
        std::os::unix::fs::symlink(".", files.path().join(link)).expect("a link");
    }
    let load = |pattern: &str| {
        let pattern = files.path().join(pattern);
        trust::certificates(pattern.to_str().expect("UTF-8"))
    };
    let both = [other.der(), WORLD.ca.der()];
    assert_eq!(load("**/*.pem").expect("both"), both);
    assert_eq!(load(".//**/[bh]e*.pem").expect("both"), both);
    assert_eq!(load("a/**/*.pem").expect("one"), both[..1]);
    for nothing in ["**/none*.pem", "*/**/*.none", "nowhere/**/*.pem"] {
        let error = load(nothing).expect_err("nothing there");
        assert!(matches!(error.kind(), LoadErrorKind::NoMatch), "{error}");
    }
}

#[test]
fn a_pattern_or_folder_without_certificates_is_an_error() {
    let files = Scratch::new();
    let load = |name: &str| {
        let path = files.path().join(name);
        said(&path, trust::certificates(path.to_str().expect("UTF-8")))
    };
    assert_eq!(load("*.pem"), ": no file matches this pattern");
    assert_eq!(
        load("[a.pem"),
        format!(
            ": this is not a pattern of file names: invalid range pattern, at character {}",
            files
                .path()
                .join("[")
                .to_str()
                .expect("UTF-8")
                .chars()
                .count()
        )
    );
    files.file("key.pem", WORLD.server.key_pem());
    files.file("text", "nothing");
    assert_eq!(load("*"), ": none of the 2 files here holds a certificate");
    assert_eq!(load(""), ": none of the 2 files here holds a certificate");
}
