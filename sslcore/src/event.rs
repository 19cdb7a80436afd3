//! What the connection tells the application.

use crate::alert::Alert;
use crate::failure::FailureKind;
use crate::verify::SslErrorKind;

/// The role of a connection, which the `start_*_encryption` call decides. `QSslSocket::SslMode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SslMode {
    /// Plaintext passes through. `UnencryptedMode`.
    #[default]
    Unencrypted,
    /// TLS client, handshaking or encrypted. `SslClientMode`.
    Client,
    /// TLS server, handshaking or encrypted. `SslServerMode`.
    Server,
}

/// The id of one certificate review, which can be answered once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReviewId(pub(crate) u32);

/// The id of one request for a server's configuration, which can be answered once.
/// [`Connection::config_request`](crate::Connection::config_request) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RequestId(pub(crate) u32);

/// The id of one request for pre-shared keys, which can be answered once.
/// [`Connection::psk_request`](crate::Connection::psk_request) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PskId(pub(crate) u32);

/// The id of one request for a signature, which can be answered once.
/// [`Connection::signature_request`](crate::Connection::signature_request) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SignatureId(pub(crate) u32);

/// How a connection ended: the report of [`Event::Closed`] ([`Event`] has an example) and of
/// [`close_report`](crate::Connection::close_report).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CloseReport {
    /// Both close_notify alerts were exchanged and nothing was abandoned. For a connection that
    /// never left plaintext: both streams ended and nothing was abandoned.
    pub clean: bool,
    /// The transport has taken our close_notify.
    pub close_notify_sent: bool,
    /// The peer's close_notify arrived.
    pub close_notify_received: bool,
    /// Plaintext bytes that `write` accepted and that were never encrypted.
    pub abandoned: usize,
    /// Bytes ready for the transport that it never took.
    pub unsent: usize,
}

