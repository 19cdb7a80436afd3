//! The hybrid groups over ring's.

use ring::rand::SystemRandom;
use rustls::crypto::ring::kx_group::{SECP256R1, X25519};
use rustls::crypto::{GetRandomFailed, SecureRandom, SupportedKxGroup};

use super::Hybrid;

/// ring's random generator, as rustls wants to see it.
#[derive(Debug)]
struct Random;

impl SecureRandom for Random {
    fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
        ring::rand::SecureRandom::fill(&SystemRandom::new(), buf).map_err(|_| GetRandomFailed)
    }
}

pub(in crate::crypto) static X25519MLKEM768: &dyn SupportedKxGroup =
    &Hybrid::x25519(X25519, Random);
pub(in crate::crypto) static SECP256R1MLKEM768: &dyn SupportedKxGroup =
    &Hybrid::p256(SECP256R1, Random);
