//! TLS 1.2 with pre-shared keys: what breaks its rules is refused, and with which alert (rule R17). The
//! messages of one end are changed on their way to the other: up to ChangeCipherSpec they are in the clear.

use aws_lc_rs::{digest, hmac};
use sslcore::{Alert, ClientConfig, ConfigBuilder, FailureKind, PreSharedKey, ServerConfig};
use sslcore_tests::forge::{Forger, HANDSHAKE};
use sslcore_tests::hello::{ClientHello, message};
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

/// The pseudorandom function (RFC 5246 §5), by another library's HMAC.
fn prf(secret: &[u8], label: &str, seed: &[u8], len: usize) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let mac = |bytes: &[u8]| hmac::sign(&key, bytes).as_ref().to_vec();
    let seed = [label.as_bytes(), seed].concat();
    let (mut chained, mut out) = (mac(&seed), Vec::new());
    while out.len() < len {
        out.extend(mac(&[&chained[..], &seed].concat()));
        chained = mac(&chained);
    }
    out.truncate(len);
    out
}

/// Who has the key, too, and sits in the middle: what both derive behind these messages, as a forger of
/// the client's records, and one of the server's (RFC 4279 §2, RFC 7627 §4, RFC 5246 §6.3).
fn in_the_middle(messages: &[Vec<u8>]) -> [Forger; 2] {
    let premaster = [&[0, 32][..], &[0; 32], &[0, 32], &[7; 32]].concat();
    let hash = digest::digest(&digest::SHA256, &messages.concat());
    let master = prf(&premaster, "extended master secret", hash.as_ref(), 48);
    let [client_random, server_random] = [&messages[0], &messages[1]].map(|hello| &hello[6..38]);
    let randoms = [server_random, client_random].concat();
    let block = prf(&master, "key expansion", &randoms, 2 * (16 + 4));
    [0, 1].map(|side| {
        let key = block[side * 16..][..16].try_into().expect("16 bytes");
        let mut iv = [0; 12];
        iv[..4].copy_from_slice(&block[32 + side * 4..][..4]);
        Forger::in_the_middle(false, key, iv)
    })
}

/// It is the value of Finished that is compared, not only that somebody could seal it.
#[test]
fn a_finished_of_another_value_is_refused() {
    const WRONG: (FailureKind, Alert) = (FailureKind::BadHandshakeSignature, Alert::DecryptError);
    // None, the client's, the server's.
    for changed in [None, Some(0), Some(1)] {
        let mut pair = pair(client(PLAIN), server());
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        pair.client.give(&flight, usize::MAX);
        let (exchange, rest) = messages(&pair.client.take());
        let all = [messages(&hello).0, messages(&flight).0, exchange.clone()].concat();
        let mut forgers = in_the_middle(&all);
        // ChangeCipherSpec, and Finished behind it.
        let mut again = |side: usize, rest: &[u8]| {
            let (change, sealed) = rest.split_at(CHANGE_CIPHER_SPEC.len());
            let opened = forgers[side].open(sealed);
            let [(HANDSHAKE, finished)] = &opened[..] else {
                panic!("a Finished alone: {opened:?}");
            };
            let mut finished = finished.clone();
            if changed == Some(side) {
                *finished.last_mut().expect("12 bytes") ^= 1;
            }
            [change, &forgers[side].seal(HANDSHAKE, &finished)].concat()
        };
        let rest = again(0, &rest);
        pair.server
            .give(&[encoded(&exchange), rest].concat(), usize::MAX);
        let answer = pair.server.take();
        if changed == Some(0) {
            assert_eq!(refusal("the client's", &pair.server), WRONG);
            continue;
        }
        let answer = again(1, &answer);
        pair.client.give(&answer, usize::MAX);
        match changed {
            None => assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn),
            Some(_) => assert_eq!(refusal("the server's", &pair.client), WRONG),
        }
    }
}

#[test]
fn a_client_without_the_extended_master_secret_is_refused() {
    let mut pair = pair(client(PLAIN), server());
    let hello = pair.client.take();
    let mut hello = ClientHello::parse(&handshake_content(&hello));
    hello.extensions().remove(23);
    pair.server
        .give(&record(HANDSHAKE, &hello.encode()), usize::MAX);
    pair.server.take();
    assert_eq!(refusal("no extension 23", &pair.server), NO_EXTENDED_SECRET);
}

/// In TLS 1.2 a server that repeats the client's session id resumes a session (RFC 5246 §7.4.1.3).
#[test]
fn a_session_that_never_was_is_not_resumed() {
    for repeats in [false, true] {
        let both = ClientConfig::builder(backend()).pre_shared_keys(key());
        let both = both.protocols(&["TLSv1.2", "TLSv1.3"]);
        let mut pair = pair(both, server());
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let (mut flight, _) = messages(&pair.server.take());
        let session_id = &hello[5 + 4 + 2 + 32..][..33];
        assert_eq!(session_id[0], 32);
        let own: &[u8] = if repeats { session_id } else { &[0] };
        let body = [&flight[0][4..SUITE - 1], own, &flight[0][SUITE..]].concat();
        flight[0] = message(SERVER_HELLO, &body);
        pair.client.give(&encoded(&flight), usize::MAX);
        pair.client.take();
        match repeats {
            false => assert!(pair.client.conn.failure().is_none()),
            true => assert_eq!(refusal("its session id", &pair.client), ILLEGAL),
        }
    }
}

/// RFC 9258 §4.1: what is imported is for TLS 1.3, whatever its name.
#[test]
fn an_imported_key_is_never_used_in_tls12() {
    let [plain] = key();
    let imported = plain.clone().imported("").expect("a context");
    let other = PreSharedKey::new("other", [8; 32]).expect("a key");
    let lists = [imported.clone(), other.clone()];
    // The client passes it over,
    let taking = server().pre_shared_keys([plain.clone(), other.clone()]);
    let mut pair = self::pair(client(PLAIN).pre_shared_keys(lists.clone()), taking);
    pair.run();
    assert_eq!(pair.server.conn.psk_identity(), Some(&b"other"[..]));
    // also when it is asked late,
    let config = ClientConfig::builder(backend()).ask_for_pre_shared_keys();
    let config = config.protocols(&["TLSv1.2"]).build().expect("client");
    let taking = server().pre_shared_keys([plain.clone(), other.clone()]);
    let mut pair = Pair::tls(&config, &taking.build().expect("server"));
    pair.run();
    let id = pair.client.conn.psk_request().expect("asked").id;
    pair.client.conn.provide_psk(id, &lists).expect("open");
    pair.run();
    assert_eq!(pair.server.conn.psk_identity(), Some(&b"other"[..]));
    // and a server does not have it.
    let taking = server().pre_shared_keys([imported, other]);
    let mut pair = self::pair(client(PLAIN).pre_shared_keys([plain]), taking);
    pair.run();
    assert_eq!(refusal("imported alone", &pair.server), WRONG_KEYS);
}
