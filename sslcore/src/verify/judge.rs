//! The judgement of a chain.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::slice;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, anchor_from_trusted_cert};

use super::checked::{CheckedSignatures, Run, Sources};
use super::dates::{Times, times};
use super::diagnose::Case;
use super::error::{Detail, SslError};
use super::key_flaw::cost;
use super::kind::SslErrorKind as Kind;
use super::path::{
    Issuer, Link, MAX_SIGNATURES, MAX_SIGNATURES_ALONE, Material, Path, WEBPKI_INTERMEDIATES,
    reachable,
};
use super::policy::{Judged, Policy, VerifyMode};
use super::purpose::{Purpose, Usage};
use super::status::{StatusQuestion, StatusReport};
use super::unusable::{unusable, unusable_key};
use crate::x509::certificate::Certificate;
use crate::x509::name::same;
use crate::x509::raw;

/// What a judgement comes to.
pub(crate) struct Opinion {
    /// Every error that was found, none when the chain is good.
    pub(crate) errors: Vec<SslError>,
    /// Until when an OCSP response says so.
    pub(crate) good_until: Option<UnixTime>,
}

impl From<Vec<SslError>> for Opinion {
    fn from(errors: Vec<SslError>) -> Self {
        Self {
            errors,
            good_until: None,
        }
    }
}

/// The OCSP response that came with a chain.
#[derive(Clone, Copy)]
pub(crate) enum Staple<'a> {
    /// There may have been one: a handshake.
    Received(Option<&'a [u8]>),
    /// There can be none: a chain without a handshake.
    NoMatter,
}

impl Policy {
    /// Judges a chain, leaf first. Checks at most `allowance` signatures whose answers are not `known`
    /// yet, or one that was wanted before, and gives `None` while more are wanted: then it is to be called
    /// again, with the same chain and what is known by now. A status checker is asked once, where no signature was checked.
    ///
    /// webpki is the authority: there is no error only if it finds none, but for what it does not
    /// compare: an issuer's constraints on some kinds of names, names in other bytes, issuers above
    /// the sixth, and an authority's certificate that is trusted as the peer's own. When it
    /// refuses, or is given more than six intermediates, a path is searched for here, which webpki
    /// is asked about; the diagnosis says what is wrong with it, with all that webpki's one error
    /// hides.
    ///
    /// Work is bounded whatever the chain is: a path search of webpki's (100 signatures) through at
    /// most six intermediates, and at most 16 signatures of the search here (100, and no search of
    /// webpki's, when there are more intermediates); and one for each list of revoked certificates,
    /// where what the search leaves of its budget is for lists whose issuer is named like others on
    /// the path. webpki asks once more about signatures that are known. What a status checker does
    /// comes on top. Allocates the errors, and what is known.
    pub(crate) fn judge(
        &self,
        chain: &[Certificate],
        judged: Judged<'_>,
        staple: Staple<'_>,
        now: Option<UnixTime>,
        known: &mut CheckedSignatures,
        allowance: usize,
    ) -> Option<Opinion> {
        let Some(leaf) = chain.first() else {
            let errors = match self.mode {
                VerifyMode::Verify => Vec::from([SslError::new(Kind::NoPeerCertificate, None)]),
                _ => Vec::new(),
            };
            return Some(errors.into());
        };
        let run = Run::new(Sources::new(chain, self), known, allowance);
        if run.answers_what_was_wanted() {
            return None;
        }
        let algorithms = run.algorithms();
        let algorithms: Vec<&dyn SignatureVerificationAlgorithm> =
            algorithms.iter().map(|it| it as _).collect();
        let algorithms = &*algorithms;
        let mut errors = self.blocked(chain);
        match &self.pins {
            Some(pins) if pins.have(leaf.der()) => {
                // Trust in a key is none where there is no key to check signatures with.
                errors.extend(match raw::Certificate::parse(leaf.der()) {
                    Some(_) => unusable(leaf.der(), algorithms).map(|it| it.of(leaf)),
                    None => Some(undecodable(leaf)),
                });
                return (!run.is_cut_short()).then(|| errors.into());
            }
            Some(_) => errors.push(SslError::found(Kind::NotPinned, 0, Detail::None, leaf)),
            None => {}
        }
        let issuer = self.path_errors(
            chain,
            judged.purpose(),
            now,
            (&run, algorithms),
            &mut errors,
        );
        let asks = self.status.is_some() && matches!(staple, Staple::Received(_));
        if run.is_cut_short() || asks && run.has_checked() {
            return None;
        }
        let report = self.stapled(leaf, issuer.as_deref(), staple, now);
        let stapled = report.errors.into_iter();
        errors.extend(stapled.map(|kind| SslError::found(kind, 0, Detail::None, leaf)));
        if let Judged::Server(Some(name)) = judged {
            if self.is_for_others(chain, name) {
                let wanted = Detail::Name(Box::new(name.to_owned()));
                errors.push(SslError::found(Kind::HostNameMismatch, 0, wanted, leaf));
            }
        }
        if errors.is_empty() {
            run.remember();
        }
        Some(Opinion {
            errors,
            good_until: report.good_until,
        })
    }

