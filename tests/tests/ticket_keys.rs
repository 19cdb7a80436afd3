//! The keys of session tickets: they rotate by the clock that connections are given, and can be
//! shared.

use std::time::Duration;

use sslcore::crypto::Backend;
use sslcore::{ClientConfig, ServerConfig, TicketKeys, VerifyMode};
use sslcore_tests::pair::{Pair, VERSIONS, backend, backends, client, server};

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn new_client(version: &str) -> ClientConfig {
    let client = client(backend()).protocols(&[version]);
    client.build().expect("client")
}

fn with_keys(version: &str, keys: &TicketKeys) -> ServerConfig {
    let server = server(backend())
        .protocols(&[version])
        .ticket_keys(keys.clone())
        .verify_mode(VerifyMode::None)
        .session_cache(0);
    server.build().expect("server")
}

/// Handshakes at this time, and says whether it was a short one.
fn resumes_at(time: Duration, client: &ClientConfig, server: &ServerConfig) -> bool {
    resumes_at_times([time, time], client, server)
}

/// The same when the client's clock says another time than the server's.
fn resumes_at_times(times: [Duration; 2], client: &ClientConfig, server: &ServerConfig) -> bool {
    let mut pair = Pair::default();
    for (end, time) in [&mut pair.client, &mut pair.server].into_iter().zip(times) {
        end.time = end.time.after(time);
    }
    pair.start(client, server);
    pair.run();
    assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
    pair.client.conn.is_resumed()
}

fn resumes(client: &ClientConfig, server: &ServerConfig) -> bool {
    resumes_at(Duration::ZERO, client, server)
}

#[test]
fn a_ticket_is_good_for_one_period_whenever_its_key_is_replaced() {
    for version in VERSIONS {
        for replaced_at in [None, Some(60), Some(118)] {
            let keys = TicketKeys::rotating(&backend(), minutes(60));
            let server = with_keys(version, &keys);
            resumes(&new_client(version), &server);
            let client = new_client(version);
            // Nearly the last that is sealed under the first key.
            assert!(!resumes_at(minutes(59), &client, &server));
            if let Some(time) = replaced_at {
                assert!(!resumes_at(minutes(time), &new_client(version), &server));
            }
            let case = format!("{version} {replaced_at:?}");
            assert!(resumes_at(minutes(118), &client, &server), "{case}");
        }
    }
}

#[test]
fn a_key_that_was_first_used_before_the_clock_went_back_does_not_live_longer_for_it() {
    for version in VERSIONS {
        let keys = TicketKeys::rotating(&backend(), minutes(60));
        let server = with_keys(version, &keys);
        let [early, late] = [(); 2].map(|()| new_client(version));
        assert!(!resumes_at(minutes(600), &new_client(version), &server));
        assert!(!resumes(&early, &server));
        assert!(!resumes(&late, &server));
        // A client whose clock stands still would use its ticket for ever.
        let resumes_at = |time, client: &ClientConfig| {
            resumes_at_times([Duration::ZERO, minutes(time)], client, &server)
        };
        assert!(resumes_at(119, &early), "{version}");
        assert!(!resumes_at(120, &late), "{version}");
    }
}

#[test]
fn the_hint_promises_no_more_than_the_keys_keep() {
    let keys = TicketKeys::rotating(&backend(), minutes(60));
    let mut pair = Pair::tls(&new_client("TLSv1.3"), &with_keys("TLSv1.3", &keys));
    pair.run();
    assert_eq!(pair.client.conn.session_ticket_lifetime_hint(), Some(3600));
}

#[test]
fn configurations_with_keys_of_their_own_do_not_open_each_others_tickets() {
    for version in VERSIONS {
        let build = || {
            let server = server(backend()).protocols(&[version]);
            server.verify_mode(VerifyMode::None).session_cache(0)
        };
        let (one, other) = (
            build().build().expect("server"),
            build().build().expect("server"),
        );
        let client = new_client(version);
        resumes(&client, &one);
        assert!(!resumes(&client, &other), "{version}");
    }
}

#[test]
fn configurations_that_share_keys_open_each_others_tickets() {
    for version in VERSIONS {
        let keys = TicketKeys::rotating(&backend(), minutes(60));
        let client = new_client(version);
        resumes(&client, &with_keys(version, &keys));
        assert!(resumes(&client, &with_keys(version, &keys)), "{version}");
    }
}

fn given(backend: &Backend, secrets: &[[u8; 32]]) -> TicketKeys {
    TicketKeys::given(backend, secrets).expect("ChaCha20-Poly1305")
}

#[test]
fn servers_that_are_given_the_same_keys_open_each_others_tickets() {
    let (old, new) = ([1; 32], [2; 32]);
    for version in VERSIONS {
        for backend in backends() {
            let (here, there) = (given(&backend, &[old]), given(&backend, &[old]));
            let (this, that) = (with_keys(version, &here), with_keys(version, &there));
            let client = new_client(version);
            assert!(!resumes(&client, &this));
            assert!(resumes(&client, &that), "{version}");
            // The new key is distributed first, and then used.
            there.replace(&[old, new]).expect("keys");
            here.replace(&[new, old]).expect("keys");
            assert!(resumes(&client, &this), "{version}");
            assert!(resumes(&client, &that), "{version}");
            there.replace(&[]).expect("none");
            assert!(!resumes(&client, &that), "{version}");
        }
    }
}

#[test]
fn without_a_key_no_ticket_is_sent() {
    let keys = given(&backend(), &[]);
    let mut pair = Pair::tls(&new_client("TLSv1.3"), &with_keys("TLSv1.3", &keys));
    pair.run();
    assert!(pair.client.conn.is_encrypted());
    assert_eq!(pair.client.conn.session_tickets_received(), 0);
    let client = new_client("TLSv1.2");
    assert!(!resumes(&client, &with_keys("TLSv1.2", &keys)));
    assert!(!resumes(&client, &with_keys("TLSv1.2", &keys)));
}

#[test]
fn keys_are_not_told() {
    let keys = given(&backend(), &[[0xab; 32]]);
    assert_eq!(format!("{keys:?}"), "TicketKeys");
}
