//! At which time certificates are judged.

use core::time::Duration;

use rustls_pki_types::UnixTime;

use crate::x509::raw::Certificate;

/// From when until when something is valid.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) begin: UnixTime,
    pub(super) end: UnixTime,
}

impl Times {
    /// When the certificate is valid, too.
    pub(super) fn and(self, certificate: &Certificate<'_>) -> Option<Self> {
        let begin = certificate.not_before?.max(self.begin);
        let end = certificate.not_after?.min(self.end);
        (begin <= end).then_some(Self { begin, end })
    }

    /// When it may be, by a clock that may be wrong by so much.
    pub(super) fn around(now: Option<UnixTime>, tolerance: Duration) -> Self {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let now = now.map(|now| now.as_secs());
        let tolerance = tolerance.as_secs();
        Self {
            begin: at(now.map_or(0, |now| now.saturating_sub(tolerance))),
            end: at(now.map_or(u64::MAX, |now| now.saturating_add(tolerance))),
        }
    }
}

/// The time that these certificates' dates are compared with, if any, and the one to tell
/// webpki, which wants one.
pub(super) fn times(
    now: Option<UnixTime>,
    tolerance: Duration,
    certificates: &[Certificate<'_>],
) -> (Option<UnixTime>, UnixTime) {
    let now = now.map(|now| tolerate(now, tolerance, certificates));
    let epoch = UnixTime::since_unix_epoch(Duration::ZERO);
    let mut all = certificates.iter();
    let time = now.unwrap_or_else(|| time_within(&mut || all.next(), epoch));
    (now, time)
}

/// The time to judge by: another one within the tolerance if all certificates are valid then
/// that may be at all.
fn tolerate(now: UnixTime, tolerance: Duration, certificates: &[Certificate<'_>]) -> UnixTime {
    let Times {
        begin: earliest,
        end: latest,
    } = Times::around(Some(now), tolerance);
    let mut near = certificates.iter().filter(|it| {
        it.not_before.is_none_or(|begin| begin <= latest)
            && it.not_after.is_none_or(|end| end >= earliest)
    });
    let mut all = near.clone();
    let good = time_within(&mut || all.next(), now);
    let all_valid = near.all(|it| {
        it.not_before.is_none_or(|begin| begin <= good)
            && it.not_after.is_none_or(|end| end >= good)
    });
    if all_valid { good } else { now }
}

/// The time nearest to `now` at which every one of these certificates is valid; the last second
/// of the one that ends first when there is none.
pub(super) fn time_within<'a, 'b: 'a>(
    next: &mut dyn FnMut() -> Option<&'a Certificate<'b>>,
    now: UnixTime,
) -> UnixTime {
    let (mut begin, mut end) = (now, None);
    while let Some(certificate) = next() {
        begin = certificate.not_before.map_or(begin, |it| begin.max(it));
        end = certificate.not_after.into_iter().chain(end).min();
    }
    end.map_or(begin, |end| end.min(begin))
}
