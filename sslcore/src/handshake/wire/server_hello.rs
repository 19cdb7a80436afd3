//! ServerHello and HelloRetryRequest (RFC 8446 §4.1.3, §4.1.4, RFC 5246 §7.4.1.3): what an engine
//! does not tell of them, and does not check.

use super::extension::Extensions;
use super::offer::Offer;
use super::{Reader, Refusal, TLS12, TLS13};
use crate::alert::Alert;
use crate::handshake::extensions::{Place, number};
use crate::protocol::{SslProtocol, version_of};
use crate::record::messages::MESSAGE_HEADER;

/// What says that a ServerHello is a HelloRetryRequest (RFC 8446 §4.1.3).
pub(crate) const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The longest cookie that is repeated: beside it a ClientHello has a session ticket and names, and
/// all its extensions together have 65,535 bytes.
const COOKIE: usize = 16 * 1024;

/// What the random of a server ends with that could have spoken TLS 1.3, but for the last byte,
/// which is 1 or 0 (RFC 8446 §4.1.3).
pub(crate) const DOWNGRADE: &[u8] = b"DOWNGRD";

/// What a ServerHello says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerHello {
    pub(crate) random: [u8; 32],
    /// Whether it answers in TLS 1.3, HelloRetryRequest included.
    pub(crate) is_tls13: bool,
    /// Whether the session has the extended master secret (RFC 7627 §5).
    pub(crate) extended_master_secret: bool,
}

/// All of it, borrowed.
pub(crate) struct Parts<'a> {
    legacy_version: u16,
    pub(crate) session_id: &'a [u8],
    pub(crate) suite: u16,
    compression: u8,
    pub(crate) extensions: Extensions<'a>,
    pub(crate) hello: ServerHello,
}

impl ServerHello {
    /// Reads a whole message.
    ///
    /// # Errors
    /// decode_error, and illegal_parameter for an extension that comes twice.
    pub(crate) fn read(message: &[u8]) -> Result<Self, Refusal> {
        Ok(Parts::read(message)?.hello)
    }

    /// Reads a whole message of a server's, to whom this was offered.
    ///
    /// # Errors
    /// What was not offered, what no ServerHello may say, and a cookie that no ClientHello of ours
    /// has room to repeat.
    pub(crate) fn read_answer(message: &[u8], offer: &Offer) -> Result<Self, Refusal> {
        Ok(Parts::read_answer(message, offer)?.hello)
    }

    /// Whether it asks for another ClientHello.
    pub(crate) fn is_retry(&self) -> bool {
        self.random == RETRY
    }

    fn is_downgrade(&self) -> bool {
        let end = self.random.strip_suffix(&[0]);
        let end = end.or_else(|| self.random.strip_suffix(&[1]));
        end.is_some_and(|random| random.ends_with(DOWNGRADE))
    }
}

impl<'a> Parts<'a> {
    /// As [`ServerHello::read_answer`], with all that it says.
    pub(crate) fn read_answer(message: &'a [u8], offer: &Offer) -> Result<Self, Refusal> {
        let parts = Self::read(message)?;
        parts.check(offer)?;
        Ok(parts)
    }

    fn read(message: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(message, "the ServerHello is damaged");
        reader.take(MESSAGE_HEADER)?;
        let legacy_version = reader.u16()?;
        let random = *reader.array()?;
        let session_id = reader.vector8()?;
        if session_id.len() > 32 {
            return Err(Refusal::decode("a session id has at most 32 bytes"));
        }
        let suite = reader.u16()?;
        let compression = reader.u8()?;
        let extensions = match reader.is_empty() {
            true => Extensions::default(),
            false => Extensions::read(reader.vector16()?)?,
        };
        reader.end()?;
        let is_tls13 = match extensions.find(number::SUPPORTED_VERSIONS) {
            Some(content) => {
                let mut reader = Reader::new(content, "the selected version is damaged");
                let selected = reader.u16()?;
                reader.end()?;
                selected == TLS13
            }
            None => false,
        };
        let extended_master_secret = extensions.find(number::EXTENDED_MASTER_SECRET).is_some();
        Ok(Self {
            legacy_version,
            session_id,
            suite,
            compression,
            extensions,
            hello: ServerHello {
                random,
                is_tls13,
                extended_master_secret,
            },
        })
    }

