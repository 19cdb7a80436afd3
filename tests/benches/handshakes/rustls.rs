//! The same handshakes by rustls' unbuffered connections, with the same provider and certificates.

use std::sync::Arc;

use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{ClientConfig, HandshakeKind, NamedGroup, RootCertStore, ServerConfig};
use rustls_pki_types::ServerName;
use sslcore::crypto::Backend;
use sslcore_tests::certs::WORLD;

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
        let mut roots = RootCertStore::empty();
        roots.add(WORLD.ca.der()).expect("root");
        let mut client = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&versions)
            .expect("version")
            .with_root_certificates(roots)
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
        let name = ServerName::try_from("server.test").expect("a name");
        let client = UnbufferedClientConnection::new(self.client.clone(), name);
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

/// `process_tls_records` of either role.
type Process<C, Data> = for<'c, 'i> fn(&'c mut C, &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Data>;

/// Processes `input` and appends the answer to `output`, until there is nothing left to do.
fn speak<C, Data>(
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
    input.clear();
}
