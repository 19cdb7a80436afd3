//! Two connections in memory, with a wire between them that the test controls.

use std::time::Duration;

use sslcore::crypto::Backend;
use sslcore::{
    Buffers, ClientConfig, ConfigBuilder, Connection, Event, Instant, Limits, Now, OnErrors,
    PeerName, Progress, ServerConfig, ServerStart, SslError, SslErrorKind, Timeouts, UnixTime,
    Verdict,
};

use crate::certs::{NOW, WORLD};

/// The backends built in.
///
/// `SSLCORE_TEST_ENGINE=own` has their configurations take the engine of our own, where they can.
pub fn backends() -> Vec<Backend> {
    let own = tests_own_engine();
    let all = [
        #[cfg(feature = "aws-lc-rs")]
        Backend::aws_lc_rs(),
        #[cfg(feature = "ring")]
        Backend::ring(),
        #[cfg(feature = "rustcrypto")]
        crate::entropy::seeded(1),
    ];
    let chosen = |backend| match own {
        #[cfg(feature = "testing")]
        true => sslcore::testing::preferring_own_engine(backend),
        _ => backend,
    };
    all.into_iter().map(chosen).collect()
}

/// Whether the tests are run with the engine of our own in the place of rustls.
pub fn tests_own_engine() -> bool {
    std::env::var_os("SSLCORE_TEST_ENGINE").is_some_and(|engine| engine == "own")
}

/// The versions that a test goes through: both, but TLS 1.3 alone with the engine of our own, which has
/// no other with certificates.
#[derive(Clone, Copy, Debug)]
pub struct Versions;

/// The versions.
pub const VERSIONS: Versions = Versions;

impl IntoIterator for Versions {
    type Item = &'static str;
    type IntoIter = std::vec::IntoIter<&'static str>;

    fn into_iter(self) -> Self::IntoIter {
        match tests_own_engine() {
            true => vec!["TLSv1.3"],
            false => vec!["TLSv1.2", "TLSv1.3"],
        }
        .into_iter()
    }
}

/// One backend, for tests where any will do.
pub fn backend() -> Backend {
    backends().remove(0)
}

/// A client that trusts the tests' root.
pub fn client(backend: Backend) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend).trust_anchors([WORLD.ca.der()])
}

/// A server with the tests' certificate, that trusts the tests' root.
pub fn server(backend: Backend) -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(backend)
        .trust_anchors([WORLD.ca.der()])
        .identity(WORLD.server.chain.clone(), WORLD.server.key())
}

/// The name of the tests' server.
pub fn server_name() -> PeerName {
    PeerName::new("server.test").expect("a name")
}

/// Memory as a device lends it, of so many bytes for what arrives and for what leaves.
pub fn lent(receive: usize, transmit: usize) -> Buffers {
    let memory = |len| Box::leak(vec![0; len].into_boxed_slice());
    Buffers::lent(memory(receive), memory(transmit)).expect("large enough")
}

/// One connection and what it has said so far.
pub struct End {
    /// The connection.
    pub conn: Connection,
    /// Every event drained so far.
    pub events: Vec<Event>,
    /// Every byte it has sent.
    pub sent: Vec<u8>,
    /// Every byte it has read, for tests that keep it.
    pub heard: Vec<u8>,
    /// The time it is told.
    pub time: Instant,
    /// Whether it is told what day it is.
    pub has_wall_clock: bool,
}

impl End {
    /// A connection with these limits.
    pub fn new(limits: Limits) -> Self {
        Self::with(limits, Buffers::Owned)
    }

    /// A connection on this memory.
    pub fn on(buffers: Buffers) -> Self {
        Self::with(Limits::default(), buffers)
    }

    fn with(limits: Limits, buffers: Buffers) -> Self {
        Self {
            conn: Connection::new(limits, buffers),
            events: Vec::new(),
            sent: Vec::new(),
            heard: Vec::new(),
            time: Instant::from_millis(0),
            has_wall_clock: true,
        }
    }

    /// What it is told the time is.
    pub fn now(&self) -> Now {
        if self.has_wall_clock {
            let since = Duration::from_micros(self.time.as_micros());
            let wall = UnixTime::since_unix_epoch(Duration::from_secs(NOW) + since);
            Now::new(self.time, wall)
        } else {
            Now::without_wall_clock(self.time)
        }
    }

    /// Processes until idle and drains events: the rest of the contract.
    pub fn settle(&mut self) {
        for _ in 0..1_000_000 {
            let progress = self.conn.process(self.now());
            while let Some(event) = self.conn.poll_event() {
                self.events.push(event);
            }
            if progress == Progress::Idle {
                return;
            }
        }
        panic!("process never becomes idle: {:?}", self.conn);
    }

