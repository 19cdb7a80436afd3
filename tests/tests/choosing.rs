//! A server that chooses its configuration by the ClientHello.

use std::time::Duration;

use sslcore::{
    Alert, Event, FailureKind, Limits, RequestId, ServerConfig, ServerStart, SslProtocol, Timeouts,
    UsageError,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::HANDSHAKE;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server, server_name};
use sslcore_tests::records::{handshake_content, record};

fn fallback() -> ServerConfig {
    server(backend()).build().expect("server")
}

fn asked(version: &str, chunk: usize) -> (Pair, RequestId) {
    let mut pair = Pair {
        chunk,
        ..Pair::default()
    };
    let config = client(backend())
        .protocols(&[version])
        .alpn(&[b"h2", b"http/1.1"])
        .build()
        .expect("client");
    let start = ServerStart::Ask {
        fallback: fallback(),
    };
    pair.server
        .conn
        .start_server_encryption(start)
        .expect("start");
    pair.client
        .conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    pair.run();
    let id = pair.server.conn.config_request().expect("asked").id;
    assert!(pair.server.saw(Event::ConfigRequired(id)));
    (pair, id)
}

#[test]
fn the_application_sees_what_the_client_wants() {
    for version in VERSIONS {
        let (pair, _) = asked(version, usize::MAX);
        let request = pair.server.conn.config_request().expect("asked");
        assert_eq!(request.hello.server_name(), Some("server.test"));
        let alpn: Vec<&[u8]> = request.hello.alpn().collect();
        assert_eq!(alpn, [&b"h2"[..], b"http/1.1"]);
        assert_eq!(
            request.hello.offers(SslProtocol::TlsV1_3),
            version == "TLSv1.3"
        );
        assert_eq!(
            request.hello.offers(SslProtocol::TlsV1_2),
            version == "TLSv1.2"
        );
        assert!(request.hello.cipher_suites().count() >= 3);
        assert!(
            request
                .hello
                .signature_schemes()
                .any(|scheme| scheme == 0x0403)
        );
    }
}

