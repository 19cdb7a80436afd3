//! What an OCSP response says.

use std::error::Error;
use std::fmt;

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use sslcore::{Certificate, DateTime, DistinguishedName, SslErrorKind, StatusQuestion, UnixTime};
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::der::{self, AnyRef, Decode, Encode, Tag};
use x509_cert::ext::pkix::CrlReason;
use x509_ocsp::{
    CertStatus, OcspGeneralizedTime, OcspResponse, OcspResponseStatus, SingleResponse,
};

use super::key::Key;
use super::wire::{Data, ResponderId, Signed};

/// `id-pkix-ocsp-basic`, the only type of response there is.
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA_512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
/// The timestamps of Certificate Transparency (RFC 6962 §3.3).
const TIMESTAMPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.5");

/// A parsed OCSP response: the status of one certificate, as a responder reports it.
/// `QOcspResponse`.
///
/// Anybody can make a response. Its content proves nothing until [`errors`](super::errors) has
/// returned an empty list.
///
/// ```
/// use sslcore_std::ocsp::{Response, ResponseError, Status};
///
/// /// Describes the response that a server has stapled.
/// fn describe(der: &[u8]) -> String {
///     match Response::from_der(der) {
///         Ok(response) => match response.status() {
///             Status::Revoked { at, reason } => format!("revoked at {at:?}: {reason:?}"),
///             status => format!("{status}, says {:?}", response.responder()),
///         },
///         Err(ResponseError::Refused(refusal)) => format!("no answer: {refusal:?}"),
///         Err(error) => format!("{error}; an error of kind {:?}", error.kind()),
///     }
/// }
///
/// // An OCSPResponse with the status tryLater.
/// assert_eq!(describe(&[0x30, 3, 0x0a, 1, 3]), "no answer: TryLater");
///
/// /// Prints the parts of a response.
/// fn print(response: &Response) {
///     println!("of the certificate with the serial number {:02x?}", response.serial());
///     println!("from {:?} until {:?}", response.this_update(), response.next_update());
///     println!("signed at {:?}", response.produced_at());
///     println!("with {} certificates", response.certificates().count());
///     if let Some(list) = response.signed_certificate_timestamps() {
///         println!("and {} bytes of certificate timestamps", list.len());
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Response {
    pub(super) signed: Signed,
    data: Data,
    single: SingleResponse,
}

/// The status of a certificate, as a responder reports it. `QOcspCertificateStatus`. The example of
/// [`Response`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The certificate is not revoked.
    Good,
    /// The certificate is revoked.
    Revoked {
        /// The time of the revocation.
        at: UnixTime,
        /// The reason, if the response gives one. `QOcspRevocationReason`.
        reason: Option<Reason>,
    },
    /// The responder does not know the certificate.
    Unknown,
}

impl Status {
    /// The kind of the certificate's error that this status is; `None` for [`Good`](Self::Good).
    pub fn error(self) -> Option<SslErrorKind> {
        match self {
            Self::Good => None,
            Self::Revoked { .. } => Some(SslErrorKind::CertificateRevoked),
            Self::Unknown => Some(SslErrorKind::OcspStatusUnknown),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("good"),
            Self::Revoked { at, reason } => {
                write!(f, "revoked on {}", DateTime::from(*at))?;
                match reason {
                    Some(reason) => write!(f, ": {reason}"),
                    None => Ok(()),
                }
            }
            Self::Unknown => f.write_str("unknown to the responder"),
        }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $crl:ident, $text:literal;)*) => {
        /// The reason for which a certificate was revoked (RFC 5280 §5.3.1).
        /// `QOcspRevocationReason`. The example of [`Response`] shows it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl From<CrlReason> for Reason {
            fn from(reason: CrlReason) -> Self {
                match reason {
                    $(CrlReason::$crl => Self::$name,)*
                }
            }
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

reasons! {
    /// The issuer gives no particular reason.
    Unspecified = Unspecified, "for no reason in particular";
    /// The private key of the certificate is known to others.
    KeyCompromise = KeyCompromise, "its key is known to others";
    /// The private key of the issuer is known to others.
    CaCompromise = CaCompromise, "its issuer's key is known to others";
    /// The names in the certificate have changed.
    AffiliationChanged = AffiliationChanged, "its names have changed";
    /// A newer certificate replaces it.
    Superseded = Superseded, "there is a newer one";
    /// The certificate is no longer needed.
    CessationOfOperation = CessationOfOperation, "it is not needed any more";
    /// The certificate is suspended; it may become good again.
    CertificateHold = CertificateHold, "it is on hold";
    /// The certificate was suspended, and is no longer.
    RemoveFromCrl = RemoveFromCRL, "it is not on hold any more";
    /// A privilege that the certificate states was withdrawn.
    PrivilegeWithdrawn = PrivilegeWithdrawn, "its privileges were withdrawn";
    /// The private key of the attribute authority is known to others.
    AaCompromise = AaCompromise, "its attribute authority's key is known to others";
}

/// The identity of the responder that signed a response (RFC 6960 §4.2.2.3).
/// `QOcspResponse::responder`. The example of [`Response`] shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Responder {
    /// The responder has this name, in the text form of RFC 4514.
    Name(String),
    /// The SHA-1 hash of the responder's public key is this.
    KeyHash(Vec<u8>),
}

