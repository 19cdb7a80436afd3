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
/// Early data that is dropped because nobody allowed it, in bytes (RFC 8446 §4.2.10): as much as a
/// client may have sent before it learnt that.
pub(crate) const REFUSED_EARLY_DATA: usize = 16 * 1024;
/// A post-handshake message: a ticket of 65,535 bytes is legal but nobody sends one.
pub(crate) const POST_HANDSHAKE_MESSAGE: usize = 16 * 1024;
/// Own records under one key: where AES-GCM keys are renewed (RFC 8446 §5.5 allows 2^24.5 full
/// records; the engine says less for some suites, then that counts).
pub(crate) const RECORDS_PER_KEY: u64 = 1 << 24;
/// An OCSP response to staple: it is an extension of its certificate, with 8 bytes before it, and
/// all of them have 65,535 bytes (RFC 8446 §4.4.2, RFC 6066 §8).
pub(crate) const STAPLED_RESPONSE: usize = 0xffff - 8;
