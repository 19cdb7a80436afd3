//! Records in the clear of a handshake: what lies between, behind and above its messages.

use sslcore::{Alert, Event, FailureKind, Limits, Repeated, ServerStart, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::{ALERT, CHANGE_CIPHER_SPEC, DATA, Forger, HANDSHAKE};
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};
use sslcore_tests::records::{handshake_content, record, records};

fn pair(version: &str) -> Pair {
    Pair::tls(
        &client(backend())
            .protocols(&[version])
            .build()
            .expect("client"),
        &server(backend())
            .protocols(&[version])
            .build()
            .expect("server"),
    )
}

#[test]
fn bytes_behind_a_tls13_server_hello_are_refused() {
    let hello_and = |more: &[u8]| {
        let mut pair = pair("TLSv1.3");
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let sent = pair.server.take();
        let content = [&handshake_content(&sent), more].concat();
        pair.client.give(&record(HANDSHAKE, &content), usize::MAX);
        pair.client.conn.failure().map(sslcore::Failure::kind)
    };
    assert_eq!(hello_and(&[]), None);
    for more in [&[8][..], &[8, 0, 0, 2, 0, 0]] {
        assert_eq!(hello_and(more), Some(FailureKind::UnexpectedMessage));
    }
}

/// A TLS 1.2 server has nothing to say behind its first flight before the client has answered.
#[test]
fn bytes_behind_a_tls12_server_hello_done_are_refused() {
    let flight_and = |more: &[u8]| {
        let mut pair = pair("TLSv1.2");
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let sent = pair.server.take();
        let content = [&handshake_content(&sent), more].concat();
        pair.client.give(&record(HANDSHAKE, &content), usize::MAX);
        pair.client.conn.failure().map(sslcore::Failure::kind)
    };
    assert_eq!(flight_and(&[]), None);
    for more in [&[4][..], &[4, 0, 0, 100], &[4, 0, 0, 6, 0, 0, 0, 0, 0, 0]] {
        assert_eq!(flight_and(more), Some(FailureKind::UnexpectedMessage));
    }
}

#[test]
fn a_tls12_client_that_says_hello_again_in_its_handshake_is_unexpected() {
    for change in [false, true] {
        let mut pair = pair("TLSv1.2");
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        pair.server.take();
        let mut again = hello.clone();
        again[20] ^= u8::from(change);
        pair.server.give(&again, usize::MAX);
        assert_eq!(
            pair.server.take(),
            record(ALERT, &[2, Alert::UnexpectedMessage.code()]),
            "{change}: {:?}",
            pair.server.conn.failure()
        );
    }
}

#[test]
fn a_client_that_has_not_said_hello_owes_no_farewell_in_any_of_its_steps() {
    for steps in 0..2 {
        let mut pair = pair("TLSv1.3");
        for _ in 0..steps {
            let _ = pair.client.conn.process(pair.client.now());
        }
        pair.client.conn.close();
        let sent = pair.client.take();
        assert!(sent.is_empty(), "after {steps} steps: {sent:02x?}");
    }
}

#[test]
fn garbage_inside_a_handshake_is_unexpected_and_not_mistaken_for_another_protocol() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let mut pair = pair(version);
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        pair.server.give(b"GET / HTTP/1.1\r\n", usize::MAX);
        let kind = pair.server.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(
            kind,
            Some(FailureKind::UnexpectedMessage),
            "{version} server"
        );
        let first = &records(&flight)[0];
        pair.client.give(first, usize::MAX);
        pair.client.give(b"HTTP/1.1 400\r\n", usize::MAX);
        let kind = pair.client.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(
            kind,
            Some(FailureKind::UnexpectedMessage),
            "{version} client"
        );
    }
}

#[test]
fn warnings_of_the_handshake_count_towards_those_of_the_connection() {
    let config = client(backend()).protocols(&["TLSv1.2"]).build();
    let mut end = End::new(Limits::default());
    end.conn
        .start_client_encryption(&config.expect("client"), server_name())
        .expect("start");
    end.settle();
    for _ in 0..4 {
        end.give(&record(ALERT, &[1, 90]), usize::MAX);
    }
    let mut forger = Forger::as_server(&mut end, false);
    end.give(&forger.seal(ALERT, &[1, 90]), usize::MAX);
    let kind = end.conn.failure().map(sslcore::Failure::kind);
    let expected = FailureKind::TooMuchOf(Repeated::WarningAlerts);
    assert_eq!(kind, Some(expected));
}

/// A server that waits for the client's second flight, and a client that waits for the first answer.
fn in_the_clear(of_client: bool) -> End {
    let mut pair = pair("TLSv1.2");
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    pair.server.take();
    match of_client {
        true => pair.server,
        false => pair.client,
    }
}

#[test]
fn records_in_the_clear_have_at_most_two_to_the_fourteen_bytes_in_the_whole_handshake() {
    for of_client in [false, true] {
        for (size, kind) in [(16_384, None), (16_385, Some(FailureKind::RecordTooLarge))] {
            let mut end = in_the_clear(of_client);
            let mut content = vec![0; size];
            content[..4].copy_from_slice(&[if of_client { 16 } else { 2 }, 0, 0xf0, 0]);
            end.give(&record(HANDSHAKE, &content), usize::MAX);
            let failure = end.conn.failure().map(sslcore::Failure::kind);
            assert_eq!(failure, kind, "{of_client} {size}");
        }
    }
}

