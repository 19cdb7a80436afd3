//! TLS over any non-blocking byte stream, for readiness loops of one's own.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::time::Instant;

use sslcore::{CloseReport, Limits};

use crate::drive::{Driver, Transport};
use crate::face::common_methods;
use crate::wait_error::WaitError;

/// A stream whose end is its owner's business.
struct Bare<S>(S);

impl<S: Read> Read for Bare<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out)
    }
}

impl<S: Write> Write for Bare<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Read + Write> Transport for Bare<S> {}

/// A TLS stream over any non-blocking `Read + Write`, that never blocks itself: for mio, for an
/// event loop of one's own, for a pipe in a test.
///
/// The stream below says `WouldBlock` when it is not ready, and so does this one. The loop around
/// it asks what to wait for, [`wants_read`](Self::wants_read), [`wants_write`](Self::wants_write),
/// [`deadline`](Self::deadline), waits for that, and calls [`turn`](Self::turn) until it says that
/// nothing moved:
///
/// ```no_run
/// use std::io::{self, Read, Write};
/// use std::time::Instant;
///
/// use sslcore_std::SslStream;
///
/// /// Waits as mio, epoll or poll would.
/// # fn poll(_: &mut impl Sized, _: bool, _: bool, _: Option<Instant>) {}
/// fn echo<S: Read + Write>(mut stream: SslStream<S>) -> io::Result<()> {
///     let mut piece = [0; 4096];
///     loop {
///         while stream.turn() {}
///         match stream.read(&mut piece) {
///             Ok(0) => break,
///             // A whole server would keep what write did not take.
///             Ok(n) => drop(stream.write(&piece[..n])?),
///             Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
///                 let (read, write) = (stream.wants_read(), stream.wants_write());
///                 let deadline = stream.deadline();
///                 poll(stream.get_mut(), read, write, deadline);
///             }
///             Err(error) => return Err(error),
///         }
///     }
///     stream.close();
///     while stream.wants_write() {
///         stream.turn();
///         poll(stream.get_mut(), false, true, None);
///     }
///     Ok(()) // now shut the stream down for writing: FIN is the owner's
/// }
/// ```
///
/// Reading takes turns as well, and so may send all that waited: then there is room for more, and
/// [`wants_write`](Self::wants_write) has nothing to wait for. A loop with more to write than there
/// was room for looks, before it waits, whether [`poll_event`](Self::poll_event) tells
/// [`Event::Writable`](sslcore::Event::Writable), and writes again if so.
///
/// With an edge-triggered poller, ask for both kinds of readiness once, and after each event turn
/// until nothing moves; after reading from a [full](Self::wants_read) buffer turn again, without
/// waiting for an event.
///
/// Dropping it drops the stream as it is, and tells the peer nothing: whether the stream may be
/// written to then is its owner's affair. [`cancel`](Self::cancel) says farewell.
pub struct SslStream<S> {
    driver: Driver<Bare<S>>,
}

impl<S: Read + Write> SslStream<S> {
    /// Over an open stream, in plaintext, with the default [`Limits`].
    pub fn new(stream: S) -> Self {
        Self::with_limits(stream, Limits::default())
    }

    /// The same, with limits of one's own.
    pub fn with_limits(stream: S, limits: Limits) -> Self {
        Self {
            driver: Driver::new(Bare(stream), limits, false),
        }
    }

    common_methods!();

    /// One round: reads from the stream once, processes, sends what the stream takes. Says whether
    /// anything moved; if not, wait. What happened is told by [`poll_event`](Self::poll_event).
    ///
    /// Costs at most what the buffers hold, so a loop over many streams can be fair: one turn
    /// each. Call it when the stream is ready, and when the [`deadline`](Self::deadline) has
    /// passed; at any other time it does no harm.
    pub fn turn(&mut self) -> bool {
        self.driver.turn()
    }

