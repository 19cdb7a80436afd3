//! What is said at the doors of a connection: the caller's mistakes, and why there is nothing to
//! read.

use core::fmt;

use crate::identity::pre_shared_key::PreSharedKeyError;
use crate::identity::signature::SignatureError;

/// The treatment of bytes that arrived before TLS was started and were not read
/// ([rule R2](crate::rules#r2)). Such bytes can never be read afterwards, as if TLS had protected them.
///
/// ```
/// # use sslcore::{ClientConfig, Connection, Leftover, PeerName, UsageError};
/// # fn f(conn: &mut Connection, config: &ClientConfig, peer: PeerName) -> Result<(), UsageError> {
/// // Whatever the server said in the clear behind its "go ahead" is not wanted.
/// conn.start_client_encryption_with(config, peer, Leftover::Discard)
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Leftover {
    /// Refuse to start: [`UsageError::UnreadPlaintext`](crate::UsageError::UnreadPlaintext).
    #[default]
    Refuse,
    /// Throw the bytes away.
    Discard,
    /// Treat the bytes as the beginning of TLS: the peer began without waiting.
    TreatAsTls,
}

/// A call that the connection cannot follow: the caller's mistake. The connection is exactly as it was
/// before the call ([rule R7](crate::rules#r7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UsageError {
    /// TLS was started already: a connection has one life and one handshake.
    AlreadyStarted,
    /// Bytes that arrived before TLS are still unread, and the call did not say what to do with
    /// them. Read them, or choose [`Leftover::Discard`](crate::Leftover::Discard) or
    /// [`Leftover::TreatAsTls`](crate::Leftover::TreatAsTls).
    UnreadPlaintext {
        /// The number of unread bytes.
        bytes: usize,
    },
    /// The call reports more bytes than there are.
    TooManyBytes {
        /// The number in the call.
        given: usize,
        /// The highest number that was possible.
        available: usize,
    },
    /// This side closed already; nothing more can be written.
    WriteClosed,
    /// The connection is over.
    ConnectionOver,
    /// Bytes were reported after the end of the stream.
    ReceiveAfterEnd,
    /// There is no open decision of this kind.
    NoDecisionOpen,
    /// The decision with this id is not open any more.
    Stale,
    /// Only an encrypted connection can do this.
    NotEncrypted,
    /// Only TLS 1.3 can do this; the connection speaks TLS 1.2.
    NotTls13,
    /// A pre-shared key that cannot be used.
    PreSharedKey {
        /// Which one, counted from zero.
        index: usize,
        /// Why.
        why: PreSharedKeyError,
    },
    /// A signature that cannot be one of our key.
    Signature(SignatureError),
    /// The keys of a direction are not where this call needs them, or cannot be handed over now; the error in
    /// it says which.
    #[cfg(feature = "offload")]
    Offload(OffloadError),
    /// There is no [`snapshot`](crate::testing::snapshot) of the connection as it is.
    #[cfg(feature = "testing")]
    NoSnapshot(NoSnapshot),
}

/// The way in which the keys of a connection stand in the way of a call; the module
/// [`offload`](crate::offload) has an example.
#[cfg(feature = "offload")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OffloadError {
    /// Something has not left: send it first. For [`offload`](crate::Connection::offload) it is bytes that are
    /// sealed already; for [`record_limit`](crate::Connection::record_limit), data too that has no record yet,
    /// and keys that nobody has taken yet.
    Unsent {
        /// How many bytes wait; 0 when something does that [`process`](crate::Connection::process) has to seal, or
        /// that has no key yet.
        bytes: usize,
    },
    /// Received bytes are not opened yet: process them, and receive the rest of the last record.
    Unopened {
        /// How many bytes the record at the front lacks, as far as that is known; 0 when it is complete,
        /// and waits for [`process`](crate::Connection::process) or for the reader.
        missing: usize,
    },
    /// Others have the keys of this direction: it takes and gives records, and no bytes.
    HandedOver,
    /// The connection has the keys of this direction itself: it takes and gives bytes, and no records.
    NotHandedOver,
    /// Those who have the keys can take no others.
    NotRenewable,
}

#[cfg(feature = "offload")]
impl fmt::Display for OffloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent { bytes: 0 } => f.write_str("what is to leave first is not sealed yet"),
            Self::Unsent { bytes } => write!(f, "{bytes} sealed bytes have not left"),
            Self::Unopened { missing: 0 } => f.write_str("received records are not opened yet"),
            Self::Unopened { missing } => write!(f, "the last record lacks {missing} bytes"),
            Self::HandedOver => f.write_str("the keys of this direction were handed over"),
            Self::NotHandedOver => f.write_str("the keys of this direction were not handed over"),
            Self::NotRenewable => f.write_str("those who have the keys can take no others"),
        }
    }
}

