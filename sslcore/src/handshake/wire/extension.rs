//! Extensions of handshake messages (RFC 8446 §4.2): their numbers, the messages that each is for,
//! and a block of them.

use alloc::vec::Vec;

use super::{Reader, Refusal};

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
#[repr(u8)]
pub(crate) enum Place {
    ClientHello = 1,
    /// In TLS 1.2, whose RFCs do not say what is for no ServerHello.
    ServerHelloTls12 = 1 << 1,
    ServerHello = 1 << 2,
    HelloRetryRequest = 1 << 3,
    EncryptedExtensions = 1 << 4,
    CertificateRequest = 1 << 5,
    Certificate = 1 << 6,
    NewSessionTicket = 1 << 7,
}

/// The messages that an extension is for, or `None` for one that nobody here knows (the table of
/// RFC 8446 §4.2, and IANA's that goes on with it).
fn places(number: u16) -> Option<u8> {
    const CH: u8 = Place::ClientHello as u8;
    const OLD_SH: u8 = Place::ServerHelloTls12 as u8;
    const SH: u8 = Place::ServerHello as u8;
    const HRR: u8 = Place::HelloRetryRequest as u8;
    const EE: u8 = Place::EncryptedExtensions as u8;
    const CR: u8 = Place::CertificateRequest as u8;
    const CT: u8 = Place::Certificate as u8;
    const NST: u8 = Place::NewSessionTicket as u8;
    use self::number as n;
    Some(match number {
        n::SERVER_NAME
        | n::MAX_FRAGMENT_LENGTH
        | n::USE_SRTP
        | n::HEARTBEAT
        | n::ALPN
        | n::CLIENT_CERTIFICATE_TYPE
        | n::SERVER_CERTIFICATE_TYPE
        | n::RECORD_SIZE_LIMIT => CH | OLD_SH | EE,
        // Some TLS 1.2 servers tell their groups, too, and everybody lets them.
        n::SUPPORTED_GROUPS => CH | OLD_SH | EE,
        n::TICKET_REQUEST => CH | EE,
        n::STATUS_REQUEST | n::SIGNED_CERTIFICATE_TIMESTAMP => CH | OLD_SH | CR | CT,
        n::DELEGATED_CREDENTIAL => CH | CR | CT,
        n::EC_POINT_FORMATS
        | n::STATUS_REQUEST_V2
        | n::ENCRYPT_THEN_MAC
        | n::EXTENDED_MASTER_SECRET
        | n::SESSION_TICKET
        | n::RENEGOTIATION_INFO => CH | OLD_SH,
        n::SIGNATURE_ALGORITHMS
        | n::SIGNATURE_ALGORITHMS_CERT
        | n::CERTIFICATE_AUTHORITIES
        | n::COMPRESS_CERTIFICATE => CH | CR,
        n::PADDING | n::PSK_KEY_EXCHANGE_MODES | n::POST_HANDSHAKE_AUTH => CH,
        n::PRE_SHARED_KEY => CH | SH,
        n::EARLY_DATA => CH | EE | NST,
        n::SUPPORTED_VERSIONS | n::KEY_SHARE => CH | SH | HRR,
        n::COOKIE => CH | HRR,
        n::OID_FILTERS => CR,
        n::ENCRYPTED_CLIENT_HELLO => CH | HRR | EE,
        _ => return None,
    })
}

/// Whether anybody here knows this extension.
#[cfg(feature = "testing")]
pub(crate) fn is_known(number: u16) -> bool {
    places(number).is_some()
}

/// One extension, borrowed.
pub(crate) type Extension<'a> = (u16, &'a [u8]);

/// A block of extensions that was found whole, each of them once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extensions<'a> {
    block: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// Takes a block.
    ///
    /// # Errors
    /// decode_error when a length is wrong, illegal_parameter when an extension comes twice.
    pub(crate) fn read(block: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(block, "the extensions are damaged");
        let mut numbers = Vec::new();
        while !reader.is_empty() {
            numbers.push(reader.u16()?);
            reader.vector16()?;
        }
        numbers.sort_unstable();
        match numbers.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(Refusal::illegal("an extension comes twice")),
            false => Ok(Self { block }),
        }
    }

    /// A block that [`read`](Self::read) has found whole before.
    pub(crate) const fn of_whole(block: &'a [u8]) -> Self {
        Self { block }
    }

    /// The extensions, in the order that they have.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        let mut reader = Reader::new(self.block, "");
        core::iter::from_fn(move || Some((reader.u16().ok()?, reader.vector16().ok()?)))
    }

    /// The content of one, if it is there.
    pub(crate) fn find(&self, wanted: u16) -> Option<&'a [u8]> {
        let mut found = self.iter().filter(|(number, _)| *number == wanted);
        found.next().map(|(_, content)| content)
    }

    /// Whether all that is known may stand in this message; what is not known is ignored.
    ///
    /// # Errors
    /// illegal_parameter (RFC 8446 §4.2).
    pub(crate) fn belong(&self, place: Place) -> Result<(), Refusal> {
        let elsewhere = |(number, _)| places(number).is_some_and(|all| all & place as u8 == 0);
        match self.iter().any(elsewhere) {
            true => Err(Refusal::illegal("an extension that is not for its message")),
            false => Ok(()),
        }
    }

    /// The same for a message in which each must answer one that was `offered`.
    ///
    /// # Errors
    /// unsupported_extension for one that was not, illegal_parameter for one that was, and does not
    /// belong here (RFC 8446 §4.2).
    pub(crate) fn answer(
        &self,
        place: Place,
        offered: impl Fn(u16) -> bool,
    ) -> Result<(), Refusal> {
        match self.iter().any(|(number, _)| !offered(number)) {
            true => Err(Refusal::unsolicited()),
            false => self.belong(place),
        }
    }

    /// Whether both blocks have the same extensions, in any order, but for those that `may_differ`.
    pub(crate) fn agree(&self, other: &Self, may_differ: impl Fn(u16) -> bool) -> bool {
        let compared = |extensions: &Self| {
            let mut offset = 0;
            let mut places = Vec::new();
            for (number, content) in extensions.iter() {
                if !may_differ(number) {
                    places.push((number, offset));
                }
                offset += EXTENSION_HEADER + content.len();
            }
            // Small, since a peer chooses how many there are: offsets below 2^16.
            places.sort_unstable_by_key(|(number, _)| *number);
            places
        };
        let whole = |extensions: &Self, offset: usize| {
            let rest = extensions.block.get(offset..).unwrap_or_default();
            Self { block: rest }.iter().next()
        };
        let (ours, theirs) = (compared(self), compared(other));
        ours.len() == theirs.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(one, same)| whole(self, one.1) == whole(other, same.1))
    }
}

/// Number and length.
const EXTENSION_HEADER: usize = 4;
