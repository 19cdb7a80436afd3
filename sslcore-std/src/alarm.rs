//! Ends another thread's sleep in poll(2).

use std::io::{self, Read, Write};

use rustix::event::{PollFd, PollFlags};

#[cfg(unix)]
type Pipe = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
type Pipe = std::net::TcpStream;

/// Rung by one thread, heard by another that sleeps on it. Two descriptors.
#[derive(Debug)]
pub(crate) struct Alarm {
    ear: Pipe,
    bell: Pipe,
}

impl Alarm {
    pub(crate) fn new() -> io::Result<Self> {
        let (ear, bell) = pair()?;
        ear.set_nonblocking(true)?;
        bell.set_nonblocking(true)?;
        Ok(Self { ear, bell })
    }

    /// What to sleep on.
    pub(crate) fn ear(&self) -> PollFd<'_> {
        PollFd::new(&self.ear, PollFlags::IN)
    }

    /// Until it is [hushed](Self::hush), nobody sleeps on it.
    pub(crate) fn ring(&self) {
        // If it is full it is ringing.
        let _ = (&self.bell).write(&[1]);
    }

    pub(crate) fn hush(&self) {
        let mut rings = [0; 16];
        while matches!((&self.ear).read(&mut rings), Ok(n) if n > 0) {}
    }
}

#[cfg(unix)]
fn pair() -> io::Result<(Pipe, Pipe)> {
    Pipe::pair()
}

/// Without pipes that poll can wait for: a connection to ourselves, and to nobody else.
#[cfg(not(unix))]
fn pair() -> io::Result<(Pipe, Pipe)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let bell = Pipe::connect(listener.local_addr()?)?;
    loop {
        let (ear, caller) = listener.accept()?;
        if caller == bell.local_addr()? {
            bell.set_nodelay(true)?;
            return Ok((ear, bell));
        }
    }
}
