//! A client's settings.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use rustls::client::{Resumption, Tls12Resumption, UnbufferedClientConnection};
use rustls::pki_types::ServerName;

use super::shared::{
    NoClock, Shared, identity, nothing_left, provider, signature_schemes, versions,
};
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::failure::Failure;
use crate::handshake::rustls::gates::{GatedClientStore, Memory};
use crate::handshake::rustls::refusal::Refusals;
use crate::handshake::rustls::side::Side;
use crate::handshake::rustls::staple::Staple;
use crate::handshake::rustls::staples::Staples;
use crate::handshake::rustls::verifier::Recorder;
use crate::handshake::rustls::{RustlsEngine, errors};
use crate::handshake::sessions::ClientMemory;
use crate::handshake::settings::Settings;
use crate::key_log::KeyLog;
use crate::protocol::SignatureScheme;
use crate::record::header::HEADER_LEN;
use crate::time::Now;

/// A client configuration, cloned for each connection.
pub(crate) struct ClientTemplate {
    config: rustls::ClientConfig,
    verifier: Arc<Recorder>,
    memory: Option<Arc<ClientMemory>>,
    lifetime: Duration,
    key_log: Option<Arc<dyn KeyLog>>,
    backend: Backend,
    /// Whether rustls protects nothing.
    is_bare: bool,
    /// Those that the key of our certificate signs in.
    own_schemes: Arc<[SignatureScheme]>,
}

impl ClientTemplate {
    pub(crate) fn new(backend: &Backend, settings: &Settings) -> Result<Self, ConfigError> {
        let (provider, is_bare) = provider(backend, settings)?;
        let verifier = Recorder {
            algorithms: provider.signature_verification_algorithms,
            schemes: signature_schemes(&provider, settings)?,
            ask_client: false,
            hints: Vec::new(),
            staples: Staples::default(),
            refusals: Refusals::default(),
        };
        let verifier = Arc::new(verifier);
        let builder =
            rustls::ClientConfig::builder_with_details(provider.clone(), Arc::new(NoClock))
                .with_protocol_versions(&versions(settings)?)
                .map_err(nothing_left)?
                .dangerous()
                .with_custom_certificate_verifier(verifier.clone());
        let mut own_schemes = Arc::default();
        let mut config = match identity(backend, settings)? {
            Some((identity, schemes)) => {
                own_schemes = schemes;
                builder.with_client_cert_resolver(Arc::new(identity))
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = settings.alpn.clone();
        config.max_fragment_size = settings.max_fragment.map(|bytes| bytes + HEADER_LEN);
        config.enable_secret_extraction = true;
        config.resumption = Resumption::disabled();
        Ok(Self {
            config,
            verifier,
            memory: ClientMemory::new(settings),
            lifetime: settings.session_lifetime,
            key_log: settings.key_log.clone(),
            backend: backend.clone(),
            is_bare,
            own_schemes,
        })
    }

    /// A new handshake. `judged` says whether the server's certificate will be judged.
    // What rustls has on the stack to begin with, 3 KB, is in no other step's way.
    #[inline(never)]
    pub(crate) fn engine(
        &self,
        name: ServerName<'static>,
        enable_sni: bool,
        judged: bool,
        now: Now,
    ) -> Result<RustlsEngine, Failure> {
        let shared = Shared::new(now, judged, self.lifetime, self.key_log.clone());
        let mut memory = None;
        let mut config = self.config.clone();
        config.enable_sni = enable_sni;
        config.key_log = shared.rules.taps.clone();
        config.time_provider = shared.rules.taps.clone();
        if let Some(sessions) = &self.memory {
            let store = Arc::new(GatedClientStore {
                memory: sessions.clone(),
                rules: shared.rules.clone(),
            });
            let tls12 = match sessions.takes_tickets() {
                true => Tls12Resumption::SessionIdOrTickets,
                false => Tls12Resumption::SessionIdOnly,
            };
            config.resumption = Resumption::store(store.clone()).tls12_resumption(tls12);
            memory = Some(Memory::Client(store, name.clone()));
        }
        let conn = UnbufferedClientConnection::new(Arc::new(config), name)
            .map_err(|error| errors::failure(&error, errors::Context { version: None }))?;
        let verifier = self.verifier.clone();
        let side = Side::Client(conn.into());
        let mut engine = shared.engine(side, &self.backend, memory, verifier, false);
        engine.staple = Staple::Waiting(self.verifier.clone());
        engine.is_bare = self.is_bare;
        engine.own_schemes = self.own_schemes.clone();
        Ok(engine)
    }
}
