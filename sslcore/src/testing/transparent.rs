//! The backend without security: handshakes and records have the shape of real ones, and hide and
//! prove nothing.

use alloc::boxed::Box;
use alloc::vec;

use rustls::crypto::hmac::{Hmac, Key, Tag};
use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::crypto::{
    ActiveKeyExchange, CipherSuiteCommon, CryptoProvider, KeyExchangeAlgorithm, SharedSecret,
    SupportedKxGroup,
};
use rustls::{
    CipherSuite, Error, NamedGroup, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};

use super::entropy::Seeded;
use super::signatures::{BELIEVED, Keys, SCHEMES};
use crate::crypto::rustcrypto::aead::Suite;
use crate::crypto::rustcrypto::hash::SHA256;
use crate::crypto::rustcrypto::{cipher12, cipher13};
use crate::crypto::{AeadAlgorithm, AeadError, Backend, NONCE_LEN, RecordAead, TAG_LEN};
use crate::protocol::private_use;

/// The name of the backend. A test looks for it in programs, where it must not be.
const NAME: &str = "sslcore::testing, without security";

/// The backend, over a source of its own.
pub(super) fn backend(entropy: Seeded) -> Backend {
    let provider = CryptoProvider {
        cipher_suites: vec![TLS13, TLS12],
        kx_groups: vec![&GROUPS[0], &GROUPS[1]],
        signature_verification_algorithms: BELIEVED,
        secure_random: entropy.random(),
        key_provider: &Keys,
    };
    Backend::keyless(NAME, provider, entropy, || Box::new(Transparent))
}

const COMMON: CipherSuiteCommon = CipherSuiteCommon {
    suite: CipherSuite::Unknown(private_use::TLS13),
    hash_provider: &SHA256,
    confidentiality_limit: u64::MAX,
};

const AEAD: Suite = Suite::made_by(AeadAlgorithm::Aes128Gcm, make_aead);

const TLS13: SupportedCipherSuite = SupportedCipherSuite::Tls13(&Tls13CipherSuite {
    common: COMMON,
    hkdf_provider: &HkdfUsingHmac(&Constant),
    aead_alg: &cipher13::Aead(AEAD),
    quic: None,
});

const TLS12: SupportedCipherSuite = SupportedCipherSuite::Tls12(&Tls12CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::Unknown(private_use::TLS12),
        ..COMMON
    },
    kx: KeyExchangeAlgorithm::ECDHE,
    sign: SCHEMES,
    aead_alg: &cipher12::Aead::gcm(AEAD),
    prf_provider: &PrfUsingHmac(&Constant),
});

/// Leaves records readable, adds a tag, and believes every tag.
struct Transparent;

fn make_aead(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn RecordAead>, AeadError> {
    match key.len() == algorithm.key_len() {
        true => Ok(Box::new(Transparent)),
        false => Err(AeadError),
    }
}

const TAG: [u8; TAG_LEN] = *b"without security";

impl RecordAead for Transparent {
    fn seal(
        &self,
        _: &[u8; NONCE_LEN],
        _: &[u8],
        _: &mut [u8],
    ) -> Result<[u8; TAG_LEN], AeadError> {
        Ok(TAG)
    }

    fn open(&self, _: &[u8; NONCE_LEN], _: &[u8], body: &mut [u8]) -> Result<(), AeadError> {
        match body.len() < TAG_LEN {
            true => Err(AeadError),
            false => Ok(()),
        }
    }
}

/// The same MAC of everything, so that all secrets are one and every Finished fits.
struct Constant;

const MAC: [u8; 32] = [0x5e; 32];

impl Hmac for Constant {
    fn with_key(&self, _: &[u8]) -> Box<dyn Key> {
        Box::new(Self)
    }

    fn hash_output_len(&self) -> usize {
        MAC.len()
    }
}

impl Key for Constant {
    fn sign_concat(&self, _: &[u8], _: &[&[u8]], _: &[u8]) -> Tag {
        Tag::new(&MAC)
    }

    fn tag_len(&self) -> usize {
        MAC.len()
    }
}

/// A group in which all agree on the same secret.
#[derive(Clone, Copy, Debug)]
struct Group(u16);

static GROUPS: [Group; 2] = [Group(private_use::GROUPS[0]), Group(private_use::GROUPS[1])];

/// As long as one of X25519.
const PUBLIC_KEY: [u8; 32] = [0x5e; 32];

impl SupportedKxGroup for Group {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(Box::new(*self))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::Unknown(self.0)
    }
}

impl ActiveKeyExchange for Group {
    fn complete(self: Box<Self>, _: &[u8]) -> Result<SharedSecret, Error> {
        Ok(SharedSecret::from(&MAC[..]))
    }

    fn pub_key(&self) -> &[u8] {
        &PUBLIC_KEY
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::Unknown(self.0)
    }
}
