//! The calendar: days and dates (proleptic Gregorian, UTC).

use core::fmt;

use rustls_pki_types::UnixTime;

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: u32 = 146_097;
/// Days from 1 March of the year 0, when an era of years that begin in March starts, to 1970.
const EPOCH: u32 = 719_468;

/// A date and a time of day in UTC, to show to people.
///
/// ```
/// # use core::time::Duration;
/// # use sslcore::{DateTime, UnixTime};
/// let date = DateTime::from(UnixTime::since_unix_epoch(Duration::from_secs(86_400)));
/// assert_eq!(date.to_string(), "1970-01-02 00:00:00 UTC");
/// assert_eq!((date.year, date.month, date.day, date.second), (1970, 1, 2, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DateTime {
    /// The year.
    pub year: u64,
    /// The month, 1 to 12.
    pub month: u64,
    /// The day of the month, 1 to 31.
    pub day: u64,
    /// Seconds since midnight.
    pub second: u64,
}

impl From<UnixTime> for DateTime {
    fn from(time: UnixTime) -> Self {
        // Of years that no certificate can say, the last one.
        let days = u32::try_from(time.as_secs() / SECONDS_PER_DAY).unwrap_or(u32::MAX);
        let days = days.saturating_add(EPOCH);
        let (era, day) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
        let year = (day - day / 1460 + day / 36_524 - day / (DAYS_PER_ERA - 1)) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153; // counted from March
        Self {
            year: (era * 400 + year + u32::from(month >= 10)).into(),
            month: if month < 10 { month + 3 } else { month - 9 }.into(),
            day: (day - (153 * month + 2) / 5 + 1).into(),
            second: time.as_secs() % SECONDS_PER_DAY,
        }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        write!(
            f,
            "{:04}-{:02}-{:02} {hour:02}:{minute:02}:{second:02} UTC",
            self.year, self.month, self.day
        )
    }
}

/// `None` for dates before 1970, and for those that no calendar has.
pub(crate) fn days_since_1970(year: u32, month: u32, day: u32) -> Option<u32> {
    let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    let (year, month) = match month {
        ..3 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let (era, year) = (year / 400, year % 400);
    let day = (153 * month + 2) / 5 + day - 1 + 365 * year + year / 4 - year / 100;
    Some(era * DAYS_PER_ERA + day - EPOCH)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use core::time::Duration;

    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "three million days")]
    fn every_day_of_the_calendar_is_the_next_one() {
        let mut expected = 0;
        for year in 1970..=9999 {
            for month in 1..=12 {
                for day in 1..=31 {
                    let Some(days) = days_since_1970(year, month, day) else {
                        continue;
                    };
                    assert_eq!(days, expected, "{year}-{month}-{day}");
                    expected += 1;
                    let time = Duration::from_secs(u64::from(days) * SECONDS_PER_DAY);
                    let date = DateTime::from(UnixTime::since_unix_epoch(time));
                    let expected = (year.into(), month.into(), day.into());
                    assert_eq!((date.year, date.month, date.day), expected);
                }
            }
        }
        assert_eq!(expected, 2_932_897, "days from 1970 to 9999");
    }

    #[test]
    fn a_date_reads_as_people_write_it() {
        let text = |seconds| {
            DateTime::from(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).to_string()
        };
        assert_eq!(text(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(text(951_868_799), "2000-02-29 23:59:59 UTC");
        assert_eq!(text(1_767_225_600), "2026-01-01 00:00:00 UTC");
        assert!(!text(u64::MAX).is_empty());
    }

    #[test]
    fn no_calendar_has_these_days() {
        for (year, month, day) in [
            (2023, 2, 29),
            (2100, 2, 29),
            (2024, 4, 31),
            (2024, 0, 1),
            (2024, 13, 1),
            (2024, 1, 0),
            (1969, 12, 31),
            (10_000, 1, 1),
        ] {
            assert_eq!(days_since_1970(year, month, day), None);
        }
    }
}
