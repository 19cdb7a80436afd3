//! Time as an argument: the connection has no clock of its own.

use core::time::Duration;

pub use rustls_pki_types::UnixTime;

/// A point on the caller's monotonic clock: the time since a start that the caller chooses.
///
/// The resolution is one microsecond. Instants of two different clocks must not be mixed within one
/// connection. If the clock steps backwards, deadlines come late, and nothing else breaks.
///
/// ```
/// # use core::time::Duration;
/// # use sslcore::{Instant, Now};
/// let deadline = Instant::from_millis(1500).after(Duration::from_secs(2));
/// assert_eq!(deadline, Instant::from_micros(3_500_000));
/// assert_eq!(Instant::from_millis(3000).until(deadline), Duration::from_millis(500));
///
/// // A device that does not know the date.
/// let now = Now::without_wall_clock(deadline);
/// assert_eq!((now.monotonic.as_micros(), now.wall), (3_500_000, None));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The instant `micros` microseconds after the clock's start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the clock's start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// Microseconds since the clock's start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time from this instant until `later`; zero when `later` has passed.
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_micros(later.0.saturating_sub(self.0))
    }

    /// This instant plus `duration`, saturating at the end of time.
    pub fn after(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

/// The time of both clocks, which the caller tells [`Connection::next`](crate::Connection::next) and
/// [`process`](crate::Connection::process).
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// The monotonic clock, for deadlines.
    pub monotonic: Instant,
    /// The wall clock, for certificates. `None` when the device does not know the date: certificates
    /// then have the error [`NoWallClock`](crate::SslErrorKind::NoWallClock), and sessions are not
    /// resumed.
    pub wall: Option<UnixTime>,
}

impl Now {
    /// The time of both clocks.
    pub const fn new(monotonic: Instant, wall: UnixTime) -> Self {
        Self {
            monotonic,
            wall: Some(wall),
        }
    }

    /// The time of a device that has no wall clock.
    pub const fn without_wall_clock(monotonic: Instant) -> Self {
        Self {
            monotonic,
            wall: None,
        }
    }
}
