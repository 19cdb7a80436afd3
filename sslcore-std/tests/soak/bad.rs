//! Clients that nobody wants.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use sslcore::ClientConfig;

use crate::by_hand::ByHand;
use crate::common;

/// What a client does that means no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Says nothing.
    Quiet,
    /// Says hello, a byte at a time.
    Slow,
    /// Says something else.
    Garbage,
    /// Says hello, and no more.
    HalfOpen,
    /// Refuses the server's certificate.
    Rejecting,
    /// Says hello in records of one byte.
    Fragments,
}

impl Bad {
    pub(crate) const ALL: [Self; 6] = [
        Self::Quiet,
        Self::Slow,
        Self::Garbage,
        Self::HalfOpen,
        Self::Rejecting,
        Self::Fragments,
    ];

    /// What it says first.
    fn words(self, hello: &[u8]) -> Vec<u8> {
        match self {
            Self::Quiet | Self::Rejecting => Vec::new(),
            Self::Garbage => b"EHLO [127.0.0.1]\r\n".to_vec(),
            Self::Slow | Self::HalfOpen => hello.to_vec(),
            Self::Fragments => {
                let message = &hello[5..];
                let records = message.iter().flat_map(|byte| [22, 3, 1, 0, 1, *byte]);
                records.collect()
            }
        }
    }
}

struct Client {
    kind: Bad,
    stream: TcpStream,
    words: Vec<u8>,
    by_hand: Option<ByHand>,
}

impl Client {
    /// One more turn; `false` when the server has ended it.
    fn turn(&mut self) -> bool {
        if let Some(client) = &mut self.by_hand {
            self.words.extend(client.take(usize::MAX));
        }
        let most = match self.kind {
            Bad::Slow => 1,
            _ => usize::MAX,
        };
        let most = most.min(self.words.len());
        match self.stream.write(&self.words[..most]) {
            Ok(n) => drop(self.words.drain(..n)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
        let mut heard = [0; 4096];
        match self.stream.read(&mut heard) {
            Ok(n) => {
                if let Some(client) = &mut self.by_hand {
                    client.hear(&heard[..n]);
                }
                n > 0
            }
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}

struct Stop<'a>(&'a Crowd);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// So many of them at a time: whom the server drops comes again.
pub(crate) struct Crowd {
    address: SocketAddr,
    size: usize,
    hello: Vec<u8>,
    rejecting: ClientConfig,
    stopped: AtomicBool,
}

impl Crowd {
    pub(crate) fn new(address: SocketAddr, size: usize) -> Self {
        let config = common::client().build().expect("client");
        let nobody = ClientConfig::builder(sslcore_std::default_backend()).build();
        Self {
            address,
            size,
            hello: ByHand::new(&config).take(usize::MAX),
            rejecting: nobody.expect("client"),
            stopped: AtomicBool::new(false),
        }
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Stops them when this is dropped, also by a panic.
    pub(crate) fn stop_in_the_end(&self) -> impl Drop {
        Stop(self)
    }

    /// None, when the queue before the server is full: it takes nobody any more once the good ones are
    /// served.
    fn client(&self, kind: Bad) -> Option<Client> {
        let connected = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
        let stream = match connected {
            Err(error) if error.kind() == ErrorKind::TimedOut => return None,
            connected => connected.expect("connect"),
        };
        stream.set_nonblocking(true).expect("non-blocking");
        let by_hand = (kind == Bad::Rejecting).then(|| ByHand::new(&self.rejecting));
        Some(Client {
            kind,
            stream,
            words: kind.words(&self.hello),
            by_hand,
        })
    }

    /// Plays them until [`stop`](Self::stop); says how many there were of each kind.
    pub(crate) fn until_stopped(&self) -> [usize; Bad::ALL.len()] {
        let mut seen = [0; Bad::ALL.len()];
        let mut clients: Vec<Client> = Vec::new();
        while !self.stopped.load(Ordering::Relaxed) {
            for kind in (0..self.size)
                .map(|i| i % Bad::ALL.len())
                .skip(clients.len())
            {
                let Some(client) = self.client(Bad::ALL[kind]) else {
                    break;
                };
                seen[kind] += 1;
                clients.push(client);
            }
            clients.retain_mut(Client::turn);
            thread::sleep(Duration::from_millis(20));
        }
        seen
    }
}
