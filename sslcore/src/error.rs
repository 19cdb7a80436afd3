//! The two kinds of bad outcome: the caller's mistakes and the connection's failures.

use alloc::string::String;
use core::fmt;

use crate::alert::Alert;
use crate::verify::SslErrorKind;

/// The caller's mistake. The connection is exactly as it was before the call (rule R7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsageError {
    /// TLS was started already: a connection has one life and one handshake.
    AlreadyStarted,
    /// Bytes that arrived before TLS are still unread, and the call did not say what to do with
    /// them. Read them, or choose [`Leftover::Discard`](crate::Leftover::Discard) or
    /// [`Leftover::TreatAsTls`](crate::Leftover::TreatAsTls).
    UnreadPlaintext {
        /// How many there are.
        bytes: usize,
    },
    /// The call reports more bytes than there are.
    TooManyBytes {
        /// What the call said.
        given: usize,
        /// What was possible.
        available: usize,
    },
    /// This side closed already; nothing more can be written.
    WriteClosed,
    /// The connection is over.
    ConnectionOver,
    /// Bytes were reported after the end of the stream was.
    ReceiveAfterEnd,
    /// There is no open decision of this kind.
    NoDecisionOpen,
    /// The decision with this id is not open any more.
    Stale,
    /// Only an encrypted connection can do this.
    NotEncrypted,
    /// Only TLS 1.3 can do this; the connection speaks TLS 1.2.
    NotTls13,
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyStarted => f.write_str("TLS was already started on this connection"),
            Self::UnreadPlaintext { bytes } => write!(
                f,
                "{bytes} plaintext bytes are unread; read them, or say with Leftover what they are"
            ),
            Self::TooManyBytes { given, available } => {
                write!(f, "{given} bytes reported, but there are only {available}")
            }
            Self::WriteClosed => f.write_str("this side was closed and cannot write any more"),
            Self::ConnectionOver => f.write_str("the connection is over"),
            Self::ReceiveAfterEnd => f.write_str("bytes received after the end of the stream"),
            Self::NoDecisionOpen => f.write_str("no decision of this kind is open"),
            Self::Stale => f.write_str("the decision with this id is not open any more"),
            Self::NotEncrypted => f.write_str("the connection is not encrypted"),
            Self::NotTls13 => f.write_str("TLS 1.2 cannot do this, only TLS 1.3 can"),
        }
    }
}

impl core::error::Error for UsageError {}

/// Whose fault a [`Failure`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The peer broke the protocol, or asked to end.
    Peer,
    /// The two sides have nothing in common, or the local configuration does not fit.
    Configuration,
    /// The peer's certificate was refused.
    Certificate,
    /// The transport ended early.
    Transport,
    /// Time ran out.
    Deadline,
    /// Something inside: the engine, the random source.
    Engine,
}

/// Why the connection failed. Terminal: a connection fails at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The stream ended without close_notify: data may be missing (rule R4).
    Truncated,
    /// The transport was reset.
    Reset,
    /// The peer sent this fatal alert.
    AlertReceived(Alert),
    /// The peer closed with close_notify before the handshake was complete.
    ClosedDuringHandshake,
    /// The peer's certificate was refused, for this first of its errors that was not forgiven.
    CertificateRejected(SslErrorKind),
    /// What arrived is not TLS.
    NotTls,
    /// What arrived is HTTP in the clear: the peer speaks to, or serves, the plain port.
    HttpInsteadOfTls,
    /// A message or record needs a larger buffer than the limits allow.
    BufferTooSmall {
        /// Bytes that it would need, as far as that is known.
        needed: usize,
    },
    /// A record is longer than TLS allows.
    RecordTooLarge,
    /// A record failed its authentication: forged, damaged, or out of order.
    BadRecordMac,
    /// A message could not be decoded.
    MalformedMessage,
    /// A message has no place here.
    UnexpectedMessage,
    /// The peer broke a rule of the protocol.
    PeerMisbehaved,
    /// The peer repeats what is free to repeat.
    TooMuchOf(Repeated),
    /// No version, cipher suite, group, signature scheme or protocol in common.
    Incompatible,
    /// The handshake's signature or Finished value is wrong.
    BadHandshakeSignature,
    /// The handshake took longer than its timeout.
    HandshakeTimeout,
    /// Nobody answered an open decision in time.
    DecisionTimeout,
    /// The application refused to configure a server for this ClientHello.
    ConfigRefused,
    /// The TLS 1.2 keys reached their confidentiality limit, and cannot be renewed.
    KeysExhausted,
    /// The [`Signer`](crate::Signer) that stands in for our private key refused; the failure's
    /// text says why.
    SigningFailed,
    /// The engine failed for a reason of its own; the failure's text says more.
    Engine,
}