/// Something that happened on a connection. Events come in order, from
/// [`Connection::next`](crate::Connection::next) or
/// [`poll_event`](crate::Connection::poll_event). They are small and `Copy`; lists are in the
/// connection's getters.
///
/// ```
/// # use sslcore::{Connection, Event, SslMode};
/// fn tell(conn: &Connection, event: Event) {
///     match event {
///         Event::ModeChanged(mode) => println!("TLS as {mode:?}, not {:?}", SslMode::Unencrypted),
///         Event::PeerVerifyError { kind, depth } => println!("certificate {depth}: {}", kind.text()),
///         Event::SslErrors(review) => println!("review {review:?}: {:?}", conn.ssl_errors()),
///         Event::Encrypted => println!("{:?}", conn.session_cipher()),
///         Event::Failed(kind) => println!("{kind}: {:?}", conn.failure()),
///         Event::Closed(report) if report.clean => println!("closed"),
///         Event::Closed(report) => println!("{} bytes were lost", report.abandoned + report.unsent),
///         other => println!("{other:?}"),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// TLS was started. `QSslSocket::modeChanged`.
    ModeChanged(SslMode),
    /// A server started with [`ServerStart::Ask`](crate::ServerStart::Ask) has read the
    /// ClientHello and waits for
    /// [`provide_config`](crate::Connection::provide_config).
    ConfigRequired(RequestId),
    /// The handshake stands still until [`provide_psk`](crate::Connection::provide_psk) gives the
    /// pre-shared keys that it may use: a client's before it says hello, a server's when the client
    /// has named keys. Only under a configuration that
    /// [asks](crate::ConfigBuilder::ask_for_pre_shared_keys).
    /// `QSslSocket::preSharedKeyAuthenticationRequired`.
    PreSharedKeyRequired(PskId),
    /// The handshake stands still until [`provide_signature`](crate::Connection::provide_signature) gives
    /// the signature that proves that our certificate is ours: a server's before anything that it says but
    /// HelloRetryRequest leaves, a client's once the server has proven itself and is trusted. Only under a
    /// configuration that [asks](crate::ConfigBuilder::ask_for_signatures).
    SignatureRequired(SignatureId),
    /// One error of the peer's certificate chain. `QSslSocket::peerVerifyError`.
    PeerVerifyError {
        /// The kind of error.
        kind: SslErrorKind,
        /// The certificate's place in the chain: 0 is the peer's own.
        depth: usize,
    },
    /// All errors of the peer's chain are known: [`ssl_errors`](crate::Connection::ssl_errors), which
    /// has the forgiven ones, too. With [`OnErrors::Hold`](crate::OnErrors::Hold) or
    /// [`VerifyMode::External`](crate::VerifyMode::External) the handshake now stands still until
    /// [`answer`](crate::Connection::answer). `QSslSocket::sslErrors`.
    SslErrors(ReviewId),
    /// The handshake is complete, and the peer certificate was verified or accepted. At most once, never after a
    /// failure ([rule R5](crate::rules#r5)). `QSslSocket::encrypted`.
    ///
    /// It does not mean that the peer accepted *us* ([rule R14](crate::rules#r14)): a TLS 1.3 client is encrypted
    /// before the server has verified its certificate, and may then receive an alert.
    Encrypted,
    /// New plaintext can be read. `QIODevice::readyRead`.
    ReadyRead,
    /// After a short [`write`](crate::Connection::write), there is room again.
    Writable,
    /// This number of plaintext bytes was encrypted, or, before TLS, taken by the transport.
    /// `QIODevice::bytesWritten`.
    BytesWritten(usize),
    /// The transport has taken this number of encrypted bytes, those of the handshake included.
    /// `QSslSocket::encryptedBytesWritten`.
    EncryptedBytesWritten(usize),
    /// The server asked for our certificate (an empty list is sent when there is none).
    ClientCertificateRequested,
    /// A TLS 1.3 client has received at least one session ticket: any time after the handshake, and
    /// not from every server. The ticket is stored, unless an error of the server's certificate was
    /// forgiven. [`session_tickets_received`](crate::Connection::session_tickets_received) counts the
    /// tickets, up to 256; [`session_ticket_lifetime_hint`](crate::Connection::session_ticket_lifetime_hint)
    /// says how long the last one can be used. In TLS 1.2 a ticket is part of the handshake, and no
    /// event. `QSslSocket::newSessionTicketReceived`.
    SessionTicketReceived,
    /// Traffic keys were renewed in at least one direction (RFC 8446 §4.6.3).
    KeysUpdated,
    /// The transport has taken the last byte of this alert. (`QSslSocket::alertSent` comes when the
    /// alert is queued.)
    AlertSent(Alert),
    /// The peer sent this alert. `QSslSocket::alertReceived`.
    AlertReceived(Alert),
    /// The peer sent close_notify: no more data will come, and none is missing.
    PeerClosed,
    /// The peer ended its stream before TLS was started.
    EndOfStream,
    /// The peer ended its stream after our close_notify without one of its own, and sent no data in
    /// between ([`ReadEnd::CloseUnanswered`](crate::ReadEnd::CloseUnanswered)). This is no failure,
    /// since many peers end so, and no clean end: nothing proves that the peer had no more to send.
    CloseUnanswered,
    /// The connection failed: [`failure`](crate::Connection::failure) has the details.
    Failed(FailureKind),
    /// The connection is over, and everything that could leave has left. This is the last event.
    /// Plaintext that arrived before can still be read.
    Closed(CloseReport),
}

impl Event {
    /// Merges a later event into this one, if both are of the same kind and of a kind that can repeat
    /// without end: byte counts add up, repeated notifications collapse into one. Returns whether the
    /// two were merged.
    ///
    /// ```
    /// # use sslcore::Event;
    /// let mut event = Event::BytesWritten(3);
    /// assert!(event.absorb(Event::BytesWritten(4)));
    /// assert_eq!(event, Event::BytesWritten(7));
    /// assert!(!event.absorb(Event::Encrypted));
    /// ```
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
