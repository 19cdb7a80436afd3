//! rustls' configurations on the provider that sslcore uses, and its unbuffered connections driven.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::ServerName;
use sslcore::crypto::Backend;

use crate::certs::WORLD;

/// The backend's provider with one suite, by IANA's name.
fn provider(backend: &Backend, suite: &str) -> Arc<CryptoProvider> {
    // rustls writes TLS 1.3's suites with a number.
    let name = match suite.contains("_WITH_") {
        true => suite.to_owned(),
        false => suite.replacen("TLS", "TLS13", 1),
    };
    let mut provider = CryptoProvider::clone(backend.provider());
    provider
        .cipher_suites
        .retain(|suite| format!("{:?}", suite.suite()) == name);
    assert_eq!(provider.cipher_suites.len(), 1, "{name}");
    Arc::new(provider)
}

/// The version that a suite is of.
fn versions(suite: &str) -> [&'static SupportedProtocolVersion; 1] {
    match suite.contains("_WITH_") {
        true => [&rustls::version::TLS12],
        false => [&rustls::version::TLS13],
    }
}

/// A client that trusts the tests' root, with one suite, by IANA's name.
pub fn client(backend: &Backend, suite: &str) -> Arc<ClientConfig> {
    let config = ClientConfig::builder_with_provider(provider(backend, suite))
        .with_protocol_versions(&versions(suite))
        .expect("version")
        .with_root_certificates(roots())
        .with_no_client_auth();
    Arc::new(config)
}

/// A server with the tests' certificate and one suite, by IANA's name.
pub fn server(backend: &Backend, suite: &str) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider(backend, suite))
        .with_protocol_versions(&versions(suite))
        .expect("version")
        .with_no_client_auth()
        .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key())
        .expect("identity");
    Arc::new(config)
}

/// The tests' root.
pub fn roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(WORLD.ca.der()).expect("root");
    roots
}

/// The name of the tests' server.
pub fn name() -> ServerName<'static> {
    ServerName::try_from("server.test").expect("a name")
}

/// `process_tls_records` of either role.
pub type Process<C, Data> =
    for<'c, 'i> fn(&'c mut C, &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Data>;

/// Processes whole flights of a handshake and appends the answer to `output`, until there is nothing left
/// to do.
pub fn speak<C, Data>(
    conn: &mut C,
    process: Process<C, Data>,
    input: &mut Vec<u8>,
    output: &mut Vec<u8>,
) {
    let mut used = 0;
    loop {
        let UnbufferedStatus { discard, state, .. } = process(conn, &mut input[used..]);
        used += discard;
        match state.expect("handshake") {
            ConnectionState::EncodeTlsData(mut data) => {
                let mut record = [0; 4096];
                let n = data.encode(&mut record).expect("a small flight");
                output.extend_from_slice(&record[..n]);
            }
            ConnectionState::TransmitTlsData(data) => data.done(),
            _ => break,
        }
    }
    assert_eq!(used, input.len());
    input.clear();
}
