//! Countdowns that can stand still.

use core::time::Duration;

use crate::time::Instant;

/// What never comes, in microseconds.
const NEVER: u64 = u64::MAX;

/// A timeout: how much is left, and since when it runs. In microseconds, as [`Instant`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Countdown {
    timeout: u64,
    left: u64,
    since: u64,
}

impl Default for Countdown {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Countdown {
    /// A countdown that stands still; `None` never runs out.
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        let timeout = micros(timeout);
        Self {
            timeout,
            left: timeout,
            since: NEVER,
        }
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.is_limited()
            .then(|| Duration::from_micros(self.timeout))
    }

    /// Whether it runs out at all.
    pub(super) fn is_limited(&self) -> bool {
        self.timeout != NEVER
    }

    /// Another timeout; what was used stays used.
    pub(super) fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.set(micros(timeout));
    }

    /// The timeout of another.
    pub(super) fn set_timeout_of(&mut self, other: &Self) {
        self.set(other.timeout);
    }

    fn set(&mut self, timeout: u64) {
        let used = match self.is_limited() {
            true => self.timeout.saturating_sub(self.left),
            false => 0,
        };
        self.timeout = timeout;
        self.left = less(timeout, used);
    }

    /// Lets it run from `now` on, if it does not already.
    pub(super) fn run(&mut self, now: Instant) {
        if self.since == NEVER {
            self.since = now.as_micros();
        }
    }

    /// Lets it begin anew at `now`, if it runs.
    pub(super) fn restart(&mut self, now: Instant) {
        self.left = self.timeout;
        if self.since != NEVER {
            self.since = now.as_micros();
        }
    }

    /// Stops it at `now`; what was used stays used.
    pub(super) fn pause(&mut self, now: Instant) {
        if self.since != NEVER {
            let used = now.as_micros().saturating_sub(self.since);
            self.left = less(self.left, used);
            self.since = NEVER;
        }
    }

    /// When it runs out, if it runs.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let runs = self.since != NEVER && self.left != NEVER;
        runs.then(|| Instant::from_micros(self.since.saturating_add(self.left)))
    }

    pub(super) fn has_expired(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| now >= deadline)
    }
}

fn micros(timeout: Option<Duration>) -> u64 {
    timeout.map_or(NEVER, |it| it.as_micros().try_into().unwrap_or(NEVER))
}

/// What is left of `left`, when so much more is used.
fn less(left: u64, used: u64) -> u64 {
    match left {
        NEVER => NEVER,
        left => left.saturating_sub(used),
    }
}
