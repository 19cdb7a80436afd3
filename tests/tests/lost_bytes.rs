//! Bytes that were accepted and never arrived are counted, and an end that lost some is not clean,
//! however politely both sides said goodbye.

use sslcore::{CloseReport, Event, Limits};
use sslcore_tests::pair::{End, Pair, backend, client, server};

#[test]
fn a_tls12_end_that_abandons_what_waited_is_not_clean() {
    let mut pair = Pair::new(Limits {
        transmit: 2000,
        ..Limits::default()
    });
    pair.start(
        &client(backend())
            .protocols(&["TLSv1.2"])
            .build()
            .expect("client"),
        &server(backend()).build().expect("server"),
    );
    pair.client.write(&[7; 20_000]);
    pair.exchange();
    let flight = pair.client.take();
    pair.server.give(&flight, usize::MAX);
    // The server's Finished and its close_notify arrive together: RFC 5246 §7.2.1 has the client
    // answer at once, whatever it still had.
    pair.server.conn.close();
    let last = pair.server.take();
    pair.client.give(&last, usize::MAX);
    assert!(pair.client.saw(Event::Encrypted) && pair.client.saw(Event::PeerClosed));
    pair.client.take();
    let report = pair.client.conn.close_report().expect("closed");
    assert!(report.close_notify_sent && report.close_notify_received);
    assert!((1..20_000).contains(&report.abandoned), "{report:?}");
    assert!(!report.clean && pair.client.conn.failure().is_none());
}

#[test]
fn a_plaintext_end_that_left_bytes_unsent_is_not_clean() {
    let mut end = End::new(Limits::default());
    end.write(b"never taken");
    end.conn.receive_eof();
    end.settle();
    end.conn.close();
    end.settle();
    assert_eq!(end.conn.close_report(), None, "it still waits to leave");
    end.conn.abort();
    end.settle();
    let expected = CloseReport {
        unsent: 11,
        ..CloseReport::default()
    };
    assert_eq!(end.conn.close_report(), Some(expected));
    assert_eq!(end.conn.failure(), None);
}
