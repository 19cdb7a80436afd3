//! What is said of files that cannot be loaded.

use sslcore_std::trust::{self, LoadErrorKind};
use sslcore_tests::certs::{WORLD, pem};
use sslcore_tests::peer::Scratch;

use crate::{certificate_pem, said};

#[test]
fn a_file_that_is_not_there_is_named() {
    let files = Scratch::new();
    let missing = files.path().join("missing.pem");
    let text = missing.to_str().expect("UTF-8");
    let nowhere = ": this file does not exist";
    assert_eq!(said(&missing, trust::certificates(text)), nowhere);
    assert_eq!(said(&missing, trust::private_key(&missing)), nowhere);
    let error = trust::identity(&missing, &missing).expect_err("nothing there");
    assert_eq!(
        std::io::Error::from(error).kind(),
        std::io::ErrorKind::NotFound
    );
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named_with_the_reason() {
    use std::os::unix::fs::PermissionsExt;
    let files = Scratch::new();
    let file = files.file("secret.pem", WORLD.server.key_pem());
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o0)).expect("chmod");
    // Root may read it all the same.
    if std::fs::read(&file).is_err() {
        let text = said(&file, trust::private_key(&file));
        assert_eq!(text, ": permission to read it is denied");
    }
    let denied = LoadErrorKind::Unreadable(std::io::ErrorKind::PermissionDenied.into());
    assert_eq!(denied.to_string(), "permission to read it is denied");
    let text = said(files.path(), trust::private_key(files.path()));
    assert!(text.starts_with(": it cannot be read: "), "{text}");
}

#[test]
fn a_file_of_another_kind_is_told_from_a_damaged_one() {
    let files = Scratch::new();
    let der = WORLD.ca.der();
    for (name, contents, wanted) in [
        ("empty.pem", &b""[..], ": the file is empty"),
        (
            "text.pem",
            b"0123 is not a certificate",
            ": this is neither PEM (no line begins with \"-----BEGIN \") nor DER",
        ),
        (
            "cut.der",
            &der[..der.len() - 1],
            ": it ends early: the file may have been cut off",
        ),
        (
            "store.p12",
            b"\x30\x05\x02\x01\x03\x30\x00",
            ": this is PKCS#12, which is not read here; \"openssl pkcs12 -nodes -in FILE\" makes PEM of it",
        ),
        (
            "firefox.p12",
            b"\x30\x80\x02\x01\x03\x30\x80\x00\x00\x00\x00",
            ": this is BER, and only DER is read here; if it is PKCS#12, \"openssl pkcs12 -nodes -in FILE\" makes PEM of it",
        ),
    ] {
        let file = files.file(name, contents);
        assert_eq!(said(&file, trust::certificates(&file)), wanted);
        assert_eq!(said(&file, trust::private_key(&file)), wanted);
    }
    let large = files.path().join("large");
    let file = std::fs::File::create(&large).expect("create");
    file.set_len(20_000_000).expect("a file of zeros");
    assert_eq!(
        said(&large, trust::certificates_from_file(&large)),
        ": it has more than 16777216 bytes, too many for certificates and keys"
    );
}

