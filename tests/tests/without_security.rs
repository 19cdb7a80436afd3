//! The backend without security: it talks to itself as real ones do, and to nobody else.
#![cfg(feature = "testing")]

use std::collections::BTreeSet;

use sslcore::crypto::Backend;
use sslcore::testing::{backend_without_security, known_identity, rustcrypto_without_security};
use sslcore::{
    ClientConfig, ConfigBuilder, ConfigError, Event, FailureKind, ServerConfig, SslCipher,
    SslErrorKind, Verdict,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, VERSIONS, backends, client, server, server_name};
use sslcore_tests::sealing::records;

fn known_client(backend: Backend) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend).trust_anchors(known_identity().0)
}

fn known_server(backend: Backend) -> ConfigBuilder<ServerConfig> {
    let (chain, key) = known_identity();
    ServerConfig::builder(backend).identity(chain, key)
}

/// A session of every kind of record, and what it put on the wire in each direction behind the
/// handshake.
fn session(client: &ClientConfig, server: &ServerConfig) -> (Pair, [Vec<u8>; 2]) {
    let mut pair = Pair::encrypted(client, server);
    let from = [&pair.client, &pair.server].map(|end| end.sent.len());
    pair.client.write(b"attack at dawn");
    pair.run();
    assert_eq!(pair.server.read_all(), b"attack at dawn");
    pair.server.write(&[7; 20_000]);
    pair.run();
    assert_eq!(pair.client.read_all().len(), 20_000);
    if pair.client.conn.update_keys().is_ok() {
        pair.run();
        pair.client.write(b"later");
        pair.run();
        assert_eq!(pair.server.read_all(), b"later");
    }
    pair.client.conn.close();
    pair.run();
    pair.server.conn.close();
    pair.run();
    let sent = [
        pair.client.sent[from[0]..].to_vec(),
        pair.server.sent[from[1]..].to_vec(),
    ];
    (pair, sent)
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|seen| seen == wanted)
}

#[test]
fn a_session_runs_to_its_end_and_can_be_read_on_the_wire() {
    for version in VERSIONS {
        let client = known_client(backend_without_security(1)).protocols(&[version]);
        let server = known_server(backend_without_security(2)).protocols(&[version]);
        let (client, server) = (
            client.build().expect("client"),
            server.build().expect("server"),
        );
        let (pair, [said, answered]) = session(&client, &server);
        for end in [&pair.client, &pair.server] {
            assert!(end.conn.close_report().expect("over").clean, "{version}");
            let cipher = end.conn.session_cipher().expect("negotiated");
            assert!(cipher.name().ends_with("WITHOUT_SECURITY"), "{cipher}");
            assert_eq!(cipher.protocol().name(), version);
        }
        assert!(contains(&said, b"attack at dawn"), "{version}");
        assert!(contains(&answered, &[7; 1000]), "{version}");
    }
}

#[test]
fn records_have_the_shape_of_real_ones() {
    for (version, suite) in [
        ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    ] {
        let shapes = |sent: &[u8]| -> Vec<(u8, usize)> {
            let records = records(sent).into_iter();
            records.map(|record| (record[0], record.len())).collect()
        };
        let both = |client: Backend, server: Backend, suites: Option<&[&str]>| {
            let mut client = known_client(client).protocols(&[version]);
            let mut server = known_server(server)
                .protocols(&[version])
                .session_tickets(false);
            if let Some(suites) = suites {
                (client, server) = (client.ciphers(suites), server.ciphers(suites));
            }
            let (client, server) = (
                client.build().expect("client"),
                server.build().expect("server"),
            );
            session(&client, &server).1
        };
        let real = both(
            rustcrypto_without_security(1),
            rustcrypto_without_security(2),
            Some(&[suite]),
        );
        let fake = both(
            backend_without_security(1),
            backend_without_security(2),
            None,
        );
        for (real, fake) in real.iter().zip(&fake) {
            assert_eq!(shapes(real), shapes(fake), "{version}");
            assert!(shapes(real).len() > 1);
            assert!(!contains(real, b"attack at dawn"));
        }
    }
}

