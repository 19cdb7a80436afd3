//! What a built configuration tells about itself.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::crypto::Backend;
use crate::handshake::settings::{KeySettings, Settings, Tickets};
use crate::identity::client_sessions::ClientSessionStore;
use crate::identity::server_sessions::ServerSessionStore;
use crate::key_log::KeyLog;
use crate::protocol::{Engine, SignatureScheme, SslCipher, SslProtocol, group};
use crate::same::is_same;
use crate::x509::certificate::Certificate;

/// What was set or left at its default, without the private key.
pub(super) struct Settled {
    pub(super) protocols: Vec<SslProtocol>,
    pub(super) ciphers: Vec<SslCipher>,
    pub(super) groups: Vec<&'static str>,
    pub(super) signature_schemes: Vec<SignatureScheme>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) chain: Vec<Certificate>,
    keys: Option<KeySettings>,
    pub(super) engine: Engine,
    /// A server's names of authorities, if they are not its trust anchors'.
    authorities: Option<Vec<Vec<u8>>>,
    stapled: Option<Vec<u8>>,
    timestamps: Option<Vec<u8>>,
    asks_for_timestamps: bool,
    asks_for_signatures: bool,
    prefer_own_ciphers: bool,
    remember_groups: bool,
    takes_tickets: bool,
    session_lifetime: Duration,
    own_cache: Option<usize>,
    client_sessions: Option<Arc<dyn ClientSessionStore>>,
    server_sessions: Option<Arc<dyn ServerSessionStore>>,
    tickets: Tickets,
    key_log: Option<Arc<dyn KeyLog>>,
}

/// Caches of a configuration's own are compared by their size, stores and ticket keys that were given
/// by whether they are the same. The private key, or signer, is known to fit the chain.
impl PartialEq for Settled {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            protocols,
            ciphers,
            groups,
            signature_schemes,
            alpn,
            chain,
            keys,
            engine,
            authorities,
            stapled,
            timestamps,
            asks_for_timestamps,
            asks_for_signatures,
            prefer_own_ciphers,
            remember_groups,
            takes_tickets,
            session_lifetime,
            own_cache,
            client_sessions,
            server_sessions,
            tickets,
            key_log,
        } = self;
        let same_store = own_cache.is_some()
            || is_same(client_sessions.as_ref(), other.client_sessions.as_ref())
                && is_same(server_sessions.as_ref(), other.server_sessions.as_ref());
        *protocols == other.protocols
            && *ciphers == other.ciphers
            && *groups == other.groups
            && *signature_schemes == other.signature_schemes
            && *alpn == other.alpn
            && *chain == other.chain
            && *keys == other.keys
            && *engine == other.engine
            && *authorities == other.authorities
            && *stapled == other.stapled
            && *timestamps == other.timestamps
            && *asks_for_timestamps == other.asks_for_timestamps
            && *asks_for_signatures == other.asks_for_signatures
            && *prefer_own_ciphers == other.prefer_own_ciphers
            && *remember_groups == other.remember_groups
            && *takes_tickets == other.takes_tickets
            && *session_lifetime == other.session_lifetime
            && *own_cache == other.own_cache
            && same_store
            && *tickets == other.tickets
            && is_same(key_log.as_ref(), other.key_log.as_ref())
    }
}

/// Those of the backend that are named, in the order of their names; all without names.
fn groups(backend: &Backend, named: Option<Vec<String>>) -> Vec<&'static str> {
    let Some(named) = named else {
        return backend.supported_groups().collect();
    };
    let mut groups = Vec::new();
    for name in named {
        let found = backend
            .supported_groups()
            .find(|known| group::is_meant(known, &name));
        groups.extend(found.filter(|found| !groups.contains(found)));
    }
    groups
}

/// Each of them once, in the place where it is first.
fn once<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    let mut kept = Vec::with_capacity(list.len());
    for item in list {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

impl Settled {
    pub(super) fn new(backend: &Backend, mut settings: Settings) -> Self {
        let chain = settings.identity.as_mut().map(|identity| {
            let chain = core::mem::take(&mut identity.chain);
            chain.into_iter().map(Certificate::from).collect()
        });
        Self {
            asks_for_signatures: settings.asks_for_signatures(),
            engine: settings.engine(),
            ciphers: match settings.ciphers {
                Some(ciphers) => ciphers,
                None => backend.supported_ciphers().collect(),
            },
            groups: groups(backend, settings.groups),
            signature_schemes: match settings.signature_schemes {
                Some(schemes) => once(schemes),
                None => backend.supported_signature_schemes().collect(),
            },
            protocols: settings.protocols,
            alpn: settings.alpn,
            chain: chain.unwrap_or_default(),
            keys: settings.keys,
            authorities: None,
            stapled: settings.stapled,
            timestamps: settings.timestamps,
            asks_for_timestamps: settings.asks_for_timestamps,
            prefer_own_ciphers: settings.prefer_own_ciphers,
            remember_groups: settings.remember_groups,
            takes_tickets: settings.takes_tickets,
            session_lifetime: settings.session_lifetime,
            own_cache: settings.own_cache,
            client_sessions: settings.client_sessions,
            server_sessions: settings.server_sessions,
            tickets: settings.tickets,
            key_log: settings.key_log,
        }
    }

    /// With what a server's requests for certificates name.
    #[cfg(feature = "server")]
    pub(super) fn naming(self, authorities: Option<Vec<Vec<u8>>>) -> Self {
        Self {
            authorities,
            ..self
        }
    }
}
