//! Data through the socket: both directions, back-pressure, lines.

mod common;

use std::io::{BufRead, ErrorKind, Read, Write};
use std::time::Duration;

use common::{LONG, VERSIONS, both, encrypted, pattern, sockets};
use sslcore::Event;
use sslcore_std::{SslSocket, WaitError};

#[test]
fn to_consume_more_than_there_is_changes_nothing() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.consume(1);
    server.write_all(b"hello").expect("write");
    assert_eq!(client.fill_buf().expect("read"), b"hello");
    for too_many in [6, usize::MAX] {
        client.consume(too_many);
        assert_eq!(client.peek(), b"hello", "{too_many}");
    }
    client.consume(5);
    assert!(client.peek().is_empty());
}

#[test]
fn a_megabyte_comes_back_as_it_was_in_both_versions() {
    for version in VERSIONS {
        let (mut client, mut server) = encrypted(version);
        let data = pattern(1 << 20);
        let (sent, ()) = both(
            || {
                client.write_all(&data).expect("write");
                let mut back = vec![0; data.len()];
                client.read_exact(&mut back).expect("read");
                assert_eq!(back, data);
                client.disconnect_from_host(LONG)
            },
            || {
                // Reads as it writes, or the client could not finish.
                let mut piece = vec![0; 16 * 1024];
                loop {
                    match server.read(&mut piece).expect("read") {
                        0 => break,
                        n => server.write_all(&piece[..n]).expect("echo"),
                    }
                }
                assert!(server.disconnect_from_host(LONG).clean);
            },
        );
        assert!(sent.clean, "{sent:?}");
    }
}

/// Writes until the socket says that reading comes first, then reads what is there, until
/// everything is written and read.
fn exchange(socket: &mut SslSocket, total: usize) -> usize {
    let mut refusals = 0;
    let (mut written, mut read) = (0, 0);
    let chunk = pattern(256 * 1024);
    let mut piece = vec![0; chunk.len()];
    while written < total {
        let at = written % chunk.len();
        let end = chunk.len().min(at + total - written);
        match socket.write(&chunk[at..end]) {
            Ok(n) => written += n,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}");
                let why = error.get_ref().and_then(|why| why.downcast_ref());
                assert!(matches!(why, Some(WaitError::ReadFirst { unread }) if *unread > 0));
                refusals += 1;
                while socket.connection().bytes_available() > 0
                    || socket.wait_for_ready_read(Some(Duration::ZERO)).is_ok()
                {
                    read += read_piece(socket, &mut piece, &chunk, read);
                }
            }
        }
    }
    while read < total {
        read += read_piece(socket, &mut piece, &chunk, read);
    }
    // What the stream has not taken would stay here: nobody drives the socket after this.
    socket.flush().expect("flush");
    refusals
}

fn read_piece(socket: &mut SslSocket, piece: &mut [u8], chunk: &[u8], read: usize) -> usize {
    let at = read % chunk.len();
    let n = socket.read(&mut piece[at..]).expect("read");
    assert_eq!(piece[at..at + n], chunk[at..at + n], "at byte {read}");
    n
}

#[test]
fn fifty_megabytes_each_way_arrive_although_both_write_before_they_read() {
    const TOTAL: usize = 50 << 20;
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.set_patience(Duration::from_millis(50));
    server.set_patience(Duration::from_millis(50));
    let (client, server) = both(
        || exchange(&mut client, TOTAL),
        || exchange(&mut server, TOTAL),
    );
    assert!(client + server > 0, "nobody was ever told to read first");
}

#[test]
fn a_write_that_waits_for_a_slow_reader_goes_on_receiving() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    // More than all buffers on the way hold.
    let data = pattern(16 << 20);
    let ((), ()) = both(
        || {
            client.write_all(&data).expect("write");
            client.flush().expect("flush");
            let mut line = String::new();
            client.read_line(&mut line).expect("read");
            assert_eq!(line, "received all of it\n");
        },
        || {
            server.write_all(b"received ").expect("write");
            let mut all = vec![0; data.len()];
            server.read_exact(&mut all).expect("read");
            assert_eq!(all, data);
            server.write_all(b"all of it\n").expect("write");
        },
    );
}

#[test]
fn what_a_write_left_behind_leaves_with_a_read_of_what_is_there() {
    let (mut one, mut other) = encrypted("TLSv1.3");
    other.write_all(b"two").expect("write");
    one.read_exact(&mut [0]).expect("read");
    let left = |one: &SslSocket| one.connection().encrypted_bytes_to_write();
    while left(&one) == 0 {
        one.write_all(&[0; 10_000]).expect("write");
    }
    other.set_timeout(Some(Duration::from_millis(20)));
    while other.read(&mut [0; 10_000]).is_ok() {}
    let before = left(&one);
    assert_eq!(one.peek(), b"wo");
    one.read_exact(&mut [0]).expect("read");
    assert!(left(&one) < before);
}

#[test]
fn a_line_waits_until_it_is_whole() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    server.write_all(b"first half, ").expect("write");
    client.wait_for_ready_read(Some(LONG)).expect("some");
    assert!(!client.can_read_line());
    assert_eq!(client.peek(), b"first half, ");
    assert_eq!(
        client.wait_for_ready_read(Some(Duration::ZERO)),
        Err(WaitError::Timeout),
        "what was told of does not count again"
    );
    server.write_all(b"second half\nmore").expect("write");
    while !client.can_read_line() {
        client.wait_for_ready_read(Some(LONG)).expect("the rest");
    }
    let mut line = String::new();
    client.read_line(&mut line).expect("a line");
    assert_eq!(line, "first half, second half\n");
    assert_eq!(client.peek(), b"more");
}

#[test]
fn data_that_came_while_writing_is_told_of() {
    let (mut client, mut server) = sockets();
    server.write_all(b"hello").expect("write");
    client.wait_for_ready_read(Some(LONG)).expect("hello");
    client
        .wait_for_bytes_written(Some(LONG))
        .expect("nothing waits");
    server.write_all(b", again").expect("write");
    while client.peek() != b"hello, again" {
        client.wait_for_ready_read(Some(LONG)).expect("the rest");
    }
}

#[test]
fn a_full_receive_buffer_is_an_answer_and_not_a_wait_for_ever() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    client.set_read_buffer_size(1000);
    server.write_all(&pattern(256 * 1024)).expect("write");
    let full = loop {
        if let Err(error) = client.wait_for_ready_read(Some(LONG)) {
            break error;
        }
    };
    assert!(
        matches!(full, WaitError::ReadFirst { unread } if unread >= 1000),
        "{full}"
    );
    client.discard_reads();
    server.close();
    let report = client.wait_for_disconnected(Some(LONG));
    assert!(report.expect("discarding lets the end arrive").clean);
}

#[test]
fn an_application_that_asks_for_no_events_costs_no_memory() {
    let (mut client, mut server) = encrypted("TLSv1.3");
    for _ in 0..500 {
        client.write_all(b"ping").expect("write");
        server.read_exact(&mut [0; 4]).expect("read");
        server.write_all(b"pong").expect("write");
        client.read_exact(&mut [0; 4]).expect("read");
    }
    let events: Vec<Event> = std::iter::from_fn(|| client.poll_event()).collect();
    assert!(events.contains(&Event::BytesWritten(2000)), "{events:?}");
    assert!(events.len() < 10, "{events:?}");
}
