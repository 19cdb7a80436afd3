//! Extensions of handshake messages: ONE table says where each may stand (RFC 8446 §4.2, and IANA's
//! registry that goes on with it).
//!
//! A [`Place`] is a message with its sender and its version, where that makes a difference. In messages that
//! ask, an extension that nobody here knows is ignored; one that is known and belongs elsewhere is
//! illegal_parameter. In messages that answer, one that answers nothing is unsupported_extension.

use crate::alert::Alert;

/// IANA's numbers, with where they are from.
pub(crate) mod number {
    /// RFC 6066 §3.
    pub(crate) const SERVER_NAME: u16 = 0;
    /// RFC 6066 §4.
    pub(crate) const MAX_FRAGMENT_LENGTH: u16 = 1;
    /// RFC 6066 §8.
    pub(crate) const STATUS_REQUEST: u16 = 5;
    pub(crate) const SUPPORTED_GROUPS: u16 = 10;
    /// RFC 8422 §5.1.2.
    pub(crate) const EC_POINT_FORMATS: u16 = 11;
    pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
    /// RFC 5764.
    pub(crate) const USE_SRTP: u16 = 14;
    /// RFC 6520.
    pub(crate) const HEARTBEAT: u16 = 15;
    /// RFC 7301.
    pub(crate) const ALPN: u16 = 16;
    /// RFC 6961.
    pub(crate) const STATUS_REQUEST_V2: u16 = 17;
    /// RFC 6962.
    pub(crate) const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;
    /// RFC 7250.
    pub(crate) const CLIENT_CERTIFICATE_TYPE: u16 = 19;
    /// RFC 7250.
    pub(crate) const SERVER_CERTIFICATE_TYPE: u16 = 20;
    /// RFC 7685.
    pub(crate) const PADDING: u16 = 21;
    /// RFC 7366.
    pub(crate) const ENCRYPT_THEN_MAC: u16 = 22;
    /// RFC 7627.
    pub(crate) const EXTENDED_MASTER_SECRET: u16 = 23;
    /// RFC 8879.
    pub(crate) const COMPRESS_CERTIFICATE: u16 = 27;
    /// RFC 8449.
    pub(crate) const RECORD_SIZE_LIMIT: u16 = 28;
    /// RFC 9345.
    pub(crate) const DELEGATED_CREDENTIAL: u16 = 34;
    /// RFC 5077.
    pub(crate) const SESSION_TICKET: u16 = 35;
    pub(crate) const PRE_SHARED_KEY: u16 = 41;
    pub(crate) const EARLY_DATA: u16 = 42;
    pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
    pub(crate) const COOKIE: u16 = 44;
    pub(crate) const PSK_KEY_EXCHANGE_MODES: u16 = 45;
    pub(crate) const CERTIFICATE_AUTHORITIES: u16 = 47;
    /// Only in CertificateRequest.
    pub(crate) const OID_FILTERS: u16 = 48;
    pub(crate) const POST_HANDSHAKE_AUTH: u16 = 49;
    pub(crate) const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
    pub(crate) const KEY_SHARE: u16 = 51;
    /// RFC 9149.
    pub(crate) const TICKET_REQUEST: u16 = 58;
    /// RFC 9849.
    pub(crate) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
    /// RFC 5746.
    pub(crate) const RENEGOTIATION_INFO: u16 = 0xff01;
}

/// A message that has extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A client's, in either version.
    ClientHello,
    /// In TLS 1.2, whose RFCs do not say what is for no ServerHello.
    ServerHelloTls12,
    ServerHello,
    HelloRetryRequest,
    EncryptedExtensions,
    /// In TLS 1.3: that of TLS 1.2 has none.
    CertificateRequest,
    /// A server's, which answers ClientHello, or a client's, which answers CertificateRequest; in TLS 1.3.
    Certificate,
    /// In TLS 1.3.
    NewSessionTicket,
}

impl Place {
    /// Whether what stands there answers what the other side has said.
    pub(crate) const fn answers(self) -> bool {
        match self {
            Self::ServerHelloTls12
            | Self::ServerHello
            | Self::HelloRetryRequest
            | Self::EncryptedExtensions
            | Self::Certificate => true,
            Self::ClientHello | Self::CertificateRequest | Self::NewSessionTicket => false,
        }
    }
}

/// An extension, the places that it is for, and what else is true of it.
struct Row {
    number: u16,
    places: &'static [Place],
    /// A client may change it, leave it out or add it when it is asked for another hello (RFC 8446 §4.1.2).
    may_change: bool,
    /// The place where it answers nothing.
    unsolicited: Option<Place>,
}

const CH: Place = Place::ClientHello;
const OLD_SH: Place = Place::ServerHelloTls12;
const SH: Place = Place::ServerHello;
const HRR: Place = Place::HelloRetryRequest;
const EE: Place = Place::EncryptedExtensions;
const CR: Place = Place::CertificateRequest;
const CT: Place = Place::Certificate;
const NST: Place = Place::NewSessionTicket;

