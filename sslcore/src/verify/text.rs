//! Errors in sentences.

use core::fmt::{self, Display};
use core::net::{Ipv4Addr, Ipv6Addr};

use rustls_pki_types::{IpAddr, ServerName};

use super::diagnose::Purpose;
use super::path::MIN_RSA_BITS;
use super::{Detail, SslError, SslErrorKind as Kind};
use crate::calendar::DateTime;
use crate::identity::certificate::Certificate;

/// What was found, and what was expected. Names are escaped as
/// [`DistinguishedName`](crate::DistinguishedName) does.
impl Display for SslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(certificate) = &self.certificate else {
            return self.kind.fmt(f);
        };
        write!(f, "certificate {}", self.depth)?;
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
        match &self.0.certificate {
            Some(certificate) => self.0.sentence(f, certificate),
            None => self.0.kind.fmt(f),
        }
    }
}

impl SslError {
    /// The sentence of [`Display`](fmt::Display) without the words that say which certificate it
    /// is about, for where that is shown anyway.
    pub fn explanation(&self) -> impl Display + '_ {
        Explanation(self)
    }

    fn sentence(&self, f: &mut fmt::Formatter<'_>, certificate: &Certificate) -> fmt::Result {
        self.kind.fmt(f)?;
        match (self.kind, &self.detail) {
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
                names(f, certificate)
            }
            (Kind::InvalidPurpose, Detail::For(purpose)) => {
                let role = match purpose {
                    Purpose::Server => "server",
                    Purpose::Client => "client",
                };
                match certificate.is_ca() && self.depth == 0 {
                    true => write!(f, ": it is a certificate authority's, and not a {role}'s"),
                    false => write!(f, ": its extended key usage does not allow a TLS {role}"),
                }
            }
            (Kind::UnableToGetLocalIssuerCertificate, _) => match certificate.issuer() {
                Some(issuer) => write!(
                    f,
                    ": neither a trust anchor nor the peer's chain has {issuer}"
                ),
                None => Ok(()),
            },
            (Kind::PathLengthExceeded, Detail::Limit(limit)) => {
                write!(f, ": it allows {limit} intermediates below it")
            }
            (Kind::ChainTooLong, Detail::Limit(limit)) => {
                write!(f, ": it allows {limit} intermediates")
            }
            (Kind::UnsupportedAlgorithm, Detail::KeyBits(bits)) => {
                write!(
                    f,
                    ": its RSA key has {bits} bits, and {MIN_RSA_BITS} are needed"
                )
            }
            _ => Ok(()),
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

fn names(f: &mut fmt::Formatter<'_>, certificate: &Certificate) -> fmt::Result {
    let mut names = certificate.alternative_names().peekable();
    if names.peek().is_none() {
        return f.write_str("it has no names");
    }
    f.write_str("it is for ")?;
    for (i, name) in names.enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        name.fmt(f)?;
    }
    Ok(())
}
