//! TLS 1.2 with pre-shared keys: what breaks its rules is refused, and with which alert (rule R17). The
//! messages of one end are changed on their way to the other: up to ChangeCipherSpec they are in the clear.

use sslcore::{Alert, ClientConfig, ConfigBuilder, FailureKind, PreSharedKey, ServerConfig};
use sslcore_tests::forge::HANDSHAKE;
use sslcore_tests::hello::message;
use sslcore_tests::pair::{End, Pair, backend};
use sslcore_tests::records::{handshake_content, record, records};

const ILLEGAL: (FailureKind, Alert) = (FailureKind::PeerMisbehaved, Alert::IllegalParameter);
const MALFORMED: (FailureKind, Alert) = (FailureKind::MalformedMessage, Alert::DecodeError);
const UNEXPECTED: (FailureKind, Alert) = (FailureKind::UnexpectedMessage, Alert::UnexpectedMessage);
const UNSOLICITED: (FailureKind, Alert) =
    (FailureKind::PeerMisbehaved, Alert::UnsupportedExtension);
const NO_EXTENDED_SECRET: (FailureKind, Alert) =
    (FailureKind::PeerMisbehaved, Alert::HandshakeFailure);
const WRONG_KEYS: (FailureKind, Alert) = (FailureKind::BadRecordMac, Alert::BadRecordMac);

const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;

const EXTENDED_MASTER_SECRET: [u8; 4] = [0, 23, 0, 0];

fn key() -> [PreSharedKey; 1] {
    [PreSharedKey::new("device", [7; 32]).expect("a key")]
}

fn client(suite: &str) -> ConfigBuilder<ClientConfig> {
    let client = ClientConfig::builder(backend()).pre_shared_keys(key());
    client.protocols(&["TLSv1.2"]).ciphers(&[suite])
}

fn server() -> ConfigBuilder<ServerConfig> {
    let server = ServerConfig::builder(backend()).pre_shared_keys(key());
    server.protocols(&["TLSv1.2"]).groups(&["X25519"])
}

const PLAIN: &str = "PSK-AES128-GCM-SHA256";
const EXCHANGING: &str = "ECDHE-PSK-CHACHA20-POLY1305";

fn pair(client: ConfigBuilder<ClientConfig>, server: ConfigBuilder<ServerConfig>) -> Pair {
    let client = client.build().expect("client");
    Pair::tls(&client, &server.build().expect("server"))
}

/// The messages in records that are in the clear, and what follows them.
fn messages(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let all = records(bytes);
    let clear = all
        .iter()
        .take_while(|record| record[0] == HANDSHAKE)
        .count();
    let content = handshake_content(&all[..clear].concat());
    let (mut found, mut rest) = (Vec::new(), &content[..]);
    while let [_, _, high, low, ..] = *rest {
        let len = 4 + (usize::from(high) << 8 | usize::from(low));
        found.push(rest[..len].to_vec());
        rest = &rest[len..];
    }
    (found, all[clear..].concat())
}

fn encoded(messages: &[Vec<u8>]) -> Vec<u8> {
    let records = messages.iter().map(|message| record(HANDSHAKE, message));
    records.collect::<Vec<_>>().concat()
}

fn refusal(what: &str, end: &End) -> (FailureKind, Alert) {
    let failure = end.conn.failure();
    let failure = failure.unwrap_or_else(|| panic!("{what}: no failure, but {:?}", end.events));
    assert!(!end.conn.is_encrypted(), "{what}");
    let alert = failure
        .alert()
        .unwrap_or_else(|| panic!("{what}: no alert: {failure}"));
    (failure.kind(), alert)
}

/// What the client makes of the server's flight when it is changed.
fn changed_server(
    what: &str,
    suite: &str,
    change: impl FnOnce(&mut Vec<Vec<u8>>),
) -> (FailureKind, Alert) {
    let mut pair = pair(client(suite), server().psk_identity_hint("hint"));
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let (mut flight, rest) = messages(&pair.server.take());
    assert!(rest.is_empty());
    let kinds: Vec<u8> = flight.iter().map(|message| message[0]).collect();
    assert_eq!(
        kinds,
        [SERVER_HELLO, SERVER_KEY_EXCHANGE, SERVER_HELLO_DONE]
    );
    change(&mut flight);
    pair.client.give(&encoded(&flight), usize::MAX);
    pair.client.take();
    refusal(what, &pair.client)
}

