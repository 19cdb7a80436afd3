//! The cryptography that a connection uses.
//!
//! A [`Backend`] is what one library has of it: the AEADs that records are sealed and opened with,
//! hash functions, key exchanges, what verifies signatures and what signs, random numbers. With the
//! feature `rustls` the same goes into a rustls `CryptoProvider`, for handshakes by rustls. Another
//! backend is one more file beside these.
//!
//! # Post-quantum key exchange
//!
//! Who records traffic today can decrypt it with a quantum computer of tomorrow, unless the key
//! exchange resists that. X25519MLKEM768 joins X25519 with ML-KEM-768 (FIPS 203): the secret is safe as
//! long as one of the two is. SecP256r1MLKEM768 does the same with P-256 (draft-ietf-tls-ecdhe-mlkem).
//! Both are for TLS 1.3 alone.
//!
//! | backend | has them |
//! |---|---|
//! | `aws-lc-rs` | always |
//! | `ring`, `rustcrypto` | with the feature `ml-kem`, from the crate ml-kem of RustCrypto, which nobody has audited independently |
//!
//! A backend that has them begins its order with X25519MLKEM768 and ends it with SecP256r1MLKEM768;
//! [`groups`](crate::ConfigBuilder::groups) chooses others. A share takes 1216 bytes in the client's
//! hello, which then fills more than one packet of most networks, and 1120 in the server's answer.
//! [`key_exchange_group`](crate::Connection::key_exchange_group) tells what was agreed upon.
//!
//! Signatures are not post-quantum: no ML-DSA is offered, and no certificate with such a key or
//! signature is accepted. A signature is needed at the time of the handshake alone, so nobody gains by
//! recording it.

mod aead;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod backend;
mod entropy;
pub(crate) mod hash;
#[cfg(any(feature = "aws-lc-rs", feature = "ml-kem"))]
mod hybrid;
mod keys;
pub(crate) mod kx;
mod parts;
#[cfg(feature = "ring")]
mod ring;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod ring_api;
#[cfg(feature = "rustcrypto-keys")]
pub mod rustcrypto;
#[cfg(feature = "rustls")]
pub(crate) mod rustls;
pub(crate) mod verification;

pub use self::aead::{AeadError, MakeAead, NONCE_LEN, RecordAead, TAG_LEN};
pub use self::backend::Backend;
pub use self::entropy::{EntropyError, EntropySource};
#[cfg(feature = "testing")]
pub(crate) use self::parts::Parts;

pub use crate::protocol::{AeadAlgorithm, HashAlgorithm};
