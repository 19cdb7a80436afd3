//! Two ends with kernels, over every engine, version and suite.

use std::fmt;

use sslcore::crypto::Backend;
use sslcore::{ClientConfig, Connection, Engine, Limits, ServerConfig, ServerStart};
use sslcore_tests::kernel::{KernelEnd, run};
use sslcore_tests::pair::{self, End, backends, lent, server_name, tests_own_engine};
use sslcore_tests::psk;

/// A way to be encrypted.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) backend: Backend,
    pub(crate) engine: Engine,
    pub(crate) version: &'static str,
    pub(crate) suite: &'static str,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {}", self.engine, self.version, self.suite)
    }
}

const SUITES: [(Engine, &str, &str); 12] = [
    (Engine::Rustls, "TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    (Engine::Rustls, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    (Engine::Rustls, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
    (Engine::Own, "TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    (Engine::Own, "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    (Engine::Own, "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
    (Engine::Rustls, "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    (Engine::Rustls, "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    (Engine::Rustls, "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (Engine::Own, "TLSv1.2", "PSK-AES128-GCM-SHA256"),
    (Engine::Own, "TLSv1.2", "PSK-AES256-GCM-SHA384"),
    (Engine::Own, "TLSv1.2", "PSK-CHACHA20-POLY1305"),
];

/// All ways, the backends in turn.
pub(crate) fn cases() -> Vec<Case> {
    let backends = backends();
    let own = tests_own_engine();
    let suites = SUITES
        .into_iter()
        .filter(|(engine, _, _)| !own || *engine == Engine::Own);
    let cases = suites
        .enumerate()
        .map(|(i, (engine, version, suite))| Case {
            backend: backends[i % backends.len()].clone(),
            engine,
            version,
            suite,
        });
    cases.collect()
}

/// The ways of one version.
pub(crate) fn cases_of(version: &str) -> Vec<Case> {
    cases()
        .into_iter()
        .filter(|case| case.version == version)
        .collect()
}

impl Case {
    fn has_certificates(&self) -> bool {
        (self.engine, self.version) != (Engine::Own, "TLSv1.2")
    }

    pub(crate) fn keeps_tickets(&self) -> bool {
        self.version == "TLSv1.3"
    }

    fn built(&self, tickets: bool, records_per_key: u64) -> (ClientConfig, ServerConfig) {
        let (client, server) = match self.has_certificates() {
            true => (
                pair::client(self.backend.clone()).engine(self.engine),
                pair::server(self.backend.clone()).engine(self.engine),
            ),
            false => (
                psk::client(self.backend.clone()),
                psk::server(self.backend.clone()),
            ),
        };
        let client = client
            .protocols(&[self.version])
            .ciphers(&[self.suite])
            .records_per_key(records_per_key);
        let server = server
            .protocols(&[self.version])
            .ciphers(&[self.suite])
            .session_tickets(tickets);
        (
            client.build().expect("client"),
            server.build().expect("server"),
        )
    }

    pub(crate) fn with_tickets(&self) -> (ClientConfig, ServerConfig) {
        self.built(true, u64::MAX)
    }

    /// The two ends of one connection, told to start.
    pub(crate) fn ends(
        &self,
        client: &ClientConfig,
        server: &ServerConfig,
    ) -> (KernelEnd, KernelEnd) {
        let ends = [End::new(Limits::default()), End::new(Limits::default())];
        self.started(ends, client, server)
    }

    fn started(
        &self,
        [mut one, mut other]: [End; 2],
        client: &ClientConfig,
        server: &ServerConfig,
    ) -> (KernelEnd, KernelEnd) {
        start(&mut one.conn, &mut other.conn, client, server);
        let end = |end| KernelEnd::new(end, self.backend.clone());
        (end(one), end(other))
    }

    /// Two ends with tickets that are encrypted, in memory that was lent, which has room for one record.
    pub(crate) fn on_lent_memory(&self) -> (KernelEnd, KernelEnd) {
        let (client, server) = self.with_tickets();
        let ends = [(); 2].map(|()| End::on(lent(18_500, 20_000)));
        let (mut client, mut server) = self.started(ends, &client, &server);
        run(&mut client, &mut server);
        (client, server)
    }

    /// The same, without tickets.
    pub(crate) fn unstarted(&self) -> (KernelEnd, KernelEnd) {
        let (client, server) = self.built(false, u64::MAX);
        self.ends(&client, &server)
    }

    /// The same, encrypted, with a client whose keys last for so many records.
    pub(crate) fn encrypted(&self, records_per_key: u64) -> (KernelEnd, KernelEnd) {
        let (client, server) = self.built(false, records_per_key);
        let (mut client, mut server) = self.ends(&client, &server);
        run(&mut client, &mut server);
        assert!(
            client.end.conn.is_encrypted(),
            "{self:?} {:?}",
            client.end.conn
        );
        assert!(
            server.end.conn.is_encrypted(),
            "{self:?} {:?}",
            server.end.conn
        );
        (client, server)
    }
}

/// Starts TLS on both.
pub(crate) fn start(
    client: &mut Connection,
    server: &mut Connection,
    client_config: &ClientConfig,
    server_config: &ServerConfig,
) {
    let with = ServerStart::With(server_config.clone());
    server.start_server_encryption(with).expect("start");
    let started = client.start_client_encryption(client_config, server_name());
    started.expect("start");
}

/// Two ends that are encrypted, and owe nothing.
pub(crate) fn encrypted(case: &Case) -> (KernelEnd, KernelEnd) {
    case.encrypted(u64::MAX)
}

/// Who hands what over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Offloads {
    Client,
    Server,
    Both,
    WhatTheClientSends,
    WhatTheClientReceives,
}

impl Offloads {
    pub(crate) const ALL: [Self; 5] = [
        Self::Client,
        Self::Server,
        Self::Both,
        Self::WhatTheClientSends,
        Self::WhatTheClientReceives,
    ];

    #[track_caller]
    pub(crate) fn hand_over(self, client: &mut KernelEnd, server: &mut KernelEnd) {
        use sslcore::offload::Direction::{Received, Sent};
        match self {
            Self::Client => client.offload(),
            Self::Server => server.offload(),
            Self::Both => {
                client.offload();
                server.offload();
            }
            Self::WhatTheClientSends => client.hand_over(Sent).expect("nothing is in the way"),
            Self::WhatTheClientReceives => {
                client.hand_over(Received).expect("nothing is in the way")
            }
        }
    }
}
