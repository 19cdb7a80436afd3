//! What the connection tells the application.

use crate::alert::Alert;
use crate::failure::FailureKind;
use crate::verify::SslErrorKind;

/// `QSslSocket::SslMode`: decided by the `start_*_encryption` call, never before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// Plaintext passes through. `UnencryptedMode`.
    #[default]
    Unencrypted,
    /// TLS client, handshaking or encrypted. `SslClientMode`.
    Client,
    /// TLS server, handshaking or encrypted. `SslServerMode`.
    Server,
}

/// Names one certificate review; it cannot be answered twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReviewId(pub(crate) u32);

/// Names one request to the application, such as for a server's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(pub(crate) u32);

/// How a connection ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CloseReport {
    /// Both close_notify alerts were exchanged and nothing was abandoned. For a connection that
    /// never left plaintext: both streams ended and nothing was abandoned.
    pub clean: bool,
    /// Our close_notify was taken by the transport.
    pub close_notify_sent: bool,
    /// The peer's close_notify arrived.
    pub close_notify_received: bool,
    /// Plaintext bytes that `write` accepted and that were never encrypted.
    pub abandoned: usize,
    /// Bytes ready for the transport that it never took.
    pub unsent: usize,
}

/// What happened, in order. Small, `Copy` and comparable: lists stay in the getters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// TLS was started. `QSslSocket::modeChanged`.
    ModeChanged(SslMode),
    /// A server started with [`ServerStart::Ask`](crate::ServerStart::Ask) has read the
    /// ClientHello and waits for
    /// [`provide_config`](crate::Connection::provide_config).
    ConfigRequired(RequestId),
    /// One error of the peer's certificate chain. `QSslSocket::peerVerifyError`.
    PeerVerifyError {
        /// What is wrong.
        kind: SslErrorKind,
        /// Which certificate: 0 is the peer's own.
        depth: usize,
    },
    /// All errors are known; see [`ssl_errors`](crate::Connection::ssl_errors). Forgiven errors
    /// are still reported. When the policy asks, the handshake stands still until
    /// [`answer`](crate::Connection::answer). `QSslSocket::sslErrors`.
    SslErrors(ReviewId),
    /// The handshake is complete, and the peer certificate was verified or accepted. At most once, never after a
    /// failure ([rule R5](crate::rules#r5)). `QSslSocket::encrypted`.
    ///
    /// It does not mean that the peer accepted *us* ([rule R14](crate::rules#r14)): a TLS 1.3 client is encrypted
    /// before the server has judged its certificate, and may then receive an alert.
    Encrypted,
    /// There is new plaintext to read. `QIODevice::readyRead`.
    ReadyRead,
    /// After a short write: there is room again.
    Writable,
    /// So many plaintext bytes were encrypted, or, before TLS, taken by the transport.
    /// `QIODevice::bytesWritten`.
    BytesWritten(usize),
    /// So many encrypted bytes were taken by the transport, handshake included.
    /// `QSslSocket::encryptedBytesWritten`.
    EncryptedBytesWritten(usize),
    /// The server asked for our certificate (an empty list is sent when there is none).
    ClientCertificateRequested,
    /// At least one session ticket arrived (TLS 1.3 client, any time after the handshake, and not
    /// every server sends one). How many there were so far says
    /// [`session_tickets_received`](crate::Connection::session_tickets_received), at most 256; how
    /// long the last is good,
    /// [`session_ticket_lifetime_hint`](crate::Connection::session_ticket_lifetime_hint). It is
    /// stored by then, unless an error of the server's certificate was forgiven. In TLS 1.2 a ticket is part of the handshake and no event.
    /// `QSslSocket::newSessionTicketReceived`.
    SessionTicketReceived,
    /// Traffic keys were renewed in at least one direction (RFC 8446 §4.6.3).
    KeysUpdated,
    /// The transport has taken the last byte of this alert. Unlike `QSslSocket::alertSent`, which
    /// comes when the alert is queued.
    AlertSent(Alert),
    /// The peer sent this alert. `QSslSocket::alertReceived`.
    AlertReceived(Alert),
    /// The peer's close_notify: no more data will come, and nothing is missing.
    PeerClosed,
    /// The peer ended its stream before TLS was started.
    EndOfStream,
    /// The peer ended its stream after our close_notify without one of its own, and sent no data in
    /// between ([`ReadEnd::CloseUnanswered`](crate::ReadEnd::CloseUnanswered)). No failure: many
    /// peers end so. Not clean either: nothing proves that it had no more to say.
    CloseUnanswered,
    /// The connection failed; see [`failure`](crate::Connection::failure).
    Failed(FailureKind),
    /// The connection is over, and everything that could leave has left. The last event. What
    /// arrived before may still be unread, and can be read.
    Closed(CloseReport),
}

impl Event {
    /// Merges a later event into this one, if both are of the same kind and of a kind that can repeat
    /// without end. Byte counts add up; repeated notifications collapse into one. Returns whether it
    /// did.
    ///
    /// The connection's own queue is bounded by this, and so is any queue behind
    /// [`poll_event`](crate::Connection::poll_event) that does the same: everything else happens
    /// a limited number of times in the life of a connection.
    pub fn absorb(&mut self, later: Self) -> bool {
        match (self, later) {
            (Self::BytesWritten(sum), Self::BytesWritten(n))
            | (Self::EncryptedBytesWritten(sum), Self::EncryptedBytesWritten(n)) => {
                *sum = sum.saturating_add(n);
                true
            }
            (Self::ReadyRead, Self::ReadyRead)
            | (Self::Writable, Self::Writable)
            | (Self::KeysUpdated, Self::KeysUpdated)
            | (Self::SessionTicketReceived, Self::SessionTicketReceived) => true,
            _ => false,
        }
    }
}
