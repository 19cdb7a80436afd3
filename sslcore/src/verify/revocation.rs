//! Whether a certificate was revoked, by the lists of one configuration.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

use super::error::{Detail, SslError};
use super::kind::SslErrorKind as Kind;
use super::path::{MAX_SIGNATURES, Path, Signature, check};
use crate::x509::crl::List;
use crate::x509::raw::{Certificate, PublicKey};
use crate::x509::revocation_list::RevocationList;

/// The lists.
#[derive(Clone)]
pub(crate) struct Revocation {
    lists: Vec<RevocationList>,
    /// Whether a certificate without a list of its issuer's is an error.
    required: bool,
}

/// What the lists say about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Good,
    Revoked,
    Unknown,
}

impl Revocation {
    pub(crate) fn new(lists: Vec<RevocationList>, required: bool) -> Self {
        Self { lists, required }
    }

    /// The newest list that counts decides. A list counts only if the certificate's issuer has
    /// signed it and it is not out of date; `issuer` is its key, if that may sign lists.
    /// Costs one signature check for each list that speaks of the certificate, within the budget,
    /// and going through the newest one's entries. Nothing is known when the budget is spent
    /// before the last of them.
    fn status(
        &self,
        certificate: &Certificate<'_>,
        issuer: Option<&PublicKey<'_>>,
        now: Option<UnixTime>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        budget: &mut usize,
    ) -> Status {
        let lists = self.lists.iter().filter_map(RevocationList::fields);
        let mut needed = self.required;
        let mut newest: Option<List<'_>> = None;
        for list in lists.filter(|list| list.covers(certificate)) {
            needed = true;
            let older = newest
                .as_ref()
                .is_some_and(|newest| list.this_update <= newest.this_update);
            if older || now.is_some_and(|now| !list.is_current(now)) {
                continue;
            }
            let signature = issuer.map(|key| {
                check(
                    list.signed,
                    list.signature_algorithm,
                    list.signature,
                    key,
                    algorithms,
                    budget,
                )
            });
            match signature {
                Some(Signature::Good) => newest = Some(list),
                Some(Signature::Unaffordable) => return Status::Unknown,
                _ => {}
            }
        }
        match newest {
            Some(list) if list.revokes(certificate) => Status::Revoked,
            None if needed => Status::Unknown,
            _ => Status::Good,
        }
    }

    /// What the lists say about a path that webpki has found.
    pub(super) fn revoked(
        &self,
        path: &[&CertificateDer<'_>],
        anchor: &[u8],
        now: Option<UnixTime>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        errors: &mut Vec<SslError>,
    ) {
        let parsed: Vec<_> = path.iter().map(|der| Certificate::parse(der)).collect();
        let mut budget = MAX_SIGNATURES + self.lists.len();
        for (depth, (der, fields)) in path.iter().zip(&parsed).enumerate() {
            let issuer = match parsed.get(depth + 1) {
                Some(issuer) => issuer
                    .filter(Certificate::may_sign_lists)
                    .map(|issuer| issuer.public_key),
                None => PublicKey::read(&[], anchor),
            };
            if let Some(fields) = fields {
                let status = self.status(fields, issuer.as_ref(), now, algorithms, &mut budget);
                errors.extend(status.error(depth, der));
            }
        }
    }

    /// What they say about a path that it has refused.
    pub(super) fn revoked_links(
        &self,
        path: &Path<'_>,
        now: Option<UnixTime>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        errors: &mut Vec<SslError>,
    ) {
        let mut budget = path.budget + self.lists.len();
        for (depth, link) in path.links.iter().enumerate() {
            let issuer = path.links.get(depth + 1);
            let may_sign = issuer.is_none_or(|issuer| issuer.fields.may_sign_lists());
            let key = link.issuer.as_ref().filter(|_| may_sign);
            let status = self.status(&link.fields, key, now, algorithms, &mut budget);
            errors.extend(status.error(depth, link.der));
        }
    }
}

impl Status {
    /// The error that it is, of this certificate.
    fn error(self, depth: usize, der: &CertificateDer<'_>) -> Option<SslError> {
        let kind = match self {
            Self::Good => return None,
            Self::Revoked => Kind::CertificateRevoked,
            Self::Unknown => Kind::CertificateStatusUnknown,
        };
        Some(SslError::found(kind, depth, Detail::None, der))
    }
}
