//! What one phase of a handshake passes on to the next.

use super::clock::Countdown;
use crate::buffer::Queue;
use crate::limits::Timeouts;

/// How long the handshake may still take, and what waits for its end.
pub(crate) struct Underway {
    /// Stands still while the application decides.
    pub(super) timeout: Countdown,
    /// Plaintext written before the handshake was complete.
    pub(crate) queue: Queue,
}

impl Underway {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        Self {
            timeout: Countdown::new(timeouts.handshake),
            queue: Queue::default(),
        }
    }
}
