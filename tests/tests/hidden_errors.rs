//! What hides behind an error, and must be told with it: who forgives what is listed must not
//! forgive what is not.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, GeneralSubtree, IsCa, KeyPair,
    NameConstraints,
};
use sslcore::SslErrorKind::*;
use sslcore::{ClientConfig, ConfigBuilder, SslError, SslErrorKind, VerifyMode};
use sslcore_tests::chains::{HOST, Made, authority, element, field, leaf};
use sslcore_tests::judging::{errors, trusting};

/// Kind and depth of each error, each with the certificate at its depth.
#[track_caller]
fn found(config: ConfigBuilder<ClientConfig>, chain: &[&Made]) -> Vec<(SslErrorKind, usize)> {
    let errors = errors(config, chain);
    errors
        .iter()
        .map(|error| {
            let certificate = error.certificate().expect("a certificate");
            assert!(
                chain.iter().any(|made| made.der == *certificate.der()),
                "{error}"
            );
            (error.kind(), error.depth())
        })
        .collect()
}

/// An authority that may only issue for another host.
fn constrained(name: &str) -> CertificateParams {
    let mut params = authority(name);
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
        excluded_subtrees: Vec::new(),
    });
    params
}

/// A critical extension that holds nothing.
fn extension(id: &[u64]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(id, vec![5, 0]);
    extension.set_criticality(true);
    extension
}

#[test]
fn a_revoked_leaf_that_is_an_authority_too_is_told_to_be_both() {
    let root = Made::self_signed(authority("root"));
    let mut both = leaf(&[HOST]);
    both.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    both.serial_number = Some(8u64.into());
    let both = root.issue(both);
    let config = trusting(&[&root]).revocation_lists([root.revoke(&[8], 2030)], false);
    assert_eq!(
        found(config, &[&both]),
        [(InvalidPurpose, 0), (CertificateRevoked, 0)]
    );
}

#[test]
fn a_revoked_authority_above_a_bad_one_is_told() {
    let root = Made::self_signed(authority("root"));
    let mut upper = authority("upper");
    upper.serial_number = Some(7u64.into());
    let upper = root.issue(upper);
    let mut lower = authority("lower");
    lower.is_ca = IsCa::ExplicitNoCa;
    let lower = upper.issue(lower);
    let leaf = lower.issue(leaf(&[HOST]));
    let config = trusting(&[&root]).revocation_lists([root.revoke(&[7], 2030)], false);
    assert_eq!(
        found(config, &[&leaf, &lower, &upper]),
        [(InvalidCaCertificate, 1), (CertificateRevoked, 2)]
    );
}

#[test]
fn constraints_above_a_bad_authority_are_not_forgiven_with_it() {
    for (constrained_root, root) in [(true, constrained("root")), (false, authority("root"))] {
        let root = Made::self_signed(root);
        let upper = match constrained_root {
            true => authority("upper"),
            false => constrained("upper"),
        };
        let upper = root.issue(upper);
        let mut narrow = authority("narrow");
        narrow.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let narrow = upper.issue(narrow);
        let lower = narrow.issue(authority("lower"));
        let leaf = lower.issue(leaf(&[HOST]));
        assert_eq!(
            found(trusting(&[&root]), &[&leaf, &lower, &narrow, &upper]),
            [(PathLengthExceeded, 2), (NameConstraintViolation, 0)]
        );
    }
}

#[test]
fn an_authority_that_cannot_be_read_is_told_with_itself_and_hides_nothing() {
    let mut root = constrained("root");
    root.custom_extensions = vec![extension(&[1, 3, 6, 1, 4, 1, 99999, 1])];
    let root = Made::self_signed(root);
    let below = root.issue(leaf(&[HOST]));
    assert_eq!(
        found(trusting(&[]), &[&below, &root]),
        [
            (SelfSignedCertificateInChain, 1),
            (NameConstraintViolation, 0)
        ]
    );
    let root = Made::self_signed(authority("root"));
    let mut odd = authority("odd");
    odd.custom_extensions = vec![extension(&[1, 3, 6, 1, 4, 1, 99999, 1])];
    let odd = root.issue(odd);
    let below = odd.issue(leaf(&[HOST]));
    assert_eq!(
        found(trusting(&[&root]), &[&below, &odd]),
        [(UndecodableCertificate, 1)]
    );
}

