//! One connection over TCP, and the loop that drives it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use sslcore::{
    Alert, ClientConfig, CloseReport, Event, FailureKind, Limits, PeerName, ServerConfig,
    ServerStart,
};

use crate::pair::{End, server_name};

/// How long a test may take from connecting to its last condition.
pub const LIFETIME: Duration = Duration::from_secs(120);

/// How long a loop rests when nothing moved. All of them wait for conditions, never for time.
pub const REST: Duration = Duration::from_millis(1);

/// A listening socket of our own, on a port that the system chose.
pub struct Door {
    listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Door {
    /// Listens on the loopback interface.
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        listener.set_nonblocking(true).expect("non-blocking");
        Self {
            address: listener.local_addr().expect("address"),
            listener,
        }
    }

    /// The next connection, unencrypted.
    pub fn accept(&self) -> TcpStream {
        let born = Instant::now();
        loop {
            match self.listener.accept() {
                Ok((tcp, _)) => return tcp,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("accept: {error}"),
            }
            assert!(born.elapsed() < LIFETIME, "nobody connects");
            std::thread::sleep(REST);
        }
    }

    /// The next connection, as a TLS server.
    pub fn serve(&self, config: &ServerConfig) -> Wire {
        let mut wire = Wire::new(self.accept());
        wire.end
            .conn
            .start_server_encryption(ServerStart::With(config.clone()))
            .expect("start the server");
        wire
    }
}

/// A connection, its socket, and an application that reads and writes.
pub struct Wire {
    /// The connection and its events.
    pub end: End,
    /// The most bytes that one system call reads or writes.
    pub chunk: usize,
    /// The most plaintext that the application reads per round: small for a slow reader.
    pub sip: usize,
    /// The plaintext read so far.
    pub received: Vec<u8>,
    tcp: TcpStream,
    born: Instant,
    ahead: Duration,
    outgoing: Vec<u8>,
    written: usize,
    inbound_over: bool,
    outbound_over: bool,
    /// Writing has failed.
    broken: bool,
}

impl Wire {
    /// A connection over this socket, unencrypted.
    pub fn new(tcp: TcpStream) -> Self {
        tcp.set_nonblocking(true).expect("non-blocking");
        tcp.set_nodelay(true).expect("no delay");
        Self {
            end: End::new(Limits::default()),
            chunk: usize::MAX,
            sip: usize::MAX,
            received: Vec::new(),
            tcp,
            born: Instant::now(),
            ahead: Duration::ZERO,
            outgoing: Vec::new(),
            written: 0,
            inbound_over: false,
            outbound_over: false,
            broken: false,
        }
    }

    /// A TLS client that expects the tests' server.
    pub fn connect(address: SocketAddr, config: &ClientConfig) -> Self {
        Self::connect_to(address, config, server_name())
    }

    /// A TLS client that expects this name.
    pub fn connect_to(address: SocketAddr, config: &ClientConfig, name: PeerName) -> Self {
        let mut wire = Self::new(TcpStream::connect(address).expect("connect"));
        wire.end
            .conn
            .start_client_encryption(config, name)
            .expect("start the client");
        wire
    }

    /// Hands `plaintext` to the application, which writes it as fast as the connection takes it.
    pub fn send(&mut self, plaintext: &[u8]) {
        self.outgoing.extend_from_slice(plaintext);
    }

    /// Whether the connection has taken all that was sent.
    pub fn all_sent(&self) -> bool {
        self.written == self.outgoing.len()
    }

    /// Sets the connection's clock ahead: time that passes without anybody waiting for it.
    pub fn skip(&mut self, time: Duration) {
        self.ahead += time;
    }

    /// One round of the contract: process, drain, transmit, read. Says whether anything moved.
    pub fn turn(&mut self) -> bool {
        let passed = self.born.elapsed() + self.ahead;
        self.end.time = sslcore::Instant::from_millis(0).after(passed);
        self.end.settle();
        let wrote = self.write();
        let sent = self.transmit();
        let got = self.receive();
        let read = self.read();
        wrote | sent | got | read
    }

    fn write(&mut self) -> bool {
        let waiting = &self.outgoing[self.written..];
        if waiting.is_empty() {
            return false;
        }
        let n = self.end.conn.write(waiting).expect("write");
        self.written += n;
        self.end.settle();
        n > 0
    }

