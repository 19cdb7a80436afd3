//! Where a server remembers a session: in the client's ticket, or in its own cache.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::{Resumption, Tls12Resumption};
use rustls::{ClientConnection, RootCertStore};
use sslcore::{
    ConfigBuilder, Limits, OnErrors, ServerConfig, ServerSessionCache, ServerStart, TicketKeys,
    VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::chains;
use sslcore_tests::chains::Made;
use sslcore_tests::forge::exchange;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

/// A server and its cache.
fn caching(
    version: &str,
    mode: VerifyMode,
) -> (ConfigBuilder<ServerConfig>, Arc<ServerSessionCache>) {
    let cache = Arc::new(ServerSessionCache::new(8));
    let server = server(backend()).protocols(&[version]).verify_mode(mode);
    (server.session_store(cache.clone()), cache)
}

#[test]
fn a_session_that_is_in_a_ticket_is_not_in_the_cache() {
    for version in VERSIONS {
        for mode in [VerifyMode::None, VerifyMode::Verify] {
            let (server, cache) = caching(version, mode);
            let server = server.build().expect("a server");
            let client = client(backend()).identity(WORLD.client.chain.clone(), WORLD.client.key());
            let client = client.build().expect("a client");
            for resumed in [false, true, true] {
                let pair = Pair::encrypted(&client, &server);
                assert_eq!(pair.client.conn.is_resumed(), resumed, "{version} {mode:?}");
                assert_eq!(cache.len(), 0, "{version} {mode:?}");
            }
        }
    }
}

/// "None" is judged before the ticket leaves, which TLS 1.2 sends within the handshake.
#[test]
fn a_session_without_the_certificate_that_was_asked_for_is_in_a_ticket() {
    for version in VERSIONS {
        let (server, cache) = caching(version, VerifyMode::Query);
        let server = server.build().expect("a server");
        let client = client(backend()).build().expect("a client");
        for resumed in [false, true, true] {
            let pair = Pair::encrypted(&client, &server);
            assert_eq!(pair.client.conn.is_resumed(), resumed, "{version}");
            assert_eq!(cache.len(), 0, "{version}");
        }
    }
}

/// Who has no certificate, and is forgiven, is not remembered anywhere.
#[test]
fn a_session_is_forgotten_when_it_was_forgiven_that_there_is_no_certificate() {
    for version in VERSIONS {
        let (server, cache) = caching(version, VerifyMode::Verify);
        let server = server.on_errors(OnErrors::DangerouslyAcceptAll);
        let server = server.build().expect("a server");
        let client = client(backend()).build().expect("a client");
        for _ in 0..2 {
            let pair = Pair::encrypted(&client, &server);
            assert!(!pair.client.conn.is_resumed(), "{version}");
            assert_eq!(cache.len(), 0, "{version}");
        }
    }
}

#[test]
fn a_tls12_client_that_takes_no_tickets_is_in_the_cache() {
    let mut roots = RootCertStore::empty();
    roots.add(WORLD.ca.der()).expect("a root");
    let mut client = rustls::ClientConfig::builder_with_provider(backend().provider().clone())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.resumption =
        Resumption::in_memory_sessions(8).tls12_resumption(Tls12Resumption::SessionIdOnly);
    let client = Arc::new(client);
    let (server, cache) = caching("TLSv1.2", VerifyMode::None);
    let server = server.build().expect("a server");
    for resumed in [false, true] {
        let mut end = End::new(Limits::default());
        let start = ServerStart::With(server.clone());
        end.conn.start_server_encryption(start).expect("plain");
        let name = "server.test".try_into().expect("a name");
        let peer = ClientConnection::new(client.clone(), name).expect("a client");
        exchange(&mut end, &mut peer.into());
        assert!(end.conn.is_encrypted());
        assert_eq!(end.conn.is_resumed(), resumed);
        assert_eq!(cache.len(), 1);
    }
}

#[test]
fn a_session_whose_ticket_comes_to_nothing_is_in_the_cache_of_tls12() {
    let no_key = TicketKeys::given(&backend(), &[]).expect("keys");
    let (server, cache) = caching("TLSv1.2", VerifyMode::None);
    let server = server.ticket_keys(no_key).build().expect("a server");
    let short = client(backend()).build().expect("a client");
    for resumed in [false, true] {
        let pair = Pair::encrypted(&short, &server);
        assert_eq!(pair.client.conn.is_resumed(), resumed);
        assert_eq!(cache.len(), 1);
    }

    // A ticket that would be too long.
    let (server, cache) = caching("TLSv1.2", VerifyMode::Verify);
    let server = server.build().expect("a server");
    let padding = Made::self_signed(chains::authority(&"x".repeat(10_000))).der;
    let chain = WORLD.client.chain.iter().cloned().chain([padding]);
    let long = client(backend()).identity(chain, WORLD.client.key());
    let long = long.build().expect("a client");
    for resumed in [false, true] {
        let pair = Pair::encrypted(&long, &server);
        assert_eq!(pair.client.conn.is_resumed(), resumed);
        assert_eq!(cache.len(), 1);
    }
}

#[test]
fn without_tickets_every_session_is_in_the_cache() {
    for version in VERSIONS {
        let (server, cache) = caching(version, VerifyMode::None);
        let server = server.session_tickets(false).build().expect("a server");
        let client = client(backend()).build().expect("a client");
        Pair::encrypted(&client, &server);
        assert!(!cache.is_empty(), "{version}");
        assert!(Pair::encrypted(&client, &server).client.conn.is_resumed());
    }
}

/// As after a restart with stricter settings, wherever the session was kept meanwhile.
#[test]
fn a_lifetime_that_was_made_shorter_counts_for_older_sessions() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    for version in VERSIONS {
        for stateless in [true, false] {
            let keys = TicketKeys::rotating(&backend(), minutes(24 * 60));
            let cache = Arc::new(ServerSessionCache::new(8));
            let server = |lifetime| {
                let server = server(backend()).protocols(&[version]);
                let server = server.verify_mode(VerifyMode::None);
                let server = server.session_lifetime(minutes(lifetime));
                let server = server.session_store(cache.clone());
                let server = match stateless {
                    true => server.ticket_keys(keys.clone()),
                    false => server.session_tickets(false),
                };
                server.build().expect("a server")
            };
            let client = client(backend()).build().expect("a client");
            let resumes_at = |time, server: &ServerConfig| {
                let mut pair = Pair::default();
                pair.advance(minutes(time));
                pair.start(&client, server);
                pair.run();
                assert!(pair.server.conn.is_encrypted());
                pair.server.conn.is_resumed()
            };
            let (long, short) = (server(60), server(20));
            assert!(!resumes_at(0, &long));
            assert!(resumes_at(19, &short), "{version} stateless={stateless}");
            assert!(!resumes_at(21, &short), "{version} stateless={stateless}");
        }
    }
}
