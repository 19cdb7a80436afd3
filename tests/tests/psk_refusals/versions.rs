//! Ends that have TLS 1.2, too, and somebody who would keep them from TLS 1.3 (RFC 8446 §4.1.3).

use sslcore::SslProtocol;
use sslcore_tests::hello::{ServerHello, number, vector8};
use sslcore_tests::pair::End;
use sslcore_tests::sealing::{HANDSHAKE, record, records};

use super::client::Client;
use super::server::Server;
use super::stage::{ILLEGAL, Refusal, UNEXPECTED, calling, client, refusal, server, waiting};

const BOTH: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

/// TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 (RFC 7905).
const ECDHE_PSK: u16 = 0xccac;

#[test]
fn what_keeps_a_client_from_tls13_is_refused() {
    type Row = (&'static str, fn(&mut Server), Refusal);
    let rows: [Row; 6] = [
        (
            "a server that has TLS 1.3",
            |s| s.answer.random[24..].copy_from_slice(b"DOWNGRD\x01"),
            ILLEGAL,
        ),
        (
            "one that was told of TLS 1.1",
            |s| s.answer.random[24..].copy_from_slice(b"DOWNGRD\x00"),
            ILLEGAL,
        ),
        ("a suite of TLS 1.3", |s| s.answer.suite = 0x1301, ILLEGAL),
        (
            "a version in an extension",
            |s| {
                s.answer.extensions.add(number::SUPPORTED_VERSIONS, &[3, 3]);
            },
            ILLEGAL,
        ),
        (
            "a key in an extension",
            |s| s.answer.extensions.add(number::PRE_SHARED_KEY, &[0, 0]),
            ILLEGAL,
        ),
        (
            "a share in an extension",
            |s| s.answer.extensions.add(number::KEY_SHARE, &[0, 29]),
            ILLEGAL,
        ),
    ];
    for (what, change, expected) in rows {
        let mut end = calling(client().protocols(&BOTH));
        let mut server = Server::hear(&mut end);
        server.check_binder(0);
        server.answer.extensions.0 = vec![(number::EXTENDED_MASTER_SECRET, vec![])];
        server.answer.session_id.clear();
        server.answer.suite = ECDHE_PSK;
        change(&mut server);
        end.give(&record(HANDSHAKE, &server.answer.encode()), usize::MAX);
        assert_eq!(refusal(what, &mut end, None), expected, "{what}");
    }
}

#[test]
fn a_client_of_both_versions_takes_tls13_and_stays_with_it() {
    let mut end = calling(client().protocols(&BOTH));
    let mut server = Server::hear(&mut end);
    server.greet(&mut end).finish(&mut end).complete(&mut end);
    assert_eq!(end.conn.session_protocol(), Some(SslProtocol::TlsV1_3));
    // Not TLS 1.2 behind a HelloRetryRequest, which only TLS 1.3 has.
    let mut end = calling(client().protocols(&BOTH));
    let mut server = Server::hear(&mut end);
    let retry = server.retry();
    server.ask_again(&mut end, &retry);
    server.answer.extensions.0 = vec![(number::EXTENDED_MASTER_SECRET, vec![])];
    server.answer.suite = ECDHE_PSK;
    end.give(&record(HANDSHAKE, &server.answer.encode()), usize::MAX);
    assert_eq!(refusal("", &mut end, None), ILLEGAL);
}

fn answered(end: &mut End) -> ServerHello {
    let bytes = end.take();
    assert!(end.conn.failure().is_none(), "{:?}", end.conn.failure());
    ServerHello::parse(&records(&bytes)[0][5..])
}

#[test]
fn a_server_that_has_tls13_says_so_where_it_is_asked_for_less() {
    for (protocols, marks) in [(&BOTH[..], true), (&BOTH[..1], false)] {
        for versions in [None, Some(vector8(&[3, 3]))] {
            let mut client = Client::default();
            client.hello.suites = vec![ECDHE_PSK];
            client.offered.clear();
            client.add(number::EXTENDED_MASTER_SECRET, &[]);
            client.remove(number::SUPPORTED_VERSIONS);
            client.remove(number::KEY_SHARE);
            client.remove(number::PSK_MODES);
            if let Some(versions) = &versions {
                client.add(number::SUPPORTED_VERSIONS, versions);
            }
            let mut end = waiting(server().protocols(protocols));
            end.give(&client.record(), usize::MAX);
            let hello = answered(&mut end);
            assert_eq!((hello.version, hello.suite), ([3, 3], ECDHE_PSK));
            let marked = hello.random.ends_with(b"DOWNGRD\x01");
            assert_eq!(marked, marks, "{protocols:?} {versions:?}");
        }
    }
}

#[test]
fn a_server_of_both_versions_goes_on_in_tls13_with_a_client_that_has_it() {
    let mut client = Client::default();
    client.hello.suites.push(ECDHE_PSK);
    client.add(number::EXTENDED_MASTER_SECRET, &[]);
    *client.extension(number::SUPPORTED_VERSIONS) = vector8(&[3, 3, 3, 4]);
    let mut end = waiting(server().protocols(&BOTH));
    client.greet(&mut end).complete(&mut end);
    assert_eq!(end.conn.session_protocol(), Some(SslProtocol::TlsV1_3));
    // And it is refused in TLS 1.3 when it breaks its rules.
    let mut client = Client::default();
    client.hello.suites.push(ECDHE_PSK);
    client.offered[0].psk.secret[0] ^= 1;
    *client.extension(number::SUPPORTED_VERSIONS) = vector8(&[3, 3, 3, 4]);
    let mut end = waiting(server().protocols(&BOTH));
    end.give(&client.record(), usize::MAX);
    assert_eq!(refusal("", &mut end, None), super::stage::BAD_KEY);
}

#[test]
fn a_message_of_tls12_has_no_place_in_tls13() {
    for (what, body) in [
        ("ServerKeyExchange", &[12, 0, 0, 2, 0, 0][..]),
        ("ServerHelloDone", &[14, 0, 0, 0]),
        ("HelloRequest", &[0, 0, 0, 0]),
    ] {
        let mut end = calling(client().protocols(&BOTH));
        let mut answering = Server::hear(&mut end).greet(&mut end);
        end.give(&answering.tx.seal(HANDSHAKE, body, 0), usize::MAX);
        let said = refusal(what, &mut end, Some(&mut answering.rx));
        assert_eq!(said, UNEXPECTED, "{what}");
    }
}
