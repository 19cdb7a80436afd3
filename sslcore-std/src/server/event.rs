//! What the server tells, and why it has nothing to tell.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use sslcore::{Failure, ReviewId};

use crate::socket::SslSocket;

/// Names one connection of a server; no other gets the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(super) u64);

/// What happened to a connection: the signals of `QSslServer`.
#[derive(Debug)]
#[non_exhaustive]
#[expect(
    clippy::large_enum_variant,
    reason = "the event is the socket, and few wait at any time"
)]
pub enum ServerEvent {
    /// The client's first byte begins a TLS record, and TLS was started.
    /// `QSslServer::startedEncryptionHandshake`.
    HandshakeStarted {
        /// The connection.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
    },
    /// The client's certificate has errors, and the configuration says
    /// [`OnErrors::Hold`](sslcore::OnErrors::Hold), or it is judged by the application alone
    /// ([`VerifyMode::External`](sslcore::VerifyMode::External)): look at
    /// [`SslServer::socket`](crate::SslServer::socket), call
    /// [`SslServer::answer`](crate::SslServer::answer). Other connections go on meanwhile.
    /// `QSslServer::handshakeInterruptedOnError` and `sslErrors`.
    VerdictNeeded {
        /// The connection.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
        /// What `answer` wants.
        review: ReviewId,
    },
    /// The handshake is complete; the socket is the application's.
    /// `QTcpServer::pendingConnectionAvailable` and `nextPendingConnection`.
    Encrypted {
        /// The connection.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
        /// The connection itself. Its [`poll_event`](SslSocket::poll_event) tells what happened
        /// during the handshake.
        socket: SslSocket,
    },
    /// The connection came to nothing. `QSslServer::errorOccurred`.
    Failed {
        /// The connection. After a [`HandshakeError::Tls`] or [`HandshakeError::TimedOut`],
        /// [`SslServer::socket`](crate::SslServer::socket) shows it until the next call that
        /// drives the server: the client's certificates, their errors.
        id: ConnectionId,
        /// The client's address.
        peer: SocketAddr,
        /// Why.
        error: HandshakeError,
    },
}

impl ServerEvent {
    /// The connection it is about.
    pub fn id(&self) -> ConnectionId {
        match self {
            Self::HandshakeStarted { id, .. }
            | Self::VerdictNeeded { id, .. }
            | Self::Encrypted { id, .. }
            | Self::Failed { id, .. } => *id,
        }
    }
}

/// Why a connection came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// No byte arrived within the handshake timeout. `QAbstractSocket::SocketTimeoutError`.
    Quiet,
    /// The client was gone before its first byte, as probes are that only look whether somebody
    /// listens.
    HungUp,
    /// The client's connection was reset before its first byte.
    Reset,
    /// The first byte, this one, begins no TLS handshake. The client was told nothing.
    NotTls(u8),
    /// The first byte arrived, but the handshake was not complete within the handshake timeout.
    /// The client was sent user_canceled and close_notify.
    TimedOut,
    /// The connection had not sent a whole ClientHello, and its place was needed for a newer one.
    Crowded,
    /// TLS failed.
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
/// [`SslServer::next`](crate::SslServer::next) has nothing to hand out. The server goes on: call
/// it again.
#[derive(Debug)]
#[non_exhaustive]
pub enum AcceptError {
    /// The timeout ran out. `TimedOut`.
    Timeout,
    /// [`ServerWaker::wake`](crate::ServerWaker::wake) was called. `Interrupted`.
    Woken,
    /// `accept` only: a client's certificate has errors, as for
    /// [`ServerEvent::VerdictNeeded`]. `WouldBlock`.
    VerdictNeeded {
        /// The connection.
        id: ConnectionId,
        /// What [`SslServer::answer`](crate::SslServer::answer) wants.
        review: ReviewId,
    },
    /// The system could not accept a connection, for want of file descriptors perhaps: no other
    /// is accepted for a tenth of a second, and those that are handshaking go on. Or it could not
    /// wait. The kind is the system's.
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
            AcceptError::VerdictNeeded { .. } => ErrorKind::WouldBlock,
        };
        Self::new(kind, error)
    }
}