    /// Whether the stream should be watched for bytes to read. Not while the receive buffer is
    /// full of unread data, and not after the stream's end.
    pub fn wants_read(&mut self) -> bool {
        self.driver.interest().read
    }

    /// Whether bytes wait that the stream has not taken.
    pub fn wants_write(&mut self) -> bool {
        self.driver.interest().write
    }

    /// When to take a [`turn`](Self::turn) even if the stream is not ready. `None`: no need.
    pub fn deadline(&self) -> Option<Instant> {
        let deadline = self.driver.deadline()?;
        self.driver.clock.to_std(deadline)
    }

    /// Why nothing moves although the peer may have sent something: the application must
    /// [`answer`](Self::answer) or [`provide_config`](Self::provide_config), or the connection has
    /// failed or ended. `None` while it just takes its time.
    pub fn status(&self) -> Option<WaitError> {
        self.driver.question().or_else(|| self.driver.ended())
    }

    /// How the connection ended, once it has and everything that could leave has left.
    pub fn close_report(&self) -> Option<CloseReport> {
        self.driver.connection.close_report()
    }

    /// Whether nothing more will be sent: the stream may be shut down for writing.
    pub fn transmit_finished(&self) -> bool {
        self.driver.connection.transmit_finished()
    }

    /// Ends everything at once: what waits to be sent or read is thrown away, the peer is told
    /// nothing. `QAbstractSocket::abort`.
    pub fn abort(&mut self) {
        self.driver.abort();
    }

    /// The stream below. Reading from it or writing to it tears holes into the connection.
    pub fn get_ref(&self) -> &S {
        &self.driver.transport.0
    }

    /// The same, to register it with a poller.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.driver.transport.0
    }

    /// The stream below; the connection is gone.
    pub fn into_inner(self) -> S {
        self.driver.transport.0
    }

    /// Why a read or a write cannot go on.
    fn blocked(&self) -> io::Error {
        match self.status() {
            Some(why) => why.into(),
            None => ErrorKind::WouldBlock.into(),
        }
    }
}

/// Takes turns until there is data. `Ok(0)` only when the peer has closed with close_notify, or
/// ended its stream before TLS.
///
/// # Errors
/// `WouldBlock` when there is nothing yet; with [`WaitError::VerdictNeeded`] or
/// [`WaitError::ConfigNeeded`] as its inner value when the application must answer first.
/// Otherwise as for [`SslSocket`](crate::SslSocket).
impl<S: Read + Write> Read for SslStream<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.fill_buf()?;
        Ok(self.driver.read(out))
    }
}

/// The connection's own buffer: nothing is read ahead of it.
impl<S: Read + Write> BufRead for SslStream<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        loop {
            if let Some(readable) = self.driver.readable() {
                readable?;
                return Ok(self.driver.connection.peek());
            }
            if !self.driver.turn() {
                return Err(self.blocked());
            }
        }
    }

    fn consume(&mut self, n: usize) {
        self.driver.consume(n);
    }
}

/// Takes what there is room for, and hands it to the stream as far as that takes it now.
///
/// # Errors
/// `WouldBlock` when there is no room: nothing was taken. Otherwise as for
/// [`SslSocket`](crate::SslSocket).
impl<S: Read + Write> Write for SslStream<S> {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        loop {
            if let Some(written) = self.driver.write(plaintext) {
                self.driver.nudge();
                return written;
            }
            if !self.driver.turn() {
                return Err(self.blocked());
            }
        }
    }

    /// `WouldBlock` until the stream has taken all that was written, and has flushed it. Fails with
    /// the reason when it never will, as [`SslSocket`](crate::SslSocket) does.
    fn flush(&mut self) -> io::Result<()> {
        self.driver.nudge();
        match self.driver.flushed() {
            Some(flushed) => Ok(flushed?),
            None => Err(self.blocked()),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for SslStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslStream")
            .field("stream", &self.driver.transport.0)
            .field("connection", &self.driver.connection)
            .finish_non_exhaustive()
    }
}
