//! The record AEADs of each backend.

use sslcore::crypto::{AeadAlgorithm, AeadError, NONCE_LEN, TAG_LEN};
use sslcore_tests::pair::backends;

const ALGORITHMS: [AeadAlgorithm; 3] = [
    AeadAlgorithm::Aes128Gcm,
    AeadAlgorithm::Aes256Gcm,
    AeadAlgorithm::ChaCha20Poly1305,
];

#[test]
fn sealing_from_elsewhere_writes_what_sealing_in_place_writes() {
    for backend in backends() {
        for algorithm in ALGORITHMS {
            let key = &[9; 32][..algorithm.key_len()];
            let aead = backend.aead(algorithm, key).expect("a key");
            let (nonce, aad) = ([1; NONCE_LEN], [23, 3, 3, 0, 99]);
            for len in [0, 1, 15, 16, 17, 255, 4096, 16_384] {
                for last in [&[][..], &[23]] {
                    let plaintext: Vec<u8> = (0..len).map(|i| i as u8).collect();
                    let mut in_place = [&plaintext, last].concat();
                    let tag = aead.seal(&nonce, &aad, &mut in_place).expect("sealed");
                    in_place.extend(tag);

                    let mut elsewhere = vec![0; len + last.len() + TAG_LEN];
                    aead.seal_from(&nonce, &aad, &plaintext, last, &mut elsewhere)
                        .expect("sealed");
                    assert!(elsewhere == in_place, "{backend:?} {algorithm:?} {len}");

                    aead.open(&nonce, &aad, &mut elsewhere).expect("genuine");
                    assert!(elsewhere.starts_with(&plaintext));
                }
            }
        }
    }
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    for backend in backends() {
        for algorithm in ALGORITHMS {
            let key = &[9; 32][..algorithm.key_len()];
            let aead = backend.aead(algorithm, key).expect("a key");
            let nonce = [1; NONCE_LEN];
            for len in [0, 3, 4, 20, 22, 100] {
                let sealed = aead.seal_from(&nonce, &[], b"four", b"5", &mut vec![0; len]);
                assert_eq!(sealed, Err(AeadError), "{backend:?} {algorithm:?} {len}");
            }
            for len in 0..TAG_LEN {
                let opened = aead.open(&nonce, &[], &mut vec![0; len]);
                assert_eq!(opened, Err(AeadError), "{backend:?} {algorithm:?} {len}");
            }
        }
    }
}
