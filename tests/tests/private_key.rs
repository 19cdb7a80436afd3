//! Private keys: what forms are read, and what is said of bytes that are not one.

use proptest::prelude::*;
use rcgen::{
    KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    PKCS_RSA_SHA256,
};
use rustls_pki_types::PrivateKeyDer;
use sslcore::{KeyKind, PrivateKey, PrivateKeyError};
use sslcore_tests::certs::{WORLD, pem};
use sslcore_tests::pair::{Pair, backends, client, server};

/// One key of each kind in PKCS#8.
fn all() -> Vec<(KeyKind, Vec<u8>)> {
    let made = [
        (KeyKind::EcdsaP256, &PKCS_ECDSA_P256_SHA256),
        (KeyKind::EcdsaP384, &PKCS_ECDSA_P384_SHA384),
        (KeyKind::EcdsaP521, &PKCS_ECDSA_P521_SHA512),
        (KeyKind::Ed25519, &PKCS_ED25519),
        (KeyKind::Rsa { bits: 2048 }, &PKCS_RSA_SHA256),
    ];
    made.map(|(kind, algorithm)| {
        let key = KeyPair::generate_for(algorithm).expect("key");
        (kind, key.serialize_der())
    })
    .into()
}

/// DER of one element.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag, 0x82];
    der.extend(u16::try_from(content.len()).expect("short").to_be_bytes());
    match content.len() {
        len @ 0..128 => der.splice(1.., [len as u8]).for_each(drop),
        len @ 128..256 => der.splice(1.., [0x81, len as u8]).for_each(drop),
        _ => {}
    }
    der.extend_from_slice(content);
    der
}

/// What PKCS#8 wraps: PKCS#1 of an RSA key, SEC1 of an EC key.
fn unwrapped(pkcs8: &[u8]) -> &[u8] {
    let wrapped = (0..pkcs8.len()).find_map(|at| match pkcs8[at..] {
        [4, 0x82, high, low, 0x30, ..] => Some((at + 4, usize::from(high) << 8 | usize::from(low))),
        [4, 0x81, len, 0x30, ..] => Some((at + 3, usize::from(len))),
        [4, len @ ..=0x7f, 0x30, ..] => Some((at + 2, usize::from(len))),
        _ => None,
    });
    let (start, len) = wrapped.expect("an OCTET STRING with a SEQUENCE in it");
    &pkcs8[start..start + len]
}

/// SEC1 that names its curve, which what is in PKCS#8 need not.
fn sec1(pkcs8: &[u8], curve: &[u8]) -> Vec<u8> {
    let secret = {
        let inside = unwrapped(pkcs8);
        let at = inside
            .windows(4)
            .position(|w| w[..3] == [2, 1, 1] && w[3] == 4);
        let at = at.expect("version 1, then the secret") + 4;
        &inside[at + 1..at + 1 + usize::from(inside[at])]
    };
    let parts = [der(2, &[1]), der(4, secret), der(0xa0, &der(6, curve))];
    der(0x30, &parts.concat())
}

#[test]
fn the_algorithm_of_a_key_is_recognised_in_der_and_in_pem() {
    for (kind, pkcs8) in all() {
        let from_der = PrivateKey::from_der(&pkcs8).expect("DER");
        assert_eq!(from_der.kind(), kind);
        assert_eq!(from_der.secret_der(), pkcs8);
        let text = WORLD.server.chain_pem() + &pem("PRIVATE KEY", &pkcs8);
        let from_pem = PrivateKey::from_pem(text.as_bytes()).expect("PEM");
        assert_eq!((from_pem.kind(), from_pem.secret_der()), (kind, &pkcs8[..]));
    }
}

#[test]
fn the_older_forms_are_recognised_too() {
    let curves: [(KeyKind, &[u8]); 3] = [
        (KeyKind::EcdsaP256, b"\x2a\x86\x48\xce\x3d\x03\x01\x07"),
        (KeyKind::EcdsaP384, b"\x2b\x81\x04\x00\x22"),
        (KeyKind::EcdsaP521, b"\x2b\x81\x04\x00\x23"),
    ];
    for (kind, pkcs8) in all() {
        let (label, old) = match curves.iter().find(|(curve, _)| *curve == kind) {
            Some((_, curve)) => ("EC PRIVATE KEY", sec1(&pkcs8, curve)),
            None if kind == KeyKind::Ed25519 => continue,
            None => ("RSA PRIVATE KEY", unwrapped(&pkcs8).to_vec()),
        };
        assert_eq!(PrivateKey::from_der(&old).expect(label).kind(), kind);
        let text = pem(label, &old);
        let key = PrivateKey::from_pem(text.as_bytes()).expect(label);
        assert_eq!(key.kind(), kind);
        let is_old = !matches!(PrivateKeyDer::from(key), PrivateKeyDer::Pkcs8(_));
        assert!(is_old, "{label}");
    }
}

#[test]
fn a_key_that_was_read_serves_a_handshake() {
    for backend in backends() {
        let key = PrivateKey::from_pem(WORLD.server.key_pem().as_bytes()).expect("PEM");
        let server = server(backend.clone())
            .identity(WORLD.server.chain.clone(), key)
            .build()
            .expect("server");
        Pair::encrypted(&client(backend).build().expect("client"), &server);
    }
}