/// Why bytes are not the status of a certificate. The example of [`Response`] shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseError {
    /// The response cannot be parsed, for this reason.
    Malformed(String),
    /// The response is of the unknown type with this object identifier.
    UnknownType(String),
    /// The response is about so many certificates, none or several. A stapled response is about one
    /// (RFC 5019 §2.2.1).
    NotOneCertificate(usize),
    /// The response has a critical extension with this object identifier. No critical extension is
    /// understood here, and the rest of the response may not be relied on without it (RFC 5280
    /// §4.2).
    CriticalExtension(String),
    /// The responder reports an error instead of a status.
    Refused(Refusal),
}

/// The error that a responder reports (RFC 6960 §4.2.1). The example of [`Response`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The responder could not parse the request.
    MalformedRequest,
    /// The responder answered internalError (RFC 6960 §2.3).
    InternalError,
    /// The responder is busy; the client should ask again later.
    TryLater,
    /// The responder answers only requests that are signed.
    SigRequired,
    /// The responder does not answer this client, or not for this certificate.
    Unauthorized,
}

impl ResponseError {
    /// The kind of the certificate's error that such a stapled response is.
    pub fn kind(&self) -> SslErrorKind {
        match self {
            Self::Malformed(_)
            | Self::UnknownType(_)
            | Self::NotOneCertificate(_)
            | Self::CriticalExtension(_) => SslErrorKind::OcspMalformedResponse,
            Self::Refused(Refusal::MalformedRequest) => SslErrorKind::OcspMalformedRequest,
            Self::Refused(Refusal::InternalError) => SslErrorKind::OcspInternalError,
            Self::Refused(Refusal::TryLater) => SslErrorKind::OcspTryLater,
            Self::Refused(Refusal::SigRequired) => SslErrorKind::OcspSigRequired,
            Self::Refused(Refusal::Unauthorized) => SslErrorKind::OcspUnauthorized,
        }
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "the OCSP response cannot be read: {why}"),
            Self::UnknownType(id) => write!(f, "the OCSP response is of an unknown type, {id}"),
            Self::NotOneCertificate(many) => {
                write!(f, "the OCSP response is about {many} certificates, not one")
            }
            Self::CriticalExtension(id) => {
                write!(
                    f,
                    "the OCSP response has an unknown critical extension, {id}"
                )
            }
            Self::Refused(_) => f.write_str(self.kind().text()),
        }
    }
}

impl Error for ResponseError {}

