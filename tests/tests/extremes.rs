//! Extremes of limits and buffers (rules R7, R8).

use sslcore::{Buffers, Connection, Event, FailureKind, Limits, ServerStart};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::{ALERT, DATA, Forger};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

fn configs(version: &str) -> (sslcore::ClientConfig, sslcore::ServerConfig) {
    (
        client(backend())
            .protocols(&[version])
            .build()
            .expect("client"),
        server(backend())
            .protocols(&[version])
            .build()
            .expect("server"),
    )
}

#[test]
fn limits_that_limit_nothing_are_as_good_as_any() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let mut pair = Pair::new(Limits {
            read_buffer_size: usize::MAX,
            transmit: usize::MAX,
            queued: usize::MAX,
            max_handshake: usize::MAX,
            release_when_idle: false,
        });
        pair.start(&client, &server);
        pair.chunk = 7;
        pair.run();
        pair.client.write(&[1; 100_000]);
        pair.run();
        assert_eq!(pair.server.conn.bytes_available(), 100_000);
        pair.server.conn.consume(1).expect("there");
        pair.client.write(&[1; 100]);
        pair.run();
        assert_eq!(pair.server.conn.bytes_available(), 100_099);
    }
}

#[test]
fn limits_of_nothing_still_carry_data() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let mut pair = Pair::new(Limits {
            read_buffer_size: 0,
            transmit: 0,
            queued: 0,
            max_handshake: 64 * 1024,
            release_when_idle: true,
        });
        pair.start(&client, &server);
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.events);
        assert_eq!(pair.client.conn.write(b"x"), Ok(1), "{version}");
        pair.run();
        assert_eq!(pair.server.read_all(), b"x");
    }
}

#[test]
fn the_read_limit_may_be_lifted_altogether_with_half_a_record_read() {
    for version in VERSIONS {
        let (client, server) = configs(version);
        let mut pair = Pair::encrypted(&client, &server);
        pair.client.write(b"some bytes");
        pair.run();
        pair.server.conn.consume(4).expect("there");
        pair.server.conn.set_read_buffer_size(usize::MAX);
        pair.client.write(b", and more");
        pair.run();
        assert_eq!(pair.server.read_all(), b" bytes, and more");
        pair.server.conn.set_read_buffer_size(1);
        pair.client.write(b"to the end");
        pair.run();
        assert_eq!(pair.server.read_all(), b"to the end");
    }
}

#[test]
fn the_smallest_lent_transmit_buffer_carries_large_flights_and_data() {
    for version in VERSIONS {
        let client = client(backend())
            .protocols(&[version])
            .identity(WORLD.client.chain.clone(), WORLD.client.key())
            .groups(&["X25519", "secp256r1"]);
        let server = server(backend())
            .protocols(&[version])
            .verify_mode(sslcore::VerifyMode::Verify)
            .groups(&["secp256r1"]);
        let mut pair = Pair::default();
        for end in [&mut pair.client, &mut pair.server] {
            let receive = Box::leak(vec![0; 20_000].into_boxed_slice());
            let transmit = Box::leak(vec![0; 512].into_boxed_slice());
            let buffers = Buffers::lent(receive, transmit).expect("large enough");
            end.conn = Connection::new(Limits::default(), buffers);
        }
        pair.start(
            &client.build().expect("client"),
            &server.build().expect("server"),
        );
        let mut written = 0;
        pair.client.write(&[7; 10_000]);
        written += 10_000;
        pair.run();
        let mut received = pair.server.read_all();
        while written < 20_000 {
            let n = pair.client.conn.write(&[7; 333]).expect("open");
            assert!(n > 0);
            written += n;
            pair.run();
            received.extend(pair.server.read_all());
        }
        assert_eq!(received, vec![7; written], "{version}");
        assert_eq!(
            pair.client
                .events
                .iter()
                .filter(|event| **event == Event::Encrypted)
                .count(),
            1
        );
    }
}