#[test]
fn what_an_authority_issued_that_nobody_can_read_is_not_forgiven_with_it() {
    let mut root = constrained("root");
    root.custom_extensions = vec![extension(&[2, 5, 29, 30])];
    let root = Made::self_signed(root);
    let leaf = root.issue(leaf(&[HOST]));
    assert_eq!(
        found(trusting(&[]), &[&leaf, &root]),
        [
            (SelfSignedCertificateInChain, 1),
            (UndecodableCertificate, 1),
            (NameConstraintViolation, 0)
        ]
    );
}

#[test]
fn a_signature_that_the_budget_did_not_reach_is_told() {
    let root = Made::self_signed(authority("root"));
    let stranger = Made::self_signed(authority("root"));
    let middle = stranger.issue(authority("middle"));
    let leaf = middle.issue(leaf(&[HOST]));
    let namesakes: Vec<Made> = (0..99)
        .map(|_| stranger.issue(authority("middle")))
        .collect();
    let mut chain = vec![&leaf];
    chain.extend(&namesakes);
    chain.push(&middle);
    // The leaf's issuer is the last of 100: nothing is left to look at its own signature.
    let kinds = found(trusting(&[&root]), &chain);
    assert!(kinds.contains(&(PathSearchExceeded, 1)), "{kinds:?}");
}

#[test]
fn a_common_name_does_not_evade_name_constraints() {
    let mut old = leaf(&[]);
    old.distinguished_name.push(rcgen::DnType::CommonName, HOST);
    let mismatch = [(HostNameMismatch, 0)];
    let fallback = |root: &Made| trusting(&[root]).common_name_fallback(true);

    let root = Made::self_signed(constrained("root"));
    let below = root.issue(old.clone());
    assert_eq!(found(fallback(&root), &[&below]), mismatch);

    let root = Made::self_signed(authority("root"));
    let middle = root.issue(constrained("middle"));
    let below = middle.issue(old.clone());
    assert_eq!(found(fallback(&root), &[&below, &middle]), mismatch);

    let middle = root.issue(authority("middle"));
    let below = middle.issue(old);
    assert_eq!(found(fallback(&root), &[&below, &middle]), []);
}

#[test]
fn a_common_name_does_not_count_beside_a_dns_name_that_is_none() {
    let root = Made::self_signed(authority("root"));
    let mut odd = leaf(&[]);
    odd.distinguished_name.push(rcgen::DnType::CommonName, HOST);
    let names = element(0x30, &element(0x82, "é.test".as_bytes()));
    odd.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], names)];
    let odd = root.issue(odd);
    let config = trusting(&[&root]).common_name_fallback(true);
    assert_eq!(found(config, &[&odd]), [(HostNameMismatch, 0)]);
}

#[test]
fn no_chain_is_never_a_good_one() {
    for mode in [VerifyMode::Query, VerifyMode::Verify, VerifyMode::External] {
        let config = trusting(&[]).verify_mode(mode).build();
        let errors = config
            .expect("a configuration")
            .verify_chain(&[], None, None);
        let kinds: Vec<_> = errors.iter().map(SslError::kind).collect();
        assert_eq!(kinds, [NoPeerCertificate], "{mode:?}");
    }
}

