//! A client whose bytes the test moves.
#![allow(dead_code, reason = "every test program uses a part of it")]

use std::io::{ErrorKind, Read};
use std::net::TcpStream;

use sslcore::{Buffers, ClientConfig, Connection, Limits, Progress};
use sslcore_std::Clock;
use sslcore_tests::pair::server_name;

/// The client, and its clock.
pub(crate) struct ByHand {
    pub(crate) connection: Connection,
    clock: Clock,
}

impl ByHand {
    pub(crate) fn new(config: &ClientConfig) -> Self {
        let mut connection = Connection::new(Limits::default(), Buffers::Owned);
        connection
            .start_client_encryption(config, server_name())
            .expect("start");
        let clock = Clock::new();
        let mut client = Self { connection, clock };
        client.settle();
        client
    }

    fn settle(&mut self) {
        while self.connection.process(self.clock.now()) != Progress::Idle {
            while self.connection.poll_event().is_some() {}
        }
    }

    /// Takes so many of the bytes that it wants to send, at most.
    pub(crate) fn take(&mut self, most: usize) -> Vec<u8> {
        let waiting = self.connection.transmit();
        let bytes = waiting[..waiting.len().min(most)].to_vec();
        self.connection
            .transmitted(bytes.len())
            .expect("what was shown");
        self.settle();
        bytes
    }

    /// Receives these bytes.
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        let taken = self.connection.receive(bytes).expect("the stream goes on");
        assert_eq!(taken, bytes.len());
        self.settle();
    }

    /// Receives once.
    pub(crate) fn receive(&mut self, stream: &mut TcpStream) {
        match stream.read(self.connection.receive_buffer()) {
            Ok(0) => self.connection.receive_eof(),
            Ok(n) => self.connection.received(n).expect("within the buffer"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        self.settle();
    }
}
