//! `gnutls-serv` and `gnutls-cli`.
//!
//! Both run with `--debug 5`, which prints every handshake message and every alert.

use std::net::SocketAddr;

use crate::certs::Identity;
use crate::network::free_address;
use crate::openssl::ca_pem;
use crate::peer::{Peer, Scratch};

/// The versions, by our names, and GnuTLS's priorities that allow no other.
pub const VERSIONS: [(&str, &str); 2] = [
    ("TLSv1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.2"),
    ("TLSv1.3", "NORMAL:-VERS-ALL:+VERS-TLS1.3"),
];

/// Our cipher suites by OpenSSL's names, and GnuTLS's priorities that allow no other.
pub const SUITES: [(&str, &str); 6] = [
    (
        "TLS_AES_128_GCM_SHA256",
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM",
    ),
    (
        "TLS_AES_256_GCM_SHA384",
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM",
    ),
    (
        "TLS_CHACHA20_POLY1305_SHA256",
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305",
    ),
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM",
    ),
    (
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-GCM",
    ),
    (
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+CHACHA20-POLY1305",
    ),
];

/// Starts an echo server, or another kind by an argument, that trusts the tests' root. It listens
/// on every interface: only in a network of its own, see [`alone`](crate::network::alone).
pub fn server(identity: &Identity, args: &[&str]) -> (Peer, SocketAddr) {
    server_in(Scratch::new(), identity, args)
}

/// The same, in a folder with files of the test.
pub fn server_in(scratch: Scratch, identity: &Identity, args: &[&str]) -> (Peer, SocketAddr) {
    let (cert, key) = scratch.identity(identity);
    let ca = scratch.file("ca.pem", ca_pem());
    let identity = ["--x509certfile", &cert, "--x509keyfile", &key];
    let trust = ["--x509cafile", &ca];
    bare_server(scratch, &[&identity, &trust[..], args].concat())
}

/// Starts a server that knows neither a certificate nor a root but those of its arguments.
pub fn bare_server(scratch: Scratch, args: &[&str]) -> (Peer, SocketAddr) {
    let address = free_address();
    let port = address.port().to_string();
    let kind = match args.iter().any(|arg| arg.starts_with("--http")) {
        true => "--http",
        false => "--echo",
    };
    let all = [&["--debug", "5", "--port", &port, kind][..], args];
    let server = Peer::start("gnutls-serv", all.concat(), scratch);
    server.until_said(&format!("listening on IPv4 0.0.0.0 port {port}...done"));
    (server, address)
}

/// Starts a client that trusts the tests' root and wants `server.test`.
pub fn client(address: SocketAddr, args: &[&str]) -> Peer {
    client_in(Scratch::new(), address, args)
}

/// The same, with a certificate of its own.
pub fn client_as(identity: &Identity, address: SocketAddr, args: &[&str]) -> Peer {
    let scratch = Scratch::new();
    let (cert, key) = scratch.identity(identity);
    let args = [&["--x509certfile", &cert, "--x509keyfile", &key][..], args].concat();
    client_in(scratch, address, &args)
}

fn client_in(scratch: Scratch, address: SocketAddr, args: &[&str]) -> Peer {
    let ca = scratch.file("ca.pem", ca_pem());
    let trust = [
        "--x509cafile",
        &ca,
        "--sni-hostname",
        "server.test",
        "--verify-hostname",
        "server.test",
    ];
    bare_client(scratch, address, &[&trust, args].concat())
}

/// Starts a client that knows no more than its arguments say.
pub fn bare_client(scratch: Scratch, address: SocketAddr, args: &[&str]) -> Peer {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let all = [&["--debug", "5", "--port", &port][..], args, &[&host]];
    Peer::start("gnutls-cli", all.concat(), scratch)
}

/// The handshake messages that GnuTLS received, in order, by its own names: `"CLIENT HELLO"`.
pub fn received(peer: &Peer) -> Vec<String> {
    let name = |line: &str| {
        let (start, _) = line.split_once(") was received.")?;
        let (_, message) = start.split_once("]: ")?;
        Some(message.rsplit_once(" (")?.0.to_string())
    };
    peer.log().lines().filter_map(name).collect()
}

/// The alerts that GnuTLS received, in order: level and description.
pub fn alerts_received(peer: &Peer) -> Vec<(u8, u8)> {
    let alert = |line: &str| {
        let (numbers, text) = line.split_once(": Alert[")?.1.split_once(']')?;
        let (level, description) = numbers
            .split_once('|')
            .filter(|_| text.ends_with("was received"))?;
        Some((level.parse().ok()?, description.parse().ok()?))
    };
    peer.log().lines().filter_map(alert).collect()
}
