//! Each buffer and each limit at its minimum: one less, just so, and one more (rule R8).

use sslcore::{
    Buffers, ClientConfig, ConfigError, Connection, FailureKind, Limits, ServerConfig, ServerStart,
};
use sslcore_tests::forge::{DATA, Forger};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};
use sslcore_tests::records::{handshake_content, records};

/// The smallest that can be lent.
const LENT: usize = 512;
/// A full record of TLS 1.2, the longest there is.
const RECORD: usize = 18_437;

fn memory(len: usize) -> &'static mut [u8] {
    Box::leak(vec![0; len].into_boxed_slice())
}

fn configs(version: &str, fragment: usize) -> (ClientConfig, ServerConfig) {
    let client = client(backend())
        .protocols(&[version])
        .max_fragment(fragment)
        .session_cache(0);
    let server = server(backend())
        .protocols(&[version])
        .max_fragment(fragment);
    (
        client.build().expect("client"),
        server.build().expect("server"),
    )
}

fn kind(end: &End) -> Option<FailureKind> {
    end.conn.failure().map(|failure| failure.kind())
}

#[test]
fn a_lent_buffer_has_a_smallest_size_and_works_from_there_on() {
    for (receive, transmit) in [(LENT - 1, LENT), (LENT, LENT - 1), (0, LENT), (LENT, 0)] {
        let refused = Buffers::lent(memory(receive), memory(transmit));
        let expected = ConfigError::BufferTooSmall { needed: LENT };
        assert!(
            matches!(refused, Err(error) if error == expected),
            "{receive} {transmit}"
        );
    }
    for version in VERSIONS {
        for (receive, transmit) in [(LENT, LENT), (LENT + 1, LENT), (LENT, LENT + 1)] {
            let mut pair = Pair::default();
            for end in [&mut pair.client, &mut pair.server] {
                let lent = Buffers::lent(memory(receive), memory(transmit));
                end.conn = Connection::new(Limits::default(), lent.expect("large enough"));
            }
            // Records that fit: the peers are known.
            let (client, server) = configs(version, 300);
            pair.start(&client, &server);
            pair.run();
            let (mut heard, mut rest) = (0, 2000);
            while rest > 0 {
                let n = pair.client.conn.write(&vec![7; rest]).expect("open");
                assert!(n > 0, "{version} {receive} {transmit}");
                rest -= n;
                pair.run();
                heard += pair.server.read_all().len();
            }
            assert_eq!(heard, 2000);
            pair.client.conn.close();
            pair.server.conn.close();
            pair.run();
            assert!(pair.client.conn.close_report().expect("over").clean);
        }
    }
}

#[test]
fn a_lent_receive_buffer_takes_a_record_as_long_as_itself_and_no_longer_one() {
    for (tls13, overhead) in [(false, 5 + 8 + 16), (true, 5 + 1 + 16)] {
        for size in [LENT + 300, 4000, 16_384 + overhead] {
            for more in [-1, 0, 1] {
                let lent = Buffers::lent(memory(size), memory(RECORD)).expect("large enough");
                let mut end = End {
                    conn: Connection::new(Limits::default(), lent),
                    ..End::new(Limits::default())
                };
                let config = configs(if tls13 { "TLSv1.3" } else { "TLSv1.2" }, 16_384).1;
                let start = ServerStart::With(config);
                end.conn.start_server_encryption(start).expect("start");
                let mut forger = Forger::as_client(&mut end, tls13);
                let empty = forger.seal(DATA, b"");
                end.give(&empty, usize::MAX);
                assert_eq!(empty.len(), overhead);
                let len = size.checked_add_signed(more).expect("a length");
                // The longest record there is has no longer one.
                let body = (len - overhead).min(16_384);
                let record = forger.seal(DATA, &vec![7; body]);
                let fits = record.len() <= size;
                assert_eq!(fits, more <= 0 || body == 16_384);
                let mut rest = &record[..];
                while !rest.is_empty() && !end.conn.is_over() {
                    let n = end.conn.receive(rest).expect("open");
                    rest = &rest[n..];
                    end.settle();
                }
                let needed = record.len();
                match fits {
                    true => assert_eq!(end.read_all().len(), body, "{tls13} {size} {more}"),
                    false => assert_eq!(kind(&end), Some(FailureKind::BufferTooSmall { needed })),
                }
            }
        }
    }
}

