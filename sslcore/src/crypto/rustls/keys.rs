//! Our private keys, for rustls.

use alloc::sync::Arc;
use core::fmt;

use rustls::Error;
use rustls::crypto::KeyProvider;
use rustls::sign::SigningKey;
use rustls_pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

use super::signer::SignerKey;
use crate::crypto::keys::Load;

/// What loads the keys of a backend.
pub(crate) struct Keys(pub(crate) Load);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl KeyProvider for Keys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        let key = Zeroizing::new(key);
        let signer = (self.0)(&key).map_err(Error::General)?;
        let key = SignerKey::new(&signer).map_err(Error::General)?;
        Ok(Arc::new(key))
    }
}
