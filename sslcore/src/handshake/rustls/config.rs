//! Our settings as rustls configurations.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod server;
mod shared;

#[cfg(feature = "client")]
pub(crate) use self::client::ClientTemplate;
#[cfg(feature = "server")]
pub(crate) use self::server::ServerTemplate;
