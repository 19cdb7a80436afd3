//! Errors in sentences.

use alloc::string::ToString;
use core::fmt::{self, Display};
use core::net::{Ipv4Addr, Ipv6Addr};

use rustls_pki_types::{IpAddr, ServerName};

use super::error::{Detail, SslError};
use super::key_flaw::KeyFlaw;
use super::kind::SslErrorKind as Kind;
use super::purpose::Purpose;
use super::unread::{ALTERNATIVE_NAMES, NAME_CONSTRAINTS, Unread, unread, year_before_1970};
use crate::calendar::DateTime;
use crate::x509::certificate::{AlternativeName, Certificate};
use crate::x509::raw;
use crate::x509::rsa_key::MODULUS_BITS;

/// What was found, and what was expected. Names are escaped as
/// [`DistinguishedName`](crate::DistinguishedName) does.
impl Display for SslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(certificate) = self.certificate() else {
            return self.kind().fmt(f);
        };
        write!(f, "certificate {}", self.depth())?;
        if let Some(subject) = certificate.subject() {
            write!(f, " ({subject})")?;
        }
        f.write_str(": ")?;
        self.sentence(f, certificate)
    }
}

/// An error without its certificate.
struct Explanation<'a>(&'a SslError);

impl Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.certificate() {
            Some(certificate) => self.0.sentence(f, certificate),
            None => self.0.kind().fmt(f),
        }
    }
}

