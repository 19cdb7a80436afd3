use alloc::vec::Vec;

use rustls_pki_types::SignatureVerificationAlgorithm;

use super::*;

/// Made with OpenSSL over `one bit over`, by a key of 2049 bits and the exponent 11: the encoding of PSS
/// begins a byte after the number.
const ODD_LENGTH_KEY: &str = "\
    308201080282010101c7ca641c3f10c7beb8e3463be8346eb0f988ab8483139512dd7511cc14d18ef2d4532a83fe\
    76a39f4ad0c924f0b87a5acd673e5f5d4c8faaf4e3d7f72ddc40f054004eef39924cc1a643e05e14789da023fccf\
    2a46ad116e4aed8b934355a95921f1a5eeb2b004f696441bab5c8ecdd26636dc13d9fb34836590c7de4d36f305ab\
    26fb3bab1e0295585078257355c760343dc6bf55917536b3e4983e8cecbd2d8cb71fa7e719be91799a07fbfa5260\
    cd42a09013a7e3616fd66cbfbcd11ad02aaf2c19d05b9d03986cb98d862df3c10aae3eba44979d2ed2c1ea2c292a\
    a59ab8dfda06effea7d2a4e82b512430410a068c0519e76915171b9122403f9c0d693f02010b";
const ODD_LENGTH_PSS: &str = "\
    00fc4ff2f211aa4e9b8836d1f66201585a59ab0abf26506a21592fd7673c8fcb04558a85b4643994a7c1c0eabce1\
    80d020a9285e1b9dcce20154296f1e2e8c4be85fec4e31a7c9dd5311cfc892963aa907e7a8fdae6a9fc13904704c\
    81f5bfe453374cebf721e900bcc789e892afe1253ddfe7c92ac89f4a0cd422687b0b3aaa03ee91fa31a2afe5a8ef\
    e533bf2d7a899b57c6435280ad7383a68377213f1cff89e8eb1ae975bd37f7ce67701f7ecdc855d56f459daa021a\
    8157f151af8bce9caaeeb0c1b38c87e3241e1ddd3f8b3a4372eb49e66454e9cceaf36f7434960b698c61ca705813\
    fb45622cfbd005fd17cb37c3032cf5772ac6598717286053e500f7";
const ODD_LENGTH_PKCS1: &str = "\
    004bacecbb05a855061ad61d14d40565d4dbe5742d716efb1bfcde4120a168b16ca10135823a3a8f18697211e50a\
    56ad31ae3b8d0adf49c725eda39fd4334cd050fb78906b19af4bf24e0e4a8b0276fae12e41e2d4f73d33399b856a\
    7a0f97b9ac8310bbb4c3a443f1b2446e6dd168acd9e1df4fa88917cd422a348e5d534d2c100372f88acfaa9c8714\
    85bb926932297dcfdba4e9cf065d849981fe809d065a1db92099c3747e014c1383acfdf4197f614eb44eaa9cf6b1\
    62318a9a8ffe15cd0d177637569e2e16082478fa5478a01d765dda9eb0dab95c35cb761d02254c8910b4c3aae632\
    4db23a7dd55f8efb4aeb1230ba27856a65e7937737eba6c01283c9";

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// The sum of two numbers in as many bytes as the second has.
fn sum(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut sum = b.to_vec();
    let mut carry = 0;
    let places = sum.iter_mut().rev();
    for (place, byte) in places.zip(a.iter().rev().chain(core::iter::repeat(&0))) {
        let of_both = u16::from(*place) + u16::from(*byte) + carry;
        *place = of_both as u8;
        carry = of_both >> 8;
    }
    assert_eq!(carry, 0);
    sum
}

#[test]
fn a_signature_stands_for_its_key_and_message_alone() {
    let key = bytes(ODD_LENGTH_KEY);
    let modulus = &key[8..8 + 257];
    for (verifier, signature) in [
        (&PSS_SHA256, bytes(ODD_LENGTH_PSS)),
        (&PKCS1_SHA256, bytes(ODD_LENGTH_PKCS1)),
    ] {
        let stands = |key: &[u8], message: &[u8], signature: &[u8]| {
            let verdict = verifier.verify_signature(key, message, signature);
            verdict.is_ok()
        };
        let message = b"one bit over";
        assert!(stands(&key, message, &signature));
        assert!(!stands(&key, b"one bit less", &signature));
        for at in 0..signature.len() {
            let mut other = signature.clone();
            other[at] ^= 0x10;
            assert!(!stands(&key, message, &other), "byte {at} of the signature");
        }
        for at in 0..key.len() {
            let mut other = key.clone();
            other[at] ^= 0x10;
            assert!(!stands(&other, message, &signature), "byte {at} of the key");
        }
        // The same number modulo the key's.
        assert!(!stands(&key, message, &sum(modulus, &signature)));
        // The same number in another length.
        assert!(!stands(&key, message, &[&[0], &signature[..]].concat()));
        let all_but_one = signature.split_first().unwrap().1;
        assert!(!stands(&key, message, all_but_one));
        assert!(!stands(&key, message, &[]));
    }
}
