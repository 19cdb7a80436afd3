//! Writing from several slices: records are filled across them.

use bytes::{Buf, Bytes};
use proptest::prelude::*;
use sslcore::{Event, Limits, UsageError};
use sslcore_tests::pair::{Pair, VERSIONS, backends, client, server};

fn encrypted(version: &str, backend: &sslcore::crypto::Backend, limits: Limits) -> Pair {
    let client = client(backend.clone()).protocols(&[version]).build();
    let server = server(backend.clone()).build();
    let mut pair = Pair::new(limits);
    pair.start(&client.expect("client"), &server.expect("server"));
    pair.run();
    assert!(pair.client.conn.is_encrypted());
    pair
}

/// The lengths of the records' bodies.
fn records(mut wire: &[u8]) -> Vec<usize> {
    let mut lens = Vec::new();
    while let [_, _, _, high, low, rest @ ..] = wire {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        lens.push(len);
        wire = &rest[len..];
    }
    lens
}

#[test]
fn three_small_slices_make_one_small_record() {
    for backend in backends() {
        for (version, overhead) in [("TLSv1.3", 22), ("TLSv1.2", 29)] {
            let mut pair = encrypted(version, &backend, Limits::default());
            let slices: [&[u8]; 3] = [&[1; 10], &[2; 10], &[3; 10]];
            assert_eq!(pair.client.conn.write_vectored(&slices), Ok(30));
            assert_eq!(pair.client.conn.transmit().len(), 30 + overhead);
            pair.run();
            assert_eq!(pair.server.read_all(), slices.concat());
            assert!(pair.client.saw(Event::BytesWritten(30)));
        }
    }
}

#[test]
fn what_is_put_in_place_arrives_and_makes_one_record_each_time() {
    for backend in backends() {
        for (version, overhead) in [("TLSv1.3", 17), ("TLSv1.2", 24)] {
            let mut pair = encrypted(version, &backend, Limits::default());
            let mut expected = Vec::new();
            for (len, says, makes) in [
                (5, 5, 5),
                (5, 3, 3),
                (16_384, 1, 1),
                (20_000, 16_384, 16_384),
                (20_000, 20_000, 16_384),
                (16_384, 0, 0),
                (0, 0, 0),
            ] {
                let written = pair.client.conn.write_with(len, |room| {
                    assert_eq!(room.len(), len.min(16_384));
                    room.fill(says as u8);
                    says
                });
                assert_eq!(written, Ok(makes));
                let wire = pair.client.take();
                let body = if makes > 0 {
                    vec![makes + overhead]
                } else {
                    vec![]
                };
                assert_eq!(records(&wire), body, "{version}");
                pair.server.give(&wire, usize::MAX);
                expected.extend(vec![says as u8; makes]);
            }
            assert!(pair.server.read_all() == expected);
            assert!(!pair.client.saw(Event::Writable), "nobody waits for room");
        }
    }
}

#[test]
fn what_is_put_in_place_before_there_are_keys_waits_or_leaves_in_the_clear() {
    for version in VERSIONS {
        let client = client(backends().remove(0)).protocols(&[version]).build();
        let server = server(backends().remove(0)).build();
        let limits = Limits {
            queued: 10,
            transmit: 1000,
            ..Limits::default()
        };
        let mut pair = Pair::new(limits);
        let five = |room: &mut [u8]| {
            room.fill(5);
            5
        };
        assert_eq!(pair.client.conn.write_with(2000, five), Ok(5));
        assert_eq!(pair.client.conn.transmit(), [5; 5]);
        pair.run();
        assert_eq!(pair.server.read_all(), [5; 5]);
        pair.start(&client.expect("client"), &server.expect("server"));
        let sizes = [(5, 5), (100, 5), (100, 0)];
        for (len, room) in sizes {
            let written = pair.client.conn.write_with(len, |space| {
                assert_eq!(space.len(), room);
                five(space)
            });
            assert_eq!(written, Ok(room));
        }
        for _ in 0..3 {
            pair.run();
        }
        assert!(pair.client.conn.is_encrypted());
        assert_eq!(pair.server.read_all(), [5; 10], "{version}");
        assert!(pair.client.saw(Event::Writable), "there was no room");
    }
}

