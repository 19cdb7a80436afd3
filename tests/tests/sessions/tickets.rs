//! What is told of them, and how many there are.

use std::sync::Arc;
use std::time::Duration;

use sslcore::{
    ClientConfig, ClientSessionCache, Engine, Event, FailureKind, Limits, ServerConfig,
    ServerSessionCache, TicketKeys,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::forge::{Forger, HANDSHAKE};
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};

use super::stage::{
    STATELESS, VERSIONS, at, clients, connect_at, minutes, resumes, servers, visit,
};

#[test]
fn tickets_arrive_as_an_event_and_are_counted() {
    let client = client(backend()).build().expect("client");
    let server = server(backend()).build().expect("server");
    let pair = connect_at(Duration::ZERO, &client, &server);
    assert!(pair.client.saw(Event::SessionTicketReceived));
    assert!(!pair.server.saw(Event::SessionTicketReceived));
    assert_eq!(pair.client.conn.session_tickets_received(), 2);
    let twelve_hours = Some(12 * 60 * 60);
    assert_eq!(
        pair.client.conn.session_ticket_lifetime_hint(),
        twelve_hours
    );
    assert_eq!(pair.server.conn.session_tickets_received(), 0);
    assert_eq!(pair.server.conn.session_ticket_lifetime_hint(), None);
    // A session that is resumed has less left to live, and its tickets say so.
    let mut pair = connect_at(minutes(60), &client, &server);
    assert!(pair.client.conn.is_resumed());
    let eleven_hours = Some(11 * 60 * 60);
    assert_eq!(
        pair.client.conn.session_ticket_lifetime_hint(),
        eleven_hours
    );
    pair.client.conn.abort();
    assert_eq!(pair.client.conn.session_tickets_received(), 2);
    assert_eq!(
        pair.client.conn.session_ticket_lifetime_hint(),
        eleven_hours
    );
}

#[test]
fn a_ticket_without_a_lifetime_is_told_and_not_kept() {
    for (lifetime, kept) in [(0, 0), (256, 1)] {
        let cache = Arc::new(ClientSessionCache::new(8));
        let config = clients("TLSv1.3").session_store(cache.clone());
        let mut end = End::new(Limits::default());
        end.conn
            .start_client_encryption(&config.build().expect("client"), server_name())
            .expect("start");
        let mut forger = Forger::as_server(&mut end, true);
        // Lifetime, age_add, nonce, ticket, no extensions (RFC 8446 §4.6.1).
        let mut ticket = [4, 0, 0, 15, 0, 0, 0, 0, 1, 2, 3, 4, 1, 0, 0, 1, 7, 0, 0];
        ticket[4..8].copy_from_slice(&u32::to_be_bytes(lifetime));
        end.give(&forger.seal(HANDSHAKE, &ticket), usize::MAX);
        assert!(end.saw(Event::SessionTicketReceived));
        assert_eq!(end.conn.session_ticket_lifetime_hint(), Some(lifetime));
        assert_eq!(cache.len(), kept);
        end.give(&forger.seal(HANDSHAKE, &[4, 0, 0, 3, 0, 0, 0]), usize::MAX);
        let failure = end.conn.failure().expect("malformed").kind();
        assert_eq!(failure, FailureKind::MalformedMessage);
    }
}

#[test]
fn of_tls12_one_session_is_kept_and_of_tls13_every_ticket() {
    for (versions, kept) in [
        // A server that speaks TLS 1.3 resumes no session of TLS 1.2 any more.
        (["TLSv1.2", "TLSv1.3"], 2),
        (["TLSv1.3", "TLSv1.2"], 2 + 1),
        (["TLSv1.2", "TLSv1.2"], 1),
        (["TLSv1.3", "TLSv1.3"], 2 + 2),
    ] {
        let cache = Arc::new(ClientSessionCache::new(8));
        let client = client(backend()).session_store(cache.clone());
        let client = client.build().expect("client");
        // Both begin before there is a session to resume.
        let mut pairs = versions.map(|version| {
            let server = servers(version, true).build().expect("server");
            let mut pair = Pair::tls(&client, &server);
            pair.client.settle();
            pair
        });
        pairs.iter_mut().for_each(Pair::run);
        assert_eq!(cache.len(), kept, "{versions:?}");
    }
}

#[test]
fn in_tls12_a_ticket_is_part_of_the_handshake_and_no_event() {
    let client = clients("TLSv1.2").build().expect("client");
    let server = servers("TLSv1.2", true).session_cache(0);
    let server = server.build().expect("server");
    let pair = connect_at(Duration::ZERO, &client, &server);
    assert!(!pair.client.saw(Event::SessionTicketReceived));
    assert_eq!(pair.client.conn.session_tickets_received(), 0);
    assert!(resumes(&client, &server));
}

#[test]
fn a_client_forgets_the_server_that_it_has_longest_not_visited() {
    let names = ["one.test", "two.test", "three.test"];
    let identity = WORLD.ca.leaf(&names);
    for version in VERSIONS {
        let server = servers(version, true).identity(identity.chain.clone(), identity.key());
        let server = server.build().expect("server");
        let client = clients(version).session_cache(2).build().expect("client");
        assert!(!visit("one.test", &client, &server));
        assert!(!visit("two.test", &client, &server));
        assert!(visit("one.test", &client, &server));
        assert!(!visit("three.test", &client, &server));
        assert!(visit("one.test", &client, &server), "{version}");
        assert!(!visit("two.test", &client, &server), "{version}");
    }
}

