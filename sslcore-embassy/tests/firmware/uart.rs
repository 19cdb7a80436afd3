//! A client on a line, with neither network nor executor; OpenSSL is at the other end. `tests/run firmware_all`
//! builds it, and says where it and QEMU are.

mod guest;

use std::net::SocketAddr;

use guest::Guest;
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl::{self, TLS13};

/// Asks for a page. With records of 1 KB a connection lives in 8 KB, its buffers and the handshake included.
fn ask(who: &str, guest: Guest, address: SocketAddr) {
    let said = guest.wired(address).slowly().boot().until_exit();
    assert!(guest::number(&said, "heard ") > 1000, "{said}");
    let parts = ["peak ", "buffers ", "itself "];
    let memory: u32 = parts.map(|part| guest::number(&said, part)).iter().sum();
    assert!(memory <= 8192, "{memory} bytes\n{said}");
    guest::tell_counted(&format!("{who}, over a line"), &said);
    guest::keep(&format!(
        "{who}, over a line | memory of a connection: {memory} bytes\n"
    ));
}

#[test]
fn a_client_asks_for_a_page_over_a_line() {
    let (mut peer, address) = openssl::server(&WORLD.server, &[TLS13.1, "-www"]);
    let guest = Guest::order("client").trusting(&WORLD.ca);
    ask("client", guest, address);
    peer.until_exit();
}

#[test]
fn a_client_with_a_key_asks_for_a_page_over_a_line() {
    let (mut peer, address) = guest::server_with_key();
    let guest = Guest::order("client").with_file("psk", &[0x5e; 32]);
    ask("client with a key", guest, address);
    peer.until_exit();
}
