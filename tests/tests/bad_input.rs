//! What arrives instead of an honest handshake.

use sslcore::{
    Alert, ClientConfig, Event, FailureKind, Limits, Repeated, ServerConfig, ServerStart,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, server_name};
use sslcore_tests::records::refragment;

fn waiting_server() -> End {
    let mut end = End::new(Limits::default());
    let config = server(backend()).build().expect("server");
    end.conn
        .start_server_encryption(ServerStart::With(config))
        .expect("start");
    end
}

fn waiting_client() -> End {
    let mut end = End::new(Limits::default());
    let config = client(backend()).build().expect("client");
    end.conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    end.take();
    end
}

/// A server certificate of about `size` bytes.
fn large_identity(size: usize) -> Identity {
    let names: Vec<String> = (0..size / 64)
        .map(|i| format!("{i:05}-{:a<44}.server.test", ""))
        .collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.insert(0, "server.test");
    WORLD.ca.leaf(&names)
}

fn configs(version: &str, identity: &Identity, fragment: usize) -> (ClientConfig, ServerConfig) {
    let client = client(backend()).protocols(&[version]);
    let server = server(backend())
        .protocols(&[version])
        .identity(identity.chain.clone(), identity.key())
        .max_fragment(fragment);
    (
        client.build().expect("client"),
        server.build().expect("server"),
    )
}

#[test]
fn bytes_that_are_not_tls_are_a_named_failure_with_one_alert() {
    for (bytes, kind, alert) in [
        (
            &b"\x80\x2e\x01\x00\x02"[..],
            FailureKind::NotTls,
            Alert::UnexpectedMessage,
        ),
        (
            b"SSH-2.0-OpenSSH",
            FailureKind::NotTls,
            Alert::UnexpectedMessage,
        ),
        (b"\0", FailureKind::NotTls, Alert::UnexpectedMessage),
        (
            b"GET / HTTP/1.1\r\n",
            FailureKind::HttpInsteadOfTls,
            Alert::UnexpectedMessage,
        ),
        (
            b"HTTP/1.1 400 Bad Request\r\n",
            FailureKind::HttpInsteadOfTls,
            Alert::UnexpectedMessage,
        ),
        (
            b"\x16\x02\x00\x00\x05",
            FailureKind::NotTls,
            Alert::ProtocolVersion,
        ),
        (
            b"\x16\x03\x01\xff\xff",
            FailureKind::RecordTooLarge,
            Alert::RecordOverflow,
        ),
    ] {
        for mut end in [waiting_server(), waiting_client()] {
            end.give(bytes, usize::MAX);
            assert!(
                end.saw(Event::Failed(kind)),
                "{bytes:02x?}: {:?}",
                end.events
            );
            assert_eq!(
                end.take(),
                [21, 3, 3, 0, 2, 2, alert.code()],
                "{bytes:02x?}"
            );
            assert!(end.read_all().is_empty());
            assert!(matches!(end.events.last(), Some(Event::Closed(_))));
        }
    }
}

#[test]
fn what_is_no_client_hello_is_refused() {
    for (bytes, kind) in [
        // Application data, ChangeCipherSpec, a handshake message that is no hello.
        (&[23, 3, 3, 0, 1, 0][..], FailureKind::UnexpectedMessage),
        (
            &[22, 3, 3, 0, 4, 20, 0, 0, 0][..],
            FailureKind::MalformedMessage,
        ),
        (
            &[22, 3, 3, 0, 4, 1, 0, 0, 0][..],
            FailureKind::MalformedMessage,
        ),
    ] {
        let mut end = waiting_server();
        end.give(bytes, usize::MAX);
        let failed = end
            .events
            .iter()
            .any(|event| matches!(event, Event::Failed(_)));
        assert!(failed, "{bytes:02x?}: {:?}", end.events);
        let sent = end.take();
        assert_eq!(sent.len(), 7, "one alert: {sent:02x?}");
        assert_eq!(sent[..6], [21, 3, 3, 0, 2, 2], "{kind:?}");
    }
}

