//! The judgement of a chain.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::slice;

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, anchor_from_trusted_cert};

use super::dates::{Times, times};
use super::diagnose::{Case, Finding, kind_of};
use super::error::{Detail, SslError};
use super::kind::SslErrorKind as Kind;
use super::path::{End, Material, Path, reachable};
use super::policy::{Judged, Policy, VerifyMode};
use super::purpose::{Purpose, Usage};
use super::status::{StatusQuestion, StatusReport};
use super::unusable::unusable;
use crate::x509::certificate::Certificate;
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
    /// Judges a chain, leaf first.
    ///
    /// webpki is the authority: there is no error only if it finds none, but for an issuer's
    /// constraints on kinds of names that it does not compare, and for an authority's certificate
    /// that is trusted as the peer's own. When it refuses, the diagnosis says why, with all that
    /// webpki's one error hides.
    ///
    /// Work is bounded whatever the chain is: two path searches of webpki's (100 signatures each)
    /// through at most six intermediates, at most 16 signatures of the diagnosis, and one for each
    /// list of revoked certificates; what the diagnosis leaves of its 16 is for lists whose issuer
    /// is named like others on the path. What a status checker does comes on top. Allocates the
    /// errors.
    pub(crate) fn judge(
        &self,
        chain: &[CertificateDer<'static>],
        judged: Judged<'_>,
        staple: Staple<'_>,
        now: Option<UnixTime>,
    ) -> Opinion {
        let Some(leaf) = chain.first() else {
            return match self.mode {
                VerifyMode::Verify => Vec::from([SslError::new(Kind::NoPeerCertificate, None)]),
                _ => Vec::new(),
            }
            .into();
        };
        let mut errors = self.blocked(chain);
        match &self.pins {
            Some(pins) if pins.have(leaf) => {
                // Trust in a key is none where there is no key to check signatures with.
                errors.extend(match raw::Certificate::parse(leaf) {
                    Some(_) => unusable(leaf, self.algorithms),
                    None => Some(undecodable(leaf)),
                });
                return errors.into();
            }
            Some(_) => errors.push(SslError::found(Kind::NotPinned, 0, Detail::None, leaf)),
            None => {}
        }
        let issuer = self.path_errors(chain, judged.purpose(), now, &mut errors);
        let report = self.stapled(leaf, issuer.as_deref(), staple, now);
        let stapled = report.errors.into_iter();
        errors.extend(stapled.map(|kind| SslError::found(kind, 0, Detail::None, leaf)));
        if let Judged::Server(Some(name)) = judged {
            if self.is_for_others(chain, name) {
                let wanted = Detail::Name(Box::new(name.to_owned()));
                errors.push(SslError::found(Kind::HostNameMismatch, 0, wanted, leaf));
            }
        }
        Opinion {
            errors,
            good_until: report.good_until,
        }
    }

    /// What the OCSP response says that came with the chain.
    fn stapled(
        &self,
        leaf: &CertificateDer<'static>,
        issuer: Option<&[u8]>,
        staple: Staple<'_>,
        now: Option<UnixTime>,
    ) -> StatusReport {
        let (Some(checker), Staple::Received(response)) = (&self.status, staple) else {
            return StatusReport::default();
        };
        let leaf = Certificate::from(leaf.clone());
        checker.check(&StatusQuestion::stapled(
            response,
            leaf,
            issuer,
            now,
            self.tolerance,
            self.algorithms,
        ))
    }

    /// The certificates that the application does not want to see, wherever they are.
    fn blocked(&self, chain: &[CertificateDer<'static>]) -> Vec<SslError> {
        let Some(blocked) = &self.blocked else {
            return Vec::new();
        };
        let chain = chain.iter().enumerate();
        chain
            .filter(|(_, der)| blocked.have(der))
            .map(|(depth, der)| {
                SslError::found(Kind::CertificateBlacklisted, depth, Detail::None, der)
            })
            .collect()
    }

    /// What is wrong with the path from the leaf to a trust anchor. Gives the key of the leaf's
    /// issuer, without the SEQUENCE header, if there is such a path.
    fn path_errors(
        &self,
        chain: &[CertificateDer<'static>],
        purpose: Purpose,
        now: Option<UnixTime>,
        errors: &mut Vec<SslError>,
    ) -> Option<Vec<u8>> {
        let leaf = chain.first()?;
        if now.is_none() {
            errors.push(SslError::found(Kind::NoWallClock, 0, Detail::None, leaf));
        }
        // webpki does not read its key: without it, no list speaks of it.
        let Some(own) = raw::Certificate::parse(leaf) else {
            errors.push(undecodable(leaf));
            return None;
        };
        let itself = match self.trusted_leaves.contains(leaf) {
            true => anchor_from_trusted_cert(leaf).ok(),
            false => None,
        };
        let anchors = itself.as_ref().map_or(&*self.anchors, slice::from_ref);
        let (issuers, more) = reachable(chain);
        let mut fields = Vec::from([own]);
        for der in &issuers {
            if let Some(issuer) = raw::Certificate::parse(der) {
                fields.push(issuer);
            }
        }
        let (near, time) = times(now, self.tolerance, &fields);
        match self.search(leaf, anchors, &issuers, purpose, time) {
            Ok((intermediates, anchor)) => {
                let mut path = Vec::from([leaf]);
                path.extend(&intermediates);
                if let Some(revocation) = &self.revocation {
                    revocation.revoked(&path, &anchor, near, self.algorithms, errors);
                }
                if !own.may_sign_handshakes() {
                    let detail = Detail::For(purpose);
                    errors.push(SslError::found(Kind::InvalidPurpose, 0, detail, leaf));
                }
                let unfit = (1..).zip(&intermediates).filter(|(_, der)| {
                    raw::Certificate::parse(der).is_some_and(|it| !it.may_sign_certificates())
                });
                errors.extend(unfit.map(|(depth, der)| {
                    SslError::found(Kind::InvalidCaCertificate, depth, Detail::None, der)
                }));
                self.extras(leaf, intermediates.len(), errors);
                match intermediates.first() {
                    Some(issuer) => {
                        let issuer = raw::Certificate::parse(issuer)?;
                        Some(issuer.public_key.info.to_vec())
                    }
                    None => Some(anchor),
                }
            }
            Err(refusal) => {
                let material = Material {
                    chain,
                    anchors,
                    algorithms: self.algorithms,
                    times: Times::around(now, self.tolerance),
                };
                let Some(path) = Path::build(&material) else {
                    errors.push(SslError::found(kind_of(&refusal), 0, Detail::None, leaf));
                    return None;
                };
                let fields: Vec<_> = path.links.iter().map(|link| link.fields).collect();
                let (now, time) = times(now, self.tolerance, &fields);
                let case = Case {
                    material,
                    itself: itself.is_some(),
                    constrained: &self.constrained,
                    purpose,
                    now,
                    time,
                };
                self.refused(leaf, &case, &path, &refusal, more, errors)
            }
        }
    }

    /// The same when webpki has refused the chain, or what it was given of it: there may be `more`.
    fn refused(
        &self,
        leaf: &CertificateDer<'_>,
        case: &Case<'_>,
        path: &Path<'_>,
        refusal: &Error,
        more: bool,
        errors: &mut Vec<SslError>,
    ) -> Option<Vec<u8>> {
        let found = case.diagnose(path, refusal);
        let exceeded = more && !found.is_empty();
        errors.extend(found.into_iter().map(|(kind, depth, detail): Finding| {
            let link = path.links.get(depth).map(|link| link.der);
            let certificate = link.or_else(|| case.root(path)).unwrap_or(leaf);
            SslError::found(kind, depth, detail, certificate)
        }));
        if let Some(revocation) = &self.revocation {
            revocation.revoked_links(path, case.now, self.algorithms, errors);
        }
        if exceeded {
            errors.push(SslError::found(
                Kind::PathSearchExceeded,
                0,
                Detail::None,
                leaf,
            ));
        }
        self.extras(leaf, path.intermediates(), errors);
        let proven = path.links.iter().all(|link| link.issuer.is_some());
        let issuer = path.links.first()?.issuer.as_ref()?;
        (proven && path.end == End::Anchor).then(|| issuer.info.to_vec())
    }

    /// webpki's search for a good path: its intermediates, and the key of its anchor.
    fn search(
        &self,
        leaf: &CertificateDer<'_>,
        anchors: &[TrustAnchor<'_>],
        issuers: &[CertificateDer<'_>],
        purpose: Purpose,
        time: UnixTime,
    ) -> Result<(Vec<CertificateDer<'static>>, Vec<u8>), Error> {
        let parsed = EndEntityCert::try_from(leaf)?;
        let path = parsed.verify_for_usage(
            self.algorithms,
            anchors,
            issuers,
            time,
            Usage(Some(purpose)),
            None,
            None,
        )?;
        let intermediates = path.intermediate_certificates();
        let intermediates = intermediates.map(|it| it.der().into_owned()).collect();
        Ok((
            intermediates,
            path.anchor().subject_public_key_info.to_vec(),
        ))
    }

    /// What webpki does not look at.
    fn extras(&self, leaf: &CertificateDer<'_>, intermediates: usize, errors: &mut Vec<SslError>) {
        errors.extend(unusable(leaf, self.algorithms));
        if let Some(limit) = self.depth.filter(|limit| intermediates > *limit) {
            let found = intermediates;
            let detail = Detail::TooMany { limit, found };
            errors.push(SslError::found(Kind::ChainTooLong, 0, detail, leaf));
        }
    }
}

fn undecodable(leaf: &CertificateDer<'_>) -> SslError {
    SslError::found(Kind::UndecodableCertificate, 0, Detail::None, leaf)
}
