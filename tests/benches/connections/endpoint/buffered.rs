//! rustls' buffered connections.

use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;

use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use sslcore::Now;
use sslcore::crypto::Backend;
use sslcore_tests::rustls_ends;

use super::{Endpoint, Maker, Pipe, SUITE};

pub(super) struct Configs {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Configs {
    pub(super) fn new(backend: &Backend) -> Self {
        Self {
            client: rustls_ends::client(backend, SUITE),
            server: rustls_ends::server(backend, SUITE),
        }
    }
}

impl Maker for Configs {
    fn client(&self) -> Box<dyn Endpoint> {
        let conn = ClientConnection::new(self.client.clone(), rustls_ends::name());
        Box::new(Connection::from(conn.expect("client")))
    }

    fn server(&self) -> Box<dyn Endpoint> {
        let conn = ServerConnection::new(self.server.clone());
        Box::new(Connection::from(conn.expect("server")))
    }
}

impl Read for Pipe {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        Ok(self.take(room))
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.put(bytes))
    }

    fn write_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        Ok(pieces.iter().map(|piece| self.put(piece)).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Endpoint for Connection {
    fn write(&mut self, plaintext: &[u8]) -> usize {
        self.writer().write(plaintext).expect("write")
    }

    fn turn(&mut self, _now: Now, incoming: &mut Pipe, outgoing: &mut Pipe, heard: &mut Vec<u8>) {
        loop {
            while self.wants_write() {
                self.write_tls(outgoing).expect("a pipe takes all");
            }
            if incoming.is_empty() {
                return;
            }
            self.read_tls(incoming).expect("room");
            let state = self.process_new_packets().expect("a healthy peer");
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let mut reader = self.reader();
                let plaintext = reader.fill_buf().expect("plaintext");
                let n = plaintext.len();
                heard.extend_from_slice(plaintext);
                reader.consume(n);
                left -= n;
            }
        }
    }

    fn is_handshaking(&self) -> bool {
        std::ops::Deref::deref(self).is_handshaking()
    }
}
