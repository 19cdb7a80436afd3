//! The ClientHello that a server waits for. It is assembled and read before any engine is made, and
//! nothing may come before it: so there is one reader of it, and no way around its questions.

use super::inbound::{check_clear, whole_record};
use super::wire::client_hello::HelloMessage;
use crate::alert::Alert;
use crate::buffer::ReceiveBuffer;
use crate::failure::{Failure, FailureKind};
use crate::record::alerts::{Alerts, Notice};
use crate::record::header::{ContentType, HEADER_LEN, MAX_BODY_TLS12};
use crate::record::messages::{Assembler, FRAME, Piece, kind};

/// What reading led to.
#[derive(Debug)]
pub(crate) enum Awaited {
    /// The record at the front is not complete: it has so many bytes, as far as that is known.
    Starved(usize),
    /// A part of the hello was read.
    Part,
    Hello(HelloMessage),
}

/// Assembles the first message of a client.
#[derive(Debug, Default)]
pub(crate) struct FirstHello {
    messages: Assembler,
}

impl FirstHello {
    /// Reads one record. The hello has at most `max` bytes.
    ///
    /// # Errors
    /// Whatever comes before the ClientHello, or behind it in its record, and a hello that cannot
    /// be read.
    pub(crate) fn read(
        &mut self,
        receive: &mut ReceiveBuffer,
        max: usize,
    ) -> Result<Awaited, Failure> {
        let raw = receive.raw();
        let header = match whole_record(raw, MAX_BODY_TLS12, !self.messages.is_empty())? {
            Ok(header) => header,
            Err(needed) => return Ok(Awaited::Starved(needed)),
        };
        check_clear(header)?;
        let content = &raw[HEADER_LEN..header.record_len()];
        match header.content {
            ContentType::Handshake => {}
            ContentType::Alert if self.messages.is_empty() => return Err(alert(content)),
            _ => return Err(unexpected("another record before the ClientHello")),
        }
        if self.messages.is_empty()
            && content
                .first()
                .is_some_and(|kind| *kind != kind::CLIENT_HELLO)
        {
            return Err(unexpected("another message before the ClientHello"));
        }
        let (framed, len) = match self.messages.add(content, max)? {
            Piece::Whole(len) => ([&[0; FRAME], &content[..len]].concat(), len),
            Piece::Completed(len) => (self.messages.take(), len),
            Piece::Incomplete => {
                receive.skip(header.record_len());
                return Ok(Awaited::Part);
            }
        };
        if len < content.len() {
            return Err(unexpected("bytes behind the ClientHello in its record"));
        }
        receive.skip(header.record_len());
        Ok(Awaited::Hello(HelloMessage::read(framed)?))
    }
}

/// An alert in the place of a ClientHello ends the handshake, also one that only warns.
fn alert(content: &[u8]) -> Failure {
    match Alerts::default().read(content, None) {
        // close_notify follows (RFC 8446 §6.1).
        Ok(Notice::CloseNotify | Notice::Warning(Alert::UserCanceled)) => {
            Failure::silent(FailureKind::ClosedDuringHandshake)
        }
        Ok(Notice::Warning(_)) => unexpected("a warning alert before the ClientHello"),
        Err(failure) => failure,
    }
}

fn unexpected(detail: &str) -> Failure {
    Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage).because(detail)
}
