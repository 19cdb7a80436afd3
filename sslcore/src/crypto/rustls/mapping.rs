//! Signature schemes with what verifies them, as rustls lists them.

use rustls::SignatureScheme as Scheme;

use crate::crypto::verification::{Algorithm, OfScheme};
use crate::protocol::SignatureScheme as Own;

type OfRustls = (Scheme, &'static [Algorithm]);

/// A list of at most ten: of one scheme each.
pub(crate) struct Mapping {
    schemes: [OfRustls; Self::MAX],
    len: usize,
}

impl Mapping {
    const MAX: usize = 10;

    pub(crate) const fn new(own: &'static [OfScheme]) -> Self {
        let mut schemes: [OfRustls; Self::MAX] = [(Scheme::ED25519, &[]); Self::MAX];
        let mut at = 0;
        while at < own.len() {
            schemes[at] = (scheme(own[at].0), own[at].1);
            at += 1;
        }
        Self {
            schemes,
            len: own.len(),
        }
    }

    pub(crate) const fn as_slice(&self) -> &[OfRustls] {
        self.schemes.split_at(self.len).0
    }
}

/// What rustls calls a scheme: it has no constant function from number to name.
const fn scheme(own: Own) -> Scheme {
    match own {
        Own::RsaPkcs1Sha256 => Scheme::RSA_PKCS1_SHA256,
        Own::RsaPkcs1Sha384 => Scheme::RSA_PKCS1_SHA384,
        Own::RsaPkcs1Sha512 => Scheme::RSA_PKCS1_SHA512,
        Own::EcdsaP256Sha256 => Scheme::ECDSA_NISTP256_SHA256,
        Own::EcdsaP384Sha384 => Scheme::ECDSA_NISTP384_SHA384,
        Own::EcdsaP521Sha512 => Scheme::ECDSA_NISTP521_SHA512,
        Own::RsaPssSha256 => Scheme::RSA_PSS_SHA256,
        Own::RsaPssSha384 => Scheme::RSA_PSS_SHA384,
        Own::RsaPssSha512 => Scheme::RSA_PSS_SHA512,
        Own::Ed25519 => Scheme::ED25519,
    }
}
