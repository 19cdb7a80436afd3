//! A peer that handshakes honestly with rustls and then seals whatever a test wants.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, ConnectionTrafficSecrets, DigitallySignedStruct,
    ProtocolVersion, ServerConfig, ServerConnection, SignatureScheme, SupportedProtocolVersion,
};
use sslcore::crypto::AeadAlgorithm;

use crate::certs::WORLD;
use crate::pair::{End, backend};
pub use crate::sealing::{ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE};
use crate::sealing::{Direction, records};

/// A forger: one honest handshake, then anything.
pub struct Forger {
    tx: Direction,
    rx: Direction,
}

/// Believes everything, and calls `hear` with the time at which it is asked about a chain: who the honest
/// end is, is not what these tests are about.
pub struct Gullible<F>(pub F);

impl<F> fmt::Debug for Gullible<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gullible")
    }
}

impl<F: Fn(UnixTime) + Send + Sync> ServerCertVerifier for Gullible<F> {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        (self.0)(now);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        backend()
            .provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// A verifier for clients that believe every server.
pub fn gullible() -> Arc<dyn ServerCertVerifier> {
    Arc::new(Gullible(|_| ()))
}

fn versions(tls13: bool) -> [&'static SupportedProtocolVersion; 1] {
    [if tls13 {
        &rustls::version::TLS13
    } else {
        &rustls::version::TLS12
    }]
}

/// Without ML-KEM, so that hellos are short.
fn provider() -> CryptoProvider {
    let mut provider = CryptoProvider::clone(backend().provider());
    let classical = ProtocolVersion::TLSv1_2;
    let groups = &mut provider.kx_groups;
    groups.retain(|group| group.usable_for_version(classical));
    provider
}

/// A rustls client for this version.
pub fn rustls_client(tls13: bool) -> ClientConnection {
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&versions(tls13))
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(gullible())
        .with_no_client_auth();
    config.enable_secret_extraction = true;
    let name = ServerName::try_from("server.test").expect("name");
    ClientConnection::new(Arc::new(config), name).expect("client")
}

/// A rustls server for this version.
pub fn rustls_server(tls13: bool) -> ServerConnection {
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&versions(tls13))
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(WORLD.server.chain.clone(), WORLD.server.key())
        .expect("identity");
    config.enable_secret_extraction = true;
    config.send_tls13_tickets = 0;
    ServerConnection::new(Arc::new(config)).expect("server")
}

/// Carries bytes between an end and a rustls connection until both are silent.
pub fn exchange(end: &mut End, peer: &mut rustls::Connection) {
    for _ in 0..100 {
        let ours = end.take();
        let mut unread = &ours[..];
        while !unread.is_empty() {
            peer.read_tls(&mut unread).expect("memory");
            peer.process_new_packets().expect("the honest part");
        }
        let mut theirs = Vec::new();
        while peer.wants_write() {
            peer.write_tls(&mut theirs).expect("memory");
        }
        end.give(&theirs, usize::MAX);
        if ours.is_empty() && theirs.is_empty() {
            return;
        }
    }
    panic!("never silent");
}

impl Forger {
    /// Handshakes with `end`, which has been told to start TLS as a server.
    pub fn as_client(end: &mut End, tls13: bool) -> Self {
        Self::after(end, rustls_client(tls13).into(), tls13)
    }

    /// Handshakes with `end`, which has been told to start TLS as a client.
    pub fn as_server(end: &mut End, tls13: bool) -> Self {
        Self::after(end, rustls_server(tls13).into(), tls13)
    }

    /// Who knows the key of one direction: opens what the honest end seals, and seals in its place.
    pub fn in_the_middle(tls13: bool, key: &[u8; 16], iv: [u8; 12]) -> Self {
        let direction =
            || Direction::new(&backend(), tls13, AeadAlgorithm::Aes128Gcm, (key, &iv), 0);
        Self {
            tx: direction(),
            rx: direction(),
        }
    }

    fn after(end: &mut End, mut peer: rustls::Connection, tls13: bool) -> Self {
        exchange(end, &mut peer);
        assert!(end.conn.is_encrypted(), "{:?}", end.conn);
        let secrets = peer.dangerous_extract_secrets().expect("extraction is on");
        Self {
            tx: direction(tls13, secrets.tx),
            rx: direction(tls13, secrets.rx),
        }
    }

    /// One record of this type with this content.
    pub fn seal(&mut self, content: u8, body: &[u8]) -> Vec<u8> {
        self.seal_padded(content, body, 0)
    }

    /// The same with TLS 1.3 padding.
    pub fn seal_padded(&mut self, content: u8, body: &[u8], padding: usize) -> Vec<u8> {
        self.tx.seal(content, body, padding)
    }

    /// One TLS 1.3 record with all that is sealed in it: the content, its type, the padding.
    pub fn seal_inner(&mut self, inner: &[u8]) -> Vec<u8> {
        self.tx.seal_inner(inner.to_vec())
    }

    /// Opens the records that the honest end has sent: type and content of each.
    pub fn open(&mut self, bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let records = records(bytes);
        records.iter().map(|record| self.rx.open(record)).collect()
    }
}

fn direction(tls13: bool, (seq, secrets): (u64, ConnectionTrafficSecrets)) -> Direction {
    let (algorithm, key, iv) = match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (AeadAlgorithm::Aes128Gcm, key, iv),
        ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (AeadAlgorithm::Aes256Gcm, key, iv),
        _ => panic!("the tests negotiate AES-GCM"),
    };
    let material = (key.as_ref(), iv.as_ref());
    Direction::new(&backend(), tls13, algorithm, material, seq)
}
