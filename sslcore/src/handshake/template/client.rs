//! A client's.

use alloc::boxed::Box;
#[cfg(feature = "engine")]
use alloc::sync::Arc;

use rustls_pki_types::ServerName;

use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::failure::Failure;
use crate::handshake;
#[cfg(feature = "rustls")]
use crate::handshake::rustls::config as with_rustls;
use crate::handshake::settings::Settings;
#[cfg(feature = "engine")]
use crate::handshake::sizes::Room;
#[cfg(feature = "engine")]
use crate::handshake::tls13::{client::Client, config::Config};
#[cfg(feature = "engine")]
use crate::limits;
use crate::protocol::Engine;
#[cfg(all(feature = "engine", feature = "certificates"))]
use crate::protocol::SslProtocol;
use crate::time::Now;

/// What makes the engines of a client's connections.
pub(crate) enum ClientTemplate {
    #[cfg(feature = "rustls")]
    Rustls(Box<with_rustls::ClientTemplate>),
    #[cfg(feature = "engine")]
    Own(Arc<Config>),
}

impl ClientTemplate {
    pub(crate) fn new(backend: &Backend, settings: &Settings) -> Result<Self, ConfigError> {
        match settings.engine() {
            #[cfg(feature = "rustls")]
            Engine::Rustls => {
                let template = with_rustls::ClientTemplate::new(backend, settings)?;
                Ok(Self::Rustls(template.into()))
            }
            #[cfg(feature = "engine")]
            Engine::Own => {
                let config = match &settings.keys {
                    Some(keys) => Config::new(backend, settings, keys, limits::OFFERED_KEYS)?,
                    #[cfg(feature = "certificates")]
                    None if settings.protocols.contains(&SslProtocol::TlsV1_2) => {
                        return Err(Config::without_tls13());
                    }
                    #[cfg(feature = "certificates")]
                    None => Config::certified(backend, settings, None)?,
                    #[cfg(not(feature = "certificates"))]
                    None => return Err(ConfigError::NothingLeft("pre-shared key")),
                };
                Ok(Self::Own(Arc::new(config)))
            }
            #[cfg(not(all(feature = "engine", feature = "rustls")))]
            other => Err(ConfigError::unsupported("engine", other.name())),
        }
    }

    /// A new handshake with the server of this name. `judged` says whether its certificate will be
    /// judged, `room` how many bytes a record of the server's may have.
    pub(crate) fn engine(
        &self,
        name: ServerName<'static>,
        enable_sni: bool,
        judged: bool,
        room: usize,
        now: Now,
    ) -> Result<Box<dyn handshake::Engine>, Failure> {
        #[cfg(not(feature = "rustls"))]
        let _ = (judged, now);
        #[cfg(not(feature = "engine"))]
        let _ = room; // rustls 0.23 can ask for no less
        Ok(match self {
            #[cfg(feature = "rustls")]
            Self::Rustls(template) => Box::new(template.engine(name, enable_sni, judged, now)?),
            // Which version it will be only the server says.
            #[cfg(feature = "engine")]
            Self::Own(config) => own(config.clone(), name, enable_sni, Room(room)),
        })
    }
}

/// By the engine of our own. Whoever takes the other has no room for it on the stack.
#[cfg(feature = "engine")]
#[inline(never)]
fn own(
    config: Arc<Config>,
    name: ServerName<'static>,
    enable_sni: bool,
    room: Room,
) -> Box<dyn handshake::Engine> {
    Box::new(Client::new(config, name, enable_sni, room))
}
