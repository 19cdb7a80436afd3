//! Whether a certificate was revoked, by the lists of one configuration.

use alloc::vec::Vec;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

use super::error::{Detail, SslError};
use super::kind::SslErrorKind as Kind;
use super::path::{End, Path, Signature, check};
use crate::x509::certificate;
use crate::x509::crl::List;
use crate::x509::raw::{Certificate, PublicKey};
use crate::x509::revocation_list::RevocationList;

/// The lists.
#[derive(Clone, PartialEq)]
pub(crate) struct Revocation {
    lists: Vec<RevocationList>,
    /// Whether a certificate without a list of its issuer's is an error.
    required: bool,
    /// The keys of trust anchors that must not sign lists (RFC 5280 §6.3.3 (f)).
    silent: Vec<Vec<u8>>,
}

/// What the lists say about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Good,
    Revoked,
    Unknown,
}

impl Revocation {
    pub(crate) fn new(lists: Vec<RevocationList>, required: bool, silent: Vec<Vec<u8>>) -> Self {
        Self {
            lists,
            required,
            silent,
        }
    }

    pub(super) fn lists(&self) -> &[RevocationList] {
        &self.lists
    }

    /// The lists that speak of none of these certificates.
    pub(crate) fn unused<'a>(
        &'a self,
        chain: &'a [CertificateDer<'_>],
    ) -> impl Iterator<Item = &'a RevocationList> {
        self.lists.iter().filter(move |list| {
            let list = list.fields();
            !list.is_some_and(|list| {
                let mut chain = chain.iter().filter_map(|der| Certificate::parse(der));
                chain.any(|it| list.covers(&it))
            })
        })
    }

    /// Whether a trust anchor may sign lists with this key.
    fn may_sign(&self, anchor: &PublicKey<'_>) -> bool {
        !self.silent.iter().any(|key| key == anchor.info)
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

    /// What the lists say about a path.
    // Most chains have no list, and what judges them is no larger for it.
    #[inline(never)]
    pub(super) fn revoked(
        &self,
        path: &Path<'_>,
        now: Option<UnixTime>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        errors: &mut Vec<SslError>,
    ) {
        let mut budget = path.budget + self.lists.len();
        for (depth, link) in path.links.iter().enumerate() {
            let issuer = match path.links.get(depth + 1) {
                None if path.end == End::SelfSigned => Some(link),
                issuer => issuer,
            };
            let key = link.issuer.as_ref().filter(|key| match issuer {
                Some(issuer) => issuer.fields.may_sign_lists(),
                None => self.may_sign(key),
            });
            let status = self.status(&link.fields, key, now, algorithms, &mut budget);
            errors.extend(status.error(depth, link.certificate));
        }
    }
}

impl Status {
    /// The error that it is, of this certificate.
    fn error(self, depth: usize, certificate: &certificate::Certificate) -> Option<SslError> {
        let kind = match self {
            Self::Good => return None,
            Self::Revoked => Kind::CertificateRevoked,
            Self::Unknown => Kind::CertificateStatusUnknown,
        };
        Some(SslError::found(kind, depth, Detail::None, certificate))
    }
}
