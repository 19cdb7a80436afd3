//! The OCSP response that a server staples gets to its own connection, whatever the others do, and
//! nothing of it stays behind.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use sslcore::{
    ConfigError, FailureKind, ServerConfig, SignatureScheme, StatusChecker, StatusQuestion,
    StatusReport, TicketKeys,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::chains::{self, Family, Made};
use sslcore_tests::judging::{ders, trusting};
use sslcore_tests::module::Module;
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

const LENGTH: usize = 10_000;

fn stapling(version: &str, response: &[u8]) -> ServerConfig {
    let server = server(backend()).protocols(&[version]);
    let server = server.stapled_ocsp_response(response);
    server.build().expect("a configuration")
}

/// A server that does not have its certificate's key. The client is shown certificate and response
/// before it checks the signature.
fn impostor(version: &str, response: &[u8]) -> ServerConfig {
    let schemes = &[SignatureScheme::EcdsaP256Sha256];
    let mut signer = Module::with(&backend(), &WORLD.client, schemes);
    signer.public_key = None;
    let server = ServerConfig::builder(backend()).protocols(&[version]);
    let server = server.identity_with_signer(WORLD.server.chain.clone(), Arc::new(signer));
    let server = server.stapled_ocsp_response(response);
    server.build().expect("a configuration")
}

#[test]
fn threads_that_share_a_configuration_get_each_their_own_response() {
    const THREADS: u8 = 8;
    const ROUNDS: u8 = 12;
    for version in VERSIONS {
        let client = client(backend()).session_cache(0).build().expect("client");
        thread::scope(|scope| {
            for which in 0..THREADS {
                let client = client.clone();
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let own = [which, round].repeat(50);
                        if round % 3 == 0 {
                            // What failed must not be found by whoever comes next.
                            let mut failing = Pair::tls(&client, &impostor(version, b"no"));
                            failing.run();
                            assert_eq!(failing.client.conn.stapled_ocsp_response(), None);
                        }
                        let pair = Pair::encrypted(&client, &stapling(version, &own));
                        let stapled = pair.client.conn.stapled_ocsp_response();
                        assert_eq!(stapled, Some(&own[..]));
                    }
                });
            }
        });
    }
}

/// What the configuration's connections share outlives each of them.
#[test]
fn a_handshake_that_fails_leaves_nothing_of_its_response_behind() {
    for version in VERSIONS {
        let client = client(backend()).session_cache(0).build().expect("client");
        let impostor = impostor(version, &[7; LENGTH]);
        let fail = || {
            let mut pair = Pair::tls(&client, &impostor);
            pair.run();
            let failed = pair.client.conn.failure().expect("it has failed");
            assert_eq!(failed.kind(), FailureKind::BadHandshakeSignature);
        };
        fail();
        let held = measure(|| (0..10).for_each(|_| fail())).bytes_current;
        assert!(held < LENGTH as i64, "{version}: {held} bytes");
    }
}

#[test]
fn a_handshake_that_is_given_up_anywhere_leaves_nothing_behind() {
    for version in VERSIONS {
        let client = client(backend()).session_cache(0).build().expect("client");
        let server = stapling(version, &[7; LENGTH]);
        let mut whole = Pair::encrypted(&client, &server);
        let sent = whole.server.take().len() + whole.server.sent.len();
        let give_up = |after: usize| {
            let mut pair = Pair::tls(&client, &server);
            let hello = pair.client.take();
            pair.server.give(&hello, usize::MAX);
            let flight = pair.server.take();
            let piece = flight.len().min(after);
            pair.client.give(&flight[..piece], usize::MAX);
        };
        give_up(sent);
        let places = (0..sent).step_by(97);
        let held = measure(|| places.for_each(give_up)).bytes_current;
        assert!(held < LENGTH as i64, "{version}: {held} bytes");
    }
}

