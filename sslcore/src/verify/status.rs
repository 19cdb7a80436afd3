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

/// Judges the OCSP response that a server staples to its certificate (RFC 6066 §8): whether there
/// is one, whether it can be believed, and what it says.
///
/// Asked once in every handshake whose chain is judged, also when there is no response and when a
/// session is resumed (with the response that came with the chain); not when the certificate is
/// trusted by [pin](crate::ConfigBuilder::pins). The call comes from within
/// [`process`](crate::Connection::process), which waits for it: what has to be asked over a network
/// is a matter of [`VerifyMode::External`](crate::VerifyMode::External). `sslcore_std::ocsp` has
/// one.
pub trait StatusChecker: Send + Sync {
    /// What is wrong, and how long what is good will be.
    fn check(&self, question: &StatusQuestion<'_>) -> StatusReport;
}

/// What a [`StatusChecker`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusReport {
    /// Errors of the peer's certificate, in the order found; none when nothing is wrong.
    pub errors: Vec<SslErrorKind>,
    /// Until when this is so: the response's nextUpdate. A session is remembered no longer, so
    /// that the next handshake is a full one and brings a new response.
    pub good_until: Option<UnixTime>,
}

/// What a [`StatusChecker`] is asked.
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
    /// A question outside of a handshake, about a response that was got otherwise. That `issuer`
    /// has signed the certificate is checked; that it is trusted is the caller's affair. An issuer
    /// that has not signed it is [none](Self::issuer). Without a time nothing is said of dates.
    /// Checks one signature.
    pub fn new(
        response: &'a [u8],
        certificate: &Certificate,
        issuer: &'a Certificate,
        now: Option<UnixTime>,
        backend: &Backend,
    ) -> Self {
        let algorithms = backend.provider().signature_verification_algorithms.all;
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

    /// Its issuer, by whom the response must be signed, or the responder's certificate. `None`
    /// when no path leads from the certificate to a trust anchor: then no response can be
    /// believed.
    pub fn issuer(&self) -> Option<&TrustAnchor<'a>> {
        self.issuer.as_ref()
    }

    /// The wall clock; `None` when the device has none.
    pub fn now(&self) -> Option<UnixTime> {
        self.now
    }

    /// By how much that may be wrong: the configuration's
    /// [`clock_tolerance`](crate::ConfigBuilder::clock_tolerance).
    pub fn tolerance(&self) -> Duration {
        self.tolerance
    }

    /// The signatures that the backend can check.
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
    let signature = path::check(it.signed, by, it.signature, &key, algorithms, &mut 1);
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
