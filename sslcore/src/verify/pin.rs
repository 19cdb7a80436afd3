//! Trust in one certificate, or one key, by its fingerprint.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::crypto::Backend;
use crate::crypto::hash::{Hash, fingerprint};
use crate::x509::certificate::Certificate;
use crate::x509::raw;

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

impl Certificate {
    /// SHA-256 of the certificate's DER, as browsers and `openssl x509 -fingerprint -sha256` show it, for
    /// [`Pin::CertificateSha256`]. `None` when the backend has no cipher suite with SHA-256.
    /// `QSslCertificate::digest`.
    ///
    /// ```
    /// # use sslcore::{Certificate, Pin, crypto::Backend};
    /// # fn f(certificate: &Certificate, backend: &Backend) -> Option<Pin> {
    /// let fingerprint = certificate.fingerprint_sha256(backend)?;
    /// # Some(
    /// Pin::CertificateSha256(fingerprint)
    /// # )
    /// # }
    /// ```
    pub fn fingerprint_sha256(&self, backend: &Backend) -> Option<[u8; 32]> {
        fingerprint(&**backend.sha256()?, self.der())
    }

    /// SHA-256 of the certificate's public key, for [`Pin::SpkiSha256`] (RFC 7469 §2.4). `None` also when
    /// the certificate cannot be read.
    pub fn spki_sha256(&self, backend: &Backend) -> Option<[u8; 32]> {
        fingerprint(&**backend.sha256()?, self.public_key_info()?)
    }
}

/// The pins of one configuration, and the hash to compare them with.
#[derive(Clone)]
pub(crate) struct Pins {
    pins: Vec<Pin>,
    sha256: Arc<dyn Hash>,
}

impl PartialEq for Pins {
    fn eq(&self, other: &Self) -> bool {
        self.pins == other.pins
    }
}

impl Pins {
    pub(crate) fn new(pins: Vec<Pin>, sha256: Arc<dyn Hash>) -> Self {
        Self { pins, sha256 }
    }

    /// Whether one of them is this certificate's. Costs at most two hashes, and no allocation.
    pub(crate) fn have(&self, leaf: &[u8]) -> bool {
        let hash = |bytes| fingerprint(&*self.sha256, bytes);
        let certificate = hash(leaf);
        let spki = raw::Certificate::parse(leaf).and_then(|leaf| hash(leaf.public_key.spki));
        self.pins.iter().any(|pin| match pin {
            Pin::CertificateSha256(pin) => certificate.as_ref() == Some(pin),
            Pin::SpkiSha256(pin) => spki.as_ref() == Some(pin),
        })
    }
}
