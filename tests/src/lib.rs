//! Shared builders of the tests: certificates, configurations, and pairs of connections in
//! memory with a clock of their own.

pub mod certs;
#[cfg(feature = "rustcrypto")]
pub mod entropy;
pub mod forge;
pub mod pair;
