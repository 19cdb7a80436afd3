//! The times that certificates and lists of revoked ones have in them.

use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::der::tag;
use crate::calendar::days_since_1970;

/// A validity time (RFC 5280 §4.1.2.5): `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
pub(super) fn time((kind, value, _): (u8, &[u8], &[u8])) -> Option<UnixTime> {
    let digits = value.strip_suffix(b"Z")?;
    // What UTCTime leaves out is the century.
    let from = match (kind, value.len()) {
        (tag::UTC_TIME, 13) => 1,
        (tag::GENERALIZED_TIME, 15) => 0,
        _ => return None,
    };
    let mut numbers = [0; 7];
    for (number, pair) in numbers.iter_mut().skip(from).zip(digits.chunks(2)) {
        for digit in pair {
            let digit = Some(digit).filter(|digit| digit.is_ascii_digit())?;
            *number = *number * 10 + u32::from(digit - b'0');
        }
    }
    let [century, year, month, day, hour, minute, second] = numbers;
    let century = match year {
        _ if from == 0 => century,
        ..50 => 20,
        _ => 19,
    };
    let year = century * 100 + year;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let seconds = u64::from(days) * 86_400 + u64::from((hour * 60 + minute) * 60 + second);
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}
