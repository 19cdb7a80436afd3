//! A server, everything it has told, and clients for it.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Instant;

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, PeerName, PskId, ReviewId, ServerConfig,
    SignatureId, SslError,
};
use sslcore_std::{
    AcceptError, ConnectionId, HandshakeError, ServerEvent, SslServer, SslSocket, WaitError,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::server_name;
use sslcore_tests::wire::REST;

use crate::common::{self, LONG};

/// What Qt's tests do with a signal spy for each signal.
pub(crate) struct Spy {
    pub(crate) server: SslServer,
    pub(crate) started: Vec<ConnectionId>,
    pub(crate) verdicts: Vec<(ConnectionId, ReviewId)>,
    pub(crate) requests: Vec<(ConnectionId, PskId)>,
    pub(crate) signatures: Vec<(ConnectionId, SignatureId)>,
    pub(crate) failed: Vec<(SocketAddr, HandshakeError)>,
    pub(crate) sockets: Vec<SslSocket>,
    /// The events of connections that are encrypted, or have failed.
    pub(crate) events: Vec<Event>,
    /// The certificate errors of connections that have failed.
    pub(crate) ssl_errors: Vec<SslError>,
}

impl Spy {
    pub(crate) fn new(config: ConfigBuilder<ServerConfig>) -> Self {
        let config = config.build().expect("server");
        Self {
            server: SslServer::bind("127.0.0.1:0", config).expect("bind"),
            started: Vec::new(),
            verdicts: Vec::new(),
            requests: Vec::new(),
            signatures: Vec::new(),
            failed: Vec::new(),
            sockets: Vec::new(),
            events: Vec::new(),
            ssl_errors: Vec::new(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.local_addr().expect("address")
    }

    fn note(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::HandshakeStarted { id, .. } => self.started.push(id),
            ServerEvent::VerdictNeeded { id, review, .. } => self.verdicts.push((id, review)),
            ServerEvent::PreSharedKeyNeeded { id, request, .. } => {
                self.requests.push((id, request));
            }
            ServerEvent::SignatureNeeded { id, request, .. } => {
                self.signatures.push((id, request));
            }
            ServerEvent::Encrypted { mut socket, .. } => {
                socket.set_timeout(Some(LONG));
                self.events
                    .extend(std::iter::from_fn(|| socket.poll_event()));
                self.sockets.push(socket);
            }
            ServerEvent::Failed { id, peer, error } => {
                self.failed.push((peer, error));
                let server = &mut self.server;
                self.events
                    .extend(std::iter::from_fn(|| server.poll_event(id)));
                if let Some(socket) = server.socket(id) {
                    self.ssl_errors
                        .extend_from_slice(socket.connection().ssl_errors());
                }
            }
            other => panic!("an event without a place: {other:?}"),
        }
    }

    /// Drives the server until then.
    pub(crate) fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        while !condition(self) {
            match self.server.next(Some(LONG)) {
                Ok(event) => self.note(event),
                Err(error) => panic!("not {what}: {error}"),
            }
        }
    }

    /// One round, and what comes of it.
    pub(crate) fn round(&mut self) {
        let mut event = self.server.poll_once().expect("a round");
        while let Some(told) = event {
            self.note(told);
            event = self.server.poll_once().expect("a round");
        }
    }

    /// Drives the server until then; what is waited for need not be told.
    pub(crate) fn rounds_until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(start.elapsed() < LONG, "not {what}");
            self.tick();
        }
    }

    /// Drives the server until something is told, or for a moment.
    fn tick(&mut self) {
        match self.server.next(Some(REST)) {
            Ok(event) => self.note(event),
            Err(AcceptError::Timeout) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// Drives the server until all of these have ended.
    pub(crate) fn serve_until<T>(&mut self, threads: Vec<JoinHandle<T>>) -> Vec<T> {
        while !threads.iter().all(JoinHandle::is_finished) {
            self.tick();
        }
        let join = |thread: JoinHandle<T>| thread.join().expect("a client's thread");
        threads.into_iter().map(join).collect()
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| wanted(event)).count()
    }

    pub(crate) fn alerts_sent(&self) -> Vec<Alert> {
        let sent = self.events.iter().filter_map(|event| match event {
            Event::AlertSent(alert) => Some(*alert),
            _ => None,
        });
        sent.collect()
    }

    pub(crate) fn alerts_received(&self) -> Vec<Alert> {
        let received = self.events.iter().filter_map(|event| match event {
            Event::AlertReceived(alert) => Some(*alert),
            _ => None,
        });
        received.collect()
    }

    pub(crate) fn errors(&self) -> Vec<HandshakeError> {
        self.failed.iter().map(|(_, error)| error.clone()).collect()
    }
}

/// A client that has been told to start TLS.
pub(crate) fn starting(address: SocketAddr, config: &ClientConfig, name: PeerName) -> SslSocket {
    let host = address.ip().to_string();
    let mut socket =
        SslSocket::connect_to_host(&host, address.port(), Some(LONG)).expect("connect");
    socket.set_timeout(Some(LONG));
    socket.start_client_encryption(config, name).expect("start");
    socket
}

pub(crate) type Handshaked = (SslSocket, Result<(), WaitError>);

/// A client that handshakes in a thread of its own.
pub(crate) fn client(address: SocketAddr, config: ClientConfig) -> JoinHandle<Handshaked> {
    std::thread::spawn(move || {
        let mut socket = starting(address, &config, server_name());
        let done = socket.wait_for_encrypted(Some(LONG));
        (socket, done)
    })
}

/// One that trusts the tests' root.
pub(crate) fn good_client(address: SocketAddr) -> JoinHandle<Handshaked> {
    client(address, common::client().build().expect("client"))
}

/// One that has a certificate by the tests' root besides.
pub(crate) fn certified_client(address: SocketAddr) -> JoinHandle<Handshaked> {
    let config = common::client().identity(WORLD.client.chain.clone(), WORLD.client.key());
    client(address, config.build().expect("client"))
}

/// One with a certificate that nobody trusts; it does not care whom it talks to.
pub(crate) fn doubtful_client(address: SocketAddr, version: &str) -> JoinHandle<Handshaked> {
    let config = common::client()
        .protocols(&[version])
        .verify_mode(sslcore::VerifyMode::None)
        .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key());
    client(address, config.build().expect("client"))
}

/// A TCP connection that says nothing of TLS.
pub(crate) fn stream(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("connect");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream
}

/// What it receives until it is disconnected, however that happens.
pub(crate) fn rest_of(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
    bytes
}
