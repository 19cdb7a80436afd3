//! What a connection may hold, how long it may take, and how often a peer may repeat what it can
//! repeat for free.
//!
//! The caps on peers ([rule R10](crate::rules#r10)) are in the range that BoringSSL and rustls use, so that peers that
//! satisfy those satisfy us.

use core::time::Duration;

/// Records without content, without application data between them (RFC 8446 §5.1 allows them as
/// padding).
pub(crate) const EMPTY_RECORDS: u32 = 32;
/// Warning alerts in the life of a connection.
pub(crate) const WARNING_ALERTS: u32 = 4;
/// KeyUpdate messages without application data between them (RFC 8446 §4.6.3).
pub(crate) const KEY_UPDATES: u32 = 32;
/// Renegotiation requests in the life of a connection; each is answered no_renegotiation
/// (RFC 5246 §7.4.1.1).
pub(crate) const RENEGOTIATION_REQUESTS: u32 = 1;
/// NewSessionTicket messages in the life of a connection (RFC 8446 §4.6.1).
pub(crate) const SESSION_TICKETS: u32 = 256;
/// ChangeCipherSpec records in a handshake of TLS 1.3, where they mean nothing: one behind each
/// ClientHello (RFC 8446 §D.4).
pub(crate) const CHANGE_CIPHER_SPECS: u32 = 2;
/// Early data that is dropped because nobody allowed it, in bytes (RFC 8446 §4.2.10): as much as a
/// client may have sent before it learnt that.
pub(crate) const REFUSED_EARLY_DATA: usize = 16 * 1024;
/// A post-handshake message: a ticket of 65,535 bytes is legal but nobody sends one.
pub(crate) const POST_HANDSHAKE_MESSAGE: usize = 16 * 1024;
/// The names of authorities that are kept of a server's CertificateRequest, with their lengths:
/// Windows sends no more (RFC 8446 §4.2.4 has room for 65,535 bytes).
pub(crate) const AUTHORITIES: usize = 16 * 1024;
/// Own records under one key: where AES-GCM keys are renewed (RFC 8446 §5.5 allows 2^24.5 full
/// records; the engine says less for some suites, then that counts).
pub(crate) const RECORDS_PER_KEY: u64 = 1 << 24;
/// A handshake message of ours, header included. TLS has room for 16 MB, but rustls takes no more,
/// and neither does Go or a connection with the default limits.
pub(crate) const HANDSHAKE_MESSAGE: usize = 0xffff;
/// The longest handshake message that rustls takes, header included.
pub(crate) const TAKEN_HANDSHAKE_MESSAGE: usize = 4 + 0xffff;
/// The application protocols that a client offers, with their lengths. All extensions of a
/// ClientHello together have 65,535 bytes (RFC 8446 §4.1.2), and need some for a session ticket and
/// for a HelloRetryRequest's cookie.
pub(crate) const APPLICATION_PROTOCOLS: usize = 28 * 1024;
/// A session ticket that we issue; it is long when the client's certificate chain, which is in it,
/// is. A connection of ours takes no longer message than [`POST_HANDSHAKE_MESSAGE`], and neither
/// does OpenSSL in TLS 1.2.
pub(crate) const ISSUED_TICKET: usize = POST_HANDSHAKE_MESSAGE - 64;
/// An OCSP response to staple: it is an extension of its certificate, with 8 bytes before it, and
/// all of them have 65,535 bytes (RFC 8446 §4.4.2, RFC 6066 §8).
pub(crate) const STAPLED_RESPONSE: usize = 0xffff - 8;

/// The pre-shared keys that a client offers.
pub(crate) const OFFERED_KEYS: usize = 8;
/// The identities that a server looks at, and asks its application about: an imported key has one for
/// each hash function (RFC 9258 §5.1), of which there are two.
pub(crate) const OFFERED_IDENTITIES: usize = 2 * OFFERED_KEYS;

