//! A [`Signer`] as rustls' key.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls::{Error, SignatureAlgorithm, sign};
use rustls_pki_types::SubjectPublicKeyInfoDer;

use crate::identity::signer::{KeyFamily, Signer, key_family};
use crate::protocol::SignatureScheme;

/// What a refusal begins with: without `std`, rustls has no error that could carry it otherwise.
const REFUSAL: &str = "signer: ";

/// Why a signer refused, if that is what the error says.
pub(crate) fn refusal(error: &Error) -> Option<&str> {
    match error {
        Error::General(text) => text.strip_prefix(REFUSAL),
        _ => None,
    }
}

/// The key that a signer signs with: one of ours that a backend has loaded, or one that stays elsewhere.
pub(crate) struct SignerKey {
    signer: Arc<dyn Signer>,
    algorithm: SignatureAlgorithm,
}

impl SignerKey {
    pub(crate) fn new(signer: &Arc<dyn Signer>) -> Result<Self, String> {
        Ok(Self {
            signer: signer.clone(),
            algorithm: algorithm(key_family(&**signer)?),
        })
    }
}

fn algorithm(family: KeyFamily) -> SignatureAlgorithm {
    match family {
        KeyFamily::Ecdsa => SignatureAlgorithm::ECDSA,
        KeyFamily::Ed25519 => SignatureAlgorithm::ED25519,
        KeyFamily::Rsa => SignatureAlgorithm::RSA,
    }
}

impl sign::SigningKey for SignerKey {
    fn choose_scheme(&self, offered: &[rustls::SignatureScheme]) -> Option<Box<dyn sign::Signer>> {
        let mut own = self.signer.schemes().iter();
        let scheme = own.find(|scheme| offered.contains(&scheme.code().into()))?;
        Some(Box::new(ChosenSigner {
            signer: self.signer.clone(),
            scheme: *scheme,
        }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.signer.public_key_info().map(Into::into)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({:?})", self.algorithm)
    }
}

/// One signature, in the scheme that was agreed.
struct ChosenSigner {
    signer: Arc<dyn Signer>,
    scheme: SignatureScheme,
}

impl sign::Signer for ChosenSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = self.signer.sign(self.scheme, message);
        signed.map_err(|why| Error::General(format!("{REFUSAL}{why}")))
    }

    fn scheme(&self) -> rustls::SignatureScheme {
        self.scheme.code().into()
    }
}

impl fmt::Debug for ChosenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChosenSigner({:?})", self.scheme)
    }
}
