//! Configurations as they are built.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::settled::Settled;
use crate::handshake::template::{ClientTemplate, ServerTemplate};
use crate::limits::Timeouts;
use crate::protocol::{SignatureScheme, SslCipher, SslProtocol};
use crate::record::traffic::RecordTerms;
use crate::verify::policy::{Policy, VerifyMode};
use crate::x509::certificate::Certificate;

/// The part of a configuration that lasts as long as the connection.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) policy: Policy,
    pub(crate) timeouts: Timeouts,
    pub(crate) records: RecordTerms,
    /// Whether the peer's chain is there once the connection is encrypted.
    pub(crate) keep_peer_chain: bool,
}

impl PartialEq for Terms {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            policy,
            timeouts,
            records,
            keep_peer_chain,
        } = self;
        *policy == other.policy
            && *timeouts == other.timeouts
            && records.backend.name() == other.records.backend.name()
            && records.max_fragment == other.records.max_fragment
            && records.records_per_key == other.records.records_per_key
            && *keep_peer_chain == other.keep_peer_chain
    }
}

/// A client's configuration, made by [`ClientConfig::builder`]. Cloning costs one reference count.
///
/// ```
/// # use sslcore::ClientConfig;
/// fn show(config: &ClientConfig) {
///     println!("{:?}, {:?}", config.protocols(), config.ciphers());
///     println!("{:?}, {:?}", config.groups(), config.signature_schemes());
///     println!("ALPN {:?}, {:?}", config.alpn(), config.local_certificate_chain());
///     println!("{:?}, {:?} intermediates", config.verify_mode(), config.verify_depth());
/// }
/// ```
#[derive(Clone)]
pub struct ClientConfig(pub(crate) Arc<ClientInner>);

pub(crate) struct ClientInner {
    pub(crate) template: ClientTemplate,
    pub(crate) terms: Terms,
    pub(super) settled: Settled,
}

/// A server's configuration, made by [`ServerConfig::builder`]. Cloning costs one reference count.
#[derive(Clone)]
pub struct ServerConfig(pub(crate) Arc<ServerInner>);

pub(crate) struct ServerInner {
    pub(crate) template: ServerTemplate,
    pub(crate) terms: Terms,
    pub(super) settled: Settled,
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientConfig")
    }
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerConfig")
    }
}

/// How [`start_server_encryption`](crate::Connection::start_server_encryption) starts a server.
/// [`config_request`](crate::Connection::config_request) has an example of `Ask`.
#[derive(Clone, Debug)]
pub enum ServerStart {
    /// With this configuration.
    With(ServerConfig),
    /// With the configuration that the application chooses when it has seen the ClientHello:
    /// [`Event::ConfigRequired`](crate::Event::ConfigRequired). A handshake completes only under a
    /// configuration that [`provide_config`](crate::Connection::provide_config) gave. A
    /// ClientHello that cannot be read, and anything that comes before it, is a failure with its
    /// alert, and nothing is asked.
    Ask {
        /// The configuration whose [`timeouts`](crate::ConfigBuilder::timeouts) count until one is
        /// provided. Nothing else of it counts: no handshake ever takes place under it.
        fallback: ServerConfig,
    },
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

            /// The key exchange groups to use, in order of preference, by IANA's names.
            /// `QSslConfiguration::ellipticCurves`.
            pub fn groups(&self) -> &[&'static str] {
                &self.0.settled.groups
            }

            /// The schemes in which the peer may sign its handshake, in order of preference.
            pub fn signature_schemes(&self) -> &[SignatureScheme] {
                &self.0.settled.signature_schemes
            }

            /// The application protocols to offer or accept, in order of preference.
            /// `QSslConfiguration::allowedNextProtocols`.
            pub fn alpn(&self) -> &[Vec<u8>] {
                &self.0.settled.alpn
            }

            /// The chain that we present, leaf first; empty when there is none. The private key is
            /// not handed out again. `QSslSocket::localCertificateChain`.
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

macro_rules! equality {
    ($config:ident) => {
        /// Two configurations are equal when all their settings are. Backends are compared by name;
        /// caches of a configuration's own by their size; stores, [`TicketKeys`](crate::TicketKeys), key logs and status
        /// checkers by whether they are the same value, shared. No private key, ticket key or session
        /// is looked at: the chains are compared, and a key is known to fit its chain. Takes the time
        /// of going through trust anchors and revocation lists, and is not constant.
        /// `QSslConfiguration::operator==`.
        impl PartialEq for $config {
            fn eq(&self, other: &Self) -> bool {
                let same = || self.0.terms == other.0.terms && self.0.settled == other.0.settled;
                Arc::ptr_eq(&self.0, &other.0) || same()
            }
        }

        impl Eq for $config {}
    };
}

equality!(ClientConfig);
equality!(ServerConfig);
getters!(ClientConfig);
getters!(ServerConfig);
