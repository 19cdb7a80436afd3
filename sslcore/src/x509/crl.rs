//! Certificate revocation lists (RFC 5280 §5), read where they lie.

use alloc::string::{String, ToString};
use core::fmt;

use rustls_pki_types::UnixTime;

use self::RevocationListError as Error;
use super::dates::time;
use super::der::{Reader, tag};
use super::name::{Dotted, same};
use super::raw;

/// `id-ce-cRLDistributionPoints`, 2.5.29.31.
const DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
/// `id-ce-issuingDistributionPoint`, 2.5.29.28.
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 0x1c];
/// `id-ce-deltaCRLIndicator`, 2.5.29.27.
const DELTA: &[u8] = &[0x55, 0x1d, 0x1b];
/// `id-ce-certificateIssuer`, 2.5.29.29: of an entry.
const CERTIFICATE_ISSUER: &[u8] = &[0x55, 0x1d, 0x1d];
/// `uniformResourceIdentifier`, the only kind of name that distribution points are compared by.
const URI: u8 = tag::context(6);

/// Why bytes are not a [`RevocationList`](crate::RevocationList).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RevocationListError {
    /// The bytes are something else.
    NotAList,
    /// The bytes begin as a list does, and are not a whole one.
    Damaged(&'static str),
    /// The list has only the changes since another one (a delta CRL, RFC 5280 §5.2.4).
    ChangesOnly,
    /// The list has only certificates that were revoked for some reasons (RFC 5280 §5.2.5).
    SomeReasonsOnly,
    /// The list is for other issuers' certificates (an indirect CRL, RFC 5280 §5.2.5, §5.3.3).
    OtherIssuers,
    /// The list is for attribute certificates, which TLS does not use (RFC 5280 §5.2.5).
    AttributesOnly,
    /// The list's place of publication is named relative to its issuer's name (RFC 5280 §5.2.5).
    RelativePlace,
    /// The list has a critical extension that is not known here (RFC 5280 §5.2): its identifier.
    UnknownExtension(String),
}

impl fmt::Display for RevocationListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAList => "this is not a certificate revocation list",
            Self::Damaged(why) => {
                return write!(f, "this certificate revocation list is damaged: {why}");
            }
            Self::ChangesOnly => {
                "this certificate revocation list has changes only, and a whole one is needed"
            }
            Self::SomeReasonsOnly => {
                "this certificate revocation list is of some reasons only, and one of all reasons \
                 is needed"
            }
            Self::OtherIssuers => {
                "this certificate revocation list is of other issuers' certificates, and one of \
                 its issuer's own is needed"
            }
            Self::AttributesOnly => {
                "this certificate revocation list is of attribute certificates, which TLS does \
                 not use"
            }
            Self::RelativePlace => {
                "this certificate revocation list says where it is published by a name relative \
                 to its issuer's, and a full name is needed"
            }
            Self::UnknownExtension(id) => {
                return write!(
                    f,
                    "this certificate revocation list has the critical extension {id}, which is \
                     not known here"
                );
            }
        })
    }
}

impl core::error::Error for RevocationListError {}

/// A list, whole, by one issuer, for its own certificates.
pub(crate) struct List<'a> {
    /// What is signed, whole.
    pub(crate) signed: &'a [u8],
    /// The signature's AlgorithmIdentifier, without its SEQUENCE header.
    pub(crate) signature_algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
    /// Issuer, whole.
    pub(crate) issuer: &'a [u8],
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: Option<UnixTime>,
    revoked: &'a [u8],
    scope: Scope<'a>,
}

/// Which of the issuer's certificates a list speaks of (RFC 5280 §5.2.5).
#[derive(Default)]
struct Scope<'a> {
    only_leaves: bool,
    only_authorities: bool,
    /// The names of the place it is published at; empty when that does not matter.
    published_at: &'a [u8],
}

impl<'a> List<'a> {
    /// Reads all but the entries. Refuses kinds that would need more than the list itself.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Error> {
        let mut whole = Reader::new(der);
        let content = match whole.read(tag::SEQUENCE) {
            Some(content) if whole.is_empty() => content,
            _ if der.first() == Some(&tag::SEQUENCE) => {
                return Err(Error::Damaged("its length is not what it says"));
            }
            _ => return Err(Error::NotAList),
        };
        let (mut list, extensions) = Self::fields(content).ok_or(Error::NotAList)?;
        list.scope = Scope::read(extensions)?;
        Ok(list)
    }

    /// The fields, without what the extensions say; and these, one after another.
    fn fields(content: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut list = Reader::new(content);
        let (kind, fields, signed) = list.element()?;
        let signature_algorithm = list.read(tag::SEQUENCE)?;
        let (_, signature) = list.read(tag::BIT_STRING)?.split_first()?;
        let mut fields = Reader::new((kind == tag::SEQUENCE).then_some(fields)?);
        fields.read_if(tag::INTEGER); // version
        let same_algorithm = fields.read(tag::SEQUENCE)? == signature_algorithm;
        let (_, _, issuer) = fields.element()?;
        let this_update = time(fields.element()?)?;
        let next_update = match [tag::UTC_TIME, tag::GENERALIZED_TIME]
            .into_iter()
            .find_map(|kind| Some((kind, fields.read_if(kind)?, &[][..])))
        {
            Some(element) => Some(time(element)?),
            None => None,
        };
        let revoked = fields.read_if(tag::SEQUENCE).unwrap_or_default();
        let extensions = match fields.read_if(tag::constructed(0)) {
            Some(extensions) => Reader::new(extensions).read(tag::SEQUENCE)?,
            None => &[],
        };
        let complete = list.is_empty() && fields.is_empty() && same_algorithm;
        let list = Self {
            signed,
            signature_algorithm,
            signature,
            issuer,
            this_update,
            next_update,
            revoked,
            scope: Scope::default(),
        };
        complete.then_some((list, extensions))
    }

    /// Goes through the entries: each can be read, and is of the list's issuer.
    pub(crate) fn check_entries(&self) -> Result<(), Error> {
        self.entries().try_for_each(|entry| entry.map(|_| ()))
    }

    /// The serial numbers of the entries, which were checked before.
    pub(crate) fn serials(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.entries().map_while(Result::ok)
    }

    fn entries(&self) -> impl Iterator<Item = Result<&'a [u8], Error>> + use<'a> {
        let mut entries = Reader::new(self.revoked);
        core::iter::from_fn(move || (!entries.is_empty()).then(|| entry(&mut entries)))
    }

    /// Whether it speaks of this certificate.
    pub(crate) fn covers(&self, certificate: &raw::Certificate<'_>) -> bool {
        let scope = &self.scope;
        same(self.issuer, certificate.issuer)
            && !(scope.only_leaves && certificate.is_ca())
            && (!scope.only_authorities || certificate.is_ca())
            && (scope.published_at.is_empty() || published_at(certificate, scope.published_at))
    }

    /// Whether it is neither from the future nor out of date.
    pub(crate) fn is_current(&self, now: UnixTime) -> bool {
        self.this_update <= now && self.next_update.is_none_or(|next| now < next)
    }

    /// Whether it names the certificate. Goes through all entries.
    pub(crate) fn revokes(&self, certificate: &raw::Certificate<'_>) -> bool {
        self.serials().any(|serial| serial == certificate.serial)
    }
}

