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

/// A responder's success: the status of one certificate. `QOcspResponse`.
///
/// What it says proves nothing until [`errors`](super::errors) has found nothing: anybody can make
/// one.
#[derive(Clone, Debug)]
pub struct Response {
    pub(super) signed: Signed,
    data: Data,
    single: SingleResponse,
}

/// What a responder says of a certificate. `QOcspCertificateStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was not revoked.
    Good,
    /// It was revoked.
    Revoked {
        /// When.
        at: UnixTime,
        /// Why, if that is said. `QOcspRevocationReason`.
        reason: Option<Reason>,
    },
    /// The responder does not know it.
    Unknown,
}

impl Status {
    /// What kind of error it is, if it is one.
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
        /// Why a certificate was revoked (RFC 5280 §5.3.1). `QOcspRevocationReason`.
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
    /// No reason in particular.
    Unspecified = Unspecified, "for no reason in particular";
    /// Somebody else has its key.
    KeyCompromise = KeyCompromise, "its key is known to others";
    /// Somebody else has its issuer's key.
    CaCompromise = CaCompromise, "its issuer's key is known to others";
    /// Its names have changed.
    AffiliationChanged = AffiliationChanged, "its names have changed";
    /// There is a newer one.
    Superseded = Superseded, "there is a newer one";
    /// It is not needed any more.
    CessationOfOperation = CessationOfOperation, "it is not needed any more";
    /// It may become good again.
    CertificateHold = CertificateHold, "it is on hold";
    /// It was on hold, and is not any more.
    RemoveFromCrl = RemoveFromCRL, "it is not on hold any more";
    /// It may not do any more what it says it may.
    PrivilegeWithdrawn = PrivilegeWithdrawn, "its privileges were withdrawn";
    /// The key of whoever certifies attributes is known to others.
    AaCompromise = AaCompromise, "its attribute authority's key is known to others";
}

/// Who says that a response is theirs (RFC 6960 §4.2.2.3). `QOcspResponse::responder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Responder {
    /// Whoever has this name, in the text form of RFC 4514.
    Name(String),
    /// Whoever has the public key with this SHA-1.
    KeyHash(Vec<u8>),
}

/// Why something is not a status.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseError {
    /// It cannot be read; why, in words.
    Malformed(String),
    /// It is of a type that nobody knows, by its object identifier.
    UnknownType(String),
    /// It is about none or several certificates; of those that are stapled, each is about one
    /// (RFC 5019 §2.2.1).
    NotOneCertificate(usize),
    /// It has a critical extension, by its object identifier: none is understood here, and the
    /// rest may mean something else to who does (RFC 5280 §4.2).
    CriticalExtension(String),
    /// The responder failed, or has refused to answer.
    Refused(Refusal),
}

/// Why a responder has no answer (RFC 6960 §4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It did not understand the question.
    MalformedRequest,
    /// It is out of order.
    InternalError,
    /// It wants to be asked later.
    TryLater,
    /// It wants the question signed.
    SigRequired,
    /// It does not answer everybody.
    Unauthorized,
}

impl ResponseError {
    /// What kind of error it is of the certificate that it was stapled to.
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
    /// Reads an OCSPResponse. The work is in proportion to its length; allocates some times that
    /// much.
    ///
    /// # Errors
    /// A [`ResponseError`], also for the answer of a responder that failed or has refused.
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

    /// What it says of the certificate. `QOcspResponse::certificateStatus`.
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

    /// When this was known to be so.
    pub fn this_update(&self) -> UnixTime {
        time(self.single.this_update)
    }

    /// When it will be known better; `None` when that is so at any time. Such a response counts for
    /// a day.
    pub fn next_update(&self) -> Option<UnixTime> {
        self.single.next_update.map(time)
    }

    /// When it was signed.
    pub fn produced_at(&self) -> UnixTime {
        time(self.data.produced_at)
    }

    /// The serial number of the certificate that it is about, big-endian, as it is encoded.
    pub fn serial(&self) -> &[u8] {
        self.single.cert_id.serial_number.as_bytes()
    }

    /// Who says so. `QOcspResponse::responder`.
    pub fn responder(&self) -> Responder {
        match &self.data.responder {
            ResponderId::Name(der) => Responder::Name(DistinguishedName::from_der(der).to_string()),
            ResponderId::KeyHash(hash) => Responder::KeyHash(hash.clone()),
        }
    }

    /// The certificates that it brings along, for whoever has signed it.
    pub fn certificates(&self) -> impl Iterator<Item = Certificate> {
        let certificates = self.signed.certificates.iter();
        certificates.map(|der| Certificate::from_der(der.clone()))
    }

    /// A `SignedCertificateTimestampList` (RFC 6962 §3.3), not looked into.
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
