//! The record layer after the handshake: ours, in place, without allocation per record.

pub(crate) mod alerts;
pub(crate) mod header;
pub(crate) mod messages;
#[cfg(feature = "offload")]
pub(crate) mod offload;
pub(crate) mod protection;
pub(crate) mod size;
pub(crate) mod traffic;
