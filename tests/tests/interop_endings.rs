//! Streams that end without a word of TLS: cut short, or reset.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::thread;

use sslcore::{Alert, Event, FailureKind, ReadEnd};
use sslcore_tests::certs::WORLD;
use sslcore_tests::openssl::{self, VERSIONS};
use sslcore_tests::pair::{backend, client, server};
use sslcore_tests::peer::Peer;
use sslcore_tests::wire::{Door, Wire};

/// Our client, encrypted and past its first data, and OpenSSL's server.
fn connected_client(version: &str, option: &str) -> (Wire, Peer) {
    let (peer, address) = openssl::server(&WORLD.server, &[option]);
    let config = client(backend()).protocols(&[version]).build();
    let mut wire = Wire::connect(address, &config.expect("config"));
    converse(&mut wire, &peer);
    (wire, peer)
}

/// Our server, encrypted and past its first data, and OpenSSL's client.
fn connected_server(version: &str, option: &str) -> (Wire, Peer) {
    let door = Door::open();
    let peer = openssl::client(door.address, &[option]);
    let config = server(backend()).protocols(&[version]).build();
    let mut wire = door.serve(&config.expect("config"));
    converse(&mut wire, &peer);
    (wire, peer)
}

fn converse(wire: &mut Wire, peer: &Peer) {
    wire.until_encrypted();
    peer.say("from the peer\n");
    wire.until_received(14);
    wire.send(b"from us\n");
    wire.until("the data", |_| peer.said("from us\n"));
}

/// Every version and both roles.
fn connected() -> impl Iterator<Item = (Wire, Peer)> {
    let both = |(version, option)| {
        [
            connected_client(version, option),
            connected_server(version, option),
        ]
    };
    VERSIONS.into_iter().flat_map(both)
}

fn assert_ended(wire: &mut Wire, kind: FailureKind, end: ReadEnd) {
    wire.until_failed(kind);
    assert_eq!(wire.received, b"from the peer\n");
    assert_eq!(wire.end.conn.read(&mut [0]), Err(end));
    assert!(!wire.end.saw(Event::PeerClosed));
    assert_eq!(wire.alerts_sent(), [], "nobody is there to be told");
}

#[test]
fn a_peer_that_closes_tcp_alone_leaves_a_truncated_stream() {
    // With this command, s_server closes its socket first and is silent.
    for (version, option) in VERSIONS {
        let (mut wire, peer) = connected_client(version, option);
        peer.say("q\n");
        assert_ended(&mut wire, FailureKind::Truncated, ReadEnd::Truncated);
    }
}

#[test]
fn a_peer_that_is_killed_leaves_a_truncated_stream() {
    for (mut wire, mut peer) in connected() {
        peer.kill();
        assert_ended(&mut wire, FailureKind::Truncated, ReadEnd::Truncated);
    }
}

#[test]
fn a_peer_that_is_killed_with_our_data_unread_resets_the_stream() {
    for (mut wire, mut peer) in connected() {
        peer.freeze();
        wire.send(b"never read\n");
        wire.until("the system to take it", |wire| {
            wire.all_sent() && wire.end.conn.transmit().is_empty()
        });
        peer.kill();
        assert_ended(&mut wire, FailureKind::Reset, ReadEnd::Reset);
    }
}

/// A server that waits for a ClientHello and closes its socket, with it read or not.
fn deaf_server(reads_hello: bool) -> (thread::JoinHandle<()>, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("address");
    let server = thread::spawn(move || {
        let (mut tcp, _) = listener.accept().expect("accept");
        let mut hello = [0; 4096];
        // A socket that is closed with unread data is reset (RFC 2525 §2.17).
        let n = match reads_hello {
            true => tcp.read(&mut hello),
            false => tcp.peek(&mut hello),
        };
        assert!(n.expect("a ClientHello") > 0);
    });
    (server, address)
}

#[test]
fn a_server_that_leaves_during_the_handshake_is_told_from_one_that_resets() {
    for (reads_hello, kind, end) in [
        (true, FailureKind::Truncated, ReadEnd::Truncated),
        (false, FailureKind::Reset, ReadEnd::Reset),
    ] {
        let (server, address) = deaf_server(reads_hello);
        let mut wire = Wire::connect(address, &client(backend()).build().expect("config"));
        wire.until_failed(kind);
        assert_eq!(wire.end.conn.read(&mut [0]), Err(end));
        assert!(!wire.end.saw(Event::Encrypted));
        assert_eq!(wire.alerts_sent(), []);
        server.join().expect("its assertions hold");
    }
}

#[test]
fn a_client_that_connects_and_leaves_is_a_truncated_handshake() {
    let door = Door::open();
    drop(TcpStream::connect(door.address).expect("connect"));
    let mut wire = door.serve(&server(backend()).build().expect("config"));
    wire.until_failed(FailureKind::Truncated);
    assert_eq!(wire.alerts_sent(), []);
}

#[test]
fn a_peer_that_goes_while_a_verdict_is_open_makes_it_stale() {
    use sslcore::{OnErrors, UsageError, Verdict};
    for (version, option) in VERSIONS {
        let (mut peer, address) = openssl::server(&WORLD.self_signed, &[option]);
        let config = client(backend())
            .protocols(&[version])
            .on_errors(OnErrors::Hold);
        let mut wire = Wire::connect(address, &config.build().expect("config"));
        wire.until("a review", |wire| wire.end.conn.review().is_some());
        let id = wire.end.conn.review().expect("open").id;
        peer.kill();
        wire.until("its end", |wire| wire.end.conn.failure().is_some());
        let answer = wire.end.conn.answer(id, Verdict::Accept);
        assert_eq!(answer, Err(UsageError::NoDecisionOpen));
        let kind = wire.end.conn.failure().expect("failed").kind();
        assert!(
            matches!(kind, FailureKind::Truncated | FailureKind::Reset),
            "{kind:?}"
        );
        assert_eq!(wire.alerts_sent(), []);
    }
}

#[test]
fn a_client_that_sends_plain_http_is_told_that_this_is_tls() {
    use std::io::Write;
    let door = Door::open();
    let mut tcp = TcpStream::connect(door.address).expect("connect");
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("send");
    let mut wire = door.serve(&server(backend()).build().expect("config"));
    wire.until_failed(FailureKind::HttpInsteadOfTls);
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).expect("an answer");
    let [alert] = wire.alerts_sent()[..] else {
        panic!("one alert: {:?}", wire.end.events);
    };
    assert_eq!(answer, [21, 3, 3, 0, 2, 2, alert.code()]);
    assert_ne!(alert, Alert::CloseNotify);
}
