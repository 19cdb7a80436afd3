//! What a built configuration tells about itself.

use alloc::vec::Vec;

use super::{ClientConfig, ServerConfig, Settings};
use crate::crypto::Backend;
use crate::identity::certificate::Certificate;
use crate::identity::session::SslCipher;
use crate::record::protection::SslProtocol;
use crate::verify::policy::VerifyMode;

/// What was set or left at its default, without the private key.
pub(crate) struct Settled {
    protocols: Vec<SslProtocol>,
    ciphers: Vec<SslCipher>,
    alpn: Vec<Vec<u8>>,
    chain: Vec<Certificate>,
}

impl Settled {
    pub(crate) fn new(backend: &Backend, mut settings: Settings) -> Self {
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

macro_rules! getters {
    ($config:ident) => {
        /// What was set, or left at its default. `QSslSocket::sslConfiguration`.
        impl $config {
            /// The protocol versions to use, never the one negotiated: that is
            /// [`session_protocol`](crate::Connection::session_protocol). `QSslSocket::protocol`.
            pub fn protocols(&self) -> &[SslProtocol] {
                &self.0.settled.protocols
            }

            /// The cipher suites to use, in order of preference. `QSslConfiguration::ciphers`.
            pub fn ciphers(&self) -> &[SslCipher] {
                &self.0.settled.ciphers
            }

            /// The application protocols to offer or accept, in order of preference.
            /// `QSslConfiguration::allowedNextProtocols`.
            pub fn alpn(&self) -> &[Vec<u8>] {
                &self.0.settled.alpn
            }

            /// The chain that we present, leaf first; empty when there is none. The private key
            /// cannot be had back. `QSslSocket::localCertificateChain`.
            pub fn local_certificate_chain(&self) -> &[Certificate] {
                &self.0.settled.chain
            }

            /// How the peer is verified; [`VerifyMode::Auto`] is resolved by the role.
            /// `QSslSocket::peerVerifyMode`.
            pub fn verify_mode(&self) -> VerifyMode {
                self.0.terms.policy.mode
            }

            /// The most intermediates that a chain may have, if that was set.
            /// `QSslSocket::peerVerifyDepth`.
            pub fn verify_depth(&self) -> Option<usize> {
                self.0.terms.policy.depth
            }
        }
    };
}

getters!(ClientConfig);
getters!(ServerConfig);