impl SslError {
    /// The sentence of [`Display`](fmt::Display) without the certificate's place in the chain, for where
    /// that is shown already.
    pub fn explanation(&self) -> impl Display + '_ {
        Explanation(self)
    }

    fn sentence(&self, f: &mut fmt::Formatter<'_>, certificate: &Certificate) -> fmt::Result {
        if let Some(fields) = raw::Certificate::parse(certificate.der()) {
            match self.kind() {
                Kind::UndecodableCertificate => {
                    let unread = match self.detail {
                        Detail::Constraints => Some(Unread::Malformed(NAME_CONSTRAINTS)),
                        Detail::Malformed => Some(Unread::Malformed(ALTERNATIVE_NAMES)),
                        _ => unread(&fields),
                    };
                    if let Some(unread) = unread {
                        return write!(f, "the certificate cannot be verified: {unread}");
                    }
                }
                Kind::InvalidNotBeforeField => {
                    if let Some(year) = year_before_1970(&fields, false) {
                        return write!(f, "the certificate's validity starts in {year}, {EPOCH}");
                    }
                }
                Kind::InvalidNotAfterField => {
                    if let Some(year) = year_before_1970(&fields, true) {
                        return write!(f, "the certificate's validity ends in {year}, {EPOCH}");
                    }
                }
                _ => {}
            }
        }
        self.kind().fmt(f)?;
        match (self.kind(), &self.detail) {
            (Kind::CertificateExpired, Detail::At(now)) => {
                if let Some(end) = certificate.not_after() {
                    write!(f, ": it was valid until {}", DateTime::from(end))?;
                }
                write!(f, "; it is {}", DateTime::from(*now))
            }
            (Kind::CertificateNotYetValid, Detail::At(now)) => {
                if let Some(start) = certificate.not_before() {
                    write!(f, ": it will be from {}", DateTime::from(start))?;
                }
                write!(f, "; it is {}", DateTime::from(*now))
            }
            (Kind::HostNameMismatch, Detail::Name(wanted)) => {
                write!(f, " than {}: ", Wanted(wanted))?;
                names(f, certificate)?;
                f.write_str(pitfall(certificate, wanted))
            }
            (Kind::Unspecified, Detail::NeverValid) => {
                f.write_str(": there is no time at which it and its issuers are all valid")
            }
            (Kind::Unspecified, Detail::Names(kind)) => {
                f.write_str(": an issuer constrains names of the kind ")?;
                match KINDS.get(usize::from(*kind)) {
                    Some(name) => f.write_str(name)?,
                    None => write!(f, "[{kind}]")?,
                }
                f.write_str(", which are not compared here, and it has one: ")?;
                names(f, certificate)
            }
            (Kind::NameConstraintViolation, Detail::Names(DIRECTORY)) => {
                let subject = certificate.subject();
                subject.map_or(Ok(()), |subject| write!(f, ": it is of {subject}"))
            }
            (Kind::NameConstraintViolation, _) => {
                f.write_str(": ")?;
                names(f, certificate)
            }
            (Kind::InvalidPurpose, Detail::For(purpose)) => {
                let role = match purpose {
                    Purpose::Server => "server",
                    Purpose::Client => "client",
                };
                // Of one that issued itself that is no error where it is trusted.
                let own = certificate.is_self_issued() && !serves(certificate, *purpose);
                if certificate.is_ca() && self.depth() == 0 && !own {
                    return write!(f, ": it is a certificate authority's, and not a {role}'s");
                }
                if self.depth() == 0 && !may_sign_handshakes(certificate) {
                    return f.write_str(": its key usage does not have digitalSignature");
                }
                f.write_str(": it is for ")?;
                list(f, certificate.extended_key_usages(), "nothing")?;
                write!(f, ", and not for a TLS {role}")
            }
            (Kind::InvalidCaCertificate, _) => f.write_str(match certificate.is_ca() {
                false => ": it does not say that it is an authority's",
                true => ": its key usage does not have keyCertSign",
            }),
            (Kind::UnableToGetLocalIssuerCertificate, Detail::NoAuthority) => by(
                f,
                certificate,
                ": basicConstraints and keyUsage make no authority of the trust anchor ",
            ),
            (Kind::UnableToGetLocalIssuerCertificate, _) => by(
                f,
                certificate,
                ": neither a trust anchor nor the peer's chain has ",
            ),
            (Kind::UnableToVerifyFirstCertificate, _) => {
                by(f, certificate, ": it came without that of ")
            }
            (Kind::CertificateSignatureFailed, _) => {
                by(f, certificate, ": it was not signed with the key of ")
            }
            (Kind::CertificateRevoked, _) => by(f, certificate, " by "),
            (Kind::CertificateStatusUnknown, _) => {
                by(f, certificate, ": there is no current list signed by ")
            }
            (Kind::PathLengthExceeded, Detail::TooMany { limit, found }) => write!(
                f,
                ": it allows {} below it, and there are {found}",
                Intermediates(*limit)
            ),
            (Kind::ChainTooLong, Detail::TooMany { limit, found }) => {
                write!(f, " of {}: it has {found}", Intermediates(*limit))
            }
            (Kind::UnsupportedAlgorithm, Detail::None) => match certificate.signature_algorithm() {
                Some(id) => write!(f, ": its signature, {id} with its issuer's key"),
                None => Ok(()),
            },
            (Kind::UnsupportedAlgorithm, Detail::Key(flaw)) => {
                useless_key(f, OWN, *flaw, certificate)
            }
            (Kind::UnsupportedAlgorithm, Detail::IssuerKey(flaw)) => {
                useless_key(f, "its issuer's", *flaw, certificate)
            }
            _ => Ok(()),
        }
    }
}

/// Of whom a key is.
const OWN: &str = "its";

/// Which times are known.
const EPOCH: &str = "and times before 1970 are not known here";

/// What the kinds of names are called, by the number of their tag (RFC 5280 §4.2.1.6).
const KINDS: [&str; 9] = [
    "otherName",
    "rfc822Name",
    "dNSName",
    "x400Address",
    "directoryName",
    "ediPartyName",
    "uniformResourceIdentifier",
    "iPAddress",
    "registeredID",
];
/// The number of `directoryName`.
const DIRECTORY: u8 = 4;

