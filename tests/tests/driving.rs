//! The driving call: what is said when, and how often it must be called.

use std::time::Duration;

use sslcore::{Event, Limits, Now, OnErrors, ReadEnd, Step, Verdict};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, backend, client, server};

/// What [`Step`] said, without its borrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Event(Event),
    Readable,
    Transmit(usize),
    Wait { read: bool, write: bool },
    Done,
}

fn next_at(end: &mut End, now: Now) -> Said {
    match end.conn.next(now) {
        Step::Event(event) => Said::Event(event),
        Step::Readable => Said::Readable,
        Step::Transmit(bytes) => Said::Transmit(bytes.len()),
        Step::Wait { read, write, .. } => Said::Wait { read, write },
        Step::Done => Said::Done,
    }
}

fn next(end: &mut End) -> Said {
    let now = end.now();
    next_at(end, now)
}

/// Everything that is said until it waits or is done, all that is to be sent taken.
fn said(end: &mut End) -> Vec<Said> {
    let mut all = Vec::new();
    loop {
        let said = next(end);
        all.push(said);
        match said {
            Said::Transmit(n) => end.conn.transmitted(n).expect("shown"),
            Said::Wait { .. } | Said::Done => return all,
            Said::Event(event) => end.events.push(event),
            Said::Readable => {}
        }
        assert!(all.len() < 1000, "it never waits: {all:?}");
    }
}

const WAITS_TO_READ: Said = Said::Wait {
    read: true,
    write: false,
};

/// The client is given these bytes; it takes all.
fn arrive(end: &mut End, bytes: &[u8]) {
    assert_eq!(end.conn.receive(bytes), Ok(bytes.len()));
}

#[test]
fn a_whole_connection_needs_no_more_calls_than_it_has_things_to_tell() {
    let client = client(backend()).protocols(&["TLSv1.3"]).build();
    let server = server(backend()).session_tickets(false).build();
    let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
    let mode = next(&mut pair.client);
    assert!(matches!(mode, Said::Event(Event::ModeChanged(_))));
    // Hello; its answer, sent in one piece; a change of cipher spec and Finished.
    let flights = [(true, 1), (false, 1), (true, 1)];
    for (is_client, expected) in flights {
        let (from, to) = match is_client {
            true => (&mut pair.client, &mut pair.server),
            false => (&mut pair.server, &mut pair.client),
        };
        let mut transmits = 0;
        let mut calls = 0;
        loop {
            calls += 1;
            match next(from) {
                Said::Transmit(n) => {
                    transmits += 1;
                    let bytes = from.conn.transmit().to_vec();
                    arrive(to, &bytes);
                    from.conn.transmitted(n).expect("shown");
                }
                Said::Event(event) => from.events.push(event),
                last => {
                    assert_eq!(last, WAITS_TO_READ);
                    break;
                }
            }
        }
        assert_eq!(transmits, expected, "client: {is_client}");
        let events = from.events.len();
        assert_eq!(calls, events + transmits + 1, "events, flights, a wait");
        from.events.clear();
    }
    let told = said(&mut pair.server);
    let [
        Said::Event(Event::Encrypted),
        Said::Transmit(tickets),
        Said::Event(Event::EncryptedBytesWritten(sent)),
        WAITS_TO_READ,
    ] = told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!(tickets, sent);
    assert!(pair.client.conn.is_encrypted());
}

#[test]
fn what_arrives_is_readable_once_for_each_arrival() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    assert_eq!(said(&mut pair.client), [WAITS_TO_READ]);
    for _ in 0..3 {
        pair.server.write(b"a part of a line");
        let wire = pair.server.take();
        arrive(&mut pair.client, &wire);
        assert_eq!(said(&mut pair.client), [Said::Readable, WAITS_TO_READ]);
        assert_eq!(
            said(&mut pair.client),
            [WAITS_TO_READ],
            "unread, not told again"
        );
    }
    assert_eq!(pair.client.read_all(), b"a part of a line".repeat(3));
    assert_eq!(said(&mut pair.client), [WAITS_TO_READ]);
}

