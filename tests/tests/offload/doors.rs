//! Which door is shut when, and what is said there (rule R7).

use sslcore::bytes::BytesMut;
use sslcore::crypto::AeadAlgorithm;
use sslcore::offload::{Direction, OffloadError, OffloadFailure};
use sslcore::{Connection, Limits, Progress, SslProtocol, UsageError};
use sslcore_tests::kernel::{KernelEnd, run};
use sslcore_tests::pair::{End, Pair};
use sslcore_tests::view::view;

use super::stage::{Offloads, cases, cases_of, encrypted};

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
        assert_eq!(conn.record_transmitted(0), Ok(()));
        assert_eq!(
            conn.transmit_record(),
            Some((23, &b"five!"[..])),
            "none was taken"
        );
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

/// What was written before the handshake is not sealed when the key is handed over.
#[test]
fn nothing_is_sealed_around_what_waits() {
    for case in cases() {
        let (mut client, mut server) = case.unstarted();
        client.end.write(b"early");
        while !client.end.conn.is_encrypted() {
            server.end.give(&client.end.take(), usize::MAX);
            client.end.conn.receive(&server.end.take()).expect("room");
            while !client.end.conn.is_encrypted()
                && client.end.conn.process(client.end.now()) != Progress::Idle
            {
                while client.end.conn.poll_event().is_some() {}
            }
        }
        let finished = client.end.conn.transmit().to_vec();
        let taken = client.end.conn.transmitted(finished.len());
        taken.expect("transmit showed them");
        client
            .hand_over(Direction::Sent)
            .expect("nothing is in the way");
        let unsent = UsageError::Offload(OffloadError::Unsent { bytes: 5 });
        assert_eq!(client.end.conn.record_limit(), Err(unsent));
        server.end.give(&finished, usize::MAX);
        let (_, heard) = run(&mut client, &mut server);
        assert_eq!(heard, b"early", "{case:?}");
        assert_eq!(client.end.conn.record_limit(), Ok(16_384), "{case:?}");
    }
}

#[test]
fn keys_are_not_offered_while_others_are_to_follow() {
    for case in cases_of("TLSv1.3") {
        let (mut client, mut server) = encrypted(&case);
        client.rekeys = false;
        client.end.conn.update_keys().expect("TLS 1.3");
        let unsent = UsageError::Offload(OffloadError::Unsent { bytes: 0 });
        assert_eq!(refused(&mut client.end, Direction::Sent), Some(unsent));
        client.end.settle();
        run(&mut client, &mut server);
        client.offload();
        client.end.write(b"on");
        let (_, heard) = run(&mut client, &mut server);
        assert_eq!(heard, b"on", "{case:?} {:?}", client.end.conn);
    }
}

#[test]
fn space_that_was_lent_for_bytes_is_none_for_records() {
    for case in cases() {
        let (mut client, _) = encrypted(&case);
        assert!(!client.end.conn.receive_buffer().is_empty());
        client
            .hand_over(Direction::Received)
            .expect("nothing is in the way");
        let none = UsageError::TooManyBytes {
            given: 5,
            available: 0,
        };
        assert_eq!(
            client.end.conn.record_received(23, 5),
            Err(none),
            "{case:?}"
        );
        assert!(!client.end.conn.record_buffer().is_empty());
        assert_eq!(client.end.conn.record_received(23, 5), Ok(()), "{case:?}");
    }
}

type Call = fn(&mut Connection) -> Result<(), UsageError>;

const CALLS: [(&str, Call); 13] = [
    ("offload what is sent", |it| {
        it.offload(Direction::Sent).map(drop)
    }),
    ("offload what is received", |it| {
        it.offload(Direction::Received).map(drop)
    }),
    ("record_transmitted, nothing", |it| it.record_transmitted(0)),
    ("record_transmitted", |it| it.record_transmitted(99)),
    ("record_received", |it| it.record_received(23, usize::MAX)),
    ("records_sealed", |it| it.records_sealed(u64::MAX)),
    ("record_limit", |it| it.record_limit().map(drop)),
    ("offload_failed", |it| {
        it.offload_failed(OffloadFailure::BadRecordMac)
    }),
    ("update_keys", Connection::update_keys),
    ("receive", |it| it.receive(b"?").map(drop)),
    ("receive_owned", |it| {
        it.receive_owned(&mut BytesMut::from(&b"?"[..])).map(drop)
    }),
    ("received", |it| it.received(1)),
    ("transmitted", |it| it.transmitted(1)),
];

#[test]
fn what_is_refused_changes_nothing() {
    let seen = |end: &End| {
        let record = end.conn.transmit_record();
        let record = record.map(|(kind, content)| (kind, content.to_vec()));
        let offloads = BOTH.map(|it| (end.conn.is_offloaded(it), end.conn.is_offload_due(it)));
        (view(&end.conn), record, offloads, format!("{:?}", end.conn))
    };
    type Stage = fn(&mut KernelEnd, &mut KernelEnd);
    let stages: [(&str, Stage); 8] = [
        ("as it is", |_, _| {}),
        ("handed over", |it, _| it.offload()),
        ("with a record", |it, _| {
            it.offload();
            it.end.write(b"a record");
        }),
        ("with keys to come", |it, _| {
            it.offload();
            it.end.conn.update_keys().ok();
            it.end.settle();
        }),
        ("closing", |it, _| {
            it.offload();
            it.end.conn.close();
        }),
        ("closed", |it, peer| {
            it.offload();
            it.end.conn.close();
            peer.end.conn.close();
            run(it, peer);
        }),
        ("failed", |it, _| {
            it.offload();
            let failed = it.end.conn.offload_failed(OffloadFailure::RecordTooLarge);
            failed.expect("encrypted");
        }),
        ("aborted", |it, _| {
            it.offload();
            it.end.conn.abort();
        }),
    ];
    for case in cases() {
        for (stage, reach) in stages {
            for (name, call) in CALLS {
                let (mut client, mut server) = encrypted(&case);
                reach(&mut client, &mut server);
                client.end.settle();
                let before = seen(&client.end);
                if call(&mut client.end.conn).is_err() {
                    let what = format!("{name}, {stage}, {case:?}");
                    assert_eq!(seen(&client.end), before, "{what}");
                    let told = client.end.events.len();
                    client.end.settle();
                    assert_eq!(client.end.events.len(), told, "{what}");
                    assert_eq!(seen(&client.end), before, "{what}");
                }
            }
        }
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
