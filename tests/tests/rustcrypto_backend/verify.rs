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

/// Made with OpenSSL over `one bit over`, by a key of 2049 bits and the exponent 3: the encoding of PSS
/// begins a byte after the number.
const ODD_LENGTH_KEY: &str = "\
    3082010802820101018c235aed41a5f76bd2984121c18ed62f3140a34eadc797f63d1787f4a9523603f5ca42efe4\
    9e5e36f6fc26753dac5f8b5d339a02d3c07399b499770cfbbf0d08b854faf9a97a57a5d7402a7b944ceaabc3caff\
    0fb4e77748bb74393154c07173f5b76152efe565af9ac45b2c24b3d286979a1920b442a5eabc22a4b552da256aae\
    981ee7152f7cc53d940244509e68bc4e8cff3e53b643535165183fcd0fe6552b4d7668c15612ce309c6c70353948\
    975f3dbef2a7effd4571a4308b39963e194cceb8c2e03d0e1580f028881ab83c0f7232fb68cec10cc7783f5af2e2\
    ebdd60efe43bcf0adfed0f2d27b835a01415c6bca5716fe8496af7cade21b8b167f875020103";
const ODD_LENGTH_PSS: &str = "\
    010a1a6f2104cc136cbfe1d41a0095c75f9efd6d19724b5989089991708759460fb84efd58013659202c0b141f42\
    b712cb1d35194d3ea1ca3feb6e0987f3877875ad06810279fccc04b7084bd317fb45bc7efecb96c313759c35d54d\
    d41048b9db2ea3793dfd88c59bb684bbb77d8cbbebb82c18406896110d9bad81e007bcd434d35213c1e127cacda8\
    e2b79dda14060cdc5bfd1bda5fca9d0d77ad60707489cbdf095da66c3ff168a1897f46e63045924f0637aed672cf\
    1c38b83993a8ae6706f24cf80f0da86ca47b502544890e375f12510a505d8491638072578d11c193105f06c15240\
    728c173c936bf8548e669b10731fd4d747d01dee9982389a3a3e05";
const ODD_LENGTH_PKCS1: &str = "\
    00ee89bbf34f41e0e23f03e3a007229821b13efd954c62f7d63265e6299b28b88435d0c969725a22a1df5212f415\
    6e81e8bfcd97d25b7b5cd72dd6a12ef87fa0792459e8841bd678022a16c37467a0fbbecc4e45ca15089e60241c54\
    01565a7145e2ffc5c6ec1e720085d47d90bc7f972456c7940cdf5242ddebdc90fd7a0d33067c91ca7ebca50578c3\
    0e5edd83351a7d65a2454fa6e0d01a8cd22ecc24bcd6a69c0e50d3f3d260339813b5fabd20be00bfdd8118894340\
    9cff10f9ca303fa4e4c601bb995f066dc07e35ceba46d28d5d18f2b201c65f3d567e02b43c6672ee77b9106d40ab\
    c6d9389323811095634f66dcc5a367c981af91cfe8e62e71f827c2";

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