    fn transmit(&mut self) -> bool {
        let mut moved = false;
        while !self.outbound_over && !self.end.conn.transmit().is_empty() {
            let bytes = self.end.conn.transmit();
            match self.tcp.write(&bytes[..bytes.len().min(self.chunk)]) {
                Ok(n) => {
                    moved = true;
                    self.end.conn.transmitted(n).expect("transmit showed them");
                    self.end.settle();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return moved,
                Err(_) => {
                    self.outbound_over = true;
                    self.broken = true;
                    // What came before the reset may still be there to read; its end is met there.
                    if self.inbound_over {
                        self.end.conn.receive_reset();
                        self.end.settle();
                    }
                }
            }
        }
        if !self.outbound_over && self.end.conn.transmit_finished() {
            self.outbound_over = true;
            // The peer may have reset by now, and has then nothing to be told.
            let _ = self.tcp.shutdown(Shutdown::Write);
            moved = true;
        }
        moved
    }

    fn receive(&mut self) -> bool {
        if self.inbound_over {
            return false;
        }
        let room = self.end.conn.receive_buffer();
        let size = room.len().min(self.chunk);
        if size == 0 {
            return false;
        }
        match self.tcp.read(&mut room[..size]) {
            Ok(0) if !self.broken => {
                self.inbound_over = true;
                self.end.conn.receive_eof();
            }
            Ok(n @ 1..) => self.end.conn.received(n).expect("it lent the space"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Ok(0) | Err(_) => {
                self.inbound_over = true;
                self.end.conn.receive_reset();
            }
        }
        self.end.settle();
        true
    }

    fn read(&mut self) -> bool {
        let unread = self.end.conn.peek();
        let n = unread.len().min(self.sip);
        self.received.extend_from_slice(&unread[..n]);
        self.end.conn.consume(n).expect("peek showed them");
        self.end.settle();
        n > 0
    }

    /// Turns until the condition holds. Panics when the test's time is over.
    pub fn until(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        while !condition(self) {
            assert!(
                self.born.elapsed() < LIFETIME,
                "waited in vain for {what}: {:?}, events {:?}, {} bytes received",
                self.end.conn,
                self.end.events,
                self.received.len(),
            );
            if !self.turn() {
                std::thread::sleep(REST);
            }
        }
    }

    /// Turns until the handshake is complete.
    pub fn until_encrypted(&mut self) {
        self.until("Encrypted", |wire| {
            assert_eq!(wire.end.conn.failure(), None, "{:?}", wire.end.events);
            wire.end.saw(Event::Encrypted)
        });
    }

    /// Turns until so many bytes are received in all.
    pub fn until_received(&mut self, len: usize) {
        self.until("plaintext", |wire| wire.received.len() >= len);
    }

    /// Turns until an event was seen.
    pub fn until_saw(&mut self, event: Event) {
        self.until(&format!("{event:?}"), |wire| wire.end.saw(event));
    }

    /// Turns until the connection is over, all has left, FIN too, and all was read.
    pub fn until_closed(&mut self) -> CloseReport {
        self.until("Closed", |wire| {
            let over = wire.end.conn.close_report().is_some() && wire.outbound_over;
            over && wire.end.conn.bytes_available() == 0
        });
        self.end.conn.close_report().expect("it is there")
    }

    /// Closes our direction when all that was sent is written, and turns until it is over.
    pub fn close(&mut self) -> CloseReport {
        self.until("all written", Self::all_sent);
        self.end.conn.close();
        self.until_closed()
    }

    /// Turns until it is over, and expects it to have failed so.
    pub fn until_failed(&mut self, kind: FailureKind) {
        let report = self.until_closed();
        let failure = self.end.conn.failure().map(sslcore::Failure::kind);
        assert_eq!(failure, Some(kind), "{:?}", self.end.events);
        assert!(self.end.saw(Event::Failed(kind)), "{:?}", self.end.events);
        assert!(!report.clean, "{report:?}");
    }

    /// How many bytes of TLS the transport has taken.
    pub fn bytes_sent(&self) -> usize {
        let sent = |event: &Event| match event {
            Event::EncryptedBytesWritten(n) => Some(*n),
            _ => None,
        };
        self.end.events.iter().filter_map(sent).sum()
    }

    /// The alerts that left, in order.
    pub fn alerts_sent(&self) -> Vec<Alert> {
        let sent = |event: &Event| match event {
            Event::AlertSent(alert) => Some(*alert),
            _ => None,
        };
        self.end.events.iter().filter_map(sent).collect()
    }

    /// How many events were seen that are equal to this one.
    pub fn count(&self, event: Event) -> usize {
        self.end
            .events
            .iter()
            .filter(|seen| **seen == event)
            .count()
    }
}

/// `len` bytes in lines of 1,024, each with its number: what is lost, repeated or moved shows.
/// No line begins with a letter that a peer takes for a command.
pub fn pattern(len: usize) -> Vec<u8> {
    let lines = (0..len.div_ceil(1024)).flat_map(|line| format!("{line:01023}\n").into_bytes());
    lines.take(len).collect()
}

/// Where `needle` begins.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
