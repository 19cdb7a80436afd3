//! Other tasks run between the steps of a connection.

mod common;

use core::sync::atomic::{AtomicUsize, Ordering};

use common::pipe::{End, duplex};
use common::tasks::{Task, run, run_all};
use embedded_io_async::{Read, Write};
use sslcore::{Buffers, ServerStart, UnixTime};
use sslcore_embassy::{Clock, SslSocket};
use sslcore_tests::pair::server_name;

/// Steps so far: a connection is told the date with each.
static STEPS: AtomicUsize = AtomicUsize::new(0);
/// Steps that do something, in one poll.
const STEP: usize = 1;
/// Steps that find nothing to do, behind bytes that the transport has taken, and has given.
const IDLE: usize = 2;

fn counting() -> Option<UnixTime> {
    STEPS.fetch_add(1, Ordering::Relaxed);
    common::date()
}

fn counted(end: End) -> SslSocket<End> {
    SslSocket::new(end, Buffers::Owned, Clock::new(counting))
}

/// Polls a task whose steps are counted. Says how many there were.
fn steps_of(task: &mut Task<'_>) -> usize {
    STEPS.store(0, Ordering::Relaxed);
    task.poll();
    STEPS.load(Ordering::Relaxed)
}

/// One test: the steps are counted in one place.
#[test]
fn a_socket_yields_between_the_steps_of_its_connection() {
    let (one, other) = duplex(100_000);
    let (mut one, mut other) = (counted(one), common::plain(other));
    let client = common::client("TLSv1.3");
    let server = ServerStart::With(common::server("TLSv1.3"));
    one.start_client_encryption(&client, server_name())
        .expect("started");
    other.start_server_encryption(server).expect("started");

    // The steps of a handshake are the long ones.
    let mut serving = Task::new(async { other.wait_for_encrypted().await.expect("served") });
    let mut asking = Task::new(async { one.wait_for_encrypted().await.expect("encrypted") });
    let (mut all, mut most) = (0, 0);
    while !asking.done {
        serving.poll();
        let steps = steps_of(&mut asking);
        (all, most) = (all + steps, most.max(steps));
    }
    let polls = asking.polls;
    run_all(std::slice::from_mut(&mut serving));
    drop((serving, asking));
    assert!(most <= STEP + IDLE, "{most} steps in one poll");
    assert!(polls >= 8, "{all} steps in {polls} polls");

    // Many records have arrived at once.
    run(async {
        for _ in 0..50 {
            other.write_all(b"x").await.expect("room");
        }
        other.close().await.expect("room");
    });
    let mut heard = 0;
    let mut reading = Task::new(async {
        while one.read(&mut [0; 1]).await.expect("data") > 0 {
            heard += 1;
        }
    });
    let (mut all, mut most) = (0, 0);
    while !reading.done {
        let steps = steps_of(&mut reading);
        (all, most) = (all + steps, most.max(steps));
    }
    let polls = reading.polls;
    drop(reading);
    assert_eq!(heard, 50);
    assert!(most <= STEP + IDLE, "{most} steps in one poll");
    assert!(polls >= 50, "{all} steps in {polls} polls");
}
