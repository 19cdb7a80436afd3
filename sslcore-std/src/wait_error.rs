//! Why a wait ended.

use std::fmt;
use std::io::{self, ErrorKind};

use sslcore::{Failure, FailureKind, Fault, ReadEnd, RequestId, ReviewId};

use crate::connect_error::ConnectError;

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
    /// The peer's certificate has errors: look at [`SslSocket::review`](crate::SslSocket::review), call
    /// [`SslSocket::answer`](crate::SslSocket::answer). `WouldBlock`.
    VerdictNeeded(ReviewId),
    /// The server needs a configuration: look at
    /// [`SslSocket::config_request`](crate::SslSocket::config_request), call
    /// [`SslSocket::provide_config`](crate::SslSocket::provide_config). `WouldBlock`.
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
            WaitError::Ended(
                ReadEnd::Truncated
                | ReadEnd::Closed
                | ReadEnd::EndOfStream
                | ReadEnd::CloseUnanswered,
            ) => ErrorKind::UnexpectedEof,
            WaitError::Ended(ReadEnd::TimedOut) => ErrorKind::TimedOut,
            WaitError::Ended(ReadEnd::Reset) => ErrorKind::ConnectionReset,
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
