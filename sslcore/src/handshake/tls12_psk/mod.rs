//! TLS 1.2 with pre-shared keys (RFC 4279, RFC 5487, RFC 7905), always with the extended master secret
//! (RFC 7627), and without resumption. [`states`] says how it goes.

#[cfg(feature = "client")]
pub(super) mod client;
mod secrets;
#[cfg(feature = "server")]
pub(super) mod server;
mod states;
