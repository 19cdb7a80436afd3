//! Peers that have the pre-shared key and break the rules with it, and how they are refused (rule R17).
//!
//! The peers are made here, from RFC 8446 and a library's hash, MAC and key agreement alone: what they
//! derive is a second opinion on every binder, key and Finished of sslcore's.

mod client;
mod closing;
mod early_data;
mod encrypted_extensions;
mod extremes;
mod first_hello;
mod key_shares;
mod keys;
mod last_flight;
#[cfg(feature = "rustcrypto")]
mod own_troubles;
mod pieces;
mod record_sizes;
mod retry;
mod second_hello;
mod server;
mod server_hello;
mod stage;
mod tickets;
mod versions;
