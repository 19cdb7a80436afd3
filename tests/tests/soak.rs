//! Ten thousand connections in one process, over pipes of memory.
//!
//! `tests/run soak` runs it, and prints the figures.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use allocation_counter::measure;
use sslcore::crypto::Backend;
use sslcore::{Buffers, Connection, Instant, Limits, Now, Progress, ServerStart, UnixTime};
use sslcore_tests::certs::NOW;
use sslcore_tests::pair::{client, server, server_name};

const PAIRS: usize = 5_000;
const ROUNDS: u8 = 4;
/// What each end sends in a round.
const BYTES: usize = 1_000;

fn now() -> Now {
    Now::new(
        Instant::from_millis(0),
        UnixTime::since_unix_epoch(Duration::from_secs(NOW)),
    )
}

/// Does all the work there is, and moves what there is to send; whether anything moved.
fn turn(from: &mut Connection, to: &mut Connection) -> bool {
    loop {
        match from.process(now()) {
            Progress::Idle => break,
            Progress::Again | Progress::DrainEvents => while from.poll_event().is_some() {},
        }
    }
    while from.poll_event().is_some() {}
    let taken = to.receive(from.transmit()).expect("received");
    from.transmitted(taken).expect("transmitted");
    taken > 0
}

fn settle(ends: &mut [Connection; 2]) {
    let [a, b] = ends;
    while turn(a, b) | turn(b, a) {}
}

/// Both ends send, and read what the other has sent.
fn talk(ends: &mut [Connection; 2], byte: u8) {
    for end in &mut *ends {
        let written = end.write(&[byte; BYTES]).expect("write");
        assert_eq!(written, BYTES);
    }
    settle(ends);
    for end in &mut *ends {
        assert!(end.peek() == [byte; BYTES], "{} bytes", end.peek().len());
        end.consume(BYTES).expect("consume");
    }
    settle(ends);
}

#[test]
fn ten_thousand_connections_take_bounded_memory_and_no_more_with_time() {
    let backend = Backend::ring();
    let client = client(backend.clone()).session_cache(0);
    let client = client.build().expect("client");
    let server = server(backend).session_tickets(false).session_cache(0);
    let server = server.build().expect("server");
    let limits = Limits {
        release_when_idle: true,
        ..Limits::default()
    };

    let pair = || {
        let mut ends = [(); 2].map(|()| Connection::new(limits, Buffers::Owned));
        let started = ends[0].start_client_encryption(&client, server_name());
        started.expect("client");
        let started = ends[1].start_server_encryption(ServerStart::With(server.clone()));
        started.expect("server");
        settle(&mut ends);
        assert!(ends.iter().all(Connection::is_encrypted));
        ends
    };
    // The configurations remember the signatures of the first, which are those of all.
    drop(pair());

    let mut pairs = Vec::with_capacity(PAIRS);
    let made = measure(|| pairs.extend((0..PAIRS).map(|_| pair())));
    // Nothing but the connections was allocated, so that what is held now is theirs.
    let per_end = made.bytes_current / (2 * PAIRS as i64);
    println!(
        "{} connections hold {per_end} bytes of heap each",
        2 * PAIRS
    );
    assert!(per_end <= 3_000, "{per_end} bytes");

    let mut held = BTreeMap::new();
    for round in 0..ROUNDS {
        let talked = measure(|| {
            for ends in &mut pairs {
                talk(ends, round);
            }
        });
        held.insert(round, talked.bytes_current);
    }
    println!("{ROUNDS} rounds changed what they hold by {held:?} bytes in all");
    for (round, change) in held {
        assert!(change <= 0, "round {round}: {change} bytes more");
    }

    let closed = measure(|| {
        for mut ends in pairs.drain(..) {
            ends[0].close();
            ends[1].close();
            settle(&mut ends);
            for end in &ends {
                let report = end.close_report().expect("closed");
                assert!(report.clean, "{report:?}");
            }
        }
    });
    assert!(closed.bytes_current <= -made.bytes_current, "{closed:?}");
    black_box(pairs);
}
