//! Connections whose allocations are counted.

use std::cell::RefCell;
use std::rc::Rc;

use allocation_counter::measure;
use sslcore::crypto::Backend;
use sslcore::{
    Buffers, ClientConfig, Connection, Limits, Now, Progress, ServerConfig, ServerStart,
};
use sslcore_tests::pair::{End, client, server, server_name};

pub(crate) const VERSIONS: [(&str, [&str; 3]); 2] = [
    (
        "TLSv1.3",
        [
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
        ],
    ),
    (
        "TLSv1.2",
        [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ],
    ),
];

/// Configurations without sessions: those belong to the configuration, but would be counted where they
/// arrive.
pub(crate) fn configs(
    backend: &Backend,
    version: &str,
    suites: &[&str],
) -> (ClientConfig, ServerConfig) {
    let client = client(backend.clone())
        .protocols(&[version])
        .ciphers(suites)
        .groups(&["X25519"])
        .session_cache(0);
    let server = server(backend.clone())
        .protocols(&[version])
        .ciphers(suites)
        .session_cache(0);
    (
        client.build().expect("client"),
        server.build().expect("server"),
    )
}

/// Works until there is nothing to do, and drains the events.
pub(crate) fn process(conn: &mut Connection, now: Now) {
    while conn.process(now) != Progress::Idle {
        while conn.poll_event().is_some() {}
    }
    while conn.poll_event().is_some() {}
}

/// The allocations that one connection made, or two, over many calls.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Account {
    pub(crate) allocations: u64,
    pub(crate) held: i64,
    pub(crate) peak: i64,
}

impl Account {
    pub(crate) fn charge<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let mut result = None;
        let info = measure(|| result = Some(run()));
        self.allocations += info.count_total;
        self.peak = self.peak.max(self.held + info.bytes_max as i64);
        self.held += info.bytes_current;
        result.expect("it ran")
    }
}

/// A connection whose allocations are counted, on an account of its own or a common one.
pub(crate) struct Counted {
    pub(crate) end: End,
    account: Rc<RefCell<Account>>,
}

impl Counted {
    fn new(limits: Limits, buffers: Buffers, account: &Rc<RefCell<Account>>) -> Self {
        let end = End::new(limits);
        let conn = account
            .borrow_mut()
            .charge(|| Connection::new(limits, buffers));
        Self {
            end: End { conn, ..end },
            account: account.clone(),
        }
    }

    /// What it has allocated so far.
    pub(crate) fn account(&self) -> Account {
        *self.account.borrow()
    }

    /// Counts what `run` allocates.
    pub(crate) fn charge<T>(&mut self, run: impl FnOnce(&mut Connection, Now) -> T) -> T {
        let now = self.end.now();
        let conn = &mut self.end.conn;
        self.account.borrow_mut().charge(|| run(conn, now))
    }

    /// Gives it everything that `other` has to say. Says whether that was anything.
    pub(crate) fn hear(&mut self, other: &mut Self) -> bool {
        let said = other.end.conn.transmit().to_vec();
        other.charge(|conn, now| {
            conn.transmitted(said.len()).expect("shown");
            process(conn, now);
        });
        self.charge(|conn, now| {
            assert_eq!(conn.receive(&said), Ok(said.len()));
            process(conn, now);
        });
        !said.is_empty()
    }

    /// Says `data` to `other`, which reads it.
    pub(crate) fn tell(&mut self, other: &mut Self, data: &[u8]) {
        let mut said = 0;
        while said < data.len() {
            said += self.charge(|conn, _| conn.write(&data[said..]).expect("open"));
            while other.hear(self) {
                other.charge(|conn, now| {
                    conn.consume(conn.peek().len()).expect("shown");
                    process(conn, now);
                });
            }
        }
    }
}

/// A client and a server that have handshaked.
pub(crate) fn handshaked(
    configs: &(ClientConfig, ServerConfig),
    limits: Limits,
    accounts: [&Rc<RefCell<Account>>; 2],
) -> [Counted; 2] {
    handshaked_on(|| Buffers::Owned, configs, limits, accounts)
}

/// The same on these buffers.
pub(crate) fn handshaked_on(
    buffers: fn() -> Buffers,
    (client_config, server_config): &(ClientConfig, ServerConfig),
    limits: Limits,
    accounts: [&Rc<RefCell<Account>>; 2],
) -> [Counted; 2] {
    let mut client = Counted::new(limits, buffers(), accounts[0]);
    let mut server = Counted::new(limits, buffers(), accounts[1]);
    let name = server_name();
    client.charge(|conn, now| {
        conn.start_client_encryption(client_config, name)
            .expect("start");
        process(conn, now);
    });
    server.charge(|conn, now| {
        conn.start_server_encryption(ServerStart::With(server_config.clone()))
            .expect("start");
        process(conn, now);
    });
    while server.hear(&mut client) | client.hear(&mut server) {}
    assert!(client.end.conn.is_encrypted() && server.end.conn.is_encrypted());
    [client, server]
}

/// What one connection of each role allocates: for its handshake, and afterwards, idle, when it has
/// carried 16 KiB both ways.
pub(crate) fn client_and_server(
    configs: &(ClientConfig, ServerConfig),
    limits: Limits,
) -> [[Account; 2]; 2] {
    let accounts = [(); 2].map(|()| Rc::default());
    let [mut client, mut server] = handshaked(configs, limits, accounts.each_ref());
    let handshakes = [client.account(), server.account()];
    let data = vec![7; 16 * 1024];
    client.tell(&mut server, &data);
    server.tell(&mut client, &data);
    [
        [handshakes[0], client.account()],
        [handshakes[1], server.account()],
    ]
}

/// What both together allocate for a handshake.
pub(crate) fn pair(configs: &(ClientConfig, ServerConfig)) -> Account {
    let account = Rc::default();
    let [client, _server] = handshaked(configs, Limits::default(), [&account; 2]);
    client.account()
}
