//! What both versions of TLS speak of: versions, cipher suites, groups, signature schemes. Their
//! names, their numbers, and what the RFCs say of them.

pub(crate) mod cipher;
mod engine;
pub(crate) mod group;
mod hash;
pub(crate) mod private_use;
mod signature;
mod version;

pub(crate) use self::cipher::version_of;
pub use self::cipher::{AeadAlgorithm, SslCipher};
pub use self::engine::Engine;
pub use self::hash::HashAlgorithm;
pub use self::signature::SignatureScheme;
pub use self::version::SslProtocol;
