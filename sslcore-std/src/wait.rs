//! Waiting, and why it ended.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use sslcore::{CloseReport, Failure, FailureKind, Fault, ReadEnd, RequestId, ReviewId, SslMode};

use crate::socket::SslSocket;

/// Why a wait ended without what was waited for. Nothing is lost by it: apart from the two ends,
/// do what it asks for and wait again.
///
/// As an [`io::Error`] it is found by `get_ref` and `downcast_ref`; a [`Failure`] then stands for
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The timeout ran out. `TimedOut`.
    Timeout,
    /// The peer's certificate has errors: look at [`SslSocket::review`], call
    /// [`SslSocket::answer`]. `WouldBlock`.
    VerdictNeeded(ReviewId),
    /// The server needs a configuration: look at [`SslSocket::config_request`], call
    /// [`SslSocket::provide_config`]. `WouldBlock`.
    ConfigNeeded(RequestId),
    /// The receive buffer is full of unread data, and the peer takes nothing: it may be waiting
    /// for us to read, as we wait for it. `WouldBlock`.
    ReadFirst {
        /// Bytes that wait to be read.
        unread: usize,
    },
    /// TLS was not started, so there is nothing to wait for. `NotConnected`.
    NotStarted,
    /// The connection ended without a failure: nothing more will happen.
    Ended(ReadEnd),
    /// The connection failed. The alert that it owed the peer has left if the stream took it.
    Failed(Failure),
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the time is up"),
            Self::VerdictNeeded(_) => {
                f.write_str("the peer's certificate has errors; answer the review")
            }
            Self::ConfigNeeded(_) => f.write_str("the server has no configuration; provide one"),
            Self::ReadFirst { unread } => write!(
                f,
                "the receive buffer is full and the peer takes nothing; read the {unread} bytes first"
            ),
            Self::NotStarted => f.write_str("TLS was not started"),
            Self::Ended(end) => end.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for WaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Ended(end) => Some(end),
            _ => None,
        }
    }
}

impl From<WaitError> for io::Error {
    fn from(error: WaitError) -> Self {
        let kind = match &error {
            WaitError::Timeout => ErrorKind::TimedOut,
            WaitError::VerdictNeeded(_)
            | WaitError::ConfigNeeded(_)
            | WaitError::ReadFirst { .. } => ErrorKind::WouldBlock,
            WaitError::NotStarted => ErrorKind::NotConnected,
            WaitError::Ended(ReadEnd::Truncated | ReadEnd::Closed | ReadEnd::EndOfStream) => {
                ErrorKind::UnexpectedEof
            }
            WaitError::Ended(_) => ErrorKind::ConnectionAborted,
            WaitError::Failed(failure) => match (failure.kind(), failure.fault()) {
                (FailureKind::Truncated, _) => ErrorKind::UnexpectedEof,
                (FailureKind::Reset, _) => ErrorKind::ConnectionReset,
                (FailureKind::AlertReceived(_) | FailureKind::ClosedDuringHandshake, _) => {
                    ErrorKind::ConnectionAborted
                }
                (_, Fault::Deadline) => ErrorKind::TimedOut,
                (_, Fault::Engine) => ErrorKind::Other,
                _ => ErrorKind::InvalidData,
            },
        };
        match error {
            WaitError::Failed(failure) => Self::new(kind, failure),
            error => Self::new(kind, error),
        }
    }
}

impl SslSocket {
    /// Handshakes until the connection is encrypted. At once if it is already.
    /// `QSslSocket::waitForEncrypted`.
    ///
    /// `timeout` is for this call; `None` is for ever. The configuration's own timeouts hold
    /// besides.
    ///
    /// # Errors
    /// [`WaitError::VerdictNeeded`] when the application must judge the peer's certificate,
    /// [`WaitError::ConfigNeeded`] when it must configure the server: answer and wait again.
    /// [`WaitError::NotStarted`], [`WaitError::Timeout`], [`WaitError::Failed`],
    /// [`WaitError::Ended`].
    pub fn wait_for_encrypted(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        if self.connection.mode() == SslMode::Unencrypted {
            return Err(WaitError::NotStarted);
        }
        self.wait(timeout, |socket| {
            if socket.connection.is_encrypted() {
                return Some(Ok(()));
            }
            socket.ended().map(Err)
        })
    }

    /// Waits until data has arrived that no such wait has told of yet; data that was read since
    /// does not count. `QIODevice::waitForReadyRead`.
    ///
    /// # Errors
    /// [`WaitError::Ended`] when the peer's direction has ended,
    /// [`ReadFirst`](WaitError::ReadFirst) when the receive buffer is full; otherwise as for
    /// [`wait_for_encrypted`](Self::wait_for_encrypted).
    pub fn wait_for_ready_read(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        self.wait(timeout, |socket| {
            if std::mem::take(&mut socket.fresh) {
                return Some(Ok(()));
            }
            let end = socket.connection.read_end()?;
            Some(Err(socket.end_error(end)))
        })
    }

