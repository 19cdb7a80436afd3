//! Keys of Ed25519 in PKCS#8: the examples of RFC 8410 §10.3, and what is wrong with others.

extern crate std;

use alloc::vec;

use super::super::nist::P256;
use super::*;
use crate::der_writer::element;

const SECRET: [u8; 32] = [
    0xd4, 0xee, 0x72, 0xdb, 0xf9, 0x13, 0x58, 0x4a, 0xd5, 0xb6, 0xd8, 0xf1, 0xf7, 0x69, 0xf8, 0xad,
    0x3a, 0xfe, 0x7c, 0x28, 0xcb, 0xf1, 0xd4, 0xfb, 0xe0, 0x97, 0xa8, 0x8f, 0x44, 0x75, 0x58, 0x42,
];
const PUBLIC: [u8; 32] = [
    0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96,
    0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1,
];
/// `id-Ed25519`.
const ALGORITHM: &[u8] = &[0x2b, 0x65, 0x70];

fn document(version: u8, algorithm: &[u8], secret: &[u8], behind: &[&[u8]]) -> Vec<u8> {
    let algorithm = element(tag::OBJECT_IDENTIFIER, &[algorithm]);
    let fields = [
        element(tag::INTEGER, &[&[version]]),
        element(tag::SEQUENCE, &[&algorithm]),
        element(tag::OCTET_STRING, &[secret]),
        behind.concat(),
    ];
    element(tag::SEQUENCE, &[&fields.concat()])
}

fn secret() -> Vec<u8> {
    element(tag::OCTET_STRING, &[&SECRET])
}

fn public_key(bits: &[u8]) -> Vec<u8> {
    element(tag::context(1), &[&[0], bits])
}

/// One attribute, whose name is "Curdle Chairs".
fn attributes() -> Vec<u8> {
    let id = [42, 0x86, 0x48, 0x86, 0xf7, 13, 1, 9, 9, 20];
    let id = element(tag::OBJECT_IDENTIFIER, &[&id]);
    let name = element(tag::UTF8_STRING, &[b"Curdle Chairs"]);
    let attribute = element(tag::SEQUENCE, &[&id, &element(tag::SET, &[&name])]);
    element(tag::constructed(0), &[&attribute])
}

/// The public key of what is loaded, or why nothing is.
fn loaded(der: &[u8]) -> Result<Vec<u8>, String> {
    let key = load::<P256>(&PrivateKeyDer::Pkcs8(der.into()))?;
    let info = key.public_key_info().expect("a public key");
    Ok(info[info.len() - 32..].to_vec())
}

#[test]
fn the_keys_of_the_rfc_are_read() {
    let first = document(0, ALGORITHM, &secret(), &[]);
    let second = document(
        1,
        ALGORITHM,
        &secret(),
        &[&attributes(), &public_key(&PUBLIC)],
    );
    assert_eq!((first.len(), second.len()), (48, 116));
    for der in [first, second] {
        assert_eq!(loaded(&der).as_deref(), Ok(&PUBLIC[..]));
    }
}

#[test]
fn a_document_has_the_fields_of_its_version() {
    let later = element(tag::constructed(2), &[&[5, 0]]);
    let public = public_key(&PUBLIC);
    for (version, behind, is_read) in [
        (0, vec![&attributes()[..]], true),
        (0, vec![&later], true),
        (0, vec![&public], false),
        (1, vec![&public], true),
        (1, vec![&public, &later], true),
        (1, vec![], false),
        (2, vec![&public], false),
        (0, vec![&[0x82]], false),
    ] {
        let der = document(version, ALGORITHM, &secret(), &behind);
        let loaded = loaded(&der);
        match is_read {
            true => assert_eq!(loaded.as_deref(), Ok(&PUBLIC[..])),
            false => assert_eq!(loaded, Err("the private key is not valid PKCS#8".into())),
        }
    }
    let whole = document(0, ALGORITHM, &secret(), &[]);
    for len in 0..whole.len() {
        assert!(loaded(&whole[..len]).is_err(), "{len} bytes");
    }
    assert!(loaded(&[&whole[..], &[0]].concat()).is_err());
}

#[test]
fn another_public_key_or_another_length_is_damage() {
    let mut other = PUBLIC;
    other[31] ^= 0x80;
    for public in [&other[..], &PUBLIC[..31], &[]] {
        let der = document(1, ALGORITHM, &secret(), &[&public_key(public)]);
        assert_eq!(
            loaded(&der),
            Err("the Ed25519 private key is damaged".into())
        );
    }
    for inside in [
        element(tag::OCTET_STRING, &[&SECRET[1..]]),
        element(tag::OCTET_STRING, &[&SECRET, &[0]]),
        [secret(), vec![0]].concat(),
        SECRET.to_vec(),
    ] {
        let der = document(0, ALGORITHM, &inside, &[]);
        assert_eq!(
            loaded(&der),
            Err("the Ed25519 private key is damaged".into())
        );
    }
}

#[test]
fn a_key_of_another_algorithm_says_which() {
    // Ed448, and one that no name is known for.
    for (algorithm, name) in [
        (&[0x2b, 0x65, 0x71][..], "Ed448"),
        (&[0x2a, 3, 4], "1.2.3.4"),
    ] {
        let error = loaded(&document(0, algorithm, &secret(), &[])).expect_err(name);
        let start = std::format!("the private key is of algorithm {name}; ");
        assert!(error.starts_with(&start), "{error}");
    }
}
