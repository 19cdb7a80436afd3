//! Dates are compared for the certificates that the path needs, and for no others.

use std::time::Duration;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use sslcore::{ClientConfig, ConfigBuilder, PeerName, SslErrorKind, SslErrorKind::*};
use sslcore_tests::chains::{Family, HOST, Made, authority, leaf};
use sslcore_tests::judging::{ders, found, trusting};

/// What is found by a device that does not know the time.
fn found_without_clock(
    config: ConfigBuilder<ClientConfig>,
    chain: &[&Made],
) -> Vec<(SslErrorKind, usize)> {
    let name = PeerName::new(HOST).expect("a name");
    let config = config.build().expect("a configuration");
    let errors = config.verify_chain(&ders(chain), Some(&name), None);
    errors.iter().map(|it| (it.kind(), it.depth())).collect()
}

/// An authority's certificate that nobody can have needed since 2012.
fn long_gone(name: &str) -> CertificateParams {
    let mut gone = authority(name);
    gone.not_before = date_time_ymd(2010, 1, 1);
    gone.not_after = date_time_ymd(2012, 1, 1);
    gone
}

fn key_of(made: &Made) -> KeyPair {
    KeyPair::try_from(made.key.serialize_der()).expect("key")
}

#[test]
fn without_a_clock_a_certificate_that_is_not_needed_adds_no_error() {
    let root = Made::self_signed(authority("root"));
    let middle = root.issue(authority("middle"));
    let leaf = middle.issue(leaf(&[HOST]));
    let namesake = root.issue(long_gone("middle"));
    let older = root.issue_to(long_gone("middle"), key_of(&middle));
    let others: Vec<_> = (0..6).map(|_| root.issue(long_gone("middle"))).collect();
    for unneeded in [&namesake, &older] {
        for chain in [[&leaf, &middle, unneeded], [&leaf, unneeded, &middle]] {
            let kinds = found_without_clock(trusting(&[&root]), &chain);
            assert_eq!(kinds, [(NoWallClock, 0)]);
        }
        let mut many = vec![&leaf, &middle];
        many.extend([unneeded; 3]);
        many.extend(&others);
        let kinds = found_without_clock(trusting(&[&root]), &many);
        assert_eq!(kinds, [(NoWallClock, 0)], "however many there are");
        let kinds = found_without_clock(trusting(&[&root]), &[&leaf, unneeded]);
        assert_eq!(kinds.first(), Some(&(NoWallClock, 0)));
        assert!(kinds.len() > 1, "this one does not do instead");
    }
}

#[test]
fn without_a_clock_the_path_that_leads_to_an_anchor_is_judged() {
    let (root, unknown) = (authority("root"), authority("unknown"));
    let (root, unknown) = (Made::self_signed(root), Made::self_signed(unknown));
    let middle = root.issue(authority("middle"));
    let crossed = unknown.issue_to(authority("middle"), key_of(&middle));
    let older = unknown.issue_to(long_gone("middle"), key_of(&middle));
    let leaf = middle.issue(leaf(&[HOST]));
    let chain = [&leaf, &older, &crossed, &middle];
    let kinds = found_without_clock(trusting(&[&root]), &chain);
    assert_eq!(kinds, [(NoWallClock, 0)]);
}

#[test]
fn without_a_clock_other_errors_are_told_all_the_same() {
    let family = Family::with(|_, leaf| {
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let older = long_gone("middle");
    let older = family.root.issue_to(older, key_of(&family.middle));
    let chain = [&family.leaf, &older, &family.middle];
    let kinds = found_without_clock(trusting(&[&family.root]), &chain);
    assert_eq!(kinds, [(NoWallClock, 0), (InvalidPurpose, 0)]);
    let kinds = found_without_clock(trusting(&[]), &chain);
    assert!(kinds.len() > 2, "nor is it trusted: {kinds:?}");
    let kinds = found_without_clock(trusting(&[&family.root]).revocation_lists([], true), &chain);
    let unknown = kinds.iter().filter(|it| it.0 == CertificateStatusUnknown);
    assert_eq!(unknown.count(), 2, "{kinds:?}");
}

#[test]
fn what_is_valid_within_the_tolerance_is_so_whatever_else_was_sent() {
    // NOW is the first second of 2026.
    let root = Made::self_signed(authority("root"));
    let middle = root.issue(authority("middle"));
    let mut older = authority("middle");
    older.not_after = date_time_ymd(2025, 12, 30);
    let older = root.issue_to(older, key_of(&middle));
    let mut new = leaf(&[HOST]);
    new.not_before = date_time_ymd(2026, 1, 3);
    let new = middle.issue(new);
    let tolerant = || {
        let week = Duration::from_secs(7 * 24 * 60 * 60);
        trusting(&[&root]).clock_tolerance(week)
    };
    for chain in [[&new, &middle, &older], [&new, &older, &middle]] {
        assert_eq!(found(tolerant(), &chain), []);
    }
    let not_yet = found(trusting(&[&root]), &[&new, &middle, &older]);
    assert_eq!(not_yet, [(CertificateNotYetValid, 0)]);
}

/// The leaf is valid in two days, its issuer was two days ago: a clock that is wrong by less than a
/// week may be wrong for either, but not for both.
#[test]
fn the_tolerance_is_for_a_chain_that_is_valid_together_at_some_time() {
    let root = Made::self_signed(authority("root"));
    let mut middle = authority("middle");
    middle.not_after = date_time_ymd(2025, 12, 30);
    let middle = root.issue(middle);
    let mut new = leaf(&[HOST]);
    new.not_before = date_time_ymd(2026, 1, 3);
    let new = middle.issue(new);
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let strict = found(trusting(&[&root]), &[&new, &middle]);
    let tolerant = found(trusting(&[&root]).clock_tolerance(week), &[&new, &middle]);
    assert_eq!(tolerant, strict);
    for expected in [(CertificateNotYetValid, 0), (CertificateExpired, 1)] {
        assert!(strict.contains(&expected), "{strict:?}");
    }
}
