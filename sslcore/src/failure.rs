//! What ends a connection: what happened, whose fault it is, and the alert it owes the peer.

use alloc::string::String;
use core::fmt;

use crate::alert::Alert;
use crate::texts::sentence;
use crate::verify::SslErrorKind;

/// The side or part whose fault a [`Failure`] is. [`Failure`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// The peer's: it broke the protocol, or ended the connection.
    Peer,
    /// The configuration's: the two sides have nothing in common, or the local settings do not fit.
    Configuration,
    /// The certificate's: the peer's chain was refused.
    Certificate,
    /// The transport's: it ended early.
    Transport,
    /// A timeout's.
    Deadline,
    /// Our own: the handshake engine, the random source, the signer.
    Engine,
}

/// Why the connection failed. Terminal: a connection fails at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FailureKind {
    /// The stream ended without close_notify: data may be missing ([rule R4](crate::rules#r4)).
    Truncated,
    /// The transport was reset.
    Reset,
    /// The peer sent this fatal alert.
    AlertReceived(Alert),
    /// The peer closed with close_notify before the handshake was complete.
    ClosedDuringHandshake,
    /// The peer's certificate was refused, for this first of its errors that was not forgiven.
    CertificateRejected(SslErrorKind),
    /// The peer sent something that is not TLS.
    NotTls,
    /// The peer sent HTTP in the clear: a client that expects a plain port, or a server on one.
    HttpInsteadOfTls,
    /// A message or record needs a larger buffer than the limits allow.
    BufferTooSmall {
        /// Bytes that it would need, as far as that is known.
        needed: usize,
    },
    /// A record is longer than TLS allows, or than the peer has agreed to.
    RecordTooLarge,
    /// A record failed its authentication: forged, damaged, or out of order.
    BadRecordMac,
    /// A message could not be decoded.
    MalformedMessage,
    /// A message came where the protocol has no place for it.
    UnexpectedMessage,
    /// The peer broke a rule of the protocol.
    PeerMisbehaved,
    /// The peer sent too much of what costs it nothing to send.
    TooMuchOf(Repeated),
    /// No version, cipher suite, group, signature scheme or protocol in common.
    Incompatible,
    /// The handshake's signature or Finished value is wrong: the peer does not have its certificate's
    /// private key, or somebody changed the handshake on its way.
    BadHandshakeSignature,
    /// The peer does not have the pre-shared key that it names, or names one that nobody here has.
    BadPreSharedKey,
    /// There is no pre-shared key for this handshake: the application gave none, or the server took
    /// none of those that were offered.
    NoPreSharedKey,
    /// The handshake took longer than its timeout.
    HandshakeTimeout,
    /// An open decision was not answered in time. The peer hears certificate_unknown when a certificate was
    /// to be judged, unrecognized_name when a configuration was to be chosen, handshake_failure when a key was
    /// asked for, and internal_error when a signature was.
    DecisionTimeout,
    /// The application refused to configure a server for this ClientHello.
    ConfigRefused,
    /// Our key reached its confidentiality limit (RFC 8446 §5.5), and cannot be renewed: in TLS 1.2, or because
    /// others have it for good (feature `offload`). The peer gets close_notify.
    KeysExhausted,
    /// A key was to be renewed by a KeyUpdate, and others have it, who can take no other, or did not take the next
    /// (feature `offload`). The peer gets the alert internal_error, if there is a key to seal it with.
    KeysNotRenewed,
    /// Our [`Signer`](crate::Signer) refused; [`Failure::detail`] says why.
    SigningFailed,
    /// The handshake engine failed for a reason of its own; [`Failure::detail`] says more.
    Engine,
}

/// Messages that cost a peer nothing to send, and of which it may not send too many
/// ([rule R10](crate::rules#r10)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Repeated {
    /// Records without content.
    EmptyRecords,
    /// Warning alerts.
    WarningAlerts,
    /// KeyUpdate messages without data between them.
    KeyUpdates,
    /// Renegotiation requests.
    RenegotiationRequests,
    /// NewSessionTicket messages.
    SessionTickets,
    /// ChangeCipherSpec records.
    ChangeCipherSpecs,
}

