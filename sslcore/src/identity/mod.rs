//! Certificates, keys and sessions.

pub(crate) mod certificate;
pub(crate) mod client_sessions;
pub(crate) mod description;
pub(crate) mod key_kind;
pub(crate) mod name;
pub(crate) mod pem;
pub(crate) mod private_key;
pub(crate) mod revocation_list;
pub(crate) mod server_sessions;
pub(crate) mod session;
pub(crate) mod signer;
pub(crate) mod usage;
pub(crate) mod validity;
