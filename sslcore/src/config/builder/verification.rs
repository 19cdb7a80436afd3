//! Whom to trust, and who decides.

use alloc::sync::Arc;
use core::time::Duration;

use rustls_pki_types::CertificateDer;

use super::ConfigBuilder;
use crate::config::built::ClientConfig;
use crate::verify::SslError;
use crate::verify::pin::Pin;
use crate::verify::policy::{OnErrors, VerifyMode};
use crate::verify::status::StatusChecker;
use crate::x509::revocation_list::RevocationList;

/// # Who decides
/// In this order:
/// 1. a certificate of the chain that is [`blocked`](Self::block) is an error, whatever comes after;
/// 2. a leaf that is one of the [`pins`](Self::pins) has no other errors;
/// 3. the path to a trust anchor, revocation, the verify depth, the stapled OCSP response and the
///    name are judged;
/// 4. errors that are [forgiven](Self::forgive) are reported and do not count;
/// 5. with [`VerifyMode::Verify`], what is left is for [`on_errors`](Self::on_errors).
///
/// All of it belongs to one configuration: nothing is sticky, nothing is global.
impl<C> ConfigBuilder<C> {
    /// The certificates that chains must end in. Without any, no chain is trusted. One that does
    /// not say that it is an authority's (RFC 5280 §4.2.1.9), or whose key usage does not have
    /// keyCertSign, issues nothing; version 1 cannot say so. A peer that has one of them for its
    /// own certificate is trusted if that is self-signed, also if it is an authority's, as
    /// `openssl req -x509` makes them; its names, dates and usages are judged all the same.
    /// A server that asks for certificates sends the
    /// names of those that may issue as hints (RFC 8446 §4.2.4), which make a message of at most
    /// 65,535 bytes: some hundred authorities have room.
    /// `QSslConfiguration::setCaCertificates`.
    #[must_use]
    pub fn trust_anchors(
        mut self,
        anchors: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.verification.anchors = anchors.into_iter().collect();
        self
    }

    /// The only certificates, or keys, that the peer may present. One of them is trusted as it
    /// is: its issuer, dates, names and purpose do not matter, and trust anchors are not needed.
    /// Any other has the error [`NotPinned`](crate::SslErrorKind::NotPinned) before all that it
    /// would have without pins. What cannot be replaced by trust is still checked: that the peer
    /// has the certificate's private key.
    ///
    /// None, as by default, lets the trust anchors decide. The modes
    /// [`Query`](VerifyMode::Query) and [`DangerouslyAcceptAll`](OnErrors::DangerouslyAcceptAll)
    /// forgive `NotPinned` as they do every error. Trust by pin is trust, not forgiveness:
    /// sessions are remembered.
    #[must_use]
    pub fn pins(mut self, pins: impl IntoIterator<Item = Pin>) -> Self {
        self.verification.pins = pins.into_iter().collect();
        self
    }

    /// Whether the peer's certificate is asked for and judged. `QSslSocket::setPeerVerifyMode`.
    #[must_use]
    pub fn verify_mode(mut self, mode: VerifyMode) -> Self {
        self.verification.mode = mode;
        self
    }

    /// What happens when it has errors.
    #[must_use]
    pub fn on_errors(mut self, on_errors: OnErrors) -> Self {
        self.verification.on_errors = on_errors;
        self
    }

    /// Certificates, or keys, that are refused wherever in the chain they are: each is an error of
    /// kind [`CertificateBlacklisted`](crate::SslErrorKind::CertificateBlacklisted), also of a
    /// chain that is pinned. A trust anchor among them is none.
    #[must_use]
    pub fn block(mut self, blocked: impl IntoIterator<Item = Pin>) -> Self {
        self.verification.blocked = blocked.into_iter().collect();
        self
    }

    /// Errors that do not matter: each of this kind *and* of this certificate. They are reported
    /// like others; if only such are found the handshake goes on, and no session is remembered.
    /// `QSslSocket::ignoreSslErrors(errors)`.
    #[must_use]
    pub fn forgive(mut self, errors: impl IntoIterator<Item = SslError>) -> Self {
        self.verification.forgiven = errors.into_iter().collect();
        self
    }

    /// The most intermediates between the peer's certificate and a trust anchor; more are an error
    /// of kind [`ChainTooLong`](crate::SslErrorKind::ChainTooLong). By default, and at most, 16:
    /// longer paths are not followed, which is an error of kind
    /// [`PathSearchExceeded`](crate::SslErrorKind::PathSearchExceeded).
    /// `QSslSocket::setPeerVerifyDepth`, where 0 means any number.
    #[must_use]
    pub fn verify_depth(mut self, intermediates: usize) -> Self {
        self.verification.depth = Some(intermediates);
        self
    }

    /// Certificate revocation lists (RFC 5280 §5). Every certificate of the path is looked up in
    /// the lists of its issuer, which must be signed by that issuer and not out of date; of
    /// several that speak of it, the one that was made last counts. Issuers are compared by
    /// [what their names say](crate::DistinguishedName::is_same), and none whose key usage does
    /// not have cRLSign has signed a list.
    /// `required`: a certificate whose issuer has no list here is an error,
    /// [`CertificateStatusUnknown`](crate::SslErrorKind::CertificateStatusUnknown). Without it a
    /// list that is about other certificates changes nothing;
    /// [`unused_revocation_lists`](crate::ClientConfig::unused_revocation_lists) tells which.
    #[must_use]
    pub fn revocation_lists(
        mut self,
        lists: impl IntoIterator<Item = RevocationList>,
        required: bool,
    ) -> Self {
        self.verification.lists = lists.into_iter().collect();
        self.verification.status_required = required;
        self
    }

    /// By how much the wall clock may be wrong: a certificate that was valid so long ago, or will
    /// be so soon, is valid. Whole seconds; zero by default.
    #[must_use]
    pub fn clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.verification.tolerance = tolerance;
        self
    }

    /// Take the common name for the host name of a certificate that has no DNS names
    /// (RFC 6125 §6.4.4), unless its issuers may only issue for some names: they are compared with
    /// DNS names. Off by default: no authority has issued such certificates for long
    /// (RFC 9525 §2). Qt always compares it.
    #[must_use]
    pub fn common_name_fallback(mut self, on: bool) -> Self {
        self.verification.common_names = on;
        self
    }
}

impl ConfigBuilder<ClientConfig> {
    /// Who reads the OCSP response that the server staples to its certificate. Without one, as by
    /// default, a response is only [handed out](crate::Connection::stapled_ocsp_response).
    /// `QSslConfiguration::setOcspStaplingEnabled`. (Every ClientHello asks for a response.)
    #[must_use]
    pub fn status_checker(mut self, checker: Arc<dyn StatusChecker>) -> Self {
        self.verification.status = Some(checker);
        self
    }
}
