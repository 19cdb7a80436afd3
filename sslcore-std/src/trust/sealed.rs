//! What a PKCS#12 file shows without its passphrase (RFC 7292 §4).

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::Decode;
use pkcs8::pkcs5::pbes2;

use super::der::{OID, SEQUENCE};
use super::parameters::{OCTET_STRING, element};

const INTEGER: u8 = 0x02;
/// `[0]`, around other elements and in place of a tag.
const EXPLICIT: u8 = 0xa0;
const IMPLICIT: u8 = 0x80;
/// `data` and `encryptedData`, 1.2.840.113549.1.7 (RFC 5652 §4 and §8).
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06];
/// `keyBag` and `pkcs8ShroudedKeyBag` in 1.2.840.113549.1.12.10.1 (RFC 7292 §4.2).
const KEY: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x01,
];
const SHROUDED_KEY: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02,
];
/// `PBES2`, 1.2.840.113549.1.5.13 (RFC 8018 §A.4).
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];

/// Whether something in this file is encrypted, and everything around it is as it should be: if the
/// file cannot be read then, what the passphrase decrypted is why.
pub(super) fn is_whole(store: &[u8]) -> bool {
    let mut sealed = false;
    look(store, &mut sealed).is_some() && sealed
}

/// Goes through all that is in the clear. `None`: it is not as it should be.
fn look(store: &[u8], sealed: &mut bool) -> Option<()> {
    let mut pfx = take(&mut &store[..], SEQUENCE)?;
    take(&mut pfx, INTEGER)?;
    let mut content = data(take(&mut pfx, SEQUENCE)?)?;
    let mut safes = take(&mut content, SEQUENCE)?;
    while !safes.is_empty() {
        let mut safe = take(&mut safes, SEQUENCE)?;
        match data(safe) {
            Some(bags) => look_at_bags(bags, sealed)?,
            None if take(&mut safe, OID)? == ENCRYPTED_DATA => {
                let mut content = take(&mut take(&mut safe, EXPLICIT)?, SEQUENCE)?;
                take(&mut content, INTEGER)?;
                let mut content = take(&mut content, SEQUENCE)?;
                take(&mut content, OID)?;
                algorithm(&mut content)?;
                take(&mut content, IMPLICIT)?;
                *sealed = true;
            }
            None => return None,
        }
    }
    Some(())
}

/// What a ContentInfo of the type `data` holds.
fn data(mut info: &[u8]) -> Option<&[u8]> {
    match take(&mut info, OID)? {
        DATA => take(&mut take(&mut info, EXPLICIT)?, OCTET_STRING),
        _ => None,
    }
}

fn look_at_bags(mut safe: &[u8], sealed: &mut bool) -> Option<()> {
    let mut bags = take(&mut safe, SEQUENCE)?;
    while !bags.is_empty() {
        let mut bag = take(&mut bags, SEQUENCE)?;
        let id = take(&mut bag, OID)?;
        let value = take(&mut bag, EXPLICIT)?;
        let mut inside = take(&mut &value[..], SEQUENCE)?;
        match id {
            KEY if PrivateKeyInfoRef::from_der(value).is_err() => return None,
            SHROUDED_KEY => {
                algorithm(&mut inside)?;
                take(&mut inside, OCTET_STRING)?;
                *sealed = true;
            }
            _ => {}
        }
    }
    Some(())
}

/// An encryption with parameters that can be read.
fn algorithm(from: &mut &[u8]) -> Option<()> {
    let mut algorithm = take(from, SEQUENCE)?;
    match take(&mut algorithm, OID)? {
        PBES2 => pbes2::Parameters::from_der(algorithm).ok().map(drop),
        // Those of PKCS#12 have a salt and a number of rounds (RFC 7292 §C).
        _ => {
            let mut parameters = take(&mut algorithm, SEQUENCE)?;
            take(&mut parameters, OCTET_STRING)?;
            take(&mut parameters, INTEGER).map(drop)
        }
    }
}

/// The value of the first element, which must have this tag.
fn take<'a>(from: &mut &'a [u8], expected: u8) -> Option<&'a [u8]> {
    let (tag, value, rest) = element(from)?;
    *from = rest;
    (tag == expected).then_some(value)
}
