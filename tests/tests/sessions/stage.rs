//! Handshakes at a time.

pub(super) use sslcore_tests::pair::VERSIONS;
use std::time::Duration;

use sslcore::{
    ClientConfig, ConfigBuilder, PeerName, ServerConfig, ServerStart, UnixTime, VerifyMode,
};
use sslcore_tests::certs::NOW;
use sslcore_tests::pair::{Pair, backend, client, server};

/// How a server remembers: in tickets, or in its cache.
pub(super) const STATELESS: [bool; 2] = [true, false];

pub(super) const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

pub(super) fn clients(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

pub(super) fn servers(version: &str, stateless: bool) -> ConfigBuilder<ServerConfig> {
    // Without a question for a certificate, to which "none" would be an answer that comes after the
    // ticket of TLS 1.2.
    server(backend())
        .protocols(&[version])
        .session_tickets(stateless)
        .verify_mode(VerifyMode::None)
}

/// Handshakes at this time after the beginning of the tests' clock.
pub(super) fn connect_at(time: Duration, client: &ClientConfig, server: &ServerConfig) -> Pair {
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
pub(super) fn resumes_at(time: Duration, client: &ClientConfig, server: &ServerConfig) -> bool {
    connect_at(time, client, server).client.conn.is_resumed()
}

pub(super) fn resumes(client: &ClientConfig, server: &ServerConfig) -> bool {
    resumes_at(Duration::ZERO, client, server)
}

pub(super) fn at(time: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW) + time)
}

/// Handshakes with a server of this name.
pub(super) fn visit(name: &str, client: &ClientConfig, server: &ServerConfig) -> bool {
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
