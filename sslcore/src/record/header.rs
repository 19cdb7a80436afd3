//! The five bytes in front of every record (RFC 8446 §5.1).

use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};

/// Length of the record header.
pub(crate) const HEADER_LEN: usize = 5;
/// The most plaintext one record carries (RFC 8446 §5.1).
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;
/// The most a TLS 1.3 record body may be (RFC 8446 §5.2).
pub(crate) const MAX_BODY_TLS13: usize = MAX_PLAINTEXT + 256;
/// The most a TLS 1.2 record body may be (RFC 5246 §6.2.3).
pub(crate) const MAX_BODY_TLS12: usize = MAX_PLAINTEXT + 2048;
/// The largest record of either version, header included.
pub(crate) const MAX_RECORD: usize = HEADER_LEN + MAX_BODY_TLS12;
/// The version that both TLS 1.2 and 1.3 put into the header.
pub(crate) const LEGACY_VERSION: [u8; 2] = [3, 3];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentType {
    ChangeCipherSpec = 20,
    Alert = 21,
    Handshake = 22,
    ApplicationData = 23,
}

impl ContentType {
    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) content: ContentType,
    pub(crate) version: [u8; 2],
    pub(crate) body: usize,
}

impl Header {
    /// Reads the header at the front of `raw`; `None` while it is incomplete.
    ///
    /// `max_body` is what the version in use allows. A first byte that no TLS record has is
    /// refused before the header is complete: a peer that is not speaking TLS may never send more.
    pub(crate) fn read(raw: &[u8], max_body: usize) -> Result<Option<Self>, Failure> {
        match Self::good(raw, max_body) {
            Some(header) => Ok(Some(header)),
            None => Self::refuse(raw, max_body),
        }
    }

    /// The same of a peer that has spoken TLS before: what is no record of it is unexpected then.
    #[inline]
    pub(crate) fn read_later(raw: &[u8], max_body: usize) -> Result<Option<Self>, Failure> {
        match Self::good(raw, max_body) {
            Some(header) => Ok(Some(header)),
            None => Self::refuse_later(raw, max_body),
        }
    }

    /// A header that is complete and right.
    #[inline]
    fn good(raw: &[u8], max_body: usize) -> Option<Self> {
        let &[first, major, minor, high, low, ..] = raw else {
            return None;
        };
        let header = Self {
            content: ContentType::from_byte(first)?,
            version: [major, minor],
            body: usize::from(u16::from_be_bytes([high, low])),
        };
        (major == LEGACY_VERSION[0] && header.body <= max_body).then_some(header)
    }

    /// What is wrong with one that is not; nothing may be yet.
    fn refuse(raw: &[u8], max_body: usize) -> Result<Option<Self>, Failure> {
        let Some(first) = raw.first() else {
            return Ok(None);
        };
        if ContentType::from_byte(*first).is_none() {
            return Err(not_tls(*first));
        }
        let &[_, major, minor, high, low, ..] = raw else {
            return Ok(None);
        };
        if major != LEGACY_VERSION[0] {
            return Err(Failure::new(FailureKind::NotTls, Alert::ProtocolVersion)
                .because(format_args!("record version {major}.{minor}")));
        }
        let body = u16::from_be_bytes([high, low]);
        Err(
            Failure::new(FailureKind::RecordTooLarge, Alert::RecordOverflow)
                .because(format_args!("{body} bytes, {max_body} allowed")),
        )
    }

    fn refuse_later(raw: &[u8], max_body: usize) -> Result<Option<Self>, Failure> {
        Self::refuse(raw, max_body).map_err(|failure| match failure.kind {
            FailureKind::NotTls | FailureKind::HttpInsteadOfTls => {
                Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
                    .because("a record of unknown type or version")
            }
            _ => failure,
        })
    }

    /// The five bytes.
    pub(crate) const fn encode(&self) -> [u8; HEADER_LEN] {
        let [high, low] = (self.body as u16).to_be_bytes();
        let [major, minor] = self.version;
        [self.content as u8, major, minor, high, low]
    }

    /// Header and body.
    pub(crate) const fn record_len(&self) -> usize {
        HEADER_LEN + self.body
    }
}

/// The failure for bytes that cannot begin a record. R3 wants it to depend on the first byte
/// alone, so HTTP is recognised by the letters its methods and its status line begin with.
fn not_tls(first: u8) -> Failure {
    let kind = match first {
        b'G' | b'P' | b'H' | b'D' | b'O' | b'C' | b'T' => FailureKind::HttpInsteadOfTls,
        _ => FailureKind::NotTls,
    };
    Failure::new(kind, Alert::UnexpectedMessage).because(format_args!("first byte {first:#04x}"))
}

#[cfg(test)]
mod tests;
