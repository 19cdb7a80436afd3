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

/// # How the peer's certificate is verified
/// In this order:
/// 1. a [blocked](Self::block) certificate in the chain is an error, whatever else holds;
/// 2. a leaf that is one of the [pins](Self::pins) has no other errors;
/// 3. the path to a trust anchor, revocation, the verify depth, the stapled OCSP response and the
///    name are checked;
/// 4. errors that are [forgiven](Self::forgive) are reported and do not count;
/// 5. with [`VerifyMode::Verify`], [`on_errors`](Self::on_errors) says what the other errors do.
///
/// All settings belong to one configuration: nothing is sticky, nothing is global. A configuration
/// remembers which signatures it has found good, of peers that had no errors: the last 512 of them, 16 where
/// there is no operating system, 32 bytes each. They are not checked again, in a resumed session or in the
/// next handshake; all else is: dates, names, revocation, pins, the path to an anchor. What is remembered is
/// SHA-256 of the signed bytes, the signature, the issuer's key and the algorithms, so nobody gains anything
/// by being remembered but time, and strangers, who are not trusted, push nothing out. Who measures how long
/// a handshake takes may learn whether the configuration has seen a chain before:
/// [`remember_signatures`](Self::remember_signatures) turns it off.
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use sslcore::crypto::Backend;
/// # use sslcore::{
/// #     CertificateDer, ClientConfig, ConfigError, OnErrors, Pin, RevocationList, SslError,
/// #     StatusChecker, VerifyMode,
/// # };
/// # fn f(
/// #     backend: Backend, roots: Vec<CertificateDer<'static>>, stolen: [u8; 32],
/// #     known: SslError, lists: Vec<RevocationList>, checker: Arc<dyn StatusChecker>,
/// # ) -> Result<ClientConfig, ConfigError> {
/// ClientConfig::builder(backend)
///     .trust_anchors(roots)
///     .verify_mode(VerifyMode::Verify)
///     .on_errors(OnErrors::Hold) // ask a person, for as long as it takes
///     .verify_depth(2)
///     .block([Pin::SpkiSha256(stolen)])
///     .forgive([known]) // this error of this certificate, and no other
///     .revocation_lists(lists, true)
///     .status_checker(checker) // reads what the server staples
///     .clock_tolerance(Duration::from_secs(300))
///     .common_name_fallback(true) // a device with a certificate from long ago
///     .build()
/// # }
/// ```
impl<C> ConfigBuilder<C> {
    /// The certificates that chains must end in. Without any, no chain is trusted. One that does
    /// not say that it is an authority's (RFC 5280 §4.2.1.9), or whose key usage does not have
    /// keyCertSign, issues nothing; version 1 cannot say so. A peer that has one of them for its
    /// own certificate is trusted if that is self-signed, also if it is an authority's, as
    /// `openssl req -x509` makes them; its names, dates and usages are verified all the same.
    /// A server that asks for certificates sends the
    /// names of those that may issue as hints (RFC 8446 §4.2.4), which make a message of at most
    /// 65,535 bytes: some hundred authorities have room. Such a server can
    /// [name others](crate::ConfigBuilder::client_certificate_authorities), or none.
    /// `QSslConfiguration::setCaCertificates`.
    #[must_use]
    pub fn trust_anchors(
        mut self,
        anchors: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Self {
        self.verification.anchors = anchors.into_iter().collect();
        self
    }

    /// Sets the only certificates, or keys, that the peer may present. A pinned certificate is
    /// trusted as it is: its issuer, dates, names and purpose do not matter, and no trust anchors are
    /// needed. Any other certificate has the error [`NotPinned`](crate::SslErrorKind::NotPinned),
    /// before all errors that it would have without pins. The peer still proves that it has the
    /// certificate's private key.
    ///
    /// Without pins, the default, the trust anchors decide. The modes
    /// [`Query`](VerifyMode::Query) and [`DangerouslyAcceptAll`](OnErrors::DangerouslyAcceptAll)
    /// forgive `NotPinned` as they do every error. A pinned certificate is trusted, not forgiven:
    /// sessions are remembered.
    #[must_use]
    pub fn pins(mut self, pins: impl IntoIterator<Item = Pin>) -> Self {
        self.verification.pins = pins.into_iter().collect();
        self
    }

    /// Sets whether the peer's certificate is requested and verified. The default is
    /// [`VerifyMode::Auto`]. `QSslSocket::setPeerVerifyMode`.
    #[must_use]
    pub fn verify_mode(mut self, mode: VerifyMode) -> Self {
        self.verification.mode = mode;
        self
    }

    /// Sets what happens when the peer's chain has errors. The default is [`OnErrors::Reject`].
    #[must_use]
    pub fn on_errors(mut self, on_errors: OnErrors) -> Self {
        self.verification.on_errors = on_errors;
        self
    }

    /// Sets the certificates, or keys, that are refused wherever in the chain they are: each is an
    /// error of kind [`CertificateBlacklisted`](crate::SslErrorKind::CertificateBlacklisted), in a
    /// pinned chain, too. A blocked trust anchor is not one any more.
    #[must_use]
    pub fn block(mut self, blocked: impl IntoIterator<Item = Pin>) -> Self {
        self.verification.blocked = blocked.into_iter().collect();
        self
    }

    /// Sets the errors that do not matter: each stands for its kind *and* its certificate. Forgiven
    /// errors are reported like others; when a chain has no other errors the handshake goes on, and no
    /// session is remembered. `QSslSocket::ignoreSslErrors(errors)`.
    #[must_use]
    pub fn forgive(mut self, errors: impl IntoIterator<Item = SslError>) -> Self {
        self.verification.forgiven = errors.into_iter().collect();
        self
    }

    /// Sets how many intermediates there may be between the peer's certificate and a trust anchor;
    /// more are an error of kind [`ChainTooLong`](crate::SslErrorKind::ChainTooLong). By default, and
    /// at most, 16: longer paths are not followed, which is an error of kind
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

    /// Sets by how much the wall clock may be wrong: certificates that expired less than this ago, or
    /// become valid within it, are valid. Counted in whole seconds; zero by default.
    #[must_use]
    pub fn clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.verification.tolerance = tolerance;
        self
    }