/// What a peer can repeat at no cost, and may not repeat for ever (rule R10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Records that carry a fragment of one handshake message.
    HandshakeFragments,
    /// ChangeCipherSpec records.
    ChangeCipherSpecs,
}

impl FailureKind {
    /// Whose fault it is.
    pub const fn fault(self) -> Fault {
        match self {
            Self::Truncated | Self::Reset => Fault::Transport,
            Self::CertificateRejected(_) => Fault::Certificate,
            Self::HandshakeTimeout | Self::DecisionTimeout => Fault::Deadline,
            Self::Incompatible
            | Self::BufferTooSmall { .. }
            | Self::ConfigRefused
            | Self::SigningFailed
            | Self::KeysExhausted => Fault::Configuration,
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
            Self::RecordTooLarge => f.write_str("a record is longer than TLS allows"),
            Self::BadRecordMac => f.write_str("a record failed its authentication"),
            Self::MalformedMessage => f.write_str("a message could not be decoded"),
            Self::UnexpectedMessage => f.write_str("a message arrived that has no place here"),
            Self::PeerMisbehaved => f.write_str("the peer broke a rule of the protocol"),
            Self::TooMuchOf(what) => write!(f, "the peer sent too many {what}"),
            Self::Incompatible => f.write_str("the two sides have no parameters in common"),
            Self::BadHandshakeSignature => {
                f.write_str("the handshake's signature or Finished value is wrong")
            }
            Self::HandshakeTimeout => f.write_str("the handshake took too long"),
            Self::DecisionTimeout => f.write_str("nobody answered the open decision in time"),
            Self::ConfigRefused => {
                f.write_str("no configuration was given for the name the client asked for")
            }
            Self::KeysExhausted => f.write_str("the keys reached their confidentiality limit"),
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
            Self::HandshakeFragments => "fragments of one handshake message",
            Self::ChangeCipherSpecs => "ChangeCipherSpec records",
        })
    }
}

/// The failure that ended a connection: what, whose fault, which alert the peer is told, and the
/// detail in words. `QAbstractSocket::error` and `errorString`.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    pub(crate) fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// What happened.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.kind.fault()
    }

    /// The alert that was queued for the peer; [`Event::AlertSent`](crate::Event::AlertSent) says
    /// when it has left.
    pub fn alert(&self) -> Option<Alert> {
        self.alert
    }

    /// What the engine said, in words; may be empty.
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

/// Why [`Connection::read`](crate::Connection::read) has nothing to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadEnd {
    /// Nothing now; more may come.
    Empty,
    /// The peer closed with close_notify: this was all of it.
    Closed,
    /// The peer ended its plaintext stream, before TLS.
    EndOfStream,
    /// The stream ended without close_notify: data may be missing.
    Truncated,
    /// The transport was reset.
    Reset,
    /// The connection failed; see [`Connection::failure`](crate::Connection::failure).
    Failed,
    /// The application aborted the connection.
    Aborted,
}

impl fmt::Display for ReadEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing to read now",
            Self::Closed => "the peer closed the connection",
            Self::EndOfStream => "the peer ended its plaintext stream",
            Self::Truncated => "the stream ended without close_notify",
            Self::Reset => "the transport was reset",
            Self::Failed => "the connection failed",
            Self::Aborted => "the connection was aborted",
        })
    }
}

impl core::error::Error for ReadEnd {}

