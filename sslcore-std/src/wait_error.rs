//! Why a wait ended.

use std::fmt;
use std::io::{self, ErrorKind};

use sslcore::{Failure, FailureKind, Fault, PskId, ReadEnd, RequestId, ReviewId, SignatureId};

use crate::connect_error::ConnectError;

/// Why a wait ended without the outcome that was waited for. No data is lost by it: after every
/// error but [`CannotConnect`](Self::CannotConnect), [`Ended`](Self::Ended) and
/// [`Failed`](Self::Failed), do what the error asks for and wait again.
///
/// ```
/// use std::time::Duration;
///
/// use sslcore_std::sslcore::{UsageError, Verdict};
/// use sslcore_std::{SslSocket, WaitError};
///
/// /// Handshakes, and rejects a certificate with errors. Says whether the socket is encrypted.
/// fn handshake(socket: &mut SslSocket) -> Result<bool, UsageError> {
///     match socket.wait_for_encrypted(Some(Duration::from_secs(10))) {
///         Ok(()) => return Ok(true),
///         Err(WaitError::VerdictNeeded(id)) => socket.answer(id, Verdict::Reject)?,
///         Err(WaitError::Timeout) => println!("not complete yet; waiting again may help"),
///         Err(WaitError::Failed(failure)) => println!("{failure}, told as {:?}", failure.alert()),
///         Err(error) => println!("{error}"),
///     }
///     Ok(false)
/// }
/// ```
///
/// [`Read`](std::io::Read) and [`Write`](std::io::Write) report the same errors as an [`io::Error`]
/// of the kind that is named below. Its inner value, found by `get_ref` and `downcast_ref`, is the
/// `WaitError`; for `Failed` it is the [`Failure`] itself, for `CannotConnect` the
/// [`ConnectError`]:
///
/// ```
/// use std::io;
///
/// use sslcore_std::sslcore::Failure;
///
/// /// The failure behind an error of a read or a write.
/// fn failure(error: &io::Error) -> Option<&Failure> {
///     error.get_ref()?.downcast_ref()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The timeout of the call ran out. `TimedOut`.
    Timeout,
    /// No address of the host could be reached. The kind is that of the last address's error.
    CannotConnect(ConnectError),
    /// The application must verify the peer's certificate: look at
    /// [`SslSocket::review`](crate::SslSocket::review), then call
    /// [`SslSocket::answer`](crate::SslSocket::answer) with this id. `WouldBlock`.
    VerdictNeeded(ReviewId),
    /// The server needs a configuration: look at
    /// [`SslSocket::config_request`](crate::SslSocket::config_request), then call
    /// [`SslSocket::provide_config`](crate::SslSocket::provide_config) with this id. `WouldBlock`.
    ConfigNeeded(RequestId),
    /// The application must give pre-shared keys, since the configuration
    /// [asks](sslcore::ConfigBuilder::ask_for_pre_shared_keys) for them: look at
    /// [`SslSocket::psk_request`](crate::SslSocket::psk_request), then call
    /// [`SslSocket::provide_psk`](crate::SslSocket::provide_psk) with this id. `WouldBlock`.
    PreSharedKeyNeeded(PskId),
    /// The application must sign, since the configuration [asks](sslcore::ConfigBuilder::ask_for_signatures)
    /// for it: look at [`SslSocket::signature_request`](crate::SslSocket::signature_request), then call
    /// [`SslSocket::provide_signature`](crate::SslSocket::provide_signature) with this id. `WouldBlock`.
    SignatureNeeded(SignatureId),
    /// The receive buffer is full of unread data, and the peer takes no data: it may be waiting for
    /// us to read, as we wait for it. `WouldBlock`.
    ReadFirst {
        /// The number of bytes that are unread.
        unread: usize,
    },
    /// TLS was not started, so there is no handshake to wait for. `NotConnected`.
    NotStarted,
    /// No review and no request is open, so there is nothing to go on asking for.
    /// `InvalidInput`.
    NothingAsked,
    /// The connection, or its receiving direction, ended without a failure. `UnexpectedEof` when
    /// the peer's stream has ended, `TimedOut`, `ConnectionReset`, else `ConnectionAborted`.
    Ended(ReadEnd),
    /// The connection failed. The alert for the peer was sent as far as the stream took it.
    /// `UnexpectedEof` when the stream was truncated, `ConnectionReset` when it was reset,
    /// `ConnectionAborted` when the peer has sent a fatal alert or closed during the handshake,
    /// `TimedOut` for the connection's own timeouts, `Other` for a failure of the engine, else
    /// `InvalidData`.
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
            Self::PreSharedKeyNeeded(_) => {
                f.write_str("a pre-shared key is asked for; provide or refuse it")
            }
            Self::SignatureNeeded(_) => {
                f.write_str("a signature is asked for; provide or refuse it")
            }
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
            | WaitError::PreSharedKeyNeeded(_)
            | WaitError::SignatureNeeded(_)
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
