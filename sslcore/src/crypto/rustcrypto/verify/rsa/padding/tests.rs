use alloc::vec;
use alloc::vec::Vec;

use sha2::{Sha256, Sha384, Sha512};

use super::*;

/// RFC 8017 §9.1.1, for a modulus of so many bits.
fn pss<D: Digest>(digest: &[u8], salt: &[u8], modulus_bits: usize) -> Vec<u8> {
    let encoded_bits = modulus_bits - 1;
    let len = encoded_bits.div_ceil(8);
    let prefix = D::new().chain_update([0; 8]);
    let hash = prefix.chain_update(digest).chain_update(salt).finalize();
    let mut block = vec![0; len - hash.len() - salt.len() - 2];
    block.push(1);
    block.extend(salt);
    unmask::<D>(&mut block, &hash);
    block[0] &= 0xff >> (8 * len - encoded_bits);
    let mut number = vec![0; modulus_bits.div_ceil(8) - len];
    number.extend(block);
    number.extend(hash);
    number.push(0xbc);
    number
}

fn pss_is_the_only_one<D: Digest>() {
    let digest = D::digest(b"message");
    let salt = D::digest(b"salt");
    for bits in 2048..=2056 {
        let encoded = pss::<D>(&digest, &salt, bits);
        assert_eq!(encoded.len(), bits.div_ceil(8));
        assert!(is_pss::<D>(&mut encoded.clone(), bits, &digest), "{bits}");
        assert!(!is_pss::<D>(&mut encoded.clone(), bits, &salt), "{bits}");
        for bit in 0..encoded.len() * 8 {
            let mut other = encoded.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_pss::<D>(&mut other, bits, &digest), "{bit} of {bits}");
        }
        for salt in [&salt[1..], &[&[0], &salt[..]].concat(), &[]] {
            let mut other = pss::<D>(&digest, salt, bits);
            assert!(!is_pss::<D>(&mut other, bits, &digest), "{}", salt.len());
        }
    }
}

#[test]
fn a_message_has_one_pss_encoding_for_each_salt() {
    pss_is_the_only_one::<Sha256>();
    pss_is_the_only_one::<Sha384>();
    pss_is_the_only_one::<Sha512>();
}

/// RFC 8017 §9.2, with the DigestInfo's first bytes that its note 1 has.
fn pkcs1(info: &[u8], digest: &[u8], len: usize) -> Vec<u8> {
    let mut encoded = vec![0, 1];
    encoded.resize(len - info.len() - digest.len() - 1, 0xff);
    encoded.push(0);
    encoded.extend(info);
    encoded.extend(digest);
    encoded
}

fn pkcs1_is_the_only_one<D: Digest + AssociatedOid>(info: &[u8; 19]) {
    let digest = D::digest(b"message");
    for len in [256, 257, 384] {
        let encoded = pkcs1(info, &digest, len);
        assert!(is_pkcs1::<D>(&encoded, &digest));
        for bit in 0..len * 8 {
            let mut other = encoded.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!is_pkcs1::<D>(&other, &digest), "{bit} of {len} bytes");
        }
    }
    // Without the NULL parameters, which are not left out here (RFC 8017 §A.2.4).
    let mut short = info.to_vec();
    short.drain(15..17);
    short[1] -= 2;
    short[3] -= 2;
    assert!(!is_pkcs1::<D>(&pkcs1(&short, &digest, 256), &digest));
}

#[test]
fn a_digest_has_one_pkcs1_encoding() {
    pkcs1_is_the_only_one::<Sha256>(
        b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
    );
    pkcs1_is_the_only_one::<Sha384>(
        b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
    );
    pkcs1_is_the_only_one::<Sha512>(
        b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    );
}

#[test]
fn what_is_too_short_is_no_encoding() {
    let digest = Sha256::digest(b"message");
    for len in 0..80 {
        assert!(!is_pkcs1::<Sha256>(&vec![0xff; len], &digest));
        for bits in (8 * len).saturating_sub(9)..=8 * len + 9 {
            assert!(!is_pss::<Sha256>(&mut vec![0xbc; len], bits, &digest));
        }
    }
}
