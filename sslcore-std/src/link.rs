//! A TCP stream that may still be on its way to be connected.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(all(feature = "ktls", target_os = "linux"))]
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Instant;

use crate::attempts::Attempts;
use crate::connect_error::ConnectError;
use crate::drive::Transport;

/// What carries an [`SslSocket`](crate::SslSocket).
///
/// Streams are shared so that one half of a socket can sleep on them while the other works.
pub(crate) enum Link {
    Connecting(Box<Attempts>),
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

    #[cfg(all(feature = "ktls", target_os = "linux"))]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Connecting(_) => None,
            Self::Connected(stream) => Some(stream.as_fd()),
        }
    }

    fn give_up(&mut self) {
        for stream in self.streams() {
            // One that has not connected may have nothing to shut down.
            let _ = stream.shutdown(Shutdown::Both);
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
