//! What waits is bounded, and a full buffer holds up nothing that would empty another (rule R8).

use sslcore::{Event, Limits, ServerStart};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, server_name};

/// Carries what fits, once.
fn carry(from: &mut End, to: &mut End) {
    let n = to.conn.receive(from.conn.transmit()).expect("open");
    from.conn.transmitted(n).expect("shown");
}

#[test]
fn fifty_megabytes_each_way_do_not_deadlock_when_both_write_first() {
    const TOTAL: usize = 50 << 20;
    for version in VERSIONS {
        let mut pair = Pair::encrypted_in(version, Limits::default());
        let chunk = [0xa5; 64 * 1024];
        let mut written = [0; 2];
        let mut read = [0; 2];
        let mut turns = 0;
        while read != [TOTAL; 2] {
            turns += 1;
            assert!(turns < 100_000, "no progress: {written:?} {read:?}");
            // Both write until nothing more is taken, and only then does anybody read.
            for (end, written) in [&mut pair.client, &mut pair.server]
                .into_iter()
                .zip(&mut written)
            {
                while *written < TOTAL {
                    let rest = (TOTAL - *written).min(chunk.len());
                    let n = end.conn.write(&chunk[..rest]).expect("open");
                    *written += n;
                    if n == 0 {
                        break;
                    }
                }
            }
            carry(&mut pair.client, &mut pair.server);
            carry(&mut pair.server, &mut pair.client);
            for (end, read) in [&mut pair.client, &mut pair.server]
                .into_iter()
                .zip(&mut read)
            {
                end.settle();
                let plain = end.conn.peek();
                assert!(plain.iter().all(|byte| *byte == 0xa5));
                *read += plain.len();
                end.conn.consume(plain.len()).expect("shown");
                end.events.clear();
            }
        }
    }
}

#[test]
fn a_full_buffer_is_a_short_write_and_writable_follows() {
    for version in VERSIONS {
        let mut pair = Pair::encrypted_in(version, Limits::default());
        let mut taken = 0;
        let limit = Limits::default().transmit;
        loop {
            let n = pair.client.conn.write(&[1; 16384]).expect("open");
            taken += n;
            if n < 16384 {
                break;
            }
        }
        assert!(taken > 0 && taken <= limit);
        assert!(pair.client.conn.encrypted_bytes_to_write() <= limit);
        pair.client.settle();
        assert!(!pair.client.saw(Event::Writable));
        pair.client.take();
        assert!(pair.client.saw(Event::Writable));
        assert_eq!(pair.client.conn.write(&[1; 16384]), Ok(16384));
    }
}

#[test]
fn plaintext_written_before_encrypted_is_bounded() {
    let config = client(backend()).build().expect("client");
    let mut pair = Pair::new(Limits {
        queued: 1000,
        ..Limits::default()
    });
    pair.client
        .conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    assert_eq!(pair.client.conn.write(&[2; 600]), Ok(600));
    assert_eq!(pair.client.conn.write(&[3; 600]), Ok(400));
    assert_eq!(pair.client.conn.write(&[3; 600]), Ok(0));
    assert_eq!(pair.client.conn.bytes_to_write(), 1000);
    let config = server(backend()).build().expect("server");
    pair.server
        .conn
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    pair.run();
    let mut expected = vec![2; 600];
    expected.extend([3; 400]);
    assert_eq!(pair.server.read_all(), expected);
    assert!(pair.client.saw(Event::Writable));
    let encrypted = pair
        .client
        .events
        .iter()
        .position(|event| *event == Event::Encrypted);
    let written = pair
        .client
        .events
        .iter()
        .position(|event| *event == Event::BytesWritten(1000));
    assert!(
        encrypted.is_some() && encrypted < written,
        "{:?}",
        pair.client.events
    );
}

#[test]
fn what_is_written_while_earlier_plaintext_waits_is_sent_behind_it() {
    for version in VERSIONS {
        let client = client(backend()).protocols(&[version]).build();
        let server = server(backend()).protocols(&[version]).build();
        let mut pair = Pair::tls(&client.expect("client"), &server.expect("server"));
        pair.client.write(&[1; 60_000]);
        while !pair.client.conn.is_encrypted() {
            assert!(pair.exchange(), "{:?}", pair.client.conn);
        }
        let waiting = pair.client.conn.bytes_to_write();
        assert!(waiting > 0, "more than the transmit buffer holds");
        // Everything sealed leaves, and there is room in it: for what waits (rule R5).
        let wire = pair.client.conn.transmit().to_vec();
        pair.client.conn.transmitted(wire.len()).expect("shown");
        assert_eq!(pair.client.conn.write(&[2; 100]), Ok(100));
        assert_eq!(pair.client.conn.bytes_to_write(), waiting + 100);
        pair.server.give(&wire, usize::MAX);
        let mut heard = pair.server.read_all();
        while heard.len() < 60_100 {
            assert!(pair.exchange(), "{:?}", pair.client.conn);
            heard.extend(pair.server.read_all());
        }
        assert!(
            heard == [[1; 60_000].as_slice(), &[2; 100]].concat(),
            "{version}"
        );
    }
}