impl From<der::Error> for ResponseError {
    fn from(error: der::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl Response {
    /// Parses an `OCSPResponse` (RFC 6960 §4.2.1). Takes time in proportion to its length, and
    /// allocates a small multiple of it. The example of [`Response`] shows it.
    ///
    /// # Errors
    /// A [`ResponseError`], also when the responder reports an error instead of a status.
    pub fn from_der(der: &[u8]) -> Result<Self, ResponseError> {
        let response = OcspResponse::from_der(der)?;
        let refusal = match response.response_status {
            OcspResponseStatus::Successful => None,
            OcspResponseStatus::MalformedRequest => Some(Refusal::MalformedRequest),
            OcspResponseStatus::InternalError => Some(Refusal::InternalError),
            OcspResponseStatus::TryLater => Some(Refusal::TryLater),
            OcspResponseStatus::SigRequired => Some(Refusal::SigRequired),
            OcspResponseStatus::Unauthorized => Some(Refusal::Unauthorized),
        };
        if let Some(refusal) = refusal {
            return Err(ResponseError::Refused(refusal));
        }
        let Some(bytes) = response.response_bytes else {
            return Err(ResponseError::Malformed("it is empty".into()));
        };
        if bytes.response_type != BASIC {
            let id = bytes.response_type.to_string();
            return Err(ResponseError::UnknownType(id));
        }
        let signed = Signed::read(bytes.response.as_bytes())?;
        let mut data = Data::read(&signed.data)?;
        let many = data.responses.len();
        let single = match data.responses.pop() {
            Some(single) if many == 1 => single,
            _ => return Err(ResponseError::NotOneCertificate(many)),
        };
        let extensions = [&data.extensions, &single.single_extensions];
        let unknown = extensions
            .into_iter()
            .flatten()
            .flatten()
            .find(|it| it.critical);
        if let Some(unknown) = unknown {
            let id = unknown.extn_id.to_string();
            return Err(ResponseError::CriticalExtension(id));
        }
        Ok(Self {
            signed,
            data,
            single,
        })
    }

    /// The status of the certificate. `QOcspResponse::certificateStatus`.
    pub fn status(&self) -> Status {
        match &self.single.cert_status {
            CertStatus::Good(_) => Status::Good,
            CertStatus::Revoked(revoked) => Status::Revoked {
                at: time(revoked.revocation_time),
                reason: revoked.revocation_reason.map(Reason::from),
            },
            CertStatus::Unknown(_) => Status::Unknown,
        }
    }

    /// The time at which the status was known to be correct (`thisUpdate`).
    pub fn this_update(&self) -> UnixTime {
        time(self.single.this_update)
    }

    /// The time at which a newer status will be available (`nextUpdate`); `None` when a newer
    /// status is always available. [`errors`](super::errors) accepts such a response for one day.
    pub fn next_update(&self) -> Option<UnixTime> {
        self.single.next_update.map(time)
    }

    /// The time at which the response was signed (`producedAt`).
    pub fn produced_at(&self) -> UnixTime {
        time(self.data.produced_at)
    }

    /// The serial number of the certificate that the response is about: the content of the DER
    /// INTEGER, big-endian.
    pub fn serial(&self) -> &[u8] {
        self.single.cert_id.serial_number.as_bytes()
    }

    /// The identity of the responder. `QOcspResponse::responder`.
    pub fn responder(&self) -> Responder {
        match &self.data.responder {
            ResponderId::Name(der) => Responder::Name(DistinguishedName::from_der(der).to_string()),
            ResponderId::KeyHash(hash) => Responder::KeyHash(hash.clone()),
        }
    }

    /// The certificates in the response, among them that of the responder if the issuer did not
    /// sign itself.
    pub fn certificates(&self) -> impl Iterator<Item = Certificate> {
        let certificates = self.signed.certificates.iter();
        certificates.map(|der| Certificate::from_der(der.clone()))
    }

    /// The `SignedCertificateTimestampList` (RFC 6962 §3.3) in the response, unparsed and not
    /// verified; `None` when there is none.
    pub fn signed_certificate_timestamps(&self) -> Option<Vec<u8>> {
        let mut extensions = self.single.single_extensions.iter().flatten();
        let found = extensions.find(|it| it.extn_id == TIMESTAMPS)?;
        let list = OctetString::from_der(found.extn_value.as_bytes()).ok()?;
        Some(list.into_bytes())
    }

    /// Whether it is about this certificate: its serial number, and the hashes of its issuer's
    /// name and key (RFC 6960 §4.1.1), SHA-1 or SHA-2.
    pub(super) fn is_about(&self, question: &StatusQuestion<'_>) -> bool {
        let id = &self.single.cert_id;
        let hash = match id.hash_algorithm.oid {
            SHA_1 => hash::<Sha1>,
            SHA_256 => hash::<Sha256>,
            SHA_384 => hash::<Sha384>,
            SHA_512 => hash::<Sha512>,
            _ => return false,
        };
        let same_serial = question.certificate().serial() == Some(self.serial());
        // Without a path to an anchor the key is not known, and the response not believed.
        let Some(issuer) = question.issuer() else {
            return same_serial;
        };
        let name = AnyRef::new(Tag::Sequence, issuer.subject.as_ref());
        let Ok(name) = name.and_then(|name| name.to_der()) else {
            return false;
        };
        let Some(key) = Key::read(issuer.subject_public_key_info.as_ref()) else {
            return false;
        };
        same_serial
            && id.issuer_name_hash.as_bytes() == hash(&name)
            && id.issuer_key_hash.as_bytes() == hash(key.key)
    }

    /// Whether it says that it is signed by whoever has this certificate.
    pub(super) fn names(&self, certificate: &Certificate) -> bool {
        match &self.data.responder {
            ResponderId::Name(name) => {
                let subject = certificate.subject();
                subject.is_some_and(|subject| subject.der() == name)
            }
            ResponderId::KeyHash(wanted) => {
                let info = certificate.public_key_info();
                let key = info.and_then(Key::of_info);
                key.is_some_and(|key| *wanted == hash::<Sha1>(key.key))
            }
        }
    }
}

fn hash<D: Digest>(bytes: &[u8]) -> Vec<u8> {
    D::digest(bytes).to_vec()
}

fn time(time: OcspGeneralizedTime) -> UnixTime {
    UnixTime::since_unix_epoch(time.0.to_unix_duration())
}
