//! tlslite-ng, by its Python package: TLS 1.3 with a pre-shared key.

use std::net::SocketAddr;

use super::listening;
use crate::peer::{Peer, Scratch};
use crate::psk::{IDENTITY, hex};

/// The Python that has tlslite-ng.
fn python() -> String {
    std::env::var("SSLCORE_TEST_TLSLITE").unwrap_or_else(|_| {
        panic!("SSLCORE_TEST_TLSLITE must name a Python that has tlslite-ng, as `tests/run interop` does")
    })
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peers/tlslite_ng.py");

/// What tlslite-ng does with the key: by its names, the hash function that the key belongs to, how it is
/// used, and the group of the key exchange.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// `sha256` or `sha384`.
    pub hash: &'static str,
    /// `psk_dhe_ke` or `psk_ke`.
    pub mode: &'static str,
    /// `x25519` or `secp256r1`, or both with a comma between them; a client has a share of the first.
    pub group: &'static str,
}

fn start(role: &str, how: Use, more: &[&str]) -> Peer {
    let key = hex();
    let args = [SCRIPT, role, &key, IDENTITY, how.hash, how.mode, how.group];
    Peer::start(&python(), [&args, more].concat(), Scratch::new())
}

/// A server for one client, that echoes.
pub fn server(how: Use) -> (Peer, SocketAddr) {
    listening(start("server", how, &[]))
}

/// A client that says its input when that has ended, and prints what it hears.
pub fn client(how: Use, address: SocketAddr) -> Peer {
    start("client", how, &[&address.to_string()])
}
