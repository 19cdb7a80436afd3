//! What goes wrong at our own end: no random numbers, no answer, and what the key log says.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sslcore::crypto::Backend;
use sslcore::crypto::rustcrypto::{EntropyError, EntropySource};
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, FailureKind, Fault, KeyLog, KeyLogLine,
    ServerConfig, Timeouts,
};
use sslcore_tests::entropy::backend_over;
use sslcore_tests::pair::{End, Pair};
use sslcore_tests::sealing::{ALERT, record};

use super::client::Client;
use super::server::Server;
use super::stage::{calling, client, key, refusal, server, waiting};

/// Gives so many random numbers, and no more.
#[derive(Debug)]
struct Few(AtomicUsize);

impl EntropySource for Few {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        // Different ones, or key pairs would be the same.
        out.fill(left as u8 | 1);
        match left {
            0 => Err(EntropyError),
            _ => Ok(()),
        }
    }
}

fn few(numbers: usize) -> Backend {
    backend_over(Few(AtomicUsize::new(numbers)))
}

fn plain_client(backend: Backend) -> ConfigBuilder<ClientConfig> {
    let config = ClientConfig::builder(backend).pre_shared_keys([key()]);
    config.groups(&["X25519", "P-256"])
}

fn plain_server(backend: Backend) -> ConfigBuilder<ServerConfig> {
    let config = ServerConfig::builder(backend).pre_shared_keys([key()]);
    config.groups(&["P-256"])
}

fn assert_engine_failed(end: &End, numbers: usize) {
    let failure = end.conn.failure().expect("a failure");
    assert_eq!(failure.kind(), FailureKind::Engine, "{numbers}");
    assert_eq!(failure.fault(), Fault::Engine, "{numbers}");
    assert!(!end.saw(Event::Encrypted), "{numbers}");
}

/// The handshake has a HelloRetryRequest, so that each side needs as many as it can.
#[test]
fn a_client_without_random_numbers_says_nothing_that_needs_them() {
    let mut hellos = Vec::new();
    for numbers in 0..100 {
        let client = plain_client(few(numbers)).build().expect("client");
        let server = plain_server(sslcore_tests::pair::backend()).build();
        let mut pair = Pair::tls(&client, &server.expect("server"));
        pair.run();
        if pair.client.conn.is_encrypted() {
            assert!(
                numbers > 2 && hellos.contains(&true),
                "{numbers} {hellos:?}"
            );
            return;
        }
        assert_engine_failed(&pair.client, numbers);
        // Before its first hello it has nobody to tell; behind it the server is told.
        let has_said_hello = !pair.client.sent.is_empty();
        hellos.push(has_said_hello);
        if has_said_hello {
            let alert = record(ALERT, &[2, Alert::InternalError.code()]);
            assert!(pair.client.sent.ends_with(&alert), "{numbers}");
        }
    }
    panic!("it never has enough");
}

#[test]
fn a_server_without_random_numbers_says_so_in_the_clear() {
    for numbers in 0..100 {
        let client = plain_client(sslcore_tests::pair::backend()).build();
        let server = plain_server(few(numbers)).build().expect("server");
        let mut pair = Pair::tls(&client.expect("client"), &server);
        pair.run();
        if pair.server.conn.is_encrypted() {
            assert!(numbers > 1, "{numbers}");
            return;
        }
        assert_engine_failed(&pair.server, numbers);
        let alert = record(ALERT, &[2, Alert::InternalError.code()]);
        assert!(pair.server.sent.ends_with(&alert), "{numbers}");
        let heard = FailureKind::AlertReceived(Alert::InternalError);
        assert!(pair.client.saw(Event::Failed(heard)), "{numbers}");
    }
    panic!("it never has enough");
}

#[test]
fn a_server_whose_application_does_not_answer_gives_up_in_the_clear() {
    let timeouts = Timeouts::SERVER;
    let mut end = waiting(server().ask_for_pre_shared_keys().timeouts(timeouts));
    end.give(&Client::default().record(), usize::MAX);
    let id = end.conn.psk_request().expect("a question").id;
    // The clock of the handshake stands still meanwhile.
    end.time = end.time.after(timeouts.decision.expect("a limit"));
    end.settle();
    let failure = end.conn.failure().map(sslcore::Failure::kind);
    assert_eq!(failure, Some(FailureKind::DecisionTimeout));
    assert_eq!(
        end.take(),
        record(ALERT, &[2, Alert::HandshakeFailure.code()])
    );
    let late = end.conn.provide_psk(id, &[key()]);
    assert_eq!(late, Err(sslcore::UsageError::NoDecisionOpen));
}

#[test]
fn a_client_whose_application_has_no_key_says_nothing() {
    let mut end = calling(client().ask_for_pre_shared_keys());
    end.settle();
    let id = end.conn.psk_request().expect("a question").id;
    end.conn.refuse_psk(id).expect("open");
    end.settle();
    let failure = end.conn.failure().map(sslcore::Failure::kind);
    assert_eq!(failure, Some(FailureKind::NoPreSharedKey));
    assert_eq!(end.take(), []);
}

#[test]
fn a_server_whose_application_has_no_key_answers_as_to_a_wrong_one() {
    let mut end = waiting(server().ask_for_pre_shared_keys());
    end.give(&Client::default().record(), usize::MAX);
    let id = end.conn.psk_request().expect("a question").id;
    end.conn.refuse_psk(id).expect("open");
    assert_eq!(refusal("", &mut end, None), super::stage::BAD_KEY);
}

#[derive(Default)]
struct Lines(Mutex<Vec<(String, Vec<u8>)>>);

impl KeyLog for Lines {
    fn log(&self, line: &KeyLogLine<'_>) {
        let line = (line.label().to_owned(), line.secret().to_vec());
        self.0.lock().expect("nobody panics").push(line);
    }
}

#[test]
fn the_key_log_says_what_peers_derive() {
    const LABELS: [&str; 5] = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
    ];
    let expected = |handshake: [&Vec<u8>; 2], application: &[Vec<u8>; 3]| {
        let secrets = handshake.into_iter().chain(application).cloned();
        let labels = LABELS.map(str::to_owned).into_iter();
        labels.zip(secrets).collect::<Vec<_>>()
    };
    let lines = Arc::new(Lines::default());
    let mut end = waiting(server().dangerously_log_keys(lines.clone()));
    let mut answered = Client::default().greet(&mut end);
    answered.complete(&mut end);
    let keys = &answered.keys;
    let secrets = expected([&keys.client, &keys.server], &answered.application);
    assert_eq!(*lines.0.lock().expect("nobody panics"), secrets);

    let lines = Arc::new(Lines::default());
    let mut end = calling(client().dangerously_log_keys(lines.clone()));
    let finishing = Server::hear(&mut end).greet(&mut end).finish(&mut end);
    let keys = &finishing.keys;
    let secrets = expected([&keys.client, &keys.server], &finishing.application);
    finishing.complete(&mut end);
    assert_eq!(*lines.0.lock().expect("nobody panics"), secrets);
}
