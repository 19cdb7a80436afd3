//! Leaves whose keys no handshake signature can be checked with.

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};

use super::error::{Detail, SslError};
use super::key_flaw::flaw;
use super::kind::SslErrorKind as Kind;
use crate::x509::raw;

/// The error of a leaf whose key no handshake signature can be checked with by these algorithms:
/// for handshakes, and for chains in files.
///
/// It is none that can be forgiven, in any verify mode and by nobody: that the peer has the
/// certificate's private key is all that a handshake proves of a certificate, and here it cannot.
pub(crate) fn unusable(
    leaf: &CertificateDer<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Option<SslError> {
    let key = raw::Certificate::parse(leaf)?.public_key;
    let flaw = flaw(&key, algorithms)?;
    Some(SslError::found(
        Kind::UnsupportedAlgorithm,
        0,
        Detail::Key(flaw),
        leaf,
    ))
}
