//! Trust in one certificate, or one key, by its fingerprint.

use alloc::vec::Vec;

use rustls::crypto::hash::Hash;

use super::x509;

/// The fingerprint of a certificate, or of a public key, that is trusted as it is.
///
/// Trust on first use is to compute one from the certificate that a person has accepted, to keep
/// it, and to give it to [`ConfigBuilder::pins`](crate::ConfigBuilder::pins) from then on:
///
/// ```
/// # use sslcore::{ClientConfig, ConfigBuilder, Connection, Pin, crypto::Backend};
/// # fn first_use(conn: &Connection, backend: Backend) -> Option<ConfigBuilder<ClientConfig>> {
/// let accepted = conn.peer_certificate()?; // also while it is asked about
/// let pin = Pin::SpkiSha256(accepted.spki_sha256(&backend)?); // 32 bytes to keep
/// let config = ClientConfig::builder(backend).pins([pin]); // this key, and no other
/// # Some(config) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pin {
    /// SHA-256 of the certificate's DER: what browsers show, and what
    /// `openssl x509 -fingerprint -sha256` prints. A renewed certificate has another.
    CertificateSha256([u8; 32]),
    /// SHA-256 of its SubjectPublicKeyInfo (RFC 7469 §2.4): a certificate that is renewed with
    /// the same key keeps it.
    SpkiSha256([u8; 32]),
}

/// The pins of one configuration, and the hash to compare them with.
#[derive(Clone)]
pub(crate) struct Pins {
    pins: Vec<Pin>,
    sha256: &'static dyn Hash,
}

impl Pins {
    pub(crate) fn new(pins: Vec<Pin>, sha256: &'static dyn Hash) -> Self {
        Self { pins, sha256 }
    }

    /// Whether one of them is this certificate's. Costs at most two hashes, and no allocation.
    pub(crate) fn have(&self, leaf: &[u8]) -> bool {
        let hash = |bytes| self.sha256.hash(bytes);
        let certificate = hash(leaf);
        let spki = x509::Certificate::parse(leaf).map(|leaf| hash(leaf.public_key.spki));
        self.pins.iter().any(|pin| match pin {
            Pin::CertificateSha256(pin) => certificate.as_ref() == pin,
            Pin::SpkiSha256(pin) => spki.as_ref().is_some_and(|spki| spki.as_ref() == pin),
        })
    }
}
