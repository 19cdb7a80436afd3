//! The cryptography that a connection uses.
//!
//! A [`Backend`] bundles two things that must come from the same library: the rustls
//! `CryptoProvider` that the handshake runs on, and the AEADs that the record layer seals and
//! opens with. Another backend is one more file beside these.

mod aead;
mod backend;
pub(crate) mod hash;
mod provided;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod ring_api;
#[cfg(feature = "rustcrypto-core")]
pub mod rustcrypto;
pub(crate) mod suite;

pub use self::aead::{AeadError, MakeAead, NONCE_LEN, RecordAead, TAG_LEN};
pub use self::backend::Backend;
pub use crate::protocol::AeadAlgorithm;
