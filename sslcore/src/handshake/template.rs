//! Which engine a configuration takes: rustls, or, with pre-shared keys, our own.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod server;

#[cfg(feature = "client")]
pub(crate) use self::client::ClientTemplate;
#[cfg(feature = "server")]
pub(crate) use self::server::ServerTemplate;
#[cfg(not(feature = "client"))]
pub(crate) use super::rustls::config::ClientTemplate;
#[cfg(not(feature = "server"))]
pub(crate) use super::rustls::config::ServerTemplate;
