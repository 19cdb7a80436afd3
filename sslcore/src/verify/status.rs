//! What an OCSP response says of the peer's certificate: asked of whoever can read one.

use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::{SignatureVerificationAlgorithm, TrustAnchor, UnixTime};

use super::kind::SslErrorKind;
use super::path::{self, Signature};
use crate::crypto::Backend;
use crate::x509::certificate::Certificate;
use crate::x509::der::{Reader, tag};
use crate::x509::name::same;
use crate::x509::raw;

/// Reads the OCSP response that a server staples to its certificate (RFC 6066 §8): whether there is
/// one, whether it is signed by whom it should be, and which status it gives.
///
/// A checker is asked once in every handshake whose chain is verified, also when there is no response,
/// and when a session is resumed, with the response that came with its chain. It is not asked about a
/// [pinned](crate::ConfigBuilder::pins) certificate. The call comes from within
/// [`process`](crate::Connection::process), which waits for it; for a status that must be fetched over
/// a network use [`VerifyMode::External`](crate::VerifyMode::External). `sslcore_std::ocsp` has a
/// checker.
///
/// ```
/// use sslcore::{SslErrorKind, StatusChecker, StatusQuestion, StatusReport};
///
/// /// Insists that a response is stapled to certificates that say so (RFC 7633).
/// struct MustStaple;
///
/// impl StatusChecker for MustStaple {
///     fn check(&self, question: &StatusQuestion<'_>) -> StatusReport {
///         let mut report = StatusReport::default();
///         if question.response().is_none() && question.certificate().must_staple() {
///             report.errors.push(SslErrorKind::OcspNoResponseFound);
///         }
///         // To verify the response's signature and dates, there are also:
///         let (_, _) = (question.issuer(), question.algorithms());
///         let (_, _) = (question.now(), question.tolerance());
///         report
///     }
/// }
/// ```
pub trait StatusChecker: Send + Sync {
    /// Returns the errors that were found, and until when a good status holds.
    fn check(&self, question: &StatusQuestion<'_>) -> StatusReport;
}

/// The answer of a [`StatusChecker`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusReport {
    /// The errors of the peer's certificate, in the order in which they were found.
    pub errors: Vec<SslErrorKind>,
    /// The time until which this holds: the response's nextUpdate. A session is remembered no longer, so
    /// that the next handshake is a full one and brings a new response.
    pub good_until: Option<UnixTime>,
}

/// The question that a [`StatusChecker`] is asked.
#[derive(Clone)]
pub struct StatusQuestion<'a> {
    response: Option<&'a [u8]>,
    certificate: Certificate,
    issuer: Option<TrustAnchor<'a>>,
    now: Option<UnixTime>,
    tolerance: Duration,
    algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
}

impl<'a> StatusQuestion<'a> {
    /// A question outside of a handshake, about a response that was fetched otherwise. Checks that
    /// `issuer` has signed the certificate, which costs one signature check;
    /// [`issuer`](Self::issuer) is `None` if it has not. The caller knows whether the issuer is trusted.
    /// Without a time no dates are checked.
    pub fn new(
        response: &'a [u8],
        certificate: &Certificate,
        issuer: &'a Certificate,
        now: Option<UnixTime>,
        backend: &Backend,
    ) -> Self {
        let algorithms = backend.verified_algorithms();
        Self {
            response: Some(response),
            issuer: signer(certificate, issuer, algorithms)
                .and_then(|key| anchor(certificate, key.info)),
            certificate: certificate.clone(),
            now,
            tolerance: Duration::ZERO,
            algorithms,
        }
    }

    /// The question that a handshake raises. `issuer` is the issuer's key, if a path leads from it
    /// to a trust anchor: what stands in the SEQUENCE of its SubjectPublicKeyInfo.
    pub(super) fn stapled(
        response: Option<&'a [u8]>,
        certificate: Certificate,
        issuer: Option<&'a [u8]>,
        now: Option<UnixTime>,
        tolerance: Duration,
        algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    ) -> Self {
        Self {
            response,
            issuer: issuer.and_then(|key| anchor(&certificate, key)),
            certificate,
            now,
            tolerance,
            algorithms,
        }
    }

    /// The response in DER, as it came; `None` when there was none.
    pub fn response(&self) -> Option<&'a [u8]> {
        self.response
    }

    /// The peer's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The certificate's issuer, which must have signed the response or the responder's certificate.
    /// `None` when no path leads from the certificate to a trust anchor: no response can be verified
    /// then.
    pub fn issuer(&self) -> Option<&TrustAnchor<'a>> {
        self.issuer.as_ref()
    }

    /// The wall clock; `None` when the device has none.
    pub fn now(&self) -> Option<UnixTime> {
        self.now
    }

    /// By how much the wall clock may be wrong: the configuration's
    /// [`clock_tolerance`](crate::ConfigBuilder::clock_tolerance).
    pub fn tolerance(&self) -> Duration {
        self.tolerance
    }

    /// The signature algorithms of the backend.
    pub fn algorithms(&self) -> &'a [&'a dyn SignatureVerificationAlgorithm] {
        self.algorithms
    }
}

impl core::fmt::Debug for StatusQuestion<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StatusQuestion")
            .field("response", &self.response.map(<[u8]>::len))
            .field("certificate", &self.certificate)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// The issuer's key, if it is its name that the certificate says and its signature that it has.
fn signer<'a>(
    certificate: &Certificate,
    issuer: &'a Certificate,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Option<raw::PublicKey<'a>> {
    let issuer = raw::Certificate::parse(issuer.der())?;
    let it = raw::Certificate::parse(certificate.der())?;
    let (by, key) = (it.signature_algorithm, issuer.public_key);
    let signature = path::check(it.signed, by, it.signature, &key, algorithms, &mut 2);
    (signature == Signature::Good && same(it.issuer, issuer.subject)).then_some(key)
}

/// The issuer, by the name that the certificate calls it.
fn anchor<'a>(certificate: &Certificate, key: &'a [u8]) -> Option<TrustAnchor<'a>> {
    let name = raw::Certificate::parse(certificate.der())?.issuer;
    let name = Reader::new(name).read(tag::SEQUENCE)?;
    Some(TrustAnchor {
        subject: name.to_vec().into(),
        subject_public_key_info: key.into(),
        name_constraints: None,
    })
}
