//! The socket: made, aborted, and what it is.

use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use sslcore::Limits;

use crate::attempts::Attempt;
use crate::drive::Driver;
use crate::face::common_methods;
use crate::link::Link;
use crate::options::{SocketOption, SocketOptions};

/// How long a write waits in vain before it says "read first", unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a socket is in its life. `QAbstractSocket::SocketState`; looking a host up is over when
/// there is a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    /// It is connecting. `ConnectingState`.
    Connecting,
    /// It is connected, in plaintext or with TLS. `ConnectedState`.
    Connected,
    /// Our side was closed, or the connection has failed; what waits still leaves, what the peer
    /// sends can still be read. `ClosingState`.
    Closing,
    /// It was never connected, or everything is over. What was received can still be read.
    /// `UnconnectedState`.
    Unconnected,
}

/// A blocking TCP socket that starts in plaintext and speaks TLS when told. `QSslSocket`.
///
/// It does nothing behind the application's back: there is no thread, bytes move only while one
/// of its methods runs. [`Read`](std::io::Read), [`Write`](std::io::Write) and the `wait_for_*`
/// methods block, all others return at once. To read and write from two threads at once,
/// [`split`](Self::split) it; for a loop that must not block at all there is
/// [`SslStream`](crate::SslStream).
///
/// # Back-pressure
/// Received data waits in a buffer of [`Limits::read_buffer_size`] and one record; while it is
/// full the stream is not read, and TCP makes the peer wait. While a write waits for the peer to
/// take data, the socket goes on receiving into that buffer. Two peers that both write more than
/// all buffers hold, and do not read, wait for each other, and no buffer of a fixed size can
/// change that: after [`set_patience`](Self::set_patience) such a write ends with
/// [`WaitError::ReadFirst`](crate::WaitError::ReadFirst) instead of hanging. Nothing is lost:
/// read, call [`discard_reads`](Self::discard_reads), or raise
/// [`set_read_buffer_size`](Self::set_read_buffer_size), then write on.
///
/// # The end
/// Dropping a socket [cancels](Self::cancel) what is not over, without waiting for anything: the
/// peer gets user_canceled and close_notify behind what was written, if the stream takes all of
/// that at once; else what has not left is lost, and the peer sees a truncated connection. It may see
/// a reset one if something had arrived that was not read. That the farewell is no ordinary close is
/// said by user_canceled alone, which many peers pass over: an application that leaves in the middle
/// of something, and whose protocol does not show that, calls [`abort`](Self::abort) before; a thread
/// that panics sends no farewell. An
/// alert that was owed has left with the call that told of the failure, if the stream took it then,
/// but may be lost with such a reset. [`disconnect_from_host`](Self::disconnect_from_host) ends a
/// connection in order, and after a failure makes sure that the alert arrives.
pub struct SslSocket {
    pub(crate) driver: Driver<Link>,
    pub(crate) peer_name: Option<Box<str>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) patience: Duration,
}

impl Drop for SslSocket {
    fn drop(&mut self) {
        // Who panics has not said all that it meant to.
        if !std::thread::panicking() {
            self.driver.cancel();
        }
    }
}

impl SslSocket {
    /// Adopts an open stream, with the default [`Limits`]. `QSslSocket::setSocketDescriptor`.
    ///
    /// The stream becomes non-blocking; its other options stay as they are.
    ///
    /// # Errors
    /// Those of [`TcpStream::set_nonblocking`].
    pub fn from_stream(stream: TcpStream) -> io::Result<Self> {
        Self::with_limits(stream, Limits::default())
    }

    /// The same, with limits of one's own.
    ///
    /// # Errors
    /// As for [`from_stream`](Self::from_stream).
    pub fn with_limits(stream: TcpStream, limits: Limits) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::over(Link::Connected(Arc::new(stream)), limits, None))
    }

    pub(crate) fn over(link: Link, limits: Limits, host: Option<&str>) -> Self {
        let connecting = matches!(link, Link::Connecting(_));
        Self {
            driver: Driver::new(link, limits, connecting),
            peer_name: host.map(Box::from),
            timeout: None,
            patience: PATIENCE,
        }
    }

    common_methods!();

    /// Where it is in its life. `QAbstractSocket::state`.
    pub fn state(&self) -> SocketState {
        let driver = &self.driver;
        match (driver.is_disconnected(), driver.is_connecting()) {
            (true, _) => SocketState::Unconnected,
            (false, true) => SocketState::Connecting,
            (false, false) if driver.is_closing() => SocketState::Closing,
            (false, false) => SocketState::Connected,
        }
    }

    /// Ends everything at once: what waits to be sent or read is thrown away, the peer is told
    /// nothing. `QAbstractSocket::abort`.
    pub fn abort(&mut self) {
        self.driver.abort();
        // It may be gone already; then there is nothing left to end.
        let _ = self.stream().shutdown(Shutdown::Both);
    }

    /// The TCP stream; while connecting, and after connecting has failed, the one tried last. It
    /// is non-blocking; reading from it, writing to it or shutting it down tears holes into the
    /// connection.
    pub fn stream(&self) -> &TcpStream {
        self.driver.transport.stream()
    }

    /// How far it is with connecting: the attempt that was begun last, and `None` once the connection
    /// stands, and for a socket that was not connected by name.
    pub fn attempt(&self) -> Option<Attempt> {
        match &self.driver.transport {
            Link::Connecting(attempts) => Some(attempts.latest()),
            Link::Connected(_) => None,
        }
    }

    /// Sets an option of the TCP socket; while connecting, of every attempt.
    /// `QSslSocket::setSocketOption`.
    ///
    /// # Errors
    /// The system's; `Unsupported` for a type of service on systems where it is not implemented.
    pub fn set_socket_option(&mut self, option: SocketOption) -> io::Result<()> {
        match &mut self.driver.transport {
            Link::Connecting(attempts) => attempts.set_option(option),
            Link::Connected(stream) => option.set(stream),
        }
    }

    /// All options of the TCP socket. `QSslSocket::socketOption`. Costs six system calls or more.
    ///
    /// # Errors
    /// The system's.
    pub fn socket_options(&self) -> io::Result<SocketOptions> {
        SocketOptions::of(self.stream())
    }

    /// Our address and port. `QAbstractSocket::localAddress`, `localPort`.
    ///
    /// # Errors
    /// Those of [`TcpStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream().local_addr()
    }

    /// The peer's address and port. `QAbstractSocket::peerAddress`, `peerPort`.
    ///
    /// # Errors
    /// Those of [`TcpStream::peer_addr`]: `NotConnected` before and, on most systems, after the
    /// connection.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream().peer_addr()
    }

    /// The host that was connected to, as it was named; `None` for an adopted stream.
    /// `QAbstractSocket::peerName`.
    pub fn peer_name(&self) -> Option<&str> {
        self.peer_name.as_deref()
    }
    /// How long one call of [`Read`](std::io::Read), [`Write`](std::io::Write) or
    /// [`BufRead`](std::io::BufRead) may block before it fails with `TimedOut`. The default,
    /// `None`, is for ever.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// How long a write, or a wait, goes on when our receive buffer is full of unread data and
    /// the peer takes nothing, before it ends with
    /// [`WaitError::ReadFirst`](crate::WaitError::ReadFirst). The default is one second.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }
}

impl fmt::Debug for SslSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslSocket")
            .field("stream", self.stream())
            .field("connection", self.connection())
            .finish_non_exhaustive()
    }
}
