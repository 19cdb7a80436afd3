//! Certificates and keys from files, and what is said when they cannot be loaded.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

mod common;

use std::path::Path;

use common::{LONG, both, started};
use rustls_pki_types::CertificateDer;
use sslcore::{ClientConfig, ServerConfig};
use sslcore_std::trust::{self, LoadError, LoadErrorKind};
use sslcore_tests::certs::{
    Identity, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, WORLD, pem,
};
use sslcore_tests::chains::{Family, element};
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

/// A client that trusts this file's certificates reaches a server that has these two files'.
fn handshake(ca: &str, chain: &str, key: &str) {
    let client = ClientConfig::builder(sslcore_std::default_backend())
        .trust_anchors(trust::certificates(ca).expect("load the roots"))
        .build()
        .expect("client");
    let (chain, key) = trust::identity(chain, key).expect("load the identity");
    let server = ServerConfig::builder(sslcore_std::default_backend())
        .identity(chain, key)
        .build()
        .expect("server");
    let (mut client, mut server) = started(&client, &server);
    let done = both(
        || client.wait_for_encrypted(Some(LONG)),
        || server.wait_for_encrypted(Some(LONG)),
    );
    assert_eq!(done, (Ok(()), Ok(())));
}

/// What PKCS#8 wraps in an OCTET STRING: PKCS#1 of an RSA key, SEC1 of an EC key.
fn unwrapped(identity: &Identity) -> Vec<u8> {
    let pkcs8 = identity.key().secret_der().to_vec();
    let octets = |at: usize| match pkcs8[at..] {
        [4, 0x82, high, low, 0x30, ..] => Some((at + 4, usize::from(high) << 8 | usize::from(low))),
        [4, 0x81, len, 0x30, ..] => Some((at + 3, usize::from(len))),
        _ => None,
    };
    let (start, len) = (0..pkcs8.len())
        .find_map(octets)
        .expect("an OCTET STRING with a SEQUENCE in it");
    pkcs8[start..start + len].to_vec()
}

#[test]
fn every_kind_of_key_in_every_form_serves_a_handshake() {
    let files = Scratch::new();
    let ca = files.file("ca.pem", certificate_pem(&WORLD.ca.der()));
    for (kind, label) in [
        (&PKCS_RSA_SHA256, Some("RSA PRIVATE KEY")),
        (&PKCS_ECDSA_P384_SHA384, Some("EC PRIVATE KEY")),
        (&PKCS_ED25519, None),
    ] {
        let identity = WORLD.ca.leaf_of(kind, &["server.test"]);
        let chain = files.file("chain.pem", identity.chain_pem());
        let pkcs8 = identity.key().secret_der().to_vec();
        handshake(&ca, &chain, &files.file("key.pem", identity.key_pem()));
        handshake(&ca, &chain, &files.file("key.der", &pkcs8));
        if let Some(label) = label {
            let old = unwrapped(&identity);
            let loaded = trust::private_key(files.file("old.der", &old)).expect("load");
            assert_eq!(loaded.secret_der(), old, "{label}");
            handshake(&ca, &chain, &files.file("old.der", &old));
            handshake(&ca, &chain, &files.file("old.pem", pem(label, &old)));
        }
    }
}

#[test]
fn one_file_may_hold_everything_among_other_blocks_and_text() {
    let files = Scratch::new();
    let everything = format!(
        "\u{feff}subject=/CN=leaf\n{}\r\nanything\r\n{}{}{}",
        pem("EC PARAMETERS", &[6, 1, 42]) + &pem("PRIVATE KEY ATTRIBUTES", &[6, 1, 42]),
        WORLD.server.chain_pem().replace('\n', "\r\n"),
        WORLD.server.key_pem(),
        certificate_pem(&WORLD.ca.der()),
    );
    let file = files.file("everything.pem", everything);
    let certificates = trust::certificates_from_file(&file).expect("load");
    assert_eq!(
        certificates,
        [WORLD.server.chain[0].clone(), WORLD.ca.der()]
    );
    handshake(&file, &file, &file);
    let der = files.file("ca.der", WORLD.ca.der());
    handshake(&der, &file, &file);
}

