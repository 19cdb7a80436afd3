//! NewSessionTicket of TLS 1.3 (RFC 8446 §4.6.1): read here whether anybody keeps it or not.

use super::extension::{Extensions, Place, number};
use super::{Reader, Refusal};

const DAMAGED: &str = "the NewSessionTicket is damaged";

/// Reads the body of a message, and says the ticket's lifetime, in seconds.
pub(crate) fn read(body: &[u8]) -> Result<u32, Refusal> {
    let mut reader = Reader::new(body, DAMAGED);
    let lifetime = u32::from_be_bytes(*reader.array()?);
    // What is added to its age, and the nonce.
    reader.take(4)?;
    reader.vector8()?;
    let ticket = reader.vector16()?;
    reader.filled(ticket)?;
    let extensions = Extensions::read(reader.vector16()?)?;
    reader.end()?;
    extensions.belong(Place::NewSessionTicket)?;
    match extensions.find(number::EARLY_DATA) {
        Some(content) if content.len() != 4 => Err(Refusal::decode(DAMAGED)),
        _ => Ok(lifetime),
    }
}
