//! What is read of the messages that pass by: what rustls cannot see or does not check, and what it
//! does not tell.

use super::RustlsEngine;
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind, Repeated};
use crate::handshake::wire::offer::Offer;
use crate::handshake::wire::server_hello::ServerHello;
use crate::handshake::wire::{
    Refusal, certificate, certificate_request, encrypted_extensions, session_ticket, signed,
};
use crate::handshake::{Message, records};
use crate::limits::{POST_HANDSHAKE_MESSAGE, RENEGOTIATION_REQUESTS};
use crate::protocol::SslProtocol;
use crate::record::header::ContentType;
use crate::record::messages::{Assembler, FRAME, Piece, kind};

/// The longest hello of our own: rustls makes none that comes near it.
const MAX_HELLO: usize = 0xffff;

impl RustlsEngine {
    /// Whether this is a server's request to renegotiate, which means nothing while the handshake
    /// is under way and is no part of it (RFC 5246 §7.4.1.1). TLS 1.3 has none (RFC 8446 §B.3).
    pub(super) fn is_idle_request(&mut self, message: &Message<'_>) -> Result<bool, Failure> {
        let message = message.framed.get(FRAME..).unwrap_or_default();
        let before_keys = self.is_client() && !self.has_read_keys;
        let offer = self.offer.as_ref();
        let may_be_tls12 = offer.is_some_and(Offer::has_tls12) && !self.facts.retried;
        if !before_keys || !may_be_tls12 || *message != [kind::HELLO_REQUEST, 0, 0, 0] {
            return Ok(false);
        }
        self.idle_requests += 1;
        match self.idle_requests > RENEGOTIATION_REQUESTS {
            true => Err(Failure::new(
                FailureKind::TooMuchOf(Repeated::RenegotiationRequests),
                Alert::UnexpectedMessage,
            )),
            false => Ok(true),
        }
    }

    /// Checks a message of the peer's before rustls has it.
    pub(super) fn look_at(&mut self, message: &Message<'_>) -> Result<(), Failure> {
        let last = message.last;
        let message = message.framed.get(FRAME..).unwrap_or_default();
        let kind = message.first().copied().unwrap_or_default();
        self.check_place(kind)?;
        match kind {
            kind::CERTIFICATE_VERIFY => self.facts.peer_signature = signed::verify_scheme(message),
            kind::SERVER_KEY_EXCHANGE => self.facts.peer_signature = signed::key_scheme(message),
            kind::NEW_SESSION_TICKET => self.facts.ticket = session_ticket::is_there(message),
            _ => {}
        }
        let must_be_last = match self.is_client() {
            true => self.look_at_server(kind, message)?,
            false => self.look_at_client(kind, message)?,
        };
        match (must_be_last || kind == kind::FINISHED) && !last {
            true => Err(Refusal::new(
                Alert::UnexpectedMessage,
                "bytes behind a message that must end its record",
            )
            .into()),
            false => Ok(()),
        }
    }

    /// Until ours is answered, nothing but the peer's hello has a place, and behind that no other
    /// hello of a server (RFC 8446 §4, RFC 5246 §7.4): of what else is said then, nothing is read.
    fn check_place(&self, kind: u8) -> Result<(), Refusal> {
        let answered = self.facts.server.is_some();
        let (is_hello, hello_alone) = match self.is_client() {
            true => (kind == kind::SERVER_HELLO, true),
            false => (kind == kind::CLIENT_HELLO, !answered),
        };
        match hello_alone && is_hello == answered {
            true => Err(Refusal::new(
                Alert::UnexpectedMessage,
                "a message before the hello, or another hello",
            )),
            false => Ok(()),
        }
    }

