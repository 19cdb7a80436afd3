//! The socket: making it, aborting it, and its properties.

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

/// The state of a socket. `QAbstractSocket::SocketState`, without the states before and while a
/// name is looked up: there is no socket then.
///
/// The example of [`SslSocket`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    /// The TCP connection is being made. `ConnectingState`.
    Connecting,
    /// The TCP connection stands, in plaintext or with TLS. `ConnectedState`.
    Connected,
    /// The application has closed its direction, or the connection has failed. Queued data still
    /// leaves, and data from the peer can still be read. `ClosingState`.
    Closing,
    /// The socket was never connected, or the connection is over. Received data can still be read.
    /// `UnconnectedState`.
    Unconnected,
}

/// A blocking TCP socket that starts in plaintext and speaks TLS when told. `QSslSocket`.
///
/// A client and a server that switch to TLS after one line, over one TCP connection:
///
/// ```
/// use std::io::{self, BufRead, Read, Write};
/// use std::net::TcpStream;
/// use std::time::Duration;
///
/// use sslcore_std::sslcore::{ClientConfig, PeerName, ServerConfig, ServerStart};
/// use sslcore_std::{SocketState, SslSocket};
///
/// const TIMEOUT: Option<Duration> = Some(Duration::from_secs(30));
///
/// fn client(stream: TcpStream, config: &ClientConfig, peer: PeerName) -> io::Result<String> {
///     let mut socket = SslSocket::from_stream(stream)?;
///     socket.set_timeout(TIMEOUT); // for each read, write and flush
///     assert_eq!(socket.state(), SocketState::Connected);
///
///     socket.write_all(b"STARTTLS\r\n")?;
///     let mut line = String::new();
///     socket.read_line(&mut line)?; // go ahead
///     socket.start_client_encryption(config, peer).map_err(io::Error::other)?;
///     socket.wait_for_encrypted(TIMEOUT)?;
///     println!("{:?} with {}", socket.connection().session_protocol(), socket.peer_addr()?);
///
///     socket.write_all(b"hello\n")?;
///     socket.close(); // that was all: close_notify leaves behind it
///     let mut answer = String::new();
///     socket.read_to_string(&mut answer)?; // up to the peer's close_notify
///     while let Some(event) = socket.poll_event() {
///         println!("{event:?}");
///     }
///     assert_eq!(socket.state(), SocketState::Unconnected);
///     Ok(answer)
/// }
///
/// fn server(stream: TcpStream, config: ServerConfig) -> io::Result<()> {
///     let mut socket = SslSocket::from_stream(stream)?;
///     socket.set_timeout(TIMEOUT);
///     let mut line = String::new();
///     socket.read_line(&mut line)?; // STARTTLS
///     socket.write_all(b"go ahead\r\n")?; // and TLS at once, with no read or wait between
///     let start = ServerStart::With(config);
///     socket.start_server_encryption(start).map_err(io::Error::other)?;
///
///     line.clear();
///     socket.read_line(&mut line)?; // handshakes first
///     socket.write_all(line.as_bytes())?;
///     let report = socket.disconnect_from_host(Duration::from_secs(5));
///     assert!(report.clean); // both sides have sent close_notify
///     Ok(())
/// }
///
/// # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// #     use sslcore_tests::pair::{self, server_name};
/// #     let trusting = pair::client(sslcore_std::default_backend()).build()?;
/// #     let serving = pair::server(sslcore_std::default_backend()).build()?;
/// #     let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// #     let one = TcpStream::connect(listener.local_addr()?)?;
/// #     let (other, _) = listener.accept()?;
/// let serving = std::thread::spawn(move || server(other, serving));
/// assert_eq!(client(one, &trusting, server_name())?, "hello\n");
/// serving.join().expect("no panic")?;
/// #     Ok(())
/// # }
/// # #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
/// # fn main() {}
/// ```
///
/// # Threads and blocking
/// The socket has no thread: bytes move only while one of its methods runs.
/// [`Read`](std::io::Read), [`Write`](std::io::Write), [`BufRead`](std::io::BufRead), the
/// `wait_for_*` methods, [`keep_asking`](Self::keep_asking) and
/// [`disconnect_from_host`](Self::disconnect_from_host) block, and, with the feature `ktls`,
/// `offload_to_kernel` and `send_file`; all other methods return at once. To read and write from two
/// threads at once, [`split`](Self::split) the socket. For a loop that must not block, use
/// [`SslStream`](crate::SslStream).
///
/// # Back-pressure
/// Received data waits in a buffer of [`Limits::read_buffer_size`] and one record. While the buffer
/// is full the stream is not read, and TCP makes the peer wait. While a write waits for the peer to
/// take data, the socket goes on receiving into that buffer. Two peers that both write more than
/// all buffers hold, and do not read, wait for each other. Such a write ends with
/// [`WaitError::ReadFirst`](crate::WaitError::ReadFirst) after the time that
/// [`set_patience`](Self::set_patience) sets, and nothing is lost: read, call
/// [`discard_reads`](Self::discard_reads), or raise
/// [`set_read_buffer_size`](Self::set_read_buffer_size), then write on.
///
/// # Dropping
/// Dropping a socket [cancels](Self::cancel) the connection, without blocking: user_canceled and
/// close_notify are sent behind queued data if the stream takes all of it at once. Otherwise the
/// rest is lost, and the peer sees a truncated connection, or a reset if received data was unread.
///
/// - [`disconnect_from_host`](Self::disconnect_from_host) ends a connection in order. After a
///   failure it also makes sure that the alert arrives, which a reset might destroy on its way.
/// - [`abort`](Self::abort) before dropping sends nothing. Use it when the application leaves in
///   the middle of a message and its protocol does not show that: many peers ignore user_canceled,
///   and would take the close_notify behind it for an ordinary end.
/// - A thread that panics sends nothing when it drops the socket.
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
    /// Adopts a connected TCP stream, in plaintext, with the default [`Limits`].
    /// `QSslSocket::setSocketDescriptor`.
    ///
    /// The stream becomes non-blocking; its other options stay as they are.
    ///
    /// # Errors
    /// Those of [`TcpStream::set_nonblocking`].
    pub fn from_stream(stream: TcpStream) -> io::Result<Self> {
        Self::with_limits(stream, Limits::default())
    }

    /// Adopts a connected TCP stream, in plaintext, with these limits. Otherwise as
    /// [`from_stream`](Self::from_stream).
    ///
    /// ```
    /// use std::net::TcpStream;
    ///
    /// use sslcore_std::SslSocket;
    /// use sslcore_std::sslcore::Limits;
    ///
    /// /// A socket that buffers at most 4 KiB of unread data, and one record.
    /// fn small(stream: TcpStream) -> std::io::Result<SslSocket> {
    ///     let limits = Limits {
    ///         read_buffer_size: 4096,
    ///         ..Limits::default()
    ///     };
    ///     SslSocket::with_limits(stream, limits)
    /// }
    /// ```
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

    /// Has this connection written down as a [transcript](sslcore::transcript), from its beginning: the
    /// pieces of the text go to `to`, which should be quick. `configuration` is a name for what TLS is
    /// started with.
    ///
    /// The transcript has all bytes and all plaintext. It replays when the configuration's backend can
    /// give the same randomness again.
    ///
    /// ```
    /// use std::fs::File;
    /// use std::io::{self, Write};
    ///
    /// use sslcore_std::Connector;
    ///
    /// fn connect_and_record(host: &str, mut file: File) -> io::Result<()> {
    ///     let mut socket = Connector::new().start(host, 443)?;
    ///     let write = move |text: &str| drop(file.write_all(text.as_bytes()));
    ///     socket.transcribe("mine", write).map_err(io::Error::other)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`UsageError::AlreadyStarted`](sslcore::UsageError::AlreadyStarted) when something has passed
    /// already; this may be so as soon as the socket has connected.
    #[cfg(feature = "transcripts")]
    pub fn transcribe(
        &mut self,
        configuration: &str,
        to: impl FnMut(&str) + Send + 'static,
    ) -> Result<(), sslcore::UsageError> {
        self.driver.transcribe(configuration, Box::new(to))
    }

    /// The state of the socket. `QAbstractSocket::state`.
    pub fn state(&self) -> SocketState {
        let driver = &self.driver;
        match (driver.is_disconnected(), driver.is_connecting()) {
            (true, _) => SocketState::Unconnected,
            (false, true) => SocketState::Connecting,
            (false, false) if driver.is_closing() => SocketState::Closing,
            (false, false) => SocketState::Connected,
        }
    }

    /// Ends the connection at once: unsent and unread data is dropped, and the peer gets no alert
    /// and no close_notify. `QAbstractSocket::abort`.
    pub fn abort(&mut self) {
        self.driver.abort();
        // It may be gone already; then there is nothing left to end.
        let _ = self.stream().shutdown(Shutdown::Both);
    }

    /// The TCP stream. While the socket is connecting, and after connecting has failed, the stream
    /// of the last attempt.
    ///
    /// The stream is non-blocking. Reading from it, writing to it or shutting it down corrupts the
    /// connection.
    pub fn stream(&self) -> &TcpStream {
        self.driver.transport.stream()
    }

    /// The latest attempt to connect. `None` when the connection stands, and for a socket that was
    /// not connected by name. The example of [`Attempt`] shows it.
    pub fn attempt(&self) -> Option<Attempt> {
        match &self.driver.transport {
            Link::Connecting(attempts) => Some(attempts.latest()),
            Link::Connected(_) => None,
        }
    }

    /// Sets an option of the TCP socket; while connecting, of every attempt.
    /// `QSslSocket::setSocketOption`. The example of [`SocketOption`] shows it.
    ///
    /// # Errors
    /// Those of the system; `Unsupported` on systems where the option is not implemented here.
    pub fn set_socket_option(&mut self, option: SocketOption) -> io::Result<()> {
        match &mut self.driver.transport {
            Link::Connecting(attempts) => attempts.set_option(option),
            Link::Connected(stream) => option.set(stream),
        }
    }

    /// The options of the TCP socket, as the system reports them. `QSslSocket::socketOption`. Costs
    /// six system calls or more. The example of [`SocketOption`] shows it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn socket_options(&self) -> io::Result<SocketOptions> {
        SocketOptions::of(self.stream())
    }

    /// The socket's own address and port. `QAbstractSocket::localAddress`, `localPort`.
    ///
    /// # Errors
    /// Those of [`TcpStream::local_addr`].
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream().local_addr()
    }

    /// The peer's address and port. `QAbstractSocket::peerAddress`, `peerPort`.
    ///
    /// # Errors
    /// Those of [`TcpStream::peer_addr`]: `NotConnected` before the connection stands and, on most
    /// systems, after its end.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream().peer_addr()
    }

    /// The host that the socket was told to connect to, as it was given; `None` for an adopted
    /// stream. `QAbstractSocket::peerName`.
    pub fn peer_name(&self) -> Option<&str> {
        self.peer_name.as_deref()
    }

    /// Limits how long one call of [`Read`](std::io::Read), [`Write`](std::io::Write) or
    /// [`BufRead`](std::io::BufRead) may block before it fails with `TimedOut`. `None`, the
    /// default, sets no limit.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Sets how long a write or a wait goes on while the receive buffer is full of unread data and
    /// the peer takes nothing. When the time runs out the call ends with
    /// [`WaitError::ReadFirst`](crate::WaitError::ReadFirst). The default is one second.
    ///
    /// ```
    /// use std::io::{self, Write};
    /// use std::time::Duration;
    ///
    /// use sslcore_std::SslSocket;
    ///
    /// /// Writes to a peer that may be slow, and whose data was read before.
    /// fn send(socket: &mut SslSocket, data: &[u8]) -> io::Result<()> {
    ///     socket.set_patience(Duration::from_secs(60));
    ///     socket.write_all(data)?;
    ///     socket.flush()
    /// }
    /// ```
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