impl FailureKind {
    /// The side or part whose fault this is.
    pub const fn fault(self) -> Fault {
        match self {
            Self::Truncated | Self::Reset => Fault::Transport,
            Self::CertificateRejected(_) => Fault::Certificate,
            Self::HandshakeTimeout | Self::DecisionTimeout => Fault::Deadline,
            Self::Incompatible
            | Self::BufferTooSmall { .. }
            | Self::ConfigRefused
            | Self::NoPreSharedKey
            | Self::SigningFailed
            | Self::KeysExhausted
            | Self::KeysNotRenewed => Fault::Configuration,
            Self::Engine => Fault::Engine,
            _ => Fault::Peer,
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the stream ended without close_notify"),
            Self::Reset => f.write_str("the transport was reset"),
            Self::AlertReceived(alert) => write!(f, "the peer sent the fatal alert {alert}"),
            Self::ClosedDuringHandshake => {
                f.write_str("the peer closed before the handshake was complete")
            }
            Self::CertificateRejected(kind) => {
                write!(f, "the peer's certificate was refused: {kind}")
            }
            Self::NotTls => f.write_str("what the peer sent is not TLS"),
            Self::HttpInsteadOfTls => f.write_str("the peer speaks plain HTTP, not TLS"),
            Self::BufferTooSmall { needed } => {
                write!(f, "a buffer of at least {needed} bytes would be needed")
            }
            Self::RecordTooLarge => {
                f.write_str("a record is longer than TLS allows, or than was agreed upon")
            }
            Self::BadRecordMac => f.write_str("a record failed its authentication"),
            Self::MalformedMessage => f.write_str("a message could not be decoded"),
            Self::UnexpectedMessage => f.write_str("a message arrived that has no place here"),
            Self::PeerMisbehaved => f.write_str("the peer broke a rule of the protocol"),
            Self::TooMuchOf(what) => write!(f, "the peer sent too many {what}"),
            Self::Incompatible => f.write_str("the two sides have no parameters in common"),
            Self::BadHandshakeSignature => {
                f.write_str("the handshake's signature or Finished value is wrong")
            }
            Self::BadPreSharedKey => f.write_str("the peer does not have the pre-shared key"),
            Self::NoPreSharedKey => f.write_str("there is no pre-shared key to go on with"),
            Self::HandshakeTimeout => f.write_str("the handshake took too long"),
            Self::DecisionTimeout => f.write_str("nobody answered the open decision in time"),
            Self::ConfigRefused => {
                f.write_str("the application gave no configuration for this client")
            }
            Self::KeysExhausted => f.write_str("the keys reached their confidentiality limit"),
            Self::KeysNotRenewed => {
                f.write_str("the keys are in the hands of others, who cannot renew them")
            }
            Self::SigningFailed => f.write_str("our private key's signer refused to sign"),
            Self::Engine => f.write_str("the handshake engine failed"),
        }
    }
}

impl fmt::Display for Repeated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyRecords => "empty records",
            Self::WarningAlerts => "warning alerts",
            Self::KeyUpdates => "key updates",
            Self::RenegotiationRequests => "renegotiation requests",
            Self::SessionTickets => "session tickets",
            Self::ChangeCipherSpecs => "ChangeCipherSpec records",
        })
    }
}

/// The failure that ended a connection: its kind, whose fault it is, the alert that the peer is sent,
/// and a detail in words. `QAbstractSocket::error` and `errorString`.
///
/// ```
/// # use sslcore::{Connection, FailureKind, Fault, Repeated};
/// fn explain(conn: &Connection) {
///     let Some(failure) = conn.failure() else {
///         return;
///     };
///     println!("{failure}"); // a whole sentence
///     println!("{}", failure.detail()); // the engine's part of it
///     if let Some(alert) = failure.alert() {
///         println!("the peer is told {alert}");
///     }
///     match failure.kind() {
///         FailureKind::HandshakeTimeout | FailureKind::Reset => println!("try again"),
///         FailureKind::TooMuchOf(Repeated::EmptyRecords) => println!("an attack"),
///         _ if failure.fault() == Fault::Certificate => println!("look at {:?}", conn.ssl_errors()),
///         _ => {}
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) alert: Option<Alert>,
    pub(crate) detail: String,
}

impl Failure {
    /// A failure that owes the peer `alert`.
    pub(crate) fn new(kind: FailureKind, alert: Alert) -> Self {
        Self {
            kind,
            alert: Some(alert),
            detail: String::new(),
        }
    }

    /// A failure that owes the peer nothing.
    pub(crate) const fn silent(kind: FailureKind) -> Self {
        Self {
            kind,
            alert: None,
            detail: String::new(),
        }
    }

    pub(crate) fn because(mut self, detail: impl fmt::Display) -> Self {
        self.detail = sentence(detail);
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The side or part whose fault the failure is.
    pub fn fault(&self) -> Fault {
        self.kind.fault()
    }

    /// The alert that was queued for the peer; [`Event::AlertSent`](crate::Event::AlertSent) says
    /// when it has left.
    pub fn alert(&self) -> Option<Alert> {
        self.alert
    }

    /// Details in words, mostly the engine's; may be empty, and is in a build without the feature
    /// `texts`.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

impl core::error::Error for Failure {}
