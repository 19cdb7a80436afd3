//! While a person decides.

mod common;

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{LONG, VERSIONS, asking_server, both, client, server, sockets, started};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, Failure, FailureKind, OnErrors, PreSharedKey,
    ReviewId, ServerConfig, ServerStart, SignError, Signature, Timeouts, UsageError, Verdict,
};
use sslcore_std::{SslSocket, WaitError};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::server_name;

fn untrusted() -> ConfigBuilder<ServerConfig> {
    server().identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key())
}

/// A client that was asked, and its server in the middle of the handshake.
fn asked(version: &str) -> (SslSocket, SslSocket, ReviewId) {
    let timeouts = Timeouts {
        close: Some(Duration::from_millis(20)),
        ..Timeouts::CLIENT
    };
    let config = client().protocols(&[version]).on_errors(OnErrors::Hold);
    let config = config.timeouts(timeouts).build().expect("client");
    let (mut client, mut server) = started(&config, &untrusted().build().expect("server"));
    let done = AtomicBool::new(false);
    let (asked, ()) = both(
        || {
            let asked = client.wait_for_encrypted(Some(LONG));
            done.store(true, Ordering::SeqCst);
            asked
        },
        || {
            // Sends its flight, and waits for an answer that does not come.
            while !done.load(Ordering::SeqCst) {
                let waited = server.wait_for_encrypted(Some(Duration::from_millis(10)));
                assert_eq!(waited, Err(WaitError::Timeout));
            }
        },
    );
    let Err(WaitError::VerdictNeeded(id)) = asked else {
        panic!("{asked:?}");
    };
    (client, server, id)
}

/// Until the end of the peer's stream has arrived, without looking at it.
fn until_hung_up(socket: &SslSocket) {
    let mut ready = [PollFd::new(socket.stream(), PollFlags::RDHUP)];
    let time = Timespec::try_from(LONG).expect("a time");
    assert_eq!(poll(&mut ready, Some(&time)), Ok(1));
}

#[test]
fn a_peer_that_hangs_up_while_a_person_decides_is_noticed() {
    for version in VERSIONS {
        let (mut client, server, id) = asked(version);
        client.keep_asking(Duration::ZERO).expect("still there");
        assert!(client.review().is_some());
        let (error, ()) = both(
            || client.keep_asking(LONG).expect_err("gone"),
            || drop(server),
        );
        let WaitError::Failed(failure) = error else {
            panic!("{error}");
        };
        assert!(
            matches!(failure.kind(), FailureKind::Truncated | FailureKind::Reset),
            "{failure}"
        );
        let stale = client.answer(id, Verdict::Accept);
        assert_eq!(stale, Err(UsageError::NoDecisionOpen));
    }
}

#[test]
fn a_client_that_has_hung_up_is_noticed_by_the_keys() {
    let key = PreSharedKey::new("device", [0x5e; 32]).expect("a key");
    let backend = sslcore_std::default_backend;
    let config = ClientConfig::builder(backend()).pre_shared_keys([key.clone()]);
    let asking = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
    let (mut client, mut server) = started(
        &config.build().expect("client"),
        &asking.build().expect("server"),
    );
    let waited = client.wait_for_encrypted(Some(Duration::from_millis(10)));
    assert_eq!(waited, Err(WaitError::Timeout));
    let asked = server.wait_for_encrypted(Some(LONG));
    let Err(WaitError::PreSharedKeyNeeded(id)) = asked else {
        panic!("{asked:?}");
    };
    client.abort();
    until_hung_up(&server);
    let stale = server.provide_psk(id, &[key]);
    assert_eq!(stale, Err(UsageError::NoDecisionOpen));
}

#[test]
fn a_client_that_has_hung_up_is_noticed_by_the_signature_and_by_its_refusal() {
    for signs in [true, false] {
        let (mut client, mut server) = started(
            &client().build().expect("client"),
            &asking_server().build().expect("server"),
        );
        let waited = client.wait_for_encrypted(Some(Duration::from_millis(10)));
        assert_eq!(waited, Err(WaitError::Timeout));
        let asked = server.wait_for_encrypted(Some(LONG));
        let Err(WaitError::SignatureNeeded(id)) = asked else {
            panic!("{asked:?}");
        };
        client.abort();
        until_hung_up(&server);
        let stale = match signs {
            true => server.provide_signature(id, Signature::Der(b"a signature")),
            false => server.refuse_signature(id, SignError::new("it is locked")),
        };
        assert_eq!(stale, Err(UsageError::NoDecisionOpen), "{signs}");
        let failure = server.connection().failure().expect("it has noticed");
        assert!(
            matches!(failure.kind(), FailureKind::Truncated | FailureKind::Reset),
            "{failure}"
        );
    }
}

