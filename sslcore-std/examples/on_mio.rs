//! An echo server for thousands of connections in one thread, on mio: each is driven by
//! `Connection::next` alone, until the system has nothing more for it or it has had its share.
//!
//! `cargo run --example on_mio -- CHAIN.pem KEY.pem`

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::ops::ControlFlow;
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use sslcore_std::sslcore::{
    Buffers, Connection, Instant, Limits, Now, ServerConfig, ServerStart, Step, UsageError,
};
use sslcore_std::{Clock, trust};

/// What an application does with a connection whenever something may have changed for it.
pub(crate) trait Application {
    fn act(&mut self, conn: &mut Connection) -> Result<(), UsageError>;
}

/// Says what it hears.
pub(crate) struct Echo;

impl Application for Echo {
    fn act(&mut self, conn: &mut Connection) -> Result<(), UsageError> {
        while !conn.peek().is_empty() && !conn.is_over() {
            let piece = conn.peek().to_vec();
            let n = conn.write(&piece)?;
            conn.consume(n)?;
            if n < piece.len() {
                return Ok(()); // there is no room: an event tells when there is
            }
        }
        if conn.read_end().is_some() {
            conn.close();
        }
        Ok(())
    }
}

/// A connection, its socket, and what it is for.
pub(crate) struct Session<A> {
    pub(crate) conn: Connection,
    pub(crate) application: A,
    socket: TcpStream,
    deadline: Option<Instant>,
}

/// What a session waits for.
enum Waits {
    /// The system's next event, or the time.
    Until(Option<Instant>),
    /// Its next turn: others come first.
    Turn,
    /// Nothing: it is over.
    Done,
}

/// Reads in one turn. mio tells of new data once, so that what is left must be remembered.
const SHARE: usize = 16;

impl<A: Application> Session<A> {
    fn drive(&mut self, now: Now) -> Result<Waits, UsageError> {
        let mut reads = 0;
        loop {
            match self.conn.next(now) {
                Step::Event(_) | Step::Readable => self.application.act(&mut self.conn)?,
                Step::Transmit(bytes) => match kind(self.socket.write(bytes)) {
                    Ok(n) => self.conn.transmitted(n)?,
                    Err(ErrorKind::WouldBlock) => self.conn.transmitted(0)?,
                    Err(ErrorKind::Interrupted) => {}
                    Err(_) => self.conn.transmit_failed(),
                },
                Step::Wait { read: true, .. } if reads == SHARE => return Ok(Waits::Turn),
                Step::Wait {
                    read: true,
                    deadline,
                    ..
                } => match kind(self.socket.read(self.conn.receive_buffer())) {
                    Ok(0) => self.conn.receive_eof(),
                    Ok(n) => {
                        self.conn.received(n)?;
                        reads += 1;
                    }
                    Err(ErrorKind::WouldBlock) => return Ok(Waits::Until(deadline)),
                    Err(ErrorKind::Interrupted) => {}
                    Err(_) => self.conn.receive_reset(),
                },
                Step::Wait { deadline, .. } => return Ok(Waits::Until(deadline)),
                Step::Done => return Ok(Waits::Done),
            }
        }
    }
}

fn kind<T>(result: io::Result<T>) -> Result<T, ErrorKind> {
    result.map_err(|error| error.kind())
}

/// Many sessions in one thread.
pub(crate) struct Sessions<A> {
    poll: Poll,
    events: Events,
    clock: Clock,
    pub(crate) sessions: BTreeMap<Token, Session<A>>,
    next_token: usize,
    /// By the time, the earliest first.
    deadlines: BTreeSet<(Instant, Token)>,
    /// Who wants a turn without an event: it is new, or its share was not enough.
    pub(crate) waiting: Vec<Token>,
}

