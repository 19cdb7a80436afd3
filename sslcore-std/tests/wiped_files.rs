//! What loading private keys from files leaves behind in memory: nothing of them.

#[path = "common/encrypted_keys.rs"]
mod encrypted_keys;

use encrypted_keys::{PASSPHRASE, dek_info, pkcs8};
use sslcore_std::trust;
use sslcore_tests::certs::{PKCS_RSA_SHA256, WORLD, pem};
use sslcore_tests::peer::Scratch;
use sslcore_tests::wiped::{Watched, left_behind};

#[global_allocator]
static WATCHED: Watched = Watched;

#[test]
fn nothing_of_a_private_key_is_left_behind() {
    let files = Scratch::new();
    for identity in [
        &WORLD.server,
        &WORLD.ca.leaf_of(&PKCS_RSA_SHA256, &["server.test"]),
    ] {
        let (key, text) = (identity.key(), identity.key_pem());
        let der = key.secret_der();
        let secrets = || {
            let line = text.lines().nth(1).expect("base64").as_bytes();
            vec![
                der[40..56].to_vec(),
                der[der.len() / 2..][..32].to_vec(),
                line[48..64].to_vec(),
                PASSPHRASE.as_bytes().to_vec(),
            ]
        };
        let chain = identity.chain_pem();
        for (what, contents) in [
            ("DER", der.to_vec()),
            ("PEM", text.clone().into()),
            ("PEM behind a chain", format!("{chain}{text}").into()),
            ("PEM in UTF-16", utf16(&text)),
            ("damaged PEM", text.replace("-----END", "----").into()),
            ("PKCS#8", pkcs8(der, 10)),
            (
                "PKCS#8 in PEM",
                pem("ENCRYPTED PRIVATE KEY", &pkcs8(der, 10)).into(),
            ),
            ("DEK-Info", dek_info(der).into()),
        ] {
            let file = files.file("key", contents);
            let left = left_behind(secrets(), || {
                drop(trust::private_key_with_passphrase(&file, PASSPHRASE));
            });
            assert_eq!(left, 0, "{what}");
        }
        #[cfg(unix)]
        {
            // A pipe does not say how long it is; this is longer than what is read at first.
            let contents = format!("{text}{}", chain.repeat(20));
            assert_eq!(left_by_a_pipe(&contents, secrets()), 0, "a pipe");
        }
    }
}

fn utf16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    [0xff, 0xfe].into_iter().chain(units).collect()
}

#[test]
fn nothing_is_left_behind_by_older_encryptions() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
    let key = trust::private_key(format!("{folder}/plain.pem")).expect("a key");
    // A number of 32 bytes, in PKCS#8 and in SEC1.
    let secret = || {
        vec![
            key.secret_der()[36..52].to_vec(),
            key.secret_der()[52..68].to_vec(),
        ]
    };
    for name in [
        "pbe-sha1-3des",
        "pbe-sha1-rc2-40",
        "pbes2-camellia-256",
        "scrypt-camellia-256",
        "dek-camellia-128",
    ] {
        let file = format!("{folder}/{name}.pem");
        let left = left_behind(secret(), || {
            let opened = trust::private_key_with_passphrase(&file, PASSPHRASE);
            drop(opened.expect("the passphrase"));
        });
        assert_eq!(left, 0, "{name}");
    }
}

#[cfg(unix)]
fn left_by_a_pipe(contents: &str, secrets: Vec<Vec<u8>>) -> usize {
    let files = Scratch::new();
    let pipe = files.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    std::thread::scope(|scope| {
        scope.spawn(|| std::fs::write(&pipe, contents).expect("somebody reads"));
        left_behind(secrets, || {
            trust::private_key(&pipe).expect("a key");
        })
    })
}
