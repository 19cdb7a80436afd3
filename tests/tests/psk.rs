//! Pre-shared keys: both ends of ours, in every mode.

use sslcore::crypto::{Backend, HashAlgorithm};
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, ConfigError, Event, FailureKind, PreSharedKey,
    PreSharedKeyError, PskId, ServerConfig, SslCipher, SslMode, SslProtocol, UsageError,
    VerifyMode,
};
use sslcore_tests::pair::{End, Pair, backend, backends};

const SECRET: [u8; 32] = [0x5e; 32];

fn key(identity: &str) -> PreSharedKey {
    PreSharedKey::new(identity, SECRET).expect("a key")
}

fn client(backend: Backend) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend).pre_shared_keys([key("device")])
}

fn server(backend: Backend) -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(backend).pre_shared_keys([key("device")])
}

fn encrypted(client: ConfigBuilder<ClientConfig>, server: ConfigBuilder<ServerConfig>) -> Pair {
    let client = client.build().expect("client");
    Pair::encrypted(&client, &server.build().expect("server"))
}

fn failed(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (Option<FailureKind>, Option<FailureKind>) {
    let client = client.build().expect("client");
    let mut pair = Pair::tls(&client, &server.build().expect("server"));
    pair.run();
    let kind = |end: &End| end.conn.failure().map(|failure| failure.kind());
    (kind(&pair.client), kind(&pair.server))
}

fn echoes(pair: &mut Pair) {
    pair.client.write(b"ping");
    pair.run();
    assert_eq!(pair.server.read_all(), b"ping");
    pair.server.write(b"pong");
    pair.run();
    assert_eq!(pair.client.read_all(), b"pong");
}

#[test]
fn every_suite_of_every_backend() {
    for backend in backends() {
        let suites: Vec<SslCipher> = backend
            .supported_ciphers()
            .filter(|cipher| cipher.protocol() == SslProtocol::TlsV1_3)
            .collect();
        assert!(!suites.is_empty());
        for suite in suites {
            let hash = match suite.name().ends_with("SHA384") {
                true => HashAlgorithm::Sha384,
                false => HashAlgorithm::Sha256,
            };
            let keys = [key("device").with_hash(hash)];
            let mut pair = encrypted(
                client(backend.clone())
                    .pre_shared_keys(keys.clone())
                    .ciphers(&[suite.name()]),
                server(backend.clone()).pre_shared_keys(keys),
            );
            for end in [&pair.client, &pair.server] {
                assert_eq!(end.conn.session_cipher(), Some(suite), "{backend:?}");
                assert_eq!(end.conn.session_protocol(), Some(SslProtocol::TlsV1_3));
                assert_eq!(end.conn.psk_identity(), Some(&b"device"[..]));
                assert!(end.conn.peer_certificate().is_none());
                assert!(end.conn.ssl_errors().is_empty());
                assert!(!end.conn.is_resumed());
            }
            echoes(&mut pair);
        }
    }
}

#[test]
fn every_group_of_every_backend() {
    for backend in backends() {
        for group in backend.supported_groups() {
            let mut pair = encrypted(
                client(backend.clone()).groups(&[group]),
                server(backend.clone()),
            );
            assert_eq!(pair.client.conn.key_exchange_group(), Some(group));
            assert_eq!(pair.server.conn.key_exchange_group(), Some(group));
            echoes(&mut pair);
        }
    }
}
