//! When buffers are allocated, and when they are given back.

use std::rc::Rc;

use sslcore::{Instant, Limits};
use sslcore_tests::pair::backend;

use crate::counted::{Account, Counted, VERSIONS, configs, handshaked, process};

const RECORD: [u8; 16 * 1024] = [7; 16 * 1024];
/// What small buffers may hold, which are kept: 1,280 B in each direction of both ends.
const SMALL: i64 = 4 * 1280;

/// What is tried: both ends on one account, and how much more than then they may hold when they are idle.
fn all() -> Vec<([Counted; 2], i64)> {
    let mut all = Vec::new();
    for (name, suites) in VERSIONS {
        for (release_when_idle, most) in [(false, SMALL), (true, 0)] {
            let limits = Limits {
                release_when_idle,
                ..Limits::default()
            };
            let account = Rc::default();
            let configs = configs(&backend(), name, &suites);
            all.push((handshaked(&configs, limits, [&account; 2]), most));
        }
    }
    all
}

/// Lets milliseconds go by, without a word.
fn wait(ends: &mut [Counted; 2], millis: u64) {
    for end in ends {
        let now = end.end.time.as_micros();
        end.end.time = Instant::from_micros(now + 1000 * millis);
    }
}

/// A request of one record, and a response of one.
fn exchange([client, server]: &mut [Counted; 2]) {
    client.tell(server, &RECORD);
    server.tell(client, &RECORD);
}

/// What the two have allocated since, and hold more than then.
fn since(before: Account, ends: &[Counted; 2]) -> (u64, i64) {
    let now = ends[0].account();
    (now.allocations - before.allocations, now.held - before.held)
}

#[test]
fn what_is_idle_between_requests_allocates_for_each_and_holds_nothing_between() {
    for (mut ends, most) in all() {
        let before = ends[0].account();
        for exchanges in 1..=1000 {
            wait(&mut ends, 10);
            exchange(&mut ends);
            let (allocations, held) = since(before, &ends);
            // One for each buffer: what leaves and what arrives, at both ends.
            assert!(allocations <= 4 * exchanges, "{allocations} of {exchanges}");
            assert!(held <= most, "{held} B after {exchanges}");
        }
    }
}

#[test]
fn a_write_of_several_records_allocates_for_all_of_them_at_once() {
    for ([mut client, _server], _) in all() {
        let before = client.account().allocations;
        let written = client.charge(|conn, _| conn.write(&[7; 4 * RECORD.len()]));
        // As many as the default limits have room for.
        assert_eq!(written, Ok(2 * RECORD.len()));
        assert_eq!(client.account().allocations - before, 1);
    }
}

#[test]
fn bulk_allocates_in_its_beginning_only() {
    for (mut ends, _) in all() {
        let before = ends[0].account();
        for _ in 0..1000 {
            exchange(&mut ends);
        }
        let (allocations, _) = since(before, &ends);
        assert!(allocations <= 4 * 10, "{allocations}");
        // Small records are bulk, too, even where small buffers are not kept.
        for _ in 0..10 {
            let [client, server] = &mut ends;
            client.tell(server, &[1]);
            server.tell(client, &[1]);
        }
        let before = ends[0].account();
        for _ in 0..1000 {
            let [client, server] = &mut ends;
            client.tell(server, &[1]);
            server.tell(client, &[1]);
        }
        assert_eq!(since(before, &ends).0, 0);
    }
}

#[test]
fn what_bulk_has_kept_is_given_back_a_little_later() {
    for (mut ends, most) in all() {
        let before = ends[0].account();
        for _ in 0..100 {
            exchange(&mut ends);
        }
        let (_, held) = since(before, &ends);
        assert!(held > 4 * 15_000, "{held} B");
        // Nobody need say anything: a call is enough.
        wait(&mut ends, 1);
        for end in &mut ends {
            end.charge(process);
        }
        let (_, held) = since(before, &ends);
        assert!(held <= most, "{held} B");

        // A smaller record at the end of bulk has the same effect at once.
        for _ in 0..100 {
            exchange(&mut ends);
        }
        let [client, server] = &mut ends;
        client.tell(server, &RECORD[..1000]);
        server.tell(client, &RECORD[..1000]);
        let (_, held) = since(before, &ends);
        assert!(held <= most, "{held} B");
    }
}