#[cfg(unix)]
#[test]
fn a_pipe_may_hold_everything_too() {
    let files = Scratch::new();
    let pipe = files.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let (written, both) = (
        pipe.clone(),
        WORLD.server.chain_pem() + &WORLD.server.key_pem(),
    );
    std::thread::spawn(move || {
        std::fs::write(&written, both).expect("somebody reads");
        // Whoever reads it again finds nothing.
        while std::fs::write(&written, "").is_ok() {}
    });
    let (chain, key) = trust::identity(&pipe, &pipe).expect("read once");
    assert_eq!(chain, [WORLD.server.chain[0].clone()]);
    assert_eq!(key.secret_der(), WORLD.server.key().secret_der());
}

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

/// Every one of these is taken by the configuration.
fn all_are_anchors(certificates: &[CertificateDer<'static>]) {
    ClientConfig::builder(sslcore_std::default_backend())
        .trust_anchors(certificates.to_vec())
        .build()
        .expect("each can be a trust anchor");
}

#[cfg(feature = "native-roots")]
#[test]
fn the_systems_roots_load_or_it_is_said_why_not() {
    let roots = trust::system();
    assert!(!roots.certificates.is_empty() || !roots.errors.is_empty());
    for error in &roots.errors {
        let text = error.to_string();
        assert!(text.starts_with("the system's trust store: "), "{text}");
    }
    all_are_anchors(&roots.certificates);
}

#[cfg(feature = "native-roots")]
#[test]
fn an_odd_root_of_the_system_is_named_and_spoils_nothing() {
    // In a program of its own: the environment belongs to all tests of this one.
    const INSIDE: &str = "SSLCORE_TEST_ODD_ROOT";
    if std::env::var_os(INSIDE).is_none() {
        let files = Scratch::new();
        let odd = pem("CERTIFICATE", b"\x30\x03\x02\x01\x07");
        let store = files.file("store.pem", certificate_pem(&WORLD.ca.der()) + &odd);
        let output = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--exact",
                "an_odd_root_of_the_system_is_named_and_spoils_nothing",
            ])
            .env("SSL_CERT_FILE", store)
            .env_remove("SSL_CERT_DIR")
            .env(INSIDE, "1")
            .output()
            .expect("run");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("test result: ok. 1 passed"), "{text}");
        return;
    }
    let roots = trust::system();
    assert_eq!(roots.certificates.len(), 1);
    all_are_anchors(&roots.certificates);
    let errors: Vec<String> = roots.errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "the system's trust store: the root \"without a name\": this is not a certificate that \
          can be used (BadDer)"
        ]
    );
}

#[cfg(feature = "webpki-roots")]
#[test]
fn mozillas_roots_are_trust_anchors() {
    let roots = trust::mozilla();
    assert!(roots.len() > 100, "only {}", roots.len());
    all_are_anchors(&roots);
}

#[test]
fn revocation_lists_are_loaded_from_pem_and_der() {
    let scratch = Scratch::new();
    let Family { root, middle, leaf } = Family::new();
    let (one, other) = (root.revoke(&[1], 2030), middle.revoke(&[2], 2030));
    let all = [
        pem("X509 CRL", one.der()),
        certificate_pem(&leaf.der),
        pem("X509 CRL", other.der()),
    ];
    let path = scratch.file("lists.pem", all.concat());
    let found = trust::revocation_lists(&path).expect("two lists");
    assert_eq!(found, [one.clone(), other]);
    let path = scratch.file("list.crl", one.der());
    assert_eq!(trust::revocation_lists(&path).expect("a list"), [one]);
}

