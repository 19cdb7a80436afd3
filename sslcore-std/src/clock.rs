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
}

impl Clock {
    /// A clock that starts now.
    pub fn new() -> Self {
        Self {
            start: std::time::Instant::now(),
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
        Instant::default().after(self.start.elapsed())
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

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