/// What the server makes of the client's second flight when its first message is changed.
fn changed_client(
    what: &str,
    suite: &str,
    change: impl FnOnce(&mut Vec<Vec<u8>>, &mut Vec<u8>),
) -> (FailureKind, Alert) {
    let mut pair = pair(client(suite), server());
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let flight = pair.server.take();
    pair.client.give(&flight, usize::MAX);
    let (mut flight, mut rest) = messages(&pair.client.take());
    assert_eq!(flight.len(), 1);
    assert_eq!(flight[0][0], CLIENT_KEY_EXCHANGE);
    change(&mut flight, &mut rest);
    pair.server
        .give(&[encoded(&flight), rest].concat(), usize::MAX);
    pair.server.take();
    refusal(what, &pair.server)
}

/// Version, random, an empty session id: the suite comes behind them.
const SUITE: usize = 4 + 2 + 32 + 1;

fn extensions(hello: &[u8]) -> &[u8] {
    &hello[SUITE + 2 + 1 + 2..]
}

fn with_extensions(hello: &[u8], extensions: &[u8]) -> Vec<u8> {
    let len = (extensions.len() as u16).to_be_bytes();
    let body = [&hello[4..SUITE + 2 + 1], &len, extensions].concat();
    message(SERVER_HELLO, &body)
}

type Change = fn(&mut Vec<Vec<u8>>);

#[test]
fn a_server_that_breaks_the_rules_is_refused() {
    let rows: [(&str, &str, Change, (FailureKind, Alert)); 23] = [
        (
            "a suite of certificates",
            PLAIN,
            |f| f[0][SUITE..SUITE + 2].copy_from_slice(&[0xc0, 0x2f]),
            ILLEGAL,
        ),
        (
            "another suite with keys",
            PLAIN,
            |f| f[0][SUITE..SUITE + 2].copy_from_slice(&[0, 0xa9]),
            ILLEGAL,
        ),
        (
            "a suite of TLS 1.3",
            PLAIN,
            |f| f[0][SUITE..SUITE + 2].copy_from_slice(&[0x13, 1]),
            ILLEGAL,
        ),
        ("compression", PLAIN, |f| f[0][SUITE + 2] = 1, ILLEGAL),
        (
            "TLS 1.1",
            PLAIN,
            |f| f[0][5] = 2,
            (FailureKind::Incompatible, Alert::ProtocolVersion),
        ),
        (
            "no extended master secret",
            PLAIN,
            |f| {
                let kept = extensions(&f[0]).to_vec();
                let kept = kept
                    .strip_prefix(&EXTENDED_MASTER_SECRET[..])
                    .expect("first");
                f[0] = with_extensions(&f[0], kept);
            },
            NO_EXTENDED_SECRET,
        ),
        (
            "what was not offered",
            PLAIN,
            |f| f[0] = with_extensions(&f[0], &[extensions(&f[0]), &[0x5a, 0x5a, 0, 0]].concat()),
            UNSOLICITED,
        ),
        (
            "an extension twice",
            PLAIN,
            |f| {
                let twice = [extensions(&f[0]), &EXTENDED_MASTER_SECRET].concat();
                f[0] = with_extensions(&f[0], &twice);
            },
            ILLEGAL,
        ),
        (
            "a hello that is too short",
            PLAIN,
            |f| f[0] = message(SERVER_HELLO, &[3, 3, 0]),
            MALFORMED,
        ),
        (
            "a second hello",
            PLAIN,
            |f| f.insert(1, f[0].clone()),
            UNEXPECTED,
        ),
        (
            "a certificate",
            PLAIN,
            |f| f.insert(1, message(CERTIFICATE, &[0, 0, 0])),
            UNEXPECTED,
        ),
        (
            "a request for one",
            PLAIN,
            |f| f.insert(2, message(CERTIFICATE_REQUEST, &[0, 0, 0, 0, 0])),
            UNEXPECTED,
        ),
        (
            "a hint that is cut",
            PLAIN,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 4, b'h']),
            MALFORMED,
        ),
        (
            "something behind the hint",
            PLAIN,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 1, b'h', 0]),
            MALFORMED,
        ),
        (
            "two exchanges",
            PLAIN,
            |f| f.insert(2, f[1].clone()),
            UNEXPECTED,
        ),
        (
            "a done that says something",
            PLAIN,
            |f| f[2] = message(SERVER_HELLO_DONE, &[0]),
            MALFORMED,
        ),
        (
            "Finished at once",
            PLAIN,
            |f| f[2] = message(FINISHED, &[0; 12]),
            UNEXPECTED,
        ),
        (
            "no exchange where keys are exchanged",
            EXCHANGING,
            |f| drop(f.remove(1)),
            UNEXPECTED,
        ),
        (
            "a curve without a number",
            EXCHANGING,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 0, 1, 0, 29, 1, 9]),
            ILLEGAL,
        ),
        (
            "a group that was not offered",
            EXCHANGING,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 0, 3, 0, 30, 1, 9]),
            ILLEGAL,
        ),
        (
            "an empty share",
            EXCHANGING,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 0, 3, 0, 29, 0]),
            MALFORMED,
        ),
        (
            "a share of another length",
            EXCHANGING,
            |f| f[1] = message(SERVER_KEY_EXCHANGE, &[0, 0, 3, 0, 29, 1, 9]),
            ILLEGAL,
        ),
        (
            "a share that leads to zero",
            EXCHANGING,
            |f| {
                let share = [&[0, 0, 3, 0, 29, 32][..], &[0; 32]].concat();
                f[1] = message(SERVER_KEY_EXCHANGE, &share);
            },
            ILLEGAL,
        ),
    ];
    for (what, suite, change, expected) in rows {
        assert_eq!(changed_server(what, suite, change), expected, "{what}");
    }
}

