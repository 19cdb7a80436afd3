//! The socket.

use core::time::Duration;

use embedded_io_async::{BufRead, ErrorKind, ErrorType, Read, ReadReady, Write, WriteReady};
use sslcore::{
    Buffers, ClientConfig, Connection, Event, Leftover, Limits, PeerName, ServerStart, SslMode,
    UsageError,
};

use crate::clock::Clock;
use crate::driver::{Call, Driver};
use crate::error::Error;
use crate::logging;
use crate::transport::Transport;

/// A TLS socket over any [`Transport`], that starts in plaintext. QSslSocket for embassy.
///
/// The [front page](crate) shows a client and a server that start in plaintext. A client that starts
/// TLS at once:
///
/// ```
/// use embedded_io_async::{Read, Write};
/// use sslcore_embassy::sslcore::{Buffers, ClientConfig, PeerName};
/// use sslcore_embassy::{Clock, Error, SslSocket, Transport};
///
/// async fn ask<T: Transport>(
///     transport: T,
///     buffers: Buffers,
///     clock: Clock,
///     config: &ClientConfig,
///     peer: PeerName,
///     answer: &mut [u8],
/// ) -> Result<usize, Error> {
///     let mut socket = SslSocket::new(transport, buffers, clock);
///     socket.start_client_encryption(config, peer).map_err(Error::Usage)?;
///     socket.write_all(b"GET / HTTP/1.0\r\n\r\n").await?; // queued until the handshake is complete
///     socket.flush().await?;
///     let mut len = 0;
///     while len < answer.len() {
///         match socket.read(&mut answer[len..]).await? {
///             0 => break, // close_notify: nothing is missing
///             n => len += n,
///         }
///     }
///     socket.close().await?;
///     Ok(len)
/// }
/// ```
///
/// # Cancel safety
/// Everything that must survive is in the socket, nothing is in a future. A future that is dropped
/// before it is ready loses nothing, be it a handshake, a read, a write, a flush or a close; call again,
/// and it goes on. Methods of embedded-io-async that are made of several calls remain as they are:
/// `write_all` and `read_exact` do not say how far they came. The transport must keep
/// [its part](Transport#what-is-asked-of-the-halves).
///
/// # Other tasks
/// Between two steps of the connection, which [`Connection::process`] describes, the socket yields to
/// other tasks; one `write` encrypts one record at most. A handshake is several such steps.
///
/// # Plaintext
/// Before TLS is started, bytes are received only by reads and by
/// [`next_event`](Self::next_event), so that what follows a "go ahead" line is TLS.
///
/// # Dropping
/// A socket that is dropped tells the peer nothing. [`close`](Self::close) or
/// [`cancel`](Self::cancel) it first; both wait until the transport has sent everything.
pub struct SslSocket<T> {
    pub(crate) driver: Driver<T>,
}

impl<T: Transport> SslSocket<T> {
    /// A socket in plaintext, over an open transport, with the default [`Limits`].
    ///
    /// The connection lives in `buffers`: [`Buffers::Owned`], or static memory, from a
    /// [`Pool`](crate::Pool) for instance.
    pub fn new(transport: T, buffers: Buffers, clock: Clock) -> Self {
        Self::with_limits(transport, buffers, clock, Limits::default())
    }

    /// A socket in plaintext, over an open transport, with these limits.
    ///
    /// ```
    /// use sslcore_embassy::sslcore::{Buffers, Limits};
    /// use sslcore_embassy::{Clock, SslSocket, Transport};
    ///
    /// /// For short messages: what is written before the handshake is complete is queued on the heap.
    /// fn small<T: Transport>(transport: T, buffers: Buffers, clock: Clock) -> SslSocket<T> {
    ///     let limits = Limits { queued: 512, read_buffer_size: 1024, ..Limits::default() };
    ///     SslSocket::with_limits(transport, buffers, clock, limits)
    /// }
    /// ```
    pub fn with_limits(transport: T, buffers: Buffers, clock: Clock, limits: Limits) -> Self {
        Self {
            driver: Driver::new(transport, buffers, limits, clock),
        }
    }

