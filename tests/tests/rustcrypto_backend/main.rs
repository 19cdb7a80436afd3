//! The `rustcrypto` backend beside the others, and its promise that a session can be replayed.
#![cfg(all(feature = "rustcrypto", feature = "aws-lc-rs", feature = "ring"))]

mod aead;
#[path = "../rustcrypto_wycheproof/aws_p256.rs"]
mod aws_p256;
mod handshake;
mod keys;
mod pair;
mod records;
mod replay;
mod verify;

use aws_p256::AwsLc;
use sslcore::crypto::Backend;
use sslcore::crypto::rustcrypto::RustCryptoWith;
use sslcore_tests::entropy::{Seeded, backend_over, seeded as rustcrypto};

/// The backend with AWS-LC's P-256. Leaks it, for as long as the tests run.
fn with_other_p256(seed: u64) -> Backend {
    let entropy = Box::leak(Box::new(Seeded::new(seed)));
    Box::leak(Box::new(RustCryptoWith::<AwsLc>::new(entropy))).backend()
}

fn unhex(hex: &str) -> Vec<u8> {
    let nibble = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    let digits = hex.as_bytes().chunks_exact(2);
    assert!(digits.remainder().is_empty());
    digits
        .map(|pair| nibble(pair[0]) << 4 | nibble(pair[1]))
        .collect()
}
