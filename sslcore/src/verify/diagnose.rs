//! Everything that is wrong with a chain that webpki has refused.
//!
//! Each certificate of the [`Path`] is looked at for itself. Then webpki is asked again, with all
//! that was found taken away: what it still refuses would be hidden otherwise, and who forgives
//! what is listed must not forgive what is not.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::slice;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, anchor_from_trusted_cert};

use super::constraints::{MAX_COMPARISONS, Misfit, compare};
use super::dates::time_within;
use super::error::Detail;
use super::kind::SslErrorKind as Kind;
use super::path::{End, Link, Material, Path, Signature, WEBPKI_INTERMEDIATES};
use super::purpose::{Purpose, Usage};
use crate::x509::certificate;
use crate::x509::der::{Reader, tag};
use crate::x509::name::same;
use crate::x509::raw::Certificate;

/// One error: what, on which certificate of the path, and what is to be said about it.
pub(super) type Finding = (Kind, usize, Detail);

/// What a diagnosis is about.
pub(super) struct Case<'a> {
    pub(super) material: Material<'a>,
    /// Whether the leaf is the trust anchor, also if it is an authority's.
    pub(super) itself: bool,
    /// The certificates of trust anchors that constrain names.
    pub(super) constrained: &'a [certificate::Certificate],
    /// What dates are compared with, if anything.
    pub(super) now: Option<UnixTime>,
    /// What webpki was told.
    pub(super) time: UnixTime,
}

