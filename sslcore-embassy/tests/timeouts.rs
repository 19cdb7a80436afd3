//! Time passes when a test says so: here alone, since all tests of a program share one clock.

mod common;

use core::time::Duration;
use std::sync::Mutex;

use common::pipe::{change, duplex};
use common::tasks::{Task, rest, run, run_all};
use common::{client_over, encrypted, pattern};
use embassy_time::MockDriver;
use embedded_io_async::{Error as _, ErrorKind, Read, Write};
use sslcore::{FailureKind, OnErrors, ReadEnd, Timeouts};
use sslcore_embassy::{Clock, Error};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair;

/// One test at a time.
static TIME: Mutex<()> = Mutex::new(());

fn advance(seconds: u64) {
    MockDriver::get().advance(embassy_time::Duration::from_secs(seconds));
}

/// A task, not done before so many seconds have passed, and done then.
#[track_caller]
fn ends_after(seconds: u64, task: Task<'_>) {
    let mut tasks = [task];
    for _ in 0..seconds {
        assert!(!rest(&mut tasks), "too early");
        advance(1);
    }
    run_all(&mut tasks);
}

#[test]
fn a_silent_peer_ends_the_handshake_when_its_time_is_up() {
    let _time = TIME.lock();
    let (one, _silent) = duplex(1000);
    let mut one = client_over(one, &common::client("TLSv1.3"));
    let handshake = Task::new(async {
        let error = one.wait_for_encrypted().await.expect_err("nobody there");
        assert_eq!(error, Error::Failed(FailureKind::HandshakeTimeout));
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
    ends_after(30, handshake);
}

/// Neither the rest of the hello nor the alert behind it leaves: the time of a close is theirs.
#[test]
fn a_hello_that_nobody_takes_whole_ends_in_time() {
    let _time = TIME.lock();
    for taken in [0, 100] {
        let (one, _silent) = duplex(taken);
        let timeouts = Timeouts {
            close: Some(Duration::from_secs(5)),
            ..Timeouts::CLIENT
        };
        let config = pair::client(common::backend()).timeouts(timeouts);
        let mut one = client_over(one, &config.build().expect("client"));
        let handshake = Task::new(async {
            let error = one.wait_for_encrypted().await.expect_err("nobody there");
            assert_eq!(error, Error::Failed(FailureKind::HandshakeTimeout));
        });
        ends_after(35, handshake);
    }
}

/// The time runs also while the reader's half drives, and also when it is not the first to wait.
#[test]
fn halves_keep_the_time() {
    let _time = TIME.lock();
    let (one, _silent) = duplex(1000);
    let one = client_over(one, &common::client("TLSv1.3"));
    let mut one = one.into_shared();
    let (mut reader, mut writer) = one.split();
    let data = pattern(100_000);
    let failed = Err(Error::Failed(FailureKind::HandshakeTimeout));
    let mut tasks = [
        Task::new(async { assert_eq!(reader.read(&mut [0; 1]).await, failed.map(|()| 0)) }),
        Task::new(async { assert_eq!(writer.write_all(&data).await, failed) }),
    ];
    assert!(!rest(&mut tasks));
    advance(29);
    assert!(!rest(&mut tasks));
    advance(1);
    run_all(&mut tasks);
}

#[test]
fn a_decision_that_nobody_makes_ends_when_its_time_is_up() {
    let _time = TIME.lock();
    let timeouts = Timeouts {
        decision: Some(Duration::from_secs(7)),
        ..Timeouts::CLIENT
    };
    let hold = pair::client(common::backend())
        .on_errors(OnErrors::Hold)
        .timeouts(timeouts);
    let doubtful = pair::server(common::backend())
        .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    let (one, other) = duplex(1000);
    let mut one = client_over(one, &hold.build().expect("client"));
    let mut other = common::server_over(other, doubtful.build().expect("server"));
    run(common::tasks::both(
        async { one.wait_for_encrypted().await.expect_err("a question") },
        async {
            let served = other.wait_for_encrypted();
            let mut served = core::pin::pin!(served);
            // Until the client asks.
            for _ in 0..20 {
                let polled = common::tasks::once(served.as_mut());
                assert!(polled.is_none());
                common::tasks::others().await;
            }
        },
    ));
    let watching = Task::new(async { while one.next_event().await.is_some() {} });
    ends_after(7, watching);
    let failure = one.connection().failure().expect("it");
    assert_eq!(failure.kind(), FailureKind::DecisionTimeout);
}

#[test]
fn a_peer_that_takes_nothing_does_not_hold_up_a_close_for_ever() {
    let _time = TIME.lock();
    let ends = duplex(1000);
    let from_one = ends.0.outgoing.clone();
    let (mut one, _other) = encrypted("TLSv1.3", ends);
    change(&from_one, |pipe| pipe.window = 0);
    run(async { one.write_all(b"never").await }).expect("room");
    let close = Task::new(async {
        one.close().await.expect_err("it never left");
    });
    ends_after(5, close);
    assert!(one.connection().close_report().expect("over").unsent > 0);
}

/// The transport has taken everything, and its flush does not end.
#[test]
fn a_flush_that_never_ends_does_not_hold_up_a_close_for_ever() {
    let _time = TIME.lock();
    let ends = duplex(1000);
    let from_one = ends.0.outgoing.clone();
    let (mut one, other) = encrypted("TLSv1.3", ends);
    change(&from_one, |pipe| pipe.flushes_never = true);
    let close = Task::new(async {
        // What was said before has been flushed: nothing is lost but certainty.
        let _ = one.close().await;
    });
    let mut tasks = [close];
    assert!(!rest(&mut tasks));
    advance(4);
    assert!(!rest(&mut tasks));
    // From when close_notify had left to its flush, and again for the end.
    advance(1);
    run_all(&mut tasks);
    drop(tasks);
    assert_eq!(one.transport_error(), Some(ErrorKind::TimedOut));
    drop(other);
}

#[test]
fn a_peer_that_does_not_close_is_waited_for_no_longer_than_allowed() {
    let _time = TIME.lock();
    let (mut one, _other) = encrypted("TLSv1.3", duplex(1000));
    one.set_peer_close_timeout(Some(Duration::from_secs(2)));
    run(one.close()).expect("closed");
    let reading = Task::new(async {
        let error = one.read(&mut [0; 1]).await.expect_err("silence");
        assert_eq!(error, Error::Ended(ReadEnd::TimedOut));
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    });
    ends_after(2, reading);
}

#[test]
fn a_deadline_is_never_early() {
    for ticks in [0, 1, 2, 999, 1_000_000, u64::MAX / 2] {
        let instant = embassy_time::Instant::from_ticks(ticks);
        let there = Clock::from_embassy(instant);
        assert!(Clock::to_embassy(there) <= instant);
        let back = Clock::from_embassy(Clock::to_embassy(there));
        assert!(back >= there, "{ticks}: {back:?} before {there:?}");
    }
    let last = sslcore::Instant::from_micros(u64::MAX);
    assert!(Clock::to_embassy(last).as_ticks() > u64::MAX / 2);
}
