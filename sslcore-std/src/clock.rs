//! The system's clocks, as a connection wants them.

use std::time::{Duration, SystemTime};

use sslcore::{Instant, Now, UnixTime};

/// Tells an [`sslcore::Connection`] the time: `std::time::Instant` for deadlines, `SystemTime`
/// for certificates.
///
/// A system clock before 1970 counts as none: certificates then carry
/// [`NoWallClock`](sslcore::SslErrorKind::NoWallClock). Instants of two clocks must not be mixed.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: std::time::Instant,
    /// What tells the time since.
    tell: fn() -> std::time::Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self::told_by(std::time::Instant::now)
    }

    /// The same, for a runtime that can let its time stand still.
    pub(crate) fn told_by(tell: fn() -> std::time::Instant) -> Self {
        Self {
            start: tell(),
            tell,
        }
    }

    /// What time it is. Costs two system clock readings.
    pub fn now(&self) -> Now {
        Now {
            monotonic: self.instant(),
            wall: SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .ok()
                .map(UnixTime::since_unix_epoch),
        }
    }

    /// The time since the clock's start, to the microsecond.
    pub fn instant(&self) -> Instant {
        self.from_std((self.tell)())
    }

    /// The same point in time as the clock tells it; its start for one before that.
    pub fn from_std(&self, instant: std::time::Instant) -> Instant {
        Instant::default().after(instant.saturating_duration_since(self.start))
    }

    /// The same point in time as std tells it; `None` for one beyond what std can tell.
    pub fn to_std(&self, instant: Instant) -> Option<std::time::Instant> {
        let since_start = Duration::from_micros(instant.as_micros());
        self.start.checked_add(since_start)
    }

    /// How long until `deadline`, rounded up to the next microsecond so that it has passed then;
    /// zero when it has passed already.
    pub fn until(&self, deadline: Instant) -> Duration {
        match self.instant().until(deadline) {
            Duration::ZERO => Duration::ZERO,
            left => left + Duration::from_micros(1),
        }
    }
}

#[cfg(test)]
impl Clock {
    /// Lets time pass.
    pub(crate) fn skip(&mut self, time: Duration) {
        self.start = self
            .start
            .checked_sub(time)
            .expect("not before the machine was started");
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
