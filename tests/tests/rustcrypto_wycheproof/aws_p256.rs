//! AWS-LC's P-256 in the place of the accelerator that a device may have.

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey};
use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};
use sslcore::crypto::rustcrypto::P256Operations;

#[derive(Debug)]
pub(crate) struct AwsLc;

impl P256Operations for AwsLc {
    fn public_point(scalar: &[u8; 32]) -> Option<[u8; 65]> {
        let key = PrivateKey::from_private_key(&ECDH_P256, scalar).ok()?;
        key.compute_public_key().ok()?.as_ref().try_into().ok()
    }

    fn agree(scalar: &[u8; 32], peer: &[u8; 65]) -> Option<[u8; 32]> {
        let key = PrivateKey::from_private_key(&ECDH_P256, scalar).ok()?;
        let peer = agreement::UnparsedPublicKey::new(&ECDH_P256, peer);
        let shared = |secret: &[u8]| <[u8; 32]>::try_from(secret).map_err(drop);
        agreement::agree(&key, peer, (), shared).ok()
    }

    fn sign(scalar: &[u8; 32], hash: &[u8; 32]) -> Option<[u8; 64]> {
        let point = Self::public_point(scalar)?;
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, &point).ok()?;
        let hash = Digest::import_less_safe(hash, &SHA256).ok()?;
        key.sign_digest(&hash).ok()?.as_ref().try_into().ok()
    }

    fn verify(point: &[u8; 65], hash: &[u8; 32], signature: &[u8; 64]) -> bool {
        let hash = Digest::import_less_safe(hash, &SHA256).expect("as long as it must be");
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify_digest(&hash, signature).is_ok()
    }
}
