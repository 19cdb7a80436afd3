//! What [`SslSocket`](crate::SslSocket) and [`SslStream`](crate::SslStream) have in common.

pub(crate) mod decisions;

/// The methods that are the same for both, each over the field `driver`.
macro_rules! common_methods {
    () => {
        /// Starts TLS as a client, and returns at once. `QSslSocket::startClientEncryption`.
        ///
        /// Bytes that were written before this call leave in plaintext. Bytes that are written after
        /// it are queued until [`Encrypted`](sslcore::Event::Encrypted), and leave encrypted.
        ///
        /// # Errors
        /// [`UsageError::UnreadPlaintext`](sslcore::UsageError::UnreadPlaintext) when plaintext of the
        /// peer is still unread. A server that has said "go ahead" sends nothing before the
        /// ClientHello, so bytes behind that line may have been injected by an attacker.
        /// [`AlreadyStarted`](sslcore::UsageError::AlreadyStarted) when TLS was started before,
        /// [`WriteClosed`](sslcore::UsageError::WriteClosed) after [`close`](Self::close),
        /// [`ConnectionOver`](sslcore::UsageError::ConnectionOver) when the connection has ended.
        pub fn start_client_encryption(
            &mut self,
            config: &sslcore::ClientConfig,
            peer: sslcore::PeerName,
        ) -> Result<(), sslcore::UsageError> {
            self.start_client_encryption_with(config, peer, sslcore::Leftover::Refuse)
        }

        /// Starts TLS as a client; `leftover` says what happens to plaintext of the peer that is still
        /// unread: refuse to start, discard it, or take it as the beginning of TLS. Otherwise as
        /// [`start_client_encryption`](Self::start_client_encryption).
        ///
        /// ```
        /// use sslcore_std::SslSocket;
        /// use sslcore_std::sslcore::{ClientConfig, Leftover, PeerName, UsageError};
        ///
        /// /// For a server that talks on behind its "go ahead".
        /// fn start(socket: &mut SslSocket, config: &ClientConfig, peer: PeerName) -> Result<(), UsageError> {
        ///     socket.start_client_encryption_with(config, peer, Leftover::Discard)
        /// }
        /// ```
        ///
        /// # Errors
        /// As for [`start_client_encryption`](Self::start_client_encryption).
        pub fn start_client_encryption_with(
            &mut self,
            config: &sslcore::ClientConfig,
            peer: sslcore::PeerName,
            leftover: sslcore::Leftover,
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .start(|connection| connection.start_client_encryption_with(config, peer, leftover))
        }

        /// Starts TLS as a server, and returns at once. `QSslSocket::startServerEncryption`.
        ///
        /// A server that answers "go ahead" writes that line and starts TLS with the next call, with
        /// no read or wait between. A write receives only while it has to wait for room, so the
        /// ClientHello of a fast client cannot be taken for plaintext.
        ///
        /// # Errors
        /// As for [`start_client_encryption`](Self::start_client_encryption).
        pub fn start_server_encryption(
            &mut self,
            start: sslcore::ServerStart,
        ) -> Result<(), sslcore::UsageError> {
            self.start_server_encryption_with(start, sslcore::Leftover::Refuse)
        }

        /// Starts TLS as a server; `leftover` says what happens to plaintext of the peer that is still
        /// unread: refuse to start, discard it, or take it as the beginning of TLS. Otherwise as
        /// [`start_server_encryption`](Self::start_server_encryption).
        ///
        /// ```
        /// use sslcore_std::SslSocket;
        /// use sslcore_std::sslcore::{Leftover, ServerConfig, ServerStart, UsageError};
        ///
        /// /// For a port of plaintext and TLS: the first bytes were a ClientHello, and only looked at.
        /// fn start(socket: &mut SslSocket, config: ServerConfig) -> Result<(), UsageError> {
        ///     assert_eq!(socket.peek().first(), Some(&0x16)); // a handshake record (RFC 8446 §5.1)
        ///     socket.start_server_encryption_with(ServerStart::With(config), Leftover::TreatAsTls)
        /// }
        /// ```
        ///
        /// # Errors
        /// As for [`start_client_encryption`](Self::start_client_encryption).
        pub fn start_server_encryption_with(
            &mut self,
            start: sslcore::ServerStart,
            leftover: sslcore::Leftover,
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .start(|connection| connection.start_server_encryption_with(start, leftover))
        }

        $crate::face::decisions::decision_methods!();

        /// Asks for new traffic keys in both directions (KeyUpdate, RFC 8446 §4.6.3).
        /// [`Event::KeysUpdated`](sslcore::Event::KeysUpdated) tells when a direction has them. TLS
        /// 1.3 only.
        ///
        /// ```
        /// use sslcore_std::SslSocket;
        /// use sslcore_std::sslcore::{SslProtocol, UsageError};
        ///
        /// /// Renews the keys where the protocol can.
        /// fn renew(socket: &mut SslSocket) -> Result<(), UsageError> {
        ///     match socket.connection().session_protocol() {
        ///         Some(SslProtocol::TlsV1_3) => socket.update_keys(),
        ///         _ => Ok(()),
        ///     }
        /// }
        /// ```
        ///
        /// # Errors
        /// [`NotTls13`](sslcore::UsageError::NotTls13) with TLS 1.2,
        /// [`NotEncrypted`](sslcore::UsageError::NotEncrypted) before the handshake is complete,
        /// [`WriteClosed`](sslcore::UsageError::WriteClosed) after [`close`](Self::close),
        /// [`ConnectionOver`](sslcore::UsageError::ConnectionOver) when the connection has ended. With the feature
        /// `ktls` also `UsageError::Offload`, when the kernel has our key and can take no other.
        pub fn update_keys(&mut self) -> Result<(), sslcore::UsageError> {
            self.driver.act(crate::endpoint::Endpoint::update_keys)
        }

        /// Throws away unread data, and from now on all data that arrives. Records are still
        /// decrypted, so that alerts and close_notify behind the data take effect. Use it when you
        /// close without reading the remaining data; the example of [`close`](Self::close) shows
        /// it.
        ///
        /// A peer that stays silent after the close is then waited for no longer than the
        /// configuration's [`close`](sslcore::Timeouts::close) timeout.
        pub fn discard_reads(&mut self) {
            self.driver.discard_reads();
        }

        /// Sets how many bytes of unread plaintext are buffered before the stream is no longer read
        /// ([`Limits::read_buffer_size`](sslcore::Limits::read_buffer_size)); at least 1.
        /// `QAbstractSocket::setReadBufferSize`.
        ///
        /// ```
        /// use sslcore_std::SslSocket;
        ///
        /// /// Before a message that is parsed in one piece, from `peek`.
        /// fn expect(socket: &mut SslSocket, message: usize) {
        ///     socket.set_read_buffer_size(message);
        /// }
        /// ```
        pub fn set_read_buffer_size(&mut self, bytes: usize) {
            self.driver
                .act(|connection| connection.set_read_buffer_size(bytes));
        }

        /// Starts a graceful close of the sending direction: queued data is sent, then
        /// close_notify. The call returns at once; what the stream does not take now leaves with
        /// later calls. `QSslSocket::close`, but received data stays readable.
        ///
        /// During a handshake, queued data is sent when the handshake is complete; with nothing
        /// queued the handshake is given up, as by [`cancel`](Self::cancel). Data from the peer can
        /// be read up to the peer's own close;
        /// [`set_peer_close_timeout`](Self::set_peer_close_timeout) limits how long the peer may
        /// take. See [`Connection::close`](sslcore::Connection::close).
        ///
        /// ```
        /// use std::time::Duration;
        ///
        /// use sslcore_std::SslSocket;
        ///
        /// /// Says goodbye to a peer whose answer does not matter, and that may be silent for 2 s.
        /// fn leave(socket: &mut SslSocket) {
        ///     socket.set_peer_close_timeout(Some(Duration::from_secs(2)));
        ///     socket.discard_reads();
        ///     socket.close();
        /// }
        /// ```
        pub fn close(&mut self) {
            self.driver.close();
        }

        /// Ends both directions at once, and tells the peer: user_canceled and close_notify are sent as
        /// far as the stream takes them now. Data that waits for the end of a handshake is abandoned, and
        /// nothing more is read. See [`Connection::cancel`](sslcore::Connection::cancel).
        pub fn cancel(&mut self) {
            self.driver.cancel();
        }

        /// Limits how long the peer may be silent between our close_notify and its own; `None`, the
        /// default, sets no limit. When the time runs out the connection ends with
        /// [`ReadEnd::TimedOut`](sslcore::ReadEnd::TimedOut). See
        /// [`Connection::set_peer_close_timeout`](sslcore::Connection::set_peer_close_timeout).
        pub fn set_peer_close_timeout(&mut self, timeout: Option<std::time::Duration>) {
            self.driver
                .act(|connection| connection.set_peer_close_timeout(timeout));
        }

        /// The oldest event that was not asked for yet; `None` when there is none. Repeated events of
        /// the same kind collapse into one until they are asked for, so an application that never asks
        /// costs no memory.
        pub fn poll_event(&mut self) -> Option<sslcore::Event> {
            self.driver.poll_event()
        }

        /// The [`Connection`](sslcore::Connection) below, with all of QSslSocket's getters: protocol,
        /// cipher, certificates, failure, close report.
        pub fn connection(&self) -> &sslcore::Connection {
            &self.driver.connection
        }

        /// The system's error, if the stream has failed: the detail behind
        /// [`FailureKind::Reset`](sslcore::FailureKind::Reset). `QAbstractSocket::errorString`.
        ///
        /// ```
        /// use sslcore_std::SslSocket;
        ///
        /// fn explain(socket: &SslSocket) -> String {
        ///     match (socket.connection().failure(), socket.transport_error()) {
        ///         (Some(failure), Some(error)) => format!("{failure}: {error}"),
        ///         (Some(failure), None) => failure.to_string(),
        ///         (None, _) => "the connection has not failed".to_owned(),
        ///     }
        /// }
        /// ```
        pub fn transport_error(&self) -> Option<&std::io::Error> {
            self.driver.transport_error()
        }

        /// Shows `tap` all bytes and events that pass from now on; `None` removes the tap. The page
        /// [`trace`](crate::trace) has an example.
        pub fn set_tap(&mut self, tap: Option<Box<dyn $crate::trace::Tap>>) {
            self.driver.set_tap(tap);
        }

        /// Puts plaintext back in front of the unread data, as if it had not been read: all of it, or
        /// nothing. Bytes that were just consumed always have room. `QIODevice::ungetChar`.
        ///
        /// ```
        /// use std::io::{self, BufRead};
        ///
        /// use sslcore_std::SslSocket;
        ///
        /// /// Reads a line, unless it belongs to the next message.
        /// fn header(socket: &mut SslSocket) -> io::Result<Option<String>> {
        ///     let mut line = String::new();
        ///     socket.read_line(&mut line)?;
        ///     if line.starts_with("BEGIN ") {
        ///         socket.unread(line.as_bytes()).map_err(io::Error::other)?;
        ///         return Ok(None);
        ///     }
        ///     Ok(Some(line))
        /// }
        /// ```
        ///
        /// # Errors
        /// [`UsageError::TooManyBytes`](sslcore::UsageError::TooManyBytes) when it is more than was read,
        /// or there is no room: see [`Connection::unread`](sslcore::Connection::unread).
        pub fn unread(&mut self, plaintext: &[u8]) -> Result<(), sslcore::UsageError> {
            self.driver.act(|connection| connection.unread(plaintext))
        }

        /// The unread plaintext, in one piece. Does not block, receive or consume. `QIODevice::peek`.
        pub fn peek(&self) -> &[u8] {
            self.driver.connection.peek()
        }

        /// Whether a whole line is unread, so that [`read_line`](std::io::BufRead::read_line) will
        /// not block. `QIODevice::canReadLine`.
        ///
        /// ```
        /// use std::io::{self, BufRead};
        ///
        /// use sslcore_std::SslSocket;
        ///
        /// /// The lines that have arrived already.
        /// fn lines(socket: &mut SslSocket) -> io::Result<Vec<String>> {
        ///     let mut lines = Vec::new();
        ///     while socket.can_read_line() {
        ///         let mut line = String::new();
        ///         socket.read_line(&mut line)?;
        ///         lines.push(line);
        ///     }
        ///     Ok(lines)
        /// }
        /// ```
        pub fn can_read_line(&self) -> bool {
            self.peek().contains(&b'\n')
        }
    };
}

pub(crate) use common_methods;
