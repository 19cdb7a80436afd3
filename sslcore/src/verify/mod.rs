//! Judging a certificate chain, outside the engine: a chain goes in, errors come out.

pub(crate) mod checked;
mod constraints;
mod dates;
mod diagnose;
mod error;
mod host;
pub(crate) mod judge;
pub(crate) mod key_flaw;
mod kind;
mod name;
mod path;
pub(crate) mod pin;
pub(crate) mod policy;
mod purpose;
pub(crate) mod revocation;
pub(crate) mod status;
mod text;
mod unread;
pub(crate) mod unusable;
pub(crate) mod verified;

pub use self::error::SslError;
pub use self::kind::SslErrorKind;