/// The second hello of a handshake (RFC 8446 §4.1.4) offers the session once more.
#[test]
fn a_handshake_with_two_hellos_has_the_response_of_the_chain_that_is_judged() {
    let keys = TicketKeys::rotating(&backend(), Duration::from_secs(3600));
    let server = |group: &str, response: &[u8], keys: Option<&TicketKeys>| {
        let mut server = server(backend()).groups(&[group]);
        if let Some(keys) = keys {
            server = server.ticket_keys(keys.clone());
        }
        let server = server.stapled_ocsp_response(response);
        server.build().expect("a server")
    };
    for same_keys in [true, false] {
        let client = client(backend()).groups(&["X25519", "secp256r1"]);
        let client = client.protocols(&["TLSv1.3"]).build().expect("a client");
        let first = Pair::encrypted(&client, &server("X25519", b"first", Some(&keys)));
        let stapled = first.client.conn.stapled_ocsp_response();
        assert_eq!(stapled, Some(&b"first"[..]));
        let keys = same_keys.then_some(&keys);
        let second = Pair::encrypted(&client, &server("secp256r1", b"second", keys));
        assert_eq!(second.client.conn.is_resumed(), same_keys);
        let expected: &[u8] = if same_keys { b"first" } else { b"second" };
        assert_eq!(second.client.conn.stapled_ocsp_response(), Some(expected));
    }
}

#[test]
fn the_longest_response_arrives_and_a_longer_one_is_refused_when_the_server_is_built() {
    const LONGEST: usize = 65_527;
    for version in VERSIONS {
        let server = |length| {
            let server = server(backend()).protocols(&[version]);
            server.stapled_ocsp_response(vec![7; length]).build()
        };
        for length in [LONGEST + 1, 0x1_0000, 0x100_0000] {
            let error = ConfigError::StapledResponseTooLong(length);
            assert_eq!(server(length).err(), Some(error));
        }
        let longest = match version {
            "TLSv1.2" => LONGEST,
            // The certificate is in the same message.
            _ => {
                let bytes = match server(LONGEST).err() {
                    Some(ConfigError::CertificatesTooLong(bytes)) => bytes,
                    other => panic!("{other:?}"),
                };
                LONGEST - (bytes - 0xffff)
            }
        };
        let client = client(backend()).build().expect("a client");
        let pair = Pair::encrypted(&client, &server(longest).expect("a server"));
        let stapled = pair.client.conn.stapled_ocsp_response();
        assert_eq!(stapled.map(<[u8]>::len), Some(longest));
    }
}

/// An offered session's response is nobody's until the server has accepted the session.
#[test]
fn a_session_that_is_offered_in_vain_shows_no_response() {
    for version in VERSIONS {
        let client = client(backend()).build().expect("a client");
        Pair::encrypted(&client, &stapling(version, b"of a session"));
        let mut unanswered = Pair::tls(&client, &stapling(version, b""));
        assert!(!unanswered.client.take().is_empty());
        unanswered.client.conn.abort();
        unanswered.client.settle();
        assert_eq!(unanswered.client.conn.stapled_ocsp_response(), None);

        Pair::encrypted(&client, &stapling(version, b"of a session"));
        let mut failing = Pair::tls(&client, &impostor(version, b"of an impostor"));
        failing.run();
        assert!(failing.client.conn.failure().is_some());
        assert_eq!(failing.client.conn.stapled_ocsp_response(), None);
    }
}

/// Says whether it was told an issuer.
#[derive(Default)]
struct Issuers(Mutex<Vec<bool>>);

impl StatusChecker for Issuers {
    fn check(&self, question: &StatusQuestion<'_>) -> StatusReport {
        let mut told = self.0.lock().expect("a lock");
        told.push(question.issuer().is_some());
        StatusReport::default()
    }
}

#[test]
fn the_checker_is_told_an_issuer_only_if_every_signature_up_to_an_anchor_is_good() {
    let family = Family::with(|_, leaf| leaf.not_after = rcgen::date_time_ymd(2025, 6, 1));
    let Family { leaf, middle, root } = &family;
    let stranger = Made::self_signed(chains::authority("root"));
    for (what, chain, anchor, expected) in [
        ("expired", &[leaf, middle][..], root, true),
        (
            "its root is sent and not trusted",
            &[leaf, middle, root],
            leaf,
            false,
        ),
        (
            "another key under the root's name",
            &[leaf, middle],
            &stranger,
            false,
        ),
    ] {
        let issuers = Arc::new(Issuers::default());
        let client = trusting(&[anchor]).status_checker(issuers.clone());
        let client = client.build().expect("a client");
        let server = ServerConfig::builder(backend());
        let server = server.identity(ders(chain), leaf.private_key());
        Pair::tls(&client, &server.build().expect("a server")).run();
        assert_eq!(*issuers.0.lock().expect("a lock"), [expected], "{what}");
    }
}
