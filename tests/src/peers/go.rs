//! Go's `crypto/tls`.

use std::net::SocketAddr;

use super::{Folder, listening};
use crate::certs::Identity;
use crate::openssl::ca_pem;
use crate::peer::{Peer, Scratch};

/// The program that was built of `server.go` or `client.go`, which stand beside this file.
fn built(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} must name a program that `tests/run peers` or `tests/run interop` builds")
    })
}

/// Starts an echo server of one version that speaks the protocol `echo` and, if it is told to,
/// wants certificates by the tests' root. It prints what it agreed on, or `refused: ` and why not.
pub fn start(identity: &Identity, version: &str, client_certificate: bool) -> (Peer, SocketAddr) {
    let program = built("SSLCORE_TEST_GO_SERVER");
    let folder = Folder::new(identity);
    let ca = folder.scratch.file("ca.pem", ca_pem());
    let (cert, key) = (folder.cert, folder.key);
    let mut args = vec![cert.as_str(), &key, version];
    if client_certificate {
        args.push(&ca);
    }
    listening(Peer::start(&program, args, folder.scratch))
}

/// An echo server of TLS 1.3 that takes one key exchange group, by its number.
pub fn server_of_group(identity: &Identity, group: u16) -> (Peer, SocketAddr) {
    let scratch = Scratch::new();
    let (cert, key) = scratch.identity(identity);
    let (program, group) = (built("SSLCORE_TEST_GO_SERVER"), named(group));
    let args = [&group, program.as_str(), &cert, &key, "TLSv1.3"];
    listening(Peer::start("env", args, scratch))
}

/// A client of TLS 1.3 that offers one key exchange group, by its number, and sends a megabyte to an
/// echo server.
pub fn client_of_group(address: SocketAddr, group: u16) -> Peer {
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", ca_pem());
    let (program, group) = (built("SSLCORE_TEST_GO_CLIENT"), named(group));
    let address = address.to_string();
    let args = [&group, program.as_str(), &address, &ca, "TLSv1.3"];
    Peer::start("env", args, scratch)
}

fn named(group: u16) -> String {
    format!("SSLCORE_TEST_GROUP={group}")
}
