//! The `rustcrypto` backend beside the others, and its promise that a session can be replayed.
#![cfg(all(feature = "rustcrypto", feature = "aws-lc-rs", feature = "ring"))]

mod aead;
mod handshake;
mod keys;
mod pair;
mod records;
mod replay;
mod verify;

use std::sync::Mutex;

use sslcore::crypto::Backend;
use sslcore::crypto::rustcrypto::{EntropyError, EntropySource, RustCrypto};

/// The same bytes for the same seed; predictable, so fit for tests only (SplitMix64).
#[derive(Debug)]
struct Seeded(Mutex<u64>);

impl EntropySource for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let mut state = self.0.lock().unwrap();
        for byte in out {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = *state;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (word >> 56) as u8;
        }
        Ok(())
    }
}

fn backend_over(entropy: impl EntropySource + 'static) -> Backend {
    Box::leak(Box::new(RustCrypto::new(Box::leak(Box::new(entropy))))).backend()
}

fn rustcrypto(seed: u64) -> Backend {
    backend_over(Seeded(Mutex::new(seed)))
}

fn unhex(hex: &str) -> Vec<u8> {
    let nibble = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
    let digits = hex.as_bytes().chunks_exact(2);
    assert!(digits.remainder().is_empty());
    digits
        .map(|pair| nibble(pair[0]) << 4 | nibble(pair[1]))
        .collect()
}
