//! Everything that is wrong with a chain that webpki has refused.
//!
//! Each certificate of the [`Path`] is looked at for itself. Then webpki is asked again, with all
//! that was found taken away: what it still refuses would be hidden otherwise, and who forgives
//! what is listed must not forgive what is not.

use alloc::vec::Vec;
use core::slice;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, anchor_from_trusted_cert};

use super::dates::time_within;
use super::error::Detail;
use super::kind::SslErrorKind as Kind;
use super::path::{End, Link, Material, Path, Signature, issued};
use super::purpose::{Purpose, Usage};

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
}

impl Case<'_> {
    /// Everything that is wrong with the path. webpki has refused the chain with `refusal`: there
    /// is at least one error, unless all that was wrong are dates of certificates that the path
    /// does not need. Costs at most one more path search of webpki's.
    pub(super) fn diagnose(&self, path: &Path<'_>, refusal: &Error) -> Vec<Finding> {
        let mut found = Vec::new();
        end(path, &mut found);
        let last = path.links.len().saturating_sub(1);
        for (depth, link) in path.links.iter().enumerate() {
            let root = path.end == End::SelfSigned && depth == last;
            self.certificate(link, depth, root, &mut found);
        }
        let assumed = assumed(path, &found);
        let hidden = self.hidden(path, assumed, &found);
        match hidden {
            // There is no time at which all are valid, to look behind their dates.
            Some(kind) if is_of_dates(kind) => {
                found.push((Kind::Unspecified, 0, Detail::NeverValid));
            }
            // Issuers with errors of their own were not asked: it is another one.
            Some(kind) if !tells(&found, kind) => found.push((kind, 0, Detail::None)),
            _ => {}
        }
        // Names are compared with constraints last, and by nobody above what was assumed.
        let compared = match hidden {
            Some(Kind::NameConstraintViolation) => None,
            Some(_) => Some(0),
            None => assumed,
        };
        let constrained = compared.is_some_and(|depth| self.is_constrained_above(path, depth));
        if constrained && !tells(&found, Kind::Unspecified) {
            found.push((Kind::Unspecified, 0, Detail::NotCompared));
        }
        // Then webpki was asked about the path as it is, at a time of its own.
        let accepted = hidden.is_none() && assumed.is_none() && is_of_dates(kind_of(refusal));
        if found.is_empty() && !accepted {
            found.push((kind_of(refusal), 0, Detail::None));
        }
        found
    }

    /// What is wrong with one certificate of the path; a root can only be trusted as an anchor.
    fn certificate(&self, link: &Link<'_>, depth: usize, root: bool, found: &mut Vec<Finding>) {
        let (cert, leaf) = (&link.fields, depth == 0);
        let mut report = |kind, detail| found.push((kind, depth, detail));
        match link.signature {
            Signature::Good | Signature::Unchecked => {}
            Signature::Bad => report(Kind::CertificateSignatureFailed, Detail::None),
            Signature::Unsupported => report(Kind::UnsupportedAlgorithm, Detail::None),
            Signature::Unaffordable => report(Kind::PathSearchExceeded, Detail::None),
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
        let unfit = leaf && (cert.is_ca() || !cert.may_sign_handshakes());
        if unfit || !cert.serves(self.purpose.id()) {
            report(Kind::InvalidPurpose, Detail::For(self.purpose));
        }
        if leaf {
            return;
        }
        // Anchors may be odder.
        let readable = match root {
            true => anchor_from_trusted_cert(link.der).is_ok(),
            false => EndEntityCert::try_from(link.der).is_ok(),
        };
        if !readable {
            report(Kind::UndecodableCertificate, Detail::None);
        }
        if !cert.is_ca() || !cert.may_sign_certificates() {
            report(Kind::InvalidCaCertificate, Detail::None);
        }
        let found = depth - 1;
        if let Some(limit) = cert.path_len().filter(|limit| found > *limit) {
            report(Kind::PathLengthExceeded, Detail::TooMany { limit, found });
        }
    }

    /// Whether names are constrained above this depth, where webpki was not asked.
    fn is_constrained_above(&self, path: &Path<'_>, depth: usize) -> bool {
        let mut above = path.links.iter().skip(depth + 1);
        above.any(|link| link.fields.constrains_names())
            || path.links.last().is_some_and(|last| {
                let mut anchors = self.material.anchors.iter();
                path.end == End::Anchor
                    && anchors.any(|anchor| {
                        anchor.name_constraints.is_some() && issued(anchor, &last.fields)
                    })
            })
    }

    /// What webpki still refuses when all that was found is taken away, and this certificate of
    /// the path trusted.
    fn hidden(&self, path: &Path<'_>, assumed: Option<usize>, found: &[Finding]) -> Option<Kind> {
        let leaf = path.links.first()?;
        let parsed = match EndEntityCert::try_from(leaf.der) {
            Ok(parsed) => parsed,
            Err(error) => return Some(kind_of(&error)),
        };
        // With one that is assumed there is one path, and no other to be refused for.
        let assumed = assumed.and_then(|depth| Some((depth, path.links.get(depth)?)));
        let (above, anchor) = match assumed {
            // Nobody has the key that its signature could be checked with.
            Some((0, _)) if path.end != End::SelfSigned => (0, None),
            Some((depth, link)) => match anchor_from_trusted_cert(link.der) {
                Ok(anchor) => (depth, Some(anchor)),
                // It was told to be unreadable; what it issued cannot be checked.
                Err(_) => return Some(Kind::Unspecified),
            },
            None => (path.links.len(), None),
        };
        let issuers: Vec<CertificateDer<'_>> = path
            .links
            .iter()
            .take(above)
            .skip(1)
            .map(|link| CertificateDer::from(link.der.as_ref()))
            .collect();
        let mut kinds = found.iter().map(|(kind, ..)| *kind);
        let purpose = match kinds.any(|kind| kind == Kind::InvalidPurpose) {
            true => None,
            false => Some(self.purpose),
        };
        let anchors = match &anchor {
            Some(anchor) => slice::from_ref(anchor),
            None if above == 0 => &[],
            None => self.material.anchors,
        };
        parsed
            .verify_for_usage(
                self.material.algorithms,
                anchors,
                &issuers,
                time_within(&mut path.links.iter().map(|link| &link.fields), self.time),
                Usage(purpose),
                None,
                None,
            )
            .err()
            .filter(|error| above > 0 || *error != Error::UnknownIssuer)
            .map(|error| kind_of(&error))
    }
}

/// Whether an error of this kind was found on the leaf.
fn tells(found: &[Finding], kind: Kind) -> bool {
    let mut found = found.iter();
    found.any(|(known, depth, _)| *known == kind && *depth == 0)
}

/// Whether webpki can be told to overlook it by telling it another time.
fn is_of_dates(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CertificateExpired | Kind::CertificateNotYetValid
    )
}

/// The certificate that is trusted for the sake of argument: the first issuer with an error that
/// webpki cannot be told to overlook, or else the last one of a path that leads nowhere.
fn assumed(path: &Path<'_>, found: &[Finding]) -> Option<usize> {
    let relaxed = |kind: Kind| is_of_dates(kind) || kind == Kind::InvalidPurpose;
    let wrong = (1..path.links.len()).find(|depth| {
        let mut errors = found.iter();
        errors.any(|(kind, at, _)| at == depth && !relaxed(*kind))
    });
    match path.end {
        End::Anchor => wrong,
        _ => wrong.or(path.links.len().checked_sub(1)),
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
        | E::InvalidSerialNumber
        | E::UnsupportedCriticalExtension => Kind::UndecodableCertificate,
        _ => Kind::Unspecified,
    }
}
