//! Waiting, and why it ended.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use sslcore::{CloseReport, Failure, FailureKind, Fault, ReadEnd, RequestId, ReviewId, SslMode};

use crate::connect::ConnectError;
use crate::drive::Driver;
use crate::link::{Link, park};
use crate::socket::SslSocket;
use crate::waiter::{Round, Waiter};

/// Why a wait ended without what was waited for. Nothing is lost by it: apart from the two ends,
/// do what it asks for and wait again.
///
/// As an [`io::Error`] it is found by `get_ref` and `downcast_ref`; a [`Failure`] or a
/// [`ConnectError`] then stands for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The timeout ran out. `TimedOut`.
    Timeout,
    /// No address of the host could be reached. The kind is that of the last one.
    CannotConnect(ConnectError),
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
    /// No question is open, so there is nothing to go on asking for. `InvalidInput`.
    NothingAsked,
    /// The connection ended without a failure: nothing more will happen.
    Ended(ReadEnd),
    /// The connection failed. The alert that it owed the peer has left if the stream took it.
    Failed(Failure),
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the time is up"),
            Self::CannotConnect(error) => error.fmt(f),
            Self::VerdictNeeded(_) => {
                f.write_str("the peer's certificate has errors; answer the review")
            }
            Self::ConfigNeeded(_) => f.write_str("the server has no configuration; provide one"),
            Self::ReadFirst { unread } => write!(
                f,
                "the receive buffer is full and the peer takes nothing; read the {unread} bytes first"
            ),
            Self::NotStarted => f.write_str("TLS was not started"),
            Self::NothingAsked => f.write_str("no question is open"),
            Self::Ended(end) => end.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for WaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::CannotConnect(error) => Some(error),
            Self::Ended(end) => Some(end),
            _ => None,
        }
    }
}

impl From<WaitError> for io::Error {
    fn from(error: WaitError) -> Self {
        let kind = match &error {
            WaitError::Timeout => ErrorKind::TimedOut,
            WaitError::CannotConnect(error) => error.kind(),
            WaitError::VerdictNeeded(_)
            | WaitError::ConfigNeeded(_)
            | WaitError::ReadFirst { .. } => ErrorKind::WouldBlock,
            WaitError::NotStarted => ErrorKind::NotConnected,
            WaitError::NothingAsked => ErrorKind::InvalidInput,
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
            WaitError::CannotConnect(error) => Self::new(kind, error),
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
        if self.connection().mode() == SslMode::Unencrypted {
            return Err(WaitError::NotStarted);
        }
        self.wait(timeout, |driver| {
            if driver.connection.is_encrypted() {
                return Some(Ok(()));
            }
            driver.ended().map(Err)
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
        self.wait(timeout, |driver| {
            if driver.take_fresh() {
                return Some(Ok(()));
            }
            let end = driver.connection.read_end()?;
            Some(Err(driver.end_error(end)))
        })
    }

    /// Waits until the stream has taken some of what was written. At once when nothing waits; to
    /// wait for all of it, [`flush`](std::io::Write::flush). `QIODevice::waitForBytesWritten`.
    ///
    /// # Errors
    /// [`ReadFirst`](WaitError::ReadFirst) when the receive buffer is full and the peer takes
    /// nothing; otherwise as for [`wait_for_encrypted`](Self::wait_for_encrypted).
    pub fn wait_for_bytes_written(&mut self, timeout: Option<Duration>) -> Result<(), WaitError> {
        let before = self.driver.data_sent();
        self.wait(timeout, |driver| {
            if driver.pending() == 0 || driver.data_sent() != before {
                return Some(Ok(()));
            }
            driver.ended().map(Err)
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
        self.wait(timeout, |driver| {
            if driver.connection.read_end().is_some() {
                driver.close();
            }
            driver.connection.close_report().map(Ok)
        })
    }

    /// Waits while a question is open, a [review](Self::review) or a
    /// [request](Self::config_request), for `timeout` at most; zero just looks. For who asks a
    /// person meanwhile, and wants to know whether there is still a reason to:
    ///
    /// ```no_run
    /// # use std::sync::mpsc::{Receiver, TryRecvError};
    /// # use std::time::Duration;
    /// # use sslcore_std::{SslSocket, WaitError, sslcore::Verdict};
    /// # fn ask(socket: &mut SslSocket, answers: Receiver<Verdict<'static>>) -> Result<(), WaitError> {
    /// let verdict = loop {
    ///     match answers.try_recv() {
    ///         Ok(verdict) => break verdict,
    ///         Err(_) => socket.keep_asking(Duration::from_millis(100))?,
    ///     }
    /// };
    /// # Ok(()) }
    /// ```
    ///
    /// The time counts for no timeout but the configuration's decision timeout.
    ///
    /// # Errors
    /// When there is no question any more, or never was: why. Usually [`WaitError::Failed`]: the
    /// peer has hung up, or the decision timeout has run out. A peer that fills the receive
    /// buffer before it hangs up is not noticed. [`WaitError::NothingAsked`] when no question was
    /// open.
    pub fn keep_asking(&mut self, timeout: Duration) -> Result<(), WaitError> {
        // Without patience: that nothing can be read is no reason to return at once.
        let mut waiter = Waiter::new(&self.driver, Some(timeout), None);
        waiter.asking = true;
        let asked = self.wait_by(waiter, |driver| {
            if driver.question().is_some() {
                return None;
            }
            Some(Err(match driver.connection.is_over() {
                true => driver.end_error(driver.connection.read_end().unwrap_or(ReadEnd::Aborted)),
                false => WaitError::NothingAsked,
            }))
        });
        match asked {
            Err(WaitError::Timeout) => Ok(()),
            asked => asked,
        }
    }

    /// Until the connection is over, and, unless it ended cleanly, the peer has hung up.
    pub(crate) fn linger(&mut self, timeout: Duration) {
        // Whatever ends the wait, the caller looks at the report.
        let _ = self.wait(Some(timeout), |driver| {
            let report = driver.connection.close_report()?;
            (report.clean || driver.read_ended()).then_some(Ok(()))
        });
    }

    /// Turns until `goal` has an outcome, sleeping while there is nothing to do.
    pub(crate) fn wait<R>(
        &mut self,
        timeout: Option<Duration>,
        goal: impl FnMut(&mut Driver<Link>) -> Option<Result<R, WaitError>>,
    ) -> Result<R, WaitError> {
        let waiter = Waiter::new(&self.driver, timeout, Some(self.patience));
        self.wait_by(waiter, goal)
    }

    fn wait_by<R>(
        &mut self,
        mut waiter: Waiter,
        mut goal: impl FnMut(&mut Driver<Link>) -> Option<Result<R, WaitError>>,
    ) -> Result<R, WaitError> {
        loop {
            match waiter.round(&mut self.driver, &mut goal) {
                Round::Done(outcome) => return outcome,
                Round::Again => {}
                Round::Sleep(interest, time) => {
                    let streams = self.driver.transport.streams();
                    if let Err(error) = park(&streams, interest, None, time) {
                        self.driver.lose(error);
                    }
                }
            }
        }
    }
}
