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
