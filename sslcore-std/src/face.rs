//! What [`SslSocket`](crate::SslSocket) and [`SslStream`](crate::SslStream) have in common.

/// The methods that are the same for both, each over the field `driver`.
macro_rules! common_methods {
    () => {
        /// Starts TLS as a client. `QSslSocket::startClientEncryption`.
        ///
        /// What was written so far leaves in the clear, what is written from now on waits for
        /// [`Encrypted`](sslcore::Event::Encrypted). Returns at once.
        ///
        /// # Errors
        /// [`UsageError::UnreadPlaintext`](sslcore::UsageError::UnreadPlaintext) when bytes wait
        /// to be read that the peer sent before TLS: a server that has said "go ahead" waits for
        /// the client, so somebody else may have sent them.
        /// [`AlreadyStarted`](sslcore::UsageError::AlreadyStarted),
        /// [`WriteClosed`](sslcore::UsageError::WriteClosed),
        /// [`ConnectionOver`](sslcore::UsageError::ConnectionOver).
        pub fn start_client_encryption(
            &mut self,
            config: &sslcore::ClientConfig,
            peer: sslcore::PeerName,
        ) -> Result<(), sslcore::UsageError> {
            self.start_client_encryption_with(config, peer, sslcore::Leftover::Refuse)
        }

        /// The same, with a choice for bytes that wait to be read.
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

        /// Starts TLS as a server. `QSslSocket::startServerEncryption`.
        ///
        /// A server that answers "go ahead" writes that line and starts TLS with the next call,
        /// with no read or wait between: writing does not receive unless it has to wait, so a
        /// fast client cannot get its ClientHello in between.
        ///
        /// # Errors
        /// As for [`start_client_encryption`](Self::start_client_encryption).
        pub fn start_server_encryption(
            &mut self,
            start: sslcore::ServerStart,
        ) -> Result<(), sslcore::UsageError> {
            self.start_server_encryption_with(start, sslcore::Leftover::Refuse)
        }

        /// The same, with a choice for bytes that wait to be read.
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

        /// The certificate review that waits for an [`answer`](Self::answer).
        pub fn review(&self) -> Option<sslcore::Review<'_>> {
            self.driver.connection.review()
        }

        /// Answers it. The alert of a rejection leaves with this call if the stream takes it.
        /// `QSslSocket::resume`, with the decision as its argument.
        ///
        /// The time since the review was opened counts for no timeout but the configuration's
        /// decision timeout.
        ///
        /// # Errors
        /// [`UsageError::NoDecisionOpen`](sslcore::UsageError::NoDecisionOpen), also when the peer
        /// has hung up in the meantime: [`Connection::failure`](sslcore::Connection::failure) says
        /// so then. [`UsageError::Stale`](sslcore::UsageError::Stale).
        pub fn answer(
            &mut self,
            id: sslcore::ReviewId,
            verdict: sslcore::Verdict<'_>,
        ) -> Result<(), sslcore::UsageError> {
            self.driver.answer(id, verdict)
        }

        /// The ClientHello for which a server started with
        /// [`ServerStart::Ask`](sslcore::ServerStart::Ask) waits for a configuration.
        pub fn config_request(&self) -> Option<sslcore::ConfigRequest<'_>> {
            self.driver.connection.config_request()
        }

        /// Answers it with a configuration.
        ///
        /// # Errors
        /// [`UsageError::NoDecisionOpen`](sslcore::UsageError::NoDecisionOpen),
        /// [`UsageError::Stale`](sslcore::UsageError::Stale).
        pub fn provide_config(
            &mut self,
            id: sslcore::RequestId,
            config: &sslcore::ServerConfig,
        ) -> Result<(), sslcore::UsageError> {
            self.driver
                .act(|connection| connection.provide_config(id, config))
        }

        /// Answers it with a refusal.
        ///
        /// # Errors
        /// As for [`provide_config`](Self::provide_config).
        pub fn refuse_config(&mut self, id: sslcore::RequestId) -> Result<(), sslcore::UsageError> {
            self.driver.act(|connection| connection.refuse_config(id))
        }

        /// Asks for new traffic keys in both directions (RFC 8446 §4.6.3).
        ///
        /// # Errors
        /// [`NotTls13`](sslcore::UsageError::NotTls13),
        /// [`NotEncrypted`](sslcore::UsageError::NotEncrypted),
        /// [`WriteClosed`](sslcore::UsageError::WriteClosed),
        /// [`ConnectionOver`](sslcore::UsageError::ConnectionOver).
        pub fn update_keys(&mut self) -> Result<(), sslcore::UsageError> {
            self.driver.act(sslcore::Connection::update_keys)
        }

        /// From now on what arrives is thrown away, so that what is behind it still arrives:
        /// alerts, close_notify. Unread data is thrown away too.
        pub fn discard_reads(&mut self) {
            self.driver.discard_reads();
        }

        /// Changes [`Limits::read_buffer_size`](sslcore::Limits::read_buffer_size), in bytes.
        /// `QAbstractSocket::setReadBufferSize`.
        pub fn set_read_buffer_size(&mut self, bytes: usize) {
            self.driver
                .act(|connection| connection.set_read_buffer_size(bytes));
        }

        /// Ends our direction: what was written leaves first, then close_notify, as far as the
        /// stream takes them now. A handshake goes on to its end if something was written, else it
        /// is given up. What the peer still sends can be read to its end, for which
        /// [`set_peer_close_timeout`](Self::set_peer_close_timeout) can set a limit.
        /// `QSslSocket::close`, but it keeps what was received. See
        /// [`Connection::close`](sslcore::Connection::close).
        pub fn close(&mut self) {
            self.driver.close();
        }

        /// Ends both directions at once, with a farewell, as far as the stream takes it now: what
        /// waits for the end of a handshake is abandoned, and nothing more is read. See
        /// [`Connection::cancel`](sslcore::Connection::cancel).
        pub fn cancel(&mut self) {
            self.driver.cancel();
        }

        /// How long the peer may be silent between the end of our direction and the end of its
        /// own; `None`, the default, is for ever. See
        /// [`Connection::set_peer_close_timeout`](sslcore::Connection::set_peer_close_timeout).
        pub fn set_peer_close_timeout(&mut self, timeout: Option<std::time::Duration>) {
            self.driver
                .act(|connection| connection.set_peer_close_timeout(timeout));
        }

        /// The next event, oldest first. What repeats is summed up until it is asked for, so an
        /// application that never asks costs no memory.
        pub fn poll_event(&mut self) -> Option<sslcore::Event> {
            self.driver.poll_event()
        }

        /// The connection, for all of QSslSocket's getters.
        pub fn connection(&self) -> &sslcore::Connection {
            &self.driver.connection
        }

        /// What the system said when the stream failed, if it did: the detail behind
        /// [`FailureKind::Reset`](sslcore::FailureKind::Reset). `QAbstractSocket::errorString`.
        pub fn transport_error(&self) -> Option<&std::io::Error> {
            self.driver.transport_error()
        }

        /// Shows everything that passes to `tap`; `None` takes it away.
        pub fn set_tap(&mut self, tap: Option<Box<dyn $crate::trace::Tap>>) {
            self.driver.set_tap(tap);
        }

        /// Puts plaintext back in front of what is unread. `QIODevice::ungetChar`.
        ///
        /// # Errors
        /// [`UsageError::TooManyBytes`](sslcore::UsageError::TooManyBytes) when there is no room: see
        /// [`Connection::unread`](sslcore::Connection::unread).
        pub fn unread(&mut self, plaintext: &[u8]) -> Result<(), sslcore::UsageError> {
            self.driver.act(|connection| connection.unread(plaintext))
        }

        /// The unread plaintext, in one piece. Does not block. `QIODevice::peek`.
        pub fn peek(&self) -> &[u8] {
            self.driver.connection.peek()
        }

        /// Whether a whole line waits, so that
        /// [`read_line`](std::io::BufRead::read_line) will not block. `QIODevice::canReadLine`.
        pub fn can_read_line(&self) -> bool {
            self.peek().contains(&b'\n')
        }
    };
}

pub(crate) use common_methods;