#[test]
fn a_client_that_has_hung_up_is_noticed_by_the_configuration_and_by_its_refusals() {
    for way in ["provide", "refuse", "refuse with"] {
        let (mut client, mut server) = sockets();
        let config = common::client().build().expect("client");
        client
            .start_client_encryption(&config, server_name())
            .expect("start");
        let config = common::server().build().expect("server");
        let fallback = config.clone();
        server
            .start_server_encryption(ServerStart::Ask { fallback })
            .expect("start");
        let asked = server.wait_for_encrypted(Some(LONG));
        let Err(WaitError::ConfigNeeded(id)) = asked else {
            panic!("{asked:?}");
        };
        client.abort();
        until_hung_up(&server);
        let stale = match way {
            "provide" => server.provide_config(id, &config),
            "refuse" => server.refuse_config(id),
            _ => server.refuse_config_with(id, Alert::AccessDenied),
        };
        assert_eq!(stale, Err(UsageError::NoDecisionOpen), "{way}");
        let failure = server.connection().failure().expect("it has noticed");
        assert!(
            matches!(failure.kind(), FailureKind::Truncated | FailureKind::Reset),
            "{way}: {failure}"
        );
    }
}

#[test]
fn a_peer_that_has_hung_up_is_noticed_by_the_answer() {
    for version in VERSIONS {
        let (mut client, mut server, id) = asked(version);
        server.abort();
        until_hung_up(&client);
        assert!(client.connection().failure().is_none(), "nobody looked yet");
        let stale = client.answer(id, Verdict::Accept);
        assert_eq!(stale, Err(UsageError::NoDecisionOpen));
        assert!(client.connection().failure().is_some());
        let told = client.wait_for_encrypted(Some(LONG));
        assert!(matches!(told, Err(WaitError::Failed(_))), "{told:?}");
    }
}

#[test]
fn the_decision_timeout_ends_the_asking() {
    let timeouts = Timeouts {
        decision: Some(Duration::from_millis(20)),
        ..Timeouts::CLIENT
    };
    let config = client().on_errors(OnErrors::Hold).timeouts(timeouts);
    let server = untrusted().build().expect("server");
    let (mut client, mut server) = started(&config.build().expect("client"), &server);
    let (error, told) = both(
        || match client.wait_for_encrypted(Some(LONG)) {
            Err(WaitError::VerdictNeeded(_)) => client.keep_asking(LONG).expect_err("too late"),
            // It was too late before this thread had its turn.
            other => other.expect_err("nobody has accepted"),
        },
        || server.wait_for_encrypted(Some(LONG)),
    );
    assert!(matches!(told, Err(WaitError::Failed(_))), "{told:?}");
    let WaitError::Failed(failure) = error else {
        panic!("{error}");
    };
    assert_eq!(failure.kind(), FailureKind::DecisionTimeout);
}

#[test]
fn a_wait_without_time_says_what_is_asked_and_not_that_its_time_is_up() {
    let (mut client, _server, id) = asked("TLSv1.3");
    let asked = client.wait_for_encrypted(Some(Duration::ZERO));
    assert_eq!(asked, Err(WaitError::VerdictNeeded(id)));
}

#[test]
fn who_asks_nothing_is_told_so() {
    let (mut client, _server) = sockets();
    let idle = client.keep_asking(LONG);
    assert_eq!(idle, Err(WaitError::NothingAsked));
}

/// After the close timeout, and the peer hears of it.
#[test]
fn disconnecting_in_the_middle_of_a_question_ends_it() {
    for version in VERSIONS {
        let (mut client, mut server, id) = asked(version);
        client.write_all(b"never sent").expect("it is queued");
        let (report, told) = both(
            || client.disconnect_from_host(LONG),
            || {
                let told = server.wait_for_encrypted(Some(LONG));
                server.disconnect_from_host(LONG);
                told
            },
        );
        assert_eq!(report.abandoned, 10);
        assert!(told.is_err(), "{told:?}");
        let mut heard = std::iter::from_fn(|| server.poll_event());
        assert!(heard.any(|event| event == Event::AlertReceived(Alert::UserCanceled)));
        assert!(client.review().is_none());
        let stale = client.answer(id, Verdict::Accept);
        assert_eq!(stale, Err(UsageError::NoDecisionOpen));
    }
}

#[test]
fn disconnecting_from_a_peer_that_never_says_hello_is_not_stuck() {
    for asks in [false, true] {
        let (mut server, client) = sockets();
        let config = common::server().build().expect("server");
        let start = match asks {
            true => ServerStart::Ask { fallback: config },
            false => ServerStart::With(config),
        };
        server.start_server_encryption(start).expect("start");
        let waited = server.wait_for_encrypted(Some(Duration::from_millis(10)));
        assert_eq!(waited, Err(WaitError::Timeout));
        let report = server.disconnect_from_host(Duration::from_millis(10));
        assert!(!report.clean, "{report:?}");
        assert!(server.connection().is_over());
        drop(client);
    }
}

#[test]
fn disconnecting_from_a_server_that_never_answers_is_not_stuck() {
    let (mut client, _server) = sockets();
    let config = common::client().build().expect("client");
    client
        .start_client_encryption(&config, server_name())
        .expect("start");
    client.write_all(b"never sent").expect("it is queued");
    let report = client.disconnect_from_host(Duration::from_millis(10));
    assert_eq!(report.abandoned, 10);
    assert!(client.connection().is_over());
    let error = client.write(b"more").expect_err("it is over");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    let failed = error
        .get_ref()
        .and_then(|why| why.downcast_ref::<Failure>());
    assert_eq!(failed, None);
}