    /// What the OCSP response says that came with the chain.
    fn stapled(
        &self,
        leaf: &Certificate,
        issuer: Option<&[u8]>,
        staple: Staple<'_>,
        now: Option<UnixTime>,
    ) -> StatusReport {
        let (Some(checker), Staple::Received(response)) = (&self.status, staple) else {
            return StatusReport::default();
        };
        checker.check(&StatusQuestion::stapled(
            response,
            leaf.clone(),
            issuer,
            now,
            self.tolerance,
            self.algorithms,
        ))
    }

    /// The certificates that the application does not want to see, wherever they are.
    fn blocked(&self, chain: &[Certificate]) -> Vec<SslError> {
        let Some(blocked) = &self.blocked else {
            return Vec::new();
        };
        let chain = chain.iter().enumerate();
        chain
            .filter(|(_, it)| blocked.have(it.der()))
            .map(|(depth, it)| {
                SslError::found(Kind::CertificateBlacklisted, depth, Detail::None, it)
            })
            .collect()
    }

    /// What is wrong with the path from the leaf to a trust anchor. Gives the key of the leaf's
    /// issuer, without the SEQUENCE header, if there is such a path.
    fn path_errors(
        &self,
        chain: &[Certificate],
        purpose: Purpose,
        now: Option<UnixTime>,
        (run, algorithms): (&Run<'_>, &[&dyn SignatureVerificationAlgorithm]),
        errors: &mut Vec<SslError>,
    ) -> Option<Vec<u8>> {
        let leaf = chain.first()?;
        if now.is_none() {
            errors.push(SslError::found(Kind::NoWallClock, 0, Detail::None, leaf));
        }
        // webpki does not read its key: without it, no list speaks of it.
        let Some(own) = raw::Certificate::parse(leaf.der()) else {
            errors.push(undecodable(leaf));
            return None;
        };
        let itself = match self.trusted_leaves.contains(leaf.der()) {
            true => anchor_from_trusted_cert(leaf.der()).ok(),
            false => None,
        };
        let anchors = itself.as_ref().map_or(&*self.anchors, slice::from_ref);
        // As many as there are, as a rule; of what is none, there may be thousands.
        let expected = chain.len().saturating_sub(1).min(WEBPKI_INTERMEDIATES);
        let mut issuers = Vec::with_capacity(expected);
        for it in chain.iter().skip(1) {
            issuers.extend(raw::Certificate::parse(it.der()).map(|fields| (it, fields)));
        }
        let (given, fields, more) = reachable(own, &issuers);
        let (near, time) = times(now, self.tolerance, &fields);
        drop(fields); // they are large
        let good = match more {
            true => None,
            false => run.once(|| {
                let issuers = (&*issuers, &*given);
                search(leaf.der(), anchors, issuers, purpose, time, algorithms)
            }),
        };
        if run.is_cut_short() {
            return None;
        }
        let material = Material {
            leaf: (leaf, own),
            issuers: &issuers,
            anchors,
            algorithms,
            purpose,
            times: Times::around(now, self.tolerance),
        };
        let budget = match more {
            true => MAX_SIGNATURES_ALONE,
            false => MAX_SIGNATURES,
        } - cost(&own.public_key); // whose flaw is told below
        match &good {
            Some((intermediates, anchor)) => {
                let mut path = Path::new(budget);
                path.push(&material.leaf);
                for issuer in intermediates {
                    path.push(issuer);
                }
                path.accept(raw::PublicKey::read(&[], &anchor.subject_public_key_info));
                for (depth, link) in path.links.iter().enumerate() {
                    let (kind, detail) = match depth {
                        0 if !own.may_sign_handshakes() => {
                            (Kind::InvalidPurpose, Detail::For(purpose))
                        }
                        1.. if !link.fields.may_sign_certificates() => {
                            (Kind::InvalidCaCertificate, Detail::None)
                        }
                        _ => continue,
                    };
                    errors.push(SslError::found(kind, depth, detail, link.certificate));
                }
                self.extras(&path, near, algorithms, errors)
            }
            None => {
                let path = Path::build(&material, budget);
                if run.is_cut_short() {
                    return None;
                }
                let fields: Vec<_> = path.links.iter().map(|link| link.fields).collect();
                let (now, time) = times(now, self.tolerance, &fields);
                let case = Case {
                    material,
                    itself: itself.is_some(),
                    constrained: &self.constrained,
                    now,
                    time,
                };
                for (kind, depth, detail) in case.diagnose(&path) {
                    let link = path.links.get(depth);
                    let detail = match link {
                        Some(link) if self.is_idle_issuer(kind, link) => Detail::NoAuthority,
                        _ => detail,
                    };
                    let link = link.map(|link| link.certificate);
                    let certificate = link.or_else(|| case.root(&path)).unwrap_or(leaf);
                    errors.push(SslError::found(kind, depth, detail, certificate));
                }
                self.extras(&path, now, algorithms, errors)
            }
        }
    }

    /// Whether a trust anchor is called like the issuer that was not found, and is no authority's.
    fn is_idle_issuer(&self, kind: Kind, link: &Link<'_>) -> bool {
        let mut leaves = self.trusted_leaves.iter();
        kind == Kind::UnableToGetLocalIssuerCertificate
            && leaves.any(|der| {
                raw::Certificate::parse(der)
                    .is_some_and(|it| !it.may_issue() && same(it.subject, link.fields.issuer))
            })
    }

    /// What nobody has looked at on a path. Gives the key of the leaf's issuer, if all of the path
    /// is signed and it leads to an anchor.
    fn extras(
        &self,
        path: &Path<'_>,
        now: Option<UnixTime>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        errors: &mut Vec<SslError>,
    ) -> Option<Vec<u8>> {
        if let Some(revocation) = &self.revocation {
            revocation.revoked(path, now, algorithms, errors);
        }
        let leaf = path.links.first()?;
        let of_no_use = unusable_key(&leaf.fields.public_key, algorithms);
        errors.extend(of_no_use.map(|it| it.of(leaf.certificate)));
        let found = path.intermediates();
        if let Some(limit) = self.depth.filter(|limit| found > *limit) {
            let detail = Detail::TooMany { limit, found };
            let error = SslError::found(Kind::ChainTooLong, 0, detail, leaf.certificate);
            errors.push(error);
        }
        let issuer = leaf.issuer.filter(|_| path.is_proven());
        issuer.map(|key| key.info.to_vec())
    }
}

/// webpki's search for a good path through these issuers, some of which it is `given`: its intermediates, and
/// its anchor.
fn search<'a>(
    leaf: &CertificateDer<'_>,
    anchors: &'a [TrustAnchor<'a>],
    (issuers, given): (&'a [Issuer<'a>], &[CertificateDer<'_>]),
    purpose: Purpose,
    time: UnixTime,
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Option<(Vec<&'a Issuer<'a>>, &'a TrustAnchor<'a>)> {
    let parsed = EndEntityCert::try_from(leaf).ok()?;
    let path = parsed.verify_for_usage(
        algorithms,
        anchors,
        given,
        time,
        Usage(Some(purpose)),
        None,
        None,
    );
    let path = path.ok()?;
    let intermediates = path.intermediate_certificates();
    let known = |der: CertificateDer<'_>| issuers.iter().find(|it| *it.0.der() == der);
    let intermediates = intermediates.filter_map(|it| known(it.der())).collect();
    let anchor = anchors.iter().find(|it| *it == path.anchor())?;
    Some((intermediates, anchor))
}

fn undecodable(leaf: &Certificate) -> SslError {
    SslError::found(Kind::UndecodableCertificate, 0, Detail::None, leaf)
}
