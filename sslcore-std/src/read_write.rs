//! The socket as std's byte streams.

use std::io::{self, BufRead, Read, Write};

use crate::drive::Driver;
use crate::socket::SslSocket;

/// Blocks until there is data. `Ok(0)` only when the peer has closed with close_notify, or ended
/// its stream before TLS.
///
/// # Errors
/// `UnexpectedEof` when the stream was cut, `ConnectionReset`, and what else
/// [`WaitError`](crate::WaitError) says. The [`Failure`](sslcore::Failure) is the error's inner
/// value. What arrived before a failure is read first.
impl Read for SslSocket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.fill_buf()?;
        Ok(self.driver.read(out))
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
            self.wait(self.timeout, |driver| driver.readable())?;
        }
        Ok(self.peek())
    }

    fn consume(&mut self, n: usize) {
        self.driver.consume(n);
    }
}

/// Takes what there is room for, and blocks only while there is none: the peer must take data
/// then, and meanwhile the socket goes on receiving. Data written before the connection stands,
/// or during a handshake, is queued; when the queue is full, connecting or the handshake is
/// carried on. What was accepted leaves with this call as far as the stream takes it, the rest
/// with the next write, flush, read or wait.
///
/// # Errors
/// `WouldBlock` with [`WaitError::ReadFirst`](crate::WaitError::ReadFirst) when both sides wait
/// for the other to read, or with [`WaitError::VerdictNeeded`](crate::WaitError::VerdictNeeded):
/// nothing was taken. `BrokenPipe` with the [`UsageError`](sslcore::UsageError) when our side was
/// closed. What else [`WaitError`](crate::WaitError) says.
impl Write for SslSocket {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        let written = match self.driver.write(plaintext) {
            Some(written) => written,
            None => self.wait(self.timeout, |driver| driver.write(plaintext).map(Ok))?,
        };
        self.driver.nudge();
        written
    }

    /// Blocks until the stream has taken all that was written; during a handshake, until that is
    /// complete. `Ok` means that every byte that was accepted so far was encrypted and taken by
    /// the stream, not that the peer has it. If the connection ends before, with bytes that never
    /// leave, this fails with the reason, and does so whenever it is asked again.
    fn flush(&mut self) -> io::Result<()> {
        self.driver.nudge();
        let flushed = match self.driver.flushed() {
            Some(flushed) => flushed,
            None => self.wait(self.timeout, Driver::flushed),
        };
        Ok(flushed?)
    }
}
