//! Keys behind a passphrase, and PKCS#12 files.

#[path = "common/sealed.rs"]
mod sealed;

use sealed::{PASSPHRASE, encrypted, old_pem, store};
use sslcore::KeyKind;
use sslcore_std::trust::{self, LoadErrorKind};
use sslcore_tests::certs::{WORLD, pem};
use sslcore_tests::peer::Scratch;

/// What loading a key from a file says.
fn said(files: &Scratch, contents: impl AsRef<[u8]>, passphrase: &str) -> LoadErrorKind {
    let file = files.file("said", contents);
    match trust::private_key_with_passphrase(&file, passphrase) {
        Err(error) => {
            assert_eq!(error.path(), Some(file.as_ref()));
            match error.kind() {
                LoadErrorKind::EncryptedKey => LoadErrorKind::EncryptedKey,
                LoadErrorKind::WrongPassphrase => LoadErrorKind::WrongPassphrase,
                LoadErrorKind::EndsEarly => LoadErrorKind::EndsEarly,
                LoadErrorKind::DamagedKey(why) => LoadErrorKind::DamagedKey(why),
                LoadErrorKind::UnknownEncryption(why) => {
                    LoadErrorKind::UnknownEncryption(why.clone())
                }
                other => panic!("{other:?}"),
            }
        }
        Ok(key) => panic!("{key:?} was loaded"),
    }
}

/// Every form of the server's key that the passphrase opens.
fn forms() -> [Vec<u8>; 3] {
    let key = WORLD.server.key();
    let der = encrypted(key.secret_der(), 10);
    let text = pem("ENCRYPTED PRIVATE KEY", &der);
    [der, text.into(), old_pem(key.secret_der()).into()]
}

/// Qt's `passphraseChecks` with the right one.
#[test]
fn the_passphrase_opens_every_form_of_key() {
    let files = Scratch::new();
    for contents in forms() {
        let file = files.file("key", contents);
        let key = trust::private_key_with_passphrase(&file, PASSPHRASE).expect("the passphrase");
        assert_eq!(key.kind(), KeyKind::EcdsaP256);
        assert_eq!(key.secret_der(), WORLD.server.key().secret_der());
    }
}

/// Qt's `passphraseChecks` with none, an empty one and a wrong one; `noPassphraseChecks`.
#[test]
fn no_passphrase_and_a_wrong_one_are_told_apart() {
    let files = Scratch::new();
    for contents in forms() {
        for wrong in ["", "Correct horse", "correct horse\n"] {
            let kind = said(&files, &contents, wrong);
            assert!(matches!(kind, LoadErrorKind::WrongPassphrase), "{kind:?}");
        }
        let file = files.file("key", &contents);
        let error = trust::private_key(&file).expect_err("no passphrase");
        assert!(
            matches!(error.kind(), LoadErrorKind::EncryptedKey),
            "{error}"
        );
    }
}

#[test]
fn a_key_that_is_not_encrypted_needs_no_passphrase_and_minds_none() {
    let files = Scratch::new();
    let file = files.file("key.pem", WORLD.server.key_pem());
    for passphrase in ["", "whatever"] {
        let key = trust::private_key_with_passphrase(&file, passphrase).expect("plain");
        assert_eq!(key.secret_der(), WORLD.server.key().secret_der());
    }
}

#[test]
fn damage_outside_of_what_is_encrypted_is_not_a_wrong_passphrase() {
    let files = Scratch::new();
    let [der, _, old] = forms();
    let kind = said(&files, &der[..der.len() - 1], PASSPHRASE);
    assert!(matches!(kind, LoadErrorKind::EndsEarly), "{kind:?}");
    let old = String::from_utf8(old).expect("text");
    let without_iv = old.replace(",0123456789ABCDEFFEDCBA9876543210", "");
    let kind = said(&files, without_iv, PASSPHRASE);
    assert!(matches!(kind, LoadErrorKind::DamagedKey(_)), "{kind:?}");
    let short_iv = old.replace("0123456789ABCDEFFEDCBA9876543210", "0123");
    let kind = said(&files, short_iv, PASSPHRASE);
    assert!(matches!(kind, LoadErrorKind::DamagedKey(_)), "{kind:?}");
}

#[test]
fn an_unknown_cipher_is_neither() {
    let files = Scratch::new();
    let [.., old] = forms();
    let old = String::from_utf8(old).expect("text");
    let kind = said(&files, old.replace("AES-128-CBC", "IDEA-CBC"), PASSPHRASE);
    let LoadErrorKind::UnknownEncryption(what) = kind else {
        panic!("{kind:?}");
    };
    assert_eq!(what, "the cipher \"IDEA-CBC\" of DEK-Info");
}

#[test]
fn a_file_that_asks_for_endless_work_is_refused() {
    let files = Scratch::new();
    let endless = encrypted(WORLD.server.key().secret_der(), 50_000_000);
    let kind = said(&files, endless, PASSPHRASE);
    assert!(
        matches!(kind, LoadErrorKind::UnknownEncryption(_)),
        "{kind:?}"
    );
}

/// Qt's `pkcs12`.
#[test]
fn a_pkcs12_file_gives_the_key_and_its_chain_leaf_first() {
    let files = Scratch::new();
    let intermediate = WORLD.ca.intermediate("test intermediate");
    let mut identity = intermediate.leaf(&["server.test"]);
    identity.chain.extend([intermediate.der(), WORLD.ca.der()]);
    let file = files.file("server.p12", store(&identity, PASSPHRASE));
    let (chain, key) = trust::pkcs12(&file, PASSPHRASE).expect("the passphrase");
    assert_eq!(chain, identity.chain);
    assert_eq!(key.secret_der(), identity.key().secret_der());
}

#[test]
fn a_pkcs12_file_with_a_wrong_passphrase_is_told_from_another_file() {
    let files = Scratch::new();
    let good = store(&WORLD.server, PASSPHRASE);
    let file = files.file("server.p12", &good);
    for wrong in ["", "Correct horse"] {
        let error = trust::pkcs12(&file, wrong).expect_err("wrong");
        assert!(
            matches!(error.kind(), LoadErrorKind::WrongPassphrase),
            "{error}"
        );
    }
    let cut = files.file("cut.p12", &good[..good.len() - 1]);
    let error = trust::pkcs12(&cut, PASSPHRASE).expect_err("cut off");
    assert!(matches!(error.kind(), LoadErrorKind::EndsEarly), "{error}");
    let other = files.file("chain.pem", WORLD.server.chain_pem());
    let error = trust::pkcs12(&other, PASSPHRASE).expect_err("PEM");
    assert!(matches!(error.kind(), LoadErrorKind::NotPkcs12), "{error}");
    let missing = files.path().join("missing.p12");
    let error = trust::pkcs12(&missing, PASSPHRASE).expect_err("missing");
    assert!(
        matches!(error.kind(), LoadErrorKind::Unreadable(_)),
        "{error}"
    );
}
