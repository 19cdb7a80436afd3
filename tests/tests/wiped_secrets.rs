//! What handshakes of the engine of our own leave behind in memory of the secrets that they derive
//! (RFC 8446 §7.1, RFC 5246 §8.1): nothing.
//!
//! With the same entropy a handshake is the same: one tells its secrets, and another is watched.

#![cfg(feature = "testing")]

use std::hint::black_box;
use std::sync::{Arc, Mutex};

use sslcore::crypto::Backend;
use sslcore::testing::preferring_own_engine;
use sslcore::{
    ClientConfig, ConfigBuilder, KeyLog, KeyLogLine, PreSharedKey, ServerConfig, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::entropy::seeded;
use sslcore_tests::pair::{Pair, client, server};
use sslcore_tests::wiped::{Watched, left_behind};

#[global_allocator]
static WATCHED: Watched = Watched;

/// Keeps the secrets, in the order in which they are told.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<Vec<u8>>>);

impl KeyLog for Told {
    fn log(&self, line: &KeyLogLine<'_>) {
        let mut told = self.0.lock().expect("nobody panics");
        if !told.iter().any(|secret| secret == line.secret()) {
            told.push(line.secret().to_vec());
        }
    }
}

type Builders = (ConfigBuilder<ClientConfig>, ConfigBuilder<ServerConfig>);

/// What a handshake goes by, its version, and what makes its configurations.
type By = (&'static str, &'static str, fn() -> Builders);

const BY: [By; 4] = [
    ("certificates", "TLSv1.3", with_certificates),
    ("certificates of both", "TLSv1.3", with_certificates_of_both),
    ("a key", "TLSv1.3", with_a_key),
    ("a key", "TLSv1.2", with_a_key),
];

fn backends() -> [Backend; 2] {
    [seeded(1), seeded(2)].map(preferring_own_engine)
}

fn with_certificates() -> Builders {
    let [ours, theirs] = backends();
    (client(ours), server(theirs))
}

fn with_certificates_of_both() -> Builders {
    let (client, server) = with_certificates();
    let identity = &WORLD.client;
    let client = client.identity(identity.chain.clone(), identity.key());
    (client, server.verify_mode(VerifyMode::Verify))
}

fn with_a_key() -> Builders {
    let [ours, theirs] = backends();
    let key = || PreSharedKey::new("device", [0x35; 32]).expect("a key");
    (
        ClientConfig::builder(ours).pre_shared_keys([key()]),
        ServerConfig::builder(theirs).pre_shared_keys([key()]),
    )
}

/// How a handshake ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    /// A byte is missing at the end of this flight.
    Cut(usize),
    /// The last byte of this flight is another.
    Changed(usize),
    /// It is complete, and keys are renewed.
    Complete,
}

/// Two handshakes, of which the second may resume.
fn sessions(of: fn() -> Builders, version: &str, log: Option<Arc<Told>>, ends: Ends) {
    let (mut client, mut server) = of();
    if let Some(log) = log {
        client = client.dangerously_log_keys(log.clone());
        server = server.dangerously_log_keys(log);
    }
    let client = client.protocols(&[version]).build().expect("client");
    let server = server.protocols(&[version]).build().expect("server");
    for _ in 0..2 {
        let mut pair = Pair::tls(&client, &server);
        let (Ends::Cut(last) | Ends::Changed(last)) = ends else {
            pair.run();
            assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
            if version == "TLSv1.3" {
                pair.client.conn.update_keys().expect("encrypted");
                pair.run();
            }
            continue;
        };
        for flight in 0..=last {
            let (from, to) = match flight % 2 {
                0 => (&mut pair.client, &mut pair.server),
                _ => (&mut pair.server, &mut pair.client),
            };
            let mut bytes = from.take();
            let end = bytes.pop().expect("a flight");
            if flight < last {
                bytes.push(end);
            } else if ends == Ends::Changed(last) {
                bytes.push(end ^ 1);
            }
            to.give(&bytes, usize::MAX);
            let is_refused = flight == last && ends == Ends::Changed(last);
            assert_eq!(to.conn.failure().is_some(), is_refused);
        }
    }
}

#[test]
fn nothing_of_a_derived_secret_is_left_behind() {
    let secret = b"what is dropped as it is".to_vec();
    let careless = left_behind(vec![secret.clone()], || drop(black_box(secret.clone())));
    assert_eq!(careless, 1);
    for (by, version, of) in BY {
        // Those that a Finished ends of a whole handshake: of both sides, or of the client alone.
        let flights = match version {
            "TLSv1.3" => 1..3,
            _ => 2..3,
        };
        let ends = flights.flat_map(|flight| [Ends::Cut(flight), Ends::Changed(flight)]);
        for ends in ends.chain([Ends::Complete]) {
            let told = || {
                let told = Arc::new(Told::default());
                sessions(of, version, Some(told.clone()), ends);
                told.0.lock().expect("nobody panics").clone()
            };
            let secrets = told();
            assert!(secrets.len() >= 2, "{by}, {version}, {ends:?}");
            assert_eq!(secrets, told(), "{by}, {version}, {ends:?}");
            for (i, secret) in secrets.iter().enumerate() {
                let left = left_behind(vec![secret.clone()], || {
                    sessions(of, version, None, ends);
                });
                assert_eq!(left, 0, "{by}, {version}, {ends:?}: secret {i}");
            }
        }
    }
}
