use super::{micros, ticks};

/// The rates of embassy's drivers, from slow to fast.
const RATES: [u64; 6] = [1, 1000, 32_768, 1_000_000, 48_000_000, 1_000_000_000];

#[test]
fn a_timer_never_rings_before_its_deadline() {
    for hz in RATES {
        for deadline in [0, 1, 2, 999, 1001, 30_000_000, 86_400_000_001] {
            let rings = ticks(deadline, hz);
            assert!(micros(rings, hz) >= deadline, "{deadline} at {hz} Hz");
            let early = rings.checked_sub(1).map(|tick| micros(tick, hz));
            assert!(
                early.is_none_or(|early| early < deadline),
                "{deadline} at {hz} Hz: late"
            );
        }
    }
}

#[test]
fn no_time_is_too_long() {
    for hz in RATES {
        assert!(micros(u64::MAX, hz) >= u64::MAX / hz);
        assert!(ticks(u64::MAX, hz) >= u64::MAX / 1_000_000);
    }
}

#[test]
fn seconds_are_seconds_at_any_rate() {
    for hz in RATES {
        assert_eq!(micros(5 * hz, hz), 5_000_000);
        assert_eq!(ticks(5_000_000, hz), 5 * hz);
    }
}
