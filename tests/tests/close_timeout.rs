//! How long a close may take: as long as something moves, and not for ever.

use std::time::Duration;

use sslcore::ReadEnd;
use sslcore_tests::pair::{Pair, backend, client, server};

fn encrypted() -> Pair {
    let client = client(backend()).protocols(&["TLSv1.3"]).build();
    let server = server(backend()).build();
    Pair::encrypted(&client.expect("client"), &server.expect("server"))
}

#[test]
fn a_half_closed_client_reads_an_answer_that_takes_longer_than_the_close_timeout() {
    let mut pair = encrypted();
    pair.client.conn.close();
    pair.run();
    for _ in 0..10 {
        pair.server.write(b"more of the answer");
        pair.run();
        assert_eq!(pair.client.read_all(), b"more of the answer");
        pair.advance(Duration::from_secs(1));
    }
    assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Empty));
}

#[test]
fn a_slow_reader_gets_everything_that_had_arrived_when_the_close_timeout_came() {
    let mut pair = encrypted();
    pair.client.conn.set_read_buffer_size(4);
    pair.server.write(b"data");
    pair.server.write(b"and more");
    pair.server.conn.close();
    pair.client.conn.close();
    pair.run();
    pair.advance(Duration::from_secs(6));
    assert_eq!(pair.client.read_all(), b"dataand more");
    assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Closed));
}

#[test]
fn close_ends_although_the_peer_takes_nothing() {
    let client = client(backend()).build();
    let server = server(backend()).build();
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    pair.client.write(&[1; 60_000]);
    pair.exchange();
    // Encrypted; from here on the transport takes nothing, and not everything fits.
    pair.client.settle();
    assert!(pair.client.conn.is_encrypted());
    pair.client.conn.close();
    pair.client.settle();
    for _ in 0..10 {
        pair.advance(Duration::from_secs(3600));
    }
    assert!(pair.client.conn.close_report().is_some());
}
