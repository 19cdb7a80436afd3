//! The private keys that this side signs with.

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;

use rustls::Error;
use rustls::crypto::KeyProvider;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;

use super::nist::NistCurve;

/// Loads keys, those on P-256 by this implementation of it. A build that does not sign loads none.
pub(super) struct Keys<P>(PhantomData<fn() -> P>);

impl<P> Keys<P> {
    pub(super) const NEW: Self = Self(PhantomData);
}

impl<P> fmt::Debug for Keys<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl<P: NistCurve> KeyProvider for Keys<P> {
    #[cfg(feature = "sign")]
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        super::sign::load::<P>(key)
    }

    #[cfg(not(feature = "sign"))]
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General(alloc::string::String::new()))
    }
}
