//! The same handshakes by rustls' unbuffered connections, with the same provider and certificates.

use std::sync::Arc;

use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection};
use rustls::{ClientConfig, HandshakeKind, NamedGroup, ServerConfig};
use sslcore::crypto::Backend;
use sslcore_tests::certs::WORLD;
use sslcore_tests::rustls_ends::{name, roots, speak};

use crate::Kind;

/// Both configurations, made once.
pub(crate) struct Rustls {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Rustls {
    pub(crate) fn new(backend: &Backend, kind: Kind) -> Self {
        let versions = match kind.version {
            "TLSv1.2" => [&rustls::version::TLS12],
            _ => [&rustls::version::TLS13],
        };
        let mut provider = CryptoProvider::clone(backend.provider());
        let groups = &mut provider.kx_groups;
        groups.retain(|group| group.name() == NamedGroup::X25519);
        let provider = Arc::new(provider);
        let mut client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions)
            .expect("version")
            .with_root_certificates(roots())
            .with_no_client_auth();
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .expect("version")
            .with_no_client_auth()
            .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key())
            .expect("identity");
        if !kind.resumed {
            client.resumption = Resumption::disabled();
            server.session_storage = Arc::new(NoServerSessionStorage {});
            server.send_tls13_tickets = 0;
        }
        Self {
            client: Arc::new(client),
            server: Arc::new(server),
        }
    }

    /// One handshake of both ends. Whether it resumed a session.
    pub(crate) fn handshake(&self) -> bool {
        let client = UnbufferedClientConnection::new(self.client.clone(), name());
        let server = UnbufferedServerConnection::new(self.server.clone());
        let (mut client, mut server) = (client.expect("client"), server.expect("server"));
        let (mut up, mut down) = (Vec::new(), Vec::new());
        loop {
            speak(
                &mut client,
                |c, i| c.process_tls_records(i),
                &mut down,
                &mut up,
            );
            if up.is_empty() {
                break;
            }
            speak(
                &mut server,
                |c, i| c.process_tls_records(i),
                &mut up,
                &mut down,
            );
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        client.handshake_kind() == Some(HandshakeKind::Resumed)
    }
}
