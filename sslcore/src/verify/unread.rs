//! What webpki does not read of a certificate, or does not pass over, in words.

use core::fmt::{self, Display};

use crate::x509::der::{Reader, tag};
use crate::x509::name::Dotted;
use crate::x509::raw::{Certificate, extension};

/// Why a certificate cannot be verified.
#[derive(Clone, Copy)]
pub(super) enum Unread<'a> {
    /// It is of another version than 3.
    Version(u8),
    /// The algorithm that is signed and the one beside the signature are two.
    Algorithms,
    /// It has unique identifiers, which version 2 brought and nobody uses (RFC 5280 §4.1.2.8).
    UniqueIds,
    /// This extension must be understood, and is not.
    Critical(&'a [u8]),
    /// It has this extension twice (RFC 5280 §4.2).
    Twice(&'a [u8]),
    /// What this extension holds is something else.
    Malformed(&'a [u8]),
    /// It allows more intermediates than anybody counts.
    PathLength(&'a [u8]),
}

/// `id-ce`, 2.5.29.
const STANDARD: &[u8] = &[0x55, 0x1d];
/// The last byte of those of them that webpki reads.
const READ: [u8; 6] = [15, 17, 19, 30, 31, 37];
/// The list of signed certificate timestamps, which it reads too.
const TIMESTAMPS: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];

/// What extensions are called, by the encoded identifier.
const NAMES: [(&[u8], &str); 27] = [
    (&[0x55, 0x1d, 9], "subjectDirectoryAttributes"),
    (&[0x55, 0x1d, 14], "subjectKeyIdentifier"),
    (&[0x55, 0x1d, 15], "keyUsage"),
    (&[0x55, 0x1d, 16], "privateKeyUsagePeriod"),
    (&[0x55, 0x1d, 17], "subjectAltName"),
    (&[0x55, 0x1d, 18], "issuerAltName"),
    (&[0x55, 0x1d, 19], "basicConstraints"),
    (&[0x55, 0x1d, 30], "nameConstraints"),
    (&[0x55, 0x1d, 31], "cRLDistributionPoints"),
    (&[0x55, 0x1d, 32], "certificatePolicies"),
    (&[0x55, 0x1d, 33], "policyMappings"),
    (&[0x55, 0x1d, 35], "authorityKeyIdentifier"),
    (&[0x55, 0x1d, 36], "policyConstraints"),
    (&[0x55, 0x1d, 37], "extKeyUsage"),
    (&[0x55, 0x1d, 46], "freshestCRL"),
    (&[0x55, 0x1d, 54], "inhibitAnyPolicy"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 1], "authorityInfoAccess"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 3], "qcStatements"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 11], "subjectInfoAccess"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 14], "proxyCertInfo"),
    (&[0x2b, 6, 1, 5, 5, 7, 1, 24], "tlsfeature"),
    (&[0x2b, 6, 1, 5, 5, 7, 48, 1, 5], "ocspNoCheck"),
    (TIMESTAMPS, "signedCertificateTimestampList"),
    (
        &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3],
        "the poison of a precertificate",
    ),
    (&[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 1], "nsCertType"),
    (
        &[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 4],
        "nsCaRevocationUrl",
    ),
    (&[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 1, 13], "nsComment"),
];

/// What names an issuer may certify, 2.5.29.30.
pub(super) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
/// The names that a certificate is for, 2.5.29.17.
pub(super) const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 17];

/// The first thing that webpki does not read, in its order, if there is one that has a name.
pub(super) fn unread<'a>(certificate: &Certificate<'a>) -> Option<Unread<'a>> {
    match certificate.version {
        Some(3) => {}
        version => return version.map(Unread::Version),
    }
    let mut fields = Reader::of(certificate.signed);
    fields.read_if(tag::constructed(0))?;
    fields.read(tag::INTEGER)?;
    if fields.read(tag::SEQUENCE)? != certificate.signature_algorithm {
        return Some(Unread::Algorithms);
    }
    for _ in 0..4 {
        fields.read(tag::SEQUENCE)?; // issuer, validity, subject, public key
    }
    if let Some((kind, ..)) = fields.element() {
        if kind != tag::constructed(3) {
            return Some(Unread::UniqueIds);
        }
    }
    of_extensions(certificate).or_else(|| path_length(certificate))
}

