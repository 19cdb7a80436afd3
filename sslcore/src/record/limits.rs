//! Caps on everything a peer can repeat for free (rule R10). The numbers are in the range that
//! BoringSSL and rustls use, so that peers that satisfy those satisfy us.

/// Records without content in a row (RFC 8446 §5.1 allows them as padding).
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
/// Records that carry one handshake message before it is complete.
pub(crate) const HANDSHAKE_FRAGMENTS: u32 = 4096;
/// A post-handshake message: a ticket of 65,535 bytes is legal but nobody sends one.
pub(crate) const POST_HANDSHAKE_MESSAGE: usize = 16 * 1024;
/// Own records under one key: where AES-GCM keys are renewed (RFC 8446 §5.5 allows 2^24.5 full
/// records; the engine says less for some suites, then that counts).
pub(crate) const RECORDS_PER_KEY: u64 = 1 << 24;
/// A handshake message of ours, header included. TLS has room for 16 MB, but rustls takes no more,
/// and neither does Go or a connection with the default limits.
pub(crate) const HANDSHAKE_MESSAGE: usize = 0xffff;
/// The application protocols that a client offers, with their lengths. All extensions of a
/// ClientHello together have 65,535 bytes (RFC 8446 §4.1.2), and need some for a session ticket and
/// for a HelloRetryRequest's cookie.
pub(crate) const APPLICATION_PROTOCOLS: usize = 16 * 1024;
/// A session ticket that we issue; it is long when the client's certificate chain, which is in it,
/// is. A connection of ours takes no longer message than [`POST_HANDSHAKE_MESSAGE`], and neither
/// does OpenSSL in TLS 1.2.
pub(crate) const ISSUED_TICKET: usize = POST_HANDSHAKE_MESSAGE - 64;
/// An OCSP response to staple: it is an extension of its certificate, with 8 bytes before it, and
/// all of them have 65,535 bytes (RFC 8446 §4.4.2, RFC 6066 §8).
pub(crate) const STAPLED_RESPONSE: usize = 0xffff - 8;
