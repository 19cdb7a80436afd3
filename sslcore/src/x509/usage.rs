//! What a certificate's key may be used for.

use core::fmt;

use super::der::{Reader, tag};
use super::oid::ObjectIdentifier;

/// One use of a key (RFC 5280 §4.2.1.3), in the order of its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyUsage {
    /// `digitalSignature`: what TLS needs.
    DigitalSignature,
    /// `nonRepudiation`, now `contentCommitment`.
    NonRepudiation,
    /// `keyEncipherment`: RSA key exchange, which is not in use any more.
    KeyEncipherment,
    /// `dataEncipherment`.
    DataEncipherment,
    /// `keyAgreement`.
    KeyAgreement,
    /// `keyCertSign`: signs certificates.
    KeyCertSign,
    /// `cRLSign`: signs revocation lists.
    CrlSign,
    /// `encipherOnly`.
    EncipherOnly,
    /// `decipherOnly`.
    DecipherOnly,
}

/// By the number of their bits, with the RFC's names.
const USAGES: [(KeyUsage, &str); 9] = [
    (KeyUsage::DigitalSignature, "digitalSignature"),
    (KeyUsage::NonRepudiation, "nonRepudiation"),
    (KeyUsage::KeyEncipherment, "keyEncipherment"),
    (KeyUsage::DataEncipherment, "dataEncipherment"),
    (KeyUsage::KeyAgreement, "keyAgreement"),
    (KeyUsage::KeyCertSign, "keyCertSign"),
    (KeyUsage::CrlSign, "cRLSign"),
    (KeyUsage::EncipherOnly, "encipherOnly"),
    (KeyUsage::DecipherOnly, "decipherOnly"),
];

/// Reads the extension's BIT STRING; empty when it cannot be read.
pub(crate) fn key_usages<'a>(extension: &'a [u8]) -> impl Iterator<Item = KeyUsage> + use<'a> {
    let bits = Reader::new(extension)
        .read(tag::BIT_STRING)
        .and_then(|bits| bits.get(1..))
        .unwrap_or_default();
    let numbered = USAGES.iter().enumerate();
    numbered.filter_map(|(number, (usage, _))| {
        let byte = bits.get(number / 8)?;
        (byte & (0x80 >> (number % 8)) != 0).then_some(*usage)
    })
}

/// Its name in RFC 5280.
impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut known = USAGES.iter();
        let name = known.find(|(usage, _)| usage == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

/// One purpose of a certificate (RFC 5280 §4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExtendedKeyUsage<'a> {
    /// `id-kp-serverAuth`.
    ServerAuth,
    /// `id-kp-clientAuth`.
    ClientAuth,
    /// `id-kp-codeSigning`.
    CodeSigning,
    /// `id-kp-emailProtection`.
    EmailProtection,
    /// `id-kp-timeStamping`.
    TimeStamping,
    /// `id-kp-OCSPSigning`.
    OcspSigning,
    /// `anyExtendedKeyUsage`.
    Any,
    /// Another one: its encoded object identifier.
    Other(&'a [u8]),
}

/// `id-kp`, 1.3.6.1.5.5.7.3.
const PURPOSES: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03];
/// `anyExtendedKeyUsage`, 2.5.29.37.0.
const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0x00];

impl<'a> ExtendedKeyUsage<'a> {
    fn read(id: &'a [u8]) -> Self {
        match id.strip_prefix(PURPOSES) {
            Some([1]) => Self::ServerAuth,
            Some([2]) => Self::ClientAuth,
            Some([3]) => Self::CodeSigning,
            Some([4]) => Self::EmailProtection,
            Some([8]) => Self::TimeStamping,
            Some([9]) => Self::OcspSigning,
            _ if id == ANY => Self::Any,
            _ => Self::Other(id),
        }
    }
}

/// Reads the extension's sequence, up to where it cannot be read.
pub(crate) fn extended_key_usages<'a>(
    extension: &'a [u8],
) -> impl Iterator<Item = ExtendedKeyUsage<'a>> + use<'a> {
    let mut purposes = Reader::of(extension);
    core::iter::from_fn(move || {
        let id = purposes.read(tag::OBJECT_IDENTIFIER)?;
        Some(ExtendedKeyUsage::read(id))
    })
}

/// Its name in RFC 5280, else what the [object identifier](ObjectIdentifier) is called.
impl fmt::Display for ExtendedKeyUsage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
            Self::CodeSigning => "codeSigning",
            Self::EmailProtection => "emailProtection",
            Self::TimeStamping => "timeStamping",
            Self::OcspSigning => "OCSPSigning",
            Self::Any => "anyExtendedKeyUsage",
            Self::Other(id) => return ObjectIdentifier::new(id).fmt(f),
        })
    }
}
