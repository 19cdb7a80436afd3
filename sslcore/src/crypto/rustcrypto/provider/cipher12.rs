//! The TLS 1.2 cipher suites: ECDHE with AES-GCM (RFC 5289) and ChaCha20-Poly1305 (RFC 7905).

use alloc::boxed::Box;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, KeyBlockShape, MessageDecrypter,
    MessageEncrypter, Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload,
    Tls12AeadAlgorithm, UnsupportedOperationError, make_tls12_aad,
};
use rustls::crypto::tls12::PrfUsingHmac;
use rustls::crypto::{CipherSuiteCommon, KeyExchangeAlgorithm};
use rustls::{CipherSuite, ConnectionTrafficSecrets, Error, SignatureScheme, Tls12CipherSuite};

use super::aead::Suite;
use super::cipher13::GCM_RECORDS;
use super::hash::{HMAC_SHA256, SHA256};
#[cfg(feature = "aes256")]
use super::hash::{HMAC_SHA384, SHA384};
use crate::crypto::{AeadAlgorithm, NONCE_LEN, RecordAead, TAG_LEN};

/// Longest plaintext of one record (RFC 5246 §6.2.1).
const MAX_PLAINTEXT: usize = 1 << 14;

/// What an ECDSA suite may sign with; Ed25519 counts as one (RFC 8422 §5.10).
static ECDSA_SCHEMES: &[SignatureScheme] = &[
    #[cfg(feature = "ed25519")]
    SignatureScheme::ED25519,
    #[cfg(feature = "p384")]
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ECDSA_NISTP256_SHA256,
];

#[cfg(feature = "rsa")]
static RSA_SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA256,
];

macro_rules! suite {
    ($name:ident, $suite:ident, $hash:ident, $hmac:ident, $sign:ident, $aead:ident, $limit:expr) => {
        pub(crate) static $name: Tls12CipherSuite = Tls12CipherSuite {
            common: CipherSuiteCommon {
                suite: CipherSuite::$suite,
                hash_provider: &$hash,
                confidentiality_limit: $limit,
            },
            kx: KeyExchangeAlgorithm::ECDHE,
            sign: $sign,
            aead_alg: &$aead,
            prf_provider: &PrfUsingHmac(&$hmac),
        };
    };
}

suite!(
    ECDHE_ECDSA_AES_128_GCM_SHA256,
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    SHA256,
    HMAC_SHA256,
    ECDSA_SCHEMES,
    AES_128_GCM,
    GCM_RECORDS
);
#[cfg(feature = "aes256")]
suite!(
    ECDHE_ECDSA_AES_256_GCM_SHA384,
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    SHA384,
    HMAC_SHA384,
    ECDSA_SCHEMES,
    AES_256_GCM,
    GCM_RECORDS
);
#[cfg(feature = "chacha20")]
suite!(
    ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    SHA256,
    HMAC_SHA256,
    ECDSA_SCHEMES,
    CHACHA20_POLY1305,
    u64::MAX
);
#[cfg(feature = "rsa")]
suite!(
    ECDHE_RSA_AES_128_GCM_SHA256,
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    SHA256,
    HMAC_SHA256,
    RSA_SCHEMES,
    AES_128_GCM,
    GCM_RECORDS
);
#[cfg(all(feature = "aes256", feature = "rsa"))]
suite!(
    ECDHE_RSA_AES_256_GCM_SHA384,
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    SHA384,
    HMAC_SHA384,
    RSA_SCHEMES,
    AES_256_GCM,
    GCM_RECORDS
);
#[cfg(all(feature = "chacha20", feature = "rsa"))]
suite!(
    ECDHE_RSA_CHACHA20_POLY1305_SHA256,
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    SHA256,
    HMAC_SHA256,
    RSA_SCHEMES,
    CHACHA20_POLY1305,
    u64::MAX
);