#[test]
fn an_owned_transmit_buffer_below_its_minimum_is_the_minimum() {
    for version in VERSIONS {
        let (client, server) = configs(version, 16_384);
        let mut taken = Vec::new();
        for transmit in [0, 1, 255, 256, 257] {
            let mut pair = Pair::new(Limits {
                transmit,
                ..Limits::default()
            });
            pair.start(&client, &server);
            pair.run();
            let mut heard = 0;
            let first = pair.client.conn.write(&[7; 1000]).expect("open");
            assert!(first > 0, "{transmit}");
            assert_eq!(
                pair.client.conn.write(&[7; 1000]),
                Ok(0),
                "{transmit}: full"
            );
            pair.run();
            heard += pair.server.read_all().len();
            assert_eq!(heard, first);
            taken.push(first);
        }
        // All up to the minimum are the minimum; one byte more is one byte more.
        assert!(taken[..4].iter().all(|n| *n == taken[0]), "{taken:?}");
        assert_eq!(taken[4], taken[0] + 1, "{taken:?}");
    }
}

#[test]
fn the_read_limit_is_a_byte_at_least_and_holds_records_back_from_there_on() {
    for version in VERSIONS {
        let (client, server) = configs(version, 16_384);
        for (limit, opened) in [(0, 1), (1, 1), (2, 2)] {
            for late in [false, true] {
                let read_buffer_size = if late { 16_384 } else { limit };
                let mut pair = Pair::new(Limits {
                    read_buffer_size,
                    ..Limits::default()
                });
                pair.start(&client, &server);
                pair.run();
                pair.server.conn.set_read_buffer_size(limit);
                assert_eq!(pair.server.conn.read_buffer_size(), limit.max(1));
                for _ in 0..5 {
                    pair.client.write(b"x");
                }
                pair.run();
                assert_eq!(
                    pair.server.conn.bytes_available(),
                    opened,
                    "{version} {limit}"
                );
                assert_eq!(pair.server.read_all(), b"xxxxx");
            }
        }
    }
}

#[test]
fn what_is_queued_before_the_handshake_is_as_much_as_the_limit_says() {
    for version in VERSIONS {
        let (client, server) = configs(version, 16_384);
        for queued in [0, 1, 2] {
            let mut pair = Pair::new(Limits {
                queued,
                ..Limits::default()
            });
            pair.start(&client, &server);
            assert_eq!(pair.client.conn.write(b"abc"), Ok(queued));
            assert_eq!(pair.client.conn.write(b"d"), Ok(0));
            pair.run();
            assert_eq!(pair.server.read_all(), b"abc"[..queued]);
            assert_eq!(pair.client.conn.write(b"d"), Ok(1));
        }
    }
}

/// The lengths of the handshake messages in a flight in the clear.
fn messages(flight: &[u8]) -> Vec<usize> {
    let content = handshake_content(flight);
    let (mut rest, mut lengths) = (&content[..], Vec::new());
    while let [_, a, b, c, ..] = *rest {
        let len = 4 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
        lengths.push(len);
        rest = &rest[len..];
    }
    lengths
}

#[test]
fn a_message_as_long_as_the_limit_is_taken_and_a_longer_one_refused() {
    // A server's limit meets the hello, a client's the chain, which TLS 1.2 shows in the clear. Whole
    // in its record or in pieces is the same.
    for fragment in [16_384, 64] {
        let (client, server) = configs("TLSv1.2", fragment);
        let mut pair = Pair::tls(&client, &server);
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        let hello = messages(&hello)[0];
        let longest = messages(&flight).into_iter().max().expect("messages");
        for (len, by_server) in [(hello, true), (longest, false)] {
            for more in [-1, 0, 1] {
                let max_handshake = len.checked_add_signed(more).expect("a length");
                let strict = Limits {
                    max_handshake,
                    ..Limits::default()
                };
                let mut pair = Pair::default();
                let end = if by_server {
                    &mut pair.server
                } else {
                    &mut pair.client
                };
                *end = End::new(strict);
                pair.start(&client, &server);
                pair.run();
                let end = if by_server {
                    &pair.server
                } else {
                    &pair.client
                };
                let refused = Some(FailureKind::BufferTooSmall { needed: len });
                assert_eq!(
                    kind(end),
                    if more < 0 { refused } else { None },
                    "{by_server} {more}"
                );
                assert_eq!(end.conn.is_encrypted(), more >= 0);
            }
        }
    }
}

#[test]
fn a_fragment_has_thirty_two_bytes_at_least_and_a_full_record_at_most() {
    for version in VERSIONS {
        for (asked, got) in [
            (0, 32),
            (31, 32),
            (32, 32),
            (33, 33),
            (16_383, 16_383),
            (16_384, 16_384),
            (16_385, 16_384),
        ] {
            let (client, server) = configs(version, asked);
            let mut pair = Pair::encrypted(&client, &server);
            pair.client.take();
            pair.client.write(&[7; 16_385]);
            let sent = records(pair.client.conn.transmit());
            let overhead = sent.last().expect("records").len()
                - match 16_385 % got {
                    0 => got,
                    rest => rest,
                };
            assert_eq!(sent[0].len() - overhead, got, "{version} {asked}");
        }
    }
}
