//! The TLS 1.3 cipher suites (RFC 8446 §B.4) and their record protection (§5.2).

use alloc::boxed::Box;

use rustls::crypto::CipherSuiteCommon;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter,
    Nonce, OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls13AeadAlgorithm,
    UnsupportedOperationError, make_tls13_aad,
};
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::{
    CipherSuite, ConnectionTrafficSecrets, ContentType, Error, ProtocolVersion, Tls13CipherSuite,
};

use super::aead::Suite;
use super::hash::{HMAC_SHA256, SHA256};
#[cfg(feature = "aes256")]
use super::hash::{HMAC_SHA384, SHA384};
use crate::crypto::{AeadAlgorithm, RecordAead, TAG_LEN};

/// How many records one AES-GCM key may protect before the advantage of an attacker grows beyond
/// 2^-57 (RFC 8446 §5.5: 2^24.5 full records).
pub(super) const GCM_RECORDS: u64 = 1 << 24;

pub(crate) static AES_128_GCM_SHA256: Tls13CipherSuite = Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_AES_128_GCM_SHA256,
        hash_provider: &SHA256,
        confidentiality_limit: GCM_RECORDS,
    },
    hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
    aead_alg: &Aead(Suite::new(AeadAlgorithm::Aes128Gcm)),
    quic: None,
};

#[cfg(feature = "aes256")]
pub(crate) static AES_256_GCM_SHA384: Tls13CipherSuite = Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_AES_256_GCM_SHA384,
        hash_provider: &SHA384,
        confidentiality_limit: GCM_RECORDS,
    },
    hkdf_provider: &HkdfUsingHmac(&HMAC_SHA384),
    aead_alg: &Aead(Suite::new(AeadAlgorithm::Aes256Gcm)),
    quic: None,
};

#[cfg(feature = "chacha20")]
pub(crate) static CHACHA20_POLY1305_SHA256: Tls13CipherSuite = Tls13CipherSuite {
    common: CipherSuiteCommon {
        suite: CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        hash_provider: &SHA256,
        // The sequence number ends before the AEAD does (RFC 8446 §5.5).
        confidentiality_limit: u64::MAX,
    },
    hkdf_provider: &HkdfUsingHmac(&HMAC_SHA256),
    aead_alg: &Aead(Suite::new(AeadAlgorithm::ChaCha20Poly1305)),
    quic: None,
};

/// How the suites of TLS 1.3 protect records with an AEAD.
pub(crate) struct Aead(pub(crate) Suite);

impl Tls13AeadAlgorithm for Aead {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        let key = self.0.key(&key);
        Box::new(Direction { key, iv })
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        let key = self.0.key(&key);
        Box::new(Direction { key, iv })
    }

    fn key_len(&self) -> usize {
        self.0.algorithm.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(self.0.secrets(key, iv))
    }
}

struct Direction {
    key: Box<dyn RecordAead>,
    iv: Iv,
}

impl MessageEncrypter for Direction {
    fn encrypt(
        &mut self,
        msg: OutboundPlainMessage<'_>,
        seq: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let total = self.encrypted_payload_len(msg.payload.len());
        let mut payload = PrefixedPayload::with_capacity(total);
        payload.extend_from_chunks(&msg.payload);
        payload.extend_from_slice(&msg.typ.to_array());
        let Nonce(nonce) = Nonce::new(&self.iv, seq);
        let tag = self
            .key
            .seal(&nonce, &make_tls13_aad(total), payload.as_mut())
            .map_err(|_| Error::EncryptError)?;
        payload.extend_from_slice(&tag);
        // Both fields are the legacy ones that every protected record carries (RFC 8446 §5.2).
        Ok(OutboundOpaqueMessage::new(
            ContentType::ApplicationData,
            ProtocolVersion::TLSv1_2,
            payload,
        ))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        // One byte for the inner content type.
        payload_len + 1 + TAG_LEN
    }
}

impl MessageDecrypter for Direction {
    fn decrypt<'a>(
        &mut self,
        mut msg: InboundOpaqueMessage<'a>,
        seq: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let aad = make_tls13_aad(msg.payload.len());
        let Nonce(nonce) = Nonce::new(&self.iv, seq);
        let text_len = msg.payload.len().checked_sub(TAG_LEN);
        let text_len = text_len.ok_or(Error::DecryptError)?;
        self.key
            .open(&nonce, &aad, &mut msg.payload)
            .map_err(|_| Error::DecryptError)?;
        msg.payload.truncate(text_len);
        msg.into_tls13_unpadded_message()
    }
}
