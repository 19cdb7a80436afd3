//! What the calls that drive a connection answer.

use crate::event::Event;
use crate::time::Instant;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "there may be more to do"]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// Call again: there is more to do with what is there.
    Again,
    /// Nothing more to do until something changes.
    Idle,
    /// The event queue is nearly full, and nothing was done. Call
    /// [`poll_event`](crate::Connection::poll_event) until it returns `None`, then `process` again; a
    /// loop that only calls `process` never comes to `Idle`.
    DrainEvents,
}

/// The next thing for an adapter to do, from [`Connection::next`](crate::Connection::next).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Something happened. Not [`Event::ReadyRead`]: that is [`Readable`](Self::Readable).
    Event(Event),
    /// New plaintext can be read: once for each arrival, whether it is read or not.
    Readable,
    /// Send these bytes, and say how many the transport took:
    /// [`transmitted`](crate::Connection::transmitted), with 0 when it takes none now, or
    /// [`transmit_failed`](crate::Connection::transmit_failed).
    Transmit(&'a [u8]),
    /// Wait until one of these is so. When nothing is named, something else is waited for: a
    /// [`Transmission`](crate::Transmission) on its way, or the application, which has a question to
    /// answer, something to read, or to write, or to close.
    Wait {
        /// The transport has bytes: read them into
        /// [`receive_buffer`](crate::Connection::receive_buffer).
        read: bool,
        /// The transport, which took none, takes bytes again.
        write: bool,
        /// The time has come.
        deadline: Option<Instant>,
    },
    /// The connection is over, everything has left, and all was told and read, or
    /// [discarded](crate::Connection::discard_reads): drop it.
    Done,
}

/// The changes since [`Connection::take_changes`](crate::Connection::take_changes) was last called, by
/// whatever call: they say which tasks to wake. A change that was dealt with meanwhile is not among
/// them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Changes {
    /// Plaintext has arrived, or reading has ended: who waits to read.
    pub readable: bool,
    /// After a short write there is room again, or writing has ended: who waits to write.
    pub writable: bool,
    /// [`transmit`](crate::Connection::transmit) was empty and is not any more, or has
    /// [finished](crate::Connection::transmit_finished): who sends.
    pub transmit: bool,
    /// The receive buffer was full when it was last looked at, and has room: who receives.
    pub receive: bool,
    /// There are new events: who drains [`poll_event`](crate::Connection::poll_event).
    pub events: bool,
    /// [`deadline`](crate::Connection::deadline) is another: who keeps the time.
    pub deadline: bool,
    /// The connection is over: who will drop it.
    pub over: bool,
}

impl Changes {
    /// Whether nothing has changed.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}