    /// Says whether the message must end its record.
    fn look_at_server(&mut self, kind: u8, message: &[u8]) -> Result<bool, Failure> {
        let is_tls13 = self.version() == Some(SslProtocol::TlsV1_3);
        let offer = self.offer.as_ref();
        match (kind, offer) {
            (kind::SERVER_HELLO, Some(offer)) => {
                let hello = ServerHello::read_answer(message, offer)?;
                match hello.is_retry() {
                    true => self.facts.retried = true,
                    false => drop(self.facts.server.get_or_insert(hello)),
                }
                return Ok(hello.is_tls13);
            }
            (kind::ENCRYPTED_EXTENSIONS, Some(offer)) if is_tls13 => {
                encrypted_extensions::check(message, offer)?;
            }
            (kind::CERTIFICATE, Some(offer)) if is_tls13 => {
                certificate::read_tls13(message, |number| offer.has(number))?;
            }
            (kind::CERTIFICATE, _) => drop(certificate::check_tls12(message)?),
            // Legal, but the next ClientHello would have no room for it.
            (kind::NEW_SESSION_TICKET, _) if message.len() > POST_HANDSHAKE_MESSAGE => {
                let needed = message.len();
                let kind = FailureKind::BufferTooSmall { needed };
                return Err(Failure::new(kind, Alert::IllegalParameter));
            }
            (kind::CERTIFICATE_REQUEST, _) => {
                let wanted = match is_tls13 {
                    true => certificate_request::read_tls13(message)?,
                    false => certificate_request::read_tls12(message),
                };
                self.authorities = certificate_request::kept(wanted.authorities);
                self.certificate_requested = true;
                self.facts.shows_certificate = self.can_sign(wanted.schemes, is_tls13);
            }
            // The server has nothing more to say before it has the client's answer.
            (kind::SERVER_HELLO_DONE, _) => return Ok(true),
            _ => {}
        }
        Ok(false)
    }

    /// Whether our key signs in one of these schemes: rustls then shows its certificate.
    fn can_sign(&self, schemes: &[u8], is_tls13: bool) -> bool {
        let pairs = schemes.chunks_exact(2).map(<[u8; 2]>::try_from);
        let mut schemes = pairs.flatten().map(u16::from_be_bytes);
        schemes.any(|number| {
            let mut own = self.own_schemes.iter();
            own.any(|own| own.code() == number && (!is_tls13 || own.is_of_tls13()))
        })
    }

    fn look_at_client(&mut self, kind: u8, message: &[u8]) -> Result<bool, Failure> {
        match (kind, self.version()) {
            (kind::CLIENT_HELLO, _) => {
                // Behind any other answer than HelloRetryRequest it is renegotiation, and rustls
                // refuses it.
                if let (Some(first), None) = (&self.hello, &self.facts.server) {
                    let second = first.read_second(message)?;
                    self.facts.early_data = second.offers_early_data();
                    self.hello = Some(second);
                }
                return Ok(true);
            }
            (kind::CERTIFICATE, Some(SslProtocol::TlsV1_3)) => {
                let requested = |number| certificate::REQUESTED.contains(&number);
                certificate::read_tls13(message, requested)?;
            }
            (kind::CERTIFICATE, _) => {
                self.facts.no_certificate = !certificate::check_tls12(message)?;
            }
            _ => {}
        }
        Ok(false)
    }

    /// Reads the hello in a flight of our own: what a client has offered, and what a server has
    /// answered, which matters in TLS 1.2.
    pub(super) fn note_own_hello(&mut self, flight: &[u8]) -> Result<(), Failure> {
        if self.facts.server.is_some() {
            return Ok(());
        }
        let mut messages = Assembler::default();
        for (content, body) in records(flight) {
            match content {
                ContentType::Handshake => {}
                // In front of a second ClientHello.
                ContentType::ChangeCipherSpec => continue,
                _ => break,
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
            match message.first() {
                Some(&kind::SERVER_HELLO) => {
                    let hello = ServerHello::read(message)?;
                    match hello.is_retry() {
                        true => self.facts.retried = true,
                        false => self.facts.server = Some(hello),
                    }
                }
                Some(&kind::CLIENT_HELLO) => {
                    self.offer = Some(Offer::read(message, self.offer.as_ref())?);
                }
                _ => {}
            }
            break;
        }
        Ok(())
    }
}