type ChangeBoth = fn(&mut Vec<Vec<u8>>, &mut Vec<u8>);

const CHANGE_CIPHER_SPEC: [u8; 6] = [20, 3, 3, 0, 1, 1];

#[test]
fn a_client_that_breaks_the_rules_is_refused() {
    let rows: [(&str, &str, ChangeBoth, (FailureKind, Alert)); 11] = [
        (
            "an identity that is cut",
            PLAIN,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 9, b'd']),
            MALFORMED,
        ),
        (
            "something behind it",
            PLAIN,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 1, b'd', 0]),
            MALFORMED,
        ),
        (
            "nothing at all",
            PLAIN,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[]),
            MALFORMED,
        ),
        (
            "no share",
            EXCHANGING,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 1, b'd']),
            MALFORMED,
        ),
        (
            "a share of another length",
            EXCHANGING,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 1, b'd', 1, 9]),
            ILLEGAL,
        ),
        // An empty identity is as unknown as another.
        (
            "an empty identity",
            PLAIN,
            |f, _| f[0] = message(CLIENT_KEY_EXCHANGE, &[0, 0]),
            WRONG_KEYS,
        ),
        ("no exchange", PLAIN, |f, _| f.clear(), UNEXPECTED),
        (
            "two exchanges",
            PLAIN,
            |f, _| f.push(f[0].clone()),
            UNEXPECTED,
        ),
        (
            "a certificate",
            PLAIN,
            |f, _| f.insert(0, message(CERTIFICATE, &[0, 0, 0])),
            UNEXPECTED,
        ),
        (
            "Finished in the clear",
            PLAIN,
            |f, rest| {
                f.push(message(FINISHED, &[0; 12]));
                rest.clear();
            },
            UNEXPECTED,
        ),
        (
            "two changes of keys",
            PLAIN,
            |_, rest| {
                *rest = [&CHANGE_CIPHER_SPEC[..], rest].concat();
            },
            UNEXPECTED,
        ),
    ];
    for (what, suite, change, expected) in rows {
        assert_eq!(changed_client(what, suite, change), expected, "{what}");
    }
}

