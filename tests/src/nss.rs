//! `tstclnt`, the test client of NSS. Its `selfserv` has an option for a pre-shared key, too, but 3.87 shows
//! its certificate all the same, also to `tstclnt`.

use std::net::SocketAddr;

use crate::peer::{Peer, Scratch};
use crate::psk::{IDENTITY, hex};

/// A client of TLS 1.3 that has the pre-shared key, and no certificates.
pub fn client(address: SocketAddr) -> Peer {
    let (host, port) = (address.ip().to_string(), address.port().to_string());
    let key = format!("0x{}:{IDENTITY}", hex());
    let args = [
        "-h",
        &host,
        "-p",
        &port,
        "-D",
        "-V",
        "tls1.3:tls1.3",
        "-z",
        &key,
    ];
    Peer::start("tstclnt", args, Scratch::new())
}