#[test]
fn a_line_over_three_records_is_waited_for_to_its_end() {
    for at_once in [false, true] {
        let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
        let mut calls = 0;
        let mut wire = Vec::new();
        for part in ["A line", " over three", " records\n"] {
            pair.server.write(part.as_bytes());
            wire.push(pair.server.take());
        }
        if at_once {
            wire = vec![wire.concat()];
        }
        let mut arrivals = wire.iter();
        while !pair.client.conn.peek().ends_with(b"\n") {
            calls += 1;
            match next(&mut pair.client) {
                Said::Readable => {}
                WAITS_TO_READ => arrive(&mut pair.client, arrivals.next().expect("more")),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(pair.client.conn.peek(), b"A line over three records\n");
        let expected = match at_once {
            // A wait, and a call for each record.
            true => 4,
            // A wait and a call for each record.
            false => 6,
        };
        assert_eq!(calls, expected);
    }
}

#[test]
fn with_both_windows_full_it_waits_to_write_and_for_the_reader() {
    let limits = Limits {
        read_buffer_size: 4096,
        transmit: 17_000,
        ..Limits::default()
    };
    let mut pair = Pair::encrypted_in("TLSv1.3", limits);
    // The server sends until the client takes no more, and the client writes until it has no room.
    let mut wire = Vec::new();
    loop {
        if wire.is_empty() {
            pair.server.write(&[1; 1000]);
            wire = pair.server.take();
        }
        let n = pair.client.conn.receive(&wire).expect("open");
        wire.drain(..n);
        if n == 0 && !matches!(next(&mut pair.client), Said::Readable | Said::Event(_)) {
            break;
        }
    }
    while let 1.. = pair.client.conn.write(&[2; 1000]).expect("open") {}
    let mut calls = 0;
    let last = loop {
        calls += 1;
        match next(&mut pair.client) {
            Said::Transmit(_) => pair.client.conn.transmitted(0).expect("none"),
            Said::Event(Event::BytesWritten(_)) => {}
            last => break last,
        }
    };
    assert_eq!(
        calls, 3,
        "what was written, the attempt to send it, the wait"
    );
    let full = Said::Wait {
        read: false,
        write: true,
    };
    assert_eq!(last, full);
    // Having waited, it tries again; nothing else has changed.
    assert!(matches!(next(&mut pair.client), Said::Transmit(_)));
    pair.client.conn.transmitted(0).expect("none");
    assert_eq!(next(&mut pair.client), full);
    // The reader makes room: now it waits for both.
    pair.client.conn.consume(3000).expect("unread");
    pair.client.conn.transmitted(0).expect("none");
    while next(&mut pair.client) == Said::Readable {
        pair.client.conn.transmitted(0).expect("none");
        let unread = pair.client.conn.bytes_available();
        pair.client.conn.consume(unread).expect("unread");
    }
    pair.client.conn.transmitted(0).expect("none");
    let both = Said::Wait {
        read: true,
        write: true,
    };
    assert_eq!(next(&mut pair.client), both);
    // The transport takes bytes: a short write has room again.
    let Said::Transmit(n) = next(&mut pair.client) else {
        panic!("bytes wait");
    };
    pair.client.conn.transmitted(n).expect("shown");
    let told = said(&mut pair.client);
    assert_eq!(
        told,
        [
            Said::Event(Event::EncryptedBytesWritten(n)),
            Said::Event(Event::Writable),
            WAITS_TO_READ
        ]
    );
}

#[test]
fn an_unanswered_review_is_a_wait() {
    let client = client(backend()).on_errors(OnErrors::Hold);
    let server = server(backend()).identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
    let mut pair = Pair::tls(
        &client.build().expect("client"),
        &server.session_tickets(false).build().expect("server"),
    );
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let flight = pair.server.take();
    arrive(&mut pair.client, &flight);
    let told = said(&mut pair.client);
    let review = |said: &Said| match said {
        Said::Event(Event::SslErrors(id)) => Some(*id),
        _ => None,
    };
    let id = told.iter().find_map(review).expect("a question");
    assert_eq!(told.last(), Some(&WAITS_TO_READ));
    for _ in 0..3 {
        assert_eq!(said(&mut pair.client), [WAITS_TO_READ]);
    }
    pair.client.conn.answer(id, Verdict::Accept).expect("open");
    let told = said(&mut pair.client);
    let [
        Said::Event(Event::ClientCertificateRequested),
        Said::Event(Event::Encrypted),
        Said::Transmit(n),
        Said::Event(Event::EncryptedBytesWritten(m)),
        WAITS_TO_READ,
    ] = told[..]
    else {
        panic!("{told:?}");
    };
    assert_eq!(n, m);
}

#[test]
fn the_deadline_is_the_connections() {
    let mut pair = Pair::default();
    let config = server(backend()).build().expect("server");
    let start = sslcore::ServerStart::With(config);
    pair.server
        .conn
        .start_server_encryption(start)
        .expect("start");
    said(&mut pair.server);
    let now = pair.server.now();
    let Step::Wait { deadline, .. } = pair.server.conn.next(now) else {
        panic!("nothing has arrived");
    };
    assert_eq!(deadline, pair.server.conn.deadline());
    let deadline = deadline.expect("a handshake is timed");
    pair.server.time = deadline;
    assert!(matches!(
        next(&mut pair.server),
        Said::Event(Event::Failed(_))
    ));
}

#[test]
fn done_comes_when_everything_was_told_and_read() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    said(&mut pair.client);
    pair.server.write(b"the last");
    pair.server.conn.close();
    pair.client.conn.close();
    let wire = pair.server.take();
    arrive(&mut pair.client, &wire);
    let told = said(&mut pair.client);
    let nothing = Said::Wait {
        read: false,
        write: false,
    };
    assert_eq!(told.first(), Some(&Said::Readable));
    assert!(matches!(told[told.len() - 2], Said::Event(Event::Closed(report)) if report.clean));
    assert_eq!(told.last(), Some(&nothing), "the application has to read");
    assert!(!pair.client.conn.is_done());
    pair.client.conn.consume(3).expect("unread");
    assert_eq!(said(&mut pair.client), [nothing]);
    pair.client.conn.consume(5).expect("unread");
    assert!(pair.client.conn.is_done());
    assert_eq!(said(&mut pair.client), [Said::Done]);
    assert_eq!(said(&mut pair.client), [Said::Done]);
    assert_eq!(pair.client.conn.read(&mut [0; 1]), Err(ReadEnd::Closed));
}

#[test]
fn what_is_handed_over_is_not_shown_and_not_waited_for() {
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    said(&mut pair.client);
    pair.client.conn.write(b"data").expect("open");
    let transmission = pair.client.conn.take_transmit().expect("a record");
    let written = Said::Event(Event::BytesWritten(4));
    assert_eq!(said(&mut pair.client), [written, WAITS_TO_READ]);
    let n = transmission.len();
    let complete = pair.client.conn.complete_transmit(transmission, n);
    complete.expect("on its way");
    let sent = Said::Event(Event::EncryptedBytesWritten(n));
    assert_eq!(said(&mut pair.client), [sent, WAITS_TO_READ]);
}

#[test]
fn an_event_that_the_queue_has_no_room_for_loses_nothing() {
    // Nobody drains, and the peer renews its keys again and again.
    let mut pair = Pair::encrypted_in("TLSv1.3", Limits::default());
    for _ in 0..20 {
        pair.server.conn.update_keys().expect("TLS 1.3");
        pair.run();
    }
    pair.client.time = pair.client.time.after(Duration::from_secs(1));
    let told = said(&mut pair.client);
    assert_eq!(told.last(), Some(&WAITS_TO_READ));
}
