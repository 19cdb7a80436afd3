//! The date as HTTP writes it (RFC 9110 §5.6.7).

use std::time::SystemTime;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// Days of 400 years, after which the calendar repeats itself.
const ERA: u64 = 146_097;

/// `Sun, 06 Nov 1994 08:49:37 GMT`; `None` before 1970, when the clock is not set.
pub(super) fn http(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let (day, clock) = (seconds / 86_400, seconds % 86_400);
    let name = DAYS[(day % 7) as usize];
    let (year, month, date) = civil(day);
    let month = MONTHS[month];
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
    Some(format!(
        "{name}, {date:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT"
    ))
}

/// Year, month from 0 and day of the month, from the days since 1970.
fn civil(day: u64) -> (u64, usize, u64) {
    // Years that begin in March have the day that may be missing at their end.
    let day = day + 719_468;
    let (era, day) = (day / ERA, day % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = (month + 2) % 12;
    (
        era * 400 + year + u64::from(month < 2),
        month as usize,
        date,
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_around_leap_days_are_right() {
        for (seconds, wanted) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (1_709_251_200, "Fri, 01 Mar 2024 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
        ] {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(http(time).as_deref(), Some(wanted));
        }
        assert_eq!(http(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), None);
    }
}