#[test]
fn without_room_nobody_is_asked_for_what_is_put_in_place() {
    for version in VERSIONS {
        let mut pair = encrypted(version, &backends()[0], Limits::default());
        let whole = |room: &mut [u8]| room.len();
        let mut written = 0;
        while let Ok(n @ 1..) = pair.client.conn.write_with(10_000, whole) {
            written += n;
        }
        assert_eq!(written, 30_000);
        let never = |_: &mut [u8]| panic!("there is no room");
        assert_eq!(pair.client.conn.write_with(10_000, never), Ok(0));
        assert!(!pair.client.saw(Event::Writable));
        pair.run();
        assert!(pair.client.saw(Event::Writable));
        pair.client.conn.close();
        let refused = pair.client.conn.write_with(1, never);
        assert_eq!(refused, Err(UsageError::WriteClosed));
    }
}

#[test]
fn nothing_in_it_is_nothing_written() {
    let mut pair = encrypted("TLSv1.3", &backends()[0], Limits::default());
    let none: [&[u8]; 0] = [];
    assert_eq!(pair.client.conn.write_vectored(&none), Ok(0));
    assert_eq!(pair.client.conn.write_vectored(&[&[][..], &[], &[]]), Ok(0));
    assert!(pair.client.conn.transmit().is_empty());
    let some: [&[u8]; 5] = [&[], b"a", &[], b"b", &[]];
    assert_eq!(pair.client.conn.write_vectored(&some), Ok(2));
    pair.run();
    assert_eq!(pair.server.read_all(), b"ab");
}

#[test]
fn what_does_not_fit_stays_in_the_buffer_and_is_written_later() {
    for version in VERSIONS {
        let limits = Limits {
            transmit: 20_000,
            ..Limits::default()
        };
        let mut pair = encrypted(version, &backends()[0], limits);
        let data: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
        let all = Bytes::from(data.clone());
        let mut rest = all.slice(..30_000).chain(all.slice(30_000..));
        let mut heard = Vec::new();
        while rest.has_remaining() {
            let before = rest.remaining();
            let n = pair.client.conn.write_buf(&mut rest).expect("open");
            assert_eq!(before - rest.remaining(), n);
            assert!(n > 0, "there is room");
            pair.run();
            if rest.has_remaining() {
                assert!(pair.client.saw(Event::Writable));
            }
            heard.extend(pair.server.read_all());
            pair.run();
        }
        assert!(heard == data);
    }
}

#[test]
fn before_the_handshake_is_complete_it_is_queued_and_before_tls_it_leaves_in_the_clear() {
    let slices: [&[u8]; 3] = [b"one ", b"two ", b"three"];
    let mut pair = Pair::default();
    assert_eq!(pair.client.conn.write_vectored(&slices), Ok(13));
    assert_eq!(pair.client.conn.transmit(), b"one two three");
    let limits = Limits {
        queued: 6,
        ..Limits::default()
    };
    let mut pair = Pair::new(limits);
    let client = client(backends().remove(0)).build();
    let server = server(backends().remove(0)).build();
    pair.start(&client.expect("client"), &server.expect("server"));
    assert_eq!(pair.client.conn.write_vectored(&slices), Ok(6), "bounded");
    pair.run();
    assert_eq!(pair.server.read_all(), b"one tw");
    assert!(pair.client.saw(Event::Writable));
}

#[test]
fn who_has_closed_writes_nothing_and_the_buffer_stays() {
    let mut pair = encrypted("TLSv1.3", &backends()[0], Limits::default());
    pair.client.conn.close();
    let all = Bytes::from_static(b"data");
    let mut rest = all.clone().chain(all);
    assert_eq!(
        pair.client.conn.write_buf(&mut rest),
        Err(UsageError::WriteClosed)
    );
    assert_eq!(rest.remaining(), 8);
}

