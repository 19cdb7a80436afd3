//! Time as an argument: the connection has no clock of its own.

use core::time::Duration;

pub use rustls_pki_types::UnixTime;

/// A point on the caller's monotonic clock: the time since a start that the caller chooses.
///
/// The resolution is one microsecond. Instants of two different clocks must not be mixed within
/// one connection. If the clock steps backwards, deadlines come late, and nothing else breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

    /// How long until `later`; zero when it has passed.
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_micros(later.0.saturating_sub(self.0))
    }

    /// This instant plus `duration`, saturating at the end of time.
    pub fn after(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

/// What time it is, as the caller tells [`Connection::process`](crate::Connection::process).
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines.
    pub monotonic: Instant,
    /// For certificates. `None` when the device does not know: certificates then carry the error
    /// [`NoWallClock`](crate::SslErrorKind::NoWallClock), and sessions are not resumed.
    pub wall: Option<UnixTime>,
}

impl Now {
    /// Both clocks.
    pub const fn new(monotonic: Instant, wall: UnixTime) -> Self {
        Self {
            monotonic,
            wall: Some(wall),
        }
    }

    /// A device without a wall clock.
    pub const fn without_wall_clock(monotonic: Instant) -> Self {
        Self {
            monotonic,
            wall: None,
        }
    }
}
