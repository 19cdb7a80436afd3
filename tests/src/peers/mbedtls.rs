//! mbedTLS, by python-mbedtls: TLS 1.2 with a pre-shared key.

use std::net::SocketAddr;

use super::listening;
use crate::peer::{Peer, Scratch};
use crate::psk::{IDENTITY, hex};

/// The Python that has python-mbedtls.
fn python() -> String {
    std::env::var("SSLCORE_TEST_MBEDTLS").unwrap_or_else(|_| {
        panic!("SSLCORE_TEST_MBEDTLS must name a Python that has python-mbedtls, as `tests/run interop` does")
    })
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peers/python_mbedtls.py");

/// A server for one client, in a suite by mbedTLS's name, that echoes so many bytes when it has them all.
pub fn server(suite: &str, len: usize) -> (Peer, SocketAddr) {
    let (key, len) = (hex(), len.to_string());
    let args = [SCRIPT, "server", &key, IDENTITY, suite, &len];
    listening(Peer::start(&python(), args, Scratch::new()))
}

/// A client that asks for fragments of this length. It says its input when that has ended, and
/// prints what it hears, and how long the largest record was.
pub fn client(suite: &str, address: SocketAddr, length: usize) -> Peer {
    let (key, address, length) = (hex(), address.to_string(), length.to_string());
    let args = [SCRIPT, "client", &key, IDENTITY, suite, &address, &length];
    Peer::start(&python(), args, Scratch::new())
}
