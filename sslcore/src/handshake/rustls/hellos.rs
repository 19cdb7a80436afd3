//! What rustls cannot see, since it is given one message at a time, and what it does not tell.

use super::RustlsEngine;
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};
use crate::handshake::wire::Refusal;
use crate::handshake::wire::server_hello::ServerHello;
use crate::handshake::{Message, records};
use crate::limits::POST_HANDSHAKE_MESSAGE;
use crate::record::header::ContentType;
use crate::record::messages::{Assembler, FRAME, Piece, kind};

/// The longest hello of a server's: rustls makes none that comes near it.
const MAX_HELLO: usize = 0xffff;

impl RustlsEngine {
    /// Checks what rustls cannot see, and keeps what it does not tell.
    pub(super) fn look_at(&mut self, message: &Message<'_>) -> Result<(), Failure> {
        let last = message.last;
        let message = message.framed.get(FRAME..).unwrap_or_default();
        let is_client = self.is_client();
        let must_be_last = match (is_client, message.first()) {
            (true, Some(&kind::SERVER_HELLO)) => {
                let hello = ServerHello::read(message)?;
                if !hello.is_retry() {
                    self.facts.server.get_or_insert(hello);
                }
                hello.is_tls13
            }
            (false, Some(&kind::CLIENT_HELLO)) => {
                // Behind any other answer than HelloRetryRequest it is renegotiation, and rustls
                // refuses it.
                if let (Some(first), None) = (&self.hello, &self.facts.server) {
                    let second = first.read_second(message)?;
                    self.facts.early_data = second.offers_early_data();
                    self.hello = Some(second);
                }
                true
            }
            (true, Some(&kind::NEW_SESSION_TICKET)) if message.len() > POST_HANDSHAKE_MESSAGE => {
                // Legal, but the next ClientHello would have no room for it.
                let needed = message.len();
                let kind = FailureKind::BufferTooSmall { needed };
                return Err(Failure::new(kind, Alert::IllegalParameter));
            }
            (true, Some(&kind::CERTIFICATE_REQUEST)) => {
                self.certificate_requested = true;
                false
            }
            (_, Some(&kind::FINISHED)) => true,
            _ => false,
        };
        match must_be_last && !last {
            true => Err(Refusal::new(
                Alert::UnexpectedMessage,
                "bytes behind a message that must end its record",
            )
            .into()),
            false => Ok(()),
        }
    }

    /// Reads the hello that a TLS 1.2 server answers with.
    pub(super) fn note_own_hello(&mut self, flight: &[u8]) -> Result<(), Failure> {
        if self.is_client() || self.facts.server.is_some() {
            return Ok(());
        }
        let mut messages = Assembler::default();
        for (content, body) in records(flight) {
            if content != ContentType::Handshake {
                break;
            }
            let assembled;
            let message = match messages.add(body, MAX_HELLO)? {
                Piece::Whole(len) => &body[..len],
                Piece::Completed(_) => {
                    assembled = messages.take();
                    &assembled[FRAME..]
                }
                Piece::Incomplete => continue,
            };
            if message.first() == Some(&kind::SERVER_HELLO) {
                let hello = ServerHello::read(message)?;
                if !hello.is_retry() {
                    self.facts.server = Some(hello);
                }
            }
            break;
        }
        Ok(())
    }
}
