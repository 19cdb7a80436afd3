//! Leaves whose keys no handshake signature can be checked with.

use rustls_pki_types::SignatureVerificationAlgorithm;

use super::error::{Detail, SslError};
use super::key_flaw::{KeyFlaw, flaw};
use super::kind::SslErrorKind as Kind;
use crate::x509::certificate::Certificate;
use crate::x509::raw;

/// What is wrong with a leaf whose key no handshake signature can be checked with by these algorithms:
/// for handshakes, and for chains in files.
///
/// It is none that can be forgiven, in any verify mode and by nobody: that the peer has the
/// certificate's private key is all that a handshake proves of a certificate, and here it cannot.
pub(crate) fn unusable(
    leaf: &[u8],
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Option<Unusable> {
    unusable_key(&raw::Certificate::parse(leaf)?.public_key, algorithms)
}

/// The same of a leaf with this key.
pub(super) fn unusable_key(
    key: &raw::PublicKey<'_>,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Option<Unusable> {
    flaw(key, algorithms).map(Unusable)
}

/// Why a leaf is of no use.
pub(crate) struct Unusable(KeyFlaw);

impl Unusable {
    /// The error of this leaf.
    pub(crate) fn of(self, leaf: &Certificate) -> SslError {
        SslError::found(Kind::UnsupportedAlgorithm, 0, Detail::Key(self.0), leaf)
    }
}
