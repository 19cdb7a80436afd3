//! A certificate as the peer sent it.

use core::fmt;

use rustls_pki_types::CertificateDer;

use crate::verify::der;

/// A certificate, in DER. `QSslCertificate`.
///
/// Two are equal when their DER is. Cloning copies the DER.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Certificate(CertificateDer<'static>);

impl Certificate {
    /// Wraps DER as it is; nothing is read, so nothing can fail.
    pub fn from_der(der: impl Into<CertificateDer<'static>>) -> Self {
        Self(der.into())
    }

    /// The certificate's DER.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.0
    }

    /// The common name of its subject, to show to people; `None` when there is none that can be
    /// read. It proves nothing, and whoever made the certificate chose it: escape control
    /// characters before it meets a terminal. `QSslCertificate::subjectInfo(CommonName)`.
    pub fn common_name(&self) -> Option<&str> {
        der::Certificate::parse(&self.0)?.common_name()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.0.len())
    }
}

impl From<CertificateDer<'static>> for Certificate {
    fn from(der: CertificateDer<'static>) -> Self {
        Self(der)
    }
}

impl AsRef<[u8]> for Certificate {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
