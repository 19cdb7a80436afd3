//! A hardware module, played by a key in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::sign::SigningKey;
use rustls_pki_types::PrivateKeyDer;
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
        Self::holding(backend, identity.key(), schemes)
    }

    /// The same with this key.
    pub fn holding(
        backend: &Backend,
        key: PrivateKeyDer<'static>,
        schemes: &'static [SignatureScheme],
    ) -> Self {
        let key = backend.provider().key_provider.load_private_key(key);
        let key = key.expect("a key");
        Self {
            public_key: key.public_key().map(|spki| spki.to_vec()),
            key,
            schemes,
            broken: false,
            signed: AtomicUsize::new(0),
        }
    }

    /// A module with this P-256 key that does not say which one it is: whatever certificate is
    /// given with it is taken as it is.
    pub fn silent(backend: &Backend, key: PrivateKeyDer<'static>) -> Arc<Self> {
        Arc::new(Self {
            public_key: None,
            ..Self::holding(backend, key, &[SignatureScheme::EcdsaP256Sha256])
        })
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