#[test]
fn a_secret_is_not_in_the_debug_text() {
    for (kind, pkcs8) in all() {
        let key = PrivateKey::from_der(&pkcs8).expect("DER");
        assert_eq!(format!("{key:?}"), format!("PrivateKey({kind})"));
    }
}

#[test]
fn a_key_that_was_cut_off_is_damaged() {
    for (kind, pkcs8) in all() {
        for len in 1..pkcs8.len() {
            let error = PrivateKey::from_der(&pkcs8[..len]).expect_err("cut off");
            assert!(
                matches!(error, PrivateKeyError::Damaged(_)),
                "{kind}, {len}: {error:?}"
            );
        }
        let mut longer = pkcs8;
        longer.push(0);
        let error = PrivateKey::from_der(&longer).expect_err("too long");
        assert!(matches!(error, PrivateKeyError::Damaged(_)), "{error:?}");
    }
    let cut = WORLD.server.key_pem().replace("END", "AND");
    let error = PrivateKey::from_pem(cut.as_bytes()).expect_err("no end");
    assert!(matches!(error, PrivateKeyError::Damaged(_)), "{error:?}");
}

#[test]
fn what_is_inside_must_be_a_whole_key() {
    let ed25519 = |secret: &[u8]| {
        let parts = [
            der(2, &[0]),
            der(0x30, b"\x06\x03\x2b\x65\x70"),
            der(4, &der(4, secret)),
        ];
        PrivateKey::from_der(&der(0x30, &parts.concat()))
    };
    assert_eq!(
        ed25519(&[7; 32]).expect("32 bytes").kind(),
        KeyKind::Ed25519
    );
    for len in [0, 31, 33] {
        let error = ed25519(&vec![7; len]).expect_err("another length");
        assert_eq!(
            error.to_string(),
            "this private key is damaged: an Ed25519 key has 32 bytes"
        );
    }
    // An RSA key of eight numbers.
    let numbers = [&[0][..], &[5], &[3], &[1], &[1], &[1], &[1], &[1]];
    let eight: Vec<u8> = numbers.iter().flat_map(|number| der(2, number)).collect();
    let error = PrivateKey::from_der(&der(0x30, &eight)).expect_err("eight");
    assert!(matches!(error, PrivateKeyError::Damaged(_)), "{error:?}");
    let nine = [eight, der(2, &[1])].concat();
    let key = PrivateKey::from_der(&der(0x30, &nine)).expect("nine");
    assert_eq!(key.kind(), KeyKind::Rsa { bits: 3 });
}

#[test]
fn an_encrypted_key_is_told_from_a_damaged_one() {
    let algorithm = der(
        0x30,
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d\x30\x00",
    );
    let encrypted = der(0x30, &[algorithm, der(4, &[0; 16])].concat());
    assert_eq!(
        PrivateKey::from_der(&encrypted).err(),
        Some(PrivateKeyError::Encrypted)
    );
    let text = pem("ENCRYPTED PRIVATE KEY", &encrypted);
    assert_eq!(
        PrivateKey::from_pem(text.as_bytes()).err(),
        Some(PrivateKeyError::Encrypted)
    );
    let old = WORLD.server.key_pem().replace(
        "BEGIN PRIVATE KEY-----\n",
        "BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
    );
    assert_eq!(
        PrivateKey::from_pem(old.as_bytes()).err(),
        Some(PrivateKeyError::Encrypted)
    );
}

#[test]
fn what_is_no_key_for_tls_says_what_it_is() {
    let said = |algorithm: &[u8]| {
        let parts = [
            der(2, &[0]),
            der(0x30, algorithm),
            der(4, &der(4, &[7; 32])),
        ];
        let error = PrivateKey::from_der(&der(0x30, &parts.concat())).expect_err("unsupported");
        assert!(
            matches!(error, PrivateKeyError::Unsupported(_)),
            "{error:?}"
        );
        error.to_string()
    };
    let x25519 = said(b"\x06\x03\x2b\x65\x6e");
    assert!(x25519.contains("(algorithm 1.3.101.110)"), "{x25519}");
    let secp256k1 = said(b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x0a");
    assert!(secp256k1.contains("(curve 1.3.132.0.10)"), "{secp256k1}");
    let dsa = PrivateKey::from_pem(pem("DSA PRIVATE KEY", &[0x30, 0]).as_bytes());
    let dsa = dsa.expect_err("DSA").to_string();
    assert!(dsa.contains("DSA PRIVATE KEY"), "{dsa}");
    for nothing in [
        &b""[..],
        b"text",
        &WORLD.ca.der(),
        b"\x30\x00",
        b"\x30\x03\x02\x01\x07",
    ] {
        assert_eq!(
            PrivateKey::from_der(nothing).err(),
            Some(PrivateKeyError::NotAKey)
        );
    }
    let chain = WORLD.server.chain_pem();
    assert_eq!(
        PrivateKey::from_pem(chain.as_bytes()).err(),
        Some(PrivateKeyError::NotAKey)
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let _ = PrivateKey::from_der(&bytes);
        let _ = PrivateKey::from_pem(&bytes);
        let mut key = WORLD.server.key().secret_der().to_vec();
        let at = at.index(key.len());
        key[at] = byte;
        let _ = PrivateKey::from_der(&key);
        let mut text = WORLD.server.key_pem().into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let _ = PrivateKey::from_pem(&text);
    }
}
