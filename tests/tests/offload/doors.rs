//! Which door is shut when, and what is said there (rule R7).

use sslcore::bytes::BytesMut;
use sslcore::crypto::AeadAlgorithm;
use sslcore::offload::{Direction, OffloadError, OffloadFailure};
use sslcore::{Limits, SslProtocol, UsageError};
use sslcore_tests::kernel::run;
use sslcore_tests::pair::{End, Pair};

use super::stage::{Offloads, cases, encrypted};

const BOTH: [Direction; 2] = [Direction::Sent, Direction::Received];

fn refused(end: &mut End, direction: Direction) -> Option<UsageError> {
    end.conn.offload(direction).map(drop).err()
}

#[test]
fn no_byte_passes_where_others_have_the_keys() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        Offloads::Both.hand_over(&mut client, &mut server);
        let conn = &mut client.end.conn;
        let handed_over = UsageError::Offload(OffloadError::HandedOver);
        assert_eq!(conn.write(b"a secret"), Ok(8));
        assert_eq!(conn.transmit(), b"");
        assert!(conn.take_transmit().is_none());
        assert_eq!(conn.transmitted(0), Ok(()));
        let none = UsageError::TooManyBytes {
            given: 1,
            available: 0,
        };
        assert_eq!(conn.transmitted(1), Err(none));
        assert_eq!(conn.lend().transmit, b"");
        assert_eq!(conn.lend().receive, b"");
        assert_eq!(conn.receive(b"bytes"), Err(handed_over));
        assert_eq!(conn.receive_buffer(), b"");
        assert_eq!(conn.received(0), Err(handed_over));
        let mut bytes = BytesMut::from(&b"bytes"[..]);
        assert_eq!(conn.receive_owned(&mut bytes), Err(handed_over));
        assert_eq!(bytes.len(), 5);
        let (kind, content) = conn.transmit_record().expect("what was written");
        assert_eq!((kind, content), (23, &b"a secret"[..]));
        let (_, heard) = run(&mut client, &mut server);
        assert_eq!(heard, b"a secret", "unharmed: {case:?}");
    }
}

#[test]
fn no_record_passes_where_the_connection_has_the_keys() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        let not = UsageError::Offload(OffloadError::NotHandedOver);
        let conn = &mut client.end.conn;
        conn.write(b"sealed").expect("write");
        assert_eq!(conn.transmit_record(), None);
        assert_eq!(conn.record_transmitted(0), Err(not));
        assert_eq!(conn.record_buffer(), b"");
        assert_eq!(conn.record_received(23, 0), Err(not));
        assert_eq!(conn.records_sealed(1), Err(not));
        assert_eq!(conn.record_limit(), Err(not));
        assert_eq!(conn.offload_failed(OffloadFailure::BadRecordMac), Err(not));
        assert!(
            BOTH.into_iter()
                .all(|it| !conn.is_offloaded(it) && !conn.is_offload_due(it))
        );
        let (_, heard) = run(&mut client, &mut server);
        assert_eq!(heard, b"sealed", "unharmed: {case:?}");
    }
}

#[test]
fn more_than_was_shown_or_lent_is_refused() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        Offloads::Both.hand_over(&mut client, &mut server);
        let conn = &mut client.end.conn;
        conn.write(b"five!").expect("write");
        let too_many = |given, available| Err(UsageError::TooManyBytes { given, available });
        assert_eq!(conn.record_transmitted(6), too_many(6, 5));
        let room = conn.record_buffer().len();
        assert_eq!(conn.record_received(23, room + 1), too_many(room + 1, room));
        assert_eq!(conn.record_received(23, 0), Ok(()));
        assert_eq!(conn.record_received(23, 1), too_many(1, 0), "lent once");
        conn.receive_eof();
        assert_eq!(
            conn.record_received(23, 0),
            Err(UsageError::ReceiveAfterEnd)
        );
    }
}