#[test]
fn nothing_is_consumed_and_nothing_leaves_until_it_is_answered() {
    for version in VERSIONS {
        for chunk in [1, usize::MAX] {
            let (mut pair, id) = asked(version, chunk);
            assert!(pair.server.sent.is_empty());
            let chosen = server(backend())
                .alpn(&[b"http/1.1"])
                .build()
                .expect("server");
            assert_eq!(pair.server.conn.provide_config(id, &chosen), Ok(()));
            assert_eq!(
                pair.server.conn.provide_config(id, &chosen),
                Err(UsageError::Stale),
                "asked once, answered once"
            );
            pair.run();
            assert!(pair.client.conn.is_encrypted());
            assert_eq!(pair.client.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            assert_eq!(pair.server.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            assert_eq!(
                pair.server.conn.provide_config(id, &chosen),
                Err(UsageError::NoDecisionOpen)
            );
        }
    }
}

#[test]
fn the_question_is_gone_as_soon_as_it_is_answered() {
    for refuse in [false, true] {
        let (mut pair, id) = asked("TLSv1.3", usize::MAX);
        match refuse {
            true => pair.server.conn.refuse_config(id),
            false => pair.server.conn.provide_config(id, &fallback()),
        }
        .expect("open");
        assert!(pair.server.conn.config_request().is_none());
        assert_eq!(
            pair.server.conn.provide_config(id, &fallback()),
            Err(UsageError::Stale)
        );
    }
}

#[test]
fn closing_with_something_to_say_waits_for_the_configuration() {
    let (mut pair, id) = asked("TLSv1.3", usize::MAX);
    pair.server.write(b"welcome");
    pair.server.conn.close();
    pair.run();
    assert!(pair.server.conn.config_request().is_some());
    pair.server
        .conn
        .provide_config(id, &fallback())
        .expect("open");
    pair.run();
    assert_eq!(pair.client.read_all(), b"welcome");
    assert!(pair.client.saw(Event::PeerClosed));
}

#[test]
fn a_refusal_is_unrecognized_name() {
    for version in VERSIONS {
        let (mut pair, id) = asked(version, usize::MAX);
        assert_eq!(pair.server.conn.refuse_config(id), Ok(()));
        pair.run();
        assert!(pair.server.saw(Event::Failed(FailureKind::ConfigRefused)));
        assert!(
            pair.client
                .saw(Event::AlertReceived(Alert::UnrecognizedName))
        );
        assert_eq!(pair.server.sent, [21, 3, 3, 0, 2, 2, 112]);
    }
}

#[test]
fn a_refusal_can_have_an_alert_of_the_applications_choice_unless_that_refuses_nothing() {
    for (chosen, told) in [
        (Alert::AccessDenied, Alert::AccessDenied),
        (Alert::Unknown(30), Alert::Unknown(30)),
        (Alert::CloseNotify, Alert::UnrecognizedName),
        (Alert::UserCanceled, Alert::UnrecognizedName),
        (Alert::NoRenegotiation, Alert::UnrecognizedName),
        // By their numbers.
        (Alert::Unknown(0), Alert::UnrecognizedName),
        (Alert::Unknown(90), Alert::UnrecognizedName),
        (Alert::Unknown(100), Alert::UnrecognizedName),
    ] {
        for version in VERSIONS {
            let (mut pair, id) = asked(version, usize::MAX);
            let refused = pair.server.conn.refuse_config_with(id, chosen);
            assert_eq!(refused, Ok(()));
            let again = pair.server.conn.refuse_config_with(id, chosen);
            assert_eq!(again, Err(UsageError::Stale));
            pair.run();
            assert!(pair.server.saw(Event::Failed(FailureKind::ConfigRefused)));
            assert_eq!(pair.server.sent, [21, 3, 3, 0, 2, 2, told.code()]);
        }
    }
}

#[test]
fn it_is_asked_once_even_across_a_hello_retry_request() {
    let mut pair = Pair::default();
    let config = client(backend())
        .groups(&["X25519", "secp256r1"])
        .build()
        .expect("client");
    let start = ServerStart::Ask {
        fallback: fallback(),
    };
    pair.server
        .conn
        .start_server_encryption(start)
        .expect("start");
    pair.client
        .conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    pair.run();
    let id = pair.server.conn.config_request().expect("asked").id;
    let chosen = server(backend())
        .groups(&["secp256r1"])
        .build()
        .expect("server");
    pair.server.conn.provide_config(id, &chosen).expect("open");
    pair.run();
    assert!(pair.client.conn.is_encrypted());
    assert_eq!(pair.server.conn.key_exchange_group(), Some("secp256r1"));
    let asked = pair.server.events.iter();
    let asked = asked.filter(|event| matches!(event, Event::ConfigRequired(_)));
    assert_eq!(asked.count(), 1);
}

#[test]
fn a_hello_that_cannot_be_read_gets_the_engines_alert() {
    // A ClientHello whose extensions end in the middle.
    let mut broken = vec![22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3];
    broken.extend([7; 32]);
    broken.extend([0, 0, 2, 0x13, 0x01, 1, 0, 0, 9, 0, 0]);
    let len = broken.len() - 5;
    broken[4] = len as u8;
    broken[8] = (len - 4) as u8;
    let mut pair = Pair::default();
    let start = ServerStart::Ask {
        fallback: fallback(),
    };
    pair.server
        .conn
        .start_server_encryption(start)
        .expect("start");
    pair.server.give(&broken, 1);
    let asked = pair
        .server
        .events
        .iter()
        .any(|event| matches!(event, Event::ConfigRequired(_)));
    assert!(!asked);
    assert_eq!(
        pair.server.take(),
        [21, 3, 3, 0, 2, 2, Alert::DecodeError.code()]
    );
}

#[test]
fn nobody_is_asked_about_a_hello_with_a_byte_too_many() {
    for version in VERSIONS {
        let config = client(backend()).protocols(&[version]).build();
        let mut pair = Pair::tls(&config.expect("client"), &fallback());
        let mut message = handshake_content(&pair.client.take());
        message.push(0);
        let len = (message.len() - 4) as u16;
        message[2..4].copy_from_slice(&len.to_be_bytes());
        let mut server = End::new(Limits::default());
        let start = ServerStart::Ask {
            fallback: fallback(),
        };
        server.conn.start_server_encryption(start).expect("start");
        server.give(&record(HANDSHAKE, &message), usize::MAX);
        assert!(server.conn.config_request().is_none(), "{version}");
        let failed = Event::Failed(FailureKind::MalformedMessage);
        assert_eq!(server.events.last(), Some(&failed), "{version}");
        let alert = [21, 3, 3, 0, 2, 2, Alert::DecodeError.code()];
        assert_eq!(server.take(), alert, "{version}");
    }
}

#[test]
fn an_unanswered_question_times_out_and_the_handshakes_clock_stands_still() {
    let (mut pair, _) = asked("TLSv1.3", usize::MAX);
    let deadline = pair
        .server
        .conn
        .deadline()
        .expect("the decision timeout runs");
    assert_eq!(pair.server.time.until(deadline), Duration::from_secs(30));
    pair.advance(Duration::from_secs(29));
    assert!(pair.server.conn.config_request().is_some());
    pair.advance(Duration::from_secs(1));
    assert!(pair.server.saw(Event::Failed(FailureKind::DecisionTimeout)));
    let alert = Alert::UnrecognizedName.code();
    assert_eq!(pair.server.take(), [21, 3, 3, 0, 2, 2, alert]);
}

#[test]
fn a_configuration_counts_unless_process_has_seen_that_its_time_was_over() {
    for late in [false, true] {
        let (mut pair, id) = asked("TLSv1.3", usize::MAX);
        pair.server.time = pair.server.conn.deadline().expect("it runs");
        if late {
            pair.server.settle();
        }
        let provided = pair.server.conn.provide_config(id, &fallback());
        assert_eq!(provided.err(), late.then_some(UsageError::NoDecisionOpen));
        pair.run();
        let failed = Event::Failed(FailureKind::DecisionTimeout);
        assert_eq!(pair.server.saw(failed), late);
        assert_eq!(pair.server.conn.is_encrypted(), !late);
    }
}

#[test]
fn the_end_of_the_transport_makes_the_question_stale() {
    let (mut pair, id) = asked("TLSv1.3", usize::MAX);
    pair.server.conn.receive_eof();
    pair.server.settle();
    assert!(pair.server.saw(Event::Failed(FailureKind::Truncated)));
    assert_eq!(
        pair.server.conn.provide_config(id, &fallback()),
        Err(UsageError::NoDecisionOpen)
    );
}

#[test]
fn the_chosen_configurations_timeouts_count_and_what_was_used_stays_used() {
    let seconds = Duration::from_secs;
    let mut pair = Pair::default();
    let start = ServerStart::Ask {
        fallback: fallback(),
    };
    let config = client(backend()).build().expect("client");
    pair.server
        .conn
        .start_server_encryption(start)
        .expect("start");
    pair.client
        .conn
        .start_client_encryption(&config, server_name())
        .expect("start");
    pair.server.settle();
    pair.advance(seconds(8));
    pair.exchange();
    pair.advance(seconds(20));
    let id = pair.server.conn.config_request().expect("asked").id;
    let timeouts = Timeouts {
        handshake: Some(seconds(12)),
        decision: None,
        close: Some(seconds(3)),
    };
    let chosen = server(backend()).timeouts(timeouts).build();
    let chosen = chosen.expect("server");
    pair.server.conn.provide_config(id, &chosen).expect("open");
    pair.server.take();
    let left = |pair: &Pair| {
        let deadline = pair.server.conn.deadline().expect("it runs");
        pair.server.time.until(deadline)
    };
    assert_eq!(left(&pair), seconds(4), "8 of 12 were spent waiting");
    pair.run();
    pair.server.conn.close();
    pair.server.settle();
    assert_eq!(left(&pair), seconds(3));
}

#[test]
fn the_chosen_configuration_is_the_one_that_counts() {
    let (mut pair, id) = asked("TLSv1.3", usize::MAX);
    let chosen = server(backend())
        .identity(WORLD.stranger.chain.clone(), WORLD.stranger.key())
        .build()
        .expect("server");
    pair.server.conn.provide_config(id, &chosen).expect("open");
    pair.run();
    assert_eq!(
        pair.client.conn.peer_certificate().map(|cert| cert.der()),
        Some(&WORLD.stranger.chain[0])
    );
}

#[test]
fn what_cannot_be_a_name_is_not_shown_as_one() {
    let named = |name: &[u8]| {
        let mut pair = Pair::default();
        let start = ServerStart::Ask {
            fallback: fallback(),
        };
        let server = &mut pair.server;
        server.conn.start_server_encryption(start).expect("start");
        let config = client(backend()).build().expect("client");
        let conn = &mut pair.client.conn;
        conn.start_client_encryption(&config, server_name())
            .expect("start");
        let mut hello = pair.client.take();
        let at = hello
            .windows(name.len())
            .position(|bytes| bytes == &b"server.test"[..name.len()])
            .expect("the name is in there");
        hello[at..at + name.len()].copy_from_slice(name);
        pair.server.give(&hello, usize::MAX);
        let request = pair.server.conn.config_request().expect("asked");
        let name = request.hello.server_name().map(str::to_owned);
        assert_eq!(pair.server.conn.server_name(), name.as_deref());
        name
    };
    assert_eq!(named(b"SERVER.test").as_deref(), Some("SERVER.test"));
    for name in [
        b"../../\0.tes",
        b"a b\r\nX:.tes",
        b"192.168.1.2",
        b"\xffbc.de.test",
    ] {
        assert_eq!(named(name), None, "{name:?}");
    }
}
