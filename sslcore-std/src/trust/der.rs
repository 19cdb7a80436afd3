//! What a piece of DER is, from its first bytes.

/// What a DER file holds, as far as that can be told without decoding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Der {
    /// Not a DER SEQUENCE.
    Not,
    /// A SEQUENCE with more bytes than there are.
    EndsEarly,
    /// A SEQUENCE with bytes behind it.
    GoesOn,
    /// A SEQUENCE that does not say its length: BER (X.690 §8.1.3.6).
    Ber,
    /// PKCS#8, PKCS#1 or SEC1.
    PrivateKey,
    /// PKCS#8, encrypted (RFC 5958 §3).
    EncryptedKey,
    /// PFX (RFC 7292 §4).
    Pkcs12,
    /// A message of CMS (RFC 5652 §3); PKCS#7 files of certificates (`.p7b`) are such.
    Message,
    /// An OCSPResponse (RFC 6960 §4.2.1).
    OcspResponse,
    /// A CertificationRequest (RFC 2986 §4.2).
    Request,
    /// Something else, perhaps a certificate.
    Other,
}

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const OID: u8 = 0x06;
const ENUMERATED: u8 = 0x0a;
/// 1.2.840.113549.1, the arc of PKCS; PKCS#5 and PKCS#12 name encryptions.
const PKCS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01];

/// Looks at a whole file or block.
pub(super) fn look(der: &[u8]) -> Der {
    let content = match header(der) {
        Some((SEQUENCE, len, content)) if content.len() == len => content,
        // A short length could be any text that begins with "0".
        Some((SEQUENCE, len, content)) if content.len() < len && len >= 128 => {
            return Der::EndsEarly;
        }
        Some((SEQUENCE, len, _)) if len >= 128 => return Der::GoesOn,
        None if der.starts_with(&[SEQUENCE, 0x80]) => return Der::Ber,
        _ => return Der::Not,
    };
    match content {
        [2, 1, 3, SEQUENCE, ..] => Der::Pkcs12,
        // PKCS#8 goes on with an algorithm, PKCS#1 with the modulus, SEC1 with the key's bytes.
        [2, 1, 0 | 1, SEQUENCE | 2 | 4, ..] => Der::PrivateKey,
        [OID, ..] => Der::Message,
        [ENUMERATED, ..] => Der::OcspResponse,
        [SEQUENCE, ..] => match algorithm(content) {
            Some(oid) if is_encryption(oid) => Der::EncryptedKey,
            _ if is_request(content) => Der::Request,
            _ => Der::Other,
        },
        _ => Der::Other,
    }
}

/// Tag, length, and all that is behind the header of the first element.
pub(super) fn header(der: &[u8]) -> Option<(u8, usize, &[u8])> {
    let [tag, first, rest @ ..] = der else {
        return None;
    };
    if *first < 0x80 {
        return Some((*tag, usize::from(*first), rest));
    }
    let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    if bytes.is_empty() || bytes.len() > 4 {
        return None;
    }
    let len = bytes
        .iter()
        .fold(0_usize, |len, byte| len << 8 | usize::from(*byte));
    Some((*tag, len, rest))
}

/// The OID of an AlgorithmIdentifier that stands here.
pub(super) fn algorithm(der: &[u8]) -> Option<&[u8]> {
    let (SEQUENCE, _, inside) = header(der)? else {
        return None;
    };
    let (OID, len, rest) = header(inside)? else {
        return None;
    };
    rest.get(..len)
}

/// Whether version 0 and a name stand here: behind a certificate's version or serial number is an
/// algorithm.
fn is_request(der: &[u8]) -> bool {
    let Some((SEQUENCE, _, [2, 1, 0, name @ ..])) = header(der) else {
        return false;
    };
    matches!(header(name), Some((SEQUENCE, ..))) && algorithm(name).is_none()
}

fn is_encryption(oid: &[u8]) -> bool {
    matches!(oid.strip_prefix(PKCS), Some([5 | 12, ..]))
}
