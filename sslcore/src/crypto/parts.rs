//! What a library gives to a backend.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(feature = "rustls")]
use rustls::crypto::CryptoProvider;

use super::aead::MakeAead;
use super::entropy::EntropySource;
use super::hash::Hashes;
use super::keys::LoadKey;
use super::kx::KeyExchange;
use super::verification::Verification;

/// All that handshakes and records need.
pub(crate) struct Parts {
    pub(crate) name: &'static str,
    pub(crate) version: Option<&'static str>,
    /// IANA's numbers of the cipher suites of TLS 1.3, and of others perhaps, in the order of
    /// preference.
    pub(crate) suites: Vec<u16>,
    pub(crate) hashes: Hashes,
    /// Those of TLS 1.3, in the order of preference.
    pub(crate) key_exchanges: Vec<Arc<dyn KeyExchange>>,
    pub(crate) entropy: Arc<dyn EntropySource>,
    pub(crate) verification: Verification,
    pub(crate) load_key: Box<LoadKey>,
    pub(crate) make_aead: Box<MakeAead>,
    /// The same for rustls, and what TLS 1.2 with certificates needs.
    #[cfg(feature = "rustls")]
    pub(crate) provider: Arc<CryptoProvider>,
}
