//! Configurations: built once, checked when built, shared by any number of connections.

mod builder;
mod built;
mod chain;
mod peer_name;
mod room;
mod settled;
mod verification;

pub use self::builder::ConfigBuilder;
pub(crate) use self::built::Terms;
pub use self::built::{ClientConfig, ServerConfig, ServerStart};
pub use self::peer_name::PeerName;
