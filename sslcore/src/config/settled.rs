//! What a built configuration tells about itself.

use alloc::vec::Vec;

use crate::crypto::Backend;
use crate::handshake::settings::Settings;
use crate::protocol::{SslCipher, SslProtocol};
use crate::x509::certificate::Certificate;

/// What was set or left at its default, without the private key.
pub(super) struct Settled {
    pub(super) protocols: Vec<SslProtocol>,
    pub(super) ciphers: Vec<SslCipher>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) chain: Vec<Certificate>,
}

impl Settled {
    pub(super) fn new(backend: &Backend, mut settings: Settings) -> Self {
        let chain = settings.identity.as_mut().map(|identity| {
            let chain = core::mem::take(&mut identity.chain);
            chain.into_iter().map(Certificate::from).collect()
        });
        Self {
            ciphers: match settings.ciphers {
                Some(ciphers) => ciphers,
                None => backend.supported_ciphers().collect(),
            },
            protocols: settings.protocols,
            alpn: settings.alpn,
            chain: chain.unwrap_or_default(),
        }
    }
}
