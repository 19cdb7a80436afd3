//! The records on the wire, found from outside: no keys are seen, and no plaintext that TLS protects.
//!
//! [`Records`] finds the records in the bytes of one direction, for tests, logs and drawings; a
//! connection does not need it.

use core::fmt;

use crate::alert::Alert;

/// The direction in which bytes went. [`Records`] finds what went in one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From this side to the peer.
    Sent,
    /// From the peer to this side.
    Received,
}

/// The content type in the header of a record (RFC 8446 §5.1). The example of [`Records`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A change_cipher_spec record. TLS 1.3 ignores it.
    ChangeCipherSpec,
    /// An alert record.
    Alert,
    /// A handshake record.
    Handshake,
    /// An application_data record. In TLS 1.3 every encrypted record has this type.
    ApplicationData,
    /// A record of a content type that TLS does not know.
    Unknown(u8),
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChangeCipherSpec => f.write_str("change_cipher_spec"),
            Self::Alert => f.write_str("alert"),
            Self::Handshake => f.write_str("handshake"),
            Self::ApplicationData => f.write_str("encrypted"),
            Self::Unknown(code) => write!(f, "content type {code}"),
        }
    }
}

/// One record: its content type and length, and, while nothing is encrypted, which alert or
/// handshake message it begins with. From [`Records::feed`].
///
/// `Display` writes `handshake client_hello`, `alert unknown_ca (48)` or `encrypted`, without the
/// length. The example of [`Records`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    content: Content,
    len: usize,
    opening: Opening,
    /// It is encrypted under its own content type.
    sealed: bool,
}

impl Record {
    /// The content type of the record.
    pub fn content(&self) -> Content {
        self.content
    }

    /// The length of the record in bytes, including the 5 bytes of its header.
    #[expect(clippy::len_without_is_empty, reason = "no record is empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The type of the handshake message that the record begins with, by its name in RFC 8446 §B.3.
    /// `None` for another content type, an encrypted record, or an unknown message type.
    pub fn handshake_type(&self) -> Option<&'static str> {
        if self.content != Content::Handshake || self.sealed {
            return None;
        }
        Some(match self.opening[0] {
            1 => "client_hello",
            2 => "server_hello",
            4 => "new_session_ticket",
            8 => "encrypted_extensions",
            11 => "certificate",
            12 => "server_key_exchange",
            13 => "certificate_request",
            14 => "server_hello_done",
            15 => "certificate_verify",
            16 => "client_key_exchange",
            20 => "finished",
            22 => "certificate_status",
            _ => return None,
        })
    }

    /// The alert in the record. `None` for another content type, and for an encrypted record.
    pub fn alert(&self) -> Option<Alert> {
        (self.content == Content::Alert && !self.sealed).then(|| Alert::from_code(self.opening[1]))
    }
}

/// `handshake client_hello`, `alert unknown_ca (48)`, `encrypted`: without the length.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.content.fmt(f)?;
        match (self.handshake_type(), self.alert()) {
            (Some(name), _) => write!(f, " {name}"),
            (_, Some(alert)) => write!(f, " {alert}"),
            _ if self.sealed => f.write_str(", encrypted"),
            _ => Ok(()),
        }
    }
}

const HEADER_LEN: usize = 5;

/// The first bytes of a record's body, enough to tell which alert or handshake message it is.
type Opening = [u8; 4];

/// Whether a body of `len` bytes is one ClientHello or ServerHello in the clear.
fn is_hello(opening: Opening, len: usize) -> bool {
    let [kind, length @ ..] = opening;
    let length = length
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte));
    matches!(kind, 1 | 2) && len == opening.len() + length
}

/// Finds the records in one direction of a TLS stream, however the stream is split. Holds nine
/// bytes.
///
/// ```
/// use sslcore::Alert;
/// use sslcore::trace::{Content, Records};
///
/// let mut records = Records::new();
/// let mut found = Vec::new();
/// for piece in [&[21, 3, 3, 0, 2][..], &[2, 48, 23, 3, 3]] {
///     records.feed(piece, |record| found.push(record));
/// }
/// let alert = found[0];
/// assert_eq!((alert.content(), alert.len()), (Content::Alert, 7));
/// assert_eq!(alert.alert(), Some(Alert::UnknownCa));
/// assert_eq!(alert.handshake_type(), None);
/// assert_eq!(alert.to_string(), "alert unknown_ca (48)");
/// assert_eq!(found.len(), 1);
/// assert!(records.is_within_record()); // of the second record there are three bytes
/// ```
#[derive(Clone, Debug, Default)]
pub struct Records {
    header: [u8; HEADER_LEN],
    opening: Opening,
    /// Bytes of the record at hand that have passed.
    passed: usize,
    /// A ChangeCipherSpec has passed: what follows under its own content type is encrypted.
    sealed: bool,
}

impl Records {
    /// A finder at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream, and calls `complete` with every record that ends in
    /// them.
    pub fn feed(&mut self, mut bytes: &[u8], mut complete: impl FnMut(Record)) {
        while !bytes.is_empty() {
            let wanted = match self.len() {
                Some(len) => len - self.passed,
                None => HEADER_LEN - self.passed,
            };
            let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
            if self.passed < HEADER_LEN {
                self.header[self.passed..][..now.len()].copy_from_slice(now);
            } else {
                let kept = self.passed - HEADER_LEN;
                for (free, byte) in self.opening.iter_mut().skip(kept).zip(now) {
                    *free = *byte;
                }
            }
            self.passed += now.len();
            bytes = rest;
            if self.len() == Some(self.passed) {
                complete(self.finish());
            }
        }
    }

    /// Whether the stream stands within a record: a record has begun and is not complete. At the
    /// end of a stream this means that it was truncated.
    pub fn is_within_record(&self) -> bool {
        self.passed > 0
    }

    /// The length of the record at hand, once its header has passed.
    fn len(&self) -> Option<usize> {
        let [_, _, _, high, low] = self.header;
        (self.passed >= HEADER_LEN)
            .then(|| HEADER_LEN + usize::from(u16::from_be_bytes([high, low])))
    }

    fn finish(&mut self) -> Record {
        let content = match self.header[0] {
            20 => Content::ChangeCipherSpec,
            21 => Content::Alert,
            22 => Content::Handshake,
            23 => Content::ApplicationData,
            other => Content::Unknown(other),
        };
        // After a HelloRetryRequest the hellos come in the clear behind a ChangeCipherSpec
        // (RFC 8446 §D.4).
        let clear = match content {
            Content::Handshake => is_hello(self.opening, self.passed - HEADER_LEN),
            content => content != Content::Alert,
        };
        let record = Record {
            content,
            len: self.passed,
            opening: self.opening,
            sealed: self.sealed && !clear,
        };
        *self = Self {
            sealed: self.sealed || content == Content::ChangeCipherSpec,
            ..Self::default()
        };
        record
    }
}
