//! Certificate revocation lists (RFC 5280 §5).

use alloc::sync::Arc;
use alloc::vec::Vec;

use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::der::{Reader, tag};
use super::x509;

/// The lists of one configuration.
#[derive(Clone)]
pub(crate) struct Revocation {
    lists: Arc<[CertRevocationList<'static>]>,
    /// Whether a certificate without a list of its issuer's is an error.
    required: bool,
}

impl Revocation {
    pub(crate) fn new(lists: Vec<OwnedCertRevocationList>, required: bool) -> Self {
        Self {
            lists: lists.into_iter().map(CertRevocationList::from).collect(),
            required,
        }
    }

    /// Whether a status is required that no list can tell.
    pub(super) fn lacks_lists(&self) -> bool {
        self.required && self.lists.is_empty()
    }

    /// As webpki wants them.
    pub(super) fn lists(&self) -> Vec<&CertRevocationList<'static>> {
        self.lists.iter().collect()
    }

    /// Every certificate of the path is looked up; a list must be signed by the certificate's
    /// issuer, and not be out of date.
    pub(super) fn options<'a>(
        &self,
        lists: &'a [&'a CertRevocationList<'a>],
    ) -> Option<RevocationOptions<'a>> {
        let unknown = match self.required {
            true => UnknownStatusPolicy::Deny,
            false => UnknownStatusPolicy::Allow,
        };
        let options = RevocationOptionsBuilder::new(lists).ok()?;
        Some(
            options
                .with_status_policy(unknown)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build(),
        )
    }

    /// Whether a list of its issuer's names this certificate; who signed the list is not looked
    /// at.
    pub(super) fn names(&self, certificate: &x509::Certificate<'_>) -> bool {
        let issuer = Reader::new(certificate.issuer).read(tag::SEQUENCE);
        self.lists
            .iter()
            .filter(|list| Some(list.issuer()) == issuer)
            .any(|list| matches!(list.find_serial(certificate.serial), Ok(Some(_))))
    }
}
