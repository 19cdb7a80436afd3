//! Two ends, and what is between them.

use sslcore::{Alert, ClientConfig, ConfigBuilder, FailureKind, PreSharedKey, ServerConfig};
use sslcore_tests::forge::HANDSHAKE;
use sslcore_tests::hello::message;
use sslcore_tests::pair::{End, Pair, backend};
use sslcore_tests::records::{handshake_content, record, records};

pub(super) const ILLEGAL: (FailureKind, Alert) =
    (FailureKind::PeerMisbehaved, Alert::IllegalParameter);
pub(super) const MALFORMED: (FailureKind, Alert) =
    (FailureKind::MalformedMessage, Alert::DecodeError);
pub(super) const UNEXPECTED: (FailureKind, Alert) =
    (FailureKind::UnexpectedMessage, Alert::UnexpectedMessage);
pub(super) const UNSOLICITED: (FailureKind, Alert) =
    (FailureKind::PeerMisbehaved, Alert::UnsupportedExtension);
pub(super) const NO_EXTENDED_SECRET: (FailureKind, Alert) =
    (FailureKind::PeerMisbehaved, Alert::HandshakeFailure);
pub(super) const TOO_LARGE: (FailureKind, Alert) =
    (FailureKind::RecordTooLarge, Alert::RecordOverflow);
pub(super) const WRONG_KEYS: (FailureKind, Alert) =
    (FailureKind::BadRecordMac, Alert::BadRecordMac);
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const CERTIFICATE: u8 = 11;
pub(super) const SERVER_KEY_EXCHANGE: u8 = 12;
pub(super) const CERTIFICATE_REQUEST: u8 = 13;
pub(super) const SERVER_HELLO_DONE: u8 = 14;
pub(super) const CLIENT_KEY_EXCHANGE: u8 = 16;
pub(super) const FINISHED: u8 = 20;
pub(super) const CHANGE_CIPHER_SPEC: [u8; 6] = [20, 3, 3, 0, 1, 1];
pub(super) const EXTENDED_MASTER_SECRET: [u8; 4] = [0, 23, 0, 0];

pub(super) fn key() -> [PreSharedKey; 1] {
    [PreSharedKey::new("device", [7; 32]).expect("a key")]
}

pub(super) fn client(suite: &str) -> ConfigBuilder<ClientConfig> {
    let client = ClientConfig::builder(backend()).pre_shared_keys(key());
    client.protocols(&["TLSv1.2"]).ciphers(&[suite])
}

pub(super) fn server() -> ConfigBuilder<ServerConfig> {
    let server = ServerConfig::builder(backend()).pre_shared_keys(key());
    server.protocols(&["TLSv1.2"]).groups(&["X25519"])
}

pub(super) const PLAIN: &str = "PSK-AES128-GCM-SHA256";
pub(super) const EXCHANGING: &str = "ECDHE-PSK-CHACHA20-POLY1305";

pub(super) fn pair(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> Pair {
    let client = client.build().expect("client");
    Pair::tls(&client, &server.build().expect("server"))
}

/// A connection with a receive buffer of so many bytes.
pub(super) fn lent(receive: usize) -> End {
    End::on(sslcore_tests::pair::lent(receive, 40_000))
}

/// The messages in records that are in the clear, and what follows them.
pub(super) fn messages(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<u8>) {
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

pub(super) fn encoded(messages: &[Vec<u8>]) -> Vec<u8> {
    let records = messages.iter().map(|message| record(HANDSHAKE, message));
    records.collect::<Vec<_>>().concat()
}

pub(super) fn refusal(what: &str, end: &End) -> (FailureKind, Alert) {
    let failure = end.conn.failure();
    let failure = failure.unwrap_or_else(|| panic!("{what}: no failure, but {:?}", end.events));
    assert!(!end.conn.is_encrypted(), "{what}");
    let alert = failure
        .alert()
        .unwrap_or_else(|| panic!("{what}: no alert: {failure}"));
    (failure.kind(), alert)
}

/// What the client makes of the server's flight when it is changed.
pub(super) fn changed_server(
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
pub(super) fn changed_client(
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
pub(super) const SUITE: usize = 4 + 2 + 32 + 1;

pub(super) fn extensions(hello: &[u8]) -> &[u8] {
    &hello[SUITE + 2 + 1 + 2..]
}

pub(super) fn with_extensions(hello: &[u8], extensions: &[u8]) -> Vec<u8> {
    let len = (extensions.len() as u16).to_be_bytes();
    let body = [&hello[4..SUITE + 2 + 1], &len, extensions].concat();
    message(SERVER_HELLO, &body)
}
