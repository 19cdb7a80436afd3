//! How large the records of a connection may be.

use super::header::MAX_PLAINTEXT;

/// The most content that a record has, in bytes, for each direction. The content type and the padding of
/// TLS 1.3 are not content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordSizes {
    /// In a record of ours.
    pub(crate) sent: usize,
    /// In a protected record of the peer's.
    pub(crate) received: usize,
    /// Whether records in the clear are held to it, too: max_fragment_length is for all records
    /// (RFC 6066 §4), record_size_limit for protected ones (RFC 8449 §4).
    pub(crate) in_the_clear: bool,
}

impl Default for RecordSizes {
    /// What there is unless something else was agreed upon (RFC 8446 §5.1).
    fn default() -> Self {
        Self {
            sent: MAX_PLAINTEXT,
            received: MAX_PLAINTEXT,
            in_the_clear: false,
        }
    }
}
