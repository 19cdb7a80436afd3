//! What hellos lead to, and what they do not.

use sslcore::{ClientConfig, PreSharedKey, ServerConfig};
use sslcore_tests::forge::HANDSHAKE;
use sslcore_tests::hello::{ClientHello, message, number};
use sslcore_tests::pair::{End, Pair, backend};
use sslcore_tests::records::{handshake_content, record};
use sslcore_tests::sealing::DATA;

use super::stage::{
    EXTENDED_MASTER_SECRET, ILLEGAL, NO_EXTENDED_SECRET, PLAIN, SERVER_HELLO, SUITE, UNEXPECTED,
    WRONG_KEYS, client, encoded, key, messages, pair, refusal, server, with_extensions,
};

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

/// Early data is TLS 1.3's (RFC 8446 §4.2.10): in TLS 1.2 neither is any dropped, nor what else cannot be
/// opened.
#[test]
fn no_early_data_is_dropped_in_tls12() {
    let greeted = || {
        let mut pair = pair(client(PLAIN), server());
        let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
        hello.extensions().add(number::EARLY_DATA, &[]);
        let hello = record(HANDSHAKE, &hello.encode());
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        (pair, flight)
    };
    let (mut pair, _) = greeted();
    pair.server.give(&record(DATA, &[0xe0; 40]), usize::MAX);
    pair.server.take();
    assert_eq!(refusal("early data", &pair.server), UNEXPECTED);
    // The client does not know of the extension, so that its keys are others than the server's.
    let (mut pair, flight) = greeted();
    pair.client.give(&flight, usize::MAX);
    let answer = pair.client.take();
    pair.server.give(&answer, usize::MAX);
    pair.server.take();
    assert_eq!(refusal("a damaged Finished", &pair.server), WRONG_KEYS);
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
