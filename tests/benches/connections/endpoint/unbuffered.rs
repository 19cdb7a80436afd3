//! rustls' unbuffered connections with buffers of their application's, driven as rustls' examples do: one for
//! what arrives, with room for a record, and one for what leaves, which begins small and grows.

use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus,
};
use rustls::{ClientConfig, ServerConfig};
use sslcore::Now;
use sslcore::crypto::Backend;
use sslcore_tests::rustls_ends::{self, Process};

use super::{Endpoint, Maker, Pipe, SUITE};

/// Room for the longest record (RFC 8446 §5.2).
const INCOMING: usize = 5 + 16 * 1024 + 256;
/// rustls' examples begin with it.
const OUTGOING: usize = 1024;

/// Whether an idle connection keeps them. To drop them is right when nothing is in them, which the
/// application has to know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buffers {
    Kept,
    Dropped,
}

pub(super) struct Configs {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    buffers: Buffers,
}

impl Configs {
    pub(super) fn new(backend: &Backend, buffers: Buffers) -> Self {
        Self {
            client: rustls_ends::client(backend, SUITE),
            server: rustls_ends::server(backend, SUITE),
            buffers,
        }
    }
}

impl Maker for Configs {
    fn client(&self) -> Box<dyn Endpoint> {
        let conn = UnbufferedClientConnection::new(self.client.clone(), rustls_ends::name());
        Box::new(End::new(
            conn.expect("client"),
            |c, i| c.process_tls_records(i),
            self.buffers,
        ))
    }

    fn server(&self) -> Box<dyn Endpoint> {
        let conn = UnbufferedServerConnection::new(self.server.clone());
        Box::new(End::new(
            conn.expect("server"),
            |c, i| c.process_tls_records(i),
            self.buffers,
        ))
    }
}

struct End<C, Data> {
    conn: C,
    process: Process<C, Data>,
    incoming: Vec<u8>,
    /// How much of it is in use.
    arrived: usize,
    outgoing: Vec<u8>,
    leaving: usize,
    buffers: Buffers,
    is_handshaking: bool,
}

impl<C, Data> End<C, Data> {
    fn new(conn: C, process: Process<C, Data>, buffers: Buffers) -> Self {
        Self {
            conn,
            process,
            incoming: Vec::new(),
            arrived: 0,
            outgoing: Vec::new(),
            leaving: 0,
            buffers,
            is_handshaking: true,
        }
    }

    /// Hands what leaves to the transport.
    fn flush(&mut self, outgoing: &mut Pipe) {
        outgoing.put(&self.outgoing[..self.leaving]);
        self.leaving = 0;
    }
}

impl<C, Data> Endpoint for End<C, Data> {
    fn write(&mut self, plaintext: &[u8]) -> usize {
        let piece = &plaintext[..plaintext.len().min(16 * 1024)];
        match (self.process)(&mut self.conn, &mut []).state {
            Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                append(&mut self.outgoing, &mut self.leaving, |room| {
                    traffic.encrypt(piece, room).map_err(|error| match error {
                        EncryptError::InsufficientSize(size) => size,
                        other => panic!("{other}"),
                    })
                });
                piece.len()
            }
            _ => panic!("it cannot write"),
        }
    }

    fn turn(&mut self, _now: Now, incoming: &mut Pipe, outgoing: &mut Pipe, heard: &mut Vec<u8>) {
        loop {
            let input = &mut self.incoming[..self.arrived];
            let UnbufferedStatus {
                mut discard, state, ..
            } = (self.process)(&mut self.conn, input);
            let mut is_stuck = false;
            match state.expect("a healthy peer") {
                ConnectionState::EncodeTlsData(mut data) => {
                    append(&mut self.outgoing, &mut self.leaving, |room| {
                        data.encode(room).map_err(|error| match error {
                            EncodeError::InsufficientSize(size) => size,
                            other => panic!("{other}"),
                        })
                    });
                }
                ConnectionState::TransmitTlsData(data) => {
                    outgoing.put(&self.outgoing[..self.leaving]);
                    self.leaving = 0;
                    data.done();
                }
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.expect("a record");
                        heard.extend_from_slice(record.payload);
                        discard += record.discard;
                    }
                }
                ConnectionState::WriteTraffic(_) => {
                    self.is_handshaking = false;
                    is_stuck = discard == 0;
                }
                ConnectionState::BlockedHandshake => is_stuck = true,
                _ => panic!("another state"),
            }
            self.incoming.copy_within(discard..self.arrived, 0);
            self.arrived -= discard;
            if !is_stuck {
                continue;
            }
            self.flush(outgoing);
            if incoming.is_empty() {
                return;
            }
            if self.incoming.is_empty() {
                self.incoming = vec![0; INCOMING];
            }
            self.arrived += incoming.take(&mut self.incoming[self.arrived..]);
        }
    }

    fn is_handshaking(&self) -> bool {
        self.is_handshaking
    }

    fn rest(&mut self) {
        if self.buffers == Buffers::Dropped {
            assert_eq!((self.arrived, self.leaving), (0, 0));
            self.incoming = Vec::new();
            self.outgoing = Vec::new();
        }
    }
}

/// Encodes behind what is there, in a buffer that grows when it is said to be too small.
fn append(
    buffer: &mut Vec<u8>,
    used: &mut usize,
    mut encode: impl FnMut(&mut [u8]) -> Result<usize, InsufficientSizeError>,
) {
    if buffer.is_empty() {
        *buffer = vec![0; OUTGOING];
    }
    loop {
        match encode(&mut buffer[*used..]) {
            Ok(n) => {
                *used += n;
                return;
            }
            Err(InsufficientSizeError { required_size }) => {
                buffer.resize(*used + required_size, 0);
            }
        }
    }
}
