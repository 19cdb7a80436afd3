//! Certificate (RFC 8446 §4.4.2, RFC 5246 §7.4.2): what an engine does not check of it.

use super::extension::Extensions;
use super::{Reader, Refusal};
use crate::handshake::extensions::{Place, number};
use crate::record::messages::MESSAGE_HEADER;

const DAMAGED: &str = "the Certificate message is damaged";

/// The extensions of a CertificateRequest of ours, which its answer could answer.
pub(crate) const REQUESTED: [u16; 2] = [
    number::SIGNATURE_ALGORITHMS,
    number::CERTIFICATE_AUTHORITIES,
];

/// Checks a whole message of TLS 1.2: no entry is empty. Says whether there is any.
pub(crate) fn check_tls12(message: &[u8]) -> Result<bool, Refusal> {
    let mut reader = Reader::new(message, DAMAGED);
    reader.take(MESSAGE_HEADER)?;
    let mut entries = Reader::new(reader.vector24()?, DAMAGED);
    reader.end()?;
    let is_empty = entries.is_empty();
    while !entries.is_empty() {
        let certificate = entries.vector24()?;
        entries.filled(certificate)?;
    }
    Ok(!is_empty)
}

/// Checks a whole message of TLS 1.3: no certificate is empty, and nobody says of one what was not
/// asked for.
pub(crate) fn check_tls13(message: &[u8], offered: impl Fn(u16) -> bool) -> Result<(), Refusal> {
    let mut reader = Reader::new(message, DAMAGED);
    reader.take(MESSAGE_HEADER)?;
    reader.vector8()?;
    let mut entries = Reader::new(reader.vector24()?, DAMAGED);
    reader.end()?;
    while !entries.is_empty() {
        let certificate = entries.vector24()?;
        entries.filled(certificate)?;
        let extensions = Extensions::read(entries.vector16()?)?;
        extensions.check(Place::Certificate, &offered)?;
    }
    Ok(())
}
