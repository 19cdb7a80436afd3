//! RSA signatures (RFC 8017), with keys of 2048 to 8192 bits.

mod padding;

use alloc::boxed::Box;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, MontyForm, MontyMultiplier, Odd};
use rustls_pki_types::{AlgorithmIdentifier, alg_id};
use sha2::digest::const_oid::AssociatedOid;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::verifier::{Verifier, Verify};
use crate::x509::rsa_key::{MODULUS_BITS, RsaPublicKey};

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
    rsa_key(key)
        .and_then(|key| recover(&key, signature))
        .is_some_and(|encoded| padding::is_pkcs1::<D>(&encoded, &D::digest(message)))
}

fn verify_pss<D: Digest>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    rsa_key(key)
        .and_then(|key| Some((recover(&key, signature)?, key.modulus_bits())))
        .is_some_and(|(mut encoded, bits)| {
            padding::is_pss::<D>(&mut encoded, bits, &D::digest(message))
        })
}

fn rsa_key(der: &[u8]) -> Option<RsaPublicKey<'_>> {
    RsaPublicKey::read(der).filter(|key| MODULUS_BITS.contains(&key.modulus_bits()))
}

/// The number that an encoded message is, in as many bytes as the modulus has (RFC 8017 §5.2.2). `None` when the
/// signature is not as long, or not less. All of it is public, so its time may tell of it.
fn recover(key: &RsaPublicKey<'_>, signature: &[u8]) -> Option<Box<[u8]>> {
    if signature.len() != key.modulus.len() {
        return None;
    }
    let exponent = key.exponent()?;
    let modulus = Odd::new(BoxedUint::from_be_slice_vartime(key.modulus)).into_option()?;
    let number = BoxedUint::from_be_slice_vartime(signature);
    if number >= *modulus {
        return None;
    }
    let params = BoxedMontyParams::new_vartime(modulus);
    let base = BoxedMontyForm::new(number, &params);
    // From the highest bit down. A table of powers, which long exponents are quicker with, would take as
    // much memory as sixteen moduli.
    let mut power = base.clone();
    let mut multiplier = <BoxedMontyForm as MontyForm>::Multiplier::from(&params);
    for bit in (0..exponent.ilog2()).rev() {
        multiplier.square_assign(&mut power);
        if exponent >> bit & 1 == 1 {
            multiplier.mul_assign(&mut power, &base);
        }
    }
    drop((multiplier, base)); // what comes takes their room
    let bytes = power.retrieve().to_be_bytes();
    let unused = bytes.len().checked_sub(signature.len())?;
    bytes.get(unused..).map(Box::from)
}

#[cfg(test)]
mod tests;
