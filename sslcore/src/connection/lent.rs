//! What a transport is lent.

use core::fmt;
use core::ops::Deref;

use bytes::Bytes;

/// Both directions of a transport's work, lent by [`Connection::lend`](crate::Connection::lend). Its
/// `Debug` shows how much there is: plaintext of earlier may still lie in the space.
pub struct TransportBuffers<'a> {
    /// The bytes that the transport is to send.
    pub transmit: &'a [u8],
    /// The space that the transport reads into.
    pub receive: &'a mut [u8],
}

impl fmt::Debug for TransportBuffers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuffers")
            .field("transmit", &self.transmit.len())
            .field("receive", &self.receive.len())
            .finish()
    }
}

/// Bytes on their way to the transport, owned by whoever sends them. They stay unchanged however often
/// the transport tries.
///
/// ```
/// # use sslcore::bytes::Bytes;
/// # use sslcore::{Connection, UsageError};
/// fn send(
///     conn: &mut Connection,
///     submit: impl Fn(Bytes) -> std::io::Result<usize>,
/// ) -> Result<(), UsageError> {
///     while let Some(transmission) = conn.take_transmit() {
///         match submit(transmission.bytes()) {
///             Ok(n) => conn.complete_transmit(transmission, n)?,
///             Err(_) => conn.transmit_failed(),
///         }
///     }
///     Ok(())
/// }
/// ```
///
/// [`complete_transmit`](crate::Connection::complete_transmit) says how many bytes were sent. When a
/// transmission is dropped, with all its [`bytes`](Self::bytes), none of them were sent, and the
/// connection shows them again. When a part may have been sent and nobody knows how much, the peer
/// could make no sense of what follows: call
/// [`transmit_failed`](crate::Connection::transmit_failed).
#[derive(Debug)]
#[must_use = "dropped, it was not sent"]
pub struct Transmission(pub(super) Bytes);

impl Transmission {
    /// The bytes, for a transport that must own them. Costs one reference count.
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