#[test]
fn what_is_changed_on_the_wire_arrives_changed() {
    let client = known_client(backend_without_security(1)).build();
    let server = known_server(backend_without_security(2)).build();
    let mut pair = Pair::encrypted(&client.expect("client"), &server.expect("server"));
    pair.client.write(b"attack at dawn");
    let mut wire = pair.client.take();
    let at = wire
        .windows(4)
        .position(|seen| seen == b"dawn")
        .expect("readable");
    wire[at..at + 4].copy_from_slice(b"noon");
    pair.server.give(&wire, usize::MAX);
    assert_eq!(pair.server.read_all(), b"attack at noon");
}

#[test]
fn whoever_signed_a_certificate_is_believed_and_its_names_are_judged() {
    // The root of the tests has signed this one for another name.
    let (chain, _) = known_identity();
    let stranger = client(backend_without_security(1)).build().expect("client");
    let kinds: Vec<_> = stranger
        .verify_chain(&chain, Some(&server_name()), None)
        .iter()
        .map(|error| error.kind())
        .collect();
    assert!(
        kinds.contains(&SslErrorKind::SelfSignedCertificate),
        "{kinds:?}"
    );
    let mut forged = WORLD.server.chain.clone();
    let mut leaf = forged[0].to_vec();
    *leaf.last_mut().expect("bytes") ^= 1;
    forged[0] = leaf.into();
    let errors = |backend: Backend| {
        let config = client(backend).build().expect("client");
        let now = sslcore::UnixTime::since_unix_epoch(std::time::Duration::from_secs(
            sslcore_tests::certs::NOW,
        ));
        config
            .verify_chain(&forged, Some(&server_name()), Some(now))
            .len()
    };
    assert_eq!(errors(backend_without_security(1)), 0);
    assert_ne!(errors(rustcrypto_without_security(1)), 0);
}

#[test]
fn client_certificates_holds_and_resumption_work_as_ever() {
    for version in VERSIONS {
        let (chain, key) = known_identity();
        let client = ClientConfig::builder(backend_without_security(1))
            .on_errors(sslcore::OnErrors::Hold)
            .protocols(&[version])
            .identity(chain.clone(), key)
            .build()
            .expect("client");
        let server = known_server(backend_without_security(2))
            .protocols(&[version])
            .verify_mode(sslcore::VerifyMode::Verify)
            .trust_anchors(chain)
            .build()
            .expect("server");
        let mut held = Pair::tls(&client, &server);
        held.run();
        assert!(!held.client.error_kinds().is_empty(), "{version}");
        held.client.answer(Verdict::Accept);
        held.run();
        assert!(held.client.saw(Event::Encrypted) && held.server.saw(Event::Encrypted));
        assert_eq!(held.server.conn.peer_certificate_chain().len(), 1);

        let client = known_client(backend_without_security(3))
            .protocols(&[version])
            .build();
        let client = client.expect("client");
        let server = known_server(backend_without_security(4))
            .protocols(&[version])
            .build();
        let server = server.expect("server");
        for resumed in [false, true] {
            let (pair, _) = session(&client, &server);
            assert_eq!(pair.client.conn.is_resumed(), resumed, "{version}");
        }
    }
}

#[test]
fn no_real_peer_agrees_to_it() {
    let fake = || backend_without_security(1);
    for version in VERSIONS {
        for real in backends() {
            for (one, other) in [(fake(), real.clone()), (real.clone(), fake())] {
                let name = real.name();
                let client = client(one).protocols(&[version]);
                let pair = Pair::handshaken(client, server(other).protocols(&[version]));
                let failure = pair.server.conn.failure().expect("nothing in common");
                assert_eq!(
                    failure.kind(),
                    FailureKind::Incompatible,
                    "{name} {version}"
                );
                assert!(!pair.client.conn.is_encrypted());
            }
        }
    }
}

