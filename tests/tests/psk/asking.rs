//! Applications that are asked for keys.

use std::time::Duration;

use sslcore::{
    Alert, ClientConfig, FailureKind, PreSharedKey, PreSharedKeyError, ServerConfig, SslMode,
    SslProtocol, Timeouts, UsageError,
};
use sslcore_tests::pair::{Pair, backend};

use super::stage::{TLS12, asked, asking, client, echoes, key};

#[test]
fn both_ends_can_be_asked_and_wait() {
    let mut pair = asking();
    let id = asked(&pair.client);
    let request = pair.client.conn.psk_request().expect("asked");
    assert_eq!(
        (request.role, request.protocol),
        (SslMode::Client, SslProtocol::TlsV1_3)
    );
    assert_eq!((request.hint, request.identities.count()), (None, 0));
    assert_eq!((request.max_identity, request.max_key), (1024, 512));
    assert!(
        pair.client.sent.is_empty(),
        "a client is asked before its hello"
    );
    assert!(pair.server.conn.psk_request().is_none());
    let imported = key("imported").imported("ctx").expect("a context");
    let keys = [key("first"), key("device"), imported];
    pair.client.conn.provide_psk(id, &keys).expect("open");
    pair.run();

    let id = asked(&pair.server);
    assert!(pair.server.sent.is_empty());
    let request = pair.server.conn.psk_request().expect("asked");
    assert_eq!(request.role, SslMode::Server);
    let names: Vec<_> = request
        .identities
        .map(|it| (it.name(), it.context()))
        .collect();
    let imported = (&b"imported"[..], Some(&b"ctx"[..]));
    assert_eq!(
        names,
        [(&b"first"[..], None), (b"device", None), imported, imported]
    );
    pair.server
        .conn
        .provide_psk(id, &[key("device")])
        .expect("open");
    assert!(pair.server.conn.psk_request().is_none());
    assert_eq!(pair.server.conn.refuse_psk(id), Err(UsageError::Stale));
    pair.run();
    assert_eq!(pair.server.conn.psk_identity(), Some(&b"device"[..]));
    echoes(&mut pair);
    assert_eq!(
        pair.server.conn.refuse_psk(id),
        Err(UsageError::NoDecisionOpen)
    );
}

#[test]
fn a_client_without_a_key_says_nothing() {
    let mut pair = asking();
    let id = asked(&pair.client);
    pair.client.conn.refuse_psk(id).expect("open");
    pair.run();
    let failure = pair.client.conn.failure().expect("failed");
    assert_eq!(failure.kind(), FailureKind::NoPreSharedKey);
    assert!(pair.client.sent.is_empty());
}

#[test]
fn a_server_without_the_key_says_what_it_says_of_a_wrong_one() {
    let mut pair = asking();
    let id = asked(&pair.client);
    pair.client
        .conn
        .provide_psk(id, &[key("device")])
        .expect("open");
    pair.run();
    let id = asked(&pair.server);
    pair.server.conn.refuse_psk(id).expect("open");
    pair.run();
    let failure = pair.server.conn.failure().expect("failed");
    assert_eq!(failure.kind(), FailureKind::BadPreSharedKey);
    assert_eq!(failure.alert(), Some(Alert::DecryptError));
}

#[test]
fn keys_that_cannot_be_used_leave_the_question_open() {
    use PreSharedKeyError as E;
    let mut pair = asking();
    let id = asked(&pair.client);
    let short = PreSharedKey::new("short", [1; 15]).expect("a key");
    let refused = |why| UsageError::PreSharedKey { index: 1, why };
    let given = pair.client.conn.provide_psk(id, &[key("a"), short]);
    assert_eq!(given, Err(refused(E::ShortKey(15))));
    let given = pair.client.conn.provide_psk(id, &[key("a"), key("a")]);
    assert_eq!(given, Err(refused(E::Repeated)));
    let nine: Vec<_> = (0..9).map(|i| key(&i.to_string())).collect();
    let given = pair.client.conn.provide_psk(id, &nine);
    let index = 8;
    let why = E::TooMany(9);
    assert_eq!(given, Err(UsageError::PreSharedKey { index, why }));
    assert_eq!(asked(&pair.client), id);
    pair.client.conn.provide_psk(id, &nine[..8]).expect("open");
}

#[test]
fn a_client_of_tls12_is_asked_behind_the_servers_hint() {
    let client = ClientConfig::builder(backend()).ask_for_pre_shared_keys();
    let server = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
    let client = client.protocols(TLS12).build().expect("client");
    let server = server.protocols(TLS12).psk_identity_hint("which lamp?");
    let mut pair = Pair::tls(&client, &server.build().expect("server"));
    pair.run();
    let id = asked(&pair.client);
    let request = pair.client.conn.psk_request().expect("asked");
    assert_eq!(
        (request.role, request.protocol),
        (SslMode::Client, SslProtocol::TlsV1_2)
    );
    assert_eq!(request.hint, Some(&b"which lamp?"[..]));
    pair.client
        .conn
        .provide_psk(id, &[key("device")])
        .expect("open");
    pair.run();
    let id = asked(&pair.server);
    let request = pair.server.conn.psk_request().expect("asked");
    assert_eq!(
        (request.role, request.protocol),
        (SslMode::Server, SslProtocol::TlsV1_2)
    );
    let names: Vec<_> = request.identities.map(|identity| identity.name()).collect();
    assert_eq!(names, [b"device"]);
    pair.server
        .conn
        .provide_psk(id, &[key("device")])
        .expect("open");
    pair.run();
    echoes(&mut pair);
}

/// A server whose application looks a key up, with this time for a handshake.
fn looking_up(timeouts: Timeouts) -> Pair {
    let config = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
    let config = config.timeouts(timeouts).build().expect("server");
    let mut pair = Pair::tls(&client(backend()).build().expect("client"), &config);
    pair.run();
    asked(&pair.server);
    pair
}

#[test]
fn the_time_for_the_handshake_stands_still_while_a_key_is_looked_up() {
    let mut pair = looking_up(Timeouts {
        handshake: Some(Duration::from_secs(10)),
        decision: None,
        ..Timeouts::SERVER
    });
    pair.server.time = pair.server.time.after(Duration::from_secs(25));
    pair.server.settle();
    let id = asked(&pair.server);
    let given = pair.server.conn.provide_psk(id, &[key("device")]);
    given.expect("open");
    pair.run();
    assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
}

/// As during every decision, a close does not wait for the answer longer than it may take.
#[test]
fn a_close_while_a_key_is_looked_up_has_its_time() {
    let mut pair = looking_up(Timeouts {
        decision: None,
        ..Timeouts::SERVER
    });
    pair.server.conn.write(b"welcome").expect("open");
    pair.server.conn.close();
    pair.server.settle();
    assert!(pair.server.conn.psk_request().is_some());
    pair.server.time = pair.server.time.after(Duration::from_secs(6));
    pair.server.settle();
    assert!(pair.server.conn.psk_request().is_none());
    pair.server.take();
    let report = pair.server.conn.close_report().expect("closed");
    assert_eq!((report.clean, report.abandoned), (false, 7));
}
