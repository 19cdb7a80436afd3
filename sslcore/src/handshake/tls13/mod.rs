//! The handshake engine of our own: TLS 1.3 with pre-shared keys, or with certificates and the sessions that
//! come of them (RFC 8446 §2), as a client and as a server.
//!
//! [`states`] says how it goes.

pub(super) mod agreed;
mod certificates;
#[cfg(feature = "client")]
pub(crate) mod client;
pub(super) mod config;
pub(super) mod failures;
pub(super) mod flight;
mod psk;
mod secrets;
#[cfg(feature = "server")]
pub(crate) mod server;
mod sessions;
mod states;
