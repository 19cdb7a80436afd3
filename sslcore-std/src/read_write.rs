//! The socket as std's byte streams.

use std::io::{self, BufRead, Read, Write};

use crate::drive::Driver;
use crate::socket::SslSocket;

/// Reading plaintext: blocks until there is data. `Ok(0)` only when the peer has closed with
/// close_notify, or has ended its stream before TLS was started. The example of [`SslSocket`] shows
/// it.
///
/// # Errors
/// `UnexpectedEof` when the stream was truncated, `ConnectionReset` when it was reset, `TimedOut`
/// after [`set_timeout`](SslSocket::set_timeout), and the other kinds that
/// [`WaitError`](crate::WaitError) names. The [`Failure`](sslcore::Failure) is the error's inner
/// value. Data that arrived before a failure is read first.
impl Read for SslSocket {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.fill_buf()?;
        Ok(self.driver.read(out))
    }
}

/// Reading lines from the connection's own buffer: no bytes are taken from the connection before
/// the application consumes them, so bytes behind a "go ahead" line stay where
/// [`start_client_encryption`](SslSocket::start_client_encryption) finds them.
///
/// [`read_line`](BufRead::read_line) collects a line of any length. Limit it for a peer that is not
/// trusted: `Read::by_ref(&mut socket).take(1000).read_line(&mut line)`.
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

/// Writing plaintext: accepts as many bytes as there is room for, and blocks only while there is no
/// room. The peer must take data then; meanwhile the socket goes on receiving. Accepted bytes leave
/// with this call as far as the stream takes them, the rest with the next write, flush, read or
/// wait.
///
/// Bytes that are written while connecting or during a handshake are queued. When the queue is
/// full, the write carries connecting or the handshake on.
///
/// # Errors
/// `WouldBlock` when nothing was accepted: with
/// [`WaitError::ReadFirst`](crate::WaitError::ReadFirst) when both sides wait for the other to
/// read, with [`WaitError::VerdictNeeded`](crate::WaitError::VerdictNeeded),
/// [`WaitError::ConfigNeeded`](crate::WaitError::ConfigNeeded),
/// [`WaitError::PreSharedKeyNeeded`](crate::WaitError::PreSharedKeyNeeded) or
/// [`WaitError::SignatureNeeded`](crate::WaitError::SignatureNeeded) when the application must answer
/// first. `BrokenPipe` with the [`UsageError`](sslcore::UsageError) after
/// [`close`](SslSocket::close). `TimedOut` after [`set_timeout`](SslSocket::set_timeout), and the
/// other kinds that [`WaitError`](crate::WaitError) names.
impl Write for SslSocket {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        let written = match self.driver.write(plaintext) {
            Some(written) => written,
            None => self.wait(self.timeout, |driver| driver.write(plaintext).map(Ok))?,
        };
        self.driver.nudge();
        written
    }

    /// Blocks until the stream has taken all bytes that were written; during a handshake, until
    /// that is complete. `Ok` means that every accepted byte was sent to the stream, not that the
    /// peer has received it.
    ///
    /// # Errors
    /// The reason why the connection ended, as far as it is known, when bytes that were written will
    /// never leave; an error each time.
    fn flush(&mut self) -> io::Result<()> {
        self.driver.nudge();
        let flushed = match self.driver.flushed() {
            Some(flushed) => flushed,
            None => self.wait(self.timeout, Driver::flushed),
        };
        Ok(flushed?)
    }
}
