//! RSA signatures (RFC 8017), with keys of 2048 to 8192 bits.

use core::ops::RangeInclusive;

use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, Pss};
use rustls_pki_types::{AlgorithmIdentifier, alg_id};
use sha2::digest::FixedOutputReset;
use sha2::digest::const_oid::AssociatedOid;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::verifier::{Verifier, Verify};

/// RSA moduli that are accepted, in bits. Shorter ones can be factored, longer ones are a way to
/// keep a small processor busy.
const RSA_BITS: RangeInclusive<u32> = 2048..=8192;

const fn verifier(signature: AlgorithmIdentifier, verify: Verify) -> Verifier {
    Verifier {
        key: alg_id::RSA_ENCRYPTION,
        signature,
        verify,
    }
}

pub(super) static PSS_SHA256: Verifier = verifier(alg_id::RSA_PSS_SHA256, verify_pss::<Sha256>);
pub(super) static PSS_SHA384: Verifier = verifier(alg_id::RSA_PSS_SHA384, verify_pss::<Sha384>);
pub(super) static PSS_SHA512: Verifier = verifier(alg_id::RSA_PSS_SHA512, verify_pss::<Sha512>);

pub(super) static PKCS1_SHA256: Verifier =
    verifier(alg_id::RSA_PKCS1_SHA256, verify_pkcs1::<Sha256>);
pub(super) static PKCS1_SHA384: Verifier =
    verifier(alg_id::RSA_PKCS1_SHA384, verify_pkcs1::<Sha384>);
pub(super) static PKCS1_SHA512: Verifier =
    verifier(alg_id::RSA_PKCS1_SHA512, verify_pkcs1::<Sha512>);

// RFC 4055 §5 wants NULL parameters, and some authorities leave them out.
pub(super) static PKCS1_SHA256_NO_PARAMS: Verifier = verifier(
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
    verify_pkcs1::<Sha256>,
);
pub(super) static PKCS1_SHA384_NO_PARAMS: Verifier = verifier(
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
    verify_pkcs1::<Sha384>,
);
pub(super) static PKCS1_SHA512_NO_PARAMS: Verifier = verifier(
    AlgorithmIdentifier::from_slice(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
    verify_pkcs1::<Sha512>,
);

fn verify_pkcs1<D: Digest + AssociatedOid>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    rsa_key(key).is_some_and(|key| {
        key.verify(Pkcs1v15Sign::new::<D>(), &D::digest(message), signature)
            .is_ok()
    })
}

/// The salt is as long as the hash (RFC 8446 §4.2.3).
fn verify_pss<D: Digest + FixedOutputReset>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    rsa_key(key).is_some_and(|key| {
        key.verify(Pss::<D>::new(), &D::digest(message), signature)
            .is_ok()
    })
}

fn rsa_key(der: &[u8]) -> Option<rsa::PublicKey> {
    // Refuses an even modulus, and an exponent that is even or over 2^33.
    let key = rsa::PublicKey::from_pkcs1_der(der).ok()?;
    RSA_BITS
        .contains(&key.n().bit_width_vartime())
        .then_some(key)
}
