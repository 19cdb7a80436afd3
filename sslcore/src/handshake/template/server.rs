//! A server's.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::failure::Failure;
use crate::handshake::Engine;
#[cfg(feature = "rustls")]
use crate::handshake::rustls::config as with_rustls;
use crate::handshake::settings::Settings;
#[cfg(feature = "engine")]
use crate::handshake::tls13;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::time::Now;

/// What makes the engines of a server's connections.
pub(crate) enum ServerTemplate {
    #[cfg(feature = "rustls")]
    Rustls(Box<with_rustls::ServerTemplate>),
    #[cfg(feature = "engine")]
    Own(tls13::server::Template),
}

impl ServerTemplate {
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
        #[cfg(feature = "rustls")]
        {
            let template = with_rustls::ServerTemplate::new(backend, settings, ask_client, hints)?;
            Ok(Self::Rustls(template.into()))
        }
        #[cfg(not(feature = "rustls"))]
        let _ = (ask_client, hints);
        #[cfg(not(feature = "rustls"))]
        Err(ConfigError::without_rustls())
    }

    /// A new handshake, which begins with this hello.
    pub(crate) fn engine(&self, hello: HelloMessage, now: Now) -> Result<Box<dyn Engine>, Failure> {
        #[cfg(not(feature = "rustls"))]
        let _ = now;
        Ok(match self {
            #[cfg(feature = "rustls")]
            Self::Rustls(template) => Box::new(template.engine(hello, now)?),
            #[cfg(feature = "engine")]
            Self::Own(template) => Box::new(template.engine(hello)),
        })
    }
}
