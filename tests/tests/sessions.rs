//! Sessions: where they are kept, how many, and for how long.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sslcore::{
    ClientConfig, ClientSession, ClientSessionCache, ClientSessionKey, ClientSessionStore,
    ConfigBuilder, Event, FailureKind, Limits, PeerName, ServerConfig, ServerSession,
    ServerSessionCache, ServerSessionStore, ServerStart, SslProtocol, UnixTime, VerifyMode,
};
use sslcore_tests::certs::{NOW, WORLD};
use sslcore_tests::forge::{Forger, HANDSHAKE};
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];
/// How a server remembers: in tickets, or in its cache.
const STATELESS: [bool; 2] = [true, false];

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn clients(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

fn servers(version: &str, stateless: bool) -> ConfigBuilder<ServerConfig> {
    // Without a question for a certificate, to which "none" would be an answer that comes after the
    // ticket of TLS 1.2.
    server(backend())
        .protocols(&[version])
        .session_tickets(stateless)
        .verify_mode(VerifyMode::None)
}

/// Handshakes at this time after the beginning of the tests' clock.
fn connect_at(time: Duration, client: &ClientConfig, server: &ServerConfig) -> Pair {
    let mut pair = Pair::default();
    pair.advance(time);
    pair.start(client, server);
    pair.run();
    assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
    assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
    let resumed = pair.client.conn.is_resumed();
    assert_eq!(pair.server.conn.is_resumed(), resumed);
    pair
}

/// Whether the handshake at this time was a short one.
fn resumes_at(time: Duration, client: &ClientConfig, server: &ServerConfig) -> bool {
    connect_at(time, client, server).client.conn.is_resumed()
}

fn resumes(client: &ClientConfig, server: &ServerConfig) -> bool {
    resumes_at(Duration::ZERO, client, server)
}

#[test]
fn a_session_ends_with_the_clients_lifetime() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let case = format!("{version} stateless={stateless}");
            let client = clients(version).session_lifetime(minutes(60));
            let client = client.build().expect("client");
            let server = servers(version, stateless).build().expect("server");
            assert!(!resumes(&client, &server), "{case}");
            assert!(resumes_at(minutes(59), &client, &server), "{case}");
            assert!(!resumes_at(minutes(60), &client, &server), "{case}");
        }
    }
}

#[test]
fn a_session_ends_with_the_servers_lifetime() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let case = format!("{version} stateless={stateless}");
            let client = clients(version).build().expect("client");
            let server = servers(version, stateless).session_lifetime(minutes(60));
            let server = server.build().expect("server");
            assert!(!resumes(&client, &server), "{case}");
            assert!(resumes_at(minutes(59), &client, &server), "{case}");
            assert!(!resumes_at(minutes(60), &client, &server), "{case}");
        }
    }
}

#[test]
fn being_resumed_does_not_prolong_a_session() {
    for version in VERSIONS {
        for stateless in STATELESS {
            for by_client in [true, false] {
                let case = format!("{version} stateless={stateless} client={by_client}");
                let (mut client, mut server) = (clients(version), servers(version, stateless));
                if by_client {
                    client = client.session_lifetime(minutes(60));
                } else {
                    server = server.session_lifetime(minutes(60));
                }
                let client = client.build().expect("client");
                let server = server.build().expect("server");
                assert!(!resumes(&client, &server), "{case}");
                for time in [20, 40, 59] {
                    assert!(resumes_at(minutes(time), &client, &server), "{case} {time}");
                }
                assert!(!resumes_at(minutes(60), &client, &server), "{case}");
                assert!(resumes_at(minutes(119), &client, &server), "{case}");
            }
        }
    }
}

#[test]
fn a_session_that_is_declined_does_not_age_the_next_one() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let client = clients(version).session_lifetime(minutes(60));
            let client = client.build().expect("client");
            let server = || servers(version, stateless).build().expect("server");
            let (first, restarted) = (server(), server());
            assert!(!resumes(&client, &first));
            assert!(!resumes_at(minutes(50), &client, &restarted));
            let case = format!("{version} stateless={stateless}");
            assert!(resumes_at(minutes(109), &client, &restarted), "{case}");
            assert!(!resumes_at(minutes(110), &client, &restarted), "{case}");
        }
    }
}

