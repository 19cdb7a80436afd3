//! Buffers that are lent: what is there is all there is.

use std::sync::Mutex;
use std::time::Duration;

use sslcore::{
    BufferPool, Buffers, Connection, FailureKind, Limits, ReadEnd, ServerStart, StaticBuffer,
};
use sslcore_tests::forge::{DATA, Forger, HANDSHAKE};
use sslcore_tests::hello::ClientHello;
use sslcore_tests::pair::{self, End, Pair, backend, client, server};
use sslcore_tests::records::record;

/// The largest record there is, header included (RFC 5246 §6.2.3).
const MAX_RECORD: usize = 18_437;

fn lent(receive: usize) -> Connection {
    Connection::new(Limits::default(), pair::lent(receive, MAX_RECORD))
}

/// A server on a lent buffer.
fn waiting(receive: usize) -> End {
    let mut end = End::on(pair::lent(receive, MAX_RECORD));
    let config = server(backend()).build().expect("server");
    let start = ServerStart::With(config);
    end.conn.start_server_encryption(start).expect("start");
    end
}

/// The same, and its peer, which sends what the test wants.
fn encrypted(receive: usize, tls13: bool) -> (End, Forger) {
    let mut end = waiting(receive);
    let forger = Forger::as_client(&mut end, tls13);
    (end, forger)
}

#[test]
fn the_read_limit_that_can_be_kept_is_known_from_the_beginning() {
    for (receive, kept) in [
        (MAX_RECORD - 1000, 1),
        (MAX_RECORD, 1),
        (MAX_RECORD + 1000, 1000),
        (MAX_RECORD + 16_384, 16_384),
    ] {
        let mut conn = lent(receive);
        assert_eq!(conn.read_buffer_size(), kept);
        conn.set_read_buffer_size(usize::MAX);
        assert_eq!(conn.read_buffer_size(), kept, "there is no more");
        conn.set_read_buffer_size(1);
        assert_eq!(conn.read_buffer_size(), 1);
    }
    assert_eq!(lent(100_000).read_buffer_size(), 16_384, "as configured");
}

#[test]
fn a_record_that_does_not_fit_beside_unread_plaintext_waits_for_the_reader() {
    for (tls13, receive) in [
        (true, MAX_RECORD - 1792),
        (true, MAX_RECORD),
        (false, MAX_RECORD),
        (false, MAX_RECORD + 1000),
    ] {
        let (mut end, mut forger) = encrypted(receive, tls13);
        let mut wire = forger.seal(DATA, &[1; 3000]);
        wire.extend(forger.seal(DATA, &[2; 16_384]));
        wire.extend(forger.seal(DATA, &[3; 10]));
        let mut heard = Vec::new();
        let mut rest = &wire[..];
        while !rest.is_empty() {
            let n = end.conn.receive(rest).expect("open");
            rest = &rest[n..];
            end.settle();
            assert_eq!(end.conn.failure(), None);
            if n == 0 {
                let unread = end.conn.bytes_available();
                assert!(unread >= end.conn.read_buffer_size(), "{unread} unread");
                heard.extend(end.read_all());
            }
        }
        heard.extend(end.read_all());
        assert_eq!(heard.len(), 3000 + 16_384 + 10);
        assert_eq!(heard.last(), Some(&3));
    }
}

#[test]
fn a_hello_in_a_record_as_long_as_the_buffer_fits_and_a_longer_one_does_not() {
    const ROOM: usize = 4000;
    for len in [ROOM - 1, ROOM, ROOM + 1] {
        let mut pair = Pair::tls(
            &client(backend()).build().expect("client"),
            &server(backend()).build().expect("server"),
        );
        let mut hello = ClientHello::parse(&pair.client.take()[5..]);
        let padding = len - 5 - hello.encode().len() - 4;
        hello.extensions().add(21, &vec![0; padding]);
        let record = record(HANDSHAKE, &hello.encode());
        assert_eq!(record.len(), len);
        let mut end = waiting(ROOM);
        let (head, rest) = record.split_at(10);
        end.give(head, usize::MAX);
        let failure = end.conn.failure().map(sslcore::Failure::kind);
        if len > ROOM {
            let expected = FailureKind::BufferTooSmall { needed: len };
            assert_eq!(failure, Some(expected));
            continue;
        }
        assert_eq!(failure, None, "{len}");
        end.give(rest, usize::MAX);
        assert_eq!(end.conn.failure(), None, "{len}");
        assert!(end.take().len() > 100, "{len}: an answer");
    }
}

