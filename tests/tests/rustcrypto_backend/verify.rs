use aws_lc_rs::signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use rustls::pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use sslcore::crypto::Backend;

use crate::{rustcrypto, unhex, with_other_p256};

/// Made with OpenSSL over `sample`: Wycheproof has no vectors for P-256 with SHA-384.
const P256_KEY: &str = "04\
    3a6f2767d4048c6843159a40c6981a8e965ef27c970fbffe216aecdef4f33740\
    53e4fbf2670bb1ff6310a5ad6a1876f337af38c6c7a15e1f03fadca14e273ade";
const P256_SHA384_SIGNATURE: &str = "3045\
    02204d8d06ada36c5e9f882c6dfa89b32762a235a22dd825e30b84f372aa60521b0e\
    022100b2607c0d552338491bd02e1cb8a02dd3e5da47632663851bdcd50e8f2685d079";

fn verifier(
    backend: &Backend,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
) -> &'static dyn SignatureVerificationAlgorithm {
    let all = backend.provider().signature_verification_algorithms.all;
    let found = all
        .iter()
        .find(|v| v.public_key_alg_id() == key && v.signature_alg_id() == signature);
    *found.unwrap()
}

#[test]
fn the_list_of_signatures_is_that_of_ring() {
    let list = |backend: Backend| {
        let algorithms = backend.provider().signature_verification_algorithms;
        let identify =
            |v: &&dyn SignatureVerificationAlgorithm| (v.public_key_alg_id(), v.signature_alg_id());
        let all: Vec<_> = algorithms.all.iter().map(identify).collect();
        let mapping = algorithms.mapping.iter();
        let mapping = mapping.map(|(s, v)| (*s, v.iter().map(identify).collect::<Vec<_>>()));
        (all, mapping.collect::<Vec<_>>())
    };
    let ours = list(rustcrypto(1));
    assert_eq!(ours.0.len(), 14);
    assert_eq!(ours, list(Backend::ring()));
}

#[test]
fn ecdsa_p256_with_sha384_is_judged_as_by_the_other_backends() {
    let key = unhex(P256_KEY);
    let signature = unhex(P256_SHA384_SIGNATURE);
    let backends = [
        rustcrypto(1),
        with_other_p256(2),
        Backend::ring(),
        Backend::aws_lc_rs(),
    ];
    for backend in backends {
        let verifier = verifier(&backend, alg_id::ECDSA_P256, alg_id::ECDSA_SHA384);
        assert!(
            verifier
                .verify_signature(&key, b"sample", &signature)
                .is_ok()
        );
        assert!(
            verifier
                .verify_signature(&key, b"simple", &signature)
                .is_err()
        );
        for at in 0..key.len() {
            let mut damaged = key.clone();
            damaged[at] ^= 1;
            assert!(
                verifier
                    .verify_signature(&damaged, b"sample", &signature)
                    .is_err()
            );
        }
    }
}

/// RFC 8422 §5.4.1 leaves TLS one form of a point, and ring reads no other.
#[test]
fn a_compressed_point_is_no_ecdsa_key() {
    let whole = unhex(P256_KEY);
    let mut compressed = whole[..33].to_vec();
    compressed[0] = 2 | (whole[64] & 1);
    let verifier = verifier(&rustcrypto(1), alg_id::ECDSA_P256, alg_id::ECDSA_SHA384);
    let signature = unhex(P256_SHA384_SIGNATURE);
    assert!(
        verifier
            .verify_signature(&whole, b"sample", &signature)
            .is_ok()
    );
    assert!(
        verifier
            .verify_signature(&compressed, b"sample", &signature)
            .is_err()
    );
}

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

/// The sum of two numbers in as many bytes as the second has.
fn sum(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut sum = b.to_vec();
    let mut carry = 0;
    let places = sum.iter_mut().rev();
    for (place, byte) in places.zip(a.iter().rev().chain(std::iter::repeat(&0))) {
        let of_both = u16::from(*place) + u16::from(*byte) + carry;
        *place = of_both as u8;
        carry = of_both >> 8;
    }
    assert_eq!(carry, 0);
    sum
}

#[test]
fn an_rsa_signature_stands_for_its_key_and_message_alone() {
    let key = unhex(ODD_LENGTH_KEY);
    let modulus = &key[8..8 + 257];
    for (algorithm, signature) in [
        (alg_id::RSA_PSS_SHA256, unhex(ODD_LENGTH_PSS)),
        (alg_id::RSA_PKCS1_SHA256, unhex(ODD_LENGTH_PKCS1)),
    ] {
        let verifier = verifier(&rustcrypto(1), alg_id::RSA_ENCRYPTION, algorithm);
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

/// Made with OpenSSL: a sound signature under a key that can be factored.
#[test]
fn an_rsa_key_under_2048_bits_is_refused() {
    let key = unhex(
        "30818902818100d3c2545926e8e857a3979b800242784b965ad9fec60c9a2c98c621d8663d80d5a6013704b2aedae231\
         d2472ff8cf1c2e699011a94b2a0fd0321f94d3922fea5b221947252b1ec3a8b680b7267e12ca8334b915676506b205c8\
         f37938b7443ee5c31a2f8871be47b75ecae465672a1734777e2134b1d35f7502828460dd85eec30203010001",
    );
    let signature = unhex(
        "3af9acb1b7550e29a3f358dba104ea7c45714d3b1e0c874c54a4ce0759dab053343f220c2f6ed91fd8f0d93137dfed04\
         ea8da3f604f9d1068cc9b2f02c55c5bca65c30e5120584b1a0d88fd3b509e322337bc7eb8480b124c907980ac53fb7d1\
         c538291f3b84a9c3ed31cad4bd4e49125d81bb7709fb649a75aa46c45958de3e",
    );
    let lenient = UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &key);
    assert!(lenient.verify(b"a short key", &signature).is_ok());
    let verifier = verifier(
        &rustcrypto(1),
        alg_id::RSA_ENCRYPTION,
        alg_id::RSA_PKCS1_SHA256,
    );
    assert!(
        verifier
            .verify_signature(&key, b"a short key", &signature)
            .is_err()
    );
}

/// The point of order one, with which `R = s·B` alone decides: a signature for every message.
#[test]
fn an_ed25519_key_of_small_order_is_refused() {
    let mut key = [0; 32];
    key[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let verifier = verifier(&rustcrypto(1), alg_id::ED25519, alg_id::ED25519);
    assert!(
        verifier
            .verify_signature(&key, b"anything", &signature)
            .is_err()
    );
}

#[test]
fn garbage_is_refused_and_never_a_panic() {
    let backend = rustcrypto(1);
    let random = backend.provider().secure_random;
    for verifier in backend.provider().signature_verification_algorithms.all {
        for len in 0..80 {
            let (mut key, mut signature) = (vec![0; len], vec![0; len]);
            for fill in [0x00, 0x04, 0x30, 0xff] {
                key.fill(fill);
                signature.fill(fill);
                assert!(
                    verifier
                        .verify_signature(&key, b"message", &signature)
                        .is_err()
                );
            }
            random.fill(&mut key).unwrap();
            random.fill(&mut signature).unwrap();
            assert!(
                verifier
                    .verify_signature(&key, b"message", &signature)
                    .is_err()
            );
        }
    }
}