#[test]
fn its_suites_and_groups_are_for_private_use_and_no_others() {
    let backend = backend_without_security(1);
    let suites = &backend.provider().cipher_suites;
    assert_eq!(suites.len(), 2, "one of each version");
    for suite in suites {
        assert!((0xff00..=0xffff).contains(&u16::from(suite.suite())));
    }
    let groups = &backend.provider().kx_groups;
    assert_eq!(groups.len(), 2);
    for group in groups {
        assert!((0xfe00..=0xfeff).contains(&u16::from(group.name())));
    }
}

#[test]
fn no_list_and_no_name_leads_to_it() {
    let fake = backend_without_security(1);
    assert_eq!(fake.supported_ciphers().count(), 0);
    assert_eq!(fake.supported_groups().count(), 0);
    for id in 0xff00..=0xffff {
        assert_eq!(SslCipher::from_id(id), None);
    }
    let suites: BTreeSet<u16> = backends()
        .iter()
        .flat_map(|real| real.provider().cipher_suites.clone())
        .map(|suite| suite.suite().into())
        .collect();
    assert!(suites.iter().all(|suite| *suite < 0xff00), "{suites:?}");
    for name in ["TLS13_WITHOUT_SECURITY", "TLS12_WITHOUT_SECURITY"] {
        assert_eq!(SslCipher::from_name(name), None);
        let named = client(backend_without_security(1)).ciphers(&[name]).build();
        assert!(
            matches!(named, Err(ConfigError::Unsupported { .. })),
            "{named:?}"
        );
    }
}

/// What a client says first.
fn hello(config: &ClientConfig) -> Vec<u8> {
    let mut pair = Pair::default();
    let start = pair
        .client
        .conn
        .start_client_encryption(config, server_name());
    start.expect("start");
    pair.client.take()
}

#[test]
fn the_same_seed_gives_the_same_session_whatever_runs_beside_it() {
    type Make = fn(u64) -> Backend;
    for make in [
        backend_without_security as Make,
        rustcrypto_without_security,
    ] {
        let run = |seed: u64, beside: bool| {
            let client = known_client(make(seed)).build().expect("client");
            let server = known_server(make(seed + 1)).build().expect("server");
            let other = beside.then(|| known_client(make(seed)).build().expect("client"));
            let mut pair = Pair::tls(&client, &server);
            if let Some(other) = &other {
                hello(other);
            }
            pair.exchange();
            // What is dropped meanwhile lends its source to the next one.
            drop(other);
            let next = beside.then(|| known_client(make(9)).build().expect("client"));
            if let Some(next) = &next {
                hello(next);
            }
            pair.run();
            pair.client.write(b"attack at dawn");
            pair.run();
            [pair.client.sent, pair.server.sent]
        };
        let first = run(1, false);
        assert_eq!(first, run(1, false));
        assert_eq!(first, run(1, true));
        assert_ne!(first, run(5, false));
    }
}

#[test]
fn configurations_share_no_sessions() {
    let client = |make: fn(u64) -> Backend| known_client(make(1)).build().expect("client");
    let server = |make: fn(u64) -> Backend, seed| known_server(make(seed)).build().expect("server");
    // A server opens no ticket of another one's.
    let real = client(rustcrypto_without_security);
    session(&real, &server(rustcrypto_without_security, 2));
    let (pair, _) = session(&real, &server(rustcrypto_without_security, 3));
    assert!(!pair.client.conn.is_resumed());
    // A client has no ticket of another one's.
    let fake = server(backend_without_security, 2);
    session(&client(backend_without_security), &fake);
    let (pair, _) = session(&client(backend_without_security), &fake);
    assert!(!pair.client.conn.is_resumed());
}
