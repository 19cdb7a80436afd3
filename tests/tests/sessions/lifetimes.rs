//! For how long.

use std::sync::Arc;
use std::time::Duration;

use sslcore::{
    ClientSessionCache, Engine, Event, ServerSessionCache, Timeouts, Verdict, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::Pair;

use super::stage::{
    STATELESS, VERSIONS, at, clients, connect_at, minutes, resumes, resumes_at, servers, visit,
};

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

/// rustls makes its tickets before there is a verdict, and cannot know how long it takes.
#[test]
fn a_ticket_that_waited_for_a_verdict_is_good_for_as_long_as_it_says() {
    let hold = minutes(30);
    for stateless in STATELESS {
        let client = clients("TLSv1.3").identity(WORLD.client.chain.clone(), WORLD.client.key());
        let client = client.build().expect("client");
        let timeouts = Timeouts {
            decision: Some(2 * hold),
            ..Timeouts::SERVER
        };
        let server = servers("TLSv1.3", stateless)
            .engine(Engine::Own)
            .verify_mode(VerifyMode::External)
            .session_lifetime(minutes(60))
            .timeouts(timeouts);
        let server = server.build().expect("server");
        let judged = |pair: &mut Pair| {
            pair.server.answer(Verdict::Accept);
            pair.run();
            assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
        };
        let mut pair = Pair::tls(&client, &server);
        pair.run();
        pair.advance(hold);
        judged(&mut pair);
        let hint = pair.client.conn.session_ticket_lifetime_hint();
        let hint = Duration::from_secs(hint.expect("a ticket").into());
        let mut pair = Pair::default();
        pair.advance(hold + hint - Duration::from_secs(1));
        pair.start(&client, &server);
        pair.run();
        judged(&mut pair);
        assert!(pair.server.conn.is_resumed(), "{stateless} {hint:?}");
    }
}
