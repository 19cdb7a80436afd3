//! Settings that our own engine must refuse or keep to, whoever it is that says which engine.

use std::time::Duration;

use sslcore::{ConfigError, Engine, ServerConfig, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::hello::{ClientHello, number};
use sslcore_tests::pair::{Pair, backend, backends, client, server};
use sslcore_tests::records::handshake_content;

#[test]
fn a_server_without_a_certificate_is_refused() {
    for backend in backends() {
        let config = ServerConfig::builder(backend).engine(Engine::Own).build();
        assert!(
            matches!(config, Err(ConfigError::UnusableCertificate(_))),
            "{config:?}"
        );
    }
}

#[test]
fn schemes_that_are_named_are_the_ones_that_are_offered_each_once() {
    for backend in backends() {
        let named = [
            "ecdsa_secp384r1_sha384",
            "ed25519",
            "ecdsa_secp384r1_sha384",
        ];
        let client = client(backend.clone()).engine(Engine::Own);
        let client = client.signature_schemes(&named).build().expect("a client");
        let mut pair = Pair::default();
        pair.client
            .conn
            .start_client_encryption(&client, sslcore_tests::pair::server_name())
            .expect("plain");
        let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
        let offered = hello.extensions().get(number::SIGNATURE_ALGORITHMS);
        assert_eq!(*offered, [0, 4, 5, 3, 8, 7]);
    }
}

#[test]
fn schemes_that_cannot_work_are_refused() {
    for backend in backends() {
        for name in ["ed448", "rsa_pss_pss_sha256", "sha1", ""] {
            let client = client(backend.clone()).engine(Engine::Own);
            let error = ConfigError::Unsupported {
                what: "signature scheme",
                name: name.to_owned(),
            };
            let built = client.signature_schemes(&[name]).build();
            assert_eq!(built.expect_err("no scheme"), error);
        }
        for schemes in [&[][..], &["rsa_pkcs1_sha256"]] {
            let client = client(backend.clone()).engine(Engine::Own);
            let error = client.signature_schemes(schemes).build().expect_err("none");
            let why = "the configuration leaves no signature scheme that fits the protocols to use";
            assert_eq!(error.to_string(), why);
        }
    }
}

#[test]
fn a_ticket_that_the_server_does_not_take_any_more_is_not_offered() {
    let client = client(backend()).engine(Engine::Own).build();
    let client = client.expect("a client");
    let server = server(backend()).protocols(&["TLSv1.3"]);
    let server = server.session_lifetime(Duration::from_secs(60)).build();
    let server = server.expect("a server");
    for (seconds, offered) in [(59, true), (60, false), (3600, false)] {
        let first = Pair::encrypted(&client, &server);
        assert!(first.client.conn.session_tickets_received() > 0);
        let mut pair = Pair::default();
        pair.advance(Duration::from_secs(seconds));
        pair.start(&client, &server);
        let mut hello = ClientHello::parse(&handshake_content(&pair.client.take()));
        let has = hello.extensions().has(number::PRE_SHARED_KEY);
        assert_eq!(has, offered, "{seconds}");
    }
}

#[test]
fn who_keeps_no_tickets_does_not_ask_for_any() {
    // RFC 8446 §4.2.9: a server sends none then.
    for (client, keeps) in [
        (client(backend()), true),
        (client(backend()).session_tickets(false), false),
        (client(backend()).session_cache(0), false),
        (client(backend()).session_lifetime(Duration::ZERO), false),
        (
            client(backend()).session_lifetime(Duration::from_secs(1)),
            true,
        ),
    ] {
        let client = client.engine(Engine::Own).build().expect("a client");
        let server = server(backend()).build().expect("a server");
        let mut pair = Pair::tls(&client, &server);
        let said = pair.client.take();
        let mut hello = ClientHello::parse(&handshake_content(&said));
        assert_eq!(hello.extensions().has(number::PSK_MODES), keeps);
        pair.server.give(&said, usize::MAX);
        pair.run();
        assert!(pair.client.conn.is_encrypted());
        assert_eq!(pair.client.conn.session_tickets_received() > 0, keeps);
    }
}

/// The age that a hello's one ticket has.
fn told_age(said: &[u8]) -> u32 {
    let mut hello = ClientHello::parse(&handshake_content(said));
    let offer = hello.extensions().get(number::PRE_SHARED_KEY);
    let identity = usize::from(u16::from_be_bytes([offer[2], offer[3]]));
    let age = offer[4 + identity..].first_chunk().expect("an age");
    u32::from_be_bytes(*age)
}

#[test]
fn a_ticket_is_as_old_in_each_hello_as_it_is_then() {
    // RFC 8446 §4.1.4, §4.2.11: what is added is the same in both, so the difference is the time between.
    let client = client(backend()).engine(Engine::Own).build();
    let client = client.expect("a client");
    let of = |groups: &[&str]| {
        let server = server(backend()).protocols(&["TLSv1.3"]);
        server.engine(Engine::Own).groups(groups)
    };
    let keys = sslcore::TicketKeys::rotating(&backend(), Duration::from_secs(3600));
    let [first, other] = [["X25519"], ["secp384r1"]].map(|groups| {
        let server = of(&groups).ticket_keys(keys.clone());
        server.build().expect("a server")
    });
    Pair::encrypted(&client, &first);
    let mut pair = Pair::default();
    pair.advance(Duration::from_secs(100));
    pair.start(&client, &other);
    let hello = pair.client.take();
    let before = told_age(&hello);
    pair.server.give(&hello, usize::MAX);
    let retry = pair.server.take();
    pair.advance(Duration::from_secs(7));
    pair.client.give(&retry, usize::MAX);
    let second = pair.client.take();
    // Behind a ChangeCipherSpec.
    let after = told_age(&second[6..]);
    assert_eq!(after.wrapping_sub(before), 7000);
    pair.server.give(&second, usize::MAX);
    pair.run();
    assert!(pair.server.conn.is_resumed());
    assert!(pair.client.conn.is_encrypted());
}

#[test]
fn a_clock_that_is_set_between_two_hellos_changes_nothing_of_them() {
    // RFC 8446 §4.1.2.
    let client = client(backend()).engine(Engine::Own);
    let client = client.groups(&["X25519", "secp256r1"]);
    let client = client.remember_groups(false).build().expect("a client");
    let server = server(backend()).engine(Engine::Own);
    let server = server.groups(&["secp256r1"]).build().expect("a server");
    for clocks in [[false, true], [true, false], [true, true]] {
        let mut pair = Pair::tls(&client, &server);
        pair.client.has_wall_clock = clocks[0];
        let hello = pair.client.take();
        pair.client.has_wall_clock = clocks[1];
        pair.server.give(&hello, usize::MAX);
        let retry = pair.server.take();
        pair.client.give(&retry, usize::MAX);
        let second = pair.client.take();
        // Certificates are judged by a clock.
        pair.client.has_wall_clock = true;
        pair.server.give(&second, usize::MAX);
        pair.run();
        assert!(pair.server.conn.is_encrypted(), "{clocks:?}");
        assert!(pair.server.conn.is_hello_retried());
    }
}

#[test]
fn a_ticket_of_a_server_that_asked_for_nothing_keeps_nobody_out() {
    let client = client(backend()).engine(Engine::Own);
    let client = client.identity(WORLD.client.chain.clone(), WORLD.client.key());
    let client = client.build().expect("a client");
    let keys = sslcore::TicketKeys::rotating(&backend(), Duration::from_secs(3600));
    let serving = |mode| {
        let server = server(backend()).engine(Engine::Own).verify_mode(mode);
        let server = server.ticket_keys(keys.clone()).session_cache(0);
        server.build().expect("a server")
    };
    let (open, strict) = (serving(VerifyMode::None), serving(VerifyMode::Verify));
    Pair::encrypted(&client, &open);
    for resumed in [false, true] {
        let pair = Pair::encrypted(&client, &strict);
        assert_eq!(pair.server.conn.is_resumed(), resumed);
        assert!(pair.server.conn.peer_certificate().is_some());
    }
    // The other way round there is no need for it.
    assert!(Pair::encrypted(&client, &open).server.conn.is_resumed());
}
