//! Whether what a configuration says fits into the messages that say it: not only each name and
//! each certificate, but all of them together.

use alloc::vec::Vec;

use rustls_pki_types::CertificateDer;

use crate::config_error::ConfigError;
use crate::limits;

/// Message header, an empty context and the length of the list (RFC 8446 §4.4.2).
const CERTIFICATE: usize = 4 + 1 + 3;
/// What each certificate of the list has around it: its length, and that of its extensions.
const CERTIFICATE_ENTRY: usize = 3 + 2;
/// What stands before an extension's content.
const EXTENSION: usize = 4;
/// What a stapled response has around it: extension, status type and length.
const STAPLED: usize = 4 + 1 + 3;
/// Message header, an empty context, the length of the extensions; and of those
/// signature_algorithms, without its schemes, and certificate_authorities, without its names
/// (RFC 8446 §4.3.2). TLS 1.2's message has a little less.
const CERTIFICATE_REQUEST: usize = 4 + 1 + 2 + (4 + 2) + (4 + 2);

/// Application protocols in a ClientHello: each has a length of one byte (RFC 7301 §3.1).
pub(super) fn application_protocols(names: &[Vec<u8>]) -> Result<(), ConfigError> {
    let bytes = names.iter().map(|name| 1 + name.len()).sum();
    match bytes <= limits::APPLICATION_PROTOCOLS {
        true => Ok(()),
        false => Err(ConfigError::AlpnTooLong(bytes)),
    }
}

/// The chain in a Certificate message, and in TLS 1.3 the response stapled to it.
pub(super) fn certificates(
    chain: &[CertificateDer<'_>],
    stapled: Option<&Vec<u8>>,
    timestamps: Option<&Vec<u8>>,
) -> Result<(), ConfigError> {
    let entries = chain.iter().map(|der| CERTIFICATE_ENTRY + der.len());
    let stapled = stapled.map_or(0, |response| STAPLED + response.len());
    let timestamps = timestamps.map_or(0, |list| EXTENSION + list.len());
    let bytes = CERTIFICATE + entries.sum::<usize>() + stapled + timestamps;
    match bytes <= limits::HANDSHAKE_MESSAGE {
        true => Ok(()),
        false => Err(ConfigError::CertificatesTooLong(bytes)),
    }
}

/// The names of acceptable issuers in a CertificateRequest, beside so many signature schemes.
/// `names` are what the names' sequences hold.
pub(super) fn issuers(names: &[Vec<u8>], schemes: usize) -> Result<(), ConfigError> {
    let names = names.iter().map(|name| 2 + sequence(name.len()));
    let bytes = CERTIFICATE_REQUEST + 2 * schemes + names.sum::<usize>();
    match bytes <= limits::HANDSHAKE_MESSAGE {
        true => Ok(()),
        false => Err(ConfigError::IssuerNamesTooLong(bytes)),
    }
}

/// A DER sequence with so much in it, its header included.
fn sequence(content: usize) -> usize {
    let length = match content {
        0..0x80 => 1,
        0x80..0x100 => 2,
        0x100..0x1_0000 => 3,
        _ => 4,
    };
    1 + length + content
}
