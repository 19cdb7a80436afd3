//! Certificates, keys and sessions.

pub(crate) mod certificate;
pub(crate) mod name;
pub(crate) mod session;
