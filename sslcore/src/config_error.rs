//! What is wrong with a configuration.

use alloc::string::String;
use core::fmt;

use crate::identity::pre_shared_key::PreSharedKeyError;

/// Why a configuration cannot work: found when it is built, not in the middle of a handshake.
///
/// ```
/// # use sslcore::{ConfigError, PeerName};
/// let error = PeerName::new("not a name").unwrap_err();
/// assert_eq!(error, ConfigError::InvalidName("not a name".into()));
/// println!("{error}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConfigError {
    /// The backend does not have this, or TLS as built here refuses it.
    Unsupported {
        /// The kind of thing: `"protocol"`, `"cipher suite"`, `"group"`, `"signature scheme"`,
        /// `"engine"`.
        what: &'static str,
        /// The name, as it was given.
        name: String,
    },
    /// The choices leave nothing to negotiate with: no protocol, cipher suite, group or
    /// signature scheme.
    NothingLeft(&'static str),
    /// The private key, or one of the signature schemes, does not belong to the certificate.
    KeyMismatch,
    /// The private key cannot be used: damaged, or of a kind the backend cannot sign with.
    UnusableKey(String),
    /// The certificate chain is empty or cannot be read.
    UnusableCertificate(String),
    /// A trust anchor cannot be read.
    UnusableTrustAnchor {
        /// Which one, counted from zero.
        index: usize,
        /// Why.
        why: String,
    },
    /// Pins were given, to trust or to block, but [`VerifyMode::None`](crate::VerifyMode::None)
    /// and [`VerifyMode::External`](crate::VerifyMode::External) would never compare them.
    PinsWithoutVerification,
    /// Revocation lists or a status checker were given, but
    /// [`VerifyMode::None`](crate::VerifyMode::None) and
    /// [`VerifyMode::External`](crate::VerifyMode::External) would never look.
    StatusWithoutVerification,
    /// A name is neither a DNS name nor an IP address.
    InvalidName(String),
    /// An application protocol name is empty or longer than 255 bytes (RFC 7301 §3.1).
    InvalidAlpn,
    /// The OCSP response to staple has so many bytes: more than 65,527, which is what fits into an
    /// extension of TLS 1.3 (RFC 8446 §4.4.2).
    StapledResponseTooLong(usize),
    /// The timestamps of a certificate, of so many bytes, are not a list (RFC 6962 §3.3).
    MalformedTimestamps(usize),
    /// The application protocols that a client offers take so many bytes, each with one for its
    /// length: more than 28,672. In a ClientHello other extensions need the rest of 65,535 bytes.
    AlpnTooLong(usize),
    /// The names of the trust anchors, or of the authorities that are
    /// [named](crate::ConfigBuilder::client_certificate_authorities) instead, which a server that asks
    /// for certificates sends as hints (RFC 8446 §4.2.4), make a CertificateRequest of so many bytes: more than 65,535.
    IssuerNamesTooLong(usize),
    /// The name of an authority to send to clients is not DER of a name.
    InvalidAuthority {
        /// Which one, counted from zero.
        index: usize,
    },
    /// The certificate chain makes a Certificate message of so many bytes, in TLS 1.3 with the
    /// stapled OCSP response and the timestamps: more than 65,535, which most peers refuse.
    CertificatesTooLong(usize),
    /// The hint for a pre-shared key has so many bytes: more than 1,024.
    HintTooLong(usize),
    /// Pre-shared keys are configured beside this, and a connection is authenticated by one or the
    /// other.
    PreSharedKeysBeside(&'static str),
    /// A pre-shared key cannot be used.
    PreSharedKey {
        /// Which one, counted from zero.
        index: usize,
        /// Why.
        why: PreSharedKeyError,
    },
    /// A lent buffer is too small to work with.
    BufferTooSmall {
        /// The least number of bytes that is needed.
        needed: usize,
    },
}

impl ConfigError {
    pub(crate) fn unsupported(what: &'static str, name: &str) -> Self {
        Self::Unsupported {
            what,
            name: name.into(),
        }
    }

    /// Of the cipher suites that are named, or all, none is of the versions that are.
    pub(crate) const fn no_cipher() -> Self {
        Self::NothingLeft("cipher suite that fits the protocols")
    }

    /// The same of the signature schemes.
    pub(crate) const fn no_scheme() -> Self {
        Self::NothingLeft("signature scheme that fits the protocols")
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { what, name } => write!(f, "the {what} {name:?} is not supported"),
            Self::NothingLeft(what) => write!(f, "the configuration leaves no {what} to use"),
            Self::KeyMismatch => f.write_str(
                "the private key, or a signature scheme, does not belong to the certificate",
            ),
            Self::UnusableKey(why) => write!(f, "the private key cannot be used: {why}"),
            Self::UnusableCertificate(why) => write!(f, "the certificate cannot be used: {why}"),
            Self::UnusableTrustAnchor { index, why } => {
                write!(f, "trust anchor {index} cannot be used: {why}")
            }
            Self::PinsWithoutVerification => {
                f.write_str("pins are compared only when certificates are verified")
            }
            Self::StatusWithoutVerification => {
                f.write_str("revocation is looked at only when certificates are verified")
            }
            Self::InvalidName(name) => {
                write!(f, "{name:?} is neither a DNS name nor an IP address")
            }
            Self::InvalidAlpn => f.write_str("an application protocol name has 1 to 255 bytes"),
            Self::MalformedTimestamps(len) => write!(
                f,
                "{len} bytes of timestamps are not a list with their lengths"
            ),
            Self::StapledResponseTooLong(len) => {
                write!(
                    f,
                    "an OCSP response of {len} bytes is too long to be stapled"
                )
            }
            Self::AlpnTooLong(bytes) => write!(
                f,
                "the application protocols take {bytes} bytes, and a ClientHello has 28672 for \
                 them: offer fewer"
            ),
            Self::IssuerNamesTooLong(bytes) => write!(
                f,
                "the names of the trust anchors make a request for a client's certificate of \
                 {bytes} bytes, and it may have 65535: trust or name fewer authorities, or ask for \
                 no certificate"
            ),
            Self::InvalidAuthority { index } => {
                write!(f, "the name of authority {index} is not a name in DER")
            }
            Self::CertificatesTooLong(bytes) => write!(
                f,
                "the certificate chain, with what is stapled to it, makes a message of {bytes} \
                 bytes, and it may have 65535: leave out what peers do not need, such as the root"
            ),
            Self::HintTooLong(bytes) => {
                write!(
                    f,
                    "the hint for a pre-shared key has {bytes} bytes, and may have 1024"
                )
            }
            Self::PreSharedKeysBeside(what) => {
                write!(f, "pre-shared keys cannot be used beside {what}")
            }
            Self::PreSharedKey { index, why } => {
                write!(f, "pre-shared key {index} cannot be used: {why}")
            }
            Self::BufferTooSmall { needed } => {
                write!(f, "a lent buffer needs at least {needed} bytes")
            }
        }
    }
}

impl core::error::Error for ConfigError {}
