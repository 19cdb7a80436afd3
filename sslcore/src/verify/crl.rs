//! Certificate revocation lists (RFC 5280 §5), read where they lie.

use rustls_pki_types::UnixTime;

use super::der::{Reader, tag};
use super::x509::{self, time};

/// `id-ce-cRLDistributionPoints`, 2.5.29.31.
const DISTRIBUTION_POINTS: [u8; 3] = [0x55, 0x1d, 0x1f];
/// `id-ce-issuingDistributionPoint`, 2.5.29.28.
const ISSUING_DISTRIBUTION_POINT: [u8; 3] = [0x55, 0x1d, 0x1c];
/// `uniformResourceIdentifier`, the only kind of name that distribution points are compared by.
const URI: u8 = tag::context(6);

/// A list, whole, by one issuer, for its own certificates.
pub(super) struct List<'a> {
    /// What is signed, whole.
    pub(super) signed: &'a [u8],
    /// The signature's AlgorithmIdentifier, without its SEQUENCE header.
    pub(super) signature_algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
    issuer: &'a [u8],
    this_update: UnixTime,
    next_update: Option<UnixTime>,
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
    /// `None` for what is no list, and for kinds that would need more than the list itself: of
    /// changes only, of some reasons only, of other issuers' certificates.
    pub(super) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut list = Reader::new(Reader::new(der).read(tag::SEQUENCE)?);
        let (kind, fields, signed) = list.element()?;
        let signature_algorithm = list.read(tag::SEQUENCE)?;
        let (_, signature) = list.read(tag::BIT_STRING)?.split_first()?;
        let mut fields = Reader::new((kind == tag::SEQUENCE).then_some(fields)?);
        fields.read_if(tag::INTEGER); // version
        fields.read(tag::SEQUENCE)?; // signature algorithm
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
        let mut scope = Scope::default();
        if let Some(extensions) = fields.read_if(tag::constructed(0)) {
            let mut extensions = Reader::new(Reader::new(extensions).read(tag::SEQUENCE)?);
            while let Some(extension) = extensions.read_if(tag::SEQUENCE) {
                let (id, critical, value) = x509::extension(extension)?;
                match id == ISSUING_DISTRIBUTION_POINT {
                    true => scope = Scope::parse(value)?,
                    false if critical => return None,
                    false => {}
                }
            }
        }
        let list = Self {
            signed,
            signature_algorithm,
            signature,
            issuer,
            this_update,
            next_update,
            revoked,
            scope,
        };
        list.entries().all(|entry| entry.is_some()).then_some(list)
    }

    /// The serial numbers; `None` for an entry that cannot be read, or that is of another issuer.
    fn entries(&self) -> impl Iterator<Item = Option<&'a [u8]>> + use<'a> {
        let mut entries = Reader::new(self.revoked);
        core::iter::from_fn(move || match entries.is_empty() {
            true => None,
            false => Some(entry(&mut entries)),
        })
        .scan(false, |failed, entry| {
            let item = (!*failed).then_some(entry);
            *failed |= entry.is_none();
            item
        })
    }

    /// Whether it speaks of this certificate.
    pub(super) fn covers(&self, certificate: &x509::Certificate<'_>) -> bool {
        let scope = &self.scope;
        self.issuer == certificate.issuer
            && !(scope.only_leaves && certificate.is_ca())
            && (!scope.only_authorities || certificate.is_ca())
            && (scope.published_at.is_empty() || published_at(certificate, scope.published_at))
    }

    /// Whether it is neither from the future nor out of date.
    pub(super) fn is_current(&self, now: UnixTime) -> bool {
        self.this_update <= now && self.next_update.is_none_or(|next| now < next)
    }

    /// Whether it names the certificate. Goes through all entries.
    pub(super) fn revokes(&self, certificate: &x509::Certificate<'_>) -> bool {
        self.entries()
            .any(|serial| serial == Some(certificate.serial))
    }
}

fn entry<'a>(entries: &mut Reader<'a>) -> Option<&'a [u8]> {
    let mut entry = Reader::new(entries.read(tag::SEQUENCE)?);
    let serial = entry.read(tag::INTEGER)?;
    time(entry.element()?)?;
    if let Some(extensions) = entry.read_if(tag::SEQUENCE) {
        let mut extensions = Reader::new(extensions);
        while let Some(extension) = extensions.read_if(tag::SEQUENCE) {
            // The only critical one is another issuer's name (RFC 5280 §5.3.3).
            let (_, critical, _) = x509::extension(extension)?;
            if critical {
                return None;
            }
        }
    }
    Some(serial)
}

impl<'a> Scope<'a> {
    fn parse(value: &'a [u8]) -> Option<Self> {
        const YES: [u8; 1] = [0xff];
        let mut fields = Reader::new(Reader::new(value).read(tag::SEQUENCE)?);
        let mut scope = Self::default();
        if let Some(point) = fields.read_if(tag::constructed(0)) {
            scope.published_at = Reader::new(point).read(tag::constructed(0))?;
        }
        scope.only_leaves = fields.read_if(tag::context(1)) == Some(&YES);
        scope.only_authorities = fields.read_if(tag::context(2)) == Some(&YES);
        fields.is_empty().then_some(scope)
    }
}

/// Whether one of the places at which the certificate says its list is published is one of these.
fn published_at(certificate: &x509::Certificate<'_>, names: &[u8]) -> bool {
    let Some(points) = certificate.extension(&DISTRIBUTION_POINTS) else {
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