#[test]
fn a_client_that_can_only_speak_old_versions_is_told_protocol_version() {
    let mut end = waiting_server();
    let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 1];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0, 0x2f, 1, 0]);
    end.give(&hello, usize::MAX);
    assert!(
        end.saw(Event::Failed(FailureKind::Incompatible)),
        "{:?}",
        end.events
    );
    assert_eq!(
        end.take(),
        [21, 3, 3, 0, 2, 2, Alert::ProtocolVersion.code()]
    );
}

#[test]
fn nothing_in_common_is_incompatible() {
    let client_config = client(backend())
        .protocols(&["TLSv1.2"])
        .build()
        .expect("client");
    let server_config = server(backend())
        .protocols(&["TLSv1.3"])
        .build()
        .expect("server");
    let mut pair = Pair::tls(&client_config, &server_config);
    pair.run();
    assert!(pair.server.saw(Event::Failed(FailureKind::Incompatible)));
    assert!(
        pair.client
            .saw(Event::AlertReceived(Alert::ProtocolVersion))
    );

    let client_config = client(backend())
        .ciphers(&["TLS_AES_128_GCM_SHA256"])
        .protocols(&["TLSv1.3"])
        .build()
        .expect("client");
    let server_config = server(backend())
        .ciphers(&["TLS_AES_256_GCM_SHA384"])
        .protocols(&["TLSv1.3"])
        .build()
        .expect("server");
    let mut pair = Pair::tls(&client_config, &server_config);
    pair.run();
    assert!(pair.server.saw(Event::Failed(FailureKind::Incompatible)));
    assert!(
        pair.client
            .saw(Event::AlertReceived(Alert::HandshakeFailure))
    );
}

#[test]
fn a_stream_that_ends_during_the_handshake_is_truncated_wherever_it_ends() {
    for version in VERSIONS {
        let (client, server) = configs(version, &WORLD.server, 16384);
        let mut pair = Pair::tls(&client, &server);
        let hello = pair.client.take();
        for cut in [0, 1, 4, 5, 6, 100, hello.len() - 1] {
            let mut end = End::new(Limits::default());
            let start = ServerStart::With(server.clone());
            end.conn.start_server_encryption(start).expect("start");
            end.give(&hello[..cut], usize::MAX);
            end.conn.receive_eof();
            end.settle();
            assert!(
                end.saw(Event::Failed(FailureKind::Truncated)),
                "cut at {cut}"
            );
            assert!(end.take().is_empty());
        }
    }
}

#[test]
fn a_peers_fatal_alert_during_the_handshake_is_told_by_name() {
    for mut end in [waiting_server(), waiting_client()] {
        end.give(&[21, 3, 3, 0, 2, 2, 40], usize::MAX);
        let kind = FailureKind::AlertReceived(Alert::HandshakeFailure);
        assert!(end.saw(Event::Failed(kind)));
        assert!(end.saw(Event::AlertReceived(Alert::HandshakeFailure)));
        assert!(end.take().is_empty(), "an alert is not answered");
    }
}

#[test]
fn warnings_are_capped_and_empty_records_refused_during_the_handshake() {
    let mut end = waiting_client();
    for _ in 0..100 {
        if end.conn.failure().is_none() {
            end.give(&[21, 3, 3, 0, 2, 1, 90], usize::MAX);
        }
    }
    let kind = FailureKind::TooMuchOf(Repeated::WarningAlerts);
    assert!(end.saw(Event::Failed(kind)), "{:?}", end.events);

    // RFC 8446 §5.1 allows no empty handshake records at all.
    let mut end = waiting_server();
    end.give(&[22, 3, 3, 0, 0], usize::MAX);
    assert!(end.saw(Event::Failed(FailureKind::UnexpectedMessage)));
    assert_eq!(
        end.take(),
        [21, 3, 3, 0, 2, 2, Alert::UnexpectedMessage.code()]
    );
}

