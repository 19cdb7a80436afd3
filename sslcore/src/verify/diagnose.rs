//! Everything that is wrong with a chain that webpki has refused.
//!
//! Each certificate of the [`Path`] is looked at for itself. Then webpki is asked again, with all
//! that was found taken away: what it still refuses would be hidden otherwise, and who forgives
//! what is listed must not forgive what is not.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{
    EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert,
};

use super::path::{End, Link, Material, Path, Signature};
use super::revocation::Revocation;
use super::x509::Certificate;
use super::{Detail, SslErrorKind as Kind};

/// One error: what, on which certificate of the path, and what is to be said about it.
pub(super) type Finding = (Kind, usize, Detail);

/// What a diagnosis is about.
pub(super) struct Case<'a> {
    pub(super) material: Material<'a>,
    pub(super) purpose: Purpose,
    /// What dates are compared with, if anything.
    pub(super) now: Option<UnixTime>,
    /// What webpki was told.
    pub(super) time: UnixTime,
    pub(super) revocation: Option<&'a Revocation>,
}

/// What the leaf is used for (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Server,
    Client,
}

impl Purpose {
    /// `id-kp-serverAuth` or `id-kp-clientAuth`.
    pub(super) const fn id(self) -> &'static [u8] {
        match self {
            Self::Server => &[0x2b, 6, 1, 5, 5, 7, 3, 1],
            Self::Client => &[0x2b, 6, 1, 5, 5, 7, 3, 2],
        }
    }
}

impl Case<'_> {
    /// Everything that is wrong with the path; webpki has refused it with `refusal`, so there is
    /// at least one error. Costs at most one more path search of webpki's.
    pub(super) fn diagnose(&self, path: &Path<'_>, refusal: &Error) -> Vec<Finding> {
        let mut found = Vec::new();
        end(path, &mut found);
        for (depth, link) in path.links.iter().enumerate() {
            self.certificate(link, depth, &mut found);
        }
        if let Some(error) = self.hidden(path, &found) {
            let kind = kind_of(&error);
            let known = found.iter().any(|(known, ..)| *known == kind);
            let revoked = |link: &Link<'_>| {
                self.revocation
                    .is_some_and(|revocation| revocation.names(&link.fields))
            };
            match kind {
                // There is no time at which all are valid, to look behind their dates.
                Kind::CertificateExpired | Kind::CertificateNotYetValid => {
                    found.push((Kind::Unspecified, 0, Detail::None));
                }
                _ if known => {}
                Kind::CertificateRevoked => {
                    let links = path.links.iter().enumerate();
                    let revoked = links.filter(|(_, link)| revoked(link));
                    found.extend(revoked.map(|(depth, _)| (kind, depth, Detail::None)));
                }
                kind => found.push((kind, 0, Detail::None)),
            }
        }
        if found.is_empty() {
            found.push((kind_of(refusal), 0, Detail::None));
        }
        found
    }

    /// What is wrong with one certificate of the path.
    fn certificate(&self, link: &Link<'_>, depth: usize, found: &mut Vec<Finding>) {
        let (cert, leaf) = (&link.fields, depth == 0);
        let mut report = |kind, detail| found.push((kind, depth, detail));
        match link.signature {
            Signature::Good | Signature::Unchecked => {}
            Signature::Bad => report(Kind::CertificateSignatureFailed, Detail::None),
            Signature::Unsupported => report(Kind::UnsupportedAlgorithm, Detail::None),
        }
        match (cert.not_before, self.now) {
            (None, _) => report(Kind::InvalidNotBeforeField, Detail::None),
            (Some(start), Some(now)) if now < start => {
                report(Kind::CertificateNotYetValid, Detail::At(now));
            }
            _ => {}
        }
        match (cert.not_after, self.now) {
            (None, _) => report(Kind::InvalidNotAfterField, Detail::None),
            (Some(end), Some(now)) if now > end => {
                report(Kind::CertificateExpired, Detail::At(now));
            }
            _ => {}
        }
        if !cert.serves(self.purpose.id()) || (leaf && cert.is_ca()) {
            report(Kind::InvalidPurpose, Detail::For(self.purpose));
        }
        if leaf {
            return;
        }
        if !cert.is_ca() || !cert.may_sign_certificates() {
            report(Kind::InvalidCaCertificate, Detail::None);
        }
        let below = depth - 1;
        if let Some(limit) = cert.path_len().filter(|limit| below > *limit) {
            report(Kind::PathLengthExceeded, Detail::Limit(limit));
        }
    }

    /// What webpki still refuses when all that was found is taken away.
    fn hidden(&self, path: &Path<'_>, found: &[Finding]) -> Option<Error> {
        let leaf = path.links.first()?;
        let parsed = match EndEntityCert::try_from(leaf.der) {
            Ok(parsed) => parsed,
            Err(error) => return Some(error),
        };
        let relaxed = |kind: &Kind| {
            matches!(
                kind,
                Kind::CertificateExpired | Kind::CertificateNotYetValid | Kind::InvalidPurpose
            )
        };
        // Trusted for the sake of argument: the first issuer with an error of another kind, or
        // else the last certificate of a path that leads nowhere.
        let wrong = (1..path.links.len()).find(|depth| {
            let mut errors = found.iter();
            errors.any(|(kind, at, _)| at == depth && !relaxed(kind))
        });
        let last = path.links.len() - 1;
        let trusted = match (wrong, path.end) {
            (None, End::Anchor) => None,
            // Nobody has the key that this could be checked with.
            (None, End::IssuerUnknown | End::TooLong) if last == 0 => return None,
            (wrong, _) => Some(wrong.unwrap_or(last)),
        };
        let mut anchors: Vec<TrustAnchor<'_>> = self.material.anchors.to_vec();
        if let Some(trusted) = trusted {
            anchors.push(anchor_from_trusted_cert(path.links[trusted].der).ok()?);
        }
        let issuers: Vec<CertificateDer<'_>> = path
            .links
            .iter()
            .skip(1)
            .map(|link| CertificateDer::from(link.der.as_ref()))
            .collect();
        let lists = self.revocation.map(Revocation::lists);
        let revocation = lists.as_deref().zip(self.revocation);
        parsed
            .verify_for_usage(
                self.material.algorithms,
                &anchors,
                &issuers,
                time_within(path.links.iter().map(|link| &link.fields), self.time),
                AnyPurpose,
                revocation.and_then(|(lists, revocation)| revocation.options(lists)),
                None,
            )
            .err()
    }
}