/// A configuration that cannot work, found when it is built and not in the middle of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The backend does not have it, or TLS as built here refuses it.
    Unsupported {
        /// What kind of thing: `"protocol"`, `"cipher suite"`, `"group"`.
        what: &'static str,
        /// Its name, as given.
        name: String,
    },
    /// The choices leave nothing to negotiate with: no protocol, cipher suite or group.
    NothingLeft(&'static str),
    /// The private key does not belong to the certificate.
    KeyMismatch,
    /// The private key cannot be used: damaged, or of a kind the backend cannot sign with.
    UnusableKey(String),
    /// The certificate chain is empty or cannot be read.
    UnusableCertificate(String),
    /// A trust anchor cannot be read.
    UnusableTrustAnchor {
        /// Which one, counted from zero.
        index: usize,
        /// Why.
        why: String,
    },
    /// Pins were given, to trust or to block, but [`VerifyMode::None`](crate::VerifyMode::None)
    /// and [`VerifyMode::External`](crate::VerifyMode::External) would never compare them.
    PinsWithoutVerification,
    /// It was to be known whether certificates were revoked, by lists or by a status checker, but
    /// [`VerifyMode::None`](crate::VerifyMode::None) and
    /// [`VerifyMode::External`](crate::VerifyMode::External) would never look.
    StatusWithoutVerification,
    /// A name is neither a DNS name nor an IP address.
    InvalidName(String),
    /// An application protocol name is empty or longer than 255 bytes (RFC 7301 §3.1).
    InvalidAlpn,
    /// The OCSP response to staple has so many bytes: more than 65,527, which is what fits into an
    /// extension of TLS 1.3 (RFC 8446 §4.4.2).
    StapledResponseTooLong(usize),
    /// The application protocols that a client offers take so many bytes, each with one for its
    /// length: more than 16,384. In a ClientHello other extensions need the rest of 65,535 bytes.
    AlpnTooLong(usize),
    /// The names of the trust anchors, which a server that asks for certificates sends as hints
    /// (RFC 8446 §4.2.4), make a CertificateRequest of so many bytes: more than 65,535.
    IssuerNamesTooLong(usize),
    /// The certificate chain makes a Certificate message of so many bytes, in TLS 1.3 with the
    /// stapled OCSP response: more than 65,535, which most peers refuse.
    CertificatesTooLong(usize),
    /// A lent buffer is too small to work with.
    BufferTooSmall {
        /// Bytes that are needed at least.
        needed: usize,
    },
}

impl ConfigError {
    pub(crate) fn unsupported(what: &'static str, name: &str) -> Self {
        Self::Unsupported {
            what,
            name: name.into(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { what, name } => write!(f, "the {what} {name:?} is not supported"),
            Self::NothingLeft(what) => write!(f, "the configuration leaves no {what} to use"),
            Self::KeyMismatch => f.write_str("the private key does not belong to the certificate"),
            Self::UnusableKey(why) => write!(f, "the private key cannot be used: {why}"),
            Self::UnusableCertificate(why) => write!(f, "the certificate cannot be used: {why}"),
            Self::UnusableTrustAnchor { index, why } => {
                write!(f, "trust anchor {index} cannot be used: {why}")
            }
            Self::PinsWithoutVerification => {
                f.write_str("pins are compared only when certificates are verified")
            }
            Self::StatusWithoutVerification => {
                f.write_str("revocation is looked at only when certificates are verified")
            }
            Self::InvalidName(name) => {
                write!(f, "{name:?} is neither a DNS name nor an IP address")
            }
            Self::InvalidAlpn => f.write_str("an application protocol name has 1 to 255 bytes"),
            Self::StapledResponseTooLong(len) => {
                write!(
                    f,
                    "an OCSP response of {len} bytes is too long to be stapled"
                )
            }
            Self::AlpnTooLong(bytes) => write!(
                f,
                "the application protocols take {bytes} bytes, and a ClientHello has 16384 for \
                 them: offer fewer"
            ),
            Self::IssuerNamesTooLong(bytes) => write!(
                f,
                "the names of the trust anchors make a request for a client's certificate of \
                 {bytes} bytes, and it may have 65535: trust fewer authorities, or ask for no \
                 certificate"
            ),
            Self::CertificatesTooLong(bytes) => write!(
                f,
                "the certificate chain, with what is stapled to it, makes a message of {bytes} \
                 bytes, and it may have 65535: leave out what peers do not need, such as the root"
            ),
            Self::BufferTooSmall { needed } => {
                write!(f, "a lent buffer needs at least {needed} bytes")
            }
        }
    }
}

impl core::error::Error for ConfigError {}