impl Case<'_> {
    /// Everything that is wrong with the path. webpki has refused the chain; when nothing is found
    /// it has accepted this path all the same, but for names that it does not compare, an
    /// authority's certificate that is trusted as a leaf, and what is above an issuer that it does
    /// not go beyond: one that is named in other bytes than the certificate below says, or has six
    /// intermediates below. All that was looked at here. Costs at most one more path search of
    /// webpki's.
    #[inline(never)]
    pub(super) fn diagnose(&self, path: &Path<'_>) -> Vec<Finding> {
        let mut found = Vec::new();
        end(path, &mut found);
        let last = path.links.len().saturating_sub(1);
        for (depth, link) in path.links.iter().enumerate() {
            let root = path.end == End::SelfSigned && depth == last;
            self.certificate(link, depth, root, path.spent, &mut found);
        }
        self.names(path, &mut found);
        let assumed = assumed(path, &found);
        match self.hidden(path, assumed, &found) {
            // There is no time at which all are valid, to look behind their dates.
            Some(kind) if is_of_dates(kind) => {
                found.push((Kind::Unspecified, 0, Detail::NeverValid));
            }
            // Names have been compared; webpki does that last.
            None | Some(Kind::NameConstraintViolation) => {}
            // Each certificate has been looked at for itself.
            Some(Kind::UndecodableCertificate) if found.iter().any(unread) => {}
            // Issuers with errors of their own were not asked: it is another one.
            Some(kind) => tell(&mut found, kind, 0, Detail::None),
        }
        if found.is_empty() && !path.is_proven() {
            found.push((Kind::Unspecified, 0, Detail::None));
        }
        let mut kinds = found.iter().map(|(kind, ..)| *kind);
        if path.spent && !found.is_empty() && kinds.all(|kind| kind != Kind::PathSearchExceeded) {
            found.push((Kind::PathSearchExceeded, 0, Detail::None));
        }
        found
    }

    /// What is wrong with one certificate of the path; a root can only be trusted as an anchor.
    /// When the search is `spent`, another issuer may have made a signature that is not this
    /// one's.
    fn certificate(
        &self,
        link: &Link<'_>,
        depth: usize,
        root: bool,
        spent: bool,
        found: &mut Vec<Finding>,
    ) {
        let (cert, leaf) = (&link.fields, depth == 0);
        let mut report = |kind, detail| tell(found, kind, depth, detail);
        match link.signature {
            Signature::Good | Signature::Unchecked => {}
            Signature::Bad if !spent => report(Kind::CertificateSignatureFailed, Detail::None),
            Signature::Unsupported(flaw) => {
                let detail = flaw.map_or(Detail::None, Detail::IssuerKey);
                report(Kind::UnsupportedAlgorithm, detail);
            }
            _ => report(Kind::PathSearchExceeded, Detail::None),
        }
        let mut date = |time: Option<UnixTime>, none, beyond, kind| match (time, self.now) {
            (None, _) => report(none, Detail::None),
            (Some(time), Some(now)) if now.cmp(&time) == beyond => report(kind, Detail::At(now)),
            _ => {}
        };
        date(
            cert.not_before,
            Kind::InvalidNotBeforeField,
            Ordering::Less,
            Kind::CertificateNotYetValid,
        );
        date(
            cert.not_after,
            Kind::InvalidNotAfterField,
            Ordering::Greater,
            Kind::CertificateExpired,
        );
        let unfit = leaf && (cert.is_ca() && !self.itself || !cert.may_sign_handshakes());
        let purpose = self.material.purpose;
        if unfit || !cert.serves(purpose.id()) {
            report(Kind::InvalidPurpose, Detail::For(purpose));
        }
        // Anchors may be odder.
        let error = match root && !leaf {
            true => anchor_from_trusted_cert(link.certificate.der()).err(),
            false => self.ask(slice::from_ref(link), &[], None),
        };
        if error.is_some_and(|error| kind_of(&error) == Kind::UndecodableCertificate) {
            report(Kind::UndecodableCertificate, Detail::None);
        }
        if leaf {
            return;
        }
        if !cert.is_ca() || !cert.may_sign_certificates() {
            report(Kind::InvalidCaCertificate, Detail::None);
        }
        let found = depth - 1;
        if let Some(limit) = cert.path_len().filter(|limit| found > *limit) {
            report(Kind::PathLengthExceeded, Detail::TooMany { limit, found });
        }
    }

    /// Compares the names of each certificate with the constraints of all that are above it.
    fn names(&self, path: &Path<'_>, found: &mut Vec<Finding>) {
        let mut budget = MAX_COMPARISONS;
        let root = self.root(path);
        let root = root.and_then(|it| Certificate::parse(it.der()));
        for above in 1..=path.links.len() {
            let issuer = path.links.get(above).map(|link| &link.fields);
            let constraints = issuer
                .or(root.as_ref())
                .and_then(Certificate::name_constraints);
            let Some(constraints) = constraints.map(Reader::of) else {
                continue;
            };
            for (depth, link) in path.links.iter().take(above).enumerate() {
                compare(&constraints, &link.fields, &mut budget, &mut |misfit| {
                    let (kind, depth, detail) = match misfit {
                        Misfit::Outside(kind) => {
                            (Kind::NameConstraintViolation, depth, Detail::Names(kind))
                        }
                        Misfit::Incomparable(kind) => {
                            (Kind::Unspecified, depth, Detail::Names(kind))
                        }
                        Misfit::Names => (Kind::UndecodableCertificate, depth, Detail::Malformed),
                        Misfit::Constraints => {
                            (Kind::UndecodableCertificate, above, Detail::Constraints)
                        }
                        Misfit::Unaffordable => (Kind::PathSearchExceeded, 0, Detail::None),
                    };
                    tell(found, kind, depth, detail);
                });
            }
        }
    }

    /// The certificate of the path's trust anchor, if that constrains names.
    pub(super) fn root(&self, path: &Path<'_>) -> Option<&certificate::Certificate> {
        let last = path.links.last().filter(|_| path.end == End::Anchor)?;
        let is_it = |der: &CertificateDer<'_>| match path.anchor {
            // Another anchor may have its key.
            Some(anchor) => anchor_from_trusted_cert(der).is_ok_and(|it| it == *anchor),
            None => Certificate::parse(der).is_some_and(|it| same(last.fields.issuer, it.subject)),
        };
        self.constrained.iter().find(|it| is_it(it.der()))
    }

    /// What webpki still refuses when all that was found is taken away, and this certificate of
    /// the path trusted.
    fn hidden(&self, path: &Path<'_>, assumed: Option<usize>, found: &[Finding]) -> Option<Kind> {
        // There is one path, and no other to be refused for.
        let key = match assumed {
            // Nobody has the key that a leaf's signature could be checked with.
            Some(0) => path.links.first()?.issuer,
            Some(depth) => Some(path.links.get(depth)?.fields.public_key),
            None => path.links.last()?.issuer,
        };
        let above = assumed.map_or(path.links.len(), |depth| depth.max(1));
        let links = path.links.get(..above)?;
        // By the name that the certificate below says, which is the same.
        let name = Reader::new(links.last()?.fields.issuer).read(tag::SEQUENCE);
        let trusted = path.anchor.filter(|_| assumed.is_none());
        let constraints = trusted.and_then(|it| it.name_constraints.as_deref());
        let anchor = key.map(|key| TrustAnchor {
            subject: name.unwrap_or_default().into(),
            subject_public_key_info: key.info.into(),
            name_constraints: constraints.map(Into::into),
        });
        let anchors = anchor.as_slice();
        let mut kinds = found.iter().map(|(kind, ..)| *kind);
        let purpose = match kinds.any(|kind| kind == Kind::InvalidPurpose) {
            true => None,
            false => Some(self.material.purpose),
        };
        self.ask(links, anchors, purpose)
            .filter(|error| match error {
                Error::UnknownIssuer => !anchors.is_empty() || found.is_empty(),
                Error::CaUsedAsEndEntity => !self.itself,
                _ => true,
            })
            .map(|error| kind_of(&error))
    }

    /// What webpki says of the first of these certificates, by way of the others, at a time when
    /// all are valid. Nothing if the first one's dates are none: that it is refused for them is
    /// known.
    fn ask(
        &self,
        links: &[Link<'_>],
        anchors: &[TrustAnchor<'_>],
        purpose: Option<Purpose>,
    ) -> Option<Error> {
        let (first, issuers) = links.split_first()?;
        let parsed = match EndEntityCert::try_from(first.certificate.der()) {
            Ok(parsed) => parsed,
            Err(error) => return Some(error),
        };
        first.fields.not_before.and(first.fields.not_after)?;
        let mut all = links.iter();
        let time = time_within(&mut || Some(&all.next()?.fields), self.time);
        let issuers: Vec<CertificateDer<'_>> = issuers
            .iter()
            .map(|link| CertificateDer::from(link.certificate.as_ref()))
            .collect();
        parsed
            .verify_for_usage(
                self.material.algorithms,
                anchors,
                &issuers,
                time,
                Usage(purpose),
                None,
                None,
            )
            .err()
    }
}

/// One more error, unless it is known.
fn tell(found: &mut Vec<Finding>, kind: Kind, depth: usize, detail: Detail) {
    let mut known = found.iter();
    if !known.any(|(it, at, _)| (*it, *at) == (kind, depth)) {
        found.push((kind, depth, detail));
    }
}

fn unread((kind, ..): &Finding) -> bool {
    *kind == Kind::UndecodableCertificate
}

/// Whether webpki can be told to overlook it by telling it another time.
fn is_of_dates(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CertificateExpired | Kind::CertificateNotYetValid
    )
}

