//! Files of keys that somebody has bent: each is loaded or refused, whatever is in it.

#[path = "common/encrypted_keys.rs"]
mod encrypted_keys;

use encrypted_keys::{
    PASSPHRASE, dek_info, encrypted_twice, pbes2, pbes2_as, pbkdf2, scrypt, unauthenticated,
};
use pkcs5::pbes2::EncryptionScheme;
use proptest::collection::vec;
use proptest::prelude::*;
use sslcore_std::trust::{self, LoadErrorKind};
use sslcore_tests::certs::WORLD;
use sslcore_tests::chains::element;
use sslcore_tests::peer::Scratch;

/// Keys in every form, and PKCS#12, whose content is reached without an authentication code.
fn forms() -> Vec<Vec<u8>> {
    let key = WORLD.server.key();
    let key = key.secret_der();
    let aes = EncryptionScheme::Aes128Cbc { iv: [7; 16] };
    let des = EncryptionScheme::DesEde3Cbc { iv: [7; 8] };
    vec![
        pbes2(key, pbkdf2(2), des),
        pbes2(key, scrypt(2, 1, 1), aes),
        dek_info(key).into(),
        key.to_vec(),
        WORLD.server.key_pem().into(),
        unauthenticated(&WORLD.server),
    ]
}

/// Loads it in every way. That it comes back is what is asked.
fn load(files: &Scratch, contents: &[u8]) {
    let file = files.file("bent", contents);
    let _ = trust::private_key_with_passphrase(&file, PASSPHRASE);
    let _ = trust::private_key(&file);
    let _ = trust::pkcs12(&file, PASSPHRASE);
    let _ = trust::certificates_from_file(&file);
}

#[test]
fn a_store_without_an_authentication_code_is_opened_all_the_same() {
    let files = Scratch::new();
    let file = files.file("store.p12", unauthenticated(&WORLD.server));
    let (chain, key) = trust::pkcs12(&file, PASSPHRASE).expect("the passphrase");
    assert_eq!(chain, WORLD.server.chain);
    assert_eq!(key.secret_der(), WORLD.server.key().secret_der());
    let error = trust::pkcs12(&file, "wrong").expect_err("wrong");
    assert!(
        matches!(error.kind(), LoadErrorKind::WrongPassphrase),
        "{error}"
    );
}

/// The costs of scrypt are in the open, and its first number is how many rounds there are.
#[test]
fn a_store_whose_parameters_make_no_sense_is_refused() {
    let files = Scratch::new();
    let mut store = unauthenticated(&WORLD.server);
    // PBKDF2's parameters in their SEQUENCE, of as many bytes as these of scrypt.
    let is_kdf = |der: &[u8]| der.starts_with(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c");
    let mut found = 0;
    for at in 2..store.len() {
        if is_kdf(&store[at..]) {
            let len = usize::from(store[at - 1]);
            let salt = element(4, &vec![7; len - 11 - 2 - 2 - 9]);
            let numbers = b"\x02\x01\x00\x02\x01\x08\x02\x01\x01";
            let scrypt = element(0x30, &[&salt[..], numbers].concat());
            let id = b"\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
            store.splice(at..at + len, [&id[..], &scrypt].concat());
            found += 1;
        }
    }
    assert_eq!(found, 2, "the key and its chain");
    let file = files.file("store.p12", store);
    let error = trust::pkcs12(&file, PASSPHRASE).expect_err("no rounds");
    let why = "this PKCS#12 file cannot be read (the parameters of its encryption make no sense)";
    assert!(error.to_string().contains(why), "{error}");
}

/// They are seen only when the passphrase has opened what is around them.
#[test]
fn a_store_that_hides_such_parameters_is_refused_too() {
    let files = Scratch::new();
    let key = WORLD.server.key();
    let aes = EncryptionScheme::Aes256Cbc { iv: [7; 16] };
    let with = |kdf| encrypted_twice(&pbes2_as(key.secret_der(), pbkdf2(2), kdf, aes));
    let file = files.file("good.p12", with(pbkdf2(2)));
    let error = trust::pkcs12(&file, PASSPHRASE).expect_err("no certificate");
    let kind = error.kind();
    assert!(
        matches!(kind, LoadErrorKind::NoCertificate { .. }),
        "{error}"
    );
    let file = files.file("bad.p12", with(scrypt(0, 8, 1)));
    let error = trust::pkcs12(&file, PASSPHRASE).expect_err("no rounds");
    let kind = error.kind();
    assert!(matches!(kind, LoadErrorKind::DamagedStore(_)), "{error}");
}

#[test]
fn every_single_byte_may_be_wrong() {
    let files = Scratch::new();
    for form in forms() {
        // What is encrypted is at the end, and is noise in any case.
        for at in 0..form.len().min(110) {
            for wrong in [0, 0xff, form[at].wrapping_sub(1)] {
                let mut bent = form.clone();
                bent[at] = wrong;
                load(&files, &bent);
            }
        }
    }
}

proptest! {
    #[test]
    fn bent_files_are_loaded_or_refused(
        form in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        insert in vec(any::<u8>(), 0..4),
    ) {
        let forms = forms();
        let mut bent = form.get(&forms).clone();
        for (at, byte) in changes {
            let at = at.index(bent.len());
            bent[at] = byte;
        }
        let at = cut.index(bent.len());
        bent.splice(at..at, insert);
        load(&Scratch::new(), &bent);
    }
}
