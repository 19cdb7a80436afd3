//! For how long a session may be resumed.

use core::time::Duration;

use rustls_pki_types::UnixTime;

/// The longest that a session may be resumed (RFC 8446 §4.6.1).
pub(crate) const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long it may be unless told otherwise.
pub(crate) const DEFAULT: Duration = Duration::from_secs(12 * 60 * 60);

/// When a session began, with the handshake that proved who the peer is, and when it ends. Being
/// resumed does not prolong it: the peer shows its key again at least so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Validity {
    begins: u64,
    seconds: u64,
}

impl Validity {
    pub(crate) fn new(begins: UnixTime, lifetime: Duration) -> Self {
        Self {
            begins: begins.as_secs(),
            seconds: lifetime.min(LONGEST).as_secs(),
        }
    }

    /// The same, and no longer than until then.
    pub(crate) fn until(mut self, end: Option<UnixTime>) -> Self {
        if let Some(end) = end {
            let left = end.as_secs().saturating_sub(self.begins);
            self.seconds = self.seconds.min(left);
        }
        self
    }

    pub(crate) fn begins(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.begins))
    }

    pub(crate) fn ends(&self) -> UnixTime {
        let ends = self.begins.saturating_add(self.seconds);
        UnixTime::since_unix_epoch(Duration::from_secs(ends))
    }

    /// What is left of it. Nothing, also when the clock is before its beginning: then nobody knows
    /// how old it is.
    pub(crate) fn left(&self, now: UnixTime) -> Duration {
        let left = now
            .as_secs()
            .checked_sub(self.begins)
            .and_then(|age| self.seconds.checked_sub(age));
        Duration::from_secs(left.unwrap_or(0))
    }

    pub(crate) fn holds(&self, now: UnixTime) -> bool {
        !self.left(now).is_zero()
    }

    /// The same when this is the lifetime today: a shorter one counts for older sessions, too.
    pub(crate) fn holds_under(&self, lifetime: Duration, now: UnixTime) -> bool {
        self.holds(now) && Self::new(self.begins(), lifetime).holds(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(secs))
    }

    #[test]
    fn a_session_ends_a_lifetime_after_its_beginning() {
        let validity = Validity::new(at(1000), Duration::from_secs(60));
        assert_eq!(validity.left(at(1000)), Duration::from_secs(60));
        assert!(validity.holds(at(1059)));
        assert!(!validity.holds(at(1060)));
        assert_eq!(validity.ends(), at(1060));
    }

    #[test]
    fn a_clock_that_went_back_before_its_beginning_ends_it() {
        let validity = Validity::new(at(1000), Duration::from_secs(60));
        assert!(!validity.holds(at(999)));
    }

    #[test]
    fn nothing_is_valid_for_more_than_seven_days() {
        let validity = Validity::new(at(0), Duration::MAX);
        assert_eq!(validity.left(at(0)), LONGEST);
        assert!(!Validity::new(at(u64::MAX), Duration::MAX).holds(at(0)));
    }

    #[test]
    fn a_session_can_end_before_its_lifetime_does_but_not_later() {
        let hour = Validity::new(at(1000), Duration::from_secs(3600));
        assert_eq!(hour.until(Some(at(1060))).ends(), at(1060));
        assert_eq!(hour.until(Some(at(9999))), hour);
        assert_eq!(hour.until(None), hour);
        assert!(!hour.until(Some(at(900))).holds(at(1000)));
    }

    #[test]
    fn no_lifetime_is_no_session() {
        assert!(!Validity::new(at(5), Duration::ZERO).holds(at(5)));
    }
}