const AES_128_GCM: Aead = Aead::gcm(Suite::new(AeadAlgorithm::Aes128Gcm));
#[cfg(feature = "aes256")]
const AES_256_GCM: Aead = Aead::gcm(Suite::new(AeadAlgorithm::Aes256Gcm));
#[cfg(feature = "chacha20")]
const CHACHA20_POLY1305: Aead = Aead {
    suite: Suite::new(AeadAlgorithm::ChaCha20Poly1305),
    explicit_len: 0,
};

/// An AEAD and how its nonce is made: AES-GCM sends the last eight bytes with every record
/// (RFC 5288 §3), ChaCha20-Poly1305 sends none (RFC 7905 §2).
pub(crate) struct Aead {
    suite: Suite,
    explicit_len: usize,
}

impl Aead {
    pub(crate) const fn gcm(suite: Suite) -> Self {
        Self {
            suite,
            explicit_len: 8,
        }
    }

    fn direction(&self, key: &AeadKey, iv: Iv) -> Direction {
        Direction {
            key: self.suite.key(key),
            iv,
            explicit_len: self.explicit_len,
        }
    }
}

impl Tls12AeadAlgorithm for Aead {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(self.direction(&key, whole_iv(iv, extra)))
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(self.direction(&key, whole_iv(iv, &[])))
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: self.suite.algorithm.key_len(),
            fixed_iv_len: NONCE_LEN - self.explicit_len,
            explicit_nonce_len: self.explicit_len,
        }
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(self.suite.secrets(key, whole_iv(iv, explicit)))
    }
}

/// `fixed` followed by `explicit`, which `key_block_shape` makes twelve bytes together. A decrypter
/// of AES-GCM has no explicit part yet: it comes with each record.
fn whole_iv(fixed: &[u8], explicit: &[u8]) -> Iv {
    let mut iv = [0; NONCE_LEN];
    for (to, from) in iv.iter_mut().zip(fixed.iter().chain(explicit)) {
        *to = *from;
    }
    Iv::from(iv)
}

struct Direction {
    key: Box<dyn RecordAead>,
    iv: Iv,
    explicit_len: usize,
}

impl MessageEncrypter for Direction {
    fn encrypt(
        &mut self,
        msg: OutboundPlainMessage<'_>,
        seq: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let total = self.encrypted_payload_len(msg.payload.len());
        let mut payload = PrefixedPayload::with_capacity(total);
        // The explicit part counts up with the sequence number, so it cannot repeat under a key.
        let Nonce(nonce) = Nonce::new(&self.iv, seq);
        payload.extend_from_slice(&nonce[NONCE_LEN - self.explicit_len..]);
        payload.extend_from_chunks(&msg.payload);
        let aad = make_tls12_aad(seq, msg.typ, msg.version, msg.payload.len());
        let tag = self
            .key
            .seal(&nonce, &aad, &mut payload.as_mut()[self.explicit_len..])
            .map_err(|_| Error::EncryptError)?;
        payload.extend_from_slice(&tag);
        Ok(OutboundOpaqueMessage::new(msg.typ, msg.version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        self.explicit_len + payload_len + TAG_LEN
    }
}

impl MessageDecrypter for Direction {
    fn decrypt<'a>(
        &mut self,
        mut msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let overhead = self.explicit_len + TAG_LEN;
        let text_len = msg.payload.len().checked_sub(overhead);
        let text_len = text_len.ok_or(Error::DecryptError)?;
        let aad = make_tls12_aad(seq, msg.typ, msg.version, text_len);
        let Nonce(mut nonce) = Nonce::new(&self.iv, seq);
        let (explicit, body) = msg.payload.split_at_mut(self.explicit_len);
        nonce[NONCE_LEN - self.explicit_len..].copy_from_slice(explicit);
        self.key
            .open(&nonce, &aad, body)
            .map_err(|_| Error::DecryptError)?;
        if text_len > MAX_PLAINTEXT {
            return Err(Error::PeerSentOversizedRecord);
        }
        let text = self.explicit_len..self.explicit_len + text_len;
        Ok(msg.into_plain_message_range(text))
    }
}
