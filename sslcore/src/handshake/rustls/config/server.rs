//! A server's settings.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls::DistinguishedName;
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection};
use spin::Mutex;

use super::shared::{
    NoClock, Shared, identity, nothing_left, provider, signature_schemes, versions,
};
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::failure::Failure;
use crate::handshake::rustls::gates::{GatedServerStore, GatedTicketer, Memory};
use crate::handshake::rustls::refusal::Refusals;
use crate::handshake::rustls::side::Side;
use crate::handshake::rustls::staples::Staples;
use crate::handshake::rustls::verifier::Recorder;
use crate::handshake::rustls::{RustlsEngine, errors};
use crate::handshake::settings::{Settings, Tickets};
use crate::handshake::wire::client_hello::HelloMessage;
use crate::identity::server_sessions::ServerSessionStore;
use crate::identity::ticket_keys::TicketKeys;
use crate::key_log::KeyLog;
use crate::protocol::SslProtocol;
use crate::record::header::HEADER_LEN;
use crate::time::Now;

/// A server configuration, cloned for each connection.
pub(crate) struct ServerTemplate {
    config: rustls::ServerConfig,
    store: Option<Arc<dyn ServerSessionStore>>,
    ticket_keys: Option<TicketKeys>,
    lifetime: Duration,
    protocols: Arc<[SslProtocol]>,
    asks_for_client_certificate: bool,
    verifier: Arc<Recorder>,
    key_log: Option<Arc<dyn KeyLog>>,
    backend: Backend,
    /// Whether rustls protects nothing.
    is_bare: bool,
}

impl ServerTemplate {
    pub(crate) fn new(
        backend: &Backend,
        settings: &Settings,
        ask_client: bool,
        hints: &[Vec<u8>],
    ) -> Result<Self, ConfigError> {
        let (provider, is_bare) = provider(backend, settings)?;
        let verifier = Recorder {
            algorithms: provider.signature_verification_algorithms,
            schemes: signature_schemes(&provider, settings)?,
            ask_client,
            hints: hints
                .iter()
                .map(|name| DistinguishedName::in_sequence(name))
                .collect(),
            staples: Staples::default(),
            refusals: Refusals::default(),
        };
        let verifier = Arc::new(verifier);
        let (identity, _) = identity(backend, settings)?.ok_or_else(|| {
            ConfigError::UnusableCertificate("a server needs a certificate and its key".into())
        })?;
        let mut config = rustls::ServerConfig::builder_with_details(provider, Arc::new(NoClock))
            .with_protocol_versions(&versions(settings)?)
            .map_err(nothing_left)?
            .with_client_cert_verifier(verifier.clone())
            .with_cert_resolver(Arc::new(identity));
        config.alpn_protocols = settings.alpn.clone();
        config.max_fragment_size = settings.max_fragment.map(|bytes| bytes + HEADER_LEN);
        config.ignore_client_order = settings.prefer_own_ciphers;
        config.enable_secret_extraction = true;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_half_rtt_data = false;
        config.max_early_data_size = 0;
        Ok(Self {
            config,
            store: settings.server_sessions.clone(),
            ticket_keys: match &settings.tickets {
                Tickets::None => None,
                Tickets::OwnKeys => Some(TicketKeys::rotating(backend, settings.session_lifetime)),
                Tickets::Under(keys) => Some(keys.clone()),
            },
            lifetime: settings.session_lifetime,
            protocols: settings.protocols.as_slice().into(),
            asks_for_client_certificate: ask_client,
            verifier,
            key_log: settings.key_log.clone(),
            backend: backend.clone(),
            is_bare,
        })
    }

    /// A new handshake, which begins with this hello.
    // What rustls has on the stack to begin with, 3 KB, is in no other step's way.
    #[inline(never)]
    pub(crate) fn engine(&self, hello: HelloMessage, now: Now) -> Result<RustlsEngine, Failure> {
        let asks = self.asks_for_client_certificate;
        let shared = Shared::new(now, asks, self.lifetime, self.key_log.clone());
        let mut config = self.config.clone();
        config.key_log = shared.rules.taps.clone();
        config.time_provider = shared.rules.taps.clone();
        let store = self.store.clone().map(|store| {
            Arc::new(GatedServerStore {
                store,
                rules: shared.rules.clone(),
                got: Mutex::default(),
                wish: Mutex::default(),
            })
        });
        if let Some(store) = &store {
            config.session_storage = store.clone();
        }
        if let Some(keys) = &self.ticket_keys {
            config.ticketer = Arc::new(GatedTicketer {
                keys: keys.clone(),
                rules: shared.rules.clone(),
                store: store.clone(),
            });
        }
        let memory = store.map(Memory::Server);
        let conn = UnbufferedServerConnection::new(Arc::new(config))
            .map_err(|error| errors::failure(&error, errors::Context { version: None }))?;
        let verifier = self.verifier.clone();
        let side = Side::Server(conn.into());
        let mut engine = shared.engine(side, &self.backend, memory, verifier, asks);
        engine.is_bare = self.is_bare;
        engine.protocols = self.protocols.clone();
        engine.hello = Some(hello);
        Ok(engine)
    }
}
