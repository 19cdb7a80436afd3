//! Qt's tests of keys, and of certificates in files, by name (`tst_qsslkey.cpp`,
//! `tst_qsslcertificate.cpp`). `tests/tests/qt-checklist.txt` lists all of them.

use sslcore::{KeyKind, PrivateKey, PrivateKeyError};
use sslcore_std::trust::{self, LoadErrorKind};
use sslcore_tests::certs::{Ca, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, WORLD, pem};
use sslcore_tests::peer::Scratch;

/// A key of each kind in PKCS#8.
fn keys() -> [(KeyKind, usize, Vec<u8>); 4] {
    let of = |kind| {
        let identity = WORLD.ca.leaf_of(kind, &["server.test"]);
        identity.key().secret_der().to_vec()
    };
    [
        (
            KeyKind::EcdsaP256,
            256,
            WORLD.server.key().secret_der().to_vec(),
        ),
        (KeyKind::Rsa { bits: 2048 }, 2048, of(&PKCS_RSA_SHA256)),
        (KeyKind::EcdsaP384, 384, of(&PKCS_ECDSA_P384_SHA384)),
        (KeyKind::Ed25519, 256, of(&PKCS_ED25519)),
    ]
}

/// Qt's `fromPath_qregularexpression`: a file, a folder, or a pattern, in PEM or DER, and what is
/// not there. Qt has to be told which of these, and loads nothing where it was told wrong; regular
/// expressions have no counterpart. Qt takes no folder.
#[test]
fn from_path_qregularexpression() {
    let files = Scratch::new();
    let other = Ca::new("another root");
    let block = pem("CERTIFICATE", &WORLD.ca.der());
    std::fs::create_dir(files.path().join("certificates")).expect("a folder");
    files.file("certificates/ca-cert.pem", &block);
    files.file("certificates/cert.pem", WORLD.server.chain_pem());
    files.file("certificates/cert.der", other.der());
    files.file("certificates/notes", "nothing");
    files.file("trailing-whitespace.pem", format!("{block} \n\t\n "));
    files.file("no-ending-newline.pem", block.trim_end());
    files.file("just-begin.pem", "-----BEGIN CERTIFICATE-----\n");
    files.file("just-begin-no-newline.pem", "-----BEGIN CERTIFICATE-----");
    for (path, loaded) in [
        ("certificates", 3),
        ("certificates/cert.pem", 1),
        ("certificates/cert.der", 1),
        ("certificates/*", 3),
        ("certificates/ca*", 1),
        ("certificates/cert*", 2),
        ("certificates/cert.[dp]*", 2),
        ("certificates/cert.[not]*", 0),
        ("c*/c*.pem", 2),
        ("d*/c*.pem", 0),
        ("trailing-whitespace.pem", 1),
        ("no-ending-newline.pem", 1),
        ("just-begin.pem", 0),
        ("just-begin-no-newline.pem", 0),
        ("missing.pem", 0),
    ] {
        let full = files.path().join(path);
        let full = full.to_str().expect("UTF-8");
        let count = trust::certificates(full).map_or(0, |all| all.len());
        assert_eq!(count, loaded, "{path}");
    }
    let all = files.path().join("d*/c*.pem");
    let nothing = trust::certificates(all.to_str().expect("UTF-8"));
    let nothing = nothing.expect_err("no match");
    assert!(
        matches!(nothing.kind(), LoadErrorKind::NoMatch),
        "{nothing}"
    );
}

/// Qt's `emptyConstructor` of keys: there is no null key, but an error that says so.
#[test]
fn empty_constructor() {
    for nothing in [&b""[..], b"not a key", &WORLD.ca.der()] {
        let error = PrivateKey::from_der(nothing).expect_err("no key");
        assert_eq!(error, PrivateKeyError::NotAKey);
        let error = PrivateKey::from_pem(nothing).expect_err("no key");
        assert_eq!(error, PrivateKeyError::NotAKey);
    }
}

/// Qt's `constructor` of keys: every kind, in PEM and DER, from memory and from a file. Qt must be
/// told which kind it is.
#[test]
fn constructor() {
    let files = Scratch::new();
    for (kind, _, der) in keys() {
        let text = pem("PRIVATE KEY", &der);
        for contents in [&der[..], text.as_bytes()] {
            let file = files.file("key", contents);
            assert_eq!(trust::private_key(&file).expect("a key").kind(), kind);
        }
        assert_eq!(PrivateKey::from_der(&der).expect("DER").kind(), kind);
        let from_pem = PrivateKey::from_pem(text.as_bytes());
        assert_eq!(from_pem.expect("PEM").kind(), kind);
    }
}

/// Qt's `copyAndAssign` of keys: a copy is the same key.
#[test]
fn copy_and_assign() {
    for (_, _, der) in keys() {
        let key = PrivateKey::from_der(&der).expect("DER");
        let copy = key.clone_key();
        drop(key);
        let again = PrivateKey::from_der(&der).expect("DER");
        assert_eq!(copy.kind(), again.kind());
        assert_eq!(copy.secret_der(), again.secret_der());
    }
}

/// Qt's `length`: in bits.
#[test]
fn length() {
    for (_, bits, der) in keys() {
        let key = PrivateKey::from_der(&der).expect("DER");
        assert_eq!(key.kind().bits(), bits);
    }
}

/// Qt's `toPemOrDer` of keys: what was read is what can be had back. A key is not written as PEM
/// here: what leaves the process with it is not this library's to say.
#[test]
fn to_pem_or_der() {
    for (_, _, der) in keys() {
        let text = pem("PRIVATE KEY", &der);
        let from_pem = PrivateKey::from_pem(text.replace('\n', "\r\n").as_bytes());
        assert_eq!(from_pem.expect("PEM").secret_der(), der);
        let from_der = PrivateKey::from_der(&der).expect("DER");
        assert_eq!(from_der.secret_der(), der);
    }
}
