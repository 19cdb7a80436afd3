//! What `process` answers.

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "there may be more to do"]
pub enum Progress {
    /// Call again: there is more to do with what is there.
    Again,
    /// Nothing more to do until something changes.
    Idle,
    /// Drain [`poll_event`](crate::Connection::poll_event) first: the next step's events might not fit.
    DrainEvents,
}
