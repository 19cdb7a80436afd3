use alloc::vec::Vec;

use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature};

use super::*;
use crate::crypto::Backend;

/// A DER element.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let header = match u8::try_from(len) {
        Ok(len @ 0..0x80) => Vec::from([tag, len]),
        Ok(len) => Vec::from([tag, 0x81, len]),
        _ => Vec::from([tag, 0x82, (len >> 8) as u8, len as u8]),
    };
    [header, content.to_vec()].concat()
}

fn rsa(bits: usize, exponent: &[u8]) -> Vec<u8> {
    let mut modulus = Vec::from([1]);
    modulus.resize(bits.div_ceil(8), 0xff);
    modulus[0] = 0xff >> (bits.div_ceil(8) * 8 - bits);
    if bits.is_multiple_of(8) {
        modulus.insert(0, 0);
    }
    let key = [element(2, &modulus), element(2, exponent)].concat();
    element(0x30, &key)
}

/// `rsaEncryption`, with its NULL.
const RSA_ID: [u8; 13] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
const ED25519_ID: [u8; 5] = [6, 3, 0x2b, 0x65, 0x70];

/// `id-ecPublicKey` on a curve.
fn ec(curve: &[u8]) -> Vec<u8> {
    let id = element(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
    [id, element(6, curve)].concat()
}

fn flaw_of(algorithm: &[u8], key: &[u8]) -> Option<KeyFlaw> {
    let backend = Backend::ring();
    let algorithms = backend.verified_algorithms();
    let key = PublicKey {
        spki: &[],
        info: &[],
        algorithm,
        key,
    };
    flaw(&key, algorithms)
}

#[test]
fn an_rsa_key_is_long_enough_not_too_long_and_has_a_usable_exponent() {
    const F4: [u8; 3] = [1, 0, 1];
    for bits in [512, 1024, 2040, 2047, 8193, 16384] {
        let flaw = flaw_of(&RSA_ID, &rsa(bits, &F4));
        assert_eq!(flaw, Some(KeyFlaw::Bits(bits)));
    }
    for bits in [2048, 2049, 3072, 4096, 8192] {
        assert_eq!(flaw_of(&RSA_ID, &rsa(bits, &F4)), None, "{bits}");
    }
    for usable in [&[3][..], &[17], &[1, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(flaw_of(&RSA_ID, &rsa(2048, usable)), None, "{usable:?}");
    }
    for useless in [&[0][..], &[1], &[2], &[1, 0, 0], &[2, 0, 0, 0, 1]] {
        let flaw = flaw_of(&RSA_ID, &rsa(2048, useless));
        assert_eq!(flaw, Some(KeyFlaw::Exponent), "{useless:?}");
    }
    for no_key in [&[][..], &[0x30, 0], b"key", &element(0x30, &[2, 1, 0])] {
        assert_eq!(flaw_of(&RSA_ID, no_key), Some(KeyFlaw::Malformed));
    }
}

#[test]
fn a_point_is_as_long_as_its_curve_says() {
    let p256 = ec(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
    let p384 = ec(&[0x2b, 0x81, 4, 0, 0x22]);
    for (id, first, len, expected) in [
        (&p256, 4, 64, None),
        (&p384, 4, 96, None),
        (&p256, 2, 32, Some(KeyFlaw::Compressed)),
        (&p256, 4, 96, Some(KeyFlaw::Malformed)),
        (&p384, 4, 64, Some(KeyFlaw::Malformed)),
        (&p256, 2, 64, Some(KeyFlaw::Malformed)),
        (&p256, 0, 0, Some(KeyFlaw::Malformed)),
    ] {
        let mut point = Vec::from([first]);
        point.resize(1 + len, 9);
        assert_eq!(flaw_of(id, &point), expected, "{first} {len}");
    }
    assert_eq!(flaw_of(&p256, &[]), Some(KeyFlaw::Malformed));
    assert_eq!(flaw_of(&ED25519_ID, &[7; 32]), None);
    assert_eq!(flaw_of(&ED25519_ID, &[7; 31]), Some(KeyFlaw::Malformed));
}

#[test]
fn a_key_of_a_kind_that_the_backend_does_not_have_is_useless_whatever_it_is() {
    let point = [4; 65];
    for algorithm in [
        ec(&[0x2b, 0x81, 4, 0, 0x0a]),                     // secp256k1
        ec(&[0x2b, 0x81, 4, 0, 0x23]),                     // P-521, which ring has not
        ec(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1]),      // P-192
        element(6, &[0x2b, 0x65, 0x71]),                   // Ed448
        element(6, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]), // DSA
        RSA_ID[..11].to_vec(),                             // RSA without its NULL
        Vec::new(),
    ] {
        assert_eq!(flaw_of(&algorithm, &point), Some(KeyFlaw::Kind));
    }
}

/// Checks signatures by keys of a kind that only it knows.
#[derive(Debug)]
struct Novel;

impl SignatureVerificationAlgorithm for Novel {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Err(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        AlgorithmIdentifier::from_slice(&[6, 3, 0x2b, 0x65, 0x7f])
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.public_key_alg_id()
    }
}

#[test]
fn what_a_key_of_a_kind_that_only_the_backend_knows_has_to_be_like_is_left_to_it() {
    let id = Novel.public_key_alg_id();
    for key in [&[][..], &[1, 2, 3]] {
        let key = PublicKey {
            spki: &[],
            info: &[],
            algorithm: id.as_ref(),
            key,
        };
        assert_eq!(flaw(&key, &[&Novel]), None);
        assert_eq!(flaw(&key, &[]), Some(KeyFlaw::Kind));
    }
}

#[test]
#[cfg(feature = "aws-lc-rs")]
fn a_backend_is_asked_about_compressed_points_in_whatever_order_it_has_its_algorithms() {
    let backend = Backend::aws_lc_rs();
    let mut algorithms = backend.verified_algorithms().to_vec();
    assert!(take_compressed(&algorithms));
    algorithms.reverse();
    assert!(take_compressed(&algorithms));
}
