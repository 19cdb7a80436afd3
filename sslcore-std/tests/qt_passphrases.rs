//! Qt's tests of keys behind a passphrase and of PKCS#12, by name (`tst_qsslkey.cpp`,
//! `tst_qsslcertificate.cpp`). `tests/tests/qt-checklist.txt` lists all of them.

#[path = "common/encrypted_keys.rs"]
mod encrypted_keys;

use encrypted_keys::{PASSPHRASE, certificates_alone, old_pem, store};
use sslcore::KeyKind;
use sslcore_std::trust::{self, LoadErrorKind};
use sslcore_tests::certs::{Identity, PKCS_RSA_SHA256, WORLD};
use sslcore_tests::peer::Scratch;

fn rsa() -> Identity {
    WORLD.ca.leaf_of(&PKCS_RSA_SHA256, &["server.test"])
}

/// Qt's `passphraseChecks`: without a passphrase, with an empty one and with a wrong one there is
/// no key, with the right one there is. Qt says null to all of these; here none is told from wrong.
/// DES and RC2, which Qt leaves to old versions of OpenSSL, are told to be unknown.
#[test]
fn passphrase_checks() {
    let (files, identity) = (Scratch::new(), rsa());
    let key = identity.key();
    let der = key.secret_der();
    let label = "RSA PRIVATE KEY";
    for text in [
        old_pem::<cbc::Encryptor<des::TdesEde3>>(label, "DES-EDE3-CBC", der),
        old_pem::<cbc::Encryptor<aes::Aes128>>(label, "AES-128-CBC", der),
        old_pem::<cbc::Encryptor<aes::Aes192>>(label, "AES-192-CBC", der),
        old_pem::<cbc::Encryptor<aes::Aes256>>(label, "AES-256-CBC", der),
    ] {
        let file = files.file("rsa-with-passphrase.pem", &text);
        let none = trust::private_key(&file).expect_err("no passphrase");
        assert!(matches!(none.kind(), LoadErrorKind::EncryptedKey), "{none}");
        for wrong in ["", "WRONG!"] {
            let error = trust::private_key_with_passphrase(&file, wrong).expect_err(wrong);
            let kind = error.kind();
            assert!(matches!(kind, LoadErrorKind::WrongPassphrase), "{error}");
        }
        let key = trust::private_key_with_passphrase(&file, PASSPHRASE).expect("the passphrase");
        assert_eq!(key.kind(), KeyKind::Rsa { bits: 2048 });
        assert_eq!(key.secret_der(), der);
        for old in ["DES-CBC", "RC2-CBC"] {
            let (before, after) = text.split_once("DEK-Info: ").expect("a header");
            let (_, after) = after.split_once(',').expect("a cipher");
            let file = files.file("old.pem", format!("{before}DEK-Info: {old},{after}"));
            let error = trust::private_key_with_passphrase(&file, PASSPHRASE).expect_err(old);
            let kind = error.kind();
            assert!(
                matches!(kind, LoadErrorKind::UnknownEncryption(_)),
                "{error}"
            );
        }
    }
}

/// Qt's `noPassphraseChecks`: a key that is not encrypted is read without a passphrase, with an
/// empty one, and with any other.
#[test]
fn no_passphrase_checks() {
    let (files, identity) = (Scratch::new(), rsa());
    let file = files.file("rsa-without-passphrase.pem", identity.key_pem());
    let read = [
        trust::private_key(&file),
        trust::private_key_with_passphrase(&file, ""),
        trust::private_key_with_passphrase(&file, "xxx"),
    ];
    for key in read {
        assert_eq!(
            key.expect("a key").secret_der(),
            identity.key().secret_der()
        );
    }
}

/// Qt's `pkcs12`: key, certificate and authorities; one without a key is an error, and crashes
/// nothing.
#[test]
fn pkcs12() {
    let files = Scratch::new();
    let intermediate = WORLD.ca.intermediate("test intermediate");
    let mut identity = intermediate.leaf(&["server.test"]);
    identity.chain.push(intermediate.der());
    let file = files.file("leaf.p12", store(&identity));
    let (chain, key) = trust::pkcs12(&file, PASSPHRASE).expect("the passphrase");
    assert_eq!(chain, identity.chain);
    assert_eq!(key.secret_der(), identity.key().secret_der());
    let file = files.file("leaf-nokey.p12", certificates_alone(&identity));
    let error = trust::pkcs12(&file, PASSPHRASE).expect_err("no key");
    let kind = error.kind();
    assert!(
        matches!(kind, LoadErrorKind::NoPrivateKey { .. }),
        "{error}"
    );
}