    /// Takes everything it wants to send.
    pub fn take(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            self.settle();
            let n = self.conn.transmit().len();
            if n == 0 {
                return all;
            }
            all.extend_from_slice(self.conn.transmit());
            self.sent.extend_from_slice(self.conn.transmit());
            self.conn.transmitted(n).expect("transmit showed them");
        }
    }

    /// Gives it bytes, in chunks of at most `chunk`, settling after each. Panics when it does not
    /// take all of them: the test must then read first.
    pub fn give(&mut self, bytes: &[u8], chunk: usize) {
        for mut piece in bytes.chunks(chunk) {
            let mut stuck = 0;
            while !piece.is_empty() {
                let n = self.conn.receive(piece).expect("receive");
                piece = &piece[n..];
                self.settle();
                stuck = if n == 0 { stuck + 1 } else { 0 };
                assert!(stuck < 3, "receive buffer stays full: {:?}", self.conn);
            }
        }
        self.settle();
    }

    /// Reads everything that can be read now.
    pub fn read_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            self.settle();
            let n = self.conn.peek().len();
            if n == 0 {
                return all;
            }
            all.extend_from_slice(self.conn.peek());
            self.conn.consume(n).expect("peek showed them");
        }
    }

    /// Writes all of `bytes`; panics when they do not fit.
    pub fn write(&mut self, bytes: &[u8]) {
        let n = self.conn.write(bytes).expect("write");
        assert_eq!(n, bytes.len(), "a short write");
        self.settle();
    }

    /// What was told about certificates, in order, and `Encrypted`.
    pub fn told(&self) -> Vec<String> {
        let told = self.events.iter().filter_map(|event| match event {
            Event::PeerVerifyError { kind, depth } => Some(format!("{kind:?} {depth}")),
            Event::SslErrors(_) => Some("SslErrors".to_owned()),
            Event::Encrypted => Some("Encrypted".to_owned()),
            _ => None,
        });
        told.collect()
    }

    /// The kinds of its certificate errors.
    pub fn error_kinds(&self) -> Vec<SslErrorKind> {
        let errors = self.conn.ssl_errors();
        errors.iter().map(SslError::kind).collect()
    }

    /// Answers the open question about certificates.
    #[track_caller]
    pub fn answer(&mut self, verdict: Verdict<'_>) {
        let id = self.conn.review().expect("a question").id;
        self.conn.answer(id, verdict).expect("open");
    }

    /// Whether an event was seen.
    pub fn saw(&self, event: Event) -> bool {
        self.events.contains(&event)
    }
}

/// Two ends and the wire between them.
pub struct Pair {
    /// The client.
    pub client: End,
    /// The server.
    pub server: End,
    /// The largest piece that the wire delivers at once.
    pub chunk: usize,
}

impl Default for Pair {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Pair {
    /// Two plain connections.
    pub fn new(limits: Limits) -> Self {
        Self {
            client: End::new(limits),
            server: End::new(limits),
            chunk: usize::MAX,
        }
    }

    /// Two connections that have been told to start TLS.
    pub fn tls(client: &ClientConfig, server: &ServerConfig) -> Self {
        let mut pair = Self::default();
        pair.start(client, server);
        pair
    }

    /// A handshake with these configurations, as far as it goes.
    pub fn handshaken(
        client: ConfigBuilder<ClientConfig>,
        server: ConfigBuilder<ServerConfig>,
    ) -> Self {
        let client = client.build().expect("client");
        let mut pair = Self::tls(&client, &server.build().expect("server"));
        pair.run();
        pair
    }

    /// Two connections that have handshaked.
    pub fn encrypted(client: &ClientConfig, server: &ServerConfig) -> Self {
        let mut pair = Self::tls(client, server);
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
        assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
        pair
    }

    /// Two connections with these limits that have handshaked in this version, and owe nothing.
    pub fn encrypted_in(version: &str, limits: Limits) -> Self {
        let client = client(backend()).protocols(&[version]).build();
        let server = server(backend()).protocols(&[version]);
        let server = server.session_tickets(false).build();
        let mut pair = Self::new(limits);
        pair.start(&client.expect("client"), &server.expect("server"));
        pair.run();
        assert!(pair.client.conn.is_encrypted(), "{:?}", pair.client.conn);
        assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
        pair
    }

    /// A handshake in this version that has gone on for so many flights; `None` when it is complete
    /// by then.
    pub fn underway(version: &str, flights: usize) -> Option<Self> {
        let client = client(backend()).protocols(&[version]).build();
        let server = server(backend()).protocols(&[version]).build();
        let mut pair = Self::tls(&client.expect("client"), &server.expect("server"));
        for flight in 0..flights {
            let (from, to) = match flight % 2 {
                0 => (&mut pair.client, &mut pair.server),
                _ => (&mut pair.server, &mut pair.client),
            };
            let bytes = from.take();
            to.give(&bytes, usize::MAX);
        }
        (!pair.client.conn.is_encrypted()).then_some(pair)
    }

    /// A handshake whose client asks about a server that it does not trust.
    pub fn held(timeouts: Timeouts) -> Self {
        let client = client(backend()).on_errors(OnErrors::Hold);
        let client = client.timeouts(timeouts).build();
        let server = server(backend()).identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
        let mut pair = Self::tls(&client.expect("client"), &server.build().expect("server"));
        pair.run();
        assert!(pair.client.conn.review().is_some());
        pair
    }

    /// Starts TLS on both.
    pub fn start(&mut self, client: &ClientConfig, server: &ServerConfig) {
        self.server
            .conn
            .start_server_encryption(ServerStart::With(server.clone()))
            .expect("start the server");
        self.client
            .conn
            .start_client_encryption(client, server_name())
            .expect("start the client");
    }

    /// Carries what one end has to say to the other, once in each direction. Says whether
    /// anything was said.
    pub fn exchange(&mut self) -> bool {
        let to_server = self.client.take();
        self.server.give(&to_server, self.chunk);
        let to_client = self.server.take();
        self.client.give(&to_client, self.chunk);
        !to_server.is_empty() || !to_client.is_empty()
    }

    /// Carries until both are silent.
    pub fn run(&mut self) {
        for _ in 0..1000 {
            if !self.exchange() {
                return;
            }
        }
        panic!("the two never fall silent");
    }

    /// Lets time pass on both clocks.
    pub fn advance(&mut self, duration: Duration) {
        for end in [&mut self.client, &mut self.server] {
            end.time = end.time.after(duration);
            end.settle();
        }
    }
}
