//! What a transport is lent.

use core::ops::Deref;

use bytes::Bytes;

/// Both directions of a transport's work, lent by [`Connection::lend`](crate::Connection::lend).
#[derive(Debug)]
pub struct TransportBuffers<'a> {
    /// The bytes that the transport is to send.
    pub transmit: &'a [u8],
    /// The space that the transport reads into.
    pub receive: &'a mut [u8],
}

/// Bytes on their way to the transport, owned by who sends them. They stay unchanged however often
/// it tries.
///
/// [`complete_transmit`](crate::Connection::complete_transmit) says how many were sent. Dropped, with
/// all its [`bytes`](Self::bytes), it means that none were: the connection shows them again. Where a
/// part may have been sent and nobody can say how much, nothing that follows would make sense to the
/// peer: call [`transmit_failed`](crate::Connection::transmit_failed).
#[derive(Debug)]
#[must_use = "dropped, it was not sent"]
pub struct Transmission(pub(super) Bytes);

impl Transmission {
    /// The bytes, for a transport that wants to own them. Shares them, copies nothing.
    pub fn bytes(&self) -> Bytes {
        self.0.clone()
    }
}

impl Deref for Transmission {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Transmission {
    fn as_ref(&self) -> &[u8] {
        self
    }
}
