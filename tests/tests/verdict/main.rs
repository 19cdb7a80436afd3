//! The hold, the verdict, and what reaches the wire (rules R1, R5, R6).

mod answers;
mod modes;
mod rejections;
mod servers;

use sslcore::{ClientConfig, Event, OnErrors, ServerConfig};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

fn client_of(version: &str) -> sslcore::ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

fn server_of(version: &str) -> sslcore::ConfigBuilder<ServerConfig> {
    server(backend()).protocols(&[version])
}

fn server_as(version: &str, identity: &Identity) -> ServerConfig {
    server_of(version)
        .identity(identity.chain.clone(), identity.key())
        .build()
        .expect("server")
}

fn holding_client(version: &str) -> ClientConfig {
    client_of(version)
        .on_errors(OnErrors::Hold)
        .build()
        .expect("client")
}

/// A pair whose client holds the handshake over a self-signed certificate.
fn held(version: &str) -> Pair {
    let mut pair = Pair::tls(
        &holding_client(version),
        &server_as(version, &WORLD.self_signed),
    );
    pair.run();
    assert!(
        pair.client.conn.review().is_some(),
        "{:?}",
        pair.client.events
    );
    pair
}

/// The records in a stream: content type and length.
fn records(mut bytes: &[u8]) -> Vec<(u8, usize)> {
    let mut records = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = bytes {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        records.push((*kind, len));
        bytes = &rest[len..];
    }
    records
}

fn position(end: &End, event: Event) -> usize {
    end.events
        .iter()
        .position(|seen| *seen == event)
        .unwrap_or_else(|| panic!("{event:?} is not in {:?}", end.events))
}
