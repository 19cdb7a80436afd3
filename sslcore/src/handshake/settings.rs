//! What an engine is told.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroize;

use crate::identity::client_sessions::ClientSessionStore;
use crate::identity::pre_shared_key::PreSharedKey;
use crate::identity::server_sessions::ServerSessionStore;
use crate::identity::signer::Signer;
use crate::identity::ticket_keys::TicketKeys;
use crate::key_log::KeyLog;
use crate::protocol::{Engine, SignatureScheme, SslCipher, SslProtocol};

/// Our own certificate chain, leaf first, and what signs for it.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) signing: Signing,
}

/// What proves that the chain is ours.
pub(crate) enum Signing {
    Key(PrivateKeyDer<'static>),
    Signer(Arc<dyn Signer>),
    /// The application, when it is asked: in these schemes.
    Asked(Arc<[SignatureScheme]>),
}

impl Drop for Signing {
    fn drop(&mut self) {
        if let Self::Key(key) = self {
            key.zeroize();
        }
    }
}

/// What a server seals session tickets with. Equal are two that issue none, or under keys of their own,
/// or under the same.
#[derive(PartialEq)]
pub(crate) enum Tickets {
    /// It issues none.
    None,
    /// Keys of the configuration's own.
    OwnKeys,
    Under(TicketKeys),
}

/// Pre-shared keys, in the place of certificates.
#[derive(Clone, PartialEq)]
pub(crate) struct KeySettings {
    pub(crate) source: KeySource,
    /// Whether keys may be short enough to be guessed.
    pub(crate) allows_short: bool,
    /// Whether a key may be used alone, without a key exchange.
    pub(crate) allows_psk_ke: bool,
    /// What a server of TLS 1.2 says of the key that it wants; empty for nothing.
    pub(crate) hint: Arc<[u8]>,
    /// Whether a server says that it has no such key.
    pub(crate) tells_unknown: bool,
}

/// Where a connection's pre-shared keys come from.
#[derive(Clone, PartialEq)]
pub(crate) enum KeySource {
    /// The application, when it is asked.
    Asked,
    /// The configuration.
    Known(Arc<[PreSharedKey]>),
}

impl Settings {
    /// Who does the handshake.
    pub(crate) fn engine(&self) -> Engine {
        let own = self.keys.is_some() || self.asks_for_signatures();
        match self.engine {
            Some(engine) => engine,
            None if !own && Engine::Rustls.is_available() => Engine::Rustls,
            None => Engine::Own,
        }
    }

    /// Whether the application is asked for signatures.
    pub(crate) fn asks_for_signatures(&self) -> bool {
        let identity = self.identity.as_ref();
        identity.is_some_and(|identity| matches!(identity.signing, Signing::Asked(_)))
    }
}

/// What a configuration says of handshakes.
pub(crate) struct Settings {
    /// Pre-shared keys: then certificates are not in use.
    pub(crate) keys: Option<KeySettings>,
    /// Who does the handshake, if that was said.
    pub(crate) engine: Option<Engine>,
    pub(crate) protocols: Vec<SslProtocol>,
    pub(crate) ciphers: Option<Vec<SslCipher>>,
    pub(crate) groups: Option<Vec<String>>,
    pub(crate) signature_schemes: Option<Vec<SignatureScheme>>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) identity: Option<Identity>,
    pub(crate) prefer_own_ciphers: bool,
    pub(crate) client_sessions: Option<Arc<dyn ClientSessionStore>>,
    /// How many sessions a cache of the configuration's own has; `None` when the store is another, or
    /// there is none.
    pub(crate) own_cache: Option<usize>,
    /// Whether a client takes session tickets.
    pub(crate) takes_tickets: bool,
    /// Whether the next hello begins with the group that the server chose.
    pub(crate) remember_groups: bool,
    pub(crate) server_sessions: Option<Arc<dyn ServerSessionStore>>,
    pub(crate) session_lifetime: Duration,
    pub(crate) tickets: Tickets,
    pub(crate) max_fragment: Option<usize>,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    /// The OCSP response that goes with the identity.
    pub(crate) stapled: Option<Vec<u8>>,
    /// A server's timestamps of logs that have seen its certificate, a whole list.
    pub(crate) timestamps: Option<Vec<u8>>,
    /// Whether a client asks for such.
    pub(crate) asks_for_timestamps: bool,
}
