//! CertificateRequest of TLS 1.3 (RFC 8446 §4.3.2): what an engine does not check of it.

use super::extension::{Extensions, Place, number};
use super::{Reader, Refusal};
use crate::record::messages::MESSAGE_HEADER;

const DAMAGED: &str = "the CertificateRequest is damaged";

/// Checks a whole message.
pub(crate) fn check(message: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::new(message, DAMAGED);
    reader.take(MESSAGE_HEADER)?;
    reader.vector8()?;
    let extensions = Extensions::read(reader.vector16()?)?;
    reader.end()?;
    extensions.belong(Place::CertificateRequest)?;
    if let Some(content) = extensions.find(number::CERTIFICATE_AUTHORITIES) {
        let mut reader = Reader::new(content, DAMAGED);
        let names = reader.vector16()?;
        reader.filled(names)?;
        reader.end()?;
    }
    match extensions.find(number::SIGNATURE_ALGORITHMS) {
        Some(_) => Ok(()),
        None => Err(Refusal::missing("there is no signature_algorithms")),
    }
}
