//! Certificates that were revoked, by the lists of a configuration (RFC 5280 §5).

use rcgen::{
    CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, KeyPair, KeyUsagePurpose,
};
use sslcore::RevocationList;
use sslcore::SslErrorKind::*;
use sslcore_tests::chains::{
    Family, HOST, Made, authority, distinguished_name, element, field, leaf,
};
use sslcore_tests::judging::{ders, found, trusting};

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

/// The name of `authority("middle")` in other bytes.
fn other_bytes() -> Vec<u8> {
    distinguished_name(&[&[(&[0x55, 4, 3], 0x13, b"Middle ")]])
}

#[test]
fn a_list_revokes_whatever_bytes_its_issuer_is_named_in() {
    let family = Family::with(|_, leaf| leaf.serial_number = Some(8u64.into()));
    let (root, middle, leaf) = (&family.root, &family.middle, &family.leaf);
    let list = |serials: &[u64]| {
        let list = middle.revoke_with_fields(serials, |fields| fields[2] = other_bytes());
        RevocationList::from_der(list).expect("a list")
    };
    let check = |list| {
        let config = trusting(&[root]).revocation_lists([list], false);
        found(config, &[leaf, middle])
    };
    assert_eq!(check(list(&[8])), [(CertificateRevoked, 0)]);
    assert_eq!(check(list(&[9])), []);
}

#[test]
fn a_certificate_whose_issuer_is_named_in_other_bytes_is_revoked_all_the_same() {
    let family = Family::with(|_, leaf| leaf.serial_number = Some(8u64.into()));
    let (root, middle) = (&family.root, &family.middle);
    let leaf = family
        .leaf
        .with_fields(&middle.key, |fields| fields[field::ISSUER] = other_bytes());
    let check = |lists: Vec<_>, anchor: &Made, chain: &[&Made]| {
        found(trusting(&[anchor]).revocation_lists(lists, false), chain)
    };
    for (anchor, chain) in [(root, &[&leaf, middle][..]), (middle, &[&leaf])] {
        assert_eq!(check(vec![], anchor, chain), []);
        assert_eq!(check(vec![middle.revoke(&[9], 2030)], anchor, chain), []);
        assert_eq!(
            check(vec![middle.revoke(&[8], 2030)], anchor, chain),
            [(CertificateRevoked, 0)]
        );
    }
}

#[test]
fn an_anchor_that_may_not_sign_lists_has_signed_none() {
    let key = || KeyPair::generate().expect("key");
    let mut silent = authority("root");
    silent.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root = Made::self_signed_by(silent.clone(), key());
    let list = |serials: &[u64]| {
        let same_key = KeyPair::try_from(root.key.serialize_der()).expect("key");
        Made::self_signed_by(authority("root"), same_key).revoke(serials, 2030)
    };
    let mut params = leaf(&[HOST]);
    params.serial_number = Some(8u64.into());
    let leaf = root.issue(params);
    let unknown = [(CertificateStatusUnknown, 0)];
    for serials in [&[8][..], &[]] {
        let config = trusting(&[&root]).revocation_lists([list(serials)], false);
        assert_eq!(found(config, &[&leaf]), unknown);
    }
    // Another certificate for its key may.
    let same_key = KeyPair::try_from(root.key.serialize_der()).expect("key");
    let signer = Made::self_signed_by(authority("root"), same_key);
    let config = trusting(&[&root, &signer]).revocation_lists([list(&[8])], false);
    assert_eq!(found(config, &[&leaf]), [(CertificateRevoked, 0)]);
    // An error of another kind changes nothing.
    let mut params = leaf_that_expired();
    params.serial_number = Some(8u64.into());
    let leaf = root.issue(params);
    let config = trusting(&[&root]).revocation_lists([list(&[])], false);
    let kinds = found(config, &[&leaf]);
    assert_eq!(
        kinds,
        [(CertificateExpired, 0), (CertificateStatusUnknown, 0)]
    );
}

