//! How rustls is given messages: in whole records, protected as it expects them.

use alloc::vec::Vec;

use super::kernel::conversion_failure;
use super::side::Step;
use super::{RustlsEngine, errors};
use crate::alert::Alert;
use crate::failure::{Failure, FailureKind};
use crate::handshake::records;
use crate::protocol::SslProtocol;
use crate::record::header::{ContentType, HEADER_LEN, Header, LEGACY_VERSION, MAX_PLAINTEXT};
use crate::record::messages::FRAME;
use crate::record::protection::Protection;

impl RustlsEngine {
    /// Gives rustls whole records, and lets it do what it can.
    // It is large, and called from many places.
    #[inline(never)]
    pub(super) fn feed(&mut self, input: &mut [u8], flight: &mut Vec<u8>) -> Result<(), Failure> {
        let before = flight.len();
        let fed = self.feed_engine(input, flight);
        let resumed = self.is_resumed();
        self.staple
            .fetch(&self.taps.clock, &self.taps.gate, resumed);
        let sealed = fed.and_then(|()| self.complete(flight.get_mut(before..).unwrap_or_default()));
        if sealed.is_err() {
            // Nothing of it may leave: some may be in the clear yet.
            flight.truncate(before);
        }
        sealed
    }

    /// Notes what rustls wants to send, and seals what is to be protected.
    fn complete(&mut self, added: &mut [u8]) -> Result<(), Failure> {
        if self.version() == Some(SslProtocol::TlsV1_3) {
            self.taps.gate.set_tickets_droppable();
        }
        if self.is_full() {
            self.taps.gate.set_begins(self.taps.clock.now());
        }
        self.note_own_hello(added)?;
        self.seal(added)?;
        if self.sends_tickets() {
            self.tickets += records(added).count() as u64;
        }
        Ok(())
    }

    fn feed_engine(&mut self, mut input: &mut [u8], flight: &mut Vec<u8>) -> Result<(), Failure> {
        loop {
            let (done, step) = self.side.step(input, flight);
            input = input.get_mut(done..).unwrap_or_default();
            let step = match step {
                Ok(step) => step,
                Err(error) => {
                    self.refused = self.verifier.refusals.take(&error);
                    return match self.refused {
                        Some(_) => Ok(()),
                        None => Err(self.failure(&error)),
                    };
                }
            };
            match step {
                Step::Again => {}
                // Whole messages are never left lying.
                Step::Blocked if input.is_empty() => return Ok(()),
                Step::Blocked | Step::Closed | Step::Unexpected => {
                    return Err(Failure::new(FailureKind::Engine, Alert::InternalError)
                        .because("rustls did not take a whole message"));
                }
            }
        }
    }

    pub(super) fn failure(&self, error: &rustls::Error) -> Failure {
        errors::failure(error, self.context())
    }

    pub(super) fn context(&self) -> errors::Context {
        errors::Context {
            version: self.version().or(self.facts.likely),
        }
    }

    /// Gives rustls a message in records: where it lies if it fits into one and rustls takes it in the
    /// clear.
    pub(super) fn deliver(
        &mut self,
        framed: &mut [u8],
        protection: Option<&Protection>,
        flight: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let message = framed.get(FRAME..).unwrap_or_default();
        // rustls would not find out.
        if self.has_read_keys && protection.is_none() {
            return Err(unexpected());
        }
        let protection = protection.filter(|_| !self.is_bare);
        if protection.is_none() && message.len() <= MAX_PLAINTEXT {
            let header = record_header(message.len());
            if let Some(room) = framed.first_chunk_mut() {
                *room = header;
            }
            return self.feed(framed, flight);
        }
        let mut records = Vec::new();
        for part in message.chunks(MAX_PLAINTEXT) {
            let Some(protection) = protection else {
                records.extend_from_slice(&record_header(part.len()));
                records.extend_from_slice(part);
                continue;
            };
            let start = records.len();
            records.resize(start + part.len() + protection.overhead(), 0);
            let space = &mut records[start..];
            protection
                .seal_again(self.resealed, ContentType::Handshake, part, space)
                .map_err(|_| conversion_failure())?;
            self.resealed += 1;
        }
        self.feed(&mut records, flight)
    }
}

fn unexpected() -> Failure {
    Failure::new(FailureKind::UnexpectedMessage, Alert::UnexpectedMessage)
        .because("a message in the clear behind protected ones")
}

/// The header of a handshake record in the clear, of at most 2^14 bytes.
const fn record_header(body: usize) -> [u8; HEADER_LEN] {
    let header = Header {
        content: ContentType::Handshake,
        version: LEGACY_VERSION,
        body,
    };
    header.encode()
}

#[cfg(all(test, feature = "client", feature = "ring", feature = "tls12"))]
mod tests;
