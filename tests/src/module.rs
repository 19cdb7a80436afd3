//! A hardware module, played by a key in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::sign::SigningKey;
use sslcore::crypto::Backend;
use sslcore::{SignError, SignatureScheme, Signer};

use crate::certs::Identity;

/// What a hardware module is to us: it signs, counts how often, and shows no key.
pub struct Module {
    key: Arc<dyn SigningKey>,
    schemes: &'static [SignatureScheme],
    /// What it shows of its key.
    pub public_key: Option<Vec<u8>>,
    /// Whether it refuses to sign.
    pub broken: bool,
    signed: AtomicUsize,
}

impl Module {
    /// A module with this identity's key, that signs in these schemes.
    pub fn with(
        backend: &Backend,
        identity: &Identity,
        schemes: &'static [SignatureScheme],
    ) -> Self {
        let keys = backend.provider().key_provider;
        let key = keys.load_private_key(identity.key()).expect("a key");
        Self {
            public_key: key.public_key().map(|spki| spki.to_vec()),
            key,
            schemes,
            broken: false,
            signed: AtomicUsize::new(0),
        }
    }

    /// How often it was asked to sign.
    pub fn signed(&self) -> usize {
        self.signed.load(Ordering::Relaxed)
    }
}

impl Signer for Module {
    fn schemes(&self) -> &[SignatureScheme] {
        self.schemes
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.signed.fetch_add(1, Ordering::Relaxed);
        if self.broken {
            return Err(SignError::new("the module was taken out"));
        }
        let signer = self.key.choose_scheme(&[scheme.code().into()]);
        let signed = signer.expect("the key's scheme").sign(message);
        signed.map_err(|error| SignError::new(error.to_string()))
    }

    fn public_key_info(&self) -> Option<&[u8]> {
        self.public_key.as_deref()
    }
}
