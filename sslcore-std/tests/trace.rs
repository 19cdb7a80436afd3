//! Watching a socket.

mod common;

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{LONG, VERSIONS, both, client, server, sockets, started, streams};
use sslcore::{Alert, Event, ServerStart};
use sslcore_std::trace::{Content, Direction, Record, Records, Tap, Wire};
use sslcore_std::{SslSocket, WaitError};
use sslcore_tests::pair::server_name;

fn records(stream: &[u8], chunk: usize) -> Vec<Record> {
    let mut records = Records::new();
    let mut found = Vec::new();
    for piece in stream.chunks(chunk) {
        records.feed(piece, |record| found.push(record));
    }
    assert!(!records.is_within_record());
    found
}

#[test]
fn records_are_found_however_the_stream_is_split() {
    let mut stream = vec![22, 3, 1, 0, 6, 1, 0, 0, 2, 9, 9];
    stream.extend([20, 3, 3, 0, 1, 1]);
    stream.extend([22, 3, 3, 0, 5, 77, 1, 2, 3, 4]);
    stream.extend([23, 3, 3, 0, 0]);
    stream.extend([99, 3, 3, 1, 0]);
    stream.extend([0; 256]);
    let whole = records(&stream, usize::MAX);
    let shown: Vec<_> = whole
        .iter()
        .map(|record| format!("{record} {}", record.len()))
        .collect();
    assert_eq!(
        shown,
        [
            "handshake client_hello 11",
            "change_cipher_spec 6",
            "handshake, encrypted 10",
            "encrypted 5",
            "content type 99 261",
        ]
    );
    for chunk in 1..stream.len() {
        assert_eq!(records(&stream, chunk), whole, "chunks of {chunk}");
    }
}

#[test]
fn an_alert_in_the_clear_says_which() {
    let record = records(&[21, 3, 3, 0, 2, 2, 48], 3)[0];
    assert_eq!(record.alert(), Some(Alert::UnknownCa));
    assert_eq!(record.to_string(), "alert unknown_ca (48)");
}

#[test]
fn a_second_hello_behind_a_change_cipher_spec_is_in_the_clear() {
    let stream = [20, 3, 3, 0, 1, 1, 22, 3, 3, 0, 4, 1, 0, 0, 0];
    assert_eq!(
        records(&stream, 1)[1].handshake_type(),
        Some("client_hello")
    );
}

#[test]
fn a_cut_within_a_record_shows() {
    let mut records = Records::new();
    records.feed(&[23, 3, 3, 0, 2, 0], |record| {
        panic!("{record} is not complete")
    });
    assert!(records.is_within_record());
}

#[derive(Default)]
struct Log {
    plain: [Vec<u8>; 2],
    tls: [Vec<u8>; 2],
    events: Vec<Event>,
}

struct Shared(Arc<Mutex<Log>>);

impl Tap for Shared {
    fn wire(&mut self, _: Instant, direction: Direction, wire: Wire<'_>) {
        let mut log = self.0.lock().expect("log");
        match wire {
            Wire::Plain(bytes) => log.plain[direction as usize].extend(bytes),
            Wire::Tls(bytes) => log.tls[direction as usize].extend(bytes),
        }
    }

    fn event(&mut self, _: Instant, event: Event) {
        self.0.lock().expect("log").events.push(event);
    }
}

#[test]
fn a_tap_tells_plaintext_from_tls_and_both_ends_see_the_same() {
    for version in VERSIONS {
        let client_config = client().protocols(&[version]).build().expect("client");
        let server_config = server().protocols(&[version]).build().expect("server");
        let (mut client, mut server) = sockets();
        let logs = [(); 2].map(|()| Arc::new(Mutex::new(Log::default())));
        client.set_tap(Some(Box::new(Shared(logs[0].clone()))));
        server.set_tap(Some(Box::new(Shared(logs[1].clone()))));
        both(
            || {
                client.write_all(b"STARTTLS\n").expect("write");
                client.read_exact(&mut [0; 9]).expect("read");
                client
                    .start_client_encryption(&client_config, server_name())
                    .expect("start");
                client.write_all(b"secret").expect("write");
                assert!(client.disconnect_from_host(LONG).close_notify_sent);
            },
            || {
                server.read_exact(&mut [0; 9]).expect("read");
                server.write_all(b"go ahead\n").expect("write");
                server
                    .start_server_encryption(ServerStart::With(server_config))
                    .expect("start");
                server.wait_for_disconnected(Some(LONG)).expect("ended");
            },
        );
        let [client, server] = logs.each_ref().map(|log| log.lock().expect("log"));
        let (sent, received) = (Direction::Sent as usize, Direction::Received as usize);
        assert_eq!(client.plain[sent], b"STARTTLS\n");
        assert_eq!(client.plain[received], b"go ahead\n");
        assert_eq!(client.plain[sent], server.plain[received]);
        assert_eq!(client.tls[sent], server.tls[received]);
        assert_eq!(client.tls[received], server.tls[sent]);
        let first = records(&client.tls[sent], 100)[0];
        assert_eq!(first.content(), Content::Handshake);
        assert_eq!(first.handshake_type(), Some("client_hello"));
        assert!(
            client
                .events
                .contains(&Event::ModeChanged(sslcore::SslMode::Client))
        );
    }
}