/// Why there is no [`snapshot`](crate::testing::snapshot) of a connection.
///
/// ```
/// # use sslcore::testing::{NoSnapshot, snapshot};
/// # use sslcore::{Connection, UsageError};
/// /// A connection to begin a run with: a copy, or what is made anew where there is none.
/// fn beginning(of: &Connection, anew: fn() -> Connection) -> Result<Connection, UsageError> {
///     match snapshot(of) {
///         Err(UsageError::NoSnapshot(NoSnapshot::KeepsTickets)) => Ok(anew()),
///         copied => copied,
///     }
/// }
/// ```
#[cfg(feature = "testing")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NoSnapshot {
    /// A handshake is under way, and its engine cannot be copied.
    Handshaking,
    /// The configuration is not over [`backend_without_security`](crate::testing::backend_without_security):
    /// two copies of a real key would use nonces twice.
    RealKeys,
    /// The connection is a TLS 1.3 client's that keeps session tickets, and what makes sessions out of
    /// them is rustls', and cannot be copied. A client keeps none with
    /// [`session_cache(0)`](crate::ConfigBuilder::session_cache), nor when an error was forgiven.
    KeepsTickets,
    /// The buffers are lent, and there is no memory to lend to the copy.
    LentBuffers,
    /// A [`Transmission`](crate::Transmission) is out: what of it has left is not known.
    HandedOver,
}

#[cfg(feature = "testing")]
impl fmt::Display for NoSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Handshaking => "a handshake is under way",
            Self::RealKeys => "its keys are real, and two copies would use nonces twice",
            Self::KeepsTickets => "it keeps session tickets; configure it to keep none",
            Self::LentBuffers => "its buffers are lent",
            Self::HandedOver => "a transmission is handed over and not completed",
        })
    }
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
            Self::PreSharedKey { index, why } => {
                write!(f, "pre-shared key {index} cannot be used: {why}")
            }
            Self::Signature(why) => write!(f, "the signature cannot be sent: {why}"),
            Self::NotTls13 => f.write_str("TLS 1.2 cannot do this, only TLS 1.3 can"),
            #[cfg(feature = "offload")]
            Self::Offload(why) => write!(f, "the keys are in the way: {why}"),
            #[cfg(feature = "testing")]
            Self::NoSnapshot(why) => write!(f, "the connection cannot be copied: {why}"),
        }
    }
}

impl core::error::Error for UsageError {}

/// Why [`Connection::read`](crate::Connection::read) has nothing to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReadEnd {
    /// Nothing has arrived; more may come.
    Empty,
    /// The peer closed with close_notify: nothing is missing.
    Closed,
    /// The peer ended its plaintext stream, before TLS.
    EndOfStream,
    /// The peer ended its stream after our close_notify without one of its own, and sent no data in
    /// between: a common end, but nothing proves that the peer had no more to send.
    CloseUnanswered,
    /// The stream ended without close_notify: data may be missing.
    Truncated,
    /// The transport was reset.
    Reset,
    /// The connection failed; see [`Connection::failure`](crate::Connection::failure).
    Failed,
    /// After our close, the peer did not end its direction, or take what we sent, in the time that
    /// it had: [`set_peer_close_timeout`](crate::Connection::set_peer_close_timeout),
    /// [`Timeouts::close`](crate::Timeouts::close).
    TimedOut,
    /// The application has [canceled](crate::Connection::cancel) the connection, or closed it during
    /// the handshake with nothing to send.
    Canceled,
    /// The application has [aborted](crate::Connection::abort) the connection.
    Aborted,
}

impl fmt::Display for ReadEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing to read now",
            Self::Closed => "the peer closed the connection",
            Self::EndOfStream => "the peer ended its plaintext stream",
            Self::CloseUnanswered => {
                "the peer ended the stream after our close_notify without one of its own"
            }
            Self::Truncated => "the stream ended without close_notify",
            Self::Reset => "the transport was reset",
            Self::Failed => "the connection failed",
            Self::TimedOut => "the peer did not end the connection in time",
            Self::Canceled => "the connection was canceled",
            Self::Aborted => "the connection was aborted",
        })
    }
}

impl core::error::Error for ReadEnd {}
