//! What the server tells, and why it has nothing to tell.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use sslcore::{Failure, PskId, ReviewId, SignatureId};

use crate::socket::SslSocket;

/// The identity of one connection of a server. No other connection of that server gets the same.
/// The example of [`ServerEvent`] shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(super) u64);

/// An event of a connection of an [`SslServer`](crate::SslServer): the signals of `QSslServer`, as
/// values.
///
/// ```
/// use sslcore_std::sslcore::{UsageError, Verdict};
/// use sslcore_std::{AcceptError, ServerEvent, SslServer, SslSocket};
///
/// /// The next encrypted connection; tells of all others.
/// fn next(server: &mut SslServer) -> Result<SslSocket, AcceptError> {
///     loop {
///         let event = server.next(None)?;
///         println!("{:?}", event.id());
///         match event {
///             ServerEvent::HandshakeStarted { peer, .. } => println!("{peer} says hello"),
///             ServerEvent::VerdictNeeded { id, review, .. } => {
///                 let errors = server.socket(id).map(|socket| socket.connection().ssl_errors());
///                 println!("rejected: {errors:?}");
///                 match server.answer(id, review, Verdict::Reject) {
///                     // It may have hung up meanwhile.
///                     Ok(()) | Err(UsageError::Stale | UsageError::NoDecisionOpen) => {}
///                     Err(error) => println!("{error}"),
///                 }
///             }
///             ServerEvent::Encrypted { socket, .. } => return Ok(socket),
///             ServerEvent::Failed { peer, error, .. } => println!("{peer}: {error}"),
///             _ => {}
///         }
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "the event is the socket, and few wait at any time"
)]
pub enum ServerEvent {
    /// TLS was started: the client's first byte begins a handshake record.
    /// `QSslServer::startedEncryptionHandshake`.
    HandshakeStarted {
        /// The connection.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
    },
    /// The application must verify the client's certificate: it has errors and the configuration
    /// says [`OnErrors::Hold`](sslcore::OnErrors::Hold), or the configuration leaves verification
    /// to the application ([`VerifyMode::External`](sslcore::VerifyMode::External)). Look at
    /// [`SslServer::socket`](crate::SslServer::socket), then call
    /// [`SslServer::answer`](crate::SslServer::answer). Other connections go on meanwhile.
    /// `QSslServer::handshakeInterruptedOnError` and `sslErrors`.
    VerdictNeeded {
        /// The connection.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
        /// The id of the review, for `answer`.
        review: ReviewId,
    },
    /// The application must give the keys that the client names, since the configuration
    /// [asks](sslcore::ConfigBuilder::ask_for_pre_shared_keys) for them: look at the
    /// [`psk_request`](SslSocket::psk_request) of [`SslServer::socket`](crate::SslServer::socket),
    /// then call [`SslServer::provide_psk`](crate::SslServer::provide_psk). Other connections go on
    /// meanwhile. `QSslServer::preSharedKeyAuthenticationRequired`.
    PreSharedKeyNeeded {
        /// The connection.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
        /// The id of the request, for `provide_psk`.
        request: PskId,
    },
    /// The application must sign, since the configuration
    /// [asks](sslcore::ConfigBuilder::ask_for_signatures) for it: look at the
    /// [`signature_request`](SslSocket::signature_request) of
    /// [`SslServer::socket`](crate::SslServer::socket), then call
    /// [`SslServer::provide_signature`](crate::SslServer::provide_signature) any time later. Other
    /// connections go on meanwhile.
    SignatureNeeded {
        /// The connection.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
        /// The id of the request, for `provide_signature`.
        request: SignatureId,
    },
    /// The handshake is complete; the socket belongs to the application.
    /// `QTcpServer::pendingConnectionAvailable` and `nextPendingConnection`.
    Encrypted {
        /// The connection.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
        /// The connection's socket. Its [`poll_event`](SslSocket::poll_event) tells what happened
        /// during the handshake.
        socket: SslSocket,
    },
    /// The connection failed before it was encrypted. `QSslServer::errorOccurred`.
    Failed {
        /// The connection. After [`HandshakeError::Tls`] or [`HandshakeError::TimedOut`],
        /// [`SslServer::socket`](crate::SslServer::socket) shows its certificates and their errors
        /// until the next call that carries on handshakes.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
        /// The reason.
        error: HandshakeError,
    },
}

impl ServerEvent {
    /// The connection that the event is about.
    pub fn id(&self) -> ConnectionId {
        match self {
            Self::HandshakeStarted { id, .. }
            | Self::VerdictNeeded { id, .. }
            | Self::PreSharedKeyNeeded { id, .. }
            | Self::SignatureNeeded { id, .. }
            | Self::Encrypted { id, .. }
            | Self::Failed { id, .. } => *id,
        }
    }
}

