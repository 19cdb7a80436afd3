//! Hybrid key exchanges with Go's crypto/tls and with the newest OpenSSL, in both roles.

use sslcore::Event;
use sslcore::crypto::Backend;
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{backends, client, server};
use sslcore_tests::peer::Peer;
use sslcore_tests::peers::{go, pyopenssl};
use sslcore_tests::wire::{Door, Wire};

const HYBRIDS: [(u16, &str); 2] = [(0x11ec, "X25519MLKEM768"), (0x11eb, "SecP256r1MLKEM768")];

/// What our client sends comes back from an echo server, after an agreement on `group`.
fn echoes(backend: Backend, address: std::net::SocketAddr, group: &str, retried: bool) -> Wire {
    let config = client(backend).build().expect("config");
    let mut wire = Wire::connect(address, &config);
    wire.until_encrypted();
    assert_eq!(wire.end.conn.key_exchange_group(), Some(group));
    assert_eq!(wire.end.conn.is_hello_retried(), retried);
    wire.send(b"there and back\n");
    wire.until_received(15);
    assert_eq!(wire.received, b"there and back\n");
    assert!(wire.close().clean);
    wire
}

/// Sends back what a client sends, as long as it sends.
fn echo(wire: &mut Wire, client: &mut Peer, group: &str) {
    wire.until_encrypted();
    assert_eq!(wire.end.conn.key_exchange_group(), Some(group));
    assert!(!wire.end.conn.is_hello_retried());
    let mut echoed = 0;
    loop {
        wire.until("more, or the end", |wire| {
            wire.received.len() > echoed || wire.end.saw(Event::PeerClosed)
        });
        if wire.received.len() == echoed {
            break;
        }
        let more = wire.received[echoed..].to_vec();
        echoed += more.len();
        wire.send(&more);
    }
    assert!(wire.close().clean);
    assert!(client.until_exit().success());
}

#[test]
fn our_client_and_go_s_server_agree_on_each_hybrid_group() {
    for backend in backends() {
        for (number, name) in HYBRIDS {
            let (server, address) = go::server_of_group(&WORLD.server, number);
            // Our first share is of X25519MLKEM768.
            echoes(backend.clone(), address, name, number == 0x11eb);
            server.until_said(&format!("agreed on {name}\n"));
        }
    }
}

#[test]
fn go_s_client_and_our_server_agree_on_each_hybrid_group() {
    for backend in backends() {
        let config = server(backend).alpn(&[b"echo"]).build().expect("config");
        for (number, name) in HYBRIDS {
            let door = Door::open();
            let mut client = go::client_of_group(door.address, number);
            let mut wire = door.serve(&config);
            echo(&mut wire, &mut client, name);
            assert!(client.said(&format!("agreed on {name}\n")));
            assert!(client.said("echoed: TLS 1.3 echo\n"));
        }
    }
}

#[test]
fn the_newest_openssl_agrees_on_x25519_with_ml_kem_as_a_server() {
    for backend in backends() {
        let (mut server, address) = pyopenssl::server(&WORLD.server);
        echoes(backend, address, "X25519MLKEM768", false);
        assert!(server.until_exit().success());
        assert!(server.said(" agreed on X25519MLKEM768\n"));
    }
}

#[test]
fn the_newest_openssl_agrees_on_x25519_with_ml_kem_as_a_client() {
    for backend in backends() {
        let config = server(backend).build().expect("config");
        let door = Door::open();
        let mut client = pyopenssl::client(door.address);
        let mut wire = door.serve(&config);
        echo(&mut wire, &mut client, "X25519MLKEM768");
        assert!(client.said(" agreed on X25519MLKEM768\n"));
        assert!(client.said("echoed: from the newest OpenSSL\n"));
    }
}
