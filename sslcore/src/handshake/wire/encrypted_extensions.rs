//! EncryptedExtensions (RFC 8446 §4.3.1): what an engine does not check of them.

use super::extension::Extensions;
use super::offer::Offer;
use super::{Reader, Refusal};
use crate::handshake::extensions::{Place, number};
use crate::record::messages::MESSAGE_HEADER;

const DAMAGED: &str = "EncryptedExtensions are damaged";

/// Reads a whole message of a server's, to whom this was offered: the application protocol that it has
/// chosen.
#[cfg(feature = "engine")]
pub(crate) fn read<'a>(message: &'a [u8], offer: &Offer) -> Result<Option<&'a [u8]>, Refusal> {
    let extensions = extensions(message, offer)?;
    if extensions
        .find(number::SERVER_NAME)
        .is_some_and(|content| !content.is_empty())
    {
        return Err(Refusal::decode(DAMAGED));
    }
    let Some(content) = extensions.find(number::ALPN) else {
        return Ok(None);
    };
    let mut reader = Reader::new(content, DAMAGED);
    let names = reader.vector16()?;
    reader.end()?;
    // RFC 7301 §3.1: exactly one.
    let mut names = Reader::new(names, DAMAGED);
    let name = names.vector8()?;
    let name = names.filled(name)?;
    names.end()?;
    Ok(Some(name))
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
        let mut reader = Reader::new(content, DAMAGED);
        let groups = reader.vector16()?;
        reader.pairs(groups)?;
        reader.end()?;
    }
    Ok(extensions)
}
