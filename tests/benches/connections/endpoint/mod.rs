//! One end of a connection, as an event loop has it, and who provides it.

mod buffered;
mod clear;
mod ours;
mod unbuffered;

use std::fmt;
use std::time::{Duration, Instant as StdInstant};

use sslcore::crypto::Backend;
use sslcore::{Engine, Instant, Now, UnixTime};
use sslcore_tests::certs::NOW;

pub(crate) use self::unbuffered::Buffers;

/// The suite of all of them.
const SUITE: &str = "TLS_AES_128_GCM_SHA256";

/// One direction between two ends: what a socket's buffers are. It takes all that is written.
#[derive(Default)]
pub(crate) struct Pipe {
    bytes: Vec<u8>,
    read: usize,
}

impl Pipe {
    pub(crate) fn is_empty(&self) -> bool {
        self.read == self.bytes.len()
    }

    /// `write(2)`.
    fn put(&mut self, bytes: &[u8]) -> usize {
        self.bytes.extend_from_slice(bytes);
        bytes.len()
    }

    /// `read(2)`.
    fn take(&mut self, room: &mut [u8]) -> usize {
        let waiting = &self.bytes[self.read..];
        let n = waiting.len().min(room.len());
        room[..n].copy_from_slice(&waiting[..n]);
        self.read += n;
        if self.is_empty() {
            self.bytes.clear();
            self.read = 0;
        }
        n
    }
}

/// One end of a connection.
pub(crate) trait Endpoint {
    /// Writes what there is room for; how much that was.
    fn write(&mut self, plaintext: &[u8]) -> usize;

    /// Moves bytes until there is nothing more to do, and appends the plaintext that came to `heard`.
    fn turn(&mut self, now: Now, incoming: &mut Pipe, outgoing: &mut Pipe, heard: &mut Vec<u8>);

    fn is_handshaking(&self) -> bool;

    /// The application is done for a while.
    fn rest(&mut self) {}
}

/// Both ends of a connection and what is between them.
#[derive(Default)]
pub(crate) struct Wires {
    pub(crate) up: Pipe,
    pub(crate) down: Pipe,
}

/// Handshakes, and lets the tickets arrive.
pub(crate) fn handshake(
    client: &mut dyn Endpoint,
    server: &mut dyn Endpoint,
    wires: &mut Wires,
    now: Now,
) {
    let mut heard = Vec::new();
    loop {
        client.turn(now, &mut wires.down, &mut wires.up, &mut heard);
        server.turn(now, &mut wires.up, &mut wires.down, &mut heard);
        if wires.down.is_empty() {
            break;
        }
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    assert!(heard.is_empty() && wires.up.is_empty());
}

/// What time it is: deadlines, and how long buffers are kept, are as they are in a program.
pub(crate) struct Clock(StdInstant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(StdInstant::now())
    }

    pub(crate) fn now(&self) -> Now {
        let elapsed = self.0.elapsed();
        let wall = UnixTime::since_unix_epoch(Duration::from_secs(NOW) + elapsed);
        Now::new(Instant::from_micros(elapsed.as_micros() as u64), wall)
    }
}

/// Whose connections they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// sslcore by this engine; whether it gives back small buffers, too.
    Sslcore {
        engine: Engine,
        releasing: bool,
    },
    /// rustls' unbuffered connections, with the application's buffers.
    Unbuffered(Buffers),
    Buffered,
    /// Nobody: no TLS.
    Clear,
}

impl Who {
    pub(crate) const OURS: Self = Self::Sslcore {
        engine: Engine::Rustls,
        releasing: false,
    };
    pub(crate) const OWN_ENGINE: Self = Self::Sslcore {
        engine: Engine::Own,
        releasing: false,
    };

    pub(crate) const RELEASING: Self = Self::Sslcore {
        engine: Engine::Rustls,
        releasing: true,
    };
    pub(crate) const OWN_RELEASING: Self = Self::Sslcore {
        engine: Engine::Own,
        releasing: true,
    };

    /// Where both ends of as many connections come from as are wanted.
    pub(crate) fn maker(self, backend: &Backend) -> Box<dyn Maker> {
        match self {
            Self::Sslcore { engine, releasing } => {
                Box::new(ours::Configs::new(backend, engine, releasing))
            }
            Self::Unbuffered(buffers) => Box::new(unbuffered::Configs::new(backend, buffers)),
            Self::Buffered => Box::new(buffered::Configs::new(backend)),
            Self::Clear => Box::new(clear::Configs::new()),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Sslcore { engine, releasing } => match (engine, releasing) {
                (Engine::Own, false) => "sslcore, own engine",
                (Engine::Own, true) => "sslcore, own engine, release_when_idle",
                (_, false) => "sslcore",
                (_, true) => "sslcore, release_when_idle",
            },
            Self::Unbuffered(Buffers::Kept) => "rustls unbuffered, buffers kept",
            Self::Unbuffered(Buffers::Dropped) => "rustls unbuffered, buffers dropped",
            Self::Buffered => "rustls buffered",
            Self::Clear => "no TLS",
        };
        f.pad(name)
    }
}

/// The two configurations of a contender.
pub(crate) trait Maker {
    fn client(&self) -> Box<dyn Endpoint>;
    fn server(&self) -> Box<dyn Endpoint>;
}