#[test]
fn the_tolerance_does_not_refuse_what_is_good_without_it() {
    // NOW is the first second of 2026: the new leaf is younger than the other middle is old.
    let root = Made::self_signed(authority("root"));
    let middle = root.issue(authority("middle"));
    let mut other = authority("middle");
    other.not_after = rcgen::date_time_ymd(2025, 12, 30);
    let key = KeyPair::try_from(middle.key.serialize_der()).expect("key");
    let other = root.issue_to(other, key);
    let mut new = leaf(&[HOST]);
    new.not_before = rcgen::date_time_ymd(2025, 12, 31);
    let new = middle.issue(new);
    let chain = [&new, &middle, &other];
    assert_eq!(found(trusting(&[&root]), &chain), []);
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let tolerant = trusting(&[&root]).clock_tolerance(week);
    assert_eq!(found(tolerant, &chain), []);
}

#[test]
fn a_list_that_is_out_of_date_is_told_of_an_expired_certificate_too() {
    let root = Made::self_signed(authority("root"));
    let mut old = leaf(&[HOST]);
    old.not_after = rcgen::date_time_ymd(2025, 6, 1);
    let old = root.issue(old);
    let config = trusting(&[&root]).revocation_lists([root.revoke(&[], 2025)], false);
    let kinds = found(config, &[&old]);
    assert_eq!(
        kinds,
        [(CertificateExpired, 0), (CertificateStatusUnknown, 0)]
    );
}

#[test]
fn an_authoritys_new_key_signed_by_its_old_one_does_not_end_the_path() {
    let root = Made::self_signed(authority("root"));
    let old = root.issue(authority("middle"));
    let new = old.issue(authority("middle"));
    let mut expired = leaf(&[HOST]);
    expired.not_after = rcgen::date_time_ymd(2025, 6, 1);
    let expired = new.issue(expired);
    let chain = [&expired, &new, &old];
    assert_eq!(found(trusting(&[&root]), &chain), [(CertificateExpired, 0)]);
}

#[test]
fn an_odd_authority_that_issued_itself_is_told_behind_a_bad_one() {
    let root = Made::self_signed(authority("root"));
    let old = root.issue(authority("upper"));
    let mut new = authority("upper");
    new.custom_extensions = vec![extension(&[1, 3, 6, 1, 4, 1, 99999, 1])];
    let new = old.issue(new);
    let mut lower = authority("lower");
    lower.is_ca = IsCa::ExplicitNoCa;
    let lower = new.issue(lower);
    let leaf = lower.issue(leaf(&[HOST]));
    assert_eq!(
        found(trusting(&[&root]), &[&leaf, &lower, &new, &old]),
        [(InvalidCaCertificate, 1), (UndecodableCertificate, 2)]
    );
}

#[test]
fn what_is_wrong_with_a_leaf_is_told_when_nobody_knows_its_issuer() {
    let root = Made::self_signed(authority("root"));
    let mut odd = leaf(&[HOST]);
    // BOOLEAN is none.
    let constraints = element(0x30, &element(1, &[1]));
    odd.custom_extensions = vec![CustomExtension::from_oid_content(
        &[2, 5, 29, 19],
        constraints,
    )];
    let odd = root.issue(odd);
    assert_eq!(
        found(trusting(&[&root]), &[&odd]),
        [(UndecodableCertificate, 0)]
    );
    assert_eq!(
        found(trusting(&[]), &[&odd]),
        [
            (UnableToGetLocalIssuerCertificate, 0),
            (UnableToVerifyFirstCertificate, 0),
            (UndecodableCertificate, 0)
        ]
    );
}

#[test]
fn a_leaf_whose_key_cannot_be_read_does_not_evade_the_lists() {
    let root = Made::self_signed(authority("root"));
    let mut odd = leaf(&[HOST]);
    odd.serial_number = Some(8u64.into());
    let odd = root.issue(odd).with_fields(&root.key, |fields| {
        // One bit of the key is said to be unused.
        let key = &mut fields[field::PUBLIC_KEY];
        let count = key.len() - 66;
        assert_eq!(key[count..count + 2], [0, 4]);
        key[count] = 1;
    });
    let config = trusting(&[&root]).revocation_lists([root.revoke(&[8], 2030)], false);
    assert_eq!(found(config, &[&odd]), [(UndecodableCertificate, 0)]);
}
