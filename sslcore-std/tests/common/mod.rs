//! What the test programs share.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "every test program uses a part of it"
)]

#[cfg(unix)]
pub mod deaf;
mod examples;
#[cfg(feature = "tokio")]
pub mod on_hyper;
#[cfg(feature = "tokio")]
pub mod on_tokio;
mod signing;
mod sockets;

pub use self::examples::*;
pub use self::signing::*;
pub use self::sockets::*;
