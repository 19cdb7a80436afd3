//! EncryptedExtensions (RFC 8446 §4.3.1): what an engine does not check of them.

use super::extension::{Extensions, Place, number};
use super::offer::Offer;
use super::{Reader, Refusal};
use crate::record::messages::MESSAGE_HEADER;

const DAMAGED: &str = "EncryptedExtensions are damaged";

/// Checks a whole message of a server's, to whom this was offered.
pub(crate) fn check(message: &[u8], offer: &Offer) -> Result<(), Refusal> {
    let mut reader = Reader::new(message, DAMAGED);
    reader.take(MESSAGE_HEADER)?;
    let extensions = Extensions::read(reader.vector16()?)?;
    reader.end()?;
    extensions.answer(Place::EncryptedExtensions, |number| offer.has(number))?;
    if let Some(content) = extensions.find(number::SUPPORTED_GROUPS) {
        let mut reader = Reader::new(content, DAMAGED);
        let groups = reader.vector16()?;
        reader.pairs(groups)?;
        reader.end()?;
    }
    Ok(())
}
