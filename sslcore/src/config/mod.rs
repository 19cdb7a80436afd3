//! Configurations: built once, checked when built, shared by any number of connections.

mod builder;
mod limits;
mod room;
mod settled;
mod verification;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroize;

pub use self::builder::ConfigBuilder;
pub use self::limits::{Leftover, Limits, PeerName, Timeouts};
pub(crate) use self::settled::Settled;
use crate::crypto::Backend;
use crate::handshake::rustls::{ClientTemplate, ServerTemplate, TicketKeys};
use crate::identity::client_sessions::ClientSessionStore;
use crate::identity::server_sessions::ServerSessionStore;
use crate::identity::session::SslCipher;
use crate::identity::signer::Signer;
use crate::key_log::KeyLog;
use crate::record::protection::SslProtocol;
use crate::verify::policy::Policy;

/// Our own certificate chain, leaf first, and what signs for it.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) signing: Signing,
}

/// What proves that the chain is ours.
pub(crate) enum Signing {
    Key(PrivateKeyDer<'static>),
    Signer(Arc<dyn Signer>),
}

impl Drop for Signing {
    fn drop(&mut self) {
        if let Self::Key(key) = self {
            key.zeroize();
        }
    }
}

/// What a server seals session tickets with.
pub(crate) enum Tickets {
    /// It issues none.
    None,
    /// Keys of the configuration's own.
    OwnKeys,
    Under(TicketKeys),
}

/// What a builder has collected.
pub(crate) struct Settings {
    pub(crate) protocols: Vec<SslProtocol>,
    pub(crate) ciphers: Option<Vec<SslCipher>>,
    pub(crate) groups: Option<Vec<String>>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) identity: Option<Identity>,
    pub(crate) prefer_own_ciphers: bool,
    pub(crate) client_sessions: Option<Arc<dyn ClientSessionStore>>,
    pub(crate) server_sessions: Option<Arc<dyn ServerSessionStore>>,
    pub(crate) session_lifetime: Duration,
    pub(crate) tickets: Tickets,
    pub(crate) max_fragment: Option<usize>,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    /// The OCSP response that goes with the identity.
    pub(crate) stapled: Option<Vec<u8>>,
}

/// The part of a configuration that lasts as long as the connection.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) backend: Backend,
    pub(crate) policy: Policy,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_fragment: usize,
    pub(crate) records_per_key: u64,
}

/// A client's configuration. Cloning costs one reference count.
#[derive(Clone)]
pub struct ClientConfig(pub(crate) Arc<ClientInner>);

pub(crate) struct ClientInner {
    pub(crate) template: ClientTemplate,
    pub(crate) terms: Terms,
    pub(crate) settled: Settled,
}

/// A server's configuration. Cloning costs one reference count.
#[derive(Clone)]
pub struct ServerConfig(pub(crate) Arc<ServerInner>);

pub(crate) struct ServerInner {
    pub(crate) template: ServerTemplate,
    pub(crate) terms: Terms,
    pub(crate) settled: Settled,
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

/// How a server is started.
#[derive(Clone, Debug)]
pub enum ServerStart {
    /// With this configuration.
    With(ServerConfig),
    /// With the configuration that the application chooses when it has seen the ClientHello:
    /// [`Event::ConfigRequired`](crate::Event::ConfigRequired). The timeouts are for the time
    /// until then.
    Ask {
        /// What the client is answered when its ClientHello cannot be read.
        fallback: ServerConfig,
    },
}
