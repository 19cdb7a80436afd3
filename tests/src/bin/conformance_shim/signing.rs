//! A private key that signs in some schemes only.

use std::sync::Arc;

use rustls::sign::SigningKey;
use sslcore::crypto::Backend;
use sslcore::{PrivateKeyDer, SignError, SignatureScheme, Signer};

use crate::outcome::Trouble;

/// Signs with the backend's key, in the schemes that it was told, in that order.
pub(crate) struct Preferring {
    key: Arc<dyn SigningKey>,
    schemes: Vec<SignatureScheme>,
}

impl Preferring {
    pub(crate) fn new(
        backend: &Backend,
        key: PrivateKeyDer<'static>,
        preferences: &[u16],
    ) -> Result<Self, Trouble> {
        let provider = backend.provider();
        let key = provider.key_provider.load_private_key(key);
        let key = key.map_err(|error| Trouble::unsupported(error.to_string()))?;
        let mut schemes = Vec::new();
        for number in preferences {
            let mut known = backend.supported_signature_schemes();
            let scheme = known.find(|scheme| scheme.code() == *number);
            let scheme = scheme.ok_or_else(|| {
                Trouble::unsupported(format!("signing in the scheme {number:#06x}"))
            })?;
            // What the key is not made for, it does not sign.
            if key.choose_scheme(&[scheme.code().into()]).is_some() {
                schemes.push(scheme);
            }
        }
        Ok(Self { key, schemes })
    }
}

impl Signer for Preferring {
    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signer = self.key.choose_scheme(&[scheme.code().into()]);
        let signer = signer.ok_or_else(|| SignError::new("the key has no such scheme"))?;
        let signature = signer.sign(message);
        signature.map_err(|error| SignError::new(error.to_string()))
    }
}
