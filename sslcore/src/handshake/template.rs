//! Which engine a configuration takes: rustls, or, with pre-shared keys, our own.

#[cfg(not(all(feature = "client", feature = "server")))]
mod absent;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod server;

#[cfg(not(feature = "client"))]
pub(crate) use self::absent::ClientTemplate;
#[cfg(not(feature = "server"))]
pub(crate) use self::absent::ServerTemplate;
#[cfg(feature = "client")]
pub(crate) use self::client::ClientTemplate;
#[cfg(feature = "server")]
pub(crate) use self::server::ServerTemplate;
