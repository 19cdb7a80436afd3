//! What a connection demands of the peer's certificate.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, SignatureVerificationAlgorithm, TrustAnchor};

use super::error::SslError;
use super::kind::SslErrorKind;
use super::pin::Pins;
use super::purpose::Purpose;
use super::revocation::Revocation;
use super::status::StatusChecker;
use super::verified::VerifiedSignatures;
use crate::same::is_same;
use crate::x509::certificate::Certificate;

/// Whether the peer's certificate is requested and verified, and who decides.
/// [`ConfigBuilder::verify_mode`](crate::ConfigBuilder::verify_mode), `QSslSocket::PeerVerifyMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum VerifyMode {
    /// A server requests no certificate. A client verifies nothing of the server's, not even its name.
    /// (Qt compares the name, and forgives the result.)
    None,
    /// Request and verify the certificate, report every error, and accept all the same. A missing
    /// certificate is no error.
    Query,
    /// Request and verify the certificate; [`OnErrors`] says what errors do. A missing certificate is an
    /// error.
    Verify,
    /// Request the certificate, verify nothing here, and hold every handshake until the application has
    /// [answered](crate::Connection::answer): it asks a platform's verifier, a service, or a person. The
    /// review has no errors; `Accept` means trust, and sessions are remembered. A missing certificate
    /// is an empty chain.
    External,
    /// `Verify` for clients, `Query` for servers.
    #[default]
    Auto,
}

/// The effect of errors in the peer's chain when the mode is [`VerifyMode::Verify`].
/// [`ConfigBuilder::on_errors`](crate::ConfigBuilder::on_errors).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OnErrors {
    /// The handshake fails with the first error's alert.
    #[default]
    Reject,
    /// The handshake stands still until [`answer`](crate::Connection::answer): no message of ours
    /// leaves. (A TLS 1.3 client's dummy ChangeCipherSpec, RFC 8446 §D.4, has been released before
    /// the certificates came; it says nothing.) `QAbstractSocket::PauseOnSslErrors`.
    Hold,
    /// Every error is forgiven. **Dangerous**: anybody can be the peer.
    /// `QSslSocket::ignoreSslErrors()`.
    DangerouslyAcceptAll,
}

/// Which side is being judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged<'a> {
    /// By this name, if it matters.
    Server(Option<&'a ServerName<'a>>),
    Client,
}

impl Judged<'_> {
    pub(super) fn purpose(&self) -> Purpose {
        match self {
            Self::Server(_) => Purpose::Server,
            Self::Client => Purpose::Client,
        }
    }
}

/// The policy of one configuration.
#[derive(Clone)]
pub(crate) struct Policy {
    pub(crate) mode: VerifyMode,
    pub(crate) on_errors: OnErrors,
    /// When there are any, the leaf must be one of them, and nothing else matters.
    pub(crate) pins: Option<Pins>,
    pub(crate) anchors: Vec<TrustAnchor<'static>>,
    /// The certificates of those that constrain names.
    pub(crate) constrained: Vec<Certificate>,
    /// Self-issued trust anchors that are trusted as a peer's own.
    pub(crate) trusted_leaves: Vec<CertificateDer<'static>>,
    pub(crate) algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    /// What was checked for peers that were trusted; `None` without SHA-256.
    pub(crate) verified: Option<Arc<VerifiedSignatures>>,
    /// Certificates that are refused wherever they are, pinned or not.
    pub(crate) blocked: Option<Pins>,
    /// The most intermediates.
    pub(crate) depth: Option<usize>,
    pub(crate) revocation: Option<Revocation>,
    /// Who reads stapled OCSP responses.
    pub(crate) status: Option<Arc<dyn StatusChecker>>,
    /// By how much the clock may be wrong.
    pub(crate) tolerance: Duration,
    /// Whether common names count.
    pub(crate) common_names: bool,
    /// Errors that do not matter.
    pub(crate) forgiven: Vec<SslError>,
}

/// Equal policies demand the same, and both remember or do not: what was verified before, and by which
/// library, is no part of it.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            mode,
            on_errors,
            pins,
            anchors,
            constrained,
            trusted_leaves,
            algorithms: _,
            verified,
            blocked,
            depth,
            revocation,
            status,
            tolerance,
            common_names,
            forgiven,
        } = self;
        *mode == other.mode
            && *on_errors == other.on_errors
            && *pins == other.pins
            && *anchors == other.anchors
            && *constrained == other.constrained
            && *trusted_leaves == other.trusted_leaves
            && verified.is_some() == other.verified.is_some()
            && *blocked == other.blocked
            && *depth == other.depth
            && *revocation == other.revocation
            && is_same(status.as_ref(), other.status.as_ref())
            && *tolerance == other.tolerance
            && *common_names == other.common_names
            && *forgiven == other.forgiven
    }
}

/// What a judgement leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There are no errors.
    Trusted,
    /// The errors do not matter.
    Forgiven,
    /// The application decides.
    Asked,
    /// The first error that matters.
    Rejected(SslErrorKind),
}

impl Policy {
    /// Whether certificates are judged here.
    pub(crate) fn judges(&self) -> bool {
        matches!(self.mode, VerifyMode::Query | VerifyMode::Verify)
    }

    /// The first error that is forgiven neither here nor by `forgiven`.
    pub(crate) fn first<'a>(
        &self,
        errors: &'a [SslError],
        forgiven: &[SslError],
    ) -> Option<&'a SslError> {
        let mut errors = errors.iter();
        errors.find(|error| !self.forgiven.contains(error) && !forgiven.contains(error))
    }

    /// What these errors lead to.
    pub(crate) fn decide(&self, errors: &[SslError]) -> Outcome {
        if self.mode == VerifyMode::External {
            return Outcome::Asked;
        }
        match (errors, self.mode, self.on_errors, self.first(errors, &[])) {
            ([], ..) => Outcome::Trusted,
            (_, VerifyMode::Verify, OnErrors::Reject, Some(first)) => {
                Outcome::Rejected(first.kind())
            }
            (_, VerifyMode::Verify, OnErrors::Hold, Some(_)) => Outcome::Asked,
            _ => Outcome::Forgiven,
        }
    }
}