    /// Sets whether the common name counts as the host name of a certificate that has no DNS names
    /// (RFC 6125 §6.4.4). It never does when an issuer has name constraints, which are compared with
    /// DNS names only. Off by default: authorities have not issued such certificates for many years
    /// (RFC 9525 §2). Qt always compares the common name.
    #[must_use]
    pub fn common_name_fallback(mut self, on: bool) -> Self {
        self.verification.common_names = on;
        self
    }

    /// Sets whether the peer's chain is kept while the connection is encrypted. On by default; off, the
    /// connection lets go of it when the handshake ends, one to five kilobytes as a rule, and
    /// [`peer_fingerprint_sha256`](crate::Connection::peer_fingerprint_sha256) still tells whose
    /// certificate it was. Forgiven errors keep the certificates that they are about; and a client
    /// that [remembers sessions](crate::ClientSessionStore) keeps the chain with each of them, and with the
    /// connection that they come from.
    ///
    /// ```
    /// # use sslcore::{CertificateDer, ClientConfig, ConfigError, crypto::Backend};
    /// /// For a device that has little memory, and one server.
    /// fn frugal(
    ///     backend: Backend, root: CertificateDer<'static>,
    /// ) -> Result<ClientConfig, ConfigError> {
    ///     let builder = ClientConfig::builder(backend).trust_anchors([root]);
    ///     builder.session_cache(0).keep_peer_chain(false).build()
    /// }
    /// ```
    #[must_use]
    pub fn keep_peer_chain(mut self, keep: bool) -> Self {
        self.verification.lets_go_of_chain = !keep;
        self
    }

    /// Sets whether the good signatures of certificates of trusted peers are remembered, as the [head of
    /// this section](Self) says. On by default. Without it every handshake and every resumed session checks
    /// the whole chain, and takes the same time whoever was there before.
    ///
    /// ```
    /// # use sslcore::{ConfigBuilder, ServerConfig};
    /// fn of_equal_time(builder: ConfigBuilder<ServerConfig>) -> ConfigBuilder<ServerConfig> {
    ///     builder.remember_signatures(false)
    /// }
    /// ```
    #[must_use]
    pub fn remember_signatures(mut self, remember: bool) -> Self {
        self.verification.forgets_signatures = !remember;
        self
    }
}

impl ConfigBuilder<ClientConfig> {
    /// Sets the [`StatusChecker`] that reads the OCSP response which the server staples to its
    /// certificate. Without one, the default, nobody reads the response, and
    /// [`stapled_ocsp_response`](crate::Connection::stapled_ocsp_response) hands it out. Every
    /// ClientHello asks for a response. `QSslConfiguration::setOcspStaplingEnabled`.
    #[must_use]
    pub fn status_checker(mut self, checker: Arc<dyn StatusChecker>) -> Self {
        self.verification.status = Some(checker);
        self
    }
}
