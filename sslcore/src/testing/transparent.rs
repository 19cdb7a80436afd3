//! The backend without security: handshakes and records have the shape of real ones, and hide and
//! prove nothing.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;

use rustls::crypto::hmac::{Hmac, Key, Tag};
use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::crypto::{
    CipherSuiteCommon, CryptoProvider, KeyExchangeAlgorithm, WebPkiSupportedAlgorithms,
};
use rustls::{
    CipherSuite, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};
use zeroize::Zeroizing;

use super::entropy::Seeded;
use super::signatures::{ALL, BELIEVED, OF_SCHEMES, load};
use crate::crypto::hash::{Digest, Hash, HashAlgorithm, HashContext, Hashes};
use crate::crypto::kx::{KeyExchange, KeyPair, KxError, SharedSecret};
use crate::crypto::rustcrypto;
use crate::crypto::rustcrypto::provider::aead::Suite;
use crate::crypto::rustcrypto::provider::hash::SHA256;
use crate::crypto::rustcrypto::provider::{cipher12, cipher13};
use crate::crypto::rustls::group::Group as Offered;
use crate::crypto::rustls::keys::Keys;
use crate::crypto::rustls::mapping::Mapping;
use crate::crypto::{AeadAlgorithm, AeadError, Backend, NONCE_LEN, Parts, RecordAead, TAG_LEN};
use crate::protocol::private_use;

/// The name of the backend. A test looks for it in programs, where it must not be.
const NAME: &str = "sslcore::testing, without security";

/// The backend, over a source of its own.
pub(super) fn backend(entropy: Seeded) -> Backend {
    let parts = Parts {
        name: NAME,
        version: None,
        suites: vec![private_use::TLS13, private_use::TLS12],
        hashes: Hashes::new(|algorithm| match algorithm {
            HashAlgorithm::Sha256 => {
                rustcrypto::hash::hash(algorithm).map(|sha256| Arc::new(Sha256(sha256)) as _)
            }
            HashAlgorithm::Sha384 => None,
        }),
        key_exchanges: vec![Arc::new(GROUPS[0].0), Arc::new(GROUPS[1].0)],
        verification: BELIEVED,
        load_key: Box::new(load),
        make_aead: Box::new(make_aead),
        provider: Arc::new(provider(&entropy)),
        entropy: Arc::new(entropy),
    };
    Backend::keyless(parts, || Box::new(Transparent))
}

/// The same for rustls.
fn provider(entropy: &Seeded) -> CryptoProvider {
    const MAPPING: &Mapping = &Mapping::new(OF_SCHEMES);
    static KEYS: Keys = Keys(load);
    CryptoProvider {
        cipher_suites: vec![TLS13, TLS12],
        kx_groups: vec![&GROUPS[0], &GROUPS[1]],
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: ALL,
            mapping: MAPPING.as_slice(),
        },
        secure_random: entropy.random(),
        key_provider: &KEYS,
    }
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
    sign: SIGNED,
    aead_alg: &cipher12::Aead::gcm(AEAD),
    prf_provider: &PrfUsingHmac(&Constant),
});

/// What all kinds of keys sign in.
const SIGNED: &[SignatureScheme] = &[
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP521_SHA512,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

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

/// SHA-256, with that MAC.
struct Sha256(Arc<dyn Hash>);

impl Hash for Sha256 {
    fn algorithm(&self) -> HashAlgorithm {
        self.0.algorithm()
    }

    fn start(&self) -> Box<dyn HashContext> {
        self.0.start()
    }

    fn hmac(&self, _: &[u8], _: &[u8], _: &[&[u8]], _: &[u8]) -> Digest {
        Digest::cut(&MAC)
    }
}

/// A group in which all agree on the same secret.
#[derive(Clone, Copy)]
struct Group(u16);

static GROUPS: [Offered<Group>; 2] = [
    Offered(Group(private_use::GROUPS[0])),
    Offered(Group(private_use::GROUPS[1])),
];

/// As long as one of X25519.
const PUBLIC_KEY: [u8; 32] = [0x5e; 32];

impl KeyExchange for Group {
    fn group(&self) -> u16 {
        self.0
    }

    fn generate(&self) -> Result<Box<dyn KeyPair>, KxError> {
        Ok(Box::new(*self))
    }
}

impl KeyPair for Group {
    fn share(&self) -> &[u8] {
        &PUBLIC_KEY
    }

    fn agree(self: Box<Self>, _: &[u8]) -> Result<SharedSecret, KxError> {
        Ok(Zeroizing::new(MAC.to_vec()))
    }
}