#[test]
fn keys_are_offered_of_encrypted_connections_alone() {
    let mut pair = Pair::default();
    for direction in BOTH {
        assert_eq!(
            refused(&mut pair.client, direction),
            Some(UsageError::NotEncrypted)
        );
    }
    for version in sslcore_tests::pair::VERSIONS {
        let mut pair = Pair::underway(version, 1).expect("under way");
        for direction in BOTH {
            assert_eq!(
                refused(&mut pair.server, direction),
                Some(UsageError::NotEncrypted)
            );
        }
        let mut pair = Pair::encrypted_in(version, Limits::default());
        pair.client.conn.close();
        let closed = UsageError::WriteClosed;
        assert_eq!(refused(&mut pair.client, Direction::Sent), Some(closed));
        assert_eq!(refused(&mut pair.client, Direction::Received), None);
        pair.run();
        // With TLS 1.3 the server may go on sending.
        let (sent, received) = match version {
            "TLSv1.2" => (Some(UsageError::ConnectionOver), UsageError::ConnectionOver),
            _ => (None, UsageError::ReceiveAfterEnd),
        };
        assert_eq!(refused(&mut pair.server, Direction::Sent), sent);
        assert_eq!(
            refused(&mut pair.server, Direction::Received),
            Some(received)
        );
        let mut pair = Pair::encrypted_in(version, Limits::default());
        pair.client.conn.receive_eof();
        let ended = UsageError::ReceiveAfterEnd;
        assert_eq!(refused(&mut pair.client, Direction::Received), Some(ended));
        pair.client.settle();
        for direction in BOTH {
            assert_eq!(
                refused(&mut pair.client, direction),
                Some(UsageError::ConnectionOver)
            );
        }
    }
}

#[test]
fn keys_are_not_offered_in_the_middle_of_something() {
    for case in cases() {
        let (mut client, mut server) = encrypted(&case);
        client.end.conn.write(b"on its way").expect("write");
        let bytes = client.end.conn.transmit().len();
        let unsent = UsageError::Offload(OffloadError::Unsent { bytes });
        assert_eq!(refused(&mut client.end, Direction::Sent), Some(unsent));
        assert_eq!(refused(&mut client.end, Direction::Received), None);
        let transmission = client.end.conn.take_transmit().expect("bytes");
        assert_eq!(
            refused(&mut client.end, Direction::Sent),
            Some(unsent),
            "handed over"
        );
        drop(transmission);

        let record = client.take();
        let unopened = |missing| Some(UsageError::Offload(OffloadError::Unopened { missing }));
        let conn = &mut server.end.conn;
        conn.receive(&record[..3]).expect("room");
        assert_eq!(
            refused(&mut server.end, Direction::Received),
            unopened(2),
            "of the header"
        );
        server.end.conn.receive(&record[3..7]).expect("room");
        let missing = record.len() - 7;
        assert_eq!(
            refused(&mut server.end, Direction::Received),
            unopened(missing)
        );
        server.end.conn.receive(&record[7..]).expect("room");
        assert_eq!(refused(&mut server.end, Direction::Received), unopened(0));
        server.end.settle();
        // Plaintext may wait for its reader.
        server
            .hand_over(Direction::Received)
            .expect("nothing is in the way");
        let handed_over = UsageError::Offload(OffloadError::HandedOver);
        assert_eq!(
            refused(&mut server.end, Direction::Received),
            Some(handed_over)
        );
        assert_eq!(server.read_all(), b"on its way", "{case:?}");
    }
}

#[test]
fn the_keys_say_what_they_are_of_and_are_not_shown() {
    for case in cases() {
        let (mut client, _) = encrypted(&case);
        let expected = match case.suite {
            suite if suite.contains("CHACHA20") => AeadAlgorithm::ChaCha20Poly1305,
            suite if suite.contains("256_GCM") || suite.contains("256-GCM") => {
                AeadAlgorithm::Aes256Gcm
            }
            _ => AeadAlgorithm::Aes128Gcm,
        };
        let protocol = match case.version {
            "TLSv1.2" => SslProtocol::TlsV1_2,
            _ => SslProtocol::TlsV1_3,
        };
        let offer = client.end.conn.offload(Direction::Sent).expect("an offer");
        let keys = offer.keys();
        assert_eq!(
            (keys.algorithm(), keys.protocol()),
            (expected, protocol),
            "{case:?}"
        );
        assert_eq!(keys.key().len(), expected.key_len());
        // Finished was the first record under a key of TLS 1.2.
        let first = u64::from(case.version == "TLSv1.2");
        assert_eq!(keys.sequence_number(), first, "{case:?}");
        let shown = format!("{offer:?} {keys:?}");
        let numbers = |bytes: &[u8]| format!("{bytes:?}");
        assert!(!shown.contains(&numbers(keys.key())) && !shown.contains(&numbers(keys.iv())));
        assert_eq!(
            format!("{keys:?}"),
            format!(
                "TrafficKeys {{ protocol: {protocol:?}, algorithm: {expected:?}, sequence_number: {first}, .. }}"
            ),
        );
    }
}
