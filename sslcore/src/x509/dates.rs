//! The times that certificates and lists of revoked ones have in them.

use core::time::Duration;

use rustls_pki_types::UnixTime;

use super::der::tag;
use crate::calendar::days_since_1970;

/// A validity time (RFC 5280 §4.1.2.5): `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
pub(super) fn time((kind, value, _): (u8, &[u8], &[u8])) -> Option<UnixTime> {
    let mut rest = value.strip_suffix(b"Z")?;
    let mut next = || {
        let (pair, after) = rest.split_first_chunk::<2>()?;
        rest = after;
        let [tens, ones] = pair.map(|digit| u32::from(digit.wrapping_sub(b'0')));
        (tens < 10 && ones < 10).then_some(tens * 10 + ones)
    };
    let year = match (kind, value.len()) {
        (tag::UTC_TIME, 13) => match next()? {
            year @ 0..50 => 2000 + year,
            year => 1900 + year,
        },
        (tag::GENERALIZED_TIME, 15) => next()? * 100 + next()?,
        _ => return None,
    };
    let (month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let seconds = u64::from(days) * 86_400 + u64::from((hour * 60 + minute) * 60 + second);
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}
