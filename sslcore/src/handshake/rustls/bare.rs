//! What takes the protection of records out of a cipher suite: its records leave rustls in the clear, with
//! room for what [`sealing`](super::sealing) adds, and marked; what arrives is passed on as it is.
//!
//! The suite's hash function and its PRF or HKDF go on. Only what they would derive for records is left
//! out: nothing uses it.

use alloc::boxed::Box;

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter,
    OutboundOpaqueMessage, OutboundPlainMessage, PrefixedPayload, Tls13AeadAlgorithm,
    UnsupportedOperationError,
};
#[cfg(feature = "tls12")]
use rustls::crypto::cipher::{KeyBlockShape, Tls12AeadAlgorithm};
#[cfg(feature = "tls12")]
use rustls::crypto::tls12::Prf;
use rustls::crypto::tls13::{Hkdf, HkdfExpander, OkmBlock, OutputLengthError};
use rustls::crypto::{ActiveKeyExchange, hmac};
use rustls::{ConnectionTrafficSecrets, Error, ProtocolVersion};

use super::sealing::MARK;
use crate::crypto::{NONCE_LEN, TAG_LEN};

/// Instead of an AEAD: leaves room for what sealing adds.
#[derive(Clone, Copy)]
pub(super) struct Room {
    /// For a nonce in front.
    front: usize,
    /// For a tag, and what is sealed before it.
    behind: usize,
    /// Which an opened message says to be of.
    version: ProtocolVersion,
}

impl Room {
    pub(super) const TLS13: Self = Self {
        front: 0,
        behind: 1 + TAG_LEN,
        version: ProtocolVersion::TLSv1_3,
    };
    #[cfg(feature = "tls12")]
    pub(super) const TLS12: Self = Self {
        front: 0,
        behind: TAG_LEN,
        version: ProtocolVersion::TLSv1_2,
    };
    #[cfg(feature = "tls12")]
    pub(super) const TLS12_GCM: Self = Self {
        front: 8,
        behind: TAG_LEN,
        version: ProtocolVersion::TLSv1_2,
    };

    /// rustls takes secrets out of its connections with those that make sessions.
    fn nothing() -> ConnectionTrafficSecrets {
        ConnectionTrafficSecrets::Chacha20Poly1305 {
            key: AeadKey::from([0; 32]),
            iv: Iv::from([0; NONCE_LEN]),
        }
    }
}

impl MessageEncrypter for Room {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        _: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let len = self.encrypted_payload_len(message.payload.len());
        let mut payload = PrefixedPayload::with_capacity(len);
        payload.extend_from_slice(&[0; 8][..self.front.min(8)]);
        payload.extend_from_chunks(&message.payload);
        payload.extend_from_slice(&[0; 1 + TAG_LEN][..self.behind.min(1 + TAG_LEN)]);
        let version = ProtocolVersion::from(u16::from_be_bytes(MARK));
        Ok(OutboundOpaqueMessage::new(message.typ, version, payload))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        self.front + payload_len + self.behind
    }
}

impl MessageDecrypter for Room {
    /// What is protected was opened before rustls has it.
    fn decrypt<'a>(
        &mut self,
        message: InboundOpaqueMessage<'a>,
        _: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        Ok(InboundPlainMessage {
            version: self.version,
            ..message.into_plain_message()
        })
    }
}

impl Tls13AeadAlgorithm for Room {
    fn encrypter(&self, _: AeadKey, _: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(*self)
    }

    fn decrypter(&self, _: AeadKey, _: Iv) -> Box<dyn MessageDecrypter> {
        Box::new(*self)
    }

    fn key_len(&self) -> usize {
        0
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(Self::nothing())
    }
}

#[cfg(feature = "tls12")]
impl Tls12AeadAlgorithm for Room {
    fn encrypter(&self, _: AeadKey, _: &[u8], _: &[u8]) -> Box<dyn MessageEncrypter> {
        Box::new(*self)
    }

    fn decrypter(&self, _: AeadKey, _: &[u8]) -> Box<dyn MessageDecrypter> {
        Box::new(*self)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        KeyBlockShape {
            enc_key_len: 0,
            fixed_iv_len: 0,
            explicit_nonce_len: 0,
        }
    }

    fn extract_keys(
        &self,
        _: AeadKey,
        _: &[u8],
        _: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        Ok(Self::nothing())
    }
}

/// A PRF that makes no key blocks: what is asked for is empty (RFC 5246 §6.3).
#[cfg(feature = "tls12")]
pub(super) struct NoKeyBlock(pub(super) &'static dyn Prf);

#[cfg(feature = "tls12")]
impl Prf for NoKeyBlock {
    fn for_key_exchange(
        &self,
        output: &mut [u8; 48],
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
        label: &[u8],
        seed: &[u8],
    ) -> Result<(), Error> {
        self.0
            .for_key_exchange(output, kx, peer_pub_key, label, seed)
    }

    fn for_secret(&self, output: &mut [u8], secret: &[u8], label: &[u8], seed: &[u8]) {
        if !output.is_empty() {
            self.0.for_secret(output, secret, label, seed);
        }
    }
}

/// HKDF that makes no keys for records.
pub(super) struct NoKeys(pub(super) &'static dyn Hkdf);

impl Hkdf for NoKeys {
    fn extract_from_zero_ikm(&self, salt: Option<&[u8]>) -> Box<dyn HkdfExpander> {
        self.0.extract_from_zero_ikm(salt)
    }

    fn extract_from_secret(&self, salt: Option<&[u8]>, secret: &[u8]) -> Box<dyn HkdfExpander> {
        self.0.extract_from_secret(salt, secret)
    }

    fn extract_from_kx_shared_secret(
        &self,
        salt: Option<&[u8]>,
        kx: Box<dyn ActiveKeyExchange>,
        peer_pub_key: &[u8],
    ) -> Result<Box<dyn HkdfExpander>, Error> {
        self.0.extract_from_kx_shared_secret(salt, kx, peer_pub_key)
    }

    /// Such expanders make the keys of records, out of traffic secrets, and little else.
    fn expander_for_okm(&self, okm: &OkmBlock) -> Box<dyn HkdfExpander> {
        Box::new(Expander {
            hkdf: self.0,
            secret: okm.clone(),
        })
    }

    fn hmac_sign(&self, key: &OkmBlock, message: &[u8]) -> hmac::Tag {
        self.0.hmac_sign(key, message)
    }
}

/// A secret that is expanded when something else than keys of records is wanted.
struct Expander {
    hkdf: &'static dyn Hkdf,
    secret: OkmBlock,
}

impl Expander {
    fn real(&self) -> Box<dyn HkdfExpander> {
        self.hkdf.expander_for_okm(&self.secret)
    }
}

impl HkdfExpander for Expander {
    /// Keys and nonces of records stay zeros (RFC 8446 §7.3): nobody uses them.
    fn expand_slice(&self, info: &[&[u8]], output: &mut [u8]) -> Result<(), OutputLengthError> {
        match info {
            [_, _, b"tls13 ", b"key" | b"iv", ..] => Ok(()),
            _ => self.real().expand_slice(info, output),
        }
    }

    fn expand_block(&self, info: &[&[u8]]) -> OkmBlock {
        self.real().expand_block(info)
    }

    fn hash_len(&self) -> usize {
        self.secret.as_ref().len()
    }
}
