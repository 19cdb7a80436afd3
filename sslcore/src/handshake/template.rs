//! Which engine a configuration takes: rustls, or, with pre-shared keys, our own.

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustls_pki_types::ServerName;

use super::Engine;
use super::rustls::config as with_rustls;
use super::settings::Settings;
#[cfg(feature = "engine")]
use super::tls13;
use super::wire::client_hello::HelloMessage;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::failure::Failure;
use crate::time::Now;

/// What makes the engines of a client's connections.
pub(crate) enum ClientTemplate {
    Rustls(with_rustls::ClientTemplate),
    #[cfg(all(feature = "engine", feature = "client"))]
    Own(tls13::client::Template),
}

impl ClientTemplate {
    #[cfg(feature = "client")]
    pub(crate) fn new(backend: &Backend, settings: &Settings) -> Result<Self, ConfigError> {
        #[cfg(feature = "engine")]
        if let Some(keys) = &settings.keys {
            let template = tls13::client::Template::new(backend, settings, keys)?;
            return Ok(Self::Own(template));
        }
        with_rustls::ClientTemplate::new(backend, settings).map(Self::Rustls)
    }

    /// A new handshake with the server of this name. `judged` says whether its certificate will be
    /// judged.
    pub(crate) fn engine(
        &self,
        name: ServerName<'static>,
        enable_sni: bool,
        judged: bool,
        now: Now,
    ) -> Result<Box<dyn Engine>, Failure> {
        Ok(match self {
            Self::Rustls(template) => Box::new(template.engine(name, enable_sni, judged, now)?),
            #[cfg(all(feature = "engine", feature = "client"))]
            Self::Own(template) => Box::new(template.engine(name, enable_sni)),
        })
    }
}

/// What makes the engines of a server's connections.
pub(crate) enum ServerTemplate {
    Rustls(with_rustls::ServerTemplate),
    #[cfg(all(feature = "engine", feature = "server"))]
    Own(tls13::server::Template),
}

impl ServerTemplate {
    #[cfg(feature = "server")]
    pub(crate) fn new(
        backend: &Backend,
        settings: &Settings,
        ask_client: bool,
        hints: &[Vec<u8>],
    ) -> Result<Self, ConfigError> {
        #[cfg(feature = "engine")]
        if let Some(keys) = &settings.keys {
            let template = tls13::server::Template::new(backend, settings, keys)?;
            return Ok(Self::Own(template));
        }
        with_rustls::ServerTemplate::new(backend, settings, ask_client, hints).map(Self::Rustls)
    }

    /// A new handshake, which begins with this hello.
    pub(crate) fn engine(&self, hello: HelloMessage, now: Now) -> Result<Box<dyn Engine>, Failure> {
        Ok(match self {
            Self::Rustls(template) => Box::new(template.engine(hello, now)?),
            #[cfg(all(feature = "engine", feature = "server"))]
            Self::Own(template) => Box::new(template.engine(hello)),
        })
    }
}