#[test]
fn the_block_that_is_wrong_is_named_by_its_number_and_line() {
    let files = Scratch::new();
    let good = certificate_pem(&WORLD.ca.der());
    let lines = good.lines().count();
    let second = format!(", block 2 (line {}): ", lines + 2);
    for (name, block, wanted) in [
        (
            "base64.pem",
            good.replacen("MII", "M!I", 1),
            "the content is not base64 ('!' is no part of it)",
        ),
        (
            "cut.pem",
            good[..good.len() / 2].to_owned(),
            "it ends early: the file may have been cut off",
        ),
        (
            "other-end.pem",
            good.replace("END CERTIFICATE", "END PRIVATE KEY"),
            "it ends early: the file may have been cut off",
        ),
        (
            "begun-twice.pem",
            format!("{}\n{good}", &good[..100]),
            "it ends early: the file may have been cut off",
        ),
        (
            "begin.pem",
            good.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE---"),
            "a line that begins a block must end with \"-----\"",
        ),
        (
            "other.pem",
            certificate_pem(b"\x30\x03\x02\x01\x07"),
            "this is not a certificate that can be used (BadDer)",
        ),
        (
            "cut-inside.pem",
            certificate_pem(&WORLD.ca.der()[..200]),
            "it ends early: the file may have been cut off",
        ),
    ] {
        let text = format!("{good}\n{block}");
        let wanted = second.clone() + wanted;
        for end in ["\n", "\r\n", "\r"] {
            let file = files.file(name, text.replace('\n', end));
            let said = said(&file, trust::certificates(&file));
            assert_eq!(said, wanted, "{name} {end:?}");
        }
        // One damaged file spoils a folder: it is an error, not one certificate less.
        std::fs::create_dir(files.path().join("folder")).expect("a folder");
        let inside = files.file("folder/damaged.pem", format!("{good}\n{block}"));
        let folder = files.path().join("folder");
        let folder = folder.to_str().expect("UTF-8");
        assert_eq!(said(&inside, trust::certificates(folder)), wanted, "{name}");
        std::fs::remove_dir_all(folder).expect("remove");
    }
}

#[test]
fn bytes_behind_a_certificate_are_an_error_and_text_behind_its_block_is_not() {
    let files = Scratch::new();
    let longer = [&WORLD.ca.der()[..], b"\0"].concat();
    let file = files.file("longer.der", &longer);
    let wanted = ": this is DER, and there are bytes behind its end";
    assert_eq!(said(&file, trust::certificates(&file)), wanted);
    let folder = files.path().to_str().expect("UTF-8");
    assert_eq!(said(&file, trust::certificates(folder)), wanted);
    let file = files.file("longer.pem", certificate_pem(&longer));
    let wanted = ", block 1 (line 1): this is not a certificate that can be used";
    assert!(said(&file, trust::certificates(&file)).starts_with(wanted));
    let good = certificate_pem(&WORLD.ca.der());
    for text in [
        format!("{good}\0\u{ff}, and more"),
        format!("\u{feff}{good}"),
        good.replace('\n', "\r"),
    ] {
        let file = files.file("good.pem", text);
        let loaded = trust::certificates(&file).expect("load");
        assert_eq!(loaded, [WORLD.ca.der()]);
    }
}

#[test]
fn a_key_that_cannot_be_used_says_why() {
    let files = Scratch::new();
    let usable = "; RSA, ECDSA and Ed25519 in PKCS#8, PKCS#1 or SEC1 are known";
    // PKCS#8 of an X25519 key: it agrees on secrets, and cannot sign.
    let mut x25519 = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x6e\x04\x22\x04\x20".to_vec();
    x25519.extend([7; 32]);
    // PKCS#8 that is encrypted as RFC 8018 says.
    let encrypted =
        b"\x30\x13\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d\x30\x00\x04\x02\x00\x00";
    let no_passphrase = "this private key is encrypted, and no passphrase was given; \
                         \"openssl pkey -in FILE -out PLAIN\" makes one that is not";
    for (label, der, wanted) in [
        (
            "DSA PRIVATE KEY",
            &x25519[..],
            format!("its label is \"DSA PRIVATE KEY\"){usable}"),
        ),
        (
            "PRIVATE KEY",
            &x25519,
            format!("algorithm 1.3.101.110){usable}"),
        ),
        (
            "PRIVATE KEY",
            &WORLD.ca.der(),
            format!("no key by its structure){usable}"),
        ),
        ("PRIVATE KEY", encrypted, no_passphrase.to_owned()),
        ("ENCRYPTED PRIVATE KEY", encrypted, no_passphrase.to_owned()),
    ] {
        let contents = WORLD.server.chain_pem() + &pem(label, der);
        let line = WORLD.server.chain_pem().lines().count() + 1;
        let file = files.file("key.pem", contents);
        let wanted = match wanted == no_passphrase {
            true => wanted,
            false => format!("this is not a private key that TLS can use ({wanted}"),
        };
        let place = format!(", block 2 (line {line}): ");
        assert_eq!(said(&file, trust::private_key(&file)), place + &wanted);
    }
    let file = files.file("key.der", encrypted);
    assert_eq!(
        said(&file, trust::private_key(&file)),
        format!(": {no_passphrase}")
    );
    let key = WORLD.server.key_pem().replace(
        "BEGIN PRIVATE KEY-----\n",
        "BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
    );
    let file = files.file("old.pem", key);
    assert_eq!(
        said(&file, trust::private_key(&file)),
        format!(", block 1 (line 1): {no_passphrase}")
    );
}

