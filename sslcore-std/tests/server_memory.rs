//! What clients can make a server hold. Counted are the allocations of Rust code on the thread
//! that drives it; AWS-LC's own, in C, are not seen.
//!
//! `cargo test --test server_memory -- --nocapture` shows the figures.

mod common;

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

use allocation_counter::measure;
use common::server;
use sslcore::{Buffers, Connection, Limits, Progress};
use sslcore_std::{Clock, ServerEvent, SslServer};
use sslcore_tests::pair::server_name;

const CLIENTS: usize = 20;

/// What each of these clients costs a server for which nothing ever runs out of time, when all
/// have sent what the server takes of `greeting`.
fn bytes_per_client(greeting: &[u8]) -> u64 {
    let config = server().build().expect("server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    server.set_handshake_timeout(Duration::MAX);
    server.set_max_pending(CLIENTS);
    let address = server.local_addr().expect("address");
    let connect = |_| {
        let stream = TcpStream::connect(address).expect("connect");
        stream.set_nonblocking(true).expect("non-blocking");
        (stream, greeting)
    };
    let mut clients: Vec<_> = (0..CLIENTS).map(connect).collect();
    let held = measure(|| {
        let mut quiet_rounds = 0;
        while server.pending() < CLIENTS || quiet_rounds < 100 {
            quiet_rounds += 1;
            while let Some(event) = server.poll_once().expect("a round") {
                quiet_rounds = 0;
                assert!(!matches!(event, ServerEvent::Encrypted { .. }), "{event:?}");
            }
            for (stream, left) in &mut clients {
                match stream.write(left) {
                    Ok(0) => {}
                    Ok(n) => (*left, quiet_rounds) = (&left[n..], 0),
                    // A server that has failed it resets it.
                    Err(error) if error.kind() != ErrorKind::WouldBlock => *left = &[],
                    Err(_) => {}
                }
            }
        }
    });
    assert!(clients.iter().all(|(_, left)| left.is_empty()));
    held.bytes_max / CLIENTS as u64
}

fn hello() -> Vec<u8> {
    let config = common::client().build().expect("client");
    let mut client = Connection::new(Limits::default(), Buffers::Owned);
    client
        .start_client_encryption(&config, server_name())
        .expect("start");
    while client.process(Clock::new().now()) != Progress::Idle {}
    client.transmit().to_vec()
}

/// All but the end of a ClientHello of this length, in records with so many bytes each.
fn endless_hello(len: usize, fragment: usize) -> Vec<u8> {
    let mut message = vec![1, (len >> 16) as u8, (len >> 8) as u8, len as u8];
    message.resize(len, 3);
    let records = message.chunks(fragment).flat_map(|body| {
        let len = (body.len() as u16).to_be_bytes();
        [&[22, 3, 1, len[0], len[1]], body].concat()
    });
    records.collect()
}

#[test]
fn what_clients_cost_is_bounded() {
    for (what, greeting, most) in [
        ("a quiet one", vec![], 1_000),
        ("one that has said hello", hello(), 50_000),
        ("a long hello", endless_hello(65_000, 16_000), 250_000),
        (
            "a long hello, in small records",
            endless_hello(65_000, 600),
            250_000,
        ),
        (
            "a hello that is too long",
            endless_hello(70_000, 16_000),
            250_000,
        ),
        (
            "a hello in far too many records",
            endless_hello(65_000, 5),
            250_000,
        ),
        ("no hello at all", vec![22; 500_000], 250_000),
    ] {
        let bytes = bytes_per_client(&greeting);
        println!("{what}: {bytes} bytes");
        assert!(bytes < most, "{what} costs {bytes} bytes");
    }
}
