//! rustls' configurations, on the provider that sslcore uses.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::ServerName;
use sslcore_tests::certs::WORLD;

use super::Scenario;

fn provider(scenario: &Scenario) -> Arc<CryptoProvider> {
    let mut provider = CryptoProvider::clone(scenario.backend.provider());
    provider
        .cipher_suites
        .retain(|suite| format!("{:?}", suite.suite()) == rustls_name(scenario));
    assert_eq!(provider.cipher_suites.len(), 1, "{scenario}");
    Arc::new(provider)
}

/// rustls writes TLS 1.3's suites with a number.
fn rustls_name(scenario: &Scenario) -> String {
    match scenario.tls13 {
        true => scenario.suite().replacen("TLS", "TLS13", 1),
        false => scenario.suite().to_owned(),
    }
}

fn version(scenario: &Scenario) -> &'static SupportedProtocolVersion {
    match scenario.tls13 {
        true => &rustls::version::TLS13,
        false => &rustls::version::TLS12,
    }
}

pub(super) fn client(scenario: &Scenario) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(WORLD.ca.der()).expect("root");
    let config = ClientConfig::builder_with_provider(provider(scenario))
        .with_protocol_versions(&[version(scenario)])
        .expect("version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

pub(super) fn server(scenario: &Scenario) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(provider(scenario))
        .with_protocol_versions(&[version(scenario)])
        .expect("version")
        .with_no_client_auth()
        .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key())
        .expect("identity");
    Arc::new(config)
}

pub(super) fn name() -> ServerName<'static> {
    ServerName::try_from("server.test").expect("a name")
}
