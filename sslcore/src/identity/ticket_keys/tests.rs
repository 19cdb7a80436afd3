use crate::identity::ticket_keys::*;

const PERIOD: u64 = 3600;

fn keys() -> TicketKeys {
    TicketKeys::rotating(&Backend::ring(), Duration::from_secs(PERIOD))
}

fn at(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

fn seal(keys: &TicketKeys, secs: u64) -> Vec<u8> {
    keys.seal(b"a session", b"tests", at(secs))
        .unwrap_or_default()
}

fn opens(keys: &TicketKeys, ticket: &[u8], secs: u64) -> bool {
    let opened = keys.open(ticket, b"tests", at(secs));
    opened.is_some_and(|plain| *plain == b"a session")
}

#[test]
fn a_key_opens_for_two_periods_whether_it_was_replaced_or_not() {
    for replaced in [false, true] {
        let keys = keys();
        let ticket = seal(&keys, 1000);
        if replaced {
            let next = seal(&keys, 1000 + PERIOD);
            assert!(opens(&keys, &next, 1000 + PERIOD));
        }
        assert!(opens(&keys, &ticket, 1000 + 2 * PERIOD - 1));
        assert!(!opens(&keys, &ticket, 1000 + 2 * PERIOD));
        // It is gone, not just refused.
        assert!(!opens(&keys, &ticket, 1000));
    }
}

#[test]
fn a_ticket_opens_for_its_purpose_alone() {
    let keys = keys();
    let ticket = seal(&keys, 1000);
    for (purpose, opened) in [(&b"tests"[..], true), (b"test", false), (b"", false)] {
        assert_eq!(keys.open(&ticket, purpose, at(1000)).is_some(), opened);
    }
}

#[test]
fn a_key_seals_for_one_period() {
    let keys = keys();
    let first = seal(&keys, 1000);
    let last = seal(&keys, 1000 + PERIOD - 1);
    let next = seal(&keys, 1000 + PERIOD);
    let end = 1000 + 2 * PERIOD;
    assert!(!opens(&keys, &first, end) && !opens(&keys, &last, end));
    assert!(opens(&keys, &next, end));
}

#[test]
fn at_most_two_keys_are_held() {
    let keys = keys();
    for round in 0..10 {
        seal(&keys, 1000 + round * PERIOD);
        let held = keys.0.ring.lock().keys.len();
        assert_eq!(held, if round == 0 { 1 } else { 2 });
    }
}

#[test]
fn a_clock_that_goes_back_does_not_prolong_the_life_of_a_key() {
    let keys = keys();
    let ticket = seal(&keys, 1_000_000);
    assert!(opens(&keys, &ticket, 1000));
    assert!(!opens(&keys, &ticket, 1000 + 2 * PERIOD));
}

#[test]
fn two_tickets_of_one_session_differ_and_a_changed_one_is_refused() {
    let keys = keys();
    let (one, mut other) = (seal(&keys, 1000), seal(&keys, 1000));
    assert_ne!(one, other);
    for i in 0..other.len() {
        other[i] ^= 1;
        assert!(!opens(&keys, &other, 1000), "{i}");
        assert!(!opens(&keys, &other[..i], 1000), "{i}");
        other[i] ^= 1;
    }
    assert!(opens(&keys, &other, 1000));
}
