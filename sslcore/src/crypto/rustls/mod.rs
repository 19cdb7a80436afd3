//! Between what this crate asks of a library and what rustls does.

#[cfg(any(feature = "rustcrypto-core", all(feature = "ml-kem", feature = "ring")))]
pub(crate) mod group;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core"))]
pub(crate) mod keys;
#[cfg(any(feature = "aws-lc-rs", feature = "ring", feature = "rustcrypto-core"))]
pub(crate) mod mapping;
pub(crate) mod provided;
mod provided_key;
pub(crate) mod random;
pub(crate) mod signer;
pub(crate) mod suite;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(crate) mod suites;
