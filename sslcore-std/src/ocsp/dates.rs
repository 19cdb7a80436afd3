//! From when and until when a response counts.

use std::time::Duration;

use sslcore::{SslErrorKind, StatusQuestion, UnixTime};

use super::response::Response;

/// For how long a response counts that has no end.
const WITHOUT_END: Duration = Duration::from_secs(24 * 60 * 60);

/// The last second of a response.
pub(super) fn end(response: &Response) -> UnixTime {
    response.next_update().unwrap_or_else(|| {
        let begin = response.this_update().as_secs();
        UnixTime::since_unix_epoch(WITHOUT_END.saturating_add(Duration::from_secs(begin)))
    })
}

/// Whether its time is over, or has not come.
pub(super) fn out_of_date(
    response: &Response,
    question: &StatusQuestion<'_>,
) -> Option<SslErrorKind> {
    let [earliest, .., latest] = times(question)?;
    let (begin, end) = (response.this_update(), end(response));
    let good = begin <= latest && begin <= end && earliest <= end;
    (!good).then_some(SslErrorKind::OcspResponseExpired)
}

/// The earliest that it may be, what the clock says, and the latest; `None` without a clock.
pub(super) fn times(question: &StatusQuestion<'_>) -> Option<[UnixTime; 3]> {
    let (now, tolerance) = (question.now()?.as_secs(), question.tolerance().as_secs());
    let [earliest, latest] = [now.saturating_sub(tolerance), now.saturating_add(tolerance)];
    Some([earliest, now, latest].map(|at| UnixTime::since_unix_epoch(Duration::from_secs(at))))
}