/// Why a connection of a server failed before it was encrypted, from [`ServerEvent::Failed`].
///
/// ```
/// use sslcore_std::HandshakeError;
///
/// /// Whether a failure belongs in the log: port scans do not.
/// fn is_worth_telling(error: &HandshakeError) -> bool {
///     !matches!(error, HandshakeError::HungUp | HandshakeError::Reset | HandshakeError::Quiet)
/// }
///
/// assert!(is_worth_telling(&HandshakeError::NotTls(b'G')));
/// assert!(!is_worth_telling(&HandshakeError::HungUp));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The client sent no byte within the handshake timeout. `QAbstractSocket::SocketTimeoutError`.
    Quiet,
    /// The client hung up before its first byte, as port scans do.
    HungUp,
    /// The client reset the connection before its first byte.
    Reset,
    /// The client's first byte, this one, begins no TLS handshake. No alert was sent.
    NotTls(u8),
    /// The client sent its first byte, but the handshake was not complete within the handshake
    /// timeout. The client was sent user_canceled and close_notify.
    TimedOut,
    /// The client had not sent a whole ClientHello, and its place was needed for a newer
    /// connection.
    Crowded,
    /// The TLS connection failed; the failure names the alert for the client, if there is one.
    Tls(Failure),
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quiet => f.write_str("the client sent nothing in time"),
            Self::HungUp => f.write_str("the client hung up without a word"),
            Self::Reset => f.write_str("the client reset the connection without a word"),
            Self::NotTls(byte) => write!(
                f,
                "the client speaks no TLS: its first byte is {byte:#04x}, a TLS handshake begins with 0x16"
            ),
            Self::TimedOut => f.write_str("the handshake was not complete in time"),
            Self::Crowded => f.write_str("the client's place was needed before it had said hello"),
            Self::Tls(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Tls(failure) => Some(failure),
            _ => None,
        }
    }
}

/// Why [`SslServer::accept`](crate::SslServer::accept) or
/// [`SslServer::next`](crate::SslServer::next) returned no connection or event. The server goes on:
/// call it again.
///
/// ```
/// use std::time::Duration;
///
/// use sslcore_std::{AcceptError, SslServer, SslSocket};
///
/// /// A connection, if one is encrypted within a second.
/// fn accept(server: &mut SslServer) -> std::io::Result<Option<SslSocket>> {
///     match server.accept(Some(Duration::from_secs(1))) {
///         Ok((socket, _)) => Ok(Some(socket)),
///         Err(AcceptError::Timeout | AcceptError::Woken) => Ok(None),
///         Err(error) => Err(error.into()), // an io::Error of the kind that is named below
///     }
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum AcceptError {
    /// The timeout of the call ran out. `TimedOut`.
    Timeout,
    /// Another thread called [`ServerWaker::wake`](crate::ServerWaker::wake). `Interrupted`.
    Woken,
    /// The application must verify a client's certificate, as for [`ServerEvent::VerdictNeeded`].
    /// Only `accept` returns this. `WouldBlock`.
    VerdictNeeded {
        /// The connection.
        id: ConnectionId,
        /// The id of the review, for [`SslServer::answer`](crate::SslServer::answer).
        review: ReviewId,
    },
    /// The application must give the keys that a client names, as for
    /// [`ServerEvent::PreSharedKeyNeeded`]. Only `accept` returns this. `WouldBlock`.
    PreSharedKeyNeeded {
        /// The connection.
        id: ConnectionId,
        /// The id of the request, for [`SslServer::provide_psk`](crate::SslServer::provide_psk).
        request: PskId,
    },
    /// The application must sign, as for [`ServerEvent::SignatureNeeded`]. Only `accept` returns this.
    /// `WouldBlock`.
    SignatureNeeded {
        /// The connection.
        id: ConnectionId,
        /// The id of the request, for
        /// [`SslServer::provide_signature`](crate::SslServer::provide_signature).
        request: SignatureId,
    },
    /// The system could not accept a connection, for want of file descriptors perhaps: no other is
    /// accepted for 100 ms, and handshakes go on. Or it could not wait for so many: then nothing goes
    /// on, and the next call tries again at once. The kind is the system's.
    System(io::Error),
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the time is up"),
            Self::Woken => f.write_str("another thread woke the server"),
            Self::VerdictNeeded { .. } => {
                f.write_str("a client's certificate has errors; answer the review")
            }
            Self::PreSharedKeyNeeded { .. } => {
                f.write_str("a client names pre-shared keys; provide or refuse them")
            }
            Self::SignatureNeeded { .. } => {
                f.write_str("a signature is asked for; provide or refuse it")
            }
            Self::System(error) => write!(f, "the system cannot accept connections: {error}"),
        }
    }
}

impl std::error::Error for AcceptError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}

impl From<AcceptError> for io::Error {
    fn from(error: AcceptError) -> Self {
        let kind = match error {
            AcceptError::System(error) => return error,
            AcceptError::Timeout => ErrorKind::TimedOut,
            AcceptError::Woken => ErrorKind::Interrupted,
            AcceptError::VerdictNeeded { .. }
            | AcceptError::PreSharedKeyNeeded { .. }
            | AcceptError::SignatureNeeded { .. } => ErrorKind::WouldBlock,
        };
        Self::new(kind, error)
    }
}
