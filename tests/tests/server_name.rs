//! Which name was asked for, on both sides.

use sslcore::{Connection, Event, FailureKind, Limits, PeerName, ServerConfig, ServerStart};
use sslcore_tests::pair::{End, Pair, backend, client, server};

fn config(version: &str) -> ServerConfig {
    let server = server(backend()).protocols(&[version]);
    server.build().expect("server")
}

fn start(pair: &mut Pair, name: PeerName, server: ServerStart) {
    let client = client(backend()).build().expect("client");
    pair.client
        .conn
        .start_client_encryption(&client, name)
        .expect("start the client");
    pair.server
        .conn
        .start_server_encryption(server)
        .expect("start the server");
}

fn names(pair: &Pair) -> [Option<&str>; 2] {
    [&pair.client, &pair.server].map(|end| end.conn.server_name())
}

#[test]
fn both_sides_know_the_name_before_and_after_the_end() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        for chunk in [1, usize::MAX] {
            let mut pair = Pair {
                chunk,
                ..Pair::default()
            };
            assert_eq!(names(&pair), [None, None]);
            let name = PeerName::new("Server.test").expect("a name");
            start(&mut pair, name, ServerStart::With(config(version)));
            assert_eq!(pair.client.conn.server_name(), Some("Server.test"));
            pair.run();
            assert!(pair.server.saw(Event::Encrypted));
            assert_eq!(names(&pair), [Some("Server.test"); 2], "{version}");
            pair.client.conn.abort();
            pair.server.conn.abort();
            assert_eq!(names(&pair), [Some("Server.test"); 2], "{version}");
        }
    }
}

#[test]
fn both_sides_know_the_name_without_the_dot_at_its_end() {
    let mut pair = Pair::default();
    let name = PeerName::new("server.test.").expect("a name");
    start(&mut pair, name, ServerStart::With(config("TLSv1.3")));
    pair.run();
    assert!(pair.server.saw(Event::Encrypted));
    assert_eq!(names(&pair), [Some("server.test"); 2]);
}

#[test]
fn the_name_asked_for_is_not_the_one_that_is_verified() {
    let mut pair = Pair::default();
    let name = PeerName::new("front.test").expect("a name");
    let name = name.verify_as("server.test").expect("a name");
    start(&mut pair, name, ServerStart::With(config("TLSv1.3")));
    pair.run();
    assert!(pair.client.conn.is_encrypted());
    assert_eq!(names(&pair), [Some("front.test"); 2]);
}

#[test]
fn an_address_is_not_asked_for_and_nothing_is_without_sni() {
    for name in [
        PeerName::new("127.0.0.1").expect("a name"),
        PeerName::new("server.test").expect("a name").without_sni(),
    ] {
        let mut pair = Pair::default();
        start(&mut pair, name, ServerStart::With(config("TLSv1.3")));
        pair.run();
        assert!(pair.server.conn.is_encrypted());
        assert_eq!(names(&pair), [None, None]);
    }
}

#[test]
fn a_server_knows_the_name_of_a_handshake_that_failed() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let mut pair = Pair::default();
        let name = PeerName::new("elsewhere.test").expect("a name");
        start(&mut pair, name, ServerStart::With(config(version)));
        pair.run();
        assert!(pair.client.conn.failure().is_some());
        assert!(pair.server.conn.failure().is_some());
        assert_eq!(names(&pair), [Some("elsewhere.test"); 2], "{version}");
    }
}

#[test]
fn a_server_that_refuses_to_be_configured_knows_the_name() {
    let mut pair = Pair::default();
    let name = PeerName::new("elsewhere.test").expect("a name");
    let fallback = config("TLSv1.3");
    start(&mut pair, name, ServerStart::Ask { fallback });
    pair.run();
    let id = pair.server.conn.config_request().expect("asked").id;
    assert_eq!(pair.server.conn.server_name(), Some("elsewhere.test"));
    pair.server.conn.refuse_config(id).expect("open");
    pair.run();
    let failure = pair.server.conn.failure().map(|failure| failure.kind());
    assert_eq!(failure, Some(FailureKind::ConfigRefused));
    assert_eq!(pair.server.conn.server_name(), Some("elsewhere.test"));
}

#[test]
fn a_name_that_is_none_is_not_told() {
    let client = client(backend()).build().expect("client");
    let mut asking = End::new(Limits::default());
    let name = PeerName::new("server.test").expect("a name");
    asking
        .conn
        .start_client_encryption(&client, name)
        .expect("start");
    let mut hello = asking.take();
    let at = hello
        .windows(11)
        .position(|bytes| bytes == b"server.test")
        .expect("in the clear");
    hello[at + 6] = b'/';
    let mut end = End::new(Limits::default());
    end.conn
        .start_server_encryption(ServerStart::With(config("TLSv1.3")))
        .expect("start");
    end.give(&hello, usize::MAX);
    assert_eq!(end.conn.server_name(), None);
    drop::<Connection>(end.conn);
}