    /// Waits until the stream has taken some of what was written. At once when nothing waits; to
    /// wait for all of it, [`flush`](std::io::Write::flush). `QIODevice::waitForBytesWritten`.
    ///
    /// # Errors
    /// [`ReadFirst`](WaitError::ReadFirst) when the receive buffer is full and the peer takes
    /// nothing; otherwise as for [`wait_for_encrypted`](Self::wait_for_encrypted).
    pub fn wait_for_bytes_written(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        let before = self.data_sent;
        self.wait(timeout, |socket| {
            if socket.pending() == 0 || socket.data_sent != before {
                return Some(Ok(()));
            }
            socket.ended().map(Err)
        })
    }

    /// Waits until the connection has ended, and says how. When the peer ends it, our side is
    /// closed in answer. What was received can still be read. `QAbstractSocket::waitForDisconnected`.
    ///
    /// # Errors
    /// [`ReadFirst`](WaitError::ReadFirst) when the end may be behind data that nobody reads;
    /// otherwise as for [`wait_for_encrypted`](Self::wait_for_encrypted). A failure is an end
    /// like others here: see [`failure`](sslcore::Connection::failure).
    pub fn wait_for_disconnected(
        &mut self,
        timeout: Option<Duration>,
    ) -> Result<CloseReport, WaitError> {
        self.wait(timeout, |socket| {
            if socket.connection.read_end().is_some() {
                socket.connection.close();
                socket.nudge();
            }
            socket.connection.close_report().map(Ok)
        })
    }

    /// Until the connection is over, and, unless it ended cleanly, the peer has hung up.
    pub(crate) fn linger(&mut self, timeout: Duration) {
        // Whatever ends the wait, the caller looks at the report.
        let _ = self.wait(Some(timeout), |socket| {
            let report = socket.connection.close_report()?;
            (report.clean || socket.read_ended).then_some(Ok(()))
        });
    }

    /// Turns until `goal` has an outcome, sleeping while there is nothing to do.
    pub(crate) fn wait<T>(
        &mut self,
        timeout: Option<Duration>,
        mut goal: impl FnMut(&mut Self) -> Option<Result<T, WaitError>>,
    ) -> Result<T, WaitError> {
        let until = timeout.map(|timeout| self.clock.instant().after(timeout));
        let mut quiet_since = self.clock.instant();
        loop {
            let moved = self.turn();
            if let Some(outcome) = goal(self) {
                return outcome;
            }
            if let Some(question) = self.question() {
                return Err(question);
            }
            let now = self.clock.instant();
            if until.is_some_and(|until| until <= now) {
                return Err(match self.connection.failure() {
                    Some(failure) => WaitError::Failed(failure.clone()),
                    None => WaitError::Timeout,
                });
            }
            if moved {
                quiet_since = now;
                continue;
            }
            let interest = self.interest();
            let impatient = match (interest.read || self.read_ended, interest.write) {
                (true, _) => None,
                (false, true) => Some(quiet_since.after(self.patience)),
                (false, false) => Some(now),
            };
            if impatient.is_some_and(|impatient| impatient <= now) {
                return Err(WaitError::ReadFirst {
                    unread: self.connection.bytes_available(),
                });
            }
            let wake = [until, impatient, self.connection.deadline()]
                .into_iter()
                .flatten()
                .min();
            if wake.is_none() && !interest.read && !interest.write {
                return Err(self.end_error(ReadEnd::Empty));
            }
            let time = wake.map(|wake| self.clock.until(wake));
            self.park(interest, time);
        }
    }

    /// What only the application can answer.
    fn question(&self) -> Option<WaitError> {
        let verdict = self.connection.review().map(|review| review.id);
        let config = self.connection.config_request().map(|request| request.id);
        verdict
            .map(WaitError::VerdictNeeded)
            .or(config.map(WaitError::ConfigNeeded))
    }

    /// Why nothing more will happen: after the connection is over, and its alert has left.
    pub(crate) fn ended(&self) -> Option<WaitError> {
        let settled = self.connection.close_report().is_some() || self.write_ended;
        (self.connection.is_over() && settled)
            .then(|| self.end_error(self.connection.read_end().unwrap_or(ReadEnd::Aborted)))
    }

    /// The failure, or else this end.
    pub(crate) fn end_error(&self, end: ReadEnd) -> WaitError {
        match self.connection.failure() {
            Some(failure) => WaitError::Failed(failure.clone()),
            None => WaitError::Ended(end),
        }
    }

    /// Bytes that `write` has accepted and the stream not taken yet, handshake included.
    pub(crate) fn pending(&self) -> usize {
        self.connection.bytes_to_write() + self.connection.encrypted_bytes_to_write()
    }
}
