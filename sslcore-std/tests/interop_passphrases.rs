//! Keys behind a passphrase, and PKCS#12 files, as the program `openssl` writes them.

use std::path::{Path, PathBuf};
use std::process::Command;

use sslcore::KeyKind;
use sslcore_std::trust::{self, LoadErrorKind};
use sslcore_tests::certs::WORLD;
use sslcore_tests::peer::Scratch;

const PASSPHRASE: &str = "correct horse";

/// Runs `openssl` in a folder; its last argument is the file that it writes.
fn openssl(files: &Scratch, arguments: &[&str]) -> PathBuf {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(files.path())
        .output()
        .expect("openssl must be installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {said}");
    files.path().join(arguments.last().expect("a file"))
}

fn opens(file: &Path, kind: KeyKind) {
    let key = trust::private_key_with_passphrase(file, PASSPHRASE).expect("the passphrase");
    assert_eq!(key.kind(), kind);
    for wrong in ["", "wrong"] {
        let error = trust::private_key_with_passphrase(file, wrong).expect_err("wrong");
        assert!(
            matches!(error.kind(), LoadErrorKind::WrongPassphrase),
            "{error}"
        );
    }
    let error = trust::private_key(file).expect_err("none");
    assert!(
        matches!(error.kind(), LoadErrorKind::EncryptedKey),
        "{error}"
    );
}

#[test]
fn keys_in_pkcs8_are_opened() {
    let files = Scratch::new();
    files.file("key.pem", WORLD.server.key_pem());
    let pass = format!("pass:{PASSPHRASE}");
    for how in [
        &["-v2", "aes-256-cbc"][..],
        &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"],
        &["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA384"],
        &["-v2", "aes-256-cbc", "-scrypt"],
        &["-v2", "des3", "-v2prf", "hmacWithSHA1"],
        &["-v2", "camellia-128-cbc"],
        &["-v2", "camellia-256-cbc", "-scrypt"],
        &["-v1", "PBE-SHA1-3DES"],
        &["-v1", "PBE-SHA1-2DES"],
        &["-v1", "PBE-SHA1-RC2-128"],
        &["-v1", "PBE-SHA1-RC2-40"],
    ] {
        for form in ["PEM", "DER"] {
            let mut arguments = vec!["pkcs8", "-topk8", "-in", "key.pem", "-passout", &pass];
            arguments.extend(["-provider", "legacy", "-provider", "default"]);
            arguments.extend_from_slice(how);
            arguments.extend(["-outform", form, "-out", "encrypted"]);
            opens(&openssl(&files, &arguments), KeyKind::EcdsaP256);
        }
    }
}

#[test]
fn keys_in_pkcs8_of_the_older_kind_say_how_they_are_encrypted() {
    let files = Scratch::new();
    files.file("key.pem", WORLD.server.key_pem());
    let pass = format!("pass:{PASSPHRASE}");
    for (how, named) in [
        ("PBE-SHA1-RC4-128", "1.2.840.113549.1.12.1.1"),
        ("PBE-MD5-DES", "1.2.840.113549.1.5.3"),
    ] {
        let mut arguments = vec!["pkcs8", "-topk8", "-in", "key.pem", "-passout", &pass];
        arguments.extend(["-provider", "legacy", "-provider", "default"]);
        arguments.extend(["-v1", how, "-out", "encrypted"]);
        let file = openssl(&files, &arguments);
        let error = trust::private_key_with_passphrase(&file, PASSPHRASE).expect_err(how);
        assert!(
            matches!(error.kind(), LoadErrorKind::UnknownEncryption(_)),
            "{error}"
        );
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[test]
fn keys_in_the_old_pem_are_opened() {
    let files = Scratch::new();
    files.file("ec.pem", WORLD.server.key_pem());
    openssl(&files, &["genrsa", "-out", "rsa.pem"]);
    let pass = format!("pass:{PASSPHRASE}");
    for cipher in ["-aes128", "-aes192", "-aes256", "-des3", "-camellia256"] {
        for (command, from, kind) in [
            (&["ec"][..], "ec.pem", KeyKind::EcdsaP256),
            (
                &["rsa", "-traditional"],
                "rsa.pem",
                KeyKind::Rsa { bits: 2048 },
            ),
        ] {
            let mut arguments = command.to_vec();
            arguments.extend(["-in", from, cipher, "-passout", &pass, "-out", "old.pem"]);
            let file = openssl(&files, &arguments);
            let text = std::fs::read_to_string(&file).expect("PEM");
            assert!(text.contains("DEK-Info"), "{cipher}: {text}");
            opens(&file, kind);
        }
    }
}

#[test]
fn pkcs12_files_are_opened() {
    let files = Scratch::new();
    files.file("key.pem", WORLD.server.key_pem());
    files.file("chain.pem", WORLD.server.chain_pem());
    let pass = format!("pass:{PASSPHRASE}");
    for how in [
        &[][..],
        &["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"],
        // RC2 with 40 bits, which was the default for twenty years.
        &["-legacy"],
        &["-keypbe", "aes-128-cbc", "-certpbe", "aes-192-cbc"],
        &["-macalg", "sha512", "-iter", "1"],
        &["-nomac"],
        &["-keypbe", "NONE", "-certpbe", "NONE"],
    ] {
        let mut arguments = vec!["pkcs12", "-export", "-inkey", "key.pem", "-in", "chain.pem"];
        arguments.extend_from_slice(how);
        arguments.extend(["-passout", &pass, "-out", "server.p12"]);
        let file = openssl(&files, &arguments);
        let (chain, key) = trust::pkcs12(&file, PASSPHRASE).expect("the passphrase");
        assert_eq!(chain, WORLD.server.chain);
        assert_eq!(key.kind(), KeyKind::EcdsaP256);
        let error = trust::pkcs12(&file, "wrong").expect_err("wrong");
        assert!(
            matches!(error.kind(), LoadErrorKind::WrongPassphrase),
            "{error}"
        );
    }
}
