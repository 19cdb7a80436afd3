//! rustls' unbuffered connections, each record processed where it lies, by advancing and never by
//! moving what follows it.
//!
//! Driven in two ways. As its documentation and its examples do: a write can come at any time, so
//! each takes its `WriteTraffic` from `process_tls_records`, and reading goes on until the
//! connection says that it has nothing more. And at best: an application that does nothing else
//! meanwhile holds one `WriteTraffic` for all its writes, and knows when the last record was read.

use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use sslcore_tests::rustls_ends::{self, speak};

use super::{Contender, Scenario, Spacers, WIRE, copy};

pub(super) struct Unbuffered {
    client: UnbufferedClientConnection,
    server: UnbufferedServerConnection,
    outgoing: Box<[u8]>,
    incoming: Box<[u8]>,
    at_best: bool,
}

impl Unbuffered {
    pub(super) fn new(scenario: &Scenario, at_best: bool, spacers: &mut Spacers) -> Self {
        let (backend, suite) = (&scenario.backend, scenario.suite());
        let client = UnbufferedClientConnection::new(
            rustls_ends::client(backend, suite),
            rustls_ends::name(),
        );
        let server = UnbufferedServerConnection::new(rustls_ends::server(backend, suite));
        let outgoing = vec![0; WIRE].into();
        spacers.add();
        let incoming = vec![0; WIRE].into();
        let mut this = Self {
            client: client.expect("client"),
            server: server.expect("server"),
            outgoing,
            incoming,
            at_best,
        };
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for _ in 0..8 {
            let client = &mut this.client;
            speak(client, |c, i| c.process_tls_records(i), &mut down, &mut up);
            let server = &mut this.server;
            speak(server, |c, i| c.process_tls_records(i), &mut up, &mut down);
        }
        assert!(!this.client.is_handshaking() && !this.server.is_handshaking());
        assert!(up.is_empty() && down.is_empty());
        this
    }
}

impl Contender for Unbuffered {
    fn trip(&mut self, data: &[u8], write: usize, sink: &mut dyn FnMut(&[u8])) {
        let mut used = 0;
        let burst = if self.at_best { data.len() } else { write };
        for burst in data.chunks(burst) {
            match self.client.process_tls_records(&mut []).state {
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    for piece in burst.chunks(write) {
                        let out = &mut self.outgoing[used..];
                        used += traffic.encrypt(piece, out).expect("enough room");
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        let mut incoming = &mut self.incoming[..used];
        copy(&self.outgoing[..used], incoming);
        loop {
            let all_read = incoming.is_empty();
            if self.at_best && all_read {
                return;
            }
            let UnbufferedStatus {
                mut discard, state, ..
            } = self.server.process_tls_records(incoming);
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.expect("a record");
                        sink(record.payload);
                        discard += record.discard;
                    }
                }
                Ok(ConnectionState::WriteTraffic(_)) if all_read => return,
                Ok(ConnectionState::WriteTraffic(_)) => {}
                other => panic!("{other:?}"),
            }
            incoming = &mut incoming[discard..];
        }
    }
}