#[test]
fn plaintext_that_still_waits_when_tls_is_started_leaves_and_shows_as_plaintext() {
    let config = client().build().expect("client");
    let (stream, mut peer) = streams();
    let mut client = SslSocket::from_stream(stream).expect("adopt");
    let log = Arc::new(Mutex::new(Log::default()));
    client.set_tap(Some(Box::new(Shared(log.clone()))));
    client.set_timeout(Some(Duration::from_millis(10)));
    let mut accepted = 0;
    while let Ok(n) = client.write(&[b'.'; 100_000]) {
        accepted += n;
    }
    assert!(client.connection().bytes_to_write() > 0);
    client
        .start_client_encryption(&config, server_name())
        .expect("start");
    both(
        || {
            client
                .wait_for_encrypted(Some(LONG))
                .expect_err("the peer leaves")
        },
        move || {
            let mut plain = vec![0; accepted];
            peer.read_exact(&mut plain).expect("all of it");
            assert!(plain.iter().all(|byte| *byte == b'.'));
            let mut next = [0];
            peer.read_exact(&mut next).expect("a record");
            assert_eq!(next, [22]);
        },
    );
    let log = log.lock().expect("log");
    assert_eq!(log.plain[Direction::Sent as usize].len(), accepted);
    assert_eq!(log.tls[Direction::Sent as usize][0], 22);
}

/// Also while the buffer grows, in which the beginning of a record is moved to the front then.
#[test]
fn a_tap_sees_data_as_it_arrives_and_leaves_it_as_it_is() {
    let data = common::pattern(100_000);
    let (mut one, mut other) = common::encrypted("TLSv1.3");
    one.set_read_buffer_size(100);
    let logs = [(); 2].map(|()| Arc::new(Mutex::new(Log::default())));
    one.set_tap(Some(Box::new(Shared(logs[0].clone()))));
    other.set_tap(Some(Box::new(Shared(logs[1].clone()))));
    let (heard, ()) = both(
        || common::all_of(&mut one),
        || {
            for record in data.chunks(50) {
                other.write_all(record).expect("write");
            }
            other.close();
            other.flush().expect("flush");
        },
    );
    assert!(heard == data);
    let tls = |log: usize, way| logs[log].lock().expect("log").tls[way as usize].clone();
    // Behind the tickets, which had left before.
    assert!(tls(0, Direction::Received).ends_with(&tls(1, Direction::Sent)));
}

/// Panics each time that it is called.
struct Panics;

impl Tap for Panics {
    fn wire(&mut self, _: Instant, _: Direction, _: Wire<'_>) {
        resume_unwind(Box::new("wire"));
    }

    fn event(&mut self, _: Instant, _: Event) {
        resume_unwind(Box::new("event"));
    }
}

#[test]
fn a_tap_that_panics_takes_nothing_from_the_connection() {
    for version in VERSIONS {
        let config = client().protocols(&[version]).build().expect("client");
        let (mut one, mut other) = started(&config, &server().build().expect("server"));
        one.set_tap(Some(Box::new(Panics)));
        let in_spite_of_it = |call: &mut dyn FnMut() -> Result<(), WaitError>| {
            let calls = std::iter::repeat_with(|| catch_unwind(AssertUnwindSafe(&mut *call)));
            assert_eq!(calls.take(1000).find_map(Result::ok), Some(Ok(())));
        };
        both(
            || {
                in_spite_of_it(&mut || one.wait_for_encrypted(Some(LONG)));
                in_spite_of_it(&mut || one.wait_for_ready_read(Some(LONG)));
            },
            || {
                other.wait_for_encrypted(Some(LONG)).expect("encrypted");
                other.write_all(b"hello").expect("write");
                other.flush().expect("flush");
            },
        );
        one.set_tap(None);
        assert_eq!(one.peek(), b"hello");
        let mut events = std::iter::from_fn(|| one.poll_event());
        assert!(events.any(|event| event == Event::Encrypted));
    }
}