    /// Gives the transport and lent buffers back. What they still hold is lost, and the transport is as
    /// it was left: a TCP socket may still be open.
    ///
    /// ```
    /// use sslcore_embassy::{Clock, SslSocket, Transport};
    ///
    /// /// One more connection over the same transport, in the same memory.
    /// fn again<T: Transport>(socket: SslSocket<T>, clock: Clock) -> SslSocket<T> {
    ///     let (transport, buffers) = socket.into_inner();
    ///     SslSocket::new(transport, buffers, clock)
    /// }
    /// ```
    pub fn into_inner(self) -> (T, Buffers) {
        let Driver {
            transport,
            connection,
            ..
        } = self.driver;
        (transport, connection.into_buffers())
    }

    /// The transport below. Reading from it or writing to it corrupts the connection.
    ///
    /// ```
    /// use sslcore_embassy::{SslSocket, Transport};
    ///
    /// /// What only the transport knows: a peer's address, a signal's strength.
    /// fn ask<T: Transport, R>(socket: &SslSocket<T>, about: impl Fn(&T) -> R) -> R {
    ///     about(socket.transport())
    /// }
    /// ```
    pub fn transport(&self) -> &T {
        &self.driver.transport
    }

    /// The transport below, to change its options. Reading from it or writing to it corrupts the
    /// connection.
    ///
    /// ```
    /// use sslcore_embassy::{SslSocket, Transport};
    ///
    /// fn hang_up<T: Transport>(socket: &mut SslSocket<T>) {
    ///     socket.transport_mut().abort(); // the next read hears of it
    /// }
    /// ```
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.driver.transport
    }

    /// The [`Connection`] below, with all of QSslSocket's getters: protocol, cipher, certificates,
    /// failure, close report. They answer after the end, too.
    pub fn connection(&self) -> &Connection {
        &self.driver.connection
    }

    /// The first error that the transport has reported. `None` when it has reported none: streams also
    /// end without errors.
    ///
    /// ```
    /// use sslcore_embassy::{SslSocket, Transport};
    ///
    /// fn explain<T: Transport>(socket: &SslSocket<T>) {
    ///     println!("{:?}, {:?}", socket.connection().failure(), socket.transport_error());
    /// }
    /// ```
    pub fn transport_error(&self) -> Option<ErrorKind> {
        self.driver.transport_error
    }

    /// Starts TLS as a client. The ClientHello leaves with the next call that is awaited.
    /// `QSslSocket::startClientEncryption`.
    ///
    /// Bytes that were written before this call leave in plaintext. Bytes that are written after it are
    /// queued until [`Encrypted`](Event::Encrypted), and leave encrypted.
    ///
    /// # Errors
    /// [`UsageError::UnreadPlaintext`] when plaintext of the peer is still unread. A server that has said
    /// "go ahead" sends nothing before the ClientHello, so bytes behind that line may have been injected
    /// by an attacker. [`UsageError::AlreadyStarted`], [`UsageError::WriteClosed`],
    /// [`UsageError::ConnectionOver`].
    pub fn start_client_encryption(
        &mut self,
        config: &ClientConfig,
        peer: PeerName,
    ) -> Result<(), UsageError> {
        self.start_client_encryption_with(config, peer, Leftover::Refuse)
    }

    /// Starts TLS as a client; `leftover` says what happens to plaintext of the peer that is still
    /// unread. Otherwise as [`start_client_encryption`](Self::start_client_encryption).
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_client_encryption_with(
        &mut self,
        config: &ClientConfig,
        peer: PeerName,
        leftover: Leftover,
    ) -> Result<(), UsageError> {
        let start = |it: &mut Connection| it.start_client_encryption_with(config, peer, leftover);
        self.driver.act(start)
    }

    /// Starts TLS as a server. `QSslSocket::startServerEncryption`.
    ///
    /// A server that answers "go ahead" writes that line and starts TLS with the next call, with no read
    /// between: the ClientHello of a fast client cannot be taken for plaintext then.
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_server_encryption(&mut self, start: ServerStart) -> Result<(), UsageError> {
        self.start_server_encryption_with(start, Leftover::Refuse)
    }

    /// Starts TLS as a server; `leftover` says what happens to plaintext of the peer that is still
    /// unread. Otherwise as [`start_server_encryption`](Self::start_server_encryption).
    ///
    /// # Errors
    /// As for [`start_client_encryption`](Self::start_client_encryption).
    pub fn start_server_encryption_with(
        &mut self,
        start: ServerStart,
        leftover: Leftover,
    ) -> Result<(), UsageError> {
        let start = |it: &mut Connection| it.start_server_encryption_with(start, leftover);
        self.driver.act(start)
    }

    /// Handshakes until the connection is encrypted; returns at once if the handshake was completed
    /// before, even if the connection has ended since. `QSslSocket::waitForEncrypted`.
    ///
    /// # Errors
    /// [`Error::VerdictNeeded`] when the application must verify the peer's certificate,
    /// [`Error::ConfigNeeded`] when it must configure the server,
    /// [`Error::PreSharedKeyNeeded`] when it must give pre-shared keys,
    /// [`Error::SignatureNeeded`] when it must sign: answer, and call this again.
    /// [`Error::NotStarted`] before TLS was started, [`Error::Failed`], [`Error::Ended`].
    pub async fn wait_for_encrypted(&mut self) -> Result<(), Error> {
        if self.connection().mode() == SslMode::Unencrypted {
            return Err(Error::NotStarted);
        }
        self.driver.run(Call::READ, Driver::encrypted).await?;
        self.driver.begin_flush().await;
        Ok(())
    }

    /// Waits for the next event, and moves bytes meanwhile; `None` when the connection is over and all
    /// its events were told.
    ///
    /// An event that nobody asks for is kept while no more than 16 others wait behind it; repeated
    /// events of the same kind count as one. Open questions do not end this call, so it can be awaited
    /// while somebody else thinks about one: a peer that hangs up meanwhile is noticed.
    ///
    /// ```
    /// use sslcore_embassy::sslcore::{Event, UsageError, Verdict};
    /// use sslcore_embassy::{SslSocket, Transport};
    ///
    /// async fn tell<T: Transport>(socket: &mut SslSocket<T>) -> Result<(), UsageError> {
    ///     while let Some(event) = socket.next_event().await {
    ///         match event {
    ///             Event::SslErrors(id) => {
    ///                 let errors = socket.review().map(|review| review.errors.len());
    ///                 println!("{errors:?} errors");
    ///                 socket.answer(id, Verdict::Reject)?;
    ///             }
    ///             Event::Encrypted => println!("{:?}", socket.connection().session_cipher()),
    ///             event => println!("{event:?}"),
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn next_event(&mut self) -> Option<Event> {
        let next = self.driver.run(Call::WATCH, |driver| {
            let event = driver.connection.poll_event();
            event.iter().for_each(logging::event);
            event.map(Ok).or_else(|| driver.ended().map(Err))
        });
        next.await.ok()
    }

    /// Asks for new traffic keys in both directions (KeyUpdate, RFC 8446 §4.6.3). The request leaves with
    /// the next call that is awaited; [`Event::KeysUpdated`] tells when a direction has them.
    ///
    /// # Errors
    /// [`UsageError::NotTls13`], [`UsageError::NotEncrypted`], [`UsageError::WriteClosed`],
    /// [`UsageError::ConnectionOver`].
    pub fn update_keys(&mut self) -> Result<(), UsageError> {
        self.driver.act(Connection::update_keys)
    }

    /// Throws away unread data, and from now on all data that arrives. Records are still decrypted, so
    /// that alerts and close_notify behind the data take effect. Use it when you close without reading
    /// the remaining data.
    pub fn discard_reads(&mut self) {
        self.driver.act(Connection::discard_reads);
    }

    /// Sets how many bytes of unread plaintext are buffered before the transport is no longer read
    /// ([`Limits::read_buffer_size`]); at least 1. `QAbstractSocket::setReadBufferSize`.
    pub fn set_read_buffer_size(&mut self, bytes: usize) {
        self.driver.act(|it| it.set_read_buffer_size(bytes));
    }

    /// Limits how long the peer may be silent between our close_notify and its own; `None`, the default,
    /// sets no limit. See [`Connection::set_peer_close_timeout`].
    pub fn set_peer_close_timeout(&mut self, timeout: Option<Duration>) {
        self.driver.act(|it| it.set_peer_close_timeout(timeout));
    }

    /// Closes the sending direction: queued data is sent, then close_notify, then the transport's own
    /// end. Waits until the transport has flushed all of it; a TCP socket then has the peer's
    /// acknowledgment. `QAbstractSocket::disconnectFromHost`, but received data stays readable.
    ///
    /// During a handshake, queued data is sent when the handshake is complete; with nothing queued the
    /// handshake is given up, as by [`cancel`](Self::cancel). The
    /// [`close`](sslcore::Timeouts::close) timeout of the configuration limits how long the transport may
    /// take.
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use embedded_io_async::Read;
    /// use sslcore_embassy::{Error, SslSocket, Transport};
    ///
    /// /// Says goodbye, and waits for the peer's goodbye for 2 s at most.
    /// async fn part<T: Transport>(socket: &mut SslSocket<T>) -> Result<(), Error> {
    ///     socket.set_peer_close_timeout(Some(Duration::from_secs(2)));
    ///     socket.discard_reads();
    ///     socket.close().await?;
    ///     socket.read(&mut [0]).await.map(|_| ())
    /// }
    /// ```
    ///
    /// # Errors
    /// The reason why the connection ended, when bytes that were written will never leave, or the
    /// connection has failed.
    pub async fn close(&mut self) -> Result<(), Error> {
        self.driver.act(Connection::close);
        self.driver.run(Call::CLOSE, Driver::all_finished).await
    }

    /// Ends both directions at once, and tells the peer: user_canceled and close_notify are sent, then the
    /// transport's own end. Data that waits for the end of a handshake is abandoned, and nothing more is
    /// read. See [`Connection::cancel`].
    ///
    /// # Errors
    /// As for [`close`](Self::close).
    pub async fn cancel(&mut self) -> Result<(), Error> {
        self.driver.act(Connection::cancel);
        self.driver.run(Call::CLOSE, Driver::all_finished).await
    }

    /// Ends the connection at once: unsent and unread data is dropped, and the peer gets no alert and no
    /// close_notify. A TCP socket is reset. `QAbstractSocket::abort`.
    pub fn abort(&mut self) {
        self.driver.abort();
    }
}

