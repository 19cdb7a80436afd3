//! rustls' buffered connections. The client's `write_tls` feeds the server's `read_tls` without a
//! buffer between them, and plaintext is read where it lies.

use std::io::{self, BufRead, IoSlice, Write};

use rustls::{ClientConnection, ServerConnection};
use sslcore_tests::rustls_ends;

use super::{Contender, Scenario};

pub(super) struct Buffered {
    client: ClientConnection,
    server: ServerConnection,
}

impl Buffered {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let (backend, suite) = (&scenario.backend, scenario.suite());
        let client =
            ClientConnection::new(rustls_ends::client(backend, suite), rustls_ends::name());
        let server = ServerConnection::new(rustls_ends::server(backend, suite));
        let mut client = client.expect("client");
        let mut server = server.expect("server");
        while client.wants_write() || server.wants_write() {
            let (mut up, mut down) = (Vec::new(), Vec::new());
            while client.wants_write() {
                client.write_tls(&mut up).expect("a vector takes all");
            }
            server.read_tls(&mut up.as_slice()).expect("room");
            server.process_new_packets().expect("server");
            while server.wants_write() {
                server.write_tls(&mut down).expect("a vector takes all");
            }
            client.read_tls(&mut down.as_slice()).expect("room");
            client.process_new_packets().expect("client");
        }
        assert!(!client.is_handshaking() && !server.is_handshaking());
        Self { client, server }
    }
}

/// The transport: what is written is received.
struct Wire<'a, 's> {
    server: &'a mut ServerConnection,
    sink: &'a mut (dyn FnMut(&[u8]) + 's),
}

impl Wire<'_, '_> {
    fn carry(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.server.read_tls(&mut bytes)?;
            let state = self
                .server
                .process_new_packets()
                .map_err(io::Error::other)?;
            let mut left = state.plaintext_bytes_to_read();
            while left > 0 {
                let mut reader = self.server.reader();
                let plaintext = reader.fill_buf()?;
                let n = plaintext.len();
                (self.sink)(plaintext);
                reader.consume(n);
                left -= n;
            }
        }
        Ok(())
    }
}

impl Write for Wire<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.carry(bytes)?;
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        for piece in pieces {
            self.carry(piece)?;
        }
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Contender for Buffered {
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8])) {
        for piece in data.chunks(write) {
            self.client
                .writer()
                .write_all(piece)
                .expect("below the limit");
        }
        let mut wire = Wire {
            server: &mut self.server,
            sink,
        };
        while self.client.wants_write() {
            self.client.write_tls(&mut wire).expect("carried");
        }
    }
}
