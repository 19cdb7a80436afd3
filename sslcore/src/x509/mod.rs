//! Certificates, lists of revoked ones, and keys, read: what they say, and nothing of what it is
//! worth.

mod capitals;
pub(crate) mod certificate;
pub(crate) mod crl;
mod dates;
pub(crate) mod der;
pub(crate) mod description;
pub(crate) mod ec_private_key;
pub(crate) mod key_kind;
pub(crate) mod name;
pub(crate) mod oid;
pub(crate) mod pem;
pub(crate) mod pkcs8;
pub(crate) mod raw;
pub(crate) mod revocation_list;
pub(crate) mod rsa_key;
pub(crate) mod usage;
