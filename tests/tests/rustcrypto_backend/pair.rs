//! A rustls client and server joined by memory.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SignatureAlgorithm};
use rustls::client::ClientConnection;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::ServerConnection;
use rustls::time_provider::TimeProvider;
use rustls::{
    CipherSuite, ClientConfig, ConnectionCommon, Error, NamedGroup, RootCertStore, ServerConfig,
    SideData, SupportedProtocolVersion,
};
use sslcore::crypto::Backend;

/// 2026-01-01, inside the life of every certificate that rcgen makes by default.
#[derive(Debug)]
struct FixedTime;

impl TimeProvider for FixedTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(
            1_767_225_600,
        )))
    }
}

/// A server's key and certificate, and the authority that issued it.
pub(crate) struct Identity {
    pub(crate) root: CertificateDer<'static>,
    pub(crate) leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    /// For `localhost`, issued by an authority with a key of the same algorithm.
    pub(crate) fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate_for(algorithm).unwrap();
        let root = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate_for(algorithm).unwrap();
        let leaf = CertificateParams::new(["localhost".to_string()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        Self {
            root: root.der().clone(),
            leaf: leaf.der().clone(),
            key: key.serialize_der(),
        }
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}

/// `backend`'s provider with one suite and one group.
pub(crate) fn narrowed(
    backend: &Backend,
    suite: CipherSuite,
    group: NamedGroup,
) -> Arc<CryptoProvider> {
    let mut provider = CryptoProvider::clone(backend.provider());
    provider
        .cipher_suites
        .retain(|known| known.suite() == suite);
    provider.kx_groups.retain(|known| known.name() == group);
    assert_eq!(
        (provider.cipher_suites.len(), provider.kx_groups.len()),
        (1, 1)
    );
    Arc::new(provider)
}

pub(crate) struct Pair {
    pub(crate) client: ClientConnection,
    pub(crate) server: ServerConnection,
}

impl Pair {
    pub(crate) fn new(
        version: &'static SupportedProtocolVersion,
        client: Arc<CryptoProvider>,
        server: Arc<CryptoProvider>,
        identity: &Identity,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(identity.root.clone()).unwrap();
        let mut client = ClientConfig::builder_with_details(client, Arc::new(FixedTime))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.enable_secret_extraction = true;
        let mut server = ServerConfig::builder_with_details(server, Arc::new(FixedTime))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.leaf.clone()], identity.key())
            .unwrap();
        server.enable_secret_extraction = true;
        let name = "localhost".try_into().unwrap();
        Self {
            client: ClientConnection::new(Arc::new(client), name).unwrap(),
            server: ServerConnection::new(Arc::new(server)).unwrap(),
        }
    }

    /// Moves bytes until neither side has any; returns all of them, in order.
    pub(crate) fn settle(&mut self) -> Result<Vec<u8>, Error> {
        let mut wire = Vec::new();
        loop {
            let there = take_tls(&mut self.client);
            give_tls(&mut self.server, &there)?;
            let back = take_tls(&mut self.server);
            give_tls(&mut self.client, &back)?;
            if there.is_empty() && back.is_empty() {
                return Ok(wire);
            }
            wire.extend(there);
            wire.extend(back);
        }
    }
}

pub(crate) fn take_tls<S: SideData>(from: &mut ConnectionCommon<S>) -> Vec<u8> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    bytes
}

pub(crate) fn give_tls<S: SideData>(
    to: &mut ConnectionCommon<S>,
    mut bytes: &[u8],
) -> Result<(), Error> {
    while !bytes.is_empty() {
        to.read_tls(&mut bytes).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}
