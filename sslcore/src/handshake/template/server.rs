//! A server's.

use alloc::boxed::Box;
#[cfg(feature = "engine")]
use alloc::sync::Arc;
use alloc::vec::Vec;

#[cfg(feature = "engine")]
use crate::alert::Alert;
use crate::config_error::ConfigError;
use crate::crypto::Backend;
use crate::failure::Failure;
use crate::handshake;
#[cfg(feature = "rustls")]
use crate::handshake::rustls::config as with_rustls;
use crate::handshake::settings::Settings;
#[cfg(feature = "engine")]
use crate::handshake::sizes::Room;
#[cfg(all(feature = "engine", feature = "tls12"))]
use crate::handshake::tls12_psk;
#[cfg(feature = "engine")]
use crate::handshake::tls13::{config::Config, server::Server};
#[cfg(feature = "engine")]
use crate::handshake::wire::Refusal;
use crate::handshake::wire::client_hello::HelloMessage;
use crate::protocol::Engine;
#[cfg(feature = "engine")]
use crate::protocol::SslProtocol;
use crate::time::Now;

/// What makes the engines of a server's connections.
pub(crate) enum ServerTemplate {
    #[cfg(feature = "rustls")]
    Rustls(Box<with_rustls::ServerTemplate>),
    #[cfg(feature = "engine")]
    Own(Arc<Config>),
    /// Our own for TLS 1.3, and rustls for clients that do not have it.
    #[cfg(all(feature = "engine", feature = "rustls"))]
    Both(Arc<Config>, Box<with_rustls::ServerTemplate>),
}

impl ServerTemplate {
    pub(crate) fn new(
        backend: &Backend,
        settings: &Settings,
        ask_client: bool,
        hints: &[Vec<u8>],
    ) -> Result<Self, ConfigError> {
        match settings.engine() {
            #[cfg(feature = "rustls")]
            Engine::Rustls => {
                let template =
                    with_rustls::ServerTemplate::new(backend, settings, ask_client, hints)?;
                Ok(Self::Rustls(template.into()))
            }
            #[cfg(feature = "engine")]
            Engine::Own => {
                let config = match &settings.keys {
                    Some(keys) => Config::new(backend, settings, keys, usize::MAX)?,
                    None => Config::certified(backend, settings, ask_client.then_some(hints))?,
                };
                if !config.can_prove_itself() {
                    let why = "a server needs a certificate and its key";
                    return Err(ConfigError::UnusableCertificate(why.into()));
                }
                let config = Arc::new(config);
                if settings.keys.is_some() || !settings.protocols.contains(&SslProtocol::TlsV1_2) {
                    return Ok(Self::Own(config));
                }
                // TLS 1.3 stays enabled there: rustls sets the sentinel only then (RFC 8446 §4.1.3).
                #[cfg(feature = "rustls")]
                return Ok(Self::Both(
                    config,
                    with_rustls::ServerTemplate::new(backend, settings, ask_client, hints)?.into(),
                ));
                #[cfg(not(feature = "rustls"))]
                Err(Config::without_tls13())
            }
            #[cfg(not(all(feature = "engine", feature = "rustls")))]
            other => Err(ConfigError::unsupported("engine", other.name())),
        }
    }

    /// A new handshake, which begins with this hello. `room` says how many bytes a record of the client's
    /// may have.
    pub(crate) fn engine(
        &self,
        hello: HelloMessage,
        room: usize,
        now: Now,
    ) -> Result<Box<dyn handshake::Engine>, Failure> {
        #[cfg(not(feature = "engine"))]
        let _ = room; // rustls 0.23 can ask for no less
        #[cfg(not(feature = "rustls"))]
        let _ = now;
        Ok(match self {
            #[cfg(feature = "rustls")]
            Self::Rustls(template) => Box::new(template.engine(hello, now)?),
            #[cfg(feature = "engine")]
            Self::Own(config) => own(config.clone(), hello, Room(room))?,
            #[cfg(all(feature = "engine", feature = "rustls"))]
            Self::Both(config, _) if hello.hello().offers(SslProtocol::TlsV1_3) => {
                own(config.clone(), hello, Room(room))?
            }
            #[cfg(all(feature = "engine", feature = "rustls"))]
            Self::Both(_, template) => Box::new(template.engine(hello, now)?),
        })
    }
}

/// The engine of our own for the newest version in common. Whoever takes the other has no room for it on the
/// stack.
#[cfg(feature = "engine")]
#[inline(never)]
fn own(
    config: Arc<Config>,
    hello: HelloMessage,
    room: Room,
) -> Result<Box<dyn handshake::Engine>, Failure> {
    let in_common = |version| config.has(version) && hello.hello().offers(version);
    if in_common(SslProtocol::TlsV1_3) {
        return Ok(Box::new(Server::new(config, hello, room)));
    }
    #[cfg(feature = "tls12")]
    if in_common(SslProtocol::TlsV1_2) {
        return Ok(Box::new(tls12_psk::server::Server::new(
            config, hello, room,
        )?));
    }
    Err(Refusal::new(
        Alert::ProtocolVersion,
        "the client offers no version that is in use here",
    )
    .into())
}
