//! `sslcore::testing::known_identity`: how its files were made.
//!
//! `sslcore/src/testing/key.der` is a key on P-256 that was generated once, in PKCS#8.
//! `certificate.der` beside it is what [`certificate`] makes with it, once. A signature is another each
//! time that it is made, so the file is compared up to that.
#![cfg(feature = "testing")]

use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, KeyPair, PublicKeyData,
    SerialNumber, date_time_ymd,
};
use sslcore::testing::known_identity;

fn key() -> KeyPair {
    let (_, key) = known_identity();
    KeyPair::try_from(key.secret_der()).expect("a key")
}

/// A certificate for the key that has no end (RFC 5280 §4.1.2.5).
fn certificate() -> Vec<u8> {
    let name = "server.test";
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(1));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(9999, 12, 31) + Duration::from_secs(24 * 3600 - 1);
    // RFC 5280 §4.2.1.9: no authority.
    let mut basic = CustomExtension::from_oid_content(&[2, 5, 29, 19], vec![0x30, 0]);
    basic.set_criticality(true);
    // §4.2.1.12: serverAuth and clientAuth.
    let purposes =
        b"\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02";
    let purposes = CustomExtension::from_oid_content(&[2, 5, 29, 37], purposes.to_vec());
    // §4.2.1.2, the first method.
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, key().der_bytes());
    let identifier = [&[4, 20], hash.as_ref()].concat();
    let identifier = CustomExtension::from_oid_content(&[2, 5, 29, 14], identifier);
    params.custom_extensions = vec![basic, purposes, identifier];
    let made = params.self_signed(&key()).expect("a certificate");
    made.der().to_vec()
}

/// An element of DER with its header, what is in it, and what is behind it.
fn element(der: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (header, len) = match der[1] {
        0x82 => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        0x81 => (3, usize::from(der[2])),
        short => (2, usize::from(short)),
    };
    let (whole, behind) = der.split_at(header + len);
    (whole, &whole[header..], behind)
}

/// What is signed of a certificate, and what follows: the algorithm, and the signature's bits.
fn parts(certificate: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (_, inside, _) = element(certificate);
    let (signed, _, rest) = element(inside);
    let (algorithm, _, rest) = element(rest);
    let (_, bits, _) = element(rest);
    (signed, algorithm, &bits[1..])
}

#[test]
fn the_certificate_is_what_is_made_here() {
    let (chain, _) = known_identity();
    let [kept] = &chain[..] else {
        panic!("{} certificates", chain.len());
    };
    let made = certificate();
    let (signed, algorithm, signature) = parts(kept);
    let (expected, same, _) = parts(&made);
    assert_eq!((signed, algorithm), (expected, same));
    let key = key();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.der_bytes())
        .verify(signed, signature)
        .expect("its own signature");
}
