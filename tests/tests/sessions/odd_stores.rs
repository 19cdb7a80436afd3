//! Stores of the application's that do not do what they are asked to, and tickets that are of no use.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{DnType, date_time_ymd};
use sslcore::{
    ClientSession, ClientSessionKey, ClientSessionStore, ServerSession, ServerSessionCache,
    ServerSessionStore, SslProtocol, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::hello::{ClientHello, number};
use sslcore_tests::pair::Pair;

use super::stage::{VERSIONS, clients, connect_at, minutes, resumes, servers, visit};

/// Gives the newest session of the version, whoever is asked about.
#[derive(Default)]
struct Careless {
    sessions: Mutex<Vec<ClientSession>>,
    taken: AtomicUsize,
}

impl ClientSessionStore for Careless {
    fn put(&self, _: &ClientSessionKey, session: ClientSession) {
        self.sessions.lock().expect("a lock").push(session);
    }

    fn take(&self, _: &ClientSessionKey, protocol: SslProtocol) -> Option<ClientSession> {
        self.taken.fetch_add(1, Ordering::Relaxed);
        let mut sessions = self.sessions.lock().expect("a lock");
        let newest = sessions.iter().rposition(|it| it.protocol() == protocol)?;
        Some(sessions.remove(newest))
    }
}

#[test]
fn a_server_resumes_no_session_of_another_name() {
    for version in VERSIONS {
        for stateless in [true, false] {
            let client = clients(version).session_store(Arc::new(Careless::default()));
            let client = client.build().expect("client");
            let identity = WORLD.ca.leaf(&["one.test", "two.test"]);
            let server = servers(version, stateless);
            let server = server.identity(identity.chain.clone(), identity.key());
            let server = server.build().expect("server");
            assert!(!visit("one.test", &client, &server), "{version}");
            assert!(!visit("two.test", &client, &server), "{version}");
            assert!(visit("two.test", &client, &server), "{version}");
        }
    }
}

#[test]
fn a_store_without_end_is_not_emptied_to_its_end() {
    let store = Arc::new(Careless::default());
    let client = clients("TLSv1.3").session_store(store.clone());
    let client = client.build().expect("client");
    let short_lived = WORLD.ca.leaf_with(&["server.test"], |params| {
        params.not_after = date_time_ymd(2026, 1, 1) + minutes(60);
    });
    let server = servers("TLSv1.3", true);
    let server = server.identity(short_lived.chain.clone(), short_lived.key());
    let server = server.build().expect("server");
    // Each takes one, and two come.
    for _ in 0..150 {
        connect_at(minutes(0), &client, &server);
    }
    store.taken.store(0, Ordering::Relaxed);
    let mut pair = Pair::default();
    pair.advance(minutes(120));
    pair.start(&client, &server);
    pair.run();
    assert!(pair.client.conn.is_resumed());
    assert!(pair.client.conn.failure().is_some(), "it has expired");
    let (taken, left) = (
        store.taken.load(Ordering::Relaxed),
        store.sessions.lock().expect("a lock").len(),
    );
    // One was offered, and some of either version are forgotten.
    assert!(taken > 2 && taken <= 1 + 2 * 64, "{taken}");
    assert!(left > 0, "{left}");
}

/// Shows a session, which somebody else takes meanwhile.
struct TakenElsewhere(ServerSessionCache);

impl ServerSessionStore for TakenElsewhere {
    fn put(&self, id: &[u8], session: ServerSession) {
        self.0.put(id, session);
    }

    fn get(&self, id: &[u8]) -> Option<ServerSession> {
        self.0.get(id)
    }

    fn take(&self, id: &[u8]) -> Option<ServerSession> {
        self.0.take(id);
        None
    }
}

#[test]
fn a_session_that_another_process_has_taken_is_not_resumed() {
    let client = clients("TLSv1.3").build().expect("client");
    let server = servers("TLSv1.3", false);
    let server = server.session_store(Arc::new(TakenElsewhere(ServerSessionCache::new(8))));
    let server = server.build().expect("server");
    for _ in 0..3 {
        assert!(!resumes(&client, &server));
    }
}

#[test]
fn a_session_that_does_not_fit_into_a_ticket_is_not_kept() {
    for (name, tickets) in [(100, 2), (20_000, 0)] {
        let identity = WORLD.ca.leaf_with(&["client.test"], |params| {
            let name = "x".repeat(name);
            params.distinguished_name.push(DnType::CommonName, name);
        });
        let client = clients("TLSv1.3").identity(identity.chain.clone(), identity.key());
        let client = client.build().expect("client");
        let server = servers("TLSv1.3", true).verify_mode(VerifyMode::Verify);
        let server = server.build().expect("server");
        let pair = connect_at(minutes(0), &client, &server);
        let received = pair.client.conn.session_tickets_received();
        assert_eq!(received, tickets, "{name}");
        assert_eq!(resumes(&client, &server), tickets > 0, "{name}");
    }
}

/// The obfuscated_ticket_age of the first session that a hello offers (RFC 8446 §4.2.11).
fn told_age(hello: &[u8]) -> u32 {
    let mut hello = ClientHello::parse(&hello[5..]);
    let offered = hello.extensions().get(number::PRE_SHARED_KEY);
    let ticket = usize::from(u16::from_be_bytes([offered[2], offered[3]]));
    let age = offered[4 + ticket..][..4].try_into();
    u32::from_be_bytes(age.expect("four bytes"))
}

#[test]
fn how_old_a_ticket_is_is_told_to_the_server_alone() {
    let client = clients("TLSv1.3").build().expect("client");
    let server = servers("TLSv1.3", true).build().expect("server");
    connect_at(minutes(0), &client, &server);
    let ages = [(); 2].map(|()| {
        let mut pair = Pair::default();
        pair.advance(minutes(10));
        pair.start(&client, &server);
        told_age(&pair.client.take())
    });
    // Two tickets that came together: each is disguised by a number of its own.
    assert_ne!(ages[0], ages[1]);
    let age = u32::try_from(minutes(10).as_millis()).expect("it fits");
    assert!(!ages.contains(&age), "{ages:?}");
}
