//! Who we are, and what is remembered of whom we met: private keys, signers, sessions.

pub(crate) mod client_sessions;
pub(crate) mod pre_shared_key;
pub(crate) mod private_key;
pub(crate) mod server_sessions;
pub(crate) mod signature;
pub(crate) mod signer;
pub(crate) mod ticket_keys;
pub(crate) mod validity;