#[test]
fn a_session_lasts_twelve_hours_unless_told_otherwise_and_seven_days_at_most() {
    let day = 24 * 60;
    for (lifetime, last) in [
        (None, 12 * 60 - 1),
        (Some(minutes(30 * day)), 7 * day - 1),
        (Some(Duration::MAX), 7 * day - 1),
    ] {
        for version in VERSIONS {
            let (mut client, mut server) = (clients(version), servers(version, true));
            if let Some(lifetime) = lifetime {
                client = client.session_lifetime(lifetime);
                server = server.session_lifetime(lifetime);
            }
            let client = client.build().expect("client");
            let server = server.build().expect("server");
            resumes(&client, &server);
            assert!(resumes_at(minutes(last), &client, &server), "{version}");
            assert!(
                !resumes_at(minutes(last + 1), &client, &server),
                "{version}"
            );
        }
    }
}

#[test]
fn with_no_lifetime_nothing_is_kept() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let (kept, held) = (
                Arc::new(ClientSessionCache::new(8)),
                Arc::new(ServerSessionCache::new(8)),
            );
            let client = clients(version)
                .session_lifetime(Duration::ZERO)
                .session_store(kept.clone());
            let server = servers(version, stateless)
                .session_lifetime(Duration::ZERO)
                .session_store(held.clone());
            let client = client.build().expect("client");
            let server = server.build().expect("server");
            assert!(!resumes(&client, &server));
            assert!(!resumes(&client, &server));
            assert!(kept.is_empty() && held.is_empty(), "{version} {stateless}");
        }
    }
}

#[test]
fn a_clock_that_went_back_before_the_session_ends_it() {
    for version in VERSIONS {
        for stateless in STATELESS {
            let client = clients(version).build().expect("client");
            let server = servers(version, stateless).build().expect("server");
            resumes_at(minutes(60), &client, &server);
            assert!(!resumes_at(minutes(59), &client, &server), "{version}");
        }
    }
}

#[test]
fn a_ticket_that_comes_late_is_as_old_as_its_handshake() {
    let cache = Arc::new(ClientSessionCache::new(8));
    let client = clients("TLSv1.3")
        .session_lifetime(minutes(60))
        .session_store(cache.clone());
    let client = client.build().expect("client");
    let server = servers("TLSv1.3", true).build().expect("server");
    let mut pair = Pair::tls(&client, &server);
    let hello = pair.client.take();
    pair.server.give(&hello, usize::MAX);
    let flight = pair.server.take();
    pair.client.give(&flight, usize::MAX);
    let finished = pair.client.take();
    pair.server.give(&finished, usize::MAX);
    let tickets = pair.server.take();
    pair.advance(minutes(30));
    pair.client.give(&tickets, usize::MAX);
    assert!(pair.client.saw(Event::SessionTicketReceived));
    assert!(resumes_at(minutes(59), &client, &server));
    assert!(!cache.is_empty());
    cache.remove_expired(at(minutes(60)));
    assert!(cache.is_empty());
}

