//! Whether a certificate was revoked, by the lists of one configuration.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

use super::judge::error;
use super::path::{MAX_SIGNATURES, Path, Signature, check};
use super::policy::Policy;
use super::x509::{Certificate, PublicKey};
use super::{Detail, SslError, SslErrorKind as Kind};
use crate::identity::revocation_list::RevocationList;

/// The lists.
#[derive(Clone)]
pub(crate) struct Revocation {
    /// The newest first.
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
    pub(crate) fn new(mut lists: Vec<RevocationList>, required: bool) -> Self {
        lists.sort_by_key(|list| core::cmp::Reverse(list.this_update()));
        Self { lists, required }
    }

    /// The newest list that counts decides. A list counts only if the certificate's issuer has
    /// signed it and it is not out of date; `issuer` is its key, if that may sign lists.
    /// Costs one signature check for each list that speaks of the certificate, within the budget,
    /// and going through its entries. A list that the budget does not reach does not count.
    fn status(
        &self,
        certificate: &Certificate<'_>,
        issuer: Option<&PublicKey<'_>>,
        now: Option<UnixTime>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        budget: &mut usize,
    ) -> Status {
        let lists = self.lists.iter().filter_map(RevocationList::fields);
        let mut status = match self.required {
            true => Status::Unknown,
            false => Status::Good,
        };
        for list in lists.filter(|list| list.covers(certificate)) {
            let current = now.is_none_or(|now| list.is_current(now));
            let mut signed = |key| {
                let signature = check(
                    list.signed,
                    list.signature_algorithm,
                    list.signature,
                    key,
                    algorithms,
                    budget,
                );
                signature == Signature::Good
            };
            match current && issuer.is_some_and(&mut signed) {
                true if list.revokes(certificate) => return Status::Revoked,
                true => return Status::Good,
                false => status = Status::Unknown,
            }
        }
        status
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
