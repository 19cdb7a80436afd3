//! Lists of revoked certificates.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use rustls_pki_types::{CertificateRevocationListDer, UnixTime};

use super::crl::{List, RevocationListError};
use super::name::DistinguishedName;
use super::pem;

/// A certificate revocation list (RFC 5280 §5), for
/// [`ConfigBuilder::revocation_lists`](crate::ConfigBuilder::revocation_lists). QSslSocket has no
/// such thing.
///
/// ```
/// # fn show(der: Vec<u8>) -> Result<(), sslcore::RevocationListError> {
/// let list = sslcore::RevocationList::from_der(der)?;
/// println!("{} has revoked {}", list.issuer(), list.serials().count());
/// println!("made {:?}, good until {:?}", list.this_update(), list.next_update());
/// # Ok(()) }
/// ```
///
/// `trust::revocation_lists` of `sslcore-std` reads files.
///
/// A value of this type is known to be a complete list of its issuer's own certificates. Its signature
/// and its dates are checked when a chain is verified with it. Two lists are equal when their DER is.
/// Cloning costs one reference count.
#[derive(Clone)]
pub struct RevocationList(Arc<Checked>);

struct Checked {
    der: CertificateRevocationListDer<'static>,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
}

impl RevocationList {
    /// Reads a whole list, once. Takes a `Vec` and a `&'static` slice without copying.
    ///
    /// # Errors
    /// [`RevocationListError`].
    pub fn from_der(
        der: impl Into<CertificateRevocationListDer<'static>>,
    ) -> Result<Self, RevocationListError> {
        Self::read(der.into())
    }

    fn read(der: CertificateRevocationListDer<'static>) -> Result<Self, RevocationListError> {
        let list = List::read(&der)?;
        list.check_entries()?;
        let (this_update, next_update) = (list.this_update, list.next_update);
        Ok(Self(Arc::new(Checked {
            der,
            this_update,
            next_update,
        })))
    }

    /// Reads all lists of a PEM text (RFC 7468 §6), in its order. Blocks of other kinds, and text between
    /// blocks, are skipped. Empty when there is none.
    ///
    /// # Errors
    /// [`Damaged`](RevocationListError::Damaged) for the first of their blocks that has no end, or is
    /// not base64; else the [`RevocationListError`] of the first that is none.
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, RevocationListError> {
        const DAMAGED: RevocationListError =
            RevocationListError::Damaged("the PEM block is not complete base64");
        let mut all = Vec::new();
        for der in pem::all(text, "X509 CRL").map_err(|_| DAMAGED)? {
            all.push(Self::from_der(der)?);
        }
        Ok(all)
    }

    /// The list's DER.
    pub fn der(&self) -> &CertificateRevocationListDer<'static> {
        &self.0.der
    }

    /// What was read when it was made; reading it again finds the same.
    pub(crate) fn fields(&self) -> Option<List<'_>> {
        List::read(&self.0.der).ok()
    }

    /// The name of the list's issuer, whose certificates are listed.
    pub fn issuer(&self) -> DistinguishedName<'_> {
        let name = self.fields().map(|list| list.issuer);
        DistinguishedName::from_der(name.unwrap_or_default())
    }

    /// The time at which the list was made.
    pub fn this_update(&self) -> UnixTime {
        self.0.this_update
    }

    /// The time from which the list is out of date, since the next one should have been made; `None` for
    /// a list that never is.
    pub fn next_update(&self) -> Option<UnixTime> {
        self.0.next_update
    }

    /// The serial numbers of the revoked certificates, big-endian, as they are encoded, and as
    /// [`Certificate::serial`](crate::Certificate::serial) returns them. Each step reads one entry.
    pub fn serials(&self) -> impl Iterator<Item = &[u8]> {
        self.fields().into_iter().flat_map(|list| list.serials())
    }
}

impl PartialEq for RevocationList {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for RevocationList {}

impl Hash for RevocationList {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.der().hash(state);
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevocationList({})", self.issuer())
    }
}

impl AsRef<[u8]> for RevocationList {
    fn as_ref(&self) -> &[u8] {
        self.der()
    }
}

impl TryFrom<CertificateRevocationListDer<'static>> for RevocationList {
    type Error = RevocationListError;

    fn try_from(der: CertificateRevocationListDer<'static>) -> Result<Self, RevocationListError> {
        Self::from_der(der)
    }
}
