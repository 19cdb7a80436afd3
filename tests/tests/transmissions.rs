//! What is handed over to the transport, and what becomes of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use sslcore::{Alert, Event, Limits, Transmission, UsageError};
use sslcore_tests::pair::Pair;

/// An encrypted client, with what it wrote on its way, and its server.
fn taken(plaintext: &[u8]) -> (Pair, Transmission) {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.client.write(plaintext);
    let first = pair.client.conn.take_transmit().expect("a record");
    (pair, first)
}

#[test]
fn what_was_taken_stays_as_it_is_while_the_connection_goes_on() {
    let (mut pair, first) = taken(b"first");
    let copy = first.to_vec();
    pair.client.write(b"second");
    assert!(pair.client.conn.transmit().is_empty(), "the first is first");
    assert!(pair.client.conn.take_transmit().is_none());
    assert_eq!(first[..], copy);
    pair.server.give(&first, usize::MAX);
    assert!(!pair.client.saw(Event::EncryptedBytesWritten(copy.len())));
    let complete = pair.client.conn.complete_transmit(first, copy.len());
    complete.expect("on its way");
    pair.client.settle();
    assert!(pair.client.saw(Event::EncryptedBytesWritten(copy.len())));
    pair.run();
    assert_eq!(pair.server.read_all(), b"firstsecond");
}

#[test]
fn what_was_taken_and_dropped_was_not_sent() {
    let (mut pair, first) = taken(b"first");
    let (copy, held) = (first.to_vec(), first.bytes());
    drop(first);
    assert!(
        pair.client.conn.transmit().is_empty(),
        "somebody may send it"
    );
    assert!(pair.client.conn.take_transmit().is_none());
    drop(held);
    assert_eq!(pair.client.conn.transmit(), copy);
    pair.client.write(b"second");
    let again = pair.client.conn.take_transmit().expect("the same");
    assert_eq!(again[..], copy);
    drop(again);
    pair.run();
    assert_eq!(pair.server.read_all(), b"firstsecond");
}

#[test]
fn of_what_was_taken_the_rest_comes_again() {
    let (mut pair, mut transmission) = taken(&[7; 1000]);
    pair.client.write(b"second");
    let mut sizes = [1, 4, 0, 500, 2000].into_iter();
    loop {
        let n = sizes.next().unwrap_or(usize::MAX).min(transmission.len());
        // A clone that somebody keeps holds nothing up once it was completed.
        let kept = transmission.bytes();
        pair.server.give(&transmission[..n], usize::MAX);
        let complete = pair.client.conn.complete_transmit(transmission, n);
        complete.expect("on its way");
        match pair.client.conn.take_transmit() {
            Some(rest) => transmission = rest,
            None => break,
        }
        drop(kept);
    }
    assert_eq!(pair.server.read_all(), [&[7; 1000][..], b"second"].concat());
}

#[test]
fn more_than_was_taken_is_not_sent_and_nothing_is_lost() {
    let (mut pair, first) = taken(b"first");
    let n = first.len();
    assert_eq!(
        pair.client.conn.transmitted(1),
        Err(UsageError::TooManyBytes {
            given: 1,
            available: 0
        })
    );
    assert_eq!(
        pair.client.conn.complete_transmit(first, n + 1),
        Err(UsageError::TooManyBytes {
            given: n + 1,
            available: n
        })
    );
    pair.run();
    assert_eq!(pair.server.read_all(), b"first");
}

#[test]
fn what_was_taken_and_given_up_meanwhile_is_stale() {
    let (mut pair, first) = taken(b"first");
    let (_, other) = taken(b"first");
    assert_eq!(
        pair.client.conn.complete_transmit(other, 0),
        Err(UsageError::Stale),
        "another connection's"
    );
    let n = first.len();
    pair.client.conn.abort();
    assert_eq!(
        pair.client.conn.complete_transmit(first, n),
        Err(UsageError::Stale)
    );
    assert_eq!(pair.client.conn.close_report().expect("over").unsent, n);
}

#[test]
fn what_is_on_its_way_counts_against_the_limit_and_holds_the_end_up() {
    let (mut pair, first) = taken(&[7; 16_384]);
    let mut written = 0;
    while let n @ 1.. = pair.client.conn.write(&[8; 16_384]).expect("open") {
        written += n;
    }
    assert_eq!(written, 16_384, "two records fit");
    pair.client.conn.close();
    pair.client.settle();
    assert!(!pair.client.conn.transmit_finished());
    let n = first.len();
    pair.server.give(&first, usize::MAX);
    pair.client.conn.complete_transmit(first, n).expect("sent");
    assert_eq!(pair.server.read_all(), [7; 16_384]);
    pair.run();
    assert_eq!(pair.server.read_all(), [8; 16_384]);
    assert!(pair.client.conn.transmit_finished());
    assert!(pair.server.saw(Event::PeerClosed));
}

#[test]
fn an_alert_is_sent_when_the_transport_has_taken_its_last_byte() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.client.conn.close();
    pair.client.settle();
    let sent = Event::AlertSent(Alert::CloseNotify);
    while pair.client.conn.transmit().len() > 1 {
        assert!(!pair.client.saw(sent), "rule R6");
        pair.client.conn.transmitted(1).expect("shown");
        pair.client.settle();
    }
    let last = pair.client.conn.take_transmit().expect("one byte");
    pair.client.settle();
    assert!(!pair.client.saw(sent), "handed over, and not yet sent");
    pair.client.conn.complete_transmit(last, 1).expect("lent");
    pair.client.settle();
    assert!(pair.client.saw(sent));
}

#[test]
fn what_another_thread_gives_back_is_told_once_whenever_that_is() {
    const TIMES: usize = 20_000;
    let (mut pair, first) = taken(b"first");
    pair.client.conn.take_changes();
    let given_back = &AtomicUsize::new(0);
    let (lend, lent) = mpsc::channel::<Transmission>();
    thread::scope(|scope| {
        scope.spawn(move || {
            for transmission in lent {
                drop(transmission);
                given_back.fetch_add(1, Ordering::Release);
            }
        });
        let mut next = Some(first);
        for times in 1..=TIMES {
            lend.send(next.take().expect("told")).expect("listens");
            let mut told = 0;
            let mut is_back = false;
            while !is_back {
                is_back = given_back.load(Ordering::Acquire) == times;
                told += usize::from(pair.client.conn.take_changes().transmit);
            }
            assert_eq!(told, 1, "of {times}");
            next = pair.client.conn.take_transmit();
        }
        drop(lend);
    });
}
