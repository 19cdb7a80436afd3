//! Whether a certificate was revoked, by the lists of one configuration.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

use super::crl::List;
use super::judge::error;
use super::path::{MAX_SIGNATURES, Path, Signature, check};
use super::policy::Policy;
use super::x509::{Certificate, PublicKey};
use super::{Detail, SslError, SslErrorKind as Kind};
use crate::identity::revocation_list::RevocationList;

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
}

impl Policy {
    /// What the lists of revoked certificates say about a path that webpki has found.
    pub(super) fn revoked(
        &self,
        path: &[&CertificateDer<'_>],
        anchor: &[u8],
        now: Option<UnixTime>,
        errors: &mut Vec<SslError>,
    ) {
        let parsed: Vec<_> = path.iter().map(|der| Certificate::parse(der)).collect();
        let mut budget = self.list_budget(MAX_SIGNATURES);
        for (depth, (der, fields)) in path.iter().zip(&parsed).enumerate() {
            let issuer = match parsed.get(depth + 1) {
                Some(issuer) => issuer
                    .filter(Certificate::may_sign_lists)
                    .map(|issuer| issuer.public_key),
                None => PublicKey::read(&[], anchor),
            };
            if let Some(fields) = fields {
                errors.extend(self.status(depth, fields, issuer.as_ref(), now, der, &mut budget));
            }
        }
    }

    /// What they say about a path that it has refused.
    pub(super) fn revoked_links(
        &self,
        path: &Path<'_>,
        now: Option<UnixTime>,
        errors: &mut Vec<SslError>,
    ) {
        let mut budget = self.list_budget(path.budget);
        for (depth, link) in path.links.iter().enumerate() {
            let issuer = path.links.get(depth + 1);
            let may_sign = issuer.is_none_or(|issuer| issuer.fields.may_sign_lists());
            let key = link.issuer.as_ref().filter(|_| may_sign);
            errors.extend(self.status(depth, &link.fields, key, now, link.der, &mut budget));
        }
    }

    /// How many signatures of lists may be checked, when so many of the path's are left.
    fn list_budget(&self, left: usize) -> usize {
        left + self.revocation.as_ref().map_or(0, |it| it.lists.len())
    }

    /// What they say about one certificate, if that is an error.
    fn status(
        &self,
        depth: usize,
        fields: &Certificate<'_>,
        issuer: Option<&PublicKey<'_>>,
        now: Option<UnixTime>,
        der: &CertificateDer<'_>,
        budget: &mut usize,
    ) -> Option<SslError> {
        let revocation = self.revocation.as_ref()?;
        let kind = match revocation.status(fields, issuer, now, self.algorithms, budget) {
            Status::Good => return None,
            Status::Revoked => Kind::CertificateRevoked,
            Status::Unknown => Kind::CertificateStatusUnknown,
        };
        Some(error(kind, depth, Detail::None, der))
    }
}
