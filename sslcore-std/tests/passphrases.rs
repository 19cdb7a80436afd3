//! Keys behind a passphrase, and PKCS#12 files.

#[path = "common/encrypted_keys.rs"]
mod encrypted_keys;

use base64ct::Encoding;
use encrypted_keys::{
    PASSPHRASE, dek_info, encrypted_once, encrypted_twice, pbes2, pbes2_as, pbkdf2, pbkdf2_with,
    pkcs8, scrypt, store,
};
use pkcs5::pbes2::{EncryptionScheme, Pbkdf2Prf};
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::der::Encode;
use pkcs8::der::asn1::OctetStringRef;
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
fn forms() -> [Vec<u8>; 4] {
    let key = WORLD.server.key();
    let der = pkcs8(key.secret_der(), 10);
    let text = pem("ENCRYPTED PRIVATE KEY", &der);
    let old = dek_info(key.secret_der());
    // As after it was pasted.
    let padded = old.replace('\n', " \r\n");
    [der, text.into(), old.into(), padded.into()]
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

#[test]
fn a_chain_and_an_encrypted_key_are_loaded_together() {
    let files = Scratch::new();
    // The authority first, as people put files together.
    let ca = pem("CERTIFICATE", &WORLD.ca.der());
    let turned = format!("{ca}{}", WORLD.server.chain_pem());
    let chain = files.file("chain.pem", &turned);
    for contents in forms() {
        let key = files.file("key", &contents);
        let (loaded, opened) =
            trust::identity_with_passphrase(&chain, &key, PASSPHRASE).expect("the passphrase");
        assert_eq!(loaded[0], WORLD.server.chain[0]);
        assert_eq!(loaded.len(), WORLD.server.chain.len() + 1);
        assert_eq!(opened.secret_der(), WORLD.server.key().secret_der());

        let wrong = trust::identity_with_passphrase(&chain, &key, "wrong").expect_err("wrong");
        assert!(
            matches!(wrong.kind(), LoadErrorKind::WrongPassphrase),
            "{wrong}"
        );
        let swapped = trust::identity_with_passphrase(&key, &chain, PASSPHRASE);
        let swapped = swapped.expect_err("swapped");
        assert!(
            matches!(swapped.kind(), LoadErrorKind::Swapped { .. }),
            "{swapped}"
        );

        if let Ok(text) = std::str::from_utf8(&contents) {
            let both = files.file("both.pem", format!("{text}{turned}"));
            let (loaded, opened) =
                trust::identity_with_passphrase(&both, &both, PASSPHRASE).expect("both");
            assert_eq!(loaded[0], WORLD.server.chain[0]);
            assert_eq!(opened.kind(), KeyKind::EcdsaP256);
        }
    }
    let plain = files.file("plain.pem", WORLD.server.key_pem());
    trust::identity_with_passphrase(&chain, &plain, "whatever").expect("it needs none");
}

#[test]
fn an_encrypted_key_in_place_of_the_certificates_is_told() {
    let files = Scratch::new();
    let chain = files.file("chain.pem", WORLD.server.chain_pem());
    for contents in forms() {
        let key = files.file("key", contents);
        let error = trust::identity(&key, &chain).expect_err("swapped");
        assert!(
            matches!(error.kind(), LoadErrorKind::Swapped { .. }),
            "{error}"
        );
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
    let [der, _, old, _] = forms();
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
fn every_derivation_and_cipher_of_pbes2_is_known() {
    let files = Scratch::new();
    let key = WORLD.server.key();
    let ciphers = [
        EncryptionScheme::Aes128Cbc { iv: [7; 16] },
        EncryptionScheme::Aes192Cbc { iv: [7; 16] },
        EncryptionScheme::Aes256Cbc { iv: [7; 16] },
        EncryptionScheme::DesEde3Cbc { iv: [7; 8] },
    ];
    let kdfs = [
        pbkdf2_with(Pbkdf2Prf::HmacWithSha1),
        pbkdf2_with(Pbkdf2Prf::HmacWithSha256),
        pbkdf2_with(Pbkdf2Prf::HmacWithSha384),
        pbkdf2_with(Pbkdf2Prf::HmacWithSha512),
        scrypt(16, 8, 1),
    ];
    for kdf in kdfs {
        for cipher in ciphers {
            let case = format!("{kdf:?} {cipher:?}");
            let der = pbes2(key.secret_der(), kdf.clone(), cipher);
            let file = files.file("key", &der);
            let read = trust::private_key_with_passphrase(&file, PASSPHRASE).expect(&case);
            assert_eq!(read.secret_der(), key.secret_der(), "{case}");
            let kind = said(&files, &der, "wrong");
            assert!(
                matches!(kind, LoadErrorKind::WrongPassphrase),
                "{case}: {kind:?}"
            );
        }
    }
}

#[test]
fn a_file_that_asks_for_endless_work_is_refused() {
    let files = Scratch::new();
    let key = WORLD.server.key();
    let cipher = EncryptionScheme::Aes256Cbc { iv: [7; 16] };
    for endless in [
        pbkdf2(50_000_000),
        pbkdf2(100_000_000),
        // More than 256 MiB, more than there is, and more than 16 times as much work.
        scrypt(1 << 19, 8, 1),
        scrypt(1 << 63, u16::MAX, 1),
        scrypt(16, 8, 17),
    ] {
        let case = format!("{endless:?}");
        let der = pbes2_as(key.secret_der(), pbkdf2(10), endless, cipher);
        let kind = said(&files, der, PASSPHRASE);
        let LoadErrorKind::UnknownEncryption(why) = kind else {
            panic!("{case}: {kind:?}");
        };
        assert!(why.contains("costs more"), "{case}: {why}");
    }
}

#[test]
fn parameters_that_make_no_sense_are_damage() {
    let files = Scratch::new();
    let key = WORLD.server.key();
    let aes = EncryptionScheme::Aes256Cbc { iv: [7; 16] };
    let des = EncryptionScheme::DesEde3Cbc { iv: [7; 8] };
    let with_kdf = |kdf| pbes2_as(key.secret_der(), pbkdf2(10), kdf, aes);
    // The IV of 3DES one byte shorter, in a file that is longer by something else.
    let short_iv = replaced(
        pbes2(key.secret_der(), pbkdf2(10), des),
        b"\x04\x08\x07\x07\x07\x07\x07\x07\x07\x07",
        b"\x04\x06\x07\x07\x07\x07\x07\x07\x05\x00",
    );
    let no_salt = replaced(with_kdf(pbkdf2(10)), b"\x04\x0dsalt", b"\x05\x0dsalt");
    let whole = pkcs8(key.secret_der(), 10);
    let shorter = |by: usize| {
        let mut info = EncryptedPrivateKeyInfoRef::try_from(&whole[..]).expect("PKCS#8");
        let ciphertext = info.encrypted_data.as_bytes();
        let ciphertext = &ciphertext[..ciphertext.len().saturating_sub(by)];
        info.encrypted_data = OctetStringRef::new(ciphertext).expect("short");
        info.to_der().expect("DER")
    };
    for (what, der) in [
        ("N = 0", with_kdf(scrypt(0, 8, 1))),
        ("N = 3", with_kdf(scrypt(3, 8, 1))),
        ("r = 0", with_kdf(scrypt(16, 0, 1))),
        ("p = 0", with_kdf(scrypt(16, 8, 0))),
        ("a short IV", short_iv),
        ("no salt", no_salt),
        ("half a block", shorter(1)),
        ("no block", shorter(1000)),
    ] {
        let kind = said(&files, der, PASSPHRASE);
        assert!(
            matches!(kind, LoadErrorKind::DamagedKey(_)),
            "{what}: {kind:?}"
        );
    }
}

/// The same with other bytes at one place.
fn replaced(mut der: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = der.windows(from.len()).position(|part| part == from);
    let at = at.expect("it is there");
    der.splice(at..at + from.len(), to.iter().copied());
    der
}

#[test]
fn what_is_encrypted_in_another_way_says_in_which() {
    let files = Scratch::new();
    let key = WORLD.server.key();
    let der = pkcs8(key.secret_der(), 10);
    // The last byte of the identifiers of PBKDF2, hmacWithSHA256, AES-256-CBC and PBES2.
    for (from, to, named) in [
        (
            &b"\x01\x05\x0c"[..],
            &b"\x01\x05\x7f"[..],
            "1.2.840.113549.1.5.127",
        ),
        (b"\x0d\x02\x09", b"\x0d\x02\x7f", "1.2.840.113549.2.127"),
        (
            b"\x03\x04\x01\x2a",
            b"\x03\x04\x01\x7f",
            "2.16.840.1.101.3.4.1.127",
        ),
        (b"\x01\x05\x0d", b"\x01\x0c\x07", "1.2.840.113549.1.12.7"),
    ] {
        let kind = said(&files, replaced(der.clone(), from, to), PASSPHRASE);
        let LoadErrorKind::UnknownEncryption(why) = kind else {
            panic!("{named}: {kind:?}");
        };
        assert!(why.contains(named), "{named}: {why}");
    }
}

/// Qt's `pkcs12`.
#[test]
fn a_pkcs12_file_gives_the_key_and_its_chain_leaf_first() {
    let files = Scratch::new();
    let intermediate = WORLD.ca.intermediate("test intermediate");
    let mut identity = intermediate.leaf(&["server.test"]);
    identity.chain.extend([intermediate.der(), WORLD.ca.der()]);
    let file = files.file("server.p12", store(&identity));
    let (chain, key) = trust::pkcs12(&file, PASSPHRASE).expect("the passphrase");
    assert_eq!(chain, identity.chain);
    assert_eq!(key.secret_der(), identity.key().secret_der());
}

#[test]
fn a_pkcs12_file_with_a_wrong_passphrase_is_told_from_another_file() {
    let files = Scratch::new();
    let good = store(&WORLD.server);
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
    let longer = files.file("longer.p12", [&good[..], b"\n"].concat());
    let error = trust::pkcs12(&longer, PASSPHRASE).expect_err("too long");
    assert!(matches!(error.kind(), LoadErrorKind::GoesOn), "{error}");
    let ber = files.file("ber.p12", b"\x30\x80\x02\x01\x03\0\0");
    let error = trust::pkcs12(&ber, PASSPHRASE).expect_err("no DER");
    assert!(matches!(error.kind(), LoadErrorKind::Ber), "{error}");
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

/// What a wrong passphrase decrypts to ends in valid padding once in some 250 times; all of these
/// files are the same in every run, so the same passphrases are the lucky ones.
#[test]
fn a_wrong_passphrase_is_called_so_whatever_it_decrypts_to() {
    let files = Scratch::new();
    let aes = EncryptionScheme::Aes128Cbc { iv: [7; 16] };
    let key = pbes2(&[7; 138], pbkdf2(1), aes);
    let plain = files.file("key.der", &key);
    let once = files.file("once.p12", encrypted_once(&key));
    let twice = files.file("twice.p12", encrypted_twice(&key));
    let info = EncryptedPrivateKeyInfoRef::try_from(&key[..]).expect("PKCS#8");
    let mut lucky = 0;
    // With the last one it also begins as a key does.
    for number in (0..1500).chain([49320]) {
        let wrong = format!("wrong {number}");
        let opened = info
            .encryption_algorithm
            .decrypt(&wrong, info.encrypted_data.as_bytes());
        lucky += usize::from(opened.is_ok());
        for store in [&once, &twice] {
            let error = trust::pkcs12(store, &wrong).expect_err("wrong");
            let kind = error.kind();
            assert!(
                matches!(kind, LoadErrorKind::WrongPassphrase),
                "{wrong}: {error}"
            );
        }
        let error = trust::private_key_with_passphrase(&plain, &wrong).expect_err("wrong");
        let kind = error.kind();
        assert!(
            matches!(kind, LoadErrorKind::WrongPassphrase),
            "{wrong}: {error}"
        );
    }
    assert!(lucky > 3, "{lucky} of them decrypt to something");
}

#[test]
fn damage_around_what_is_encrypted_is_not_a_wrong_passphrase() {
    let files = Scratch::new();
    let key = pkcs8(WORLD.server.key().secret_der(), 10);
    let good = encrypted_once(&key);
    for (what, from, to) in [
        ("a tag", &b"\x0a\x01\x02\xa0"[..], &b"\x0a\x01\x02\x30"[..]),
        ("no salt", b"\x04\x0dsalt", b"\x05\x0dsalt"),
        ("no ciphertext", b"\x07\x07\x07\x04", b"\x07\x07\x07\x05"),
    ] {
        let file = files.file("bad.p12", replaced(good.clone(), from, to));
        let error = trust::pkcs12(&file, PASSPHRASE).expect_err(what);
        let kind = error.kind();
        assert!(
            matches!(kind, LoadErrorKind::DamagedStore(_)),
            "{what}: {error}"
        );
    }
}

/// PKCS#12 has UCS-2.
#[test]
fn a_passphrase_that_the_format_cannot_have_is_told() {
    let files = Scratch::new();
    let file = files.file("server.p12", store(&WORLD.server));
    let error = trust::pkcs12(&file, "caf\u{e9}").expect_err("wrong");
    let kind = error.kind();
    assert!(matches!(kind, LoadErrorKind::WrongPassphrase), "{error}");
    let error = trust::pkcs12(&file, "\u{1f40e}").expect_err("a horse");
    assert!(error.to_string().contains("beyond U+FFFE"), "{error}");
}

/// A key of `tests/keys`, where `make.sh` says how it was made.
fn made(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
    format!("{folder}/{name}.pem")
}

/// PKCS#12's encryptions around PKCS#8, and Camellia in PBES2 and in OpenSSL's old PEM.
#[test]
fn what_older_programs_and_other_countries_encrypt_with_is_opened() {
    let plain = trust::private_key(made("plain")).expect("not encrypted");
    for (name, is_pkcs8) in [
        ("pbe-sha1-3des", true),
        ("pbe-sha1-2des", true),
        ("pbe-sha1-rc2-128", true),
        ("pbe-sha1-rc2-40", true),
        ("pbes2-camellia-128", true),
        ("pbes2-camellia-192", true),
        ("pbes2-camellia-256", true),
        ("scrypt-camellia-256", true),
        ("dek-camellia-128", false),
        ("dek-camellia-192", false),
        ("dek-camellia-256", false),
    ] {
        let file = made(name);
        let key = trust::private_key_with_passphrase(&file, PASSPHRASE).expect(name);
        assert_eq!(key.kind(), KeyKind::EcdsaP256, "{name}");
        if is_pkcs8 {
            assert_eq!(key.secret_der(), plain.secret_der(), "{name}");
        }
        for wrong in ["", "correct", "correct horse "] {
            let error = trust::private_key_with_passphrase(&file, wrong).expect_err(name);
            let kind = error.kind();
            assert!(matches!(kind, LoadErrorKind::WrongPassphrase), "{error}");
        }
        let error = trust::private_key(&file).expect_err("no passphrase");
        let kind = error.kind();
        assert!(matches!(kind, LoadErrorKind::EncryptedKey), "{error}");
    }
}

#[test]
fn a_passphrase_is_utf_16_where_pkcs12_encrypts() {
    let file = made("umlaut");
    let plain = trust::private_key(made("plain")).expect("not encrypted");
    let key = trust::private_key_with_passphrase(&file, "Schl\u{fc}ssel \u{1f511}");
    assert_eq!(key.expect("a key").secret_der(), plain.secret_der());
    // The same in Latin-1 is another.
    let error = trust::private_key_with_passphrase(&file, b"Schl\xfcssel \x3f").expect_err("other");
    assert!(matches!(error.kind(), LoadErrorKind::WrongPassphrase));
}

/// The number of rounds of those files, 2048.
const ROUNDS: &[u8] = b"\x02\x02\x08\0";

/// A file of `tests/keys` in DER, with these bytes replaced.
fn made_with(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let text = std::fs::read_to_string(made(name)).expect("PEM");
    let base64: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = vec![0; base64.len()];
    let len = base64ct::Base64::decode(&base64, &mut der)
        .expect("base64")
        .len();
    der.truncate(len);
    replaced(der, from, to)
}

#[test]
fn parameters_of_older_encryptions_that_make_no_sense_are_damage() {
    let files = Scratch::new();
    for rounds in [&b"\x02\x02\0\0"[..], b"\x02\x02\x88\0", b"\x04\x02\x08\0"] {
        let kind = said(
            &files,
            made_with("pbe-sha1-3des", ROUNDS, rounds),
            PASSPHRASE,
        );
        assert!(matches!(kind, LoadErrorKind::DamagedKey(_)), "{kind:?}");
    }
    // Half of the IV, in an octet string of its own, and what is no salt.
    let damaged = made_with(
        "pbes2-camellia-128",
        b"\x01\x02\x04\x10",
        b"\x01\x02\x02\x10",
    );
    let kind = said(&files, damaged, PASSPHRASE);
    assert!(matches!(kind, LoadErrorKind::DamagedKey(_)), "{kind:?}");
}

#[test]
fn older_encryptions_that_ask_for_endless_work_are_refused() {
    let files = Scratch::new();
    // The salt, of eight bytes, gives up three for more rounds.
    let der = made_with("pbe-sha1-rc2-40", ROUNDS, ROUNDS);
    let at = der
        .windows(2)
        .position(|bytes| bytes == b"\x04\x08")
        .expect("salt");
    let mut costly = der.clone();
    costly[at + 1] = 6;
    costly[at + 8..at + 14].copy_from_slice(b"\x02\x04\x7f\xff\xff\xff");
    let kind = said(&files, costly, PASSPHRASE);
    assert!(
        matches!(kind, LoadErrorKind::UnknownEncryption(_)),
        "{kind:?}"
    );
}
