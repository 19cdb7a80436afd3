//! The socket as std's byte streams.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use sslcore::{ReadEnd, UsageError};

use crate::socket::SslSocket;
use crate::wait::WaitError;

impl SslSocket {
    /// The unread plaintext, in one piece. Does not block. `QIODevice::peek`.
    pub fn peek(&self) -> &[u8] {
        self.connection.peek()
    }

    /// Whether a whole line waits, so that [`BufRead::read_line`] will not block.
    /// `QIODevice::canReadLine`.
    pub fn can_read_line(&self) -> bool {
        self.peek().contains(&b'\n')
    }

    /// The reader took something: what waited for room can come in.
    fn taken(&mut self) {
        self.fresh &= self.connection.bytes_available() > 0;
        self.settle();
    }

    fn write_error(&self, error: UsageError) -> io::Error {
        match self.connection.failure() {
            Some(failure) => WaitError::Failed(failure.clone()).into(),
            None => io::Error::new(ErrorKind::BrokenPipe, error),
        }
    }
}

/// Blocks until there is data. `Ok(0)` only when the peer has closed with close_notify, or ended
/// its stream before TLS.
///
/// # Errors
/// `UnexpectedEof` when the stream was cut, `ConnectionReset`, and what else [`WaitError`] says.
/// The [`Failure`](sslcore::Failure) is the error's inner value. What arrived before a failure is
/// read first.
impl Read for SslSocket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let plain = self.fill_buf()?;
        let n = plain.len().min(out.len());
        out[..n].copy_from_slice(&plain[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// The connection's own buffer, so nothing is read ahead of what the application takes: bytes
/// behind a "go ahead" line stay where
/// [`start_client_encryption`](SslSocket::start_client_encryption) finds them.
///
/// [`read_line`](BufRead::read_line) collects a line of any length; against a peer that is not
/// trusted, bound it: `Read::by_ref(&mut socket).take(1000).read_line(&mut line)`.
impl BufRead for SslSocket {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.peek().is_empty() {
            let end = self.wait(self.timeout, |socket| {
                if !socket.peek().is_empty() {
                    return Some(Ok(None));
                }
                Some(Ok(Some(socket.connection.read_end()?)))
            })?;
            match end {
                None | Some(ReadEnd::Closed | ReadEnd::EndOfStream) => {}
                Some(end) => return Err(self.end_error(end).into()),
            }
        }
        Ok(self.connection.peek())
    }

    fn consume(&mut self, n: usize) {
        let consumed = self.connection.consume(n);
        debug_assert!(consumed.is_ok(), "{n} is more than fill_buf gave");
        self.taken();
    }
}

/// Takes what there is room for, and blocks only while there is none: the peer must take data
/// then, and meanwhile the socket goes on receiving. Data written during a handshake is queued;
/// when the queue is full the handshake is carried on. What was accepted leaves with this call as
/// far as the stream takes it, the rest with the next write, flush, read or wait.
///
/// # Errors
/// `WouldBlock` with [`WaitError::ReadFirst`] when both sides wait for the other to read, or with
/// [`WaitError::VerdictNeeded`]: nothing was taken. `BrokenPipe` with the
/// [`UsageError`] when our side was closed. What else [`WaitError`] says.
impl Write for SslSocket {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        let written = match self.connection.write(plaintext) {
            Ok(0) if !plaintext.is_empty() => self.wait(self.timeout, |socket| {
                match socket.connection.write(plaintext) {
                    Ok(0) => None,
                    outcome => Some(Ok(outcome)),
                }
            })?,
            outcome => outcome,
        };
        let n = written.map_err(|error| self.write_error(error))?;
        self.nudge();
        Ok(n)
    }

    /// Blocks until the stream has taken all that was written; during a handshake, until that is
    /// complete.
    fn flush(&mut self) -> io::Result<()> {
        self.nudge();
        if self.pending() == 0 {
            return Ok(());
        }
        let flushed = self.wait(self.timeout, |socket| {
            if socket.pending() == 0 {
                return Some(Ok(()));
            }
            socket.ended().map(Err)
        });
        Ok(flushed?)
    }
}
