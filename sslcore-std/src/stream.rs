//! TLS over any non-blocking byte stream, for readiness loops of one's own.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read, Write};
#[cfg(all(feature = "ktls", target_os = "linux"))]
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use sslcore::{CloseReport, Limits};

use crate::drive::{Driver, Transport};
use crate::face::common_methods;
#[cfg(all(feature = "ktls", target_os = "linux"))]
use crate::kernel_tls_error::KernelTlsError;
use crate::wait_error::WaitError;

/// A stream whose end is its owner's business.
struct Bare<S> {
    stream: S,
    /// What says which socket it is, for a kernel that has TLS.
    #[cfg(all(feature = "ktls", target_os = "linux"))]
    socket: Option<fn(&S) -> BorrowedFd<'_>>,
}

impl<S: Read> Read for Bare<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.stream.read(out)
    }
}

impl<S: Write> Write for Bare<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Read + Write> Transport for Bare<S> {
    #[cfg(all(feature = "ktls", target_os = "linux"))]
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.socket.map(|socket| socket(&self.stream))
    }
}

/// A TLS stream over any non-blocking `Read + Write`, which itself never blocks: for mio, for an
/// event loop of one's own, for pipes in a test.
///
/// The stream below returns `WouldBlock` when it is not ready, and so does this one. A loop around
/// it asks what to wait for ([`wants_read`](Self::wants_read), [`wants_write`](Self::wants_write),
/// [`deadline`](Self::deadline)), waits for that, and calls [`turn`](Self::turn) until that returns
/// `false`:
///
/// ```
/// use std::io::{self, Read, Write};
/// use std::time::Instant;
///
/// use sslcore_std::SslStream;
///
/// /// Waits as mio, epoll or poll would.
/// # fn poll(_: &mut impl Sized, _: bool, _: bool, _: Option<Instant>) {}
/// fn echo<S: Read + Write>(mut stream: SslStream<S>) -> io::Result<S> {
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
///     Ok(stream.into_inner()) // now shut it down for writing: FIN is the owner's
/// }
/// ```
///
/// Both ends in one thread, as a test or a simulator has them:
///
/// ```
/// use std::io::{ErrorKind, Read, Write};
///
/// use sslcore_std::SslStream;
/// use sslcore_std::sslcore::ServerStart;
///
/// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// #     use std::net::{TcpListener, TcpStream};
/// #     use sslcore_tests::pair::{self, server_name};
/// #     let trusting = pair::client(sslcore_std::default_backend()).build()?;
/// #     let serving = pair::server(sslcore_std::default_backend()).build()?;
/// #     let listener = TcpListener::bind("127.0.0.1:0")?;
/// #     let one = TcpStream::connect(listener.local_addr()?)?;
/// #     let (other, _) = listener.accept()?;
/// #     one.set_nonblocking(true)?;
/// #     other.set_nonblocking(true)?;
/// let (mut client, mut server) = (SslStream::new(one), SslStream::new(other));
/// client.start_client_encryption(&trusting, server_name())?;
/// server.start_server_encryption(ServerStart::With(serving))?;
/// client.write_all(b"hello")?; // queued until the handshake is complete
/// let mut heard = [0; 5];
/// loop {
///     client.turn();
///     match server.read(&mut heard) {
///         Ok(n) => break assert_eq!(&heard[..n], b"hello"),
///         Err(error) if error.kind() == ErrorKind::WouldBlock => {}
///         Err(error) => return Err(error.into()),
///     }
/// }
/// client.close();
/// server.close();
/// while client.close_report().is_none() || server.close_report().is_none() {
///     client.turn();
///     server.turn();
/// }
/// assert!(client.transmit_finished());
/// assert!(client.close_report().is_some_and(|report| report.clean));
/// println!("{:?}", client.status()); // why nothing more will move
/// #     Ok(())
/// # }
/// # #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
/// # fn main() {}
/// ```
///
/// The methods that [`SslSocket`](crate::SslSocket) has, too, are shown there.
///
/// # Readiness
/// A read takes turns as well, and so may send everything that was pending. Then there is room for
/// more, although [`wants_write`](Self::wants_write) says that there is nothing to wait for. A loop
/// whose last write was refused asks [`poll_event`](Self::poll_event) before it waits, and writes
/// again on [`Event::Writable`](sslcore::Event::Writable).
///
/// With an edge-triggered poller, register for both kinds of readiness once. After each event call
/// `turn` until it returns `false`; after reading from a [full](Self::wants_read) buffer call it
/// again, without waiting for an event.
///
/// # Dropping
/// Dropping the `SslStream` drops the stream below as it is, and sends nothing to the peer: whether
/// the stream may be written to then is its owner's decision. [`cancel`](Self::cancel) before
/// dropping tells the peer.
pub struct SslStream<S> {
    driver: Driver<Bare<S>>,
}

impl<S: Read + Write> SslStream<S> {
    /// A TLS stream over an open stream, in plaintext, with the default [`Limits`].
    pub fn new(stream: S) -> Self {
        Self::with_limits(stream, Limits::default())
    }

    /// A TLS stream over an open stream, in plaintext, with these limits.
    pub fn with_limits(stream: S, limits: Limits) -> Self {
        let bare = Bare {
            stream,
            #[cfg(all(feature = "ktls", target_os = "linux"))]
            socket: None,
        };
        Self {
            driver: Driver::new(bare, limits, false),
        }
    }

    common_methods!();