/// The certificate that is trusted for the sake of argument: the leaf if its signature is not good,
/// the first issuer that webpki does not find by its name, or does not follow, or that has an error
/// which it cannot be told to overlook, or else the last one of a path that leads nowhere.
fn assumed(path: &Path<'_>, found: &[Finding]) -> Option<usize> {
    let relaxed = |kind: Kind| is_of_dates(kind) || kind == Kind::InvalidPurpose;
    let mut below: Option<&Link<'_>> = None;
    for (depth, link) in path.links.iter().enumerate() {
        let mut errors = found.iter();
        let wrong = match below {
            None => !matches!(link.signature, Signature::Good | Signature::Unchecked),
            Some(below) => {
                below.fields.issuer != link.fields.subject
                    || depth > WEBPKI_INTERMEDIATES
                    || errors.any(|(kind, at, _)| *at == depth && !relaxed(*kind))
            }
        };
        if wrong {
            return Some(depth);
        }
        below = Some(link);
    }
    (path.end != End::Anchor).then(|| path.links.len().saturating_sub(1))
}

/// How the path ends, if that is an error.
fn end(path: &Path<'_>, found: &mut Vec<Finding>) {
    let last = path.links.len().saturating_sub(1);
    let signature = path.links.last().map(|link| link.signature);
    let kind = match path.end {
        End::Anchor => return,
        // It only says so.
        End::SelfSigned if signature == Some(Signature::Bad) => return,
        End::SelfSigned if last == 0 => Kind::SelfSignedCertificate,
        End::SelfSigned => Kind::SelfSignedCertificateInChain,
        // What is missing may be there.
        _ if path.spent => Kind::PathSearchExceeded,
        End::IssuerUnknown => Kind::UnableToGetLocalIssuerCertificate,
        End::TooLong => Kind::PathSearchExceeded,
    };
    tell(found, kind, last, Detail::None);
    if kind == Kind::UnableToGetLocalIssuerCertificate && last == 0 {
        tell(found, Kind::UnableToVerifyFirstCertificate, 0, Detail::None);
    }
}

/// webpki's error by QSslError's name.
pub(super) fn kind_of(error: &Error) -> Kind {
    use Error as E;
    match error {
        E::CertExpired { .. } | E::InvalidCertValidity => Kind::CertificateExpired,
        E::CertNotValidYet { .. } => Kind::CertificateNotYetValid,
        E::UnknownIssuer => Kind::UnableToGetLocalIssuerCertificate,
        E::CaUsedAsEndEntity | E::RequiredEkuNotFoundContext(_) | E::EmptyEkuExtension => {
            Kind::InvalidPurpose
        }
        E::InvalidSignatureForPublicKey => Kind::CertificateSignatureFailed,
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
        | E::MalformedDnsIdentifier
        | E::InvalidNetworkMaskConstraint
        | E::InvalidSerialNumber
        | E::SignatureAlgorithmMismatch
        | E::UnsupportedCriticalExtension => Kind::UndecodableCertificate,
        _ => Kind::Unspecified,
    }
}
