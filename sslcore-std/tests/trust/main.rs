//! Certificates and keys from files, and what is said when they cannot be loaded.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]

#[path = "../common/mod.rs"]
mod common;
mod mistakes;
mod roots;

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
