//! Both ends, and the keys that they have.

use sslcore::crypto::Backend;
use sslcore::{ClientConfig, ConfigBuilder, Event, FailureKind, PreSharedKey, PskId, ServerConfig};
use sslcore_tests::pair::{End, Pair, backend};

const SECRET: [u8; 32] = [0x5e; 32];

pub(super) fn key(identity: &str) -> PreSharedKey {
    PreSharedKey::new(identity, SECRET).expect("a key")
}

pub(super) fn client(backend: Backend) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend).pre_shared_keys([key("device")])
}

pub(super) fn server(backend: Backend) -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(backend).pre_shared_keys([key("device")])
}

pub(super) fn encrypted(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> Pair {
    let client = client.build().expect("client");
    Pair::encrypted(&client, &server.build().expect("server"))
}

pub(super) fn failed(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (Option<FailureKind>, Option<FailureKind>) {
    let client = client.build().expect("client");
    let mut pair = Pair::tls(&client, &server.build().expect("server"));
    pair.run();
    let kind = |end: &End| end.conn.failure().map(|failure| failure.kind());
    (kind(&pair.client), kind(&pair.server))
}

pub(super) fn echoes(pair: &mut Pair) {
    pair.client.write(b"ping");
    pair.run();
    assert_eq!(pair.server.read_all(), b"ping");
    pair.server.write(b"pong");
    pair.run();
    assert_eq!(pair.client.read_all(), b"pong");
}

pub(super) fn asking() -> Pair {
    let client = ClientConfig::builder(backend()).ask_for_pre_shared_keys();
    let server = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
    let client = client.build().expect("client");
    let mut pair = Pair::tls(&client, &server.build().expect("server"));
    pair.run();
    pair
}

pub(super) fn asked(end: &End) -> PskId {
    let id = end.conn.psk_request().expect("asked").id;
    assert!(end.saw(Event::PreSharedKeyRequired(id)));
    id
}

pub(super) const TLS12: &[&str] = &["TLSv1.2"];

pub(super) const BOTH: &[&str] = &["TLSv1.2", "TLSv1.3"];
