//! A certificate as the peer sent it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls_pki_types::{CertificateDer, UnixTime};

use super::der::{Reader, tag};
use super::key_kind::KeyKind;
use super::name::{DistinguishedName, escape};
use super::oid::ObjectIdentifier;
use super::pem::{self, Pem, PemError};
use super::raw;
use super::usage::{self, ExtendedKeyUsage, KeyUsage};

/// A certificate, in DER. `QSslCertificate`.
///
/// The fields are read when they are asked for, by a reader that takes any bytes; they prove nothing
/// until the chain was verified. Two certificates are equal when their DER is. Cloning costs one
/// reference count.
///
/// ```
/// # use sslcore::{AlternativeName, Certificate, DateTime, ExtendedKeyUsage, KeyUsage};
/// fn show(certificate: &Certificate) -> Option<()> {
///     println!("{}", certificate.description()); // all of it, or, field by field:
///     println!("version {}, {:?}", certificate.version()?, certificate.common_name());
///     println!("{}, by {}", certificate.subject()?, certificate.issuer()?);
///     println!("serial number {:02X?}", certificate.serial()?);
///     println!("from {}", DateTime::from(certificate.not_before()?));
///     println!("to {}", DateTime::from(certificate.not_after()?));
///     let (key, bits) = (certificate.key_algorithm()?, certificate.key_kind()?.bits());
///     println!("{key}, {bits} bits, {:?}", certificate.key_curve());
///     println!("public key {:02X?}", certificate.public_key_info()?);
///     println!("signed with {}", certificate.signature_algorithm()?);
///     for name in certificate.alternative_names() {
///         match name {
///             AlternativeName::Dns(host) => println!("host {host}"),
///             other => println!("{other}"),
///         }
///     }
///     let signs = certificate.key_usages().any(|usage| usage == KeyUsage::DigitalSignature);
///     let mut purposes = certificate.extended_key_usages();
///     println!("signs: {signs}, a server: {}", purposes.any(|it| it == ExtendedKeyUsage::ServerAuth));
///     println!("an authority: {}, a root: {}", certificate.is_ca(), certificate.is_self_issued());
///     println!("must staple: {}", certificate.must_staple());
///     println!("logged: {}", certificate.signed_certificate_timestamps().is_some());
///     println!("{}", certificate.pem());
///     Some(())
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Certificate(Arc<CertificateDer<'static>>);

/// What PEM calls it (RFC 7468 §5.1).
const LABEL: &str = "CERTIFICATE";

impl Certificate {
    /// Wraps DER as it is; nothing is read, so nothing can fail.
    pub fn from_der(der: impl Into<CertificateDer<'static>>) -> Self {
        Self(Arc::new(der.into()))
    }

    /// Takes all certificates out of a PEM text (RFC 7468), in its order. Blocks of other kinds, and text
    /// between blocks, are skipped. Empty when there is none. The certificates are copied, and not yet
    /// read. `QSslCertificate::fromData`.
    ///
    /// ```
    /// # fn roots(file: &[u8]) -> Result<(), sslcore::PemError> {
    /// use sslcore::Certificate;
    ///
    /// for root in Certificate::all_from_pem(file)? {
    ///     println!("{}", root.description());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The first of their blocks that has no end, or is not base64.
    pub fn all_from_pem(text: &[u8]) -> Result<Vec<Self>, PemError> {
        let mut all = Vec::new();
        for der in pem::all(text, LABEL)? {
            all.push(Self::from_der(der));
        }
        Ok(all)
    }

    /// The certificate as PEM, ready to be written to a file. `QSslCertificate::toPem`.
    pub fn pem(&self) -> impl fmt::Display {
        Pem {
            label: LABEL,
            der: &self.0,
        }
    }

    /// The certificate's DER. `QSslCertificate::toDer`.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.0
    }

    fn fields(&self) -> Option<raw::Certificate<'_>> {
        raw::Certificate::parse(&self.0)
    }

    /// The name of the certificate's owner; `None` when the certificate cannot be read.
    /// `QSslCertificate::subjectInfo`.
    pub fn subject(&self) -> Option<DistinguishedName<'_>> {
        Some(DistinguishedName::from_der(self.fields()?.subject))
    }

    /// The name of the authority that is said to have signed the certificate.
    /// `QSslCertificate::issuerInfo`.
    pub fn issuer(&self) -> Option<DistinguishedName<'_>> {
        Some(DistinguishedName::from_der(self.fields()?.issuer))
    }

    /// The first common name of the subject that is in UTF-8, to show to people. It proves nothing, and
    /// may have control characters: escape them before a terminal sees them, as
    /// [`subject`](Self::subject) does. `QSslCertificate::subjectInfo(CommonName)`.
    pub fn common_name(&self) -> Option<&str> {
        let subject = self.subject()?;
        let names = subject.attributes();
        names
            .filter(|name| name.name() == Some("CN"))
            .find_map(|name| name.as_str())
    }

    /// The certificate's X.509 version: 3, or 1 for those without extensions (RFC 5280 §4.1.2.1).
    /// `QSslCertificate::version`.
    pub fn version(&self) -> Option<u8> {
        self.fields()?.version
    }

    /// The serial number, big-endian, as it is encoded. `QSslCertificate::serialNumber`.
    pub fn serial(&self) -> Option<&[u8]> {
        Some(self.fields()?.serial)
    }

    /// The first second of the certificate's validity; `None` also for a time that cannot be read, or is
    /// before 1970. [`DateTime`](crate::DateTime) shows times to people.
    /// `QSslCertificate::effectiveDate`.
    pub fn not_before(&self) -> Option<UnixTime> {
        self.fields()?.not_before
    }

    /// The last second of the certificate's validity. `QSslCertificate::expiryDate`.
    pub fn not_after(&self) -> Option<UnixTime> {
        self.fields()?.not_after
    }

    /// The names that the certificate is for (RFC 5280 §4.2.1.6), up to the first that cannot be read.
    /// `QSslCertificate::subjectAlternativeNames`.
    pub fn alternative_names(&self) -> impl Iterator<Item = AlternativeName<'_>> {
        let names = self.fields().map(|fields| fields.alternative_names());
        let mut names = names.unwrap_or(Reader::new(&[]));
        core::iter::from_fn(move || {
            let (kind, value, _) = names.element()?;
            Some(AlternativeName::read(kind, value))
        })
    }

    /// The whole SubjectPublicKeyInfo: the public key, with its algorithm. Its SHA-256 is a
    /// [`Pin::SpkiSha256`](crate::Pin::SpkiSha256).
    pub fn public_key_info(&self) -> Option<&[u8]> {
        Some(self.fields()?.public_key.spki)
    }

    /// The kind and the size of the certificate's key; `None` for a kind that TLS cannot use here.
    /// `QSslCertificate::publicKey().algorithm()` and `.length()`.
    pub fn key_kind(&self) -> Option<KeyKind> {
        self.fields()?.public_key.kind()
    }

    /// The algorithm of the certificate's key, also one that TLS cannot use here; `None` when the
    /// certificate cannot be read. `QSslCertificate::publicKey().algorithm()`.
    pub fn key_algorithm(&self) -> Option<ObjectIdentifier<'_>> {
        let mut algorithm = Reader::new(self.fields()?.public_key.algorithm);
        algorithm
            .read(tag::OBJECT_IDENTIFIER)
            .map(ObjectIdentifier::new)
    }

    /// The curve of the certificate's key, if the key's algorithm names one (RFC 5480 §2.1.1).
    pub fn key_curve(&self) -> Option<ObjectIdentifier<'_>> {
        let mut algorithm = Reader::new(self.fields()?.public_key.algorithm);
        algorithm.read(tag::OBJECT_IDENTIFIER)?;
        algorithm
            .read(tag::OBJECT_IDENTIFIER)
            .map(ObjectIdentifier::new)
    }

    /// The algorithm that the issuer is said to have signed with; `None` when the certificate cannot be
    /// read.
    pub fn signature_algorithm(&self) -> Option<ObjectIdentifier<'_>> {
        let mut algorithm = Reader::new(self.fields()?.signature_algorithm);
        algorithm
            .read(tag::OBJECT_IDENTIFIER)
            .map(ObjectIdentifier::new)
    }

    /// The permitted uses of the certificate's key (RFC 5280 §4.2.1.3). Empty without the extension,
    /// which forbids nothing.
    pub fn key_usages(&self) -> impl Iterator<Item = KeyUsage> {
        usage::key_usages(self.extension(&raw::KEY_USAGE))
    }

    /// The purposes of the certificate (RFC 5280 §4.2.1.12). Empty without the extension, which forbids
    /// nothing.
    pub fn extended_key_usages(&self) -> impl Iterator<Item = ExtendedKeyUsage<'_>> {
        usage::extended_key_usages(self.extension(&raw::EXTENDED_KEY_USAGE))
    }

    /// Whether the certificate demands that an OCSP response is stapled to it (RFC 7633: the TLS feature
    /// status_request). Only a [`StatusChecker`](crate::StatusChecker) may heed this.
    pub fn must_staple(&self) -> bool {
        const STATUS_REQUEST: [u8; 1] = [5];
        let mut features = Reader::of(self.extension(&raw::TLS_FEATURE));
        core::iter::from_fn(|| features.read(tag::INTEGER)).any(|it| it == STATUS_REQUEST)
    }

    /// The certificate's `SignedCertificateTimestampList` of Certificate Transparency (RFC 6962 §3.3),
    /// not read; `None` when it has none. Timestamps may come with the OCSP response, too. The TLS
    /// extension for them is not offered: rustls has none.
    pub fn signed_certificate_timestamps(&self) -> Option<&[u8]> {
        Reader::new(self.extension(&raw::TIMESTAMPS)).read(tag::OCTET_STRING)
    }

    /// An extension's value; empty, which is no DER, when there is none.
    fn extension(&self, id: &[u8]) -> &[u8] {
        let fields = self.fields();
        fields
            .and_then(|fields| fields.extension(id))
            .unwrap_or_default()
    }

    /// Whether the certificate is an authority's, which may issue others (RFC 5280 §4.2.1.9).
    pub fn is_ca(&self) -> bool {
        self.fields().is_some_and(|fields| fields.is_ca())
    }

    /// Whether issuer and subject have the same name. Whether the certificate is signed with its own key
    /// is not checked. `QSslCertificate::isSelfSigned`.
    pub fn is_self_issued(&self) -> bool {
        self.fields().is_some_and(|fields| fields.is_self_issued())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.0.len())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Certificate {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Certificate({=usize} bytes)", self.0.len());
    }
}