/// Says that it has more than it has.
struct Boaster(Bytes);

impl Buf for Boaster {
    fn remaining(&self) -> usize {
        self.0.len() + 40_000
    }

    fn chunk(&self) -> &[u8] {
        &self.0
    }

    fn advance(&mut self, n: usize) {
        self.0.advance(n);
    }
}

#[test]
fn of_a_buffer_that_has_less_than_it_says_as_much_is_written_as_there_is() {
    for version in VERSIONS {
        let client = client(backends().remove(0)).protocols(&[version]).build();
        let server = server(backends().remove(0)).build();
        let limits = Limits {
            queued: 100_000,
            transmit: 100_000,
            ..Limits::default()
        };
        let (client, server) = (client.expect("client"), server.expect("server"));
        let mut pair = Pair::new(limits);
        for phase in ["in the clear", "queued", "sealed"] {
            if phase == "queued" {
                pair.start(&client, &server);
            }
            assert_eq!(pair.client.conn.is_encrypted(), phase == "sealed");
            for len in [0, 5, 20_000] {
                let mut some = Boaster(Bytes::from(vec![7; len]));
                assert_eq!(pair.client.conn.write_buf(&mut some), Ok(len), "{phase}");
                assert!(some.0.is_empty());
            }
            let mut heard = Vec::new();
            for _ in 0..3 {
                pair.run();
                heard.extend(pair.server.read_all());
            }
            assert!(heard == [7; 20_005], "{phase}: {}", heard.len());
            assert!(!pair.client.saw(Event::Writable), "nobody waits for room");
        }
    }
}

#[test]
fn of_a_buffer_that_has_less_than_it_says_as_much_is_received_as_there_is() {
    let mut pair = Pair::default();
    let mut some = Boaster(Bytes::from_static(b"a line"));
    assert_eq!(pair.client.conn.receive_buf(&mut some), Ok(6));
    assert_eq!(pair.client.conn.receive_buf(&mut some), Ok(0));
    assert_eq!(pair.client.read_all(), b"a line");
    pair.client.conn.abort();
    some.0 = Bytes::from_static(b"another");
    assert_eq!(pair.client.conn.receive_buf(&mut some), Ok(7), "swallowed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However the same bytes are cut into slices, the records are the same (rule R3).
    #[test]
    fn how_it_is_cut_makes_no_difference(
        cuts in prop::collection::vec(0usize..3000, 0..30),
        version in prop::sample::select(VERSIONS.into_iter().collect::<Vec<_>>()),
        fragment in 64usize..16_384,
    ) {
        let whole: Vec<u8> = (0..cuts.iter().sum::<usize>()).map(|n| n as u8).collect();
        let mut slices = Vec::new();
        let mut rest = &whole[..];
        for cut in &cuts {
            let (slice, later) = rest.split_at(*cut);
            slices.push(slice);
            rest = later;
        }
        let limits = Limits { transmit: 200_000, read_buffer_size: 200_000, ..Limits::default() };
        let pair = || {
            let client = client(backends().remove(0)).protocols(&[version]).max_fragment(fragment);
            let server = server(backends().remove(0)).build();
            let mut pair = Pair::new(limits);
            pair.start(&client.build().expect("client"), &server.expect("server"));
            pair.run();
            pair
        };
        let (mut cut, mut uncut) = (pair(), pair());
        prop_assert_eq!(cut.client.conn.write_vectored(&slices), Ok(whole.len()));
        prop_assert_eq!(uncut.client.conn.write(&whole), Ok(whole.len()));
        prop_assert_eq!(records(cut.client.conn.transmit()), records(uncut.client.conn.transmit()));
        cut.run();
        prop_assert_eq!(cut.server.read_all(), whole);
    }
}