    /// One round: reads from the stream once, processes, and sends what the stream takes. Returns
    /// whether anything moved; if not, wait for readiness. [`poll_event`](Self::poll_event) tells
    /// what happened.
    ///
    /// A round moves at most what the buffers hold, so a loop over many streams can be fair: one
    /// turn each. Call it when the stream is ready, and when the [`deadline`](Self::deadline) has
    /// passed; at any other time it does no harm.
    pub fn turn(&mut self) -> bool {
        self.driver.turn()
    }

    /// Whether to wait until the stream is readable. `false` while the receive buffer is full of
    /// unread data, and after the stream's end.
    pub fn wants_read(&mut self) -> bool {
        self.driver.interest().read
    }

    /// Whether to wait until the stream is writable: bytes are pending that it has not taken, or
    /// not flushed.
    pub fn wants_write(&mut self) -> bool {
        self.driver.interest().write
    }

    /// The time at which to take a [`turn`](Self::turn) even if the stream is not ready. `None`
    /// when no timer runs.
    pub fn deadline(&self) -> Option<Instant> {
        let deadline = self.driver.deadline()?;
        self.driver.clock.to_std(deadline)
    }

    /// Why nothing moves although the peer may have sent something: the application must
    /// [`answer`](Self::answer), [`provide_config`](Self::provide_config),
    /// [`provide_psk`](Self::provide_psk) or [`provide_signature`](Self::provide_signature), or the
    /// connection has failed or ended. `None` while the connection only waits for the peer.
    pub fn status(&self) -> Option<WaitError> {
        self.driver.question().or_else(|| self.driver.ended())
    }

    /// How the connection ended. `None` until it has ended and its last bytes have been taken by
    /// the stream, or can no longer be.
    pub fn close_report(&self) -> Option<CloseReport> {
        self.driver.connection.close_report()
    }

    /// Whether the stream has taken the connection's last byte: it may be shut down for writing.
    pub fn transmit_finished(&self) -> bool {
        self.driver.connection.transmit_finished()
    }

    /// Ends the connection at once: unsent and unread data is dropped, and the peer gets no alert
    /// and no close_notify. The stream below is left open. `QAbstractSocket::abort`.
    pub fn abort(&mut self) {
        self.driver.abort();
    }

    /// The stream below. Reading from it or writing to it corrupts the connection.
    pub fn get_ref(&self) -> &S {
        &self.driver.transport.stream
    }

    /// The stream below, to register it with a poller. Reading from it or writing to it corrupts
    /// the connection.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.driver.transport.stream
    }

    /// Drops the connection, and returns the stream below. The peer is told nothing.
    pub fn into_inner(self) -> S {
        self.driver.transport.stream
    }

    /// Has Linux' kernel seal and open the records from now on, as
    /// [`SslSocket::offload_to_kernel`](crate::SslSocket::offload_to_kernel) does, without blocking. The
    /// stream below must be a TCP socket, over which nothing else reads or writes.
    ///
    /// # Errors
    /// As there; with [`KernelTlsError::NotNow`] and
    /// [`UsageError::Offload`](sslcore::UsageError::Offload) until all bytes that were written have left and
    /// the last record that has begun to arrive is complete: call it again when the stream was ready.
    #[cfg(all(feature = "ktls", target_os = "linux"))]
    pub fn offload_to_kernel(&mut self) -> Result<(), KernelTlsError>
    where
        S: AsFd,
    {
        self.driver.transport.socket = Some(S::as_fd);
        self.driver.offload()
    }

    /// Sends up to `len` bytes of a file from `offset` on, which is advanced by as many, without blocking:
    /// otherwise as [`SslSocket::send_file`](crate::SslSocket::send_file). At most 1 MiB in one call.
    ///
    /// # Errors
    /// `WouldBlock` when the stream takes nothing now, or the bytes that were written before have not left.
    #[cfg(all(feature = "ktls", target_os = "linux"))]
    pub fn send_file(
        &mut self,
        file: &std::fs::File,
        offset: &mut u64,
        len: u64,
    ) -> io::Result<u64> {
        loop {
            if let Some(sent) = self.driver.send_file(file, offset, len) {
                return sent.map(|n| n as u64);
            }
            if self.driver.wants_to_send_file() || !self.driver.turn() {
                return Err(self.blocked());
            }
        }
    }

    /// Why a read or a write cannot go on.
    fn blocked(&self) -> io::Error {
        match self.status() {
            Some(why) => why.into(),
            None => ErrorKind::WouldBlock.into(),
        }
    }
}

/// Reading plaintext: takes turns until there is data. `Ok(0)` only when the peer has closed with
/// close_notify, or has ended its stream before TLS was started.
///
/// # Errors
/// `WouldBlock` when no data has arrived yet; with [`WaitError::VerdictNeeded`],
/// [`WaitError::ConfigNeeded`], [`WaitError::PreSharedKeyNeeded`] or [`WaitError::SignatureNeeded`] as
/// its inner value when the application must answer first. Otherwise as for [`SslSocket`](crate::SslSocket).
impl<S: Read + Write> Read for SslStream<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.fill_buf()?;
        Ok(self.driver.read(out))
    }
}

/// Reading lines from the connection's own buffer: no bytes are taken from the connection before
/// the application consumes them.
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

/// Writing plaintext: accepts as many bytes as there is room for, and passes them to the stream as
/// far as that takes them now.
///
/// # Errors
/// `WouldBlock` when nothing was accepted, because there is no room. Otherwise as for
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

    /// Succeeds when the stream has taken all bytes that were written, and has flushed them.
    ///
    /// # Errors
    /// `WouldBlock` until then. The reason why the connection ended, as far as it is known, when bytes
    /// that were written will never leave; an error each time.
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
            .field("stream", &self.driver.transport.stream)
            .field("connection", &*self.driver.connection)
            .finish_non_exhaustive()
    }
}
