//! The handshake engine of our own: TLS 1.3 with pre-shared keys (RFC 8446 §2.2), as a client and as a
//! server.
//!
//! ```text
//!   client                                       server
//!
//!   Asking     the application gives keys
//!   Generating a key pair
//!      │ ClientHello ──────────────────────────► Asking      the application knows the keys
//!      │                                         Accepting   the binder, the group
//!   AwaitingHello ◄───── HelloRetryRequest ───── │ or
//!      │                                         Generating  a key pair
//!   Agreeing   with the server's share           Agreeing    with the client's share
//!      │ ◄── ServerHello, EncryptedExtensions, Finished ──── │
//!   AwaitingExtensions                           │
//!   AwaitingFinished                             AwaitingFinished
//!      │ Finished ─────────────────────────────► │
//!   Complete                                     Complete
//! ```
//!
//! Each state does one thing, of at most one public-key operation ([rule R16](crate::rules#r16)): what is
//! read only changes the state, and [`Engine::work`](super::Engine::work) does what the state says. The halves of a hybrid key
//! exchange are one step for now.

pub(super) mod agreed;
#[cfg(feature = "client")]
pub(crate) mod client;
pub(super) mod config;
pub(super) mod failures;
pub(super) mod flight;
mod psk;
mod secrets;
#[cfg(feature = "server")]
pub(crate) mod server;
