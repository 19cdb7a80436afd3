//! What the test programs share: the program `sslcore`, and sockets of the library for its peers.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "every test program uses a part of it"
)]

#[cfg(unix)]
#[path = "../../../tests/common/deaf.rs"]
pub mod deaf;
#[cfg(all(feature = "encrypted-keys", feature = "pkcs12"))]
#[path = "../../../tests/common/encrypted_keys.rs"]
pub mod encrypted_keys;
pub mod program;
pub mod served;
#[path = "../../../tests/common/sockets.rs"]
mod sockets;
#[cfg(target_os = "linux")]
pub mod terminal;

pub use self::sockets::*;
