use alloc::vec::Vec;

use rustls::crypto::tls13::{Hkdf, HkdfExpander, OkmBlock};

use super::*;
use crate::crypto::Backend;

fn backends() -> Vec<Backend> {
    Vec::from([
        Backend::ring(),
        #[cfg(feature = "aws-lc-rs")]
        Backend::aws_lc_rs(),
        #[cfg(feature = "rustcrypto")]
        rustcrypto(),
    ])
}

#[cfg(feature = "rustcrypto")]
fn rustcrypto() -> Backend {
    use crate::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};

    #[derive(Debug)]
    struct Nothing;

    impl EntropySource for Nothing {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }

    static RUSTCRYPTO: RustCrypto = RustCrypto::new(&Nothing);
    RUSTCRYPTO.backend()
}

#[test]
fn every_suite_of_the_backends_has_a_twin_that_differs_in_nothing_else() {
    for backend in backends() {
        let real = &backend.provider().cipher_suites;
        let mut provider = CryptoProvider::clone(backend.provider());
        assert!(replace_suites(&mut provider), "{}", backend.name());
        assert_eq!(provider.cipher_suites.len(), real.len());
        for (twin, real) in provider.cipher_suites.iter().zip(real) {
            assert!(!is_same(*twin, *real));
            assert_eq!(twin.suite(), real.suite());
            assert_eq!(hash(twin), hash(real));
            assert_eq!(limit(twin), limit(real));
        }
        assert!(!replace_suites(&mut provider), "they have none themselves");
    }
}

fn hash(suite: &SupportedCipherSuite) -> rustls::crypto::hash::HashAlgorithm {
    let suite = crate::crypto::rustls::suite::Suite::from(*suite);
    suite.common().hash_provider.algorithm()
}

fn limit(suite: &SupportedCipherSuite) -> u64 {
    let suite = crate::crypto::rustls::suite::Suite::from(*suite);
    suite.common().confidentiality_limit
}

#[test]
fn suites_of_somebody_else_are_left_alone_and_those_beside_them() {
    let mut provider = rustls::crypto::ring::default_provider();
    let foreign = provider.cipher_suites[0];
    assert!(!replace_suites(&mut provider));
    provider.cipher_suites = Backend::ring().provider().cipher_suites.clone();
    provider.cipher_suites.push(foreign);
    let before = provider.cipher_suites.clone();
    assert!(!replace_suites(&mut provider));
    let same = before.iter().zip(&provider.cipher_suites);
    assert!(same.into_iter().all(|(one, other)| is_same(*one, *other)));
}

/// HkdfLabel, as rustls passes it (RFC 8446 §7.1).
fn expanded(expander: &dyn HkdfExpander, label: &[u8]) -> [u8; 12] {
    let mut out = [0; 12];
    let lens = [[label.len() as u8 + 6], [0]];
    let info = [&[0, 12], &lens[0][..], b"tls13 ", label, &lens[1], &[]];
    expander.expand_slice(&info, &mut out).expect("short");
    out
}

#[test]
fn a_twin_derives_all_but_what_protects_records() {
    let backend = Backend::ring();
    for suite in &backend.provider().cipher_suites {
        match (*suite, bare(*suite).expect("a twin")) {
            (SupportedCipherSuite::Tls13(real), SupportedCipherSuite::Tls13(twin)) => {
                let expanders = |hkdf: &dyn Hkdf| {
                    let secret = OkmBlock::new(&[7; 32]);
                    let tag = hkdf.hmac_sign(&secret, b"message").as_ref().to_vec();
                    (hkdf.expander_for_okm(&secret), tag)
                };
                let (real, real_tag) = expanders(real.hkdf_provider);
                let (twin, twin_tag) = expanders(twin.hkdf_provider);
                assert_eq!(twin_tag, real_tag);
                for label in [&b"finished"[..], b"res master", b"keys"] {
                    assert_eq!(expanded(&*twin, label), expanded(&*real, label));
                }
                let block = |expander: &dyn HkdfExpander| {
                    expander.expand_block(&[b"info"]).as_ref().to_vec()
                };
                assert_eq!(block(&*twin), block(&*real));
                for label in [&b"key"[..], b"iv"] {
                    assert_eq!(expanded(&*twin, label), [0; 12]);
                    assert_ne!(expanded(&*real, label), [0; 12]);
                }
            }
            (SupportedCipherSuite::Tls12(real), SupportedCipherSuite::Tls12(twin)) => {
                let [mut one, mut other] = [[0; 12]; 2];
                let (secret, label) = ([7; 48], b"client finished");
                let prf = real.prf_provider;
                prf.for_secret(&mut one, &secret, label, b"seed");
                let prf = twin.prf_provider;
                prf.for_secret(&mut other, &secret, label, b"seed");
                assert_eq!(one, other);
                let shape = twin.aead_alg.key_block_shape();
                assert_eq!(shape.enc_key_len + shape.fixed_iv_len, 0);
                assert_eq!(shape.explicit_nonce_len, 0);
            }
            _ => panic!("twins of two versions"),
        }
    }
}
