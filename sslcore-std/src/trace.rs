//! Watching a socket: what goes over the wire, record by record, and what happens when.
//!
//! A [`Tap`] sits between connection and stream and sees bytes and events as they pass.
//! [`Records`] finds the records in them. Neither sees keys or plaintext behind TLS.

use std::fmt;
use std::time::Instant;

use sslcore::{Alert, Event};

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From here to the peer.
    Sent,
    /// From the peer to here.
    Received,
}

/// Bytes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire<'a> {
    /// Plaintext from before TLS.
    Plain(&'a [u8]),
    /// TLS, or what should be TLS.
    Tls(&'a [u8]),
}

/// Is told what passes between a connection and its stream, while it passes.
///
/// Every method has a default that does nothing. They are called in the middle of the socket's
/// work and should be quick.
pub trait Tap: Send {
    /// The stream has taken these bytes, or has given them.
    ///
    /// `at` is just before they left, or just after they arrived: so in the order of `at`, with
    /// taps on both ends in one process, nothing arrives before it was sent.
    fn wire(&mut self, at: Instant, direction: Direction, wire: Wire<'_>) {
        let _ = (at, direction, wire);
    }

    /// The connection has told this event. Events that repeat are summed up only as far as the
    /// connection itself does.
    fn event(&mut self, at: Instant, event: Event) {
        let _ = (at, event);
    }
}

/// The content type in a record's header (RFC 8446 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// change_cipher_spec. In TLS 1.3 it means nothing.
    ChangeCipherSpec,
    /// alert.
    Alert,
    /// handshake.
    Handshake,
    /// application_data. In TLS 1.3 everything that is encrypted says so.
    ApplicationData,
    /// Nothing that TLS knows.
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

/// One record, as far as its header and, while nothing is encrypted, its first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    content: Content,
    len: usize,
    opening: Opening,
    /// It is encrypted under its own content type.
    sealed: bool,
}

impl Record {
    /// Its content type.
    pub fn content(&self) -> Content {
        self.content
    }

    /// Its length in bytes, the 5 of the header included.
    #[expect(clippy::len_without_is_empty, reason = "no record is empty")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The type of the handshake message that it begins with, by RFC 8446's name (§B.3); `None`
    /// for another content, an encrypted one, or an unknown type.
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

    /// The alert that it carries in the clear.
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

/// Finds the records in one direction of a TLS stream, however it is split. Holds nine bytes.
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
    /// No byte has passed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets bytes pass, and tells of every record that they complete.
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

    /// Whether a record has begun and is not complete: the stream was cut within it.
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
