//! The socket: made, started, decided, closed.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use sslcore::{
    Buffers, ClientConfig, CloseReport, ConfigRequest, Connection, Event, Limits, PeerName,
    RequestId, Review, ReviewId, ServerConfig, ServerStart, UsageError, Verdict,
};

use crate::clock::Clock;
use crate::events::Events;
use crate::trace::Tap;

/// How long a write waits in vain before it says "read first", unless told otherwise.
const PATIENCE: Duration = Duration::from_secs(1);

/// A blocking TCP socket that starts in plaintext and speaks TLS when told. `QSslSocket`.
///
/// It does nothing behind the application's back: there is no thread, bytes move only while one
/// of its methods runs. [`Read`](std::io::Read), [`Write`](std::io::Write) and the `wait_for_*`
/// methods block, all others return at once.
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
/// Dropping a socket closes the stream as it is: what was not sent is lost, and the peer sees a
/// truncated connection. [`disconnect_from_host`](Self::disconnect_from_host) ends it in order,
/// and after a failure makes sure that the alert arrives.
pub struct SslSocket {
    pub(crate) stream: TcpStream,
    pub(crate) connection: Connection,
    pub(crate) clock: Clock,
    pub(crate) events: Events,
    pub(crate) tap: Option<Box<dyn Tap>>,
    /// Bytes at the front of `transmit` that are plaintext although TLS was started.
    pub(crate) plain_left: usize,
    /// Bytes sent outside handshakes.
    pub(crate) data_sent: u64,
    /// Data arrived that no `wait_for_ready_read` has told of.
    pub(crate) fresh: bool,
    /// The stream takes nothing more.
    pub(crate) write_ended: bool,
    /// The stream gives nothing more.
    pub(crate) read_ended: bool,
    pub(crate) transport_error: Option<io::Error>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) patience: Duration,
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
        Ok(Self {
            stream,
            connection: Connection::new(limits, Buffers::Owned),
            clock: Clock::new(),
            events: Events::default(),
            tap: None,
            plain_left: 0,
            data_sent: 0,
            fresh: false,
            write_ended: false,
            read_ended: false,
            transport_error: None,
            timeout: None,
            patience: PATIENCE,
        })
    }

    /// Connects in plaintext, to the first of the host's addresses that answers.
    /// `QAbstractSocket::connectToHost` and `waitForConnected` in one.
    ///
    /// `timeout` is for all addresses together; `None` leaves it to the system. Looking the name
    /// up may take longer, since std cannot bound that. TCP_NODELAY is set: records are whole,
    /// and TCP would only hold them back.
    ///
    /// # Errors
    /// Those of looking the name up, and of the last address tried; `TimedOut`.
    pub fn connect_to_host(host: &str, port: u16, timeout: Option<Duration>) -> io::Result<Self> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        let mut last = io::Error::new(ErrorKind::NotFound, format!("{host} has no address"));
        for address in (host, port).to_socket_addrs()? {
            let stream = match deadline {
                None => TcpStream::connect(address),
                Some(deadline) => match deadline.saturating_duration_since(Instant::now()) {
                    Duration::ZERO => Err(ErrorKind::TimedOut.into()),
                    left => TcpStream::connect_timeout(&address, left),
                },
            };
            match stream {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Self::from_stream(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Starts TLS as a client; [`wait_for_encrypted`](Self::wait_for_encrypted) handshakes.
    /// `QSslSocket::startClientEncryption`.
    ///
    /// What was written so far leaves in the clear, what is written from now on waits for
    /// [`Encrypted`](Event::Encrypted).
    ///
    /// # Errors
    /// [`UsageError::UnreadPlaintext`] when bytes wait to be read that the peer sent before TLS:
    /// a server that has said "go ahead" waits for the client, so somebody else may have sent
    /// them. [`UsageError::AlreadyStarted`], [`UsageError::WriteClosed`],
    /// [`UsageError::ConnectionOver`].
    pub fn start_client_encryption(
        &mut self,
        config: &ClientConfig,
        peer: PeerName,
    ) -> Result<(), UsageError> {
        self.start(|connection| connection.start_client_encryption(config, peer))
    }

    /// Starts TLS as a server. `QSslSocket::startServerEncryption`.
    ///
    /// A server that answers "go ahead" writes that line and starts TLS with the next call, with
    /// no read or wait between: writing does not receive unless it has to wait, so a fast client
    /// cannot get its ClientHello in between.
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_server_encryption(&mut self, start: ServerStart) -> Result<(), UsageError> {
        self.start(|connection| connection.start_server_encryption(start))
    }

    fn start(
        &mut self,
        start: impl FnOnce(&mut Connection) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        let plain_left = self.connection.transmit().len();
        start(&mut self.connection)?;
        self.plain_left = plain_left;
        self.fresh = false;
        self.settle();
        self.send();
        Ok(())
    }

    /// The certificate review that waits for an [`answer`](Self::answer).
    pub fn review(&self) -> Option<Review<'_>> {
        self.connection.review()
    }

    /// Answers it. The alert of a rejection leaves with this call if the stream takes it.
    /// `QSslSocket::resume`, with the decision as its argument.
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn answer(&mut self, id: ReviewId, verdict: Verdict<'_>) -> Result<(), UsageError> {
        self.connection.answer(id, verdict)?;
        self.nudge();
        Ok(())
    }

    /// The ClientHello for which a server started with [`ServerStart::Ask`] waits for a
    /// configuration.
    pub fn config_request(&self) -> Option<ConfigRequest<'_>> {
        self.connection.config_request()
    }

    /// Answers it with a configuration.
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn provide_config(
        &mut self,
        id: RequestId,
        config: &ServerConfig,
    ) -> Result<(), UsageError> {
        self.connection.provide_config(id, config)?;
        self.nudge();
        Ok(())
    }

    /// Answers it with a refusal.
    ///
    /// # Errors
    /// [`UsageError::NoDecisionOpen`], [`UsageError::Stale`].
    pub fn refuse_config(&mut self, id: RequestId) -> Result<(), UsageError> {
        self.connection.refuse_config(id)?;
        self.nudge();
        Ok(())
    }

    /// Asks for new traffic keys in both directions (RFC 8446 §4.6.3).
    ///
    /// # Errors
    /// [`UsageError::NotTls13`], [`UsageError::NotEncrypted`], [`UsageError::WriteClosed`],
    /// [`UsageError::ConnectionOver`].
    pub fn update_keys(&mut self) -> Result<(), UsageError> {
        self.connection.update_keys()?;
        self.nudge();
        Ok(())
    }

    /// From now on what arrives is thrown away, so that what is behind it still arrives: alerts,
    /// close_notify. Unread data is thrown away too.
    pub fn discard_reads(&mut self) {
        self.connection.discard_reads();
        self.fresh = false;
        self.nudge();
    }

    /// Changes [`Limits::read_buffer_size`]. `QAbstractSocket::setReadBufferSize`.
    pub fn set_read_buffer_size(&mut self, bytes: usize) {
        self.connection.set_read_buffer_size(bytes);
        self.nudge();
    }

    /// Ends our direction: what was written leaves first, then close_notify and FIN, as far as
    /// the stream takes them now; the rest with the next read or wait. What the peer still sends
    /// can be read to its end. `QSslSocket::close`, but it keeps what was received.
    pub fn close(&mut self) {
        self.connection.close();
        self.nudge();
    }

    /// Ends the connection in order, and says how that went: sends what was written and
    /// close_notify, then waits for the peer's end. What the peer sends until then, and what was
    /// not read yet, is thrown away. After a failure it waits for the peer to hang up, because a
    /// stream that is closed with unread data in it may lose the alert on its way.
    /// `QAbstractSocket::disconnectFromHost`.
    ///
    /// Takes at most `timeout`; the configuration's close timeout may end it earlier. What has
    /// not left by then is lost, and counted in the report.
    pub fn disconnect_from_host(&mut self, timeout: Duration) -> CloseReport {
        self.connection.close();
        self.discard_reads();
        self.linger(timeout);
        if self.connection.close_report().is_none() {
            self.abort();
        }
        self.connection.close_report().unwrap_or_default()
    }

    /// Ends everything at once: what waits to be sent or read is thrown away, the peer is told
    /// nothing. `QAbstractSocket::abort`.
    pub fn abort(&mut self) {
        self.connection.abort();
        self.fresh = false;
        self.settle();
        // It may be gone already; then there is nothing left to end.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.write_ended = true;
        self.read_ended = true;
    }

    /// The next event, oldest first. What repeats is summed up until it is asked for, so an
    /// application that never asks costs no memory.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    /// The connection, for all of QSslSocket's getters.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The stream, for addresses and socket options. It is non-blocking; reading from it, writing
    /// to it or shutting it down tears holes into the connection.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// What the system said when the stream failed, if it did: the detail behind
    /// [`FailureKind::Reset`](sslcore::FailureKind::Reset). `QAbstractSocket::errorString`.
    pub fn transport_error(&self) -> Option<&io::Error> {
        self.transport_error.as_ref()
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

    /// Shows everything that passes to `tap`; `None` takes it away.
    pub fn set_tap(&mut self, tap: Option<Box<dyn Tap>>) {
        self.tap = tap;
    }
}

impl fmt::Debug for SslSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SslSocket")
            .field("stream", &self.stream)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
