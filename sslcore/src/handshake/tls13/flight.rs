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
    written(Writer::message(kind::FINISHED, |w| w.bytes(value)))
}

/// Appends a message in the clear, in records of at most so many bytes.
pub(in crate::handshake) fn clear(flight: &mut Vec<u8>, message: &[u8], max_fragment: usize) {
    for part in message.chunks(max_fragment.max(1)) {
        record(flight, ContentType::Handshake, part);
    }
}

/// Appends a ChangeCipherSpec, which changes nothing and lets the handshake look like one of TLS 1.2
/// (RFC 8446 §D.4).
pub(in crate::handshake) fn change_cipher_spec(flight: &mut Vec<u8>) {
    record(flight, ContentType::ChangeCipherSpec, &[1]);
}

fn record(flight: &mut Vec<u8>, content: ContentType, body: &[u8]) {
    flight.push(content as u8);
    flight.extend(LEGACY_VERSION);
    flight.extend((body.len() as u16).to_be_bytes());
    flight.extend(body);
}

/// Appends a sealed message, in records of at most so many bytes of plaintext.
pub(in crate::handshake) fn sealed(
    flight: &mut Vec<u8>,
    message: &[u8],
    protection: &mut Protection,
    max_fragment: usize,
) -> Result<(), Failure> {
    for part in message.chunks(max_fragment.max(1)) {
        let start = flight.len();
        flight.resize(start + part.len() + protection.overhead(), 0);
        protection
            .seal(ContentType::Handshake, part, &mut flight[start..])
            .map_err(|_| engine_failure("a record could not be sealed"))?;
    }
    Ok(())
}

/// How many records a sealed message of so many bytes takes.
pub(in crate::handshake) fn records(len: usize, max_fragment: usize) -> u64 {
    len.div_ceil(max_fragment.max(1)) as u64
}
