//! Certificate (RFC 8446 §4.4.2, RFC 5246 §7.4.2): what an engine does not check of it.

use alloc::vec::Vec;

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

/// The type of status that is known (RFC 6066 §8).
pub(crate) const OCSP: u8 = 1;

/// A chain in TLS 1.3, leaf first.
#[derive(Debug, Default)]
pub(crate) struct Chain<'a> {
    pub(crate) certificates: Vec<&'a [u8]>,
    /// The OCSP response that came with the leaf.
    pub(crate) stapled: Option<&'a [u8]>,
    /// The timestamps that came with it.
    pub(crate) timestamps: Option<&'a [u8]>,
}

/// Reads a whole message of TLS 1.3, within a handshake, where it has no context: no certificate is
/// empty, and nobody says of one what was not asked for.
pub(crate) fn read_tls13(
    message: &[u8],
    offered: impl Fn(u16) -> bool,
) -> Result<Chain<'_>, Refusal> {
    let mut reader = Reader::new(message, DAMAGED);
    reader.take(MESSAGE_HEADER)?;
    if !reader.vector8()?.is_empty() {
        return Err(Refusal::decode("a Certificate with a context"));
    }
    let mut entries = Reader::new(reader.vector24()?, DAMAGED);
    reader.end()?;
    let mut chain = Chain::default();
    while !entries.is_empty() {
        let certificate = entries.vector24()?;
        let certificate = entries.filled(certificate)?;
        let extensions = Extensions::read(entries.vector16()?)?;
        extensions.check(Place::Certificate, &offered)?;
        let stapled = extensions.find(number::STATUS_REQUEST);
        let stapled = stapled.map(status).transpose()?.flatten();
        let timestamps = extensions.find(number::SIGNED_CERTIFICATE_TIMESTAMP);
        timestamps.map(check_timestamps).transpose()?;
        if chain.certificates.is_empty() {
            (chain.stapled, chain.timestamps) = (stapled, timestamps);
        }
        chain.certificates.push(certificate);
    }
    Ok(chain)
}

/// Checks a SignedCertificateTimestampList (RFC 6962 §3.3): neither it nor anything in it is empty.
///
/// # Errors
/// decode_error.
pub(crate) fn check_timestamps(list: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::new(list, "a list of timestamps is damaged");
    let timestamps = reader.vector16()?;
    let mut timestamps = Reader::new(
        reader.filled(timestamps)?,
        "a list of timestamps is damaged",
    );
    reader.end()?;
    while !timestamps.is_empty() {
        let timestamp = timestamps.vector16()?;
        timestamps.filled(timestamp)?;
    }
    Ok(())
}

/// Checks what a client asks for with a server's certificate (RFC 6066 §8).
///
/// # Errors
/// decode_error.
#[cfg(all(feature = "engine", feature = "server"))]
pub(crate) fn check_status_request(content: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::new(content, "status_request is damaged");
    if reader.u8()? != OCSP {
        return Ok(());
    }
    let mut responders = Reader::new(reader.vector16()?, "status_request is damaged");
    while !responders.is_empty() {
        let responder = responders.vector16()?;
        responders.filled(responder)?;
    }
    reader.vector16()?;
    reader.end()
}

/// Whether X.509 is among the types of certificates that a client takes, or has (RFC 7250 §3).
///
/// # Errors
/// decode_error.
#[cfg(all(feature = "engine", feature = "server"))]
pub(crate) fn takes_x509(content: &[u8]) -> Result<bool, Refusal> {
    const X509: u8 = 0;
    let mut reader = Reader::new(content, "a list of certificate types is damaged");
    let types = reader.vector8()?;
    let types = reader.filled(types)?;
    reader.end()?;
    Ok(types.contains(&X509))
}

/// Reads a CertificateStatus: nothing of a type that is not known (RFC 6066 §8).
fn status(content: &[u8]) -> Result<Option<&[u8]>, Refusal> {
    let mut reader = Reader::new(content, DAMAGED);
    if reader.u8()? != OCSP {
        return Ok(None);
    }
    let response = reader.vector24()?;
    let response = reader.filled(response)?;
    reader.end()?;
    Ok(Some(response))
}