    fn check(&self, offer: &Offer) -> Result<(), Refusal> {
        self.check_version(offer)?;
        if self.compression != 0 {
            return Err(Refusal::illegal("compression that was not offered"));
        }
        let of_tls13 = version_of(self.suite) == SslProtocol::TlsV1_3;
        if !offer.has_suite(self.suite) || of_tls13 != self.hello.is_tls13 {
            return Err(Refusal::illegal("a cipher suite that was not offered"));
        }
        if !self.hello.is_tls13 {
            return self.check_tls12(offer);
        }
        if self.session_id != offer.session_id() {
            return Err(Refusal::illegal("a session id that is not ours"));
        }
        match self.hello.is_retry() {
            true => self.check_retry(offer),
            false => self
                .extensions
                .check(Place::ServerHello, |number| offer.has(number)),
        }
    }

    fn check_version(&self, offer: &Offer) -> Result<(), Refusal> {
        let wrong = |why| Err(Refusal::new(Alert::ProtocolVersion, why));
        if self.legacy_version != TLS12 {
            return wrong("the server speaks neither TLS 1.2 nor TLS 1.3");
        }
        let selected = self.extensions.find(number::SUPPORTED_VERSIONS).is_some();
        match (self.hello.is_retry(), selected) {
            // At most one, and only of a server that may speak TLS 1.3 (RFC 8446 §4.1.4).
            (true, _) if offer.is_second() || !offer.has_tls13() => Err(Refusal::new(
                Alert::UnexpectedMessage,
                "a HelloRetryRequest that has no place here",
            )),
            (true, false) => Err(Refusal::missing("there is no supported_versions")),
            (_, true) if !self.hello.is_tls13 || !offer.has_tls13() => {
                Err(Refusal::illegal("a version that was not offered"))
            }
            (_, true) => Ok(()),
            (false, false) if offer.is_second() => Err(Refusal::illegal(
                "another version than in the HelloRetryRequest",
            )),
            (false, false) if !offer.has_tls12() => wrong("the server speaks no TLS 1.3"),
            (false, false) => Ok(()),
        }
    }

    fn check_tls12(&self, offer: &Offer) -> Result<(), Refusal> {
        if offer.has_tls13() && self.hello.is_downgrade() {
            return Err(Refusal::illegal("somebody has kept us from TLS 1.3"));
        }
        self.extensions
            .check(Place::ServerHelloTls12, |number| offer.has(number))?;
        match self.extensions.find(number::RENEGOTIATION_INFO) {
            Some(content) => super::check_initial(content),
            None => Ok(()),
        }
    }

    fn check_retry(&self, offer: &Offer) -> Result<(), Refusal> {
        self.extensions
            .check(Place::HelloRetryRequest, |number| offer.has(number))?;
        let cookie = self.cookie()?;
        if cookie.is_some_and(|cookie| cookie.len() > COOKIE) {
            return Err(Refusal::illegal("a cookie of more than 16,384 bytes"));
        }
        match self.wanted_group()? {
            Some(group) if !offer.could_share(group) => {
                Err(Refusal::illegal("a group that cannot be asked for"))
            }
            None if cookie.is_none() => {
                Err(Refusal::illegal("a HelloRetryRequest that changes nothing"))
            }
            _ => Ok(()),
        }
    }

    /// What a HelloRetryRequest wants to be repeated.
    pub(crate) fn cookie(&self) -> Result<Option<&'a [u8]>, Refusal> {
        let Some(content) = self.extensions.find(number::COOKIE) else {
            return Ok(None);
        };
        let mut reader = Reader::new(content, "the cookie is damaged");
        let cookie = reader.vector16()?;
        reader.filled(cookie)?;
        reader.end()?;
        Ok(Some(cookie))
    }

    /// The group that a HelloRetryRequest asks for.
    pub(crate) fn wanted_group(&self) -> Result<Option<u16>, Refusal> {
        let Some(content) = self.extensions.find(number::KEY_SHARE) else {
            return Ok(None);
        };
        let mut reader = Reader::new(content, "the selected group is damaged");
        let group = reader.u16()?;
        reader.end()?;
        Ok(Some(group))
    }
}