fn leaf_that_expired() -> rcgen::CertificateParams {
    let mut params = leaf(&[HOST]);
    params.not_after = rcgen::date_time_ymd(2025, 6, 1);
    params
}

#[test]
fn a_list_that_is_about_no_certificate_of_a_chain_is_told() {
    let family = Family::new();
    let (root, middle, leaf) = (&family.root, &family.middle, &family.leaf);
    let stranger = Made::self_signed(authority("stranger"));
    let only_authorities = CrlIssuingDistributionPoint {
        distribution_point: CrlDistributionPoint {
            uris: vec!["http://crl.test/1".into()],
        },
        scope: Some(CrlScope::CaCertsOnly),
    };
    let lists = [
        root.revoke(&[], 2030),
        stranger.revoke(&[], 2030),
        middle.revoke(&[], 2030),
        middle.revoke_within(&[], 2030, Some(only_authorities)),
        // Out of date, and about the leaf.
        middle.revoke(&[], 2025),
    ];
    let config = trusting(&[root]).revocation_lists(lists.clone(), false);
    let config = config.build().expect("a configuration");
    let unused = |chain: &[&Made]| -> Vec<RevocationList> {
        let chain = ders(chain);
        config.unused_revocation_lists(&chain).cloned().collect()
    };
    assert_eq!(
        unused(&[leaf, middle]),
        [lists[1].clone(), lists[3].clone()]
    );
    assert_eq!(
        unused(&[leaf]),
        [lists[0].clone(), lists[1].clone(), lists[3].clone()]
    );
    assert_eq!(unused(&[]), lists);
    let none = trusting(&[root]).build().expect("a configuration");
    assert_eq!(none.unused_revocation_lists(&ders(&[leaf])).count(), 0);
    // Where a list is required, one that is about others is none.
    let config = trusting(&[root]).revocation_lists([lists[1].clone()], true);
    assert_eq!(
        found(config, &[leaf, middle]),
        [(CertificateStatusUnknown, 0), (CertificateStatusUnknown, 1)]
    );
}

#[test]
fn a_list_revokes_far_up_in_a_chain_too() {
    let root = Made::self_signed(authority("root"));
    let mut chain: Vec<Made> = Vec::new();
    for name in 0..8 {
        let mut params = authority(&name.to_string());
        params.serial_number = Some(8u64.into());
        let issuer = chain.first().unwrap_or(&root);
        chain.insert(0, issuer.issue(params));
    }
    let leaf = chain[0].issue(leaf(&[HOST]));
    let mut made = vec![&leaf];
    made.extend(&chain);
    for (by, depth) in [(&root, 8), (&chain[7], 7), (&chain[1], 1)] {
        let check = |serial| {
            let lists = [by.revoke(&[serial], 2030)];
            found(trusting(&[&root]).revocation_lists(lists, false), &made)
        };
        assert_eq!(check(9), []);
        assert_eq!(check(8), [(CertificateRevoked, depth)]);
    }
}

#[test]
fn where_the_budget_ends_before_the_newest_list_the_status_is_not_known() {
    const THIS_UPDATE: usize = 3;
    let root = Made::self_signed(authority("same"));
    let middle = root.issue(authority("same"));
    let leaf = middle.issue(leaf(&[HOST]));
    let stranger = Made::self_signed(authority("same"));
    // All of them may be about both. Of eighteen, sixteen may be tried twice.
    let mut lists = vec![root.revoke(&[], 2030)];
    lists.extend((0..17).map(|_| {
        let newer = stranger.revoke_with_fields(&[], |fields| {
            fields[THIS_UPDATE] = element(0x17, b"250601000000Z");
        });
        RevocationList::from_der(newer).expect("a list")
    }));
    let check = |lists: &[RevocationList]| {
        let config = trusting(&[&root]).revocation_lists(lists.to_vec(), false);
        found(config, &[&leaf, &middle])
    };
    let leafs = (CertificateStatusUnknown, 0);
    assert_eq!(check(&lists[..16]), [leafs]);
    assert_eq!(check(&lists), [leafs, (CertificateStatusUnknown, 1)]);
}