/// What one bit more or less in any message leads to: never to an encrypted connection.
#[test]
fn no_changed_bit_goes_unnoticed() {
    for suite in [PLAIN, EXCHANGING] {
        for to_client in [true, false] {
            for at in 0.. {
                let mut pair = pair(client(suite), server().psk_identity_hint("hint"));
                let hello = pair.client.take();
                pair.server.give(&hello, usize::MAX);
                let mut flight = pair.server.take();
                if to_client {
                    let Some(byte) = flight.get_mut(at) else {
                        break;
                    };
                    *byte ^= 1 << (at % 8);
                }
                pair.client.give(&flight, usize::MAX);
                let mut flight = pair.client.take();
                if !to_client {
                    let Some(byte) = flight.get_mut(at) else {
                        break;
                    };
                    *byte ^= 1 << (at % 8);
                }
                if pair.server.conn.failure().is_none() {
                    let _ = pair.server.conn.receive(&flight);
                    pair.server.settle();
                    pair.run();
                }
                for end in [&mut pair.client, &mut pair.server] {
                    end.conn.receive_eof();
                    end.settle();
                    assert!(!end.conn.is_encrypted(), "{suite} {at}: {:?}", end.conn);
                    assert!(end.conn.failure().is_some(), "{suite} {at}: {:?}", end.conn);
                }
            }
        }
    }
}

/// A server that has TLS 1.3 says so in its random (RFC 8446 §4.1.3), and a client that has offered it
/// looks.
#[test]
fn nobody_is_kept_from_tls13() {
    let both = || {
        let server = ServerConfig::builder(backend()).pre_shared_keys(key());
        server.protocols(&["TLSv1.2", "TLSv1.3"])
    };
    let mut pair = pair(client(PLAIN), both());
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let (flight, _) = messages(&pair.server.take());
    assert_eq!(flight[0][4 + 2 + 24..4 + 2 + 32], *b"DOWNGRD\x01");
    // This client has not offered it.
    pair.client.give(&encoded(&flight), usize::MAX);
    pair.run();
    let offering = ClientConfig::builder(backend()).pre_shared_keys(key());
    let offering = offering.protocols(&["TLSv1.2", "TLSv1.3"]);
    let client = offering.build().expect("client");
    let mut end = End::new(Default::default());
    let name = sslcore_tests::pair::server_name();
    end.conn
        .start_client_encryption(&client, name)
        .expect("start");
    end.take();
    let hello = with_extensions(&flight[0], &EXTENDED_MASTER_SECRET);
    end.give(&record(HANDSHAKE, &hello), usize::MAX);
    end.take();
    assert_eq!(refusal("a downgrade", &end), ILLEGAL);
}

/// What a client says behind its Finished is sealed, and the server reads it.
#[test]
fn the_alert_behind_finished_is_sealed() {
    for (suite, len) in [(PLAIN, 5 + 8 + 2 + 16), (EXCHANGING, 5 + 2 + 16)] {
        let mut pair = pair(client(suite), server());
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        pair.client.give(&flight, usize::MAX);
        let flight = pair.client.take();
        // In the place of the server's ChangeCipherSpec.
        let message = message(SERVER_HELLO_DONE, &[]);
        pair.client.give(&record(HANDSHAKE, &message), usize::MAX);
        let alert = pair.client.take();
        assert_eq!(refusal(suite, &pair.client), UNEXPECTED);
        assert_eq!((alert[0], alert.len()), (21, len), "{suite}");
        pair.server.give(&[flight, alert].concat(), usize::MAX);
        let failure = pair.server.conn.failure().expect("told");
        let told = FailureKind::AlertReceived(Alert::UnexpectedMessage);
        assert_eq!(failure.kind(), told, "{suite}");
    }
}
