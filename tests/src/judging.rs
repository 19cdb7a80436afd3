//! Chains judged without a handshake.

use std::time::Duration;

use rustls_pki_types::CertificateDer;
use sslcore::{
    Certificate, ClientConfig, ConfigBuilder, PeerName, SslError, SslErrorKind, UnixTime,
};

use crate::certs::NOW;
use crate::chains::{Family, HOST, Made};
use crate::pair::backend;

/// The moment at which they are judged.
pub fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}

/// A client that trusts these.
pub fn trusting(anchors: &[&Made]) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend()).trust_anchors(anchors.iter().map(|made| made.der.clone()))
}

/// The certificates alone.
pub fn ders(chain: &[&Made]) -> Vec<CertificateDer<'static>> {
    chain.iter().map(|made| made.der.clone()).collect()
}

/// What is wrong with a chain of [`HOST`]'s.
pub fn errors(config: ConfigBuilder<ClientConfig>, chain: &[&Made]) -> Vec<SslError> {
    let name = PeerName::new(HOST).expect("a name");
    let config = config.build().expect("a configuration");
    config.verify_chain(&ders(chain), Some(&name), Some(now()))
}

/// Kind and depth of each error; each belongs to the certificate at its depth.
#[track_caller]
pub fn found(config: ConfigBuilder<ClientConfig>, chain: &[&Made]) -> Vec<(SslErrorKind, usize)> {
    let errors = errors(config, chain);
    for error in &errors {
        let its_own = error.certificate().map(Certificate::der);
        assert_eq!(its_own, Some(&chain[error.depth()].der), "{error}");
    }
    errors
        .iter()
        .map(|error| (error.kind(), error.depth()))
        .collect()
}

impl Family {
    /// What is wrong with its chain where its root is trusted.
    #[track_caller]
    pub fn found(&self) -> Vec<(SslErrorKind, usize)> {
        found(trusting(&[&self.root]), &[&self.leaf, &self.middle])
    }
}