#[test]
fn messages_split_over_many_records_are_understood() {
    for version in VERSIONS {
        for pieces in [3, 40] {
            let (client, server) = configs(version, &WORLD.server, 16384);
            let mut pair = Pair::tls(&client, &server);
            let hello = pair.client.take();
            let size = hello.len().div_ceil(pieces);
            pair.server.give(&refragment(&hello, &[size]), usize::MAX);
            let mut flight = pair.server.take();
            if version == "TLSv1.2" {
                flight = refragment(&flight, &[flight.len().div_ceil(pieces)]);
            }
            pair.client.give(&flight, usize::MAX);
            pair.run();
            assert!(pair.client.conn.is_encrypted(), "{version} {pieces}");
            assert!(pair.server.conn.is_encrypted(), "{version} {pieces}");
        }
        // Sealed messages, split by the sender itself.
        for fragment in [32, 100, 300] {
            let (client, server) = configs(version, &WORLD.server, fragment);
            Pair::encrypted(&client, &server);
        }
    }
}

#[test]
fn a_certificate_of_sixty_kilobytes_is_understood() {
    let identity = large_identity(58_000);
    let size: usize = identity.chain.iter().map(|der| der.len()).sum();
    assert!((58_000..65_000).contains(&size), "{size}");
    for version in VERSIONS {
        for fragment in [16384, 1460, 32] {
            let (client, server) = configs(version, &identity, fragment);
            let mut pair = Pair::tls(&client, &server);
            pair.chunk = 1000;
            pair.run();
            assert!(
                pair.client.conn.is_encrypted(),
                "{version} {:?}",
                pair.client.conn
            );
        }
    }
}

#[test]
fn a_message_beyond_the_limit_is_refused_with_what_it_would_need() {
    let identity = large_identity(20_000);
    let size: usize = identity.chain.iter().map(|der| der.len()).sum();
    for version in VERSIONS {
        for fragment in [16384, 1460] {
            let (client, server) = configs(version, &identity, fragment);
            let limits = Limits {
                max_handshake: 10_000,
                ..Limits::default()
            };
            let mut pair = Pair {
                client: End::new(limits),
                ..Pair::default()
            };
            pair.start(&client, &server);
            pair.run();
            match pair.client.conn.failure().map(|failure| failure.kind()) {
                Some(FailureKind::BufferTooSmall { needed }) => {
                    assert!((size..size + 100).contains(&needed), "{needed} for {size}");
                }
                other => panic!("{version} {fragment}: {other:?}"),
            }
            assert!(
                pair.server
                    .saw(Event::AlertReceived(Alert::IllegalParameter))
            );
        }
    }
}

#[test]
fn a_hello_in_single_bytes_is_a_hello() {
    let mut end = waiting_server();
    // A ClientHello that claims 60,000 bytes and comes one byte per record: all of it is read, and
    // then it makes no sense.
    end.give(&[22, 3, 1, 0, 4, 1, 0, 0xea, 0x60], usize::MAX);
    for _ in 0..60_000 {
        assert_eq!(end.conn.failure(), None);
        end.give(&[22, 3, 1, 0, 1, 0], usize::MAX);
        assert_eq!(end.conn.encrypted_bytes_available(), 0);
    }
    let kind = end.conn.failure().map(|failure| failure.kind());
    assert_eq!(kind, Some(FailureKind::MalformedMessage));
}

#[test]
fn a_damaged_flight_never_becomes_encrypted() {
    for version in VERSIONS {
        let (client, server) = configs(version, &WORLD.server, 16384);
        let mut pair = Pair::tls(&client, &server);
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let len = pair.server.take().len();
        for index in (5..len - 20).step_by(7) {
            let mut pair = Pair::tls(&client, &server);
            let hello = pair.client.take();
            pair.server.give(&hello, usize::MAX);
            let mut flight = pair.server.take();
            if index >= flight.len() {
                continue;
            }
            flight[index] ^= 1;
            pair.client.give(&flight, usize::MAX);
            pair.run();
            pair.client.conn.receive_eof();
            pair.server.conn.receive_eof();
            pair.run();
            assert!(
                !(pair.client.saw(Event::Encrypted) && pair.server.saw(Event::Encrypted)),
                "{version}: bit 0 of byte {index} went unnoticed"
            );
            assert!(pair.client.conn.failure().is_some(), "{version} {index}");
        }
    }
}
