//! Messages into records.

use alloc::vec::Vec;

use super::failures::engine_failure;
use crate::failure::Failure;
use crate::handshake::wire::writer::Writer;
use crate::record::header::{ContentType, LEGACY_VERSION};
use crate::record::messages::kind;
use crate::record::protection::Protection;

/// A message that has been written; `None` when it would be too long.
pub(in crate::handshake) fn written(message: Option<Vec<u8>>) -> Result<Vec<u8>, Failure> {
    message.ok_or_else(|| engine_failure("a message of ours would be too long"))
}

/// A Finished message.
pub(in crate::handshake) fn finished(value: &[u8]) -> Result<Vec<u8>, Failure> {
    let message = Writer::message_with_room(kind::FINISHED, value.len(), |w| w.bytes(value));
    written(message)
}

/// Appends a message in the clear, in records of at most so many bytes.
pub(in crate::handshake) fn clear(flight: &mut Vec<u8>, message: &[u8], max_fragment: usize) {
    for part in message.chunks(max_fragment.max(1)) {
        record(flight, ContentType::Handshake, LEGACY_VERSION, part);
    }
}

/// The same for the hello that opens a connection, in records of TLS 1.0: some servers take no other
/// (RFC 8446 §5.1).
#[cfg(feature = "client")]
pub(in crate::handshake) fn opening(flight: &mut Vec<u8>, message: &[u8], max_fragment: usize) {
    for part in message.chunks(max_fragment.max(1)) {
        record(flight, ContentType::Handshake, [3, 1], part);
    }
}

/// Appends a ChangeCipherSpec, which changes nothing and lets the handshake look like one of TLS 1.2
/// (RFC 8446 §D.4).
pub(in crate::handshake) fn change_cipher_spec(flight: &mut Vec<u8>) {
    record(flight, ContentType::ChangeCipherSpec, LEGACY_VERSION, &[1]);
}

fn record(flight: &mut Vec<u8>, content: ContentType, version: [u8; 2], body: &[u8]) {
    flight.push(content as u8);
    flight.extend(version);
    flight.extend((body.len() as u16).to_be_bytes());
    flight.extend(body);
}

/// A record at the end of a flight that is not sealed yet: messages go into it while it has room, as many
/// as fit (RFC 8446 §5.1).
pub(in crate::handshake) struct OpenRecord {
    /// The most bytes of plaintext that a record has.
    max_fragment: usize,
    begun: Option<Begun>,
}

/// What there is of it.
struct Begun {
    /// Where it begins in the flight.
    start: usize,
    /// How many bytes of plaintext it has: fewer than there may be.
    len: usize,
}

impl OpenRecord {
    pub(in crate::handshake) fn new(max_fragment: usize) -> Self {
        Self {
            max_fragment: max_fragment.max(1),
            begun: None,
        }
    }

    /// Appends a message.
    pub(in crate::handshake) fn add(
        &mut self,
        mut message: &[u8],
        flight: &mut Vec<u8>,
        protection: &mut Protection,
    ) -> Result<(), Failure> {
        while !message.is_empty() {
            let Begun { start, len } = self.begun.take().unwrap_or(Begun {
                start: flight.len(),
                len: 0,
            });
            let room = self.max_fragment - len;
            let (part, rest) = message.split_at(message.len().min(room));
            // Hardly more than that: a flight may be all that a small machine has room for.
            flight.reserve_exact(part.len() + protection.overhead());
            if len == 0 {
                flight.resize(start + protection.prefix(), 0);
            }
            flight.extend(part);
            message = rest;
            self.begun = Some(Begun {
                start,
                len: len + part.len(),
            });
            if part.len() == room {
                self.seal(flight, protection)?;
            }
        }
        Ok(())
    }

    /// Seals what there is.
    pub(in crate::handshake) fn seal(
        &mut self,
        flight: &mut Vec<u8>,
        protection: &mut Protection,
    ) -> Result<(), Failure> {
        let Some(Begun { start, len }) = self.begun.take() else {
            return Ok(());
        };
        flight.resize(start + len + protection.overhead(), 0);
        protection
            .seal_filled(ContentType::Handshake, |_| len, &mut flight[start..])
            .map_err(|_| engine_failure("a record could not be sealed"))?;
        Ok(())
    }
}

/// Appends sealed messages, in records of at most so many bytes of plaintext.
pub(in crate::handshake) fn sealed<'a>(
    flight: &mut Vec<u8>,
    messages: impl IntoIterator<Item = &'a [u8]>,
    protection: &mut Protection,
    max_fragment: usize,
) -> Result<(), Failure> {
    let mut open = OpenRecord::new(max_fragment);
    for message in messages {
        open.add(message, flight, protection)?;
    }
    open.seal(flight, protection)
}
