//! The time, as a connection wants it.

use embassy_time::TICK_HZ;
use sslcore::{Instant, Now, UnixTime};

/// The clocks of a socket: embassy-time's for deadlines, and one of the application's for the dates of
/// certificates.
///
/// A device learns the date from its network or from a clock with a battery:
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering};
/// use core::time::Duration;
///
/// use sslcore_embassy::Clock;
/// use sslcore_embassy::sslcore::UnixTime;
///
/// /// Seconds between 1970 and the device's start; 0 until SNTP has told.
/// static STARTED: AtomicU32 = AtomicU32::new(0);
///
/// fn date() -> Option<UnixTime> {
///     let started = u64::from(STARTED.load(Ordering::Relaxed));
///     let now = started + embassy_time::Instant::now().as_secs();
///     (started > 0).then(|| UnixTime::since_unix_epoch(Duration::from_secs(now)))
/// }
///
/// let clock = Clock::new(date);
/// assert!(clock.now().wall.is_none());
/// STARTED.store(1_800_000_000, Ordering::Relaxed);
/// assert!(clock.now().wall.is_some());
///
/// assert!(Clock::without_date().now().wall.is_none());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    date: fn() -> Option<UnixTime>,
}

impl Clock {
    /// A clock that asks `date` for the time since 1970. `None` says that the device does not know the
    /// date: certificates then have the error [`NoWallClock`](sslcore::SslErrorKind::NoWallClock).
    /// `date` is called once for each step of a connection.
    pub const fn new(date: fn() -> Option<UnixTime>) -> Self {
        Self { date }
    }

    /// A clock for a device that never knows the date.
    pub const fn without_date() -> Self {
        Self::new(|| None)
    }

    /// The present time of both clocks, for [`Connection::process`](sslcore::Connection::process).
    pub fn now(&self) -> Now {
        Now {
            monotonic: Self::from_embassy(embassy_time::Instant::now()),
            wall: (self.date)(),
        }
    }

    /// Converts a point in embassy's time, down to the microsecond.
    ///
    /// ```
    /// use sslcore_embassy::Clock;
    ///
    /// let now = embassy_time::Instant::now();
    /// assert!(Clock::to_embassy(Clock::from_embassy(now)) <= now);
    /// ```
    pub fn from_embassy(instant: embassy_time::Instant) -> Instant {
        Instant::from_micros(micros(instant.as_ticks(), TICK_HZ))
    }

    /// Converts a point in time to embassy's, up to the next tick, so that a timer does not ring before
    /// the deadline.
    pub fn to_embassy(instant: Instant) -> embassy_time::Instant {
        embassy_time::Instant::from_ticks(ticks(instant.as_micros(), TICK_HZ))
    }
}

/// Microseconds in a second.
const MICROS: u64 = 1_000_000;

/// Rounds down: that much time has passed.
const fn micros(ticks: u64, hz: u64) -> u64 {
    let (seconds, rest) = (ticks / hz, ticks % hz);
    let rest = rest.saturating_mul(MICROS) / hz;
    seconds.saturating_mul(MICROS).saturating_add(rest)
}

/// Rounds up: that much time must have passed.
const fn ticks(micros: u64, hz: u64) -> u64 {
    let (seconds, rest) = (micros / MICROS, micros % MICROS);
    let rest = rest.saturating_mul(hz).div_ceil(MICROS);
    seconds.saturating_mul(hz).saturating_add(rest)
}

#[cfg(test)]
mod tests;
