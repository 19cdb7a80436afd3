use sslcore::crypto::{AeadAlgorithm, AeadError, Backend, NONCE_LEN, TAG_LEN};

use crate::rustcrypto;

const ALGORITHMS: [AeadAlgorithm; 3] = [
    AeadAlgorithm::Aes128Gcm,
    AeadAlgorithm::Aes256Gcm,
    AeadAlgorithm::ChaCha20Poly1305,
];

#[test]
fn every_backend_opens_what_another_one_sealed() {
    let backends = [rustcrypto(1), Backend::ring(), Backend::aws_lc_rs()];
    let mut opened = 0;
    for algorithm in ALGORITHMS {
        let key: Vec<u8> = (0..algorithm.key_len() as u8).collect();
        let keys = backends
            .each_ref()
            .map(|b| b.aead(algorithm, &key).unwrap());
        // Around the block sizes of the ciphers, and the longest record of TLS 1.3.
        for len in [0, 1, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1000, 16385] {
            for aad_len in [0, 5, 13] {
                let nonce = [len as u8; NONCE_LEN];
                let aad = vec![0xa5; aad_len];
                let text: Vec<u8> = (0..len).map(|at| at as u8).collect();
                for sealer in &keys {
                    let mut sealed = text.clone();
                    let tag = sealer.seal(&nonce, &aad, &mut sealed).unwrap();
                    sealed.extend(tag);
                    for opener in &keys {
                        let mut body = sealed.clone();
                        assert_eq!(opener.open(&nonce, &aad, &mut body), Ok(()));
                        assert_eq!(body[..len], text);
                        opened += 1;
                    }
                }
            }
        }
    }
    assert_eq!(opened, 3 * 13 * 3 * 9);
}

#[test]
fn a_key_of_another_length_is_refused() {
    let backend = rustcrypto(1);
    for algorithm in ALGORITHMS {
        for len in (0..=64).filter(|len| *len != algorithm.key_len()) {
            let made = backend.aead(algorithm, &vec![0; len]);
            assert_eq!(made.err(), Some(AeadError), "{algorithm:?}, {len} bytes");
        }
    }
}

#[test]
fn a_body_shorter_than_its_tag_is_refused() {
    let backend = rustcrypto(1);
    for algorithm in ALGORITHMS {
        let key = backend
            .aead(algorithm, &vec![7; algorithm.key_len()])
            .unwrap();
        for len in 0..TAG_LEN {
            let refused = key.open(&[0; NONCE_LEN], &[], &mut vec![0; len]);
            assert_eq!(refused, Err(AeadError), "{algorithm:?}, {len} bytes");
        }
    }
}