fn at(time: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW) + time)
}

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
fn without_a_wall_clock_a_ticket_is_not_kept() {
    let cache = Arc::new(ClientSessionCache::new(8));
    let client = clients("TLSv1.3").session_store(cache.clone());
    let client = client.build().expect("client");
    let server = servers("TLSv1.3", true).build().expect("server");
    let mut pair = Pair::tls(&client, &server);
    while !pair.client.conn.is_encrypted() {
        assert!(
            pair.client.conn.failure().is_none(),
            "{:?}",
            pair.client.conn
        );
        let flight = pair.client.take();
        pair.server.give(&flight, usize::MAX);
        let flight = pair.server.take();
        pair.client.give(&flight, usize::MAX);
    }
    pair.client.has_wall_clock = false;
    pair.run();
    assert_eq!(pair.client.conn.session_tickets_received(), 2);
    assert!(cache.is_empty());
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
fn a_server_without_a_wall_clock_issues_no_ticket() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let cache = Arc::new(ClientSessionCache::new(8));
        let client = clients(version).session_store(cache.clone());
        let client = client.build().expect("client");
        let server = servers(version, true).build().expect("server");
        let mut pair = Pair::tls(&client, &server);
        pair.server.has_wall_clock = false;
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{version}");
        assert_eq!(pair.client.conn.session_tickets_received(), 0);
        assert!(cache.is_empty(), "{version}");
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

/// Handshakes with a server of this name.
fn visit(name: &str, client: &ClientConfig, server: &ServerConfig) -> bool {
    let mut pair = Pair::default();
    pair.server
        .conn
        .start_server_encryption(ServerStart::With(server.clone()))
        .expect("start the server");
    let name = PeerName::new(name).expect("a name");
    pair.client
        .conn
        .start_client_encryption(client, name)
        .expect("start the client");
    pair.run();
    assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
    pair.client.conn.is_resumed()
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
fn expired_sessions_go_when_the_next_one_comes() {
    let cache = Arc::new(ClientSessionCache::new(8));
    let client = clients("TLSv1.2").session_store(cache.clone());
    let client = client.build().expect("client");
    let identity = WORLD.ca.leaf(&["server.test", "other.test"]);
    let server = servers("TLSv1.2", true).identity(identity.chain.clone(), identity.key());
    let server = server.build().expect("server");
    visit("other.test", &client, &server);
    assert_eq!(cache.len(), 1);
    connect_at(minutes(11 * 60), &client, &server);
    assert_eq!(cache.len(), 2);
    connect_at(minutes(12 * 60), &client, &server);
    assert_eq!(cache.len(), 1);
}

#[test]
fn two_configurations_with_one_store_leave_each_others_sessions_alone() {
    for version in VERSIONS {
        let store = Arc::new(ClientSessionCache::new(8));
        let config = || {
            let client = clients(version).session_store(store.clone());
            client.build().expect("client")
        };
        let (one, other) = (config(), config());
        let server = servers(version, true).build().expect("server");
        assert!(!resumes(&one, &server));
        let kept = store.len();
        assert!(!resumes(&other, &server), "{version}");
        assert_eq!(store.len(), 2 * kept);
        assert!(resumes(&one, &server), "{version}");
        assert!(resumes(&other.clone(), &server), "{version}");
    }
}

/// A store of the application's own.
#[derive(Default)]
struct OwnClientStore(Mutex<HashMap<ClientSessionKey, Vec<ClientSession>>>);

impl ClientSessionStore for OwnClientStore {
    fn put(&self, key: &ClientSessionKey, session: ClientSession) {
        assert_eq!(key.server_name().to_str(), "server.test");
        assert!(session.begins() <= session.received());
        assert!(session.received() < session.expires());
        let mut sessions = self.0.lock().expect("nobody panics");
        sessions.entry(key.clone()).or_default().push(session);
    }

    fn take(&self, key: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession> {
        let mut sessions = self.0.lock().expect("nobody panics");
        let sessions = sessions.get_mut(key)?;
        let newest = sessions.iter().rposition(|it| it.protocol() == protocol)?;
        Some(sessions.remove(newest))
    }
}

#[test]
fn a_client_resumes_out_of_a_store_of_the_applications() {
    for version in VERSIONS {
        let store = Arc::new(OwnClientStore::default());
        let client = clients(version).session_store(store.clone());
        let client = client.build().expect("client");
        let server = servers(version, true).build().expect("server");
        assert!(!resumes(&client, &server));
        assert!(resumes(&client, &server), "{version}");
        store.0.lock().expect("nobody panics").clear();
        assert!(!resumes(&client, &server), "{version}");
    }
}

#[test]
fn a_client_that_takes_no_tickets_keeps_none() {
    let store = Arc::new(OwnClientStore::default());
    let client = clients("TLSv1.3").session_store(store.clone());
    let client = client.session_tickets(false).build().expect("client");
    let server = servers("TLSv1.3", true).build().expect("server");
    assert!(!resumes(&client, &server));
    assert!(!resumes(&client, &server));
    assert!(store.0.lock().expect("nobody panics").is_empty());
}

/// The same for a server.
#[derive(Default)]
struct OwnServerStore(Mutex<HashMap<Vec<u8>, ServerSession>>);

impl ServerSessionStore for OwnServerStore {
    fn put(&self, id: &[u8], session: ServerSession) {
        assert!(!id.is_empty() && id.len() <= 32);
        assert!(session.begins() <= session.stored());
        assert!(session.stored() < session.expires());
        let mut sessions = self.0.lock().expect("nobody panics");
        sessions.insert(id.to_vec(), session);
    }

    fn get(&self, id: &[u8]) -> Option<ServerSession> {
        self.0.lock().expect("nobody panics").get(id).cloned()
    }

    fn take(&self, id: &[u8]) -> Option<ServerSession> {
        self.0.lock().expect("nobody panics").remove(id)
    }
}

#[test]
fn a_server_resumes_out_of_a_store_of_the_applications() {
    for version in VERSIONS {
        let store = Arc::new(OwnServerStore::default());
        let client = clients(version).build().expect("client");
        let server = servers(version, false).session_store(store.clone());
        let server = server.build().expect("server");
        assert!(!resumes(&client, &server));
        assert!(resumes(&client, &server), "{version}");
        store.0.lock().expect("nobody panics").clear();
        assert!(!resumes(&client, &server), "{version}");
    }
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
