//! A moment on the command line.

use std::time::Duration;

use sslcore_std::sslcore::{DateTime, UnixTime};

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// A date, which begins at midnight in UTC; a date and a time (RFC 3339); seconds since 1970.
pub(super) fn parse(text: &str) -> Result<UnixTime, String> {
    let seconds = match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().ok(),
        false => date_and_time(text),
    };
    let last = 253_402_300_799; // the end of the year 9999
    match seconds.filter(|seconds| *seconds <= last) {
        Some(seconds) => Ok(UnixTime::since_unix_epoch(Duration::from_secs(seconds))),
        None => Err(
            "it must be a date (2026-01-01), a date and a time (2026-01-01T12:00:00Z), or seconds \
             since 1970, from 1970 to 9999"
                .to_owned(),
        ),
    }
}

fn date_and_time(text: &str) -> Option<u64> {
    let (date, rest) = text.split_at_checked("2026-01-01".len())?;
    let midnight = days(date)? * SECONDS_PER_DAY;
    if rest.is_empty() {
        return Some(midnight);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = rest.split_at_checked("12:00:00".len())?;
    let (hour_and_minute, second) = clock.split_at(5);
    let second = number(second.strip_prefix(':')?, 60)?;
    let local = midnight + minutes(hour_and_minute)? * 60 + second;
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (zone.len() < fraction.len()).then_some(zone)?
        }
        None => rest,
    };
    match zone.split_at_checked(1)? {
        ("Z" | "z", "") => Some(local),
        ("+", offset) => local.checked_sub(minutes(offset)? * 60),
        ("-", offset) => Some(local + minutes(offset)? * 60),
        _ => None,
    }
}

/// `12:30`
fn minutes(text: &str) -> Option<u64> {
    let (hour, minute) = text.split_once(':')?;
    Some(number(hour, 23)? * 60 + number(minute, 59)?)
}

/// Two digits.
fn number(text: &str, most: u64) -> Option<u64> {
    let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (number <= most).then_some(number)
}

/// Days from 1970 to this date.
fn days(date: &str) -> Option<u64> {
    let (year, rest) = date.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let year: u64 = match year.bytes().all(|byte| byte.is_ascii_digit()) {
        true => year.parse().ok()?,
        false => return None,
    };
    let (month, day) = (number(month, 12)?, number(day, 31)?);
    // A guess that is wrong by some weeks at most, and then what the calendar says.
    let guess = year.checked_sub(1970)? * 1461 / 4 + month.checked_sub(1)? * 30;
    (guess.saturating_sub(70)..guess + 40).find(|days| {
        let since = Duration::from_secs(days * SECONDS_PER_DAY);
        let there = DateTime::from(UnixTime::since_unix_epoch(since));
        (there.year, there.month, there.day) == (year, month, day)
    })
}
