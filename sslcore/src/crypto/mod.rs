//! The cryptography that a connection uses.
//!
//! A [`Backend`] bundles two things that must come from the same library: the rustls
//! `CryptoProvider` that the handshake runs on, and the AEADs that the record layer seals and
//! opens with. Another backend is one more file beside these.
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
pub(crate) mod hash;
#[cfg(all(feature = "ml-kem", any(feature = "ring", feature = "rustcrypto-core")))]
mod hybrid;
pub(crate) mod kx;
mod provided;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod ring_api;
#[cfg(feature = "rustcrypto-core")]
pub mod rustcrypto;
pub(crate) mod suite;

pub use self::aead::{AeadError, MakeAead, NONCE_LEN, RecordAead, TAG_LEN};
pub use self::backend::Backend;
pub use crate::protocol::{AeadAlgorithm, HashAlgorithm};