/// What both hellos of a client must have alike.
const fn fixed(number: u16, places: &'static [Place]) -> Row {
    Row {
        number,
        places,
        may_change: false,
        unsolicited: None,
    }
}

const fn changing(number: u16, places: &'static [Place]) -> Row {
    Row {
        may_change: true,
        ..fixed(number, places)
    }
}

/// The table.
const EXTENSIONS: &[Row] = &[
    fixed(number::SERVER_NAME, &[CH, OLD_SH, EE]),
    fixed(number::MAX_FRAGMENT_LENGTH, &[CH, OLD_SH, EE]),
    fixed(number::STATUS_REQUEST, &[CH, OLD_SH, CR, CT]),
    // Some TLS 1.2 servers tell their groups, too, and everybody lets them.
    fixed(number::SUPPORTED_GROUPS, &[CH, OLD_SH, EE]),
    fixed(number::EC_POINT_FORMATS, &[CH, OLD_SH]),
    fixed(number::SIGNATURE_ALGORITHMS, &[CH, CR]),
    fixed(number::USE_SRTP, &[CH, OLD_SH, EE]),
    fixed(number::HEARTBEAT, &[CH, OLD_SH, EE]),
    fixed(number::ALPN, &[CH, OLD_SH, EE]),
    fixed(number::STATUS_REQUEST_V2, &[CH, OLD_SH]),
    fixed(number::SIGNED_CERTIFICATE_TIMESTAMP, &[CH, OLD_SH, CR, CT]),
    fixed(number::CLIENT_CERTIFICATE_TYPE, &[CH, OLD_SH, EE]),
    fixed(number::SERVER_CERTIFICATE_TYPE, &[CH, OLD_SH, EE]),
    changing(number::PADDING, &[CH]),
    fixed(number::ENCRYPT_THEN_MAC, &[CH, OLD_SH]),
    fixed(number::EXTENDED_MASTER_SECRET, &[CH, OLD_SH]),
    fixed(number::COMPRESS_CERTIFICATE, &[CH, CR]),
    fixed(number::RECORD_SIZE_LIMIT, &[CH, OLD_SH, EE]),
    fixed(number::DELEGATED_CREDENTIAL, &[CH, CR, CT]),
    fixed(number::SESSION_TICKET, &[CH, OLD_SH]),
    changing(number::PRE_SHARED_KEY, &[CH, SH]),
    changing(number::EARLY_DATA, &[CH, EE, NST]),
    fixed(number::SUPPORTED_VERSIONS, &[CH, SH, HRR]),
    Row {
        unsolicited: Some(HRR),
        ..changing(number::COOKIE, &[CH, HRR])
    },
    fixed(number::PSK_KEY_EXCHANGE_MODES, &[CH]),
    fixed(number::CERTIFICATE_AUTHORITIES, &[CH, CR]),
    fixed(number::OID_FILTERS, &[CR]),
    fixed(number::POST_HANDSHAKE_AUTH, &[CH]),
    fixed(number::SIGNATURE_ALGORITHMS_CERT, &[CH, CR]),
    changing(number::KEY_SHARE, &[CH, SH, HRR]),
    fixed(number::TICKET_REQUEST, &[CH, EE]),
    // A client seals its inner hello anew (RFC 9849 §6.1.5).
    changing(number::ENCRYPTED_CLIENT_HELLO, &[CH, HRR, EE]),
    fixed(number::RENEGOTIATION_INFO, &[CH, OLD_SH]),
];

fn row(number: u16) -> Option<&'static Row> {
    EXTENSIONS.iter().find(|row| row.number == number)
}

/// Whether an extension may stand in a message, and the alert if it may not. `offered` says, of a message
/// that [answers](Place::answers), whether the other side has offered it.
///
/// # Errors
/// unsupported_extension for one that answers nothing, illegal_parameter for one that belongs elsewhere
/// (RFC 8446 §4.2).
pub(crate) fn check(number: u16, place: Place, offered: bool) -> Result<(), Alert> {
    let row = row(number);
    let is_unsolicited = row.is_some_and(|row| row.unsolicited == Some(place));
    if place.answers() && !offered && !is_unsolicited {
        return Err(Alert::UnsupportedExtension);
    }
    match row.is_some_and(|row| !row.places.contains(&place)) {
        true => Err(Alert::IllegalParameter),
        false => Ok(()),
    }
}

/// Whether a client may change it when it is asked for another hello (RFC 8446 §4.1.2).
pub(crate) fn may_change(number: u16) -> bool {
    row(number).is_some_and(|row| row.may_change)
}

/// Whether anybody here knows this extension.
#[cfg(feature = "testing")]
pub(crate) fn is_known(number: u16) -> bool {
    row(number).is_some()
}

#[cfg(test)]
mod tests;