fn of_extensions<'a>(certificate: &Certificate<'a>) -> Option<Unread<'a>> {
    let mut extensions = certificate.extensions();
    let mut count = 0;
    while let Some((id, critical, value)) = extensions.read(tag::SEQUENCE).and_then(extension) {
        let read = id.strip_prefix(STANDARD).is_some_and(|last| {
            let mut read = READ.iter();
            read.any(|it| last == [*it])
        });
        let mut before = certificate.extensions();
        let earlier = core::iter::from_fn(|| before.read(tag::SEQUENCE).and_then(extension));
        if (read || id == TIMESTAMPS) && earlier.take(count).any(|(other, ..)| other == id) {
            return Some(Unread::Twice(id));
        }
        let mut content = Reader::new(value);
        let whole = content.read(tag::SEQUENCE).is_some() && content.is_empty();
        // What a key may be used for is none of webpki's concern.
        if read && !id.ends_with(&[15]) && !whole {
            return Some(Unread::Malformed(id));
        }
        if critical && !read && id != TIMESTAMPS {
            return Some(Unread::Critical(id));
        }
        count += 1;
    }
    None
}

/// Who is trusted may be odder in its dates, and in nothing else that has a number.
fn path_length<'a>(certificate: &Certificate<'a>) -> Option<Unread<'a>> {
    let mut constraints = certificate.basic_constraints();
    constraints.read_if(tag::BOOLEAN);
    match constraints.read_if(tag::INTEGER)? {
        [_] | [0, _] => None,
        long => Some(Unread::PathLength(long)),
    }
}

impl Display for Unread<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Version(version) => {
                write!(f, "it is of version {version} of X.509, and 3 is needed")
            }
            Self::Algorithms => f.write_str("it names two signature algorithms"),
            Self::UniqueIds => f.write_str("it has unique identifiers, which are not known here"),
            Self::Critical(id) => write!(
                f,
                "its extension {} is critical, and not known here",
                Extension(id)
            ),
            Self::Twice(id) => write!(f, "it has the extension {} twice", Extension(id)),
            Self::Malformed(id) => write!(f, "its extension {} is damaged", Extension(id)),
            Self::PathLength(number) => {
                f.write_str("the intermediates that it allows are more than 255: 0x")?;
                number.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// An extension's identifier, and its name if that is widely known.
struct Extension<'a>(&'a [u8]);

impl Display for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut known = NAMES.iter();
        let name = known.find(|(id, _)| *id == self.0);
        Dotted(self.0).fmt(f)?;
        match name {
            Some((_, name)) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// The year in which a validity begins or ends that is before 1970, the first year that is known.
pub(super) fn year_before_1970(certificate: &Certificate<'_>, end: bool) -> Option<u16> {
    let mut fields = Reader::of(certificate.signed);
    fields.read_if(tag::constructed(0));
    fields.element()?;
    fields.read(tag::SEQUENCE)?;
    fields.read(tag::SEQUENCE)?;
    let mut validity = Reader::new(fields.read(tag::SEQUENCE)?);
    let (mut kind, mut time, _) = validity.element()?;
    if end {
        (kind, time, _) = validity.element()?;
    }
    let text = core::str::from_utf8(time).ok()?;
    let year: u16 = match (kind, time.len()) {
        (tag::UTC_TIME, 13) => 1900 + text.get(..2)?.parse::<u16>().ok()?,
        (tag::GENERALIZED_TIME, 15) => text.get(..4)?.parse().ok()?,
        _ => return None,
    };
    let written = matches!(kind, tag::GENERALIZED_TIME) || year >= 1950;
    (written && year < 1970).then_some(year)
}