impl<T> ErrorType for SslSocket<T> {
    type Error = Error;
}

/// Reads plaintext. 0 bytes mean that the peer has closed with close_notify, or has ended its stream
/// before TLS was started: nothing is missing.
///
/// An error is returned when its alert has left. Data that arrived before a failure is read first.
impl<T: Transport> Read for SslSocket<T> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if out.is_empty() {
            return Ok(0);
        }
        self.driver.run(Call::READ, Driver::readable).await?;
        Ok(self.driver.read(out))
    }
}

/// Reads from the connection's own buffer: no bytes are taken from the connection before the
/// application consumes them, so bytes behind a "go ahead" line stay where
/// [`start_client_encryption`](SslSocket::start_client_encryption) finds them.
impl<T: Transport> BufRead for SslSocket<T> {
    async fn fill_buf(&mut self) -> Result<&[u8], Error> {
        self.driver.run(Call::READ, Driver::readable).await?;
        Ok(self.driver.connection.peek())
    }

    fn consume(&mut self, n: usize) {
        self.driver.consume(n);
    }
}

/// Says whether plaintext is there, or the end of it. What the transport has and nobody has received yet
/// does not count.
impl<T: Transport> ReadReady for SslSocket<T> {
    fn read_ready(&mut self) -> Result<bool, Error> {
        Ok(self.driver.readable().is_some())
    }
}

/// Writes plaintext: accepts at most one record's, and passes it to the transport as far as that takes
/// it now; the rest leaves with later calls. Bytes that are written during a handshake are queued.
///
/// `flush` waits until all bytes that were written are encrypted, taken by the transport, and flushed
/// there: a TCP socket then has the peer's acknowledgment.
impl<T: Transport> Write for SslSocket<T> {
    async fn write(&mut self, plaintext: &[u8]) -> Result<usize, Error> {
        let write = |driver: &mut Driver<T>| driver.write(plaintext);
        self.driver.run(Call::WRITE, write).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.driver.run(Call::WRITE, Driver::all_flushed).await
    }
}

/// Says whether a write is accepted at once.
impl<T: Transport> WriteReady for SslSocket<T> {
    fn write_ready(&mut self) -> Result<bool, Error> {
        Ok(self.driver.has_room())
    }
}

impl<T> core::fmt::Debug for SslSocket<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SslSocket")
            .field("connection", &self.driver.connection)
            .finish_non_exhaustive()
    }
}
