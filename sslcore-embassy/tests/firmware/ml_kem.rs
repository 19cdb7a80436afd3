//! The firmware with ML-KEM exchanges keys that resist quantum computers. `tests/run firmware_all` builds
//! it, and says where it, QEMU and the project's own program are.

mod guest;

use std::net::SocketAddr;

use guest::Guest;
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl;
use sslcore_tests::peer::{Peer, Scratch};

/// `sslcore serve` with one page.
fn server() -> (Peer, SocketAddr) {
    let program = std::env::var("SSLCORE_TEST_PROGRAM").expect("`tests/run firmware_all` sets it");
    let scratch = Scratch::new();
    let (cert, key) = scratch.identity(&WORLD.server);
    std::fs::create_dir(scratch.path().join("www")).expect("a folder");
    scratch.file("www/index.html", "served by a host\n");
    let www = scratch.path().join("www");
    let www = www.to_str().expect("UTF-8").to_owned();
    let args = ["serve", "--cert", &cert, "--key", &key, "--www", &www];
    let server = Peer::start(&program, args, scratch);
    server.until("its address", |server| server.out().contains(&b'\n'));
    let out = String::from_utf8(server.out()).expect("UTF-8");
    let address = out.lines().next().and_then(|line| line.parse().ok());
    (server, address.expect("an address in the first line"))
}

#[test]
fn a_client_agrees_on_x25519_with_ml_kem() {
    let (_server, address) = server();
    let guest = Guest::order("client").trusting(&WORLD.ca).port(address);
    let said = guest.slowly().boot().until_exit();
    assert!(said.contains("encrypted: TLSv1.3 "), "{said}");
    assert!(said.contains(" X25519MLKEM768\n"), "{said}");
    guest::tell_counted("client, X25519MLKEM768, live", &said);
}

/// Its first hello has a share of X25519, too.
#[test]
fn a_server_without_ml_kem_costs_no_second_hello() {
    let (mut peer, address) = openssl::server(&WORLD.server, &["-tls1_3", "-www"]);
    let guest = Guest::order("client").trusting(&WORLD.ca).port(address);
    let said = guest.boot().until_exit();
    assert!(said.contains(" X25519\n"), "{said}");
    peer.until_exit();
}