/// Why no signature by a key can be checked: by the certificate's, or its issuer's.
fn useless_key(
    f: &mut fmt::Formatter<'_>,
    whose: &str,
    flaw: KeyFlaw,
    certificate: &Certificate,
) -> fmt::Result {
    let own = whose == OWN;
    match flaw {
        KeyFlaw::Bits(bits) if bits < *MODULUS_BITS.start() => {
            let least = MODULUS_BITS.start();
            write!(
                f,
                ": {whose} RSA key has {bits} bits, and {least} are needed"
            )
        }
        KeyFlaw::Bits(bits) => {
            let most = MODULUS_BITS.end();
            write!(
                f,
                ": {whose} RSA key has {bits} bits, and {most} are the most"
            )
        }
        KeyFlaw::Exponent => write!(f, ": {whose} RSA key has an unusable public exponent"),
        KeyFlaw::Malformed => write!(f, ": {whose} key is damaged"),
        KeyFlaw::Compressed => write!(
            f,
            ": {whose} key is a compressed point, which the backend cannot use"
        ),
        // Which it is the issuer's certificate says.
        KeyFlaw::Kind if !own => match certificate.signature_algorithm() {
            Some(id) => write!(f, ": its signature, {id} with {whose} key"),
            None => Ok(()),
        },
        KeyFlaw::Kind => {
            write!(f, ": {whose} key is ")?;
            if let Some(kind) = certificate.key_kind() {
                return write!(f, "{kind}, which the backend cannot use");
            }
            match certificate.key_algorithm() {
                Some(id) => write!(f, "of the kind {id}")?,
                None => f.write_str("of no kind")?,
            }
            if let Some(curve) = certificate.key_curve() {
                write!(f, " with {curve}")?;
            }
            f.write_str(", which the backend cannot use")
        }
    }
}

/// The name that was looked for.
struct Wanted<'a>(&'a ServerName<'a>);

impl Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ServerName::DnsName(name) => f.write_str(name.as_ref()),
            ServerName::IpAddress(IpAddr::V4(address)) => Ipv4Addr::from(*address.as_ref()).fmt(f),
            ServerName::IpAddress(IpAddr::V6(address)) => Ipv6Addr::from(*address.as_ref()).fmt(f),
            _ => f.write_str("the peer's name"),
        }
    }
}

/// Why a name that looks like the one that was looked for is not the same.
fn pitfall(certificate: &Certificate, wanted: &ServerName<'_>) -> &'static str {
    let host = Wanted(wanted).to_string();
    let host = host.strip_suffix('.').unwrap_or(&host);
    let mut names = certificate
        .alternative_names()
        .filter_map(|name| match name {
            AlternativeName::Dns(name) => Some(name),
            _ => None,
        });
    let pitfall = names.find_map(|name| match name.strip_prefix("*.") {
        _ if name == host => Some("; an address counts only among the addresses"),
        Some(domain) => {
            let below = host.split_once('.').map(|(_, domain)| domain);
            (!domain.contains('.') && below == Some(domain))
                .then_some("; behind a wildcard there must be two labels")
        }
        None => name
            .strip_suffix('.')
            .filter(|name| *name == host)
            .map(|_| "; in a certificate no name ends with a dot"),
    });
    pitfall.unwrap_or("")
}

/// The names that a certificate has.
fn names(f: &mut fmt::Formatter<'_>, certificate: &Certificate) -> fmt::Result {
    f.write_str("it is for ")?;
    list(f, certificate.alternative_names(), "no name")
}

fn list(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = impl Display>,
    none: &str,
) -> fmt::Result {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return f.write_str(none);
    }
    for (i, item) in items.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

/// Words that end with the issuer's name, if there is one.
fn by(f: &mut fmt::Formatter<'_>, certificate: &Certificate, words: &str) -> fmt::Result {
    match certificate.issuer() {
        Some(issuer) => write!(f, "{words}{issuer}"),
        None => Ok(()),
    }
}

struct Intermediates(usize);

impl Display for Intermediates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no intermediate"),
            1 => f.write_str("1 intermediate"),
            more => write!(f, "{more} intermediates"),
        }
    }
}

/// Whether it would be good for this, were it no authority's.
fn serves(certificate: &Certificate, purpose: Purpose) -> bool {
    let fields = raw::Certificate::parse(certificate.der());
    fields.is_none_or(|fields| fields.may_sign_handshakes() && fields.serves(purpose.id()))
}

fn may_sign_handshakes(certificate: &Certificate) -> bool {
    let fields = raw::Certificate::parse(certificate.der());
    fields.is_none_or(|fields| fields.may_sign_handshakes())
}
