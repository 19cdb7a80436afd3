//! TLS 1.2 with pre-shared keys (RFC 4279, RFC 5487, RFC 7905), always with the extended master secret
//! (RFC 7627), and without resumption.
//!
//! ```text
//!   client                                        server
//!
//!   ClientHello ────────────────────────────────► Begun        a suite in common
//!                                                 Generating   a key pair, if keys are exchanged
//!   AwaitingExchange ◄──── ServerHello, ServerKeyExchange, ServerHelloDone
//!   Asking      the application gives a key       AwaitingExchange
//!   Generating  a key pair, if keys are exchanged │
//!   Agreeing    with the server's share           │
//!     │ ClientKeyExchange ──────────────────────► Asking       the application knows the key
//!     │                                           Agreeing     with the client's share
//!     │ ChangeCipherSpec, Finished ─────────────► AwaitingSpec, AwaitingFinished
//!   AwaitingSpec, AwaitingFinished ◄───────────── ChangeCipherSpec, Finished
//!   Complete                                      Complete
//! ```
//!
//! ServerKeyExchange is there when keys are exchanged, or the server has a hint. That a key is wrong shows
//! at the client's Finished, which cannot be opened.

#[cfg(not(feature = "tls12"))]
mod absent;
#[cfg(all(feature = "client", feature = "tls12"))]
mod client;
#[cfg(feature = "tls12")]
mod secrets;
#[cfg(all(feature = "server", feature = "tls12"))]
mod server;

#[cfg(all(feature = "server", not(feature = "tls12")))]
pub(super) use self::absent::Server;
#[cfg(all(feature = "client", not(feature = "tls12")))]
pub(super) use self::absent::{Before, Client};
#[cfg(all(feature = "client", feature = "tls12"))]
pub(super) use self::client::{Before, Client};
#[cfg(all(feature = "server", feature = "tls12"))]
pub(super) use self::server::Server;