#[test]
fn a_key_in_place_of_a_certificate_is_told() {
    let files = Scratch::new();
    let chain = files.file("chain.pem", WORLD.server.chain_pem());
    let key = files.file("key.pem", WORLD.server.key_pem());
    assert_eq!(
        said(&key, trust::certificates(&key)),
        ": there is no certificate in it, only: PRIVATE KEY; this is a file of private keys"
    );
    assert_eq!(
        said(&key, trust::identity(&key, &key)),
        ": there is no certificate in it, only: PRIVATE KEY; this is a file of private keys"
    );
    let twice = files.file("twice.pem", WORLD.server.chain_pem().repeat(2));
    assert_eq!(
        said(&twice, trust::private_key(&twice)),
        ": there is no private key in it, only: CERTIFICATE; this is a file of certificates"
    );
    assert_eq!(
        said(&key, trust::identity(&key, &chain)),
        format!(
            ": this is the private key, and the certificates are in {chain:?}: the two files \
             are swapped"
        )
    );
    let error = trust::identity(&key, &chain).expect_err("swapped");
    assert!(matches!(error.kind(), LoadErrorKind::Swapped { .. }));
    let key = files.file("key.der", WORLD.server.key().secret_der());
    assert_eq!(
        said(&key, trust::certificates(&key)),
        ": there is no certificate in it, only: PRIVATE KEY (DER); this is a file of private keys"
    );
    let chain = files.file("chain.der", &WORLD.server.chain[0]);
    assert_eq!(
        said(&chain, trust::private_key(&chain)),
        ": there is no private key in it, only: CERTIFICATE; this is a file of certificates"
    );
}

#[test]
fn what_a_file_is_called_cannot_play_tricks_on_a_terminal() {
    let error = trust::private_key("\x1b[2Jkey\r\n").expect_err("not there");
    let text = error.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    let files = Scratch::new();
    let file = files.file("key.pem", pem("\x1b[2J", b"whatever"));
    let text = trust::private_key(file).expect_err("no key").to_string();
    assert!(text.contains("only: \\u{1b}[2J"), "{text:?}");
}

#[test]
fn lines_are_counted_as_an_editor_does_whatever_is_on_them() {
    let files = Scratch::new();
    let good = certificate_pem(&WORLD.ca.der());
    let bad = "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n";
    let joined = format!("{}{bad}", good.trim_end());
    let line = good.lines().count();
    let file = files.file("joined.pem", joined);
    let error = trust::certificates_from_file(&file).expect_err("no base64");
    let place = error.place().expect("a block");
    assert_eq!((place.block, place.line), (2, line));
}

#[test]
fn a_request_for_a_certificate_is_told_from_one() {
    let files = Scratch::new();
    let key = rcgen::KeyPair::generate().expect("key");
    let params = rcgen::CertificateParams::new(vec!["server.test".to_owned()]).expect("names");
    let request = params.serialize_request(&key).expect("a request");
    let why = "there is no certificate in it, only: CERTIFICATE REQUEST";
    let answered = "; an authority answers a request with a certificate";
    for (contents, form) in [
        (request.der().to_vec(), " (DER)"),
        (pem("CERTIFICATE REQUEST", request.der()).into_bytes(), ""),
    ] {
        let file = files.file("request", contents);
        let text = said(&file, trust::certificates_from_file(&file));
        assert_eq!(text, format!(": {why}{form}{answered}"));
        let text = said(&file, trust::private_key(&file));
        assert!(
            text.contains("no private key in it, only: CERTIFICATE REQUEST"),
            "{text}"
        );
    }
}
