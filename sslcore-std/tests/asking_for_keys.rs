//! Pre-shared keys that the application gives when it is asked.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use common::{LONG, both, started};
use sslcore::{
    ClientConfig, ConfigBuilder, FailureKind, PreSharedKey, PreSharedKeyError, PskId, ServerConfig,
    SslMode, SslProtocol, Timeouts, UsageError,
};
use sslcore_std::{SslSocket, WaitError};

fn key(identity: &str) -> PreSharedKey {
    PreSharedKey::new(identity, [0x5e; 32]).expect("a key")
}

fn client() -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(sslcore_std::default_backend())
}

fn server() -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(sslcore_std::default_backend())
}

fn pair(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (SslSocket, SslSocket) {
    started(
        &client.build().expect("client"),
        &server.build().expect("server"),
    )
}

/// Waits until the socket is asked for keys.
#[track_caller]
fn asked(socket: &mut SslSocket) -> PskId {
    match socket.wait_for_encrypted(Some(LONG)) {
        Err(WaitError::PreSharedKeyNeeded(id)) => id,
        other => panic!("{other:?}"),
    }
}

fn failure(end: Result<(), WaitError>) -> FailureKind {
    match end {
        Err(WaitError::Failed(failure)) => failure.kind(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_sides_are_asked_and_encrypted_when_they_have_answered() {
    let (mut client, mut server) = pair(
        client().ask_for_pre_shared_keys(),
        server().ask_for_pre_shared_keys(),
    );
    both(
        || {
            let id = asked(&mut client);
            let request = client.psk_request().expect("open");
            assert_eq!((request.id, request.role), (id, SslMode::Client));
            assert_eq!(request.identities.count(), 0);
            // It asks again until it is answered, whatever is called.
            assert_eq!(asked(&mut client), id);
            let read = client.read(&mut [0; 1]).expect_err("not before");
            assert_eq!(read.kind(), ErrorKind::WouldBlock);
            let keys = [key("other"), key("device")];
            client.provide_psk(id, &keys).expect("open");
            client.wait_for_encrypted(Some(LONG)).expect("encrypted");
            client.write_all(b"hello").expect("write");
        },
        || {
            let id = asked(&mut server);
            let request = server.psk_request().expect("open");
            assert_eq!((request.id, request.role), (id, SslMode::Server));
            let names: Vec<&[u8]> = request.identities.map(|it| it.name()).collect();
            assert_eq!(names, [&b"other"[..], b"device"]);
            server.provide_psk(id, &[key("device")]).expect("open");
            assert!(server.psk_request().is_none());
            server.wait_for_encrypted(Some(LONG)).expect("encrypted");
            server.read_exact(&mut [0; 5]).expect("hello");
        },
    );
    for socket in [&client, &server] {
        assert_eq!(socket.connection().psk_identity(), Some(&b"device"[..]));
        assert!(socket.connection().peer_certificate().is_none());
    }
}

#[test]
fn in_tls_1_2_a_client_is_asked_behind_the_hint_of_its_server() {
    const OLD: [&str; 1] = ["TLSv1.2"];
    let (mut client, mut server) = pair(
        client().protocols(&OLD).ask_for_pre_shared_keys(),
        server()
            .protocols(&OLD)
            .ask_for_pre_shared_keys()
            .psk_identity_hint("which one?"),
    );
    both(
        || {
            let id = asked(&mut client);
            let request = client.psk_request().expect("open");
            assert_eq!(request.hint, Some(&b"which one?"[..]));
            assert_eq!(request.protocol, SslProtocol::TlsV1_2);
            client.provide_psk(id, &[key("device")]).expect("open");
            client.wait_for_encrypted(Some(LONG)).expect("encrypted");
        },
        || {
            let id = asked(&mut server);
            let request = server.psk_request().expect("open");
            let names: Vec<&[u8]> = request.identities.map(|it| it.name()).collect();
            assert_eq!(names, [b"device"]);
            server.provide_psk(id, &[key("device")]).expect("open");
            server.wait_for_encrypted(Some(LONG)).expect("encrypted");
        },
    );
    assert_eq!(client.connection().psk_identity(), Some(&b"device"[..]));
    assert_eq!(server.connection().psk_identity(), Some(&b"device"[..]));
}

#[test]
fn a_key_that_cannot_be_used_leaves_the_request_open() {
    let (mut client, mut server) = pair(
        client().ask_for_pre_shared_keys(),
        server().pre_shared_keys([key("device")]),
    );
    let id = asked(&mut client);
    let short = PreSharedKey::new("device", [0x5e; 8]).expect("a key");
    let refused = client.provide_psk(id, &[short]);
    let why = PreSharedKeyError::ShortKey(8);
    assert_eq!(refused, Err(UsageError::PreSharedKey { index: 0, why }));
    assert_eq!(asked(&mut client), id);
    client.provide_psk(id, &[key("device")]).expect("open");
    let again = client.provide_psk(id, &[key("device")]);
    assert_eq!(again, Err(UsageError::NoDecisionOpen));
    let done = both(
        || client.wait_for_encrypted(Some(LONG)),
        || server.wait_for_encrypted(Some(LONG)),
    );
    assert_eq!(done, (Ok(()), Ok(())));
}

#[test]
fn a_server_without_the_key_fails_as_with_a_wrong_one() {
    let wrong = PreSharedKey::new("device", [0xff; 32]).expect("a key");
    for answer in [None, Some(wrong)] {
        let (mut client, mut server) = pair(
            client().pre_shared_keys([key("device")]),
            server().ask_for_pre_shared_keys(),
        );
        let (told, failed) = both(
            || client.wait_for_encrypted(Some(LONG)),
            || {
                let id = asked(&mut server);
                match answer {
                    Some(key) => server.provide_psk(id, &[key]),
                    None => server.refuse_psk(id),
                }
                .expect("open");
                let failed = server.wait_for_encrypted(Some(LONG));
                server.disconnect_from_host(LONG);
                failed
            },
        );
        let told = failure(told);
        let alert = sslcore::Alert::DecryptError;
        assert_eq!(told, FailureKind::AlertReceived(alert));
        assert_eq!(failure(failed), FailureKind::BadPreSharedKey);
    }
}

#[test]
fn a_client_without_a_key_says_nothing_to_the_server() {
    let (mut client, mut server) = pair(
        client().ask_for_pre_shared_keys(),
        server().pre_shared_keys([key("device")]),
    );
    let id = asked(&mut client);
    client.refuse_psk(id).expect("open");
    let failed = failure(client.wait_for_encrypted(Some(LONG)));
    assert_eq!(failed, FailureKind::NoPreSharedKey);
    drop(client);
    let ended = failure(server.wait_for_encrypted(Some(LONG)));
    assert_eq!(ended, FailureKind::Truncated);
    assert_eq!(server.connection().encrypted_bytes_available(), 0);
}

#[test]
fn while_somebody_looks_for_a_key_a_client_that_hangs_up_is_noticed() {
    let (mut client, mut server) = pair(
        client().pre_shared_keys([key("device")]),
        server().ask_for_pre_shared_keys(),
    );
    let waited = client.wait_for_encrypted(Some(Duration::from_millis(10)));
    assert_eq!(waited, Err(WaitError::Timeout));
    let id = asked(&mut server);
    server.keep_asking(Duration::ZERO).expect("still there");
    drop(client);
    let error = server.keep_asking(LONG).expect_err("gone");
    assert!(matches!(error, WaitError::Failed(_)), "{error}");
    let stale = server.provide_psk(id, &[key("device")]);
    assert_eq!(stale, Err(UsageError::NoDecisionOpen));
}

#[test]
fn nobody_who_answers_in_time_ends_the_connection() {
    let timeouts = Timeouts {
        handshake: None,
        decision: Some(Duration::from_millis(1)),
        close: None,
    };
    let (mut client, _server) = pair(
        client().ask_for_pre_shared_keys().timeouts(timeouts),
        server().pre_shared_keys([key("device")]),
    );
    asked(&mut client);
    let error = client.keep_asking(LONG).expect_err("over");
    assert_eq!(failure(Err(error)), FailureKind::DecisionTimeout);
}

#[test]
fn a_half_of_a_socket_can_answer() {
    let (client, mut server) = pair(
        client().ask_for_pre_shared_keys(),
        server().pre_shared_keys([key("device")]),
    );
    let (mut read_half, mut write_half) = client.split().expect("split");
    both(
        || {
            let asked = read_half.read(&mut [0; 1]).expect_err("not before");
            let why = asked.get_ref().and_then(|why| why.downcast_ref());
            let Some(WaitError::PreSharedKeyNeeded(id)) = why else {
                panic!("{asked}");
            };
            write_half.write_all(b"queued").expect("it is queued");
            let socket = write_half.socket();
            assert!(socket.look(|connection| connection.psk_request().is_some()));
            socket.provide_psk(*id, &[key("device")]).expect("open");
            let again = socket.refuse_psk(*id);
            assert_eq!(again, Err(UsageError::NoDecisionOpen));
            both(
                || read_half.read_exact(&mut [0; 6]).expect("the answer"),
                || write_half.flush().expect("it leaves"),
            );
        },
        || {
            server.read_exact(&mut [0; 6]).expect("what was queued");
            server.write_all(b"answer").expect("write");
            server.flush().expect("it leaves");
        },
    );
}

#[cfg(feature = "transcripts")]
#[test]
fn a_transcript_tells_of_the_answer_and_has_no_key() {
    use std::sync::{Arc, Mutex};

    let text = Arc::new(Mutex::new(String::new()));
    let to = Arc::clone(&text);
    let (mut client, _server) = common::sockets();
    let transcribed = client.transcribe("mine", move |piece: &str| {
        to.lock().expect("text").push_str(piece);
    });
    transcribed.expect("nothing has happened");
    let config = self::client().ask_for_pre_shared_keys();
    client
        .start_client_encryption(
            &config.build().expect("client"),
            sslcore_tests::pair::server_name(),
        )
        .expect("start");
    let id = asked(&mut client);
    client.provide_psk(id, &[key("device")]).expect("open");
    drop(client);
    let text = text.lock().expect("text");
    assert!(text.contains("\nprovide_psk 0 646576696365\n"), "{text}");
    assert!(!text.contains(&"5e".repeat(8)), "{text}");
    let parsed = text.parse::<sslcore::transcript::Transcript>();
    assert_eq!(parsed.expect("a transcript").to_string(), *text);
}
