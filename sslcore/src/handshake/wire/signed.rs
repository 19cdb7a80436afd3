//! The scheme in which the peer has signed its handshake. The message is checked by the engine.

use crate::record::messages::MESSAGE_HEADER;

/// IANA's number of the scheme in a CertificateVerify (RFC 8446 §4.4.3, RFC 5246 §7.4.8).
pub(crate) fn verify_scheme(message: &[u8]) -> Option<u16> {
    scheme(message.get(MESSAGE_HEADER..)?)
}

/// IANA's number of the scheme in the ServerKeyExchange of an ECDHE suite, behind the curve's type,
/// its number, and the server's point (RFC 8422 §5.4).
pub(crate) fn key_scheme(message: &[u8]) -> Option<u16> {
    let [_, _, _, len, behind @ ..] = message.get(MESSAGE_HEADER..)? else {
        return None;
    };
    scheme(behind.get(usize::from(*len)..)?)
}

fn scheme(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.first_chunk()?))
}