/// The limits on what a connection holds ([rule R8](crate::rules#r8)), and when it gives memory back.
///
/// None of them limits the peer's records. Owned memory holds one of any size; lent memory may hold less, and
/// a peer can be asked for less ([`Buffers::lent`](crate::Buffers::lent)).
///
/// ```
/// # use sslcore::{Buffers, Connection, Limits, Timeouts};
/// # use core::time::Duration;
/// // For a device that has many connections, most of them idle.
/// let limits = Limits { read_buffer_size: 4096, release_when_idle: true, ..Limits::default() };
/// let conn = Connection::new(limits, Buffers::Owned);
/// assert_eq!(conn.read_buffer_size(), 4096);
///
/// // A server that waits a minute for a person's decision; for a ConfigBuilder's `timeouts`.
/// let timeouts = Timeouts { decision: Some(Duration::from_secs(60)), ..Timeouts::SERVER };
/// assert_eq!(Timeouts::CLIENT.decision, None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// The number of unread plaintext bytes from which on no record is opened; one more record may then
    /// wait unopened. A lent buffer that has no room for both may keep less
    /// ([`Buffers::lent`](crate::Buffers::lent)). The default is 16,384.
    /// `QSslSocket::setReadBufferSize`, but exact, and never unlimited.
    pub read_buffer_size: usize,
    /// The number of sealed bytes that may wait for the transport. The default, 33,300, holds two full
    /// records; more than 1,073,741,823 counts as that. Ignored for a lent buffer, which is its own limit.
    pub transmit: usize,
    /// The number of plaintext bytes that may be written before the handshake is complete. The default
    /// is 65,536.
    pub queued: usize,
    /// The largest handshake message, in bytes. A longer one is refused as soon as its header has
    /// arrived. A message that is cut into several records is put together in memory of its own, at
    /// most three times this limit. The default is 65,536; more than 65,539 counts as 65,539, the
    /// longest message that rustls takes.
    pub max_handshake: usize,
    /// Whether small buffers are given back to the allocator, too, when they are empty. By default,
    /// `false`, up to 1,280 bytes in each direction are kept, so that small records allocate nothing.
    ///
    /// Owned buffers that are larger are always given back as soon as they are empty, but not in bulk.
    /// Bulk is when a buffer was filled and emptied eight times in a row, each time with an eighth of its
    /// memory or more, if that is not small, and less than a millisecond after the time before. It ends with
    /// a shorter record, or with the first call of [`process`](crate::Connection::process) a millisecond or
    /// more later. None is due for it: a connection has no deadline for its memory. Space that
    /// [`receive_buffer`](crate::Connection::receive_buffer) has lent stays until it is
    /// [`received`](crate::Connection::received).
    pub release_when_idle: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            read_buffer_size: 16 * 1024,
            transmit: 33_300,
            queued: 64 * 1024,
            max_handshake: 64 * 1024,
            release_when_idle: false,
        }
    }
}

/// Three independent timers of a connection. The handshake timer is paused while a decision (a
/// certificate review, a configuration request, a request for pre-shared keys or for a signature) is open.
/// `None` disables a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timeouts {
    /// The time from the start of TLS to [`Encrypted`](crate::Event::Encrypted), without the time in
    /// which decisions are open.
    pub handshake: Option<Duration>,
    /// The time for which a decision may stay open. A late answer still counts if no
    /// [`process`](crate::Connection::process) call has seen the deadline before it.
    pub decision: Option<Duration>,
    /// The time that the transport has to take what waits to be sent, after
    /// [`close`](crate::Connection::close) or a failure with an alert. The timer starts again whenever
    /// the transport takes bytes, so that a slow one can drain what was written; during a handshake it
    /// runs only while a decision is open. When it expires the connection ends, and what was left is
    /// counted in [`CloseReport`](crate::CloseReport). Reading is limited by
    /// [`set_peer_close_timeout`](crate::Connection::set_peer_close_timeout), not by this timeout,
    /// unless reads are discarded.
    pub close: Option<Duration>,
}

impl Timeouts {
    /// A client's default: 30 s for the handshake, as in Qt, no limit for a decision, 5 s to close.
    pub const CLIENT: Self = Self {
        handshake: Some(Duration::from_secs(30)),
        decision: None,
        close: Some(Duration::from_secs(5)),
    };
    /// A server's default: 10 s for the handshake, 30 s for a decision, 5 s to close.
    pub const SERVER: Self = Self {
        handshake: Some(Duration::from_secs(10)),
        decision: Some(Duration::from_secs(30)),
        close: Some(Duration::from_secs(5)),
    };
}
