//! Why a call did not come to its end.

use core::fmt;

use embedded_io_async::ErrorKind;
use sslcore::{FailureKind, Fault, PskId, ReadEnd, RequestId, ReviewId, SignatureId, UsageError};

/// Why a call of a socket did not reach its goal. After [`VerdictNeeded`](Self::VerdictNeeded),
/// [`ConfigNeeded`](Self::ConfigNeeded), [`PreSharedKeyNeeded`](Self::PreSharedKeyNeeded) and
/// [`SignatureNeeded`](Self::SignatureNeeded), answer and call again: no data is lost.
///
/// ```
/// use sslcore_embassy::sslcore::Verdict;
/// use sslcore_embassy::{Error, SslSocket, Transport};
///
/// /// Handshakes, and rejects a certificate with errors.
/// async fn handshake<T: Transport>(socket: &mut SslSocket<T>) -> Result<(), Error> {
///     match socket.wait_for_encrypted().await {
///         Err(Error::VerdictNeeded(id)) => {
///             socket.answer(id, Verdict::Reject).map_err(Error::Usage)?;
///             socket.wait_for_encrypted().await // fails when the alert has left
///         }
///         outcome => outcome,
///     }
/// }
/// ```
///
/// The trait [`embedded_io_async::Error`] tells its [`ErrorKind`], which is named at each error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// The application must verify the peer's certificate: look at
    /// [`SslSocket::review`](crate::SslSocket::review), then call
    /// [`SslSocket::answer`](crate::SslSocket::answer) with this id. `Other`.
    VerdictNeeded(ReviewId),
    /// The server needs a configuration: look at
    /// [`SslSocket::config_request`](crate::SslSocket::config_request), then call
    /// [`SslSocket::provide_config`](crate::SslSocket::provide_config) with this id. `Other`.
    ConfigNeeded(RequestId),
    /// The application must give pre-shared keys, since the configuration
    /// [asks](sslcore::ConfigBuilder::ask_for_pre_shared_keys) for them: look at
    /// [`SslSocket::psk_request`](crate::SslSocket::psk_request), then call
    /// [`SslSocket::provide_psk`](crate::SslSocket::provide_psk) with this id. `Other`.
    PreSharedKeyNeeded(PskId),
    /// The application must sign, since the configuration [asks](sslcore::ConfigBuilder::ask_for_signatures)
    /// for it: look at [`SslSocket::signature_request`](crate::SslSocket::signature_request), then call
    /// [`SslSocket::provide_signature`](crate::SslSocket::provide_signature) with this id. `Other`.
    SignatureNeeded(SignatureId),
    /// TLS was not started, so there is no handshake to wait for. `NotConnected`.
    NotStarted,
    /// The connection, or its receiving direction, ended without a failure. `TimedOut`,
    /// `ConnectionReset`, else `ConnectionAborted`.
    Ended(ReadEnd),
    /// The connection failed, and the alert for the peer has left as far as the transport took it.
    /// [`Connection::failure`](sslcore::Connection::failure) has the details. `ConnectionReset` when
    /// the transport was reset, `ConnectionAborted` when the peer's stream was truncated, or the peer
    /// has sent a fatal alert or closed during the handshake, `TimedOut` for the connection's own
    /// timeouts, `Other` for a failure of the engine, else `InvalidData`.
    Failed(FailureKind),
    /// The call has no place in this state of the connection: a write after
    /// [`close`](crate::SslSocket::close). `BrokenPipe`.
    Usage(UsageError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
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
            Self::NotStarted => f.write_str("TLS was not started"),
            Self::Ended(end) => end.fmt(f),
            Self::Failed(failure) => failure.fmt(f),
            Self::Usage(usage) => usage.fmt(f),
        }
    }
}

impl core::error::Error for Error {}

impl embedded_io_async::Error for Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::VerdictNeeded(_)
            | Self::ConfigNeeded(_)
            | Self::PreSharedKeyNeeded(_)
            | Self::SignatureNeeded(_) => ErrorKind::Other,
            Self::NotStarted => ErrorKind::NotConnected,
            Self::Ended(ReadEnd::TimedOut) => ErrorKind::TimedOut,
            Self::Ended(ReadEnd::Reset) | Self::Failed(FailureKind::Reset) => {
                ErrorKind::ConnectionReset
            }
            Self::Ended(_)
            | Self::Failed(
                FailureKind::Truncated
                | FailureKind::AlertReceived(_)
                | FailureKind::ClosedDuringHandshake,
            ) => ErrorKind::ConnectionAborted,
            Self::Failed(failure) => match failure.fault() {
                Fault::Deadline => ErrorKind::TimedOut,
                Fault::Engine => ErrorKind::Other,
                _ => ErrorKind::InvalidData,
            },
            Self::Usage(_) => ErrorKind::BrokenPipe,
        }
    }
}
