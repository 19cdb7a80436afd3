//! Certificates that were revoked, by the lists of a configuration (RFC 5280 §5).

use rcgen::{
    CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, KeyPair, KeyUsagePurpose,
};
use sslcore::RevocationList;
use sslcore::SslErrorKind::*;
use sslcore_tests::chains::{Family, HOST, Made, authority, element, leaf};
use sslcore_tests::judging::{found, trusting};

#[test]
fn a_revoked_certificate_is_told() {
    let family = Family::with(|middle, leaf| {
        middle.serial_number = Some(7u64.into());
        leaf.serial_number = Some(8u64.into());
    });
    let (root, middle, leaf) = (&family.root, &family.middle, &family.leaf);
    let check = |lists: Vec<_>, required| {
        let config = trusting(&[root]).revocation_lists(lists, required);
        found(config, &[leaf, middle])
    };
    assert_eq!(
        check(vec![middle.revoke(&[8], 2030)], false),
        [(CertificateRevoked, 0)]
    );
    assert_eq!(
        check(vec![root.revoke(&[7], 2030)], false),
        [(CertificateRevoked, 1)]
    );
    assert_eq!(check(vec![middle.revoke(&[9], 2030)], false), []);
    let both = vec![root.revoke(&[9], 2030), middle.revoke(&[9], 2030)];
    assert_eq!(check(both, true), []);
}

#[test]
fn a_status_that_cannot_be_known_is_told() {
    let family = Family::new();
    let (root, middle, leaf) = (&family.root, &family.middle, &family.leaf);
    let check = |lists: Vec<_>, required| {
        let config = trusting(&[root]).revocation_lists(lists, required);
        let kinds = found(config, &[leaf, middle]);
        kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>()
    };
    assert_eq!(
        check(vec![], true),
        [CertificateStatusUnknown, CertificateStatusUnknown],
        "no list: of the leaf and of the intermediate"
    );
    assert_eq!(
        check(vec![middle.revoke(&[], 2025)], false),
        [CertificateStatusUnknown],
        "a list that is out of date"
    );
    let impostor = Made::self_signed(authority("middle"));
    assert_eq!(
        check(vec![impostor.revoke(&[], 2030)], false),
        [CertificateStatusUnknown],
        "a list that somebody else has signed"
    );
}

#[test]
fn a_list_speaks_of_the_certificates_in_its_scope_and_of_no_others() {
    let place = |uri: &str| CrlDistributionPoint {
        uris: vec![uri.into()],
    };
    let family = Family::with(|_, leaf| {
        leaf.serial_number = Some(8u64.into());
        leaf.crl_distribution_points = vec![place("http://crl.test/1"), place("http://crl.test/2")];
    });
    let (root, middle, leaf) = (&family.root, &family.middle, &family.leaf);
    let check = |uri, scope| {
        let point = CrlIssuingDistributionPoint {
            distribution_point: place(uri),
            scope,
        };
        let list = middle.revoke_within(&[8], 2030, Some(point));
        found(
            trusting(&[root]).revocation_lists([list], false),
            &[leaf, middle],
        )
    };
    let revoked = [(CertificateRevoked, 0)];
    assert_eq!(check("http://crl.test/2", None), revoked);
    assert_eq!(
        check("http://crl.test/2", Some(CrlScope::UserCertsOnly)),
        revoked
    );
    assert_eq!(check("http://crl.test/2", Some(CrlScope::CaCertsOnly)), []);
    assert_eq!(check("http://crl.test/3", None), [], "published elsewhere");
}

#[test]
fn a_list_by_an_issuer_that_may_not_sign_lists_does_not_count() {
    let family = Family::with(|middle, leaf| {
        middle.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        leaf.serial_number = Some(8u64.into());
    });
    let root = Made::self_signed(authority("root"));
    let mut signer = authority("middle");
    signer.key_usages.push(KeyUsagePurpose::CrlSign);
    let key = KeyPair::try_from(family.middle.key.serialize_der()).expect("key");
    let list = root.issue_to(signer, key).revoke(&[], 2030);
    let config = trusting(&[&family.root]).revocation_lists([list], false);
    assert_eq!(
        found(config, &[&family.leaf, &family.middle]),
        [(CertificateStatusUnknown, 0)]
    );
}

#[test]
fn the_lists_of_an_authority_with_two_keys_are_told_apart() {
    let old = Made::self_signed(authority("root"));
    let mut params = authority("root");
    params.serial_number = Some(7u64.into());
    let new = old.issue(params);
    let leaf = new.issue(leaf(&[HOST]));
    let check = |lists: Vec<_>| {
        let config = trusting(&[&old]).revocation_lists(lists, true);
        found(config, &[&leaf, &new])
    };
    let lists = |revoked| vec![new.revoke(&[9], 2030), old.revoke(revoked, 2030)];
    assert_eq!(check(lists(&[9])), []);
    assert_eq!(check(lists(&[9]).into_iter().rev().collect()), []);
    assert_eq!(check(lists(&[7])), [(CertificateRevoked, 1)]);
}

#[test]
fn of_several_lists_of_an_issuers_the_newest_counts() {
    let family = Family::with(|_, leaf| leaf.serial_number = Some(8u64.into()));
    let (root, middle, leaf) = (&family.root, &family.middle, &family.leaf);
    let made_in = |month: &[u8; 4], serials: &[u64]| {
        let list = middle.revoke_with_fields(serials, |fields| {
            let mut time = b"250101000000Z".to_vec();
            time[..4].copy_from_slice(month);
            fields[3] = element(0x17, &time);
        });
        RevocationList::from_der(list).expect("a list")
    };
    let check = |lists: &[&RevocationList]| {
        let lists = lists.iter().map(|list| (*list).clone());
        let config = trusting(&[root]).revocation_lists(lists, false);
        found(config, &[leaf, middle])
    };
    let (old, new) = (made_in(b"2503", &[]), made_in(b"2504", &[8]));
    assert_eq!(check(&[&old, &new]), [(CertificateRevoked, 0)]);
    assert_eq!(check(&[&new, &old]), [(CertificateRevoked, 0)]);
    // Only what was on hold leaves a list again (RFC 5280 §5.3.1).
    let (old, new) = (made_in(b"2503", &[8]), made_in(b"2504", &[]));
    assert_eq!(check(&[&old, &new]), []);
    assert_eq!(check(&[&new, &old]), []);
}