impl From<CertificateDer<'static>> for Certificate {
    fn from(der: CertificateDer<'static>) -> Self {
        Self(Arc::new(der))
    }
}

impl AsRef<[u8]> for Certificate {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A name that a certificate is for (RFC 5280 §4.2.1.6). `QSsl::AlternativeNameEntryType`.
///
/// [`Display`](fmt::Display) writes `DNS:mail.example` and escapes what could do something to a
/// terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlternativeName<'a> {
    /// A host name, perhaps with a wildcard as its first label.
    Dns(&'a str),
    /// An IP address.
    Ip(IpAddr),
    /// A mail address.
    Email(&'a str),
    /// A URI.
    Uri(&'a str),
    /// Any other kind, and a name that is malformed for its kind: the tag's number and the value.
    Other(u8, &'a [u8]),
}

impl<'a> AlternativeName<'a> {
    const EMAIL: u8 = tag::context(1);
    const DNS: u8 = tag::context(2);
    const URI: u8 = tag::context(6);
    const IP: u8 = tag::context(7);

    fn read(kind: u8, value: &'a [u8]) -> Self {
        let text: fn(&'a str) -> Self = match kind {
            Self::DNS => Self::Dns,
            Self::EMAIL => Self::Email,
            Self::URI => Self::Uri,
            Self::IP => return address(value).map_or(Self::Other(7, value), Self::Ip),
            _ => return Self::Other(kind & 0x1f, value),
        };
        let ascii = value.is_ascii().then_some(value);
        let ascii = ascii.and_then(|value| core::str::from_utf8(value).ok());
        ascii.map_or(Self::Other(kind & 0x1f, value), text)
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into());
    v4.or(v6).ok()
}

impl fmt::Display for AlternativeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, text) = match self {
            Self::Dns(name) => ("DNS", name),
            Self::Email(address) => ("email", address),
            Self::Uri(uri) => ("URI", uri),
            Self::Ip(address) => return write!(f, "IP:{address}"),
            Self::Other(kind, value) => {
                write!(f, "[{kind}]:#")?;
                return value.iter().try_for_each(|byte| write!(f, "{byte:02x}"));
            }
        };
        write!(f, "{kind}:")?;
        escape(f, text, "\\,")
    }
}
