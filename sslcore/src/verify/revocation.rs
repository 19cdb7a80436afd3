//! Whether a certificate was revoked, by the lists of one configuration.

use alloc::vec::Vec;

use rustls_pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::path::{Signature, check};
use super::x509::{Certificate, PublicKey};
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
pub(super) enum Status {
    Good,
    Revoked,
    Unknown,
}

impl Revocation {
    pub(crate) fn new(mut lists: Vec<RevocationList>, required: bool) -> Self {
        lists.sort_by_key(|list| core::cmp::Reverse(list.this_update()));
        Self { lists, required }
    }

    /// How many lists there are.
    pub(super) fn len(&self) -> usize {
        self.lists.len()
    }

    /// Of the lists that count the newest does. A list counts only if the certificate's issuer has signed it and it is not out of date;
    /// `issuer` is its key, if that may sign lists.
    /// Costs one signature check for each list that speaks of the certificate, within the budget,
    /// and going through its entries. A list that the budget does not reach does not count.
    pub(super) fn status(
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