#[test]
fn a_small_buffer_opens_what_fits_ahead_of_the_reader() {
    for tls13 in [false, true] {
        let (mut end, mut forger) = encrypted(4000, tls13);
        for sent in 1..=5 {
            let record = forger.seal(DATA, &[7; 500]);
            end.give(&record, usize::MAX);
            assert_eq!(end.conn.bytes_available(), sent * 500);
        }
        assert!(end.read_all() == [7; 2500]);
    }
}

#[test]
fn the_close_timeout_stands_still_while_a_record_waits_for_room() {
    let mut pair = Pair::default();
    pair.client.conn = lent(MAX_RECORD);
    pair.start(
        &client(backend()).build().expect("client"),
        &server(backend()).build().expect("server"),
    );
    pair.run();
    pair.server.write(&[1; 3000]);
    pair.run();
    pair.client.conn.close();
    pair.run();
    pair.server.write(&[2; 16_384]);
    pair.server.conn.close();
    let wire = pair.server.take();
    let mut rest = &wire[..];
    for _ in 0..3 {
        let n = pair.client.conn.receive(rest).expect("open");
        rest = &rest[n..];
        pair.client.settle();
    }
    assert!(!rest.is_empty(), "it does not fit");
    pair.advance(Duration::from_secs(60));
    assert!(pair.client.read_all() == [1; 3000]);
    pair.client.give(rest, usize::MAX);
    assert!(pair.client.read_all() == [2; 16_384]);
    assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Closed));
}

/// Gives its buffers back to whoever lends next.
struct Pool(Mutex<Vec<&'static mut [u8]>>);

impl BufferPool for Pool {
    fn give_back(&self, buffer: &'static mut [u8]) {
        self.0.lock().expect("unpoisoned").push(buffer);
    }
}

#[test]
fn lent_buffers_go_back_to_their_pool_however_the_connection_ends() {
    static POOL: Pool = Pool(Mutex::new(Vec::new()));
    let free = || POOL.0.lock().expect("unpoisoned").len();
    let lend = || {
        let take = || {
            let bytes = POOL.0.lock().expect("unpoisoned").pop().expect("free");
            StaticBuffer::from_pool(bytes, &POOL)
        };
        Buffers::lent(take(), take()).expect("large enough")
    };
    POOL.give_back(Box::leak(Box::new([0; 20_000])));
    POOL.give_back(Box::leak(Box::new([0; 20_000])));

    // Never used, dropped in the clear, dropped with plaintext unread, taken back.
    drop(lend());
    assert_eq!(free(), 2);
    drop(Connection::new(Limits::default(), lend()));
    assert_eq!(free(), 2);
    let mut pair = Pair::default();
    pair.client.conn = Connection::new(Limits::default(), lend());
    assert_eq!(free(), 0);
    pair.start(
        &client(backend()).build().expect("client"),
        &server(backend()).build().expect("server"),
    );
    pair.run();
    pair.server.write(b"a secret");
    pair.run();
    assert_eq!(pair.client.conn.peek(), b"a secret");
    drop(pair);
    assert_eq!(free(), 2);
    for buffer in POOL.0.lock().expect("unpoisoned").iter() {
        assert!(!buffer.windows(8).any(|bytes| bytes == b"a secret"));
    }
    let buffers = Connection::new(Limits::default(), lend()).into_buffers();
    assert_eq!(free(), 0);
    let Buffers::Lent {
        receive, transmit, ..
    } = buffers
    else {
        panic!("lent")
    };
    drop(transmit);
    assert_eq!(free(), 1);
    receive.into_bytes().fill(7);
    assert_eq!(free(), 1, "whoever takes the memory keeps it");

    // Too small: it is not lost.
    let small = StaticBuffer::from_pool(Box::leak(Box::new([0; 10])), &POOL);
    let large: &'static mut [u8] = Box::leak(Box::new([0; 600]));
    assert!(Buffers::lent(small, large).is_err());
    assert_eq!(free(), 2);
}
