//! Handshake messages out of records: assembled once, before anything looks into them.
//!
//! A message may be cut into records of any size, and a record may carry several messages
//! (RFC 8446 §5.1). A message that is whole in its record stays where it lies; only one that is cut
//! is copied. The bytes that are held never exceed the largest message allowed, and each byte is
//! copied at most once, however small the pieces are.

use alloc::vec::Vec;

use super::header::HEADER_LEN;
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};

/// Type and length in front of every handshake message (RFC 8446 §4).
pub(crate) const MESSAGE_HEADER: usize = 4;

/// Types of handshake messages (RFC 8446 §B.3, RFC 5246 §7.4).
pub(crate) mod kind {
    pub(crate) const HELLO_REQUEST: u8 = 0;
    pub(crate) const CLIENT_HELLO: u8 = 1;
    pub(crate) const SERVER_HELLO: u8 = 2;
    pub(crate) const NEW_SESSION_TICKET: u8 = 4;
    pub(crate) const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub(crate) const CERTIFICATE: u8 = 11;
    pub(crate) const SERVER_KEY_EXCHANGE: u8 = 12;
    pub(crate) const CERTIFICATE_REQUEST: u8 = 13;
    pub(crate) const SERVER_HELLO_DONE: u8 = 14;
    pub(crate) const CERTIFICATE_VERIFY: u8 = 15;
    pub(crate) const CLIENT_KEY_EXCHANGE: u8 = 16;
    pub(crate) const FINISHED: u8 = 20;
    pub(crate) const KEY_UPDATE: u8 = 24;

    /// All of them, and those that are known by their numbers alone: EndOfEarlyData,
    /// CertificateStatus, CompressedCertificate.
    #[cfg(feature = "testing")]
    pub(crate) const ALL: [u8; 16] = [
        HELLO_REQUEST,
        CLIENT_HELLO,
        SERVER_HELLO,
        NEW_SESSION_TICKET,
        5,
        ENCRYPTED_EXTENSIONS,
        CERTIFICATE,
        SERVER_KEY_EXCHANGE,
        CERTIFICATE_REQUEST,
        SERVER_HELLO_DONE,
        CERTIFICATE_VERIFY,
        CLIENT_KEY_EXCHANGE,
        FINISHED,
        22,
        KEY_UPDATE,
        25,
    ];
}

/// Room in front of a message: an engine that wants whole records writes the header there.
pub(crate) const FRAME: usize = HEADER_LEN;

/// The length of the message at the front, header included, once its header is there.
pub(crate) fn message_len(bytes: &[u8]) -> Option<usize> {
    let [_, a, b, c, ..] = *bytes else {
        return None;
    };
    Some(MESSAGE_HEADER + u32::from_be_bytes([0, a, b, c]) as usize)
}

/// What a record's content led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So many bytes at the front of the content are one whole message, there where they lie.
    Whole(usize),
    /// So many bytes at the front of the content completed the message that
    /// [`take`](Assembler::take) gives out.
    Completed(usize),
    /// All of the content was taken, and the message is still incomplete.
    Incomplete,
}

/// Puts cut messages together again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assembler {
    /// [`FRAME`] bytes of room, then the beginning of a message; empty while none is begun.
    partial: Vec<u8>,
}

impl Assembler {
    /// Whether no message is incomplete.
    pub(crate) fn is_empty(&self) -> bool {
        self.partial.is_empty()
    }

    /// How many bytes of an incomplete message are held.
    pub(crate) fn len(&self) -> usize {
        self.partial.len().saturating_sub(FRAME)
    }

    /// Looks at what a record carries, up to the end of the first message.
    ///
    /// # Errors
    /// [`FailureKind::UnexpectedMessage`] for no content at all, which no handshake record has
    /// (RFC 8446 §5.1), [`FailureKind::BufferTooSmall`] as soon as a message says that it is longer
    /// than `max`.
    pub(crate) fn add(&mut self, content: &[u8], max: usize) -> Result<Piece, Failure> {
        if content.is_empty() {
            return Err(
                Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
                    .because("an empty handshake record"),
            );
        }
        if self.is_empty() {
            if let Some(len) = checked_len(content, max)? {
                if content.len() >= len {
                    return Ok(Piece::Whole(len));
                }
            }
            self.partial.resize(FRAME, 0);
            self.partial.extend_from_slice(content);
            return Ok(Piece::Incomplete);
        }
        let mut taken = self.fill(MESSAGE_HEADER, content);
        let Some(len) = checked_len(self.message(), max)? else {
            return Ok(Piece::Incomplete);
        };
        taken += self.fill(len, content.get(taken..).unwrap_or_default());
        Ok(match self.len() == len {
            true => Piece::Completed(taken),
            false => Piece::Incomplete,
        })
    }

    /// The message that is [`Completed`](Piece::Completed), with [`FRAME`] bytes of room in front.
    /// The next one can begin.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.partial)
    }

    fn message(&self) -> &[u8] {
        self.partial.get(FRAME..).unwrap_or_default()
    }

    /// Extends the message to `len` bytes, as far as `content` reaches; says how many it took.
    fn fill(&mut self, len: usize, content: &[u8]) -> usize {
        let taken = len.saturating_sub(self.len()).min(content.len());
        self.partial.extend_from_slice(&content[..taken]);
        taken
    }
}

fn checked_len(bytes: &[u8], max: usize) -> Result<Option<usize>, Failure> {
    let len = message_len(bytes);
    match len {
        Some(needed) if needed > max => Err(Failure::new(
            FailureKind::BufferTooSmall { needed },
            // RFC 8446 has no alert for it; OpenSSL and BoringSSL send this one.
            Alert::IllegalParameter,
        )
        .because(format_args!(
            "a handshake message of {needed} bytes; {max} are allowed"
        ))),
        len => Ok(len),
    }
}

#[cfg(test)]
mod tests;