#[test]
fn a_client_keeps_so_many_tickets_of_a_server() {
    for (limit, kept) in [(0, 0), (1, 1), (2, 2), (9, 6)] {
        let cache = Arc::new(ClientSessionCache::new(8).sessions_per_server(limit));
        let client = clients("TLSv1.3").session_store(cache.clone());
        let client = client.build().expect("client");
        for _ in 0..3 {
            // Servers of three configurations: none takes another's tickets.
            let server = servers("TLSv1.3", true).build().expect("server");
            let mut pair = Pair::tls(&client, &server);
            pair.run();
            assert_eq!(pair.client.conn.session_tickets_received(), 2);
            assert!(!pair.client.conn.is_resumed());
        }
        // Each connection but the first has offered a ticket.
        let offered = if limit == 9 { 2 } else { 0 };
        assert_eq!(cache.len(), kept - offered, "{limit}");
        cache.clear();
        assert!(cache.is_empty());
    }
}

#[test]
fn every_tls13_session_is_offered_once() {
    let cache = Arc::new(ClientSessionCache::new(8));
    let client = clients("TLSv1.3").session_store(cache.clone());
    let client = client.build().expect("client");
    let server = servers("TLSv1.3", true).build().expect("server");
    resumes(&client, &server);
    let mut offered: Vec<Vec<u8>> = Vec::new();
    for _ in 0..2 {
        let mut pair = Pair::tls(&client, &server);
        offered.push(pair.client.take());
        pair.client.conn.abort();
    }
    assert_ne!(offered[0][..], offered[1][..]);
    assert!(cache.is_empty());
    assert!(!resumes(&client, &server));
}

#[test]
fn a_server_forgets_the_oldest_session_first() {
    let cache = Arc::new(ServerSessionCache::new(2));
    let server = servers("TLSv1.2", false).session_store(cache.clone());
    let server = server.build().expect("server");
    let clients: Vec<ClientConfig> = (0..3)
        .map(|_| clients("TLSv1.2").build().expect("client"))
        .collect();
    for client in &clients {
        assert!(!resumes(client, &server));
    }
    assert_eq!(cache.len(), 2);
    // Being resumed does not make them younger.
    assert!(resumes(&clients[2], &server));
    assert!(resumes(&clients[1], &server));
    assert!(!resumes(&clients[0], &server));
    assert!(!resumes(&clients[1], &server));
    assert_eq!(cache.len(), 2);
    cache.remove_expired(at(minutes(12 * 60)));
    assert!(cache.is_empty());
    assert_eq!(cache.bytes(), 0);
}

#[test]
fn a_server_that_was_told_to_forget_all_sessions_resumes_none_of_them() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let cache = Arc::new(ServerSessionCache::new(8));
        let server = servers(version, false).session_store(cache.clone());
        let server = server.build().expect("server");
        let client = clients(version).build().expect("client");
        assert!(!resumes(&client, &server));
        assert!(resumes(&client, &server), "{version}");
        assert!(!cache.is_empty() && cache.bytes() > 0);
        cache.clear();
        assert_eq!((cache.len(), cache.bytes()), (0, 0));
        assert!(!resumes(&client, &server), "{version}");
    }
}

#[test]
fn a_server_holds_so_many_bytes_of_sessions() {
    let probe = Arc::new(ServerSessionCache::new(8));
    let config = |cache: &Arc<ServerSessionCache>| {
        let server = servers("TLSv1.2", false).session_store(cache.clone());
        server.build().expect("server")
    };
    let connect =
        |server: &ServerConfig| resumes(&clients("TLSv1.2").build().expect("client"), server);
    connect(&config(&probe));
    let size = probe.bytes();
    assert!(size > 48, "{size}");
    for (bytes, held) in [(size - 1, 0), (size, 1), (3 * size - 1, 2), (3 * size, 3)] {
        let cache = Arc::new(ServerSessionCache::new(8).max_bytes(bytes));
        let server = config(&cache);
        for _ in 0..4 {
            connect(&server);
            assert!(cache.bytes() <= bytes);
        }
        assert_eq!(cache.len(), held);
    }
}

#[test]
fn a_name_in_other_letters_is_the_same_server() {
    for engine in [Engine::Own, Engine::Rustls] {
        for stateless in STATELESS {
            let server = servers("TLSv1.3", stateless).engine(engine);
            let (client, server) = (clients("TLSv1.3").build(), server.build());
            let (client, server) = (client.expect("client"), server.expect("server"));
            assert!(!visit("server.test", &client, &server));
            assert!(visit("SERVER.test", &client, &server), "{engine:?}");
        }
    }
}

#[test]
fn one_engines_sessions_are_nothing_to_the_other() {
    use Engine::{Own, Rustls};
    let keys = TicketKeys::rotating(&backend(), minutes(60));
    for stateless in STATELESS {
        let cache = Arc::new(ServerSessionCache::new(8));
        let server = |engine| {
            let server = servers("TLSv1.3", stateless).engine(engine);
            let server = match stateless {
                true => server.ticket_keys(keys.clone()),
                false => server.session_store(cache.clone()),
            };
            server.build().expect("server")
        };
        for (first, second, resumed) in [
            (Own, Own, true),
            (Rustls, Rustls, true),
            (Own, Rustls, false),
            (Rustls, Own, false),
        ] {
            let client = clients("TLSv1.3").build().expect("client");
            assert!(!resumes(&client, &server(first)));
            let resumes = resumes(&client, &server(second));
            assert_eq!(resumes, resumed, "{first:?} {second:?} {stateless}");
        }
    }
}
