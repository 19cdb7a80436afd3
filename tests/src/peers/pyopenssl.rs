//! The newest OpenSSL, by pyOpenSSL.

use std::net::SocketAddr;

use super::listening;
use crate::certs::Identity;
use crate::openssl::ca_pem;
use crate::peer::{Peer, Scratch};

/// The Python that has pyOpenSSL.
fn python() -> String {
    std::env::var("SSLCORE_TEST_PYOPENSSL").unwrap_or_else(|_| {
        panic!("SSLCORE_TEST_PYOPENSSL must name a Python that has pyOpenSSL, as `tests/run interop` does")
    })
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peers/pyopenssl.py");

/// An echo server of TLS 1.3 for one client.
pub fn server(identity: &Identity) -> (Peer, SocketAddr) {
    let scratch = Scratch::new();
    let (cert, key) = scratch.identity(identity);
    let args = [SCRIPT, "server", &cert, &key];
    listening(Peer::start(&python(), args, scratch))
}

/// A client of TLS 1.3 that says a line to an echo server.
pub fn client(address: SocketAddr) -> Peer {
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", ca_pem());
    let address = address.to_string();
    Peer::start(&python(), [SCRIPT, "client", &address, &ca], scratch)
}
