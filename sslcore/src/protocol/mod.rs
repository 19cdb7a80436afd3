//! What both versions of TLS speak of: versions, cipher suites, groups, signature schemes. Their
//! names, their numbers, and what the RFCs say of them.

mod cipher;
pub(crate) mod group;
mod signature;
mod version;

pub use self::cipher::{AeadAlgorithm, SslCipher};
pub use self::signature::SignatureScheme;
pub use self::version::SslProtocol;
