//! Certificate revocation lists (RFC 5280 §5).

use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls_pki_types::UnixTime;
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
    /// When each of them is out of date.
    ends: Arc<[Option<UnixTime>]>,
    /// Whether a certificate without a list of its issuer's is an error.
    required: bool,
}

impl Revocation {
    /// Each list with what [`next_update`] has read.
    pub(crate) fn new(
        lists: Vec<(OwnedCertRevocationList, Option<UnixTime>)>,
        required: bool,
    ) -> Self {
        Self {
            ends: lists.iter().map(|(_, end)| *end).collect(),
            lists: lists.into_iter().map(|(list, _)| list.into()).collect(),
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

    /// Whether a list of its issuer's is out of date by now.
    pub(super) fn is_stale(&self, certificate: &x509::Certificate<'_>, now: UnixTime) -> bool {
        let issuer = Reader::new(certificate.issuer).read(tag::SEQUENCE);
        let mut lists = self.lists.iter().zip(self.ends.iter());
        lists.any(|(list, end)| Some(list.issuer()) == issuer && end.is_none_or(|end| now >= end))
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

/// When a list is out of date (RFC 5280 §5.1.2.5), if that can be read.
pub(crate) fn next_update(der: &[u8]) -> Option<UnixTime> {
    let list = Reader::new(der).read(tag::SEQUENCE)?;
    let mut tbs = Reader::new(Reader::new(list).read(tag::SEQUENCE)?);
    tbs.read_if(tag::INTEGER); // version
    tbs.read(tag::SEQUENCE)?; // signature algorithm
    tbs.read(tag::SEQUENCE)?; // issuer
    tbs.element()?; // thisUpdate
    x509::time(tbs.element()?)
}
