//! The parameters of an encryption, before anything is decrypted with them.

use super::der::{OID, SEQUENCE, header};

/// `des-EDE3-CBC`, 1.2.840.113549.3.7 (RFC 8018 §B.2.2).
const TDES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07];
/// `id-scrypt`, 1.3.6.1.4.1.11591.4.11 (RFC 7914 §7).
const SCRYPT: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
pub(super) const OCTET_STRING: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;
/// Files of keys have some fifteen.
const MAX_LEVELS: usize = 64;

/// Whether somewhere in this DER are parameters of an encryption that pkcs5 panics at: an IV of 3DES
/// that is too short, or none of scrypt's rounds. Looks also into octet strings that hold DER.
pub(super) fn are_impossible(der: &[u8]) -> bool {
    is_impossible(der, MAX_LEVELS)
}

fn is_impossible(mut der: &[u8], levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else {
        return true;
    };
    while let Some((tag, value, rest)) = element(der) {
        der = rest;
        let bad = match tag {
            SEQUENCE => impossible_algorithm(value) || is_impossible(value, levels),
            OCTET_STRING if value.first() == Some(&SEQUENCE) => is_impossible(value, levels),
            tag if tag & CONSTRUCTED != 0 => is_impossible(value, levels),
            _ => false,
        };
        if bad {
            return true;
        }
    }
    false
}

/// Whether this is the content of such an AlgorithmIdentifier.
fn impossible_algorithm(content: &[u8]) -> bool {
    let Some((OID, id, parameters)) = element(content) else {
        return false;
    };
    if id == TDES {
        return !matches!(element(parameters), Some((_, iv, _)) if iv.len() == 8);
    }
    let cost = || {
        let (_, parameters, _) = element(parameters)?;
        let (_, _salt, rest) = element(parameters)?;
        element(rest)
    };
    id == SCRYPT && !matches!(cost(), Some((_, n, _)) if n.iter().any(|byte| *byte != 0))
}

/// Tag and value of the first element, and what is behind it.
pub(super) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, len, rest) = header(der)?;
    let (value, rest) = rest.split_at_checked(len)?;
    Some((tag, value, rest))
}

/// A key in PKCS#8 that is encrypted (RFC 5958 §3).
#[cfg(feature = "encrypted-keys")]
pub(super) struct Encrypted<'a> {
    /// The object identifier of the encryption.
    pub(super) id: &'a [u8],
    /// What stands behind it.
    pub(super) parameters: &'a [u8],
    pub(super) ciphertext: &'a [u8],
}

#[cfg(feature = "encrypted-keys")]
impl<'a> Encrypted<'a> {
    /// `None`: its structure is another.
    pub(super) fn look(der: &'a [u8]) -> Option<Self> {
        let (SEQUENCE, content, []) = element(der)? else {
            return None;
        };
        let (SEQUENCE, algorithm, rest) = element(content)? else {
            return None;
        };
        let (OID, id, parameters) = element(algorithm)? else {
            return None;
        };
        let (OCTET_STRING, ciphertext, []) = element(rest)? else {
            return None;
        };
        Some(Self {
            id,
            parameters,
            ciphertext,
        })
    }
}
