//! The system's clocks, as a connection wants them.

use std::time::{Duration, SystemTime};

use sslcore::{Instant, Now, UnixTime};

/// The system's clocks, as an [`sslcore::Connection`] wants them: `std::time::Instant` for
/// deadlines, `SystemTime` for the validity of certificates.
///
/// ```
/// use sslcore_std::Clock;
/// use sslcore_std::sslcore::{Buffers, Connection, Limits};
///
/// let clock = Clock::new();
/// let mut connection = Connection::new(Limits::default(), Buffers::Owned);
/// connection.process(clock.now());
/// let wait = connection.deadline().map(|deadline| clock.until(deadline));
/// assert_eq!(wait, None); // no timeout runs in plaintext
///
/// let std = std::time::Instant::now();
/// let instant = clock.from_std(std);
/// assert!(instant <= clock.instant());
/// assert!(clock.to_std(instant).is_some_and(|same| same <= std)); // to the microsecond
/// ```
///
/// A system clock before 1970 counts as none: certificates then have the error
/// [`NoWallClock`](sslcore::SslErrorKind::NoWallClock). Instants of two `Clock`s must not be mixed,
/// because each counts from its own start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: std::time::Instant,
    /// What tells the time since.
    tell: fn() -> std::time::Instant,
}

impl Clock {
    /// A clock whose instants count from now.
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

    /// The present time of both clocks, for [`Connection::process`](sslcore::Connection::process).
    /// Costs two readings of system clocks.
    pub fn now(&self) -> Now {
        Now {
            monotonic: self.instant(),
            wall: SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .ok()
                .map(UnixTime::since_unix_epoch),
        }
    }

    /// The time since the clock was made, to the microsecond.
    pub fn instant(&self) -> Instant {
        self.from_std((self.tell)())
    }

    /// Converts a point in time of std; one before the clock was made becomes the clock's start.
    pub fn from_std(&self, instant: std::time::Instant) -> Instant {
        Instant::default().after(instant.saturating_duration_since(self.start))
    }

    /// Converts a point in time to std's; `None` when std cannot represent it.
    pub fn to_std(&self, instant: Instant) -> Option<std::time::Instant> {
        let since_start = Duration::from_micros(instant.as_micros());
        self.start.checked_add(since_start)
    }

    /// The time until `deadline`, rounded up to the next microsecond so that the deadline has
    /// passed after it; zero when the deadline has passed.
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
