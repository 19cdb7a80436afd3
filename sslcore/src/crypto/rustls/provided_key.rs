//! A private key that a provider has loaded.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls::SignatureAlgorithm;
use rustls::crypto::KeyProvider;
use rustls::sign::SigningKey;

use crate::crypto::keys::LoadKey;
use crate::identity::signer::{SignError, Signer};
use crate::protocol::SignatureScheme;
use crate::texts::sentence;

/// What loads the keys of a provider.
pub(super) fn load_key(provider: &'static dyn KeyProvider) -> Box<LoadKey> {
    Box::new(move |key| {
        let key = provider.load_private_key(key.clone_key());
        Ok(Arc::new(ProvidedKey::new(key.map_err(sentence)?)) as _)
    })
}

/// A key of rustls'.
struct ProvidedKey {
    key: Arc<dyn SigningKey>,
    schemes: Vec<SignatureScheme>,
    info: Option<Vec<u8>>,
}

impl ProvidedKey {
    fn new(key: Arc<dyn SigningKey>) -> Self {
        let chosen = |among: &[SignatureScheme]| {
            let among: Vec<_> = among.iter().map(|it| it.code().into()).collect();
            let signer = key.choose_scheme(&among)?;
            SignatureScheme::from_code(signer.scheme().into())
        };
        let schemes = match key.algorithm() {
            SignatureAlgorithm::RSA => {
                let all = SignatureScheme::RSA.iter();
                all.filter_map(|scheme| chosen(&[*scheme])).collect()
            }
            _ => chosen(&SignatureScheme::SINGLE).into_iter().collect(),
        };
        Self {
            schemes,
            info: key.public_key().map(|info| info.to_vec()),
            key,
        }
    }
}

impl Signer for ProvidedKey {
    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signer = self.key.choose_scheme(&[scheme.code().into()]);
        let signer =
            signer.ok_or_else(|| SignError::new("the key does not sign in this scheme"))?;
        signer
            .sign(message)
            .map_err(|why| SignError::new(sentence(why)))
    }

    fn public_key_info(&self) -> Option<&[u8]> {
        self.info.as_deref()
    }
}
