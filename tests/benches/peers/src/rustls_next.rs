//! rustls 0.24, which is not released yet: records are appended to a vector, copied once, and opened where
//! they lie.

use std::borrow::Cow;
use std::sync::Arc;

use rustls_next::crypto::{CryptoProvider, Identity};
use rustls_next::{
    ClientConfig, ClientSide, Connection, RootCertStore, ServerConfig, ServerSide, SliceInput, Tcp,
};
use rustls_next_aws_lc_rs::{DEFAULT_TLS13_PROVIDER, cipher_suite};
use sslcore_tests::certs::WORLD;
use sslcore_tests::rustls_ends;

use crate::contender::{Contender, copy};

pub(crate) struct RustlsNext {
    client: Connection<ClientSide, Tcp>,
    server: Connection<ServerSide, Tcp>,
    outgoing: Vec<u8>,
    incoming: Vec<u8>,
    answer: Vec<u8>,
}

impl RustlsNext {
    pub(crate) fn new() -> Self {
        let provider = Arc::new(CryptoProvider {
            tls13_cipher_suites: Cow::Owned(vec![cipher_suite::TLS13_AES_128_GCM_SHA256]),
            ..DEFAULT_TLS13_PROVIDER
        });
        let mut roots = RootCertStore::empty();
        roots.add(WORLD.ca.der()).expect("the root");
        let client = ClientConfig::builder(provider.clone())
            .with_root_certificates(roots)
            .with_no_client_auth()
            .expect("a client's");
        let identity = Identity::from_cert_chain(WORLD.server.chain.clone()).expect("a chain");
        let server = ServerConfig::builder(provider)
            .with_no_client_auth()
            .with_single_cert(Arc::new(identity), WORLD.server.key())
            .expect("a server's");
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let client = Arc::new(client).connect(rustls_ends::name());
        let mut this = Self {
            client: client.build(&mut up).expect("a client"),
            server: Connection::new(Arc::new(server)).expect("a server"),
            outgoing: Vec::new(),
            incoming: Vec::new(),
            answer: Vec::new(),
        };
        let mut nothing = Vec::new();
        while !up.is_empty() || !down.is_empty() {
            let mut read = std::mem::take(&mut up);
            let mut input = SliceInput::new(&mut read);
            let server = this.server.read_tls(&mut input, &mut down);
            server.handle_all(&mut nothing).expect("the server's part");
            let mut read = std::mem::take(&mut down);
            let mut input = SliceInput::new(&mut read);
            let client = this.client.read_tls(&mut input, &mut up);
            client.handle_all(&mut nothing).expect("the client's part");
        }
        assert!(!this.client.is_handshaking() && !this.server.is_handshaking());
        this
    }
}

impl Contender for RustlsNext {
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8])) {
        self.outgoing.clear();
        for piece in data.chunks(write) {
            self.client
                .write(piece.into(), &mut self.outgoing)
                .expect("encrypted");
        }
        self.incoming.resize(self.outgoing.len(), 0);
        copy(&self.outgoing, &mut self.incoming);
        let mut input = SliceInput::new(&mut self.incoming);
        let mut messages = self.server.read_tls(&mut input, &mut self.answer);
        while let Some(payload) = messages.next_payload() {
            sink(payload.expect("a record").bytes());
        }
    }
}
