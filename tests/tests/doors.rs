//! The three ways in and out: copying, lending, owned. They differ in cost and in nothing else.

use bytes::{Buf, BytesMut};
use sslcore::{Event, Limits, ReadEnd, Transmission, UsageError};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{End, Pair, backend, client, server};

/// How bytes are carried from one end to the other.
#[derive(Clone, Copy, Debug)]
enum Door {
    Copying,
    Lending,
    Owned,
    Vectored,
}

const DOORS: [Door; 4] = [Door::Copying, Door::Lending, Door::Owned, Door::Vectored];

fn carry(door: Door, from: &mut End, to: &mut End) -> bool {
    from.settle();
    let n = from.conn.transmit().len();
    if n == 0 {
        return false;
    }
    match door {
        Door::Copying => {
            let taken = to.conn.receive(from.conn.transmit()).expect("open");
            from.conn.transmitted(taken).expect("shown");
        }
        Door::Lending => {
            let lent = to.conn.receive_buffer();
            let n = n.min(lent.len());
            lent[..n].copy_from_slice(&from.conn.transmit()[..n]);
            to.conn.received(n).expect("lent");
            from.conn.transmitted(n).expect("shown");
        }
        Door::Owned => {
            let transmission = from.conn.take_transmit().expect("something");
            let mut owned = BytesMut::from(&transmission[..]);
            from.conn.complete_transmit(transmission, n).expect("all");
            while !owned.is_empty() {
                to.conn.receive_owned(&mut owned).expect("open");
                to.settle();
                to.read_all_into_heard();
            }
        }
        Door::Vectored => {
            let transmission = from.conn.take_transmit().expect("something");
            let owned = transmission.bytes();
            from.conn.complete_transmit(transmission, n).expect("all");
            let (front, back) = owned.split_at(n / 2);
            let mut chain = front.chain(back);
            while chain.has_remaining() {
                to.conn.receive_buf(&mut chain).expect("open");
                to.settle();
                to.read_all_into_heard();
            }
        }
    }
    to.settle();
    true
}

trait Heard {
    fn read_all_into_heard(&mut self);
}

impl Heard for End {
    /// Makes room: what was heard is kept beside what was sent.
    fn read_all_into_heard(&mut self) {
        let mut heard = BytesMut::new();
        while self.conn.read_buf(&mut heard).is_ok() {
            self.settle();
        }
        self.heard.extend_from_slice(&heard);
    }
}

fn talk(door: Door) -> (Vec<u8>, Vec<u8>) {
    let mut pair = Pair::tls(
        &client(backend()).build().expect("client"),
        &server(backend()).build().expect("server"),
    );
    let line: Vec<u8> = (0..50_000u32).map(|i| (i * 31) as u8).collect();
    let mut written = [0; 2];
    for _ in 0..10_000 {
        for (end, written) in [&mut pair.client, &mut pair.server]
            .into_iter()
            .zip(&mut written)
        {
            *written += end.conn.write(&line[*written..]).expect("open");
        }
        let forth = carry(door, &mut pair.client, &mut pair.server);
        let back = carry(door, &mut pair.server, &mut pair.client);
        pair.client.read_all_into_heard();
        pair.server.read_all_into_heard();
        if !forth && !back && written == [line.len(); 2] {
            break;
        }
    }
    for end in [&pair.client, &pair.server] {
        assert!(end.saw(Event::Encrypted), "{door:?}");
        assert_eq!(end.heard, line, "{door:?}");
    }
    (pair.client.heard, pair.server.heard)
}

#[test]
fn every_door_carries_the_same() {
    let expected = talk(Door::Copying);
    for door in DOORS {
        assert_eq!(talk(door), expected);
    }
}

/// An encrypted client, with what it wrote on its way, and its server.
fn taken(plaintext: &[u8]) -> (Pair, Transmission) {
    let mut pair = Pair::encrypted(
        &client(backend()).build().expect("client"),
        &server(backend()).build().expect("server"),
    );
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
fn both_directions_are_lent_at_once() {
    let (mut pair, first) = taken(b"first");
    drop(first);
    pair.server.write(b"answer");
    let answer = pair.server.take();
    let lent = pair.client.conn.lend();
    lent.receive[..answer.len()].copy_from_slice(&answer);
    let sent = lent.transmit.to_vec();
    pair.client.conn.transmitted(sent.len()).expect("shown");
    pair.client.conn.received(answer.len()).expect("lent");
    pair.server.give(&sent, usize::MAX);
    assert_eq!(pair.server.read_all(), b"first");
    assert_eq!(pair.client.read_all(), b"answer");
}

#[test]
fn a_reader_that_never_reads_is_never_given_more_than_the_limits_say() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let limits = Limits {
            read_buffer_size: 5000,
            ..Limits::default()
        };
        let mut pair = Pair::new(limits);
        pair.start(
            &client(backend())
                .protocols(&[version])
                .build()
                .expect("client"),
            &server(backend()).build().expect("server"),
        );
        pair.run();
        // One record beyond the limit may wait unopened; one may be open beyond it.
        let most = 5000 + 5 + 16384 + 2048;
        for _ in 0..1000 {
            let _ = pair.client.conn.write(&[1; 4000]).expect("open");
            let n = pair
                .server
                .conn
                .receive(pair.client.conn.transmit())
                .expect("open");
            pair.client.conn.transmitted(n).expect("shown");
            pair.client.settle();
            pair.server.settle();
            let held =
                pair.server.conn.bytes_available() + pair.server.conn.encrypted_bytes_available();
            assert!(held <= most, "{held}");
            assert!(pair.server.conn.bytes_available() <= 5000 + 4000);
        }
        assert_eq!(pair.server.conn.receive(&[0]), Ok(0), "back-pressure");
        assert_eq!(pair.server.conn.receive_buffer().len(), 0);
        assert_eq!(pair.client.conn.write(&[1; 4000]), Ok(0));
        // Reading makes room, and everything flows again.
        let mut total = 0;
        loop {
            let heard = pair.server.read_all().len();
            total += heard;
            let n = pair
                .server
                .conn
                .receive(pair.client.conn.transmit())
                .expect("open");
            pair.client.conn.transmitted(n).expect("shown");
            pair.client.settle();
            if n == 0 && heard == 0 {
                break;
            }
        }
        assert_eq!(total % 4000, 0);
        assert!(total > 0);
    }
}

#[test]
fn reading_by_any_means_tells_why_there_is_nothing() {
    let mut end = End::new(Limits::default());
    let mut buffer = BytesMut::new();
    assert_eq!(end.conn.read_buf(&mut buffer), Err(ReadEnd::Empty));
    assert_eq!(end.conn.read(&mut []), Ok(0));
    end.conn.abort();
    assert_eq!(end.conn.read_buf(&mut buffer), Err(ReadEnd::Aborted));
}

#[test]
fn nothing_secret_is_in_debug_output() {
    let client = client(backend()).build().expect("client");
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::encrypted(&client, &server);
    pair.client.write(b"TOP SECRET");
    pair.run();
    let key = WORLD.server.key();
    let printed = format!(
        "{client:?} {server:?} {:?} {:?}",
        pair.client.conn, pair.server.conn
    );
    assert!(printed.len() < 2000, "{printed}");
    assert!(!printed.contains("TOP SECRET") && !printed.contains("84, 79, 80"));
    let secret: Vec<String> = key.secret_der()[40..44].iter().map(u8::to_string).collect();
    assert!(!printed.contains(&secret.join(", ")));
}
