//! Sending has failed, and reading goes on.

use sslcore::{Alert, Event, FailureKind, Limits, UsageError};
use sslcore_tests::pair::{Pair, VERSIONS};

#[test]
fn when_sending_has_failed_reading_goes_on_to_its_end() {
    for version in VERSIONS {
        for says_why in [false, true] {
            let mut pair = Pair::encrypted_in(version, Limits::default());
            assert_eq!(pair.client.conn.write(b"unsent"), Ok(6));
            pair.client.conn.transmit_failed();
            pair.client.settle();
            assert!(pair.client.conn.transmit().is_empty());
            assert!(!pair.client.conn.is_over());
            assert_eq!(
                pair.client.conn.write(b"more"),
                Err(UsageError::WriteClosed)
            );
            pair.server.write(b"why not");
            if says_why {
                pair.server.conn.close();
            }
            let last = pair.server.take();
            pair.client.give(&last, usize::MAX);
            assert_eq!(pair.client.read_all(), b"why not");
            assert_eq!(pair.client.conn.is_over(), says_why);
            pair.client.conn.receive_eof();
            pair.client.settle();
            assert!(pair.client.saw(Event::Failed(FailureKind::Reset)));
            assert_eq!(pair.client.saw(Event::PeerClosed), says_why);
            let report = pair.client.conn.close_report().expect("over");
            assert!(report.unsent > 6 && !report.clean);
        }
    }
}

#[test]
fn when_sending_has_failed_in_a_handshake_the_peers_reason_is_heard() {
    let pair = Pair::underway("TLSv1.3", 1);
    let mut pair = pair.expect("under way");
    pair.client.write(b"queued");
    assert_eq!(pair.client.conn.bytes_to_write(), 6);
    pair.client.conn.transmit_failed();
    assert_eq!(
        pair.client.conn.bytes_to_write(),
        0,
        "they wait for nothing"
    );
    pair.server.conn.cancel();
    let farewell = pair.server.take();
    pair.client.give(&farewell, usize::MAX);
    assert!(pair.client.saw(Event::AlertReceived(Alert::UserCanceled)));
    let report = pair.client.conn.close_report().expect("over");
    assert_eq!((report.abandoned, report.clean), (6, false));
}

#[test]
fn sending_that_fails_when_everything_has_left_changes_nothing() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    pair.client.conn.close();
    pair.run();
    pair.client.conn.transmit_failed();
    pair.server.write(b"the rest");
    pair.server.conn.close();
    pair.run();
    assert_eq!(pair.client.read_all(), b"the rest");
    assert!(pair.client.conn.close_report().expect("closed").clean);
}