#[test]
fn nothing_comes_between_the_pieces_of_a_message_in_the_clear() {
    for of_client in [false, true] {
        for at in [1, 4, 9] {
            for between in [
                record(ALERT, &[1, 90]),
                record(ALERT, &[1, 0]),
                record(ALERT, &[2, 40]),
                record(CHANGE_CIPHER_SPEC, &[1]),
                record(DATA, &[1]),
                record(HANDSHAKE, &[]),
            ] {
                let mut end = in_the_clear(of_client);
                let message = [if of_client { 16 } else { 2 }, 0, 1, 0, 1, 2, 3, 4, 5];
                end.give(&record(HANDSHAKE, &message[..at]), usize::MAX);
                end.give(&between, usize::MAX);
                let failure = end.conn.failure().map(sslcore::Failure::kind);
                let unexpected = Some(FailureKind::UnexpectedMessage);
                assert_eq!(failure, unexpected, "{of_client} {at} {between:?}");
                assert_eq!(end.take(), record(ALERT, &[2, 10]));
            }
        }
    }
}

#[test]
fn bytes_behind_a_second_hello_are_refused() {
    for more in [&[0][..], &[20, 0, 0, 0], &[11, 0]] {
        let config = client(backend()).groups(&["X25519", "secp256r1"]);
        let mut pair = Pair::tls(
            &config.build().expect("client"),
            &server(backend())
                .groups(&["secp256r1"])
                .build()
                .expect("server"),
        );
        let first = pair.client.take();
        pair.server.give(&first, usize::MAX);
        let retry = pair.server.take();
        pair.client.give(&retry, usize::MAX);
        let second = handshake_content(&pair.client.take());
        let content = [&second, more].concat();
        pair.server.give(&record(HANDSHAKE, &content), usize::MAX);
        let failure = pair.server.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(failure, Some(FailureKind::UnexpectedMessage), "{more:?}");
        assert_eq!(pair.server.take(), record(ALERT, &[2, 10]));
    }
}

/// What is a hello and what is behind it is told apart in the smallest pieces, too.
#[test]
fn hellos_in_the_smallest_records_lead_to_protected_ones() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        for group in ["X25519", "P-384"] {
            let client = client(backend()).groups(&["X25519", "P-384"]);
            let server = server(backend()).groups(&[group]);
            let mut pair = Pair::tls(
                &client
                    .protocols(&[version])
                    .max_fragment(32)
                    .build()
                    .expect("client"),
                &server
                    .protocols(&[version])
                    .max_fragment(32)
                    .build()
                    .expect("server"),
            );
            pair.run();
            pair.client.write(b"hello");
            pair.run();
            assert_eq!(pair.server.read_all(), b"hello", "{version} {group}");
        }
    }
}

#[test]
fn a_session_is_resumed_across_a_hello_retry_request() {
    let client = client(backend())
        .groups(&["X25519", "secp256r1"])
        .identity(WORLD.client.chain.clone(), WORLD.client.key());
    let server = server(backend())
        .groups(&["secp256r1"])
        .verify_mode(VerifyMode::Verify);
    let (client, server) = (
        client.build().expect("client"),
        server.build().expect("server"),
    );
    for resumed in [false, true] {
        for chunk in [1, usize::MAX] {
            if chunk == 1 && !resumed {
                continue;
            }
            let mut pair = Pair::tls(&client, &server);
            pair.chunk = chunk;
            pair.run();
            assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
            assert_eq!(pair.client.conn.is_resumed(), resumed);
            assert_eq!(pair.server.conn.is_resumed(), resumed);
            assert!(!pair.server.conn.peer_certificate_chain().is_empty());
        }
    }
}

#[test]
fn a_message_that_no_engine_takes_is_refused_as_soon_as_it_says_so() {
    let limits = Limits {
        max_handshake: usize::MAX,
        ..Limits::default()
    };
    for (len, failure) in [
        (0xffff, None),
        (0x1_0000, Some(0x1_0004)),
        (0xff_ffff, Some(0x100_0003)),
    ] {
        let [_, a, b, c] = u32::to_be_bytes(len);
        let mut server_end = End::new(limits);
        let config = server(backend()).build().expect("server");
        server_end
            .conn
            .start_server_encryption(ServerStart::With(config))
            .expect("start");
        let mut client_end = End::new(limits);
        let config = client(backend()).build().expect("client");
        client_end
            .conn
            .start_client_encryption(&config, server_name())
            .expect("start");
        client_end.take();
        for (mut end, kind) in [(server_end, 1), (client_end, 2)] {
            end.give(&record(HANDSHAKE, &[kind, a, b, c]), usize::MAX);
            let found = end.conn.failure().map(sslcore::Failure::kind);
            let expected = failure.map(|needed| FailureKind::BufferTooSmall { needed });
            assert_eq!(found, expected, "{len:x} {kind}");
        }
    }
}

/// RFC 5246 §7.4.1.1: it "will be ignored by the client if the client is currently negotiating".
#[test]
fn a_request_to_negotiate_means_nothing_to_who_is_negotiating() {
    const REQUEST: [u8; 9] = [22, 3, 3, 0, 4, 0, 0, 0, 0];
    let client = client(backend()).protocols(&["TLSv1.2"]).build();
    let (client, server) = (client.expect("client"), server(backend()).build());
    let server = server.expect("server");
    for at in 0..3 {
        let mut pair = Pair::tls(&client, &server);
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        for (index, record) in records(&pair.server.take()).iter().enumerate() {
            if index == at {
                pair.client.give(&REQUEST, usize::MAX);
            }
            pair.client.give(record, usize::MAX);
        }
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{at}");
        assert!(pair.server.conn.is_encrypted(), "{at}");
    }
    let mut pair = Pair::tls(&client, &server);
    pair.client.take();
    pair.client.give(&REQUEST, usize::MAX);
    assert_eq!(pair.client.conn.failure(), None);
    pair.client.give(&REQUEST, usize::MAX);
    let kind = FailureKind::TooMuchOf(Repeated::RenegotiationRequests);
    assert!(pair.client.saw(Event::Failed(kind)), "asking is free");
}
