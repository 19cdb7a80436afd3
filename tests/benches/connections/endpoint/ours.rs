//! sslcore, driven as its documentation says.

use sslcore::crypto::Backend;
use sslcore::{
    Buffers, ClientConfig, Connection, Engine, Limits, Now, ServerConfig, ServerStart, Step,
};
use sslcore_tests::pair::{client, server, server_name};

use super::{Endpoint, Maker, Pipe, SUITE};

pub(super) struct Configs {
    client: ClientConfig,
    server: ServerConfig,
    limits: Limits,
}

impl Configs {
    pub(super) fn new(backend: &Backend, engine: Engine, releasing: bool) -> Self {
        let client = client(backend.clone()).engine(engine);
        let server = server(backend.clone()).engine(engine);
        Self {
            client: client.ciphers(&[SUITE]).build().expect("client"),
            server: server.ciphers(&[SUITE]).build().expect("server"),
            limits: Limits {
                release_when_idle: releasing,
                ..Limits::default()
            },
        }
    }
}

impl Maker for Configs {
    fn client(&self) -> Box<dyn Endpoint> {
        let mut conn = Connection::new(self.limits, Buffers::Owned);
        conn.start_client_encryption(&self.client, server_name())
            .expect("client");
        Box::new(conn)
    }

    fn server(&self) -> Box<dyn Endpoint> {
        let mut conn = Connection::new(self.limits, Buffers::Owned);
        conn.start_server_encryption(ServerStart::With(self.server.clone()))
            .expect("server");
        Box::new(conn)
    }
}

impl Endpoint for Connection {
    fn write(&mut self, plaintext: &[u8]) -> usize {
        Self::write(self, plaintext).expect("write")
    }

    fn turn(&mut self, now: Now, incoming: &mut Pipe, outgoing: &mut Pipe, heard: &mut Vec<u8>) {
        loop {
            match self.next(now) {
                Step::Transmit(bytes) => {
                    let n = outgoing.put(bytes);
                    self.transmitted(n).expect("transmit showed them");
                }
                Step::Wait { read: true, .. } if !incoming.is_empty() => {
                    let n = incoming.take(self.receive_buffer());
                    self.received(n).expect("receive_buffer lent them");
                }
                Step::Readable => {
                    let plaintext = self.peek();
                    let n = plaintext.len();
                    heard.extend_from_slice(plaintext);
                    self.consume(n).expect("peek showed them");
                }
                Step::Event(_) => {}
                Step::Wait { .. } | Step::Done => {
                    assert!(self.failure().is_none(), "{self:?}");
                    return;
                }
            }
        }
    }

    fn is_handshaking(&self) -> bool {
        Self::is_handshaking(self)
    }
}
