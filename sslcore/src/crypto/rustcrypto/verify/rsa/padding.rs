//! What is in a signature beside the hash: EMSA-PKCS1-v1_5 and EMSA-PSS (RFC 8017 §9).

use sha2::Digest;
use sha2::digest::const_oid::AssociatedOid;

use crate::x509::der::tag;

/// RFC 8017 §9.2. A digest has one encoding of this length, and `encoded` is to be it: all of it is looked
/// at, and nothing in it says how long something is.
pub(super) fn is_pkcs1<D: Digest + AssociatedOid>(encoded: &[u8], digest: &[u8]) -> bool {
    padding_of::<D>(encoded, digest).is_some_and(|padding| padding.iter().all(|byte| *byte == 0xff))
}

/// What is between the first two bytes and the zero before the DigestInfo.
fn padding_of<'a, D: AssociatedOid>(encoded: &'a [u8], digest: &[u8]) -> Option<&'a [u8]> {
    let oid = D::OID.as_bytes();
    let [digest_len, oid_len] = [digest.len(), oid.len()].map(|len| len as u8);
    let algorithm_len = 2 + oid_len + 2;
    let info_len = 2 + algorithm_len + 2 + digest_len;
    encoded
        .strip_suffix(digest)?
        .strip_suffix(&[0x05, 0, tag::OCTET_STRING, digest_len])?
        .strip_suffix(oid)?
        .strip_suffix(&[
            tag::SEQUENCE,
            algorithm_len,
            tag::OBJECT_IDENTIFIER,
            oid_len,
        ])?
        .strip_suffix(&[0, tag::SEQUENCE, info_len])?
        .strip_prefix(&[0, 1])
}

/// RFC 8017 §9.1.2, with MGF1 of the same hash, and a salt as long as it (RFC 8446 §4.2.3). `encoded` is as
/// long as the modulus, and means nothing after this.
pub(super) fn is_pss<D: Digest>(encoded: &mut [u8], modulus_bits: usize, digest: &[u8]) -> bool {
    salt_and_hash::<D>(encoded, modulus_bits).is_some_and(|(salt, hash)| {
        let own = D::new().chain_update([0; 8]).chain_update(digest);
        own.chain_update(salt).finalize().as_slice() == hash
    })
}

fn salt_and_hash<D: Digest>(encoded: &mut [u8], modulus_bits: usize) -> Option<(&[u8], &[u8])> {
    // The encoding has one bit less than the modulus, with which it may begin a byte later.
    let unused_bits = (encoded.len() * 8 + 1).checked_sub(modulus_bits)?;
    let (before, encoded) = encoded.split_at_mut_checked(unused_bits / 8)?;
    let highest = u8::MAX >> (unused_bits % 8);
    let (end, encoded) = encoded.split_last_mut()?;
    let digest_len = <D as Digest>::output_size();
    let (block, hash) = encoded.split_at_mut_checked(encoded.len().checked_sub(digest_len)?)?;
    let first = block.first_mut()?;
    if before.iter().any(|byte| *byte != 0) || *first > highest || *end != 0xbc {
        return None;
    }
    unmask::<D>(block, hash);
    *block.first_mut()? &= highest;
    let (zeros, salt) = block.split_at_checked(block.len().checked_sub(digest_len)?)?;
    let (one, zeros) = zeros.split_last()?;
    (*one == 1 && zeros.iter().all(|byte| *byte == 0)).then_some((salt, &*hash))
}

/// MGF1 (RFC 8017 §B.2.1), over the data.
fn unmask<D: Digest>(data: &mut [u8], seed: &[u8]) {
    for (counter, piece) in (0_u32..).zip(data.chunks_mut(<D as Digest>::output_size())) {
        let mask = D::new()
            .chain_update(seed)
            .chain_update(counter.to_be_bytes());
        for (byte, mask) in piece.iter_mut().zip(mask.finalize()) {
            *byte ^= mask;
        }
    }
}

#[cfg(test)]
mod tests;