impl<A: Application> Sessions<A> {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            clock: Clock::new(),
            sessions: BTreeMap::new(),
            next_token: 0,
            deadlines: BTreeSet::new(),
            waiting: Vec::new(),
        })
    }

    fn register(&mut self, source: &mut impl Source) -> io::Result<Token> {
        let token = Token(self.next_token);
        self.next_token += 1;
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(source, token, both)?;
        Ok(token)
    }

    /// Takes a session in, which is driven from now on.
    pub(crate) fn add(
        &mut self,
        conn: Connection,
        mut socket: TcpStream,
        application: A,
    ) -> io::Result<()> {
        let token = self.register(&mut socket)?;
        let session = Session {
            conn,
            application,
            socket,
            deadline: None,
        };
        self.sessions.insert(token, session);
        self.waiting.push(token);
        Ok(())
    }

    /// Sleeps until something happens and drives whom it concerns. `ended` is shown each session
    /// that is over, before it is dropped; the tokens of events that concern none are returned.
    pub(crate) fn turn(&mut self, mut ended: impl FnMut(Session<A>)) -> io::Result<Vec<Token>> {
        let time = match self.waiting.is_empty() {
            true => self.deadlines.first().map(|(at, _)| self.clock.until(*at)),
            false => Some(Duration::ZERO),
        };
        match self.poll.poll(&mut self.events, time) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let now = self.clock.now();
        let mut concerned = BTreeSet::from_iter(self.waiting.drain(..));
        concerned.extend(self.events.iter().map(|event| event.token()));
        let passed = self
            .deadlines
            .iter()
            .take_while(|(at, _)| *at <= now.monotonic);
        concerned.extend(passed.map(|(_, token)| *token));
        let mut others = Vec::new();
        for token in concerned {
            let Some(session) = self.sessions.get_mut(&token) else {
                others.push(token);
                continue;
            };
            let before = session.deadline;
            let waits = session.drive(now);
            session.deadline = match &waits {
                Ok(Waits::Until(deadline)) => *deadline,
                Ok(Waits::Turn) => {
                    self.waiting.push(token);
                    before
                }
                Ok(Waits::Done) | Err(_) => None,
            };
            if session.deadline != before {
                before.map(|at| self.deadlines.remove(&(at, token)));
                self.deadlines
                    .extend(session.deadline.map(|at| (at, token)));
            }
            if matches!(waits, Ok(Waits::Done) | Err(_)) {
                ended(self.sessions.remove(&token).expect("it was there"));
            }
        }
        Ok(others)
    }
}

/// Serves until `ended` has enough. It is shown how many connections there were, and the one that
/// is over.
pub(crate) fn serve(
    mut listener: TcpListener,
    config: &ServerConfig,
    mut ended: impl FnMut(usize, Session<Echo>) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut sessions = Sessions::new()?;
    let door = sessions.register(&mut listener)?;
    loop {
        let (mut enough, open) = (false, sessions.sessions.len());
        let others = sessions.turn(|session| enough |= ended(open, session).is_break())?;
        if enough {
            return Ok(());
        }
        if others.contains(&door) {
            accept_all(&listener, config, &mut sessions)?;
        }
    }
}

fn accept_all(
    listener: &TcpListener,
    config: &ServerConfig,
    sessions: &mut Sessions<Echo>,
) -> io::Result<()> {
    loop {
        match listener.accept() {
            Ok((socket, _)) => {
                let mut conn = Connection::new(Limits::default(), Buffers::Owned);
                let start = ServerStart::With(config.clone());
                conn.start_server_encryption(start)
                    .expect("it is as new as can be");
                sessions.add(conn, socket, Echo)?;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            // That client has gone already.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => return Err(error),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1);
    let (Some(chain), Some(key)) = (files.next(), files.next()) else {
        return Err("usage: on_mio CHAIN.pem KEY.pem".into());
    };
    let config = ServerConfig::builder(sslcore_std::default_backend())
        .identity(trust::certificates(&chain)?, trust::private_key(key)?)
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0".parse()?)?;
    println!("listening on {}", listener.local_addr()?);
    serve(listener, &config, |open, session| {
        println!(
            "of {open} connections one is over: {:?}",
            session.conn.close_report()
        );
        ControlFlow::Continue(())
    })?;
    Ok(())
}
