//! The part of a configuration that judges the peer's certificate.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};

use super::{ClientConfig, ConfigBuilder, PeerName, ServerConfig};
use crate::crypto::Backend;
use crate::error::ConfigError;
use crate::identity::revocation_list::RevocationList;
use crate::verify::judge::Staple;
use crate::verify::pin::{Pin, Pins};
use crate::verify::policy::{Judged, OnErrors, Policy, VerifyMode};
use crate::verify::revocation::Revocation;
use crate::verify::status::StatusChecker;
use crate::verify::x509::Certificate;
use crate::verify::{SslError, SslErrorKind};

/// What the builder has collected.
#[derive(Default)]
pub(super) struct Verification {
    anchors: Vec<CertificateDer<'static>>,
    pins: Vec<Pin>,
    blocked: Vec<Pin>,
    pub(super) mode: VerifyMode,
    on_errors: OnErrors,
    forgiven: Vec<SslError>,
    depth: Option<usize>,
    lists: Vec<RevocationList>,
    status_required: bool,
    status: Option<Arc<dyn StatusChecker>>,
    tolerance: Duration,
    common_names: bool,
}

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
    /// keyCertSign, issues nothing: a peer that has it for its own is trusted if it is self-signed,
    /// and nobody else. Version 1 cannot say so. A server that asks for certificates sends the
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
    /// of kind [`ChainTooLong`](crate::SslErrorKind::ChainTooLong). By default, six.
    /// `QSslSocket::setPeerVerifyDepth`, where 0 means any number.
    #[must_use]
    pub fn verify_depth(mut self, intermediates: usize) -> Self {
        self.verification.depth = Some(intermediates);
        self
    }

    /// Certificate revocation lists (RFC 5280 §5). Every certificate of the path is looked up in
    /// the lists of its issuer, which must be signed by that issuer and not out of date; of
    /// several that speak of it, the one that was made last counts.
    /// `required`: a certificate whose issuer has no list here is an error,
    /// [`CertificateStatusUnknown`](crate::SslErrorKind::CertificateStatusUnknown).
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

impl ClientConfig {
    /// Judges a server's chain, leaf first, as a handshake with this configuration would, without
    /// one: every error, none when it is good. Without a `name` the names do not matter, without
    /// a time the dates do not, and `NoWallClock` is among the errors. What the configuration
    /// forgives is listed too. A [status checker](ConfigBuilder::status_checker) is not asked:
    /// nothing is stapled to a chain without a handshake. `QSslCertificate::verify`.
    ///
    /// Costs what [`VerifyMode::Verify`] costs in a handshake, whatever mode is set: a signature
    /// check for each certificate as a rule; whatever the chain is, at most 216, and one for each
    /// of the [revocation lists](ConfigBuilder::revocation_lists).
    pub fn verify_chain(
        &self,
        chain: &[CertificateDer<'static>],
        name: Option<&PeerName>,
        now: Option<UnixTime>,
    ) -> Vec<SslError> {
        let name = name.map(|name| &name.verify);
        verify_chain(&self.0.terms.policy, chain, Judged::Server(name), now)
    }
}

impl ServerConfig {
    /// The same for a client's chain.
    pub fn verify_chain(
        &self,
        chain: &[CertificateDer<'static>],
        now: Option<UnixTime>,
    ) -> Vec<SslError> {
        verify_chain(&self.0.terms.policy, chain, Judged::Client, now)
    }
}

/// No chain is no good one, also where a peer need not have any.
fn verify_chain(
    policy: &Policy,
    chain: &[CertificateDer<'static>],
    judged: Judged<'_>,
    now: Option<UnixTime>,
) -> Vec<SslError> {
    match chain {
        [] => [SslError::new(SslErrorKind::NoPeerCertificate, None)].into(),
        chain => policy.judge(chain, judged, Staple::NoMatter, now).errors,
    }
}

impl Verification {
    /// Checks all of it.
    pub(super) fn policy(
        &mut self,
        backend: &Backend,
        mode: VerifyMode,
    ) -> Result<Policy, ConfigError> {
        let judged = matches!(mode, VerifyMode::Query | VerifyMode::Verify);
        let compared = !self.pins.is_empty() || !self.blocked.is_empty();
        if compared && !judged {
            return Err(ConfigError::PinsWithoutVerification);
        }
        let revocation = self.revocation();
        let blocked = pins(&mut self.blocked, backend)?;
        if (revocation.is_some() || self.status.is_some()) && !judged {
            return Err(ConfigError::StatusWithoutVerification);
        }
        Ok(Policy {
            mode,
            on_errors: self.on_errors,
            pins: pins(&mut self.pins, backend)?,
            anchors: self.anchors(blocked.as_ref())?,
            trusted_leaves: self.trusted_leaves(),
            blocked,
            algorithms: backend.provider().signature_verification_algorithms.all,
            depth: self.depth,
            revocation,
            status: self.status.take(),
            tolerance: self.tolerance,
            common_names: self.common_names,
            forgiven: core::mem::take(&mut self.forgiven),
        })
    }

    /// All that may issue but those that are blocked: they need not be sent to be used. (webpki
    /// asks no anchor what it may.)
    fn anchors(&self, blocked: Option<&Pins>) -> Result<Vec<TrustAnchor<'static>>, ConfigError> {
        let mut anchors = Vec::with_capacity(self.anchors.len());
        for (index, der) in self.anchors.iter().enumerate() {
            let anchor = webpki::anchor_from_trusted_cert(der);
            let anchor = anchor.map_err(|error| ConfigError::UnusableTrustAnchor {
                index,
                why: error.to_string(),
            })?;
            let issues = Certificate::parse(der).is_some_and(|it| it.may_issue());
            if issues && !blocked.is_some_and(|blocked| blocked.have(der)) {
                anchors.push(anchor.to_owned());
            }
        }
        Ok(anchors)
    }

    /// The others, as far as they are somebody's own.
    fn trusted_leaves(&self) -> Vec<CertificateDer<'static>> {
        let issues_nothing = |it: Certificate<'_>| !it.may_issue() && it.is_self_issued();
        let anchors = self.anchors.iter();
        let leaves = anchors.filter(|der| Certificate::parse(der).is_some_and(issues_nothing));
        leaves.cloned().collect()
    }

    fn revocation(&mut self) -> Option<Revocation> {
        let lists = core::mem::take(&mut self.lists);
        (!lists.is_empty() || self.status_required)
            .then(|| Revocation::new(lists, self.status_required))
    }
}

fn pins(pins: &mut Vec<Pin>, backend: &Backend) -> Result<Option<Pins>, ConfigError> {
    if pins.is_empty() {
        return Ok(None);
    }
    let sha256 = backend
        .sha256()
        .ok_or(ConfigError::unsupported("hash", "SHA-256"))?;
    Ok(Some(Pins::new(core::mem::take(pins), sha256)))
}