/// The serial number of the next entry. After an error the entries are not to be gone on with.
fn entry<'a>(entries: &mut Reader<'a>) -> Result<&'a [u8], Error> {
    let fields = |entries: &mut Reader<'a>| {
        let mut entry = Reader::new(entries.read(tag::SEQUENCE)?);
        let serial = entry.read(tag::INTEGER)?;
        time(entry.element()?)?;
        let extensions = entry.read_if(tag::SEQUENCE).unwrap_or_default();
        entry.is_empty().then_some((serial, extensions))
    };
    let (serial, extensions) =
        fields(entries).ok_or(Error::Damaged("one of its entries cannot be read"))?;
    for extension in each(extensions) {
        match extension? {
            (CERTIFICATE_ISSUER, ..) => return Err(Error::OtherIssuers),
            (id, true, _) => return Err(unknown(id)),
            _ => {}
        }
    }
    Ok(serial)
}

impl<'a> Scope<'a> {
    fn read(extensions: &'a [u8]) -> Result<Self, Error> {
        let mut scope = Self::default();
        for extension in each(extensions) {
            match extension? {
                (DELTA, ..) => return Err(Error::ChangesOnly),
                (ISSUING_DISTRIBUTION_POINT, _, value) => scope = Self::parse(value)?,
                (id, true, _) => return Err(unknown(id)),
                _ => {}
            }
        }
        Ok(scope)
    }

    fn parse(value: &'a [u8]) -> Result<Self, Error> {
        const YES: Option<&[u8]> = Some(&[0xff]);
        const DAMAGED: Error = Error::Damaged("what it says of its scope cannot be read");
        let mut fields = Reader::new(Reader::new(value).read(tag::SEQUENCE).ok_or(DAMAGED)?);
        let place = fields.read_if(tag::constructed(0));
        let published_at = match place.map(|place| Reader::new(place).read(tag::constructed(0))) {
            None => &[],
            Some(Some([])) => return Err(DAMAGED),
            Some(Some(names)) => names,
            Some(None) => return Err(Error::RelativePlace),
        };
        let mut field = |n| fields.read_if(tag::context(n));
        let (only_leaves, only_authorities) = (field(1) == YES, field(2) == YES);
        match (field(3), field(4), field(5)) {
            (Some(_), ..) => Err(Error::SomeReasonsOnly),
            (_, YES, _) => Err(Error::OtherIssuers),
            (.., YES) => Err(Error::AttributesOnly),
            _ if !fields.is_empty() => Err(DAMAGED),
            _ => Ok(Self {
                only_leaves,
                only_authorities,
                published_at,
            }),
        }
    }
}

/// One extension after another, as [`raw::extension`] reads them.
fn each(extensions: &[u8]) -> impl Iterator<Item = Result<(&[u8], bool, &[u8]), Error>> {
    let mut extensions = Reader::new(extensions);
    core::iter::from_fn(move || {
        (!extensions.is_empty()).then(|| {
            let extension = extensions.read(tag::SEQUENCE).and_then(raw::extension);
            extension.ok_or(Error::Damaged("one of its extensions cannot be read"))
        })
    })
}

fn unknown(id: &[u8]) -> Error {
    Error::UnknownExtension(Dotted(id).to_string())
}

/// Whether one of the places at which the certificate says its list is published is one of these.
fn published_at(certificate: &raw::Certificate<'_>, names: &[u8]) -> bool {
    let Some(points) = certificate.extension(DISTRIBUTION_POINTS) else {
        return false;
    };
    let mut points = Reader::new(points)
        .read(tag::SEQUENCE)
        .map_or(Reader::new(&[]), Reader::new);
    core::iter::from_fn(|| points.read(tag::SEQUENCE)).any(|point| {
        let place = Reader::new(point)
            .read(tag::constructed(0))
            .and_then(|name| Reader::new(name).read(tag::constructed(0)));
        place.is_some_and(|place| uris(place).any(|uri| uris(names).any(|other| other == uri)))
    })
}

fn uris(names: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut names = Reader::new(names);
    core::iter::from_fn(move || names.element())
        .filter(|(kind, ..)| *kind == URI)
        .map(|(_, uri, _)| uri)
}