#[test]
fn what_is_no_revocation_list_is_told_with_what_it_is_instead() {
    let scratch = Scratch::new();
    let Family { root, leaf, .. } = Family::new();
    let list = root.revoke(&[1], 2030);
    let list = list.der();
    let changes = root.revoke_with_fields(&[1], |fields| {
        let indicator = [&[6, 3, 0x55, 0x1d, 0x1b][..], &[4, 3, 2, 1, 1]].concat();
        let extensions = element(0x30, &element(0x30, &indicator));
        fields.pop();
        fields.push(element(0xa0, &extensions));
    });
    let certificate = certificate_pem(&leaf.der);
    let mut bent = list.to_vec();
    bent[6] ^= 0xff;
    for (name, content, expected) in [
        (
            "certificate.pem",
            certificate.as_bytes(),
            ": there is no certificate revocation list in it, only: CERTIFICATE",
        ),
        (
            "certificate.der",
            leaf.der.as_ref(),
            ": there is no certificate revocation list in it, only: CERTIFICATE (DER)",
        ),
        (
            "short.crl",
            &list[..list.len() - 1],
            ": it ends early: the file may have been cut off",
        ),
        (
            "short.pem",
            pem("X509 CRL", &list[..list.len() - 1]).as_bytes(),
            ", block 1 (line 1): it ends early: the file may have been cut off",
        ),
        (
            "bent.crl",
            &bent,
            ": this is not a certificate revocation list",
        ),
        (
            "bent.pem",
            pem("X509 CRL", &bent).as_bytes(),
            ", block 1 (line 1): this is not a certificate revocation list",
        ),
        (
            "changes.crl",
            &changes,
            ": this certificate revocation list has changes only, and a whole one is needed",
        ),
        ("empty.crl", b"", ": the file is empty"),
        ("text.crl", b"no list", ": this is neither PEM"),
    ] {
        let path = scratch.file(name, content);
        let said = said(&path, trust::revocation_lists(&path));
        assert!(said.starts_with(expected), "{name}: {said}");
    }
    assert!(matches!(
        trust::revocation_lists(scratch.path().join("nowhere.crl"))
            .expect_err("no file")
            .kind(),
        LoadErrorKind::Unreadable(_)
    ));
}

/// The tests' server's chain and its root: three certificates, leaf first.
fn chain_of_three() -> (Identity, Vec<CertificateDer<'static>>) {
    let intermediate = WORLD.ca.intermediate("test intermediate");
    let leaf = intermediate.leaf(&["server.test"]);
    let chain = vec![leaf.chain[0].clone(), intermediate.der(), WORLD.ca.der()];
    (leaf, chain)
}

#[test]
fn text_of_windows_and_of_mails_is_read_as_any_other() {
    let files = Scratch::new();
    let (leaf, chain) = chain_of_three();
    let text: String = chain.iter().map(|der| certificate_pem(der)).collect();
    let text = text + &leaf.key_pem();
    let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        let units = text.encode_utf16().flat_map(bytes);
        mark.iter().copied().chain(units).collect::<Vec<u8>>()
    };
    for contents in [
        utf16(b"\xff\xfe", u16::to_le_bytes),
        utf16(b"\xfe\xff", u16::to_be_bytes),
        utf16(b"", u16::to_le_bytes),
        text.replace('\n', "\r\n    ").into(),
        format!("\t{}", text.replace('\n', "\n\t")).into(),
        // As "cat" joins files that end without a line's end.
        text.replace("-----\n-----BEGIN", "----------BEGIN").into(),
    ] {
        let file = files.file("all.pem", contents);
        assert_eq!(
            trust::certificates_from_file(&file).expect("certificates"),
            chain
        );
        let (read, key) = trust::identity(&file, &file).expect("an identity");
        assert_eq!(
            (read, key.secret_der()),
            (chain.clone(), leaf.key().secret_der())
        );
    }
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

#[test]
fn a_chain_that_begins_with_its_root_is_put_in_order() {
    let files = Scratch::new();
    let (leaf, chain) = chain_of_three();
    let [one, two, three] = [&chain[0], &chain[1], &chain[2]];
    let key = files.file("key.pem", leaf.key_pem());
    for order in [
        [three, two, one],
        [three, one, two],
        [two, one, three],
        [two, three, one],
    ] {
        let text: String = order.iter().map(|der| certificate_pem(der)).collect();
        let file = files.file("chain.pem", text);
        let (read, _) = trust::identity(&file, &key).expect("an identity");
        assert_eq!(read, chain);
    }
    // A leaf that stands first stays there, with what is behind it as it is.
    let order = [one, three, two].map(Clone::clone).to_vec();
    assert_eq!(trust::leaf_first(order.clone()), order);
    // Two that nobody was issued by: which one is meant is not known.
    let order = vec![
        three.clone(),
        WORLD.server.chain[0].clone(),
        two.clone(),
        one.clone(),
    ];
    assert_eq!(trust::leaf_first(order.clone()), order);
    assert_eq!(trust::leaf_first(Vec::new()), Vec::new());
}
