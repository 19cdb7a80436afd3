//! EncryptedExtensions (RFC 8446 §4.3.1): what an engine does not check of them.

use super::extension::Extensions;
use super::offer::Offer;
use super::{Reader, Refusal, groups};
use crate::handshake::extensions::{Place, number};
use crate::record::messages::MESSAGE_HEADER;

const DAMAGED: &str = "EncryptedExtensions are damaged";

/// Reads a whole message of a server's, to whom this was offered.
#[cfg(feature = "engine")]
pub(crate) fn read<'a>(message: &'a [u8], offer: &Offer) -> Result<Extensions<'a>, Refusal> {
    let extensions = extensions(message, offer)?;
    match extensions.find(number::SERVER_NAME) {
        Some(content) if !content.is_empty() => Err(Refusal::decode(DAMAGED)),
        _ => Ok(extensions),
    }
}

/// Checks a whole message of a server's, to whom this was offered.
pub(crate) fn check(message: &[u8], offer: &Offer) -> Result<(), Refusal> {
    extensions(message, offer).map(|_| ())
}

fn extensions<'a>(message: &'a [u8], offer: &Offer) -> Result<Extensions<'a>, Refusal> {
    let mut reader = Reader::new(message, DAMAGED);
    reader.take(MESSAGE_HEADER)?;
    let extensions = Extensions::read(reader.vector16()?)?;
    reader.end()?;
    extensions.check(Place::EncryptedExtensions, |number| offer.has(number))?;
    if let Some(content) = extensions.find(number::SUPPORTED_GROUPS) {
        groups::supported(content)?;
    }
    Ok(extensions)
}
