//! A TCP stream that may still be on its way to be connected, and sleeping until it is ready.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::attempts::Attempts;
use crate::connect::ConnectError;
use crate::drive::{Interest, Transport};

/// What carries an [`SslSocket`](crate::SslSocket).
///
/// Streams are shared so that one half of a socket can sleep on them while the other works.
pub(crate) enum Link {
    Connecting(Attempts),
    Connected(Arc<TcpStream>),
}

impl Link {
    /// The stream; while connecting, the one tried last.
    pub(crate) fn stream(&self) -> &TcpStream {
        match self {
            Self::Connecting(attempts) => attempts.newest(),
            Self::Connected(stream) => stream,
        }
    }

    /// What to sleep on.
    pub(crate) fn streams(&self) -> Vec<Arc<TcpStream>> {
        match self {
            Self::Connecting(attempts) => attempts.under_way(),
            Self::Connected(stream) => vec![Arc::clone(stream)],
        }
    }
}

impl Transport for Link {
    fn connect(&mut self) -> Result<bool, ConnectError> {
        let Self::Connecting(attempts) = self else {
            return Ok(true);
        };
        let Some(stream) = attempts.advance()? else {
            return Ok(false);
        };
        *self = Self::Connected(stream);
        Ok(true)
    }

    fn connect_deadline(&self) -> Option<Instant> {
        match self {
            Self::Connecting(attempts) => attempts.deadline(),
            Self::Connected(_) => None,
        }
    }

    fn finish(&mut self) {
        if let Self::Connected(stream) = self {
            // A stream that is gone needs no FIN.
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

impl Read for Link {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Connecting(_) => Err(ErrorKind::WouldBlock.into()),
            Self::Connected(stream) => stream.as_ref().read(out),
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Connecting(_) => Err(ErrorKind::WouldBlock.into()),
            Self::Connected(stream) => stream.as_ref().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sleeps until one of `streams` is ready for what interests us, `alarm` can be read, or `time`
/// is up. A signal may end it early.
pub(crate) fn park<'a>(
    streams: &'a [Arc<TcpStream>],
    interest: Interest,
    alarm: Option<PollFd<'a>>,
    time: Option<Duration>,
) -> io::Result<()> {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, interest.read);
    flags.set(PollFlags::OUT, interest.write);
    let mut ready: Vec<_> = alarm.into_iter().collect();
    // Without interest poll would return at once and for ever once the peer has hung up.
    if !flags.is_empty() {
        ready.extend(streams.iter().map(|stream| PollFd::new(stream, flags)));
    }
    if ready.is_empty() {
        std::thread::sleep(time.unwrap_or(Duration::ZERO));
        return Ok(());
    }
    // A time that no clock can hold is as good as none.
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    match poll(&mut ready, time.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
