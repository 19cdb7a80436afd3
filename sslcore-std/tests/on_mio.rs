//! The example for mio: a thousand connections in one thread.

#![cfg(unix)]

mod common;
#[allow(dead_code, reason = "its main is not called")]
#[path = "../examples/on_mio.rs"]
mod on_mio;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;

use common::{client, server};
use mio::net::{TcpListener, TcpStream};
use on_mio::{Application, Sessions, serve};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sslcore::{Buffers, ClientConfig, Connection, Limits, ReadEnd, UsageError};
use sslcore_tests::pair::server_name;

const CLIENTS: usize = 1000;

/// How many handshake at a time: a slow machine needs long for a thousand, and each has a timeout.
const AT_ONCE: usize = 50;

/// Says its number, and hears it.
struct Talker {
    says: Vec<u8>,
    heard: Vec<u8>,
}

impl Talker {
    fn is_content(&self) -> bool {
        self.heard == self.says
    }
}

impl Application for Talker {
    fn act(&mut self, conn: &mut Connection) -> Result<(), UsageError> {
        self.heard.extend_from_slice(conn.peek());
        conn.consume(conn.peek().len())
    }
}

fn reach(
    address: SocketAddr,
    config: &ClientConfig,
    number: usize,
    clients: &mut Sessions<Talker>,
) -> io::Result<()> {
    let mut conn = Connection::new(Limits::default(), Buffers::Owned);
    conn.start_client_encryption(config, server_name())
        .expect("start");
    let says = format!("I am number {number}\n").into_bytes();
    // It leaves when the handshake is complete.
    assert_eq!(conn.write(&says), Ok(says.len()));
    let heard = Vec::new();
    clients.add(conn, TcpStream::connect(address)?, Talker { says, heard })
}

/// Allows both ends of all connections, and what the test program has besides.
fn allow_descriptors() {
    let wanted = 2 * CLIENTS as u64 + 200;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return;
    }
    assert!(
        maximum.is_none_or(|maximum| maximum >= wanted),
        "this test opens {wanted} files, and the system allows {maximum:?}: \
         raise the hard limit (ulimit -Hn) and run it again"
    );
    let current = Some(wanted);
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).expect("raise the limit");
}

#[test]
fn a_thousand_connections_are_served_in_one_thread_all_at_the_same_time() {
    allow_descriptors();
    let listener = TcpListener::bind(([127, 0, 0, 1], 0).into()).expect("bind");
    let address = listener.local_addr().expect("address");
    let config = server().build().expect("server");
    let serving = std::thread::spawn(move || {
        let (mut most, mut clean) = (0, 0);
        let ended = serve(listener, &config, |open, session| {
            let report = session.conn.close_report().expect("it is over");
            assert!(report.clean, "{report:?}");
            most = most.max(open);
            clean += 1;
            match clean < CLIENTS {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        ended.map(|()| most)
    });

    let config = client().build().expect("client");
    let mut clients = Sessions::<Talker>::new().expect("clients");
    let mut started = 0;
    loop {
        let content = clients
            .sessions
            .values()
            .filter(|it| it.application.is_content())
            .count();
        if content == CLIENTS {
            break;
        }
        while started < CLIENTS && started < content + AT_ONCE {
            reach(address, &config, started, &mut clients).expect("connect");
            started += 1;
        }
        clients
            .turn(|session| panic!("it ended too early: {:?}", session.conn))
            .expect("a turn");
    }
    // Nobody has left yet.
    let numbers: BTreeSet<_> = clients
        .sessions
        .values()
        .map(|it| &it.application.heard)
        .collect();
    assert_eq!((clients.sessions.len(), numbers.len()), (CLIENTS, CLIENTS));

    for session in clients.sessions.values_mut() {
        session.conn.close();
    }
    clients.waiting = clients.sessions.keys().copied().collect();
    while !clients.sessions.is_empty() {
        clients
            .turn(|session| {
                assert_eq!(session.conn.read_end(), Some(ReadEnd::Closed));
                let report = session.conn.close_report().expect("it is over");
                assert!(report.clean, "{report:?}");
            })
            .expect("a turn");
    }
    let most = serving.join().expect("no panic").expect("served");
    assert_eq!(most, CLIENTS);
}
