//! Countdowns that can stand still.

use core::time::Duration;

use crate::time::Instant;

/// A timeout: how much is left, and since when it runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Countdown {
    timeout: Option<Duration>,
    left: Option<Duration>,
    since: Option<Instant>,
}

impl Countdown {
    /// A countdown that stands still; `None` never runs out.
    pub(super) const fn new(timeout: Option<Duration>) -> Self {
        Self {
            timeout,
            left: timeout,
            since: None,
        }
    }

    /// Another timeout for one that stands still; what was used stays used.
    pub(super) fn set_timeout(&mut self, timeout: Option<Duration>) {
        let used = match (self.timeout, self.left) {
            (Some(all), Some(left)) => all.saturating_sub(left),
            _ => Duration::ZERO,
        };
        self.timeout = timeout;
        self.left = timeout.map(|all| all.saturating_sub(used));
    }

    /// Lets it run from `now` on, if it does not already.
    pub(super) fn run(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// Lets it begin anew at `now`, if it runs.
    pub(super) fn restart(&mut self, now: Instant) {
        self.left = self.timeout;
        self.since = self.since.map(|_| now);
    }

    /// Stops it at `now`; what was used stays used.
    pub(super) fn pause(&mut self, now: Instant) {
        if let Some(since) = self.since.take() {
            self.left = self.left.map(|left| left.saturating_sub(since.until(now)));
        }
    }

    /// When it runs out, if it runs.
    pub(super) fn deadline(&self) -> Option<Instant> {
        Some(self.since?.after(self.left?))
    }

    pub(super) fn has_expired(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline)
    }
}