#[test]
fn throwing_plaintext_away_leaves_a_lent_tail_where_it_is() {
    let mut end = End::new(Limits::default());
    end.give(b"first", usize::MAX);
    end.conn.discard_reads();
    end.conn.receive_buffer()[..6].copy_from_slice(b"second");
    end.settle();
    assert_eq!(end.conn.received(6), Ok(()));
    end.settle();
    assert_eq!(end.conn.bytes_available(), 0);
    assert_eq!(end.conn.encrypted_bytes_available(), 0);
}

#[test]
fn aborting_swallows_what_the_transport_was_reading() {
    let (client, server) = configs("TLSv1.3");
    let mut pair = Pair::encrypted(&client, &server);
    assert!(pair.client.conn.receive_buffer().len() > 10);
    pair.client.conn.abort();
    assert_eq!(pair.client.conn.received(10), Ok(()));
    assert_eq!(pair.client.conn.encrypted_bytes_available(), 0);
}

#[test]
fn lent_buffers_come_back_without_the_plaintext_that_was_read() {
    let receive = Box::leak(vec![0; 20_000].into_boxed_slice());
    let transmit = Box::leak(vec![0; 4_000].into_boxed_slice());
    let (client, server) = configs("TLSv1.3");
    let mut pair = Pair::default();
    pair.client.conn = Connection::new(
        Limits::default(),
        Buffers::lent(receive, transmit).expect("large enough"),
    );
    pair.start(&client, &server);
    pair.run();
    pair.server.write(&[0xa5; 1000]);
    pair.run();
    assert_eq!(pair.client.read_all(), [0xa5; 1000]);
    match pair.client.conn.into_buffers() {
        Buffers::Lent { receive, .. } => assert!(!receive.windows(8).any(|w| w == [0xa5; 8])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_alert_finds_room_in_a_buffer_that_is_full() {
    let mut end = End::new(Limits {
        transmit: 1000,
        ..Limits::default()
    });
    let config = server(backend()).session_tickets(false).session_cache(0);
    end.conn
        .start_server_encryption(ServerStart::With(config.build().expect("server")))
        .expect("start");
    let mut forger = Forger::as_client(&mut end, false);
    // What a record may carry leaves room for a KeyUpdate, and a TLS 1.2 alert is longer.
    assert_eq!(end.conn.write(&[1; 2000]), Ok(944));
    end.give(
        &[
            23, 3, 3, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ],
        usize::MAX,
    );
    assert!(end.saw(Event::Failed(FailureKind::BadRecordMac)));
    let sent = end.take();
    let expected = [(DATA, vec![1; 944]), (ALERT, vec![2, 20])];
    assert_eq!(forger.open(&sent), expected);
}

#[test]
fn key_update_replies_do_not_eat_the_headroom() {
    let (client, server) = configs("TLSv1.3");
    let mut pair = Pair::encrypted(&client, &server);
    while pair.server.conn.write(&[1; 16384]).expect("open") > 0 {}
    while pair.server.conn.write(&[1; 1]).expect("open") > 0 {}
    for _ in 0..20 {
        pair.client.conn.update_keys().expect("encrypted");
        let asked = pair.client.take();
        pair.server.give(&asked, usize::MAX);
        let waiting = pair.server.conn.encrypted_bytes_to_write();
        assert!(waiting <= Limits::default().transmit, "{waiting}");
    }
    assert!(pair.server.conn.failure().is_none());
}

#[test]
fn what_follows_close_notify_is_swallowed_and_not_kept() {
    let (client, server) = configs("TLSv1.3");
    let mut pair = Pair::encrypted(&client, &server);
    pair.client.conn.close();
    pair.run();
    for _ in 0..100 {
        assert_eq!(pair.server.conn.receive(&[0; 10_000]), Ok(10_000));
        assert_eq!(pair.server.conn.encrypted_bytes_available(), 0);
    }
    pair.server.settle();
    assert!(pair.server.conn.failure().is_none());
}