/// How the path ends, if that is an error.
fn end(path: &Path<'_>, found: &mut Vec<Finding>) {
    let last = path.links.len().saturating_sub(1);
    match path.end {
        End::Anchor => {}
        End::SelfSigned if last == 0 => found.push((Kind::SelfSignedCertificate, 0, Detail::None)),
        End::SelfSigned => found.push((Kind::SelfSignedCertificateInChain, last, Detail::None)),
        End::IssuerUnknown => {
            found.push((Kind::UnableToGetLocalIssuerCertificate, last, Detail::None));
            if last == 0 {
                found.push((Kind::UnableToVerifyFirstCertificate, 0, Detail::None));
            }
        }
        End::TooLong => found.push((Kind::PathSearchExceeded, last, Detail::None)),
    }
}

/// Lets every purpose pass.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        Ok(())
    }
}

/// The time nearest to `now` at which every one of these certificates is valid; the last second
/// of the one that ends first when there is none.
pub(super) fn time_within<'a, 'b: 'a>(
    certificates: impl Iterator<Item = &'a Certificate<'b>> + Clone,
    now: UnixTime,
) -> UnixTime {
    let begin = certificates
        .clone()
        .filter_map(|cert| cert.not_before)
        .max();
    let end = certificates.filter_map(|cert| cert.not_after).min();
    let late_enough = begin.map_or(now, |begin| begin.max(now));
    end.map_or(late_enough, |end| end.min(late_enough))
}

/// webpki's error by QSslError's name.
pub(super) fn kind_of(error: &Error) -> Kind {
    use Error as E;
    match error {
        E::CertExpired { .. } => Kind::CertificateExpired,
        E::CertNotValidYet { .. } => Kind::CertificateNotYetValid,
        E::UnknownIssuer => Kind::UnableToGetLocalIssuerCertificate,
        E::CaUsedAsEndEntity | E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => {
            Kind::InvalidPurpose
        }
        E::InvalidSignatureForPublicKey | E::SignatureAlgorithmMismatch => {
            Kind::CertificateSignatureFailed
        }
        E::EndEntityUsedAsCa => Kind::InvalidCaCertificate,
        E::PathLenConstraintViolated => Kind::PathLengthExceeded,
        E::NameConstraintViolation => Kind::NameConstraintViolation,
        E::CertRevoked => Kind::CertificateRevoked,
        E::UnknownRevocationStatus
        | E::CrlExpired { .. }
        | E::InvalidCrlSignatureForPublicKey
        | E::IssuerNotCrlSigner
        | E::UnsupportedCrlSignatureAlgorithmContext(_)
        | E::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => {
            Kind::CertificateStatusUnknown
        }
        E::UnsupportedSignatureAlgorithmContext(_)
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Kind::UnsupportedAlgorithm,
        E::MaximumSignatureChecksExceeded
        | E::MaximumPathBuildCallsExceeded
        | E::MaximumPathDepthExceeded
        | E::MaximumNameConstraintComparisonsExceeded => Kind::PathSearchExceeded,
        E::BadDer
        | E::BadDerTime
        | E::TrailingData(_)
        | E::UnsupportedCertVersion
        | E::ExtensionValueInvalid
        | E::MalformedExtensions
        | E::MalformedNameConstraint
        | E::InvalidCertValidity
        | E::InvalidSerialNumber
        | E::UnsupportedCriticalExtension => Kind::UndecodableCertificate,
        _ => Kind::Unspecified,
    }
}
