//! The judgement of a chain.

use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

use super::diagnose::{Case, Finding, Purpose, kind_of, time_within};
use super::name::common_name_matches;
use super::path::{MIN_RSA_BITS, Material, Path, reachable};
use super::policy::{Judged, Policy, VerifyMode};
use super::revocation::Revocation;
use super::{Detail, SslError, SslErrorKind as Kind, x509};
use crate::identity::certificate::Certificate;

impl Policy {
    /// Judges a chain, leaf first: every error that was found, none when it is good.
    ///
    /// webpki is the authority: there is no error only if it finds none. When it refuses, the
    /// diagnosis says why, with all that webpki's one error hides.
    ///
    /// Work is bounded whatever the chain is: two path searches of webpki's (100 signatures each)
    /// through at most six intermediates, and at most 16 signatures of the diagnosis. Allocates
    /// the errors.
    pub(crate) fn judge(
        &self,
        chain: &[CertificateDer<'static>],
        judged: Judged<'_>,
        now: Option<UnixTime>,
    ) -> Vec<SslError> {
        let Some(leaf) = chain.first() else {
            return match self.mode {
                VerifyMode::Verify => [SslError::new(Kind::NoPeerCertificate, None)].into(),
                _ => Vec::new(),
            };
        };
        let mut errors = self.blocked(chain);
        match &self.pins {
            Some(pins) if pins.have(leaf) => return errors,
            Some(_) => errors.push(error(Kind::NotPinned, 0, Detail::None, leaf)),
            None => {}
        }
        self.path_errors(chain, judged.purpose(), now, &mut errors);
        if let Judged::Server(Some(name)) = judged {
            if !self.is_named(leaf, name) {
                let wanted = Detail::Name(name.to_owned());
                errors.push(error(Kind::HostNameMismatch, 0, wanted, leaf));
            }
        }
        errors
    }

    /// The certificates that the application does not want to see, wherever they are.
    fn blocked(&self, chain: &[CertificateDer<'static>]) -> Vec<SslError> {
        let Some(blocked) = &self.blocked else {
            return Vec::new();
        };
        let chain = chain.iter().enumerate();
        chain
            .filter(|(_, der)| blocked.have(der))
            .map(|(depth, der)| error(Kind::CertificateBlacklisted, depth, Detail::None, der))
            .collect()
    }

    /// What is wrong with the path from the leaf to a trust anchor.
    fn path_errors(
        &self,
        chain: &[CertificateDer<'static>],
        purpose: Purpose,
        now: Option<UnixTime>,
        errors: &mut Vec<SslError>,
    ) {
        let Some(leaf) = chain.first() else { return };
        if now.is_none() {
            errors.push(error(Kind::NoWallClock, 0, Detail::None, leaf));
        }
        let (issuers, more) = reachable(chain);
        let leaf_and_issuers = core::iter::once(leaf).chain(&issuers);
        let fields: Vec<_> = leaf_and_issuers
            .filter_map(|der| x509::Certificate::parse(der))
            .collect();
        let good = time_within(
            fields.iter(),
            now.unwrap_or(UnixTime::since_unix_epoch(Duration::ZERO)),
        );
        let now = now.map(|now| self.tolerate(now, good));
        let time = now.unwrap_or(good);
        if self
            .revocation
            .as_ref()
            .is_some_and(Revocation::lacks_lists)
        {
            errors.push(error(Kind::CertificateStatusUnknown, 0, Detail::None, leaf));
        }
        match self.search(leaf, &issuers, purpose, time) {
            Ok(intermediates) => {
                let unfit = (1..).zip(&intermediates).filter(|(_, der)| {
                    x509::Certificate::parse(der).is_some_and(|it| !it.may_sign_certificates())
                });
                errors.extend(unfit.map(|(depth, der)| {
                    error(Kind::InvalidCaCertificate, depth, Detail::None, der)
                }));
                self.extras(leaf, intermediates.len(), errors);
            }
            Err(refusal) => {
                let material = Material {
                    chain,
                    anchors: &self.anchors,
                    algorithms: self.algorithms,
                };
                let Some(path) = Path::build(&material) else {
                    errors.push(error(kind_of(&refusal), 0, Detail::None, leaf));
                    return;
                };
                let case = Case {
                    material,
                    purpose,
                    now,
                    time,
                    revocation: self.revocation.as_ref(),
                };
                let found = case.diagnose(&path, &refusal);
                let certificate = |depth: usize| {
                    path.links
                        .get(depth)
                        .map_or(leaf.as_ref(), |link| link.der.as_ref())
                };
                errors.extend(found.into_iter().map(|(kind, depth, detail): Finding| {
                    error(kind, depth, detail, certificate(depth))
                }));
                if more {
                    errors.push(error(Kind::PathSearchExceeded, 0, Detail::None, leaf));
                }
                self.extras(leaf, path.links.len() - 1, errors);
            }
        }
    }

    /// webpki's search for a good path: its intermediates.
    fn search(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        purpose: Purpose,
        time: UnixTime,
    ) -> Result<Vec<CertificateDer<'static>>, Error> {
        let usage = match purpose {
            Purpose::Server => KeyUsage::server_auth(),
            Purpose::Client => KeyUsage::client_auth(),
        };
        let parsed = EndEntityCert::try_from(leaf)?;
        let crls = self
            .revocation
            .as_ref()
            .map(|revocation| revocation.lists());
        let options = crls.as_ref().zip(self.revocation.as_ref());
        let options = options.and_then(|(lists, revocation)| revocation.options(lists));
        let path = parsed.verify_for_usage(
            self.algorithms,
            &self.anchors,
            issuers,
            time,
            usage,
            options,
            None,
        )?;
        let intermediates = path.intermediate_certificates();
        Ok(intermediates.map(|it| it.der().into_owned()).collect())
    }

    /// What webpki does not look at.
    fn extras(&self, leaf: &CertificateDer<'_>, intermediates: usize, errors: &mut Vec<SslError>) {
        let bits = x509::Certificate::parse(leaf).and_then(|leaf| leaf.public_key.rsa_bits());
        if let Some(bits) = bits.filter(|bits| *bits < MIN_RSA_BITS) {
            errors.push(error(
                Kind::UnsupportedAlgorithm,
                0,
                Detail::KeyBits(bits),
                leaf,
            ));
        }
        if let Some(limit) = self.depth.filter(|limit| intermediates > *limit) {
            errors.push(error(Kind::ChainTooLong, 0, Detail::Limit(limit), leaf));
        }
    }

    /// The time to judge by: another one within the tolerance if that helps.
    fn tolerate(&self, now: UnixTime, good: UnixTime) -> UnixTime {
        match now.as_secs().abs_diff(good.as_secs()) <= self.tolerance.as_secs() {
            true => good,
            false => now,
        }
    }

    /// Whether the leaf is for this name (RFC 9525).
    fn is_named(&self, leaf: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
        // What webpki cannot read has no names that anybody should believe.
        EndEntityCert::try_from(leaf)
            .is_ok_and(|leaf| leaf.verify_is_valid_for_subject_name(name).is_ok())
            || (self.common_names && common_name_matches(leaf, name))
    }
}

fn error(kind: Kind, depth: usize, detail: Detail, der: impl AsRef<[u8]>) -> SslError {
    SslError {
        kind,
        depth,
        certificate: Some(Certificate::from_der(der.as_ref().to_vec())),
        detail,
    }
}
