//! Good paths among many certificates: found, and told by their errors where there is none.

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair,
    NameConstraints,
};
use sslcore::SslErrorKind::{self, *};
use sslcore_tests::chains::{HOST, Made, authority, distinguished_name, field, leaf};
use sslcore_tests::flaws::elsewhere;
use sslcore_tests::judging::{ders, found, now, trusting};
use sslcore_tests::watched::{checks, watched};

/// sha1WithRSAEncryption, 1.2.840.113549.1.1.5
const SHA1_WITH_RSA: [u8; 15] = [
    0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0,
];

/// An authority that others certify: its name and its key.
struct Who(CertificateParams, KeyPair);

impl Who {
    fn new(name: &str) -> Self {
        Self(authority(name), KeyPair::generate().expect("key"))
    }

    /// As an anchor has it.
    fn own(&self) -> Made {
        Made::self_signed_by(self.0.clone(), self.key())
    }

    fn key(&self) -> KeyPair {
        KeyPair::try_from(self.1.serialize_der()).expect("key")
    }

    /// Certified by another one.
    fn by(&self, issuer: &Self) -> Made {
        self.by_with(issuer, |_| ())
    }

    fn by_with(&self, issuer: &Self, change: impl FnOnce(&mut CertificateParams)) -> Made {
        let mut params = self.0.clone();
        change(&mut params);
        issuer.own().issue_to(params, self.key())
    }

    fn leaf(&self) -> Made {
        self.own().issue(leaf(&[HOST]))
    }
}

/// What is wrong, and how many signatures were checked.
fn judged(anchors: &[&Made], chain: &[&Made]) -> (Vec<(SslErrorKind, usize)>, usize) {
    let config = sslcore::ClientConfig::builder(watched())
        .trust_anchors(anchors.iter().map(|made| made.der.clone()))
        .build()
        .expect("a configuration");
    let chain = ders(chain);
    let (errors, checks) = checks(|| config.verify_chain(&chain, None, Some(now())));
    let kinds = errors.iter().map(|it| (it.kind(), it.depth()));
    (kinds.collect(), checks)
}

/// Every order that puts each of them in each place once.
fn turned<'a>(issuers: &[&'a Made]) -> Vec<Vec<&'a Made>> {
    (0..issuers.len())
        .map(|by| {
            let mut issuers = issuers.to_vec();
            issuers.rotate_left(by);
            issuers
        })
        .collect()
}

/// The chain is good in any order of its issuers, for at most so many signatures.
#[track_caller]
fn assert_good(anchor: &Made, leaf: &Made, issuers: &[&Made], most: usize) {
    for issuers in turned(issuers) {
        let chain = [&[leaf][..], &issuers].concat();
        let (kinds, checks) = judged(&[anchor], &chain);
        assert_eq!(kinds, []);
        assert!(checks <= most, "{checks}");
    }
}

#[test]
fn a_bridge_between_four_anchors_is_crossed() {
    // RFC 4158 §2.4: whoever trusts one of the four gets to the leaf below another one.
    let bridge = Who::new("bridge");
    let tops = ["W", "X", "Y", "Z"].map(Who::new);
    let (lower, lowest) = (Who::new("L"), Who::new("N"));
    let leaf = lowest.leaf();
    let mut issuers = vec![lowest.by(&lower), lower.by(&tops[1])];
    for top in &tops {
        issuers.extend([bridge.by(top), top.by(&bridge)]);
    }
    let issuers: Vec<&Made> = issuers.iter().collect();
    for top in &tops {
        assert_good(&top.own(), &leaf, &issuers, 30);
    }
    let stranger = Who::new("stranger").own();
    let chain = [&[&leaf][..], &issuers].concat();
    let (kinds, checks) = judged(&[&stranger], &chain);
    assert!(!kinds.contains(&(PathSearchExceeded, 0)), "{kinds:?}");
    assert!(!kinds.is_empty() && checks <= 30, "{checks} {kinds:?}");
}

#[test]
fn of_seven_issuers_of_one_name_the_good_one_is_found() {
    type Change = fn(&mut CertificateParams);
    let expired: Change = |it| it.not_after = rcgen::date_time_ymd(2025, 6, 1);
    let early: Change = |it| it.not_before = rcgen::date_time_ymd(2026, 6, 1);
    let no_authority: Change = |it| it.is_ca = IsCa::ExplicitNoCa;
    let silent: Change = |it| it.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    let other_purpose: Change =
        |it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
    let constrained: Change = |it| it.name_constraints = elsewhere();
    let unsaid: Change = |it| it.is_ca = IsCa::NoCa;
    let good: Change = |_| ();
    let root = Who::new("root");
    let flaws = [
        expired,
        early,
        no_authority,
        silent,
        other_purpose,
        constrained,
        unsaid,
    ];
    // One key, certified by the anchor, badly but for once.
    let middle = Who::new("middle");
    let all = flaws.iter().chain([&good]);
    let issuers: Vec<_> = all.map(|change| middle.by_with(&root, *change)).collect();
    let issuers: Vec<_> = issuers.iter().collect();
    assert_good(&root.own(), &middle.leaf(), &issuers, 10);
    // Each flaw six times, among seven.
    for flaw in flaws {
        let all = [flaw; 6].into_iter().chain([good]);
        let issuers: Vec<_> = all.map(|change| middle.by_with(&root, change)).collect();
        let issuers: Vec<_> = issuers.iter().collect();
        assert_good(&root.own(), &middle.leaf(), &issuers, 10);
    }
}

#[test]
fn of_seven_issuers_whose_signatures_are_others_the_signed_one_is_found() {
    let (root, middle) = (Who::new("root"), Who::new("middle"));
    let stranger = KeyPair::generate().expect("key");
    let good = middle.by(&root);
    for algorithm in [None, Some(SHA1_WITH_RSA)] {
        let forge = |_| {
            middle.by(&root).with_fields(&stranger, |fields| {
                if let Some(algorithm) = algorithm {
                    fields[field::ALGORITHM] = algorithm.to_vec();
                }
            })
        };
        let forged: Vec<_> = (0..6).map(forge).collect();
        let issuers: Vec<_> = forged.iter().chain([&good]).collect();
        assert_good(&root.own(), &middle.leaf(), &issuers, 10);
    }
}

#[test]
fn of_seven_issuers_constrained_to_other_names_the_one_for_this_name_is_found() {
    let (root, middle) = (Who::new("root"), Who::new("middle"));
    let to = |name: &str| {
        Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName(name.into())],
            excluded_subtrees: Vec::new(),
        })
    };
    let mut issuers = Vec::new();
    for i in 0..6 {
        issuers.push(middle.by_with(&root, |it| it.name_constraints = to(&format!("{i}.test"))));
    }
    issuers.push(middle.by_with(&root, |it| it.name_constraints = to(HOST)));
    let issuers: Vec<_> = issuers.iter().collect();
    assert_good(&root.own(), &middle.leaf(), &issuers, 10);
}

#[test]
fn what_was_found_of_a_signature_is_said_of_no_other() {
    let [upper, middle] = ["upper", "middle"].map(Who::new);
    let (leaf, above, good) = (
        middle.leaf(),
        upper.by(&Who::new("root")),
        middle.by(&upper),
    );
    // The same certificate with another signature.
    let copy = Made {
        der: good.der.clone(),
        params: good.params.clone(),
        key: middle.key(),
    };
    let bad = copy.with_fields(&KeyPair::generate().expect("key"), |_| ());
    assert_ne!(bad.der, good.der);
    assert_eq!(bad.der[4..200], good.der[4..200]);
    let root = Who::new("root").own();
    let (low, high) = (
        (CertificateSignatureFailed, 1),
        (CertificateSignatureFailed, 2),
    );
    for (issuers, wanted) in [
        ([&bad, &good, &above], &[low, high][..]),
        ([&good, &bad, &above], &[high]),
        ([&above, &bad, &good], &[low, high]),
    ] {
        let chain = [&[&leaf][..], &issuers].concat();
        assert_eq!(judged(&[&root], &chain).0, wanted);
    }
    // Where webpki does not look: with more intermediates than it follows.
    let (root, mut line) = line(12);
    let forged = |made: Made| made.with_fields(&KeyPair::generate().expect("key"), |_| ());
    let top = line.remove(10);
    line.insert(10, forged(top));
    let (kinds, _) = judged(&[&root], &line.iter().collect::<Vec<_>>());
    assert_eq!(kinds, [(CertificateSignatureFailed, 10)]);
}

#[test]
fn of_seven_issuers_of_one_name_and_many_keys_the_signer_is_found() {
    let root = Who::new("root");
    let namesakes: Vec<_> = (0..7).map(|_| Who::new("middle")).collect();
    let issuers: Vec<_> = namesakes.iter().map(|it| it.by(&root)).collect();
    let issuers: Vec<_> = issuers.iter().collect();
    for signer in &namesakes {
        assert_good(&root.own(), &signer.leaf(), &issuers, 14);
    }
    // They say which key it is.
    let mut params = leaf(&[HOST]);
    params.use_authority_key_identifier_extension = true;
    let leaf = namesakes[6].own().issue(params);
    assert_good(&root.own(), &leaf, &issuers, 5);
}

#[test]
fn of_seven_cross_certificates_the_one_that_leads_to_the_anchor_is_found() {
    let root = Who::new("root");
    let strangers: Vec<_> = (0..6).map(|i| Who::new(&format!("stranger {i}"))).collect();
    let namesakes: Vec<_> = (0..6).map(|_| Who::new("root")).collect();
    let middle = Who::new("middle");
    for others in [&strangers, &namesakes] {
        let mut issuers: Vec<_> = others.iter().map(|other| middle.by(other)).collect();
        issuers.push(middle.by(&root));
        let issuers: Vec<_> = issuers.iter().collect();
        assert_good(&root.own(), &middle.leaf(), &issuers, 20);
        // The same one step further up.
        let lower = Who::new("lower");
        let below = lower.by(&middle);
        let issuers = [&issuers[..], &[&below]].concat();
        assert_good(&root.own(), &lower.leaf(), &issuers, 20);
        // And further up than each of the wrong ones.
        let upper = Who::new("upper");
        let (first, second) = (middle.by(&upper), upper.by(&root));
        let issuers = [&issuers[..6], &[&below, &first, &second]].concat();
        assert_good(&root.own(), &lower.leaf(), &issuers, 20);
    }
}

#[test]
fn a_path_that_is_too_long_for_an_authority_is_left_for_a_shorter_one() {
    let [root, upper, middle, lower] = ["root", "upper", "middle", "lower"].map(Who::new);
    let short = upper.by_with(&root, |it| {
        it.is_ca = IsCa::Ca(BasicConstraints::Constrained(1))
    });
    let (long, straight) = (middle.by(&lower), lower.by(&upper));
    let around = lower.by(&middle);
    let others: Vec<_> = (0..4).map(|_| middle.by(&Who::new("stranger"))).collect();
    let mut issuers = vec![&short, &long, &straight, &around];
    issuers.extend(&others);
    assert_good(&root.own(), &lower.leaf(), &issuers, 30);
}

#[test]
fn of_two_issuers_the_one_whose_path_length_suffices_is_the_one_that_is_judged() {
    let [root, middle] = ["root", "middle"].map(Who::new);
    let expired = middle.by_with(&root, |it| it.not_after = rcgen::date_time_ymd(2025, 6, 1));
    let short = middle.by_with(&root, |it| {
        it.is_ca = IsCa::Ca(BasicConstraints::Constrained(0))
    });
    let mut client = leaf(&[HOST]);
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = middle.own().issue(client);
    for issuers in [[&expired, &short], [&short, &expired]] {
        let chain = [&[&client][..], &issuers].concat();
        assert_eq!(judged(&[&root.own()], &chain).0, [(InvalidPurpose, 0)]);
    }
}

#[test]
fn what_is_above_a_new_key_that_the_old_one_has_not_signed_is_told_too() {
    let root = Who::new("root");
    let [new, old] = ["authority"; 2].map(Who::new);
    let stranger = KeyPair::generate().expect("key");
    let forged = new.by(&old).with_fields(&stranger, |_| ());
    let expired = old.by_with(&root, |it| it.not_after = rcgen::date_time_ymd(2025, 6, 1));
    let (kinds, _) = judged(&[&root.own()], &[&new.leaf(), &forged, &expired]);
    assert_eq!(
        kinds,
        [(CertificateSignatureFailed, 1), (CertificateExpired, 2)]
    );
}

#[test]
fn a_root_whose_own_signature_cannot_be_checked_is_where_the_path_ends() {
    let [root, namesake] = ["root"; 2].map(Who::new);
    let sha1 = root.own().with_fields(&root.1, |fields| {
        fields[field::ALGORITHM] = SHA1_WITH_RSA.to_vec();
    });
    let (kinds, _) = judged(&[], &[&root.leaf(), &sha1, &namesake.own()]);
    assert_eq!(
        kinds,
        [(SelfSignedCertificateInChain, 1), (UnsupportedAlgorithm, 1)]
    );
}

/// A leaf and `count` intermediates, each issued by the next, and their anchor.
fn line(count: usize) -> (Made, Vec<Made>) {
    let root = Made::self_signed(authority("root"));
    let mut chain: Vec<Made> = Vec::new();
    for i in 0..count {
        let issuer = chain.first().unwrap_or(&root);
        chain.insert(0, issuer.issue(authority(&format!("{i}"))));
    }
    let leaf = chain.first().unwrap_or(&root).issue(leaf(&[HOST]));
    chain.insert(0, leaf);
    (root, chain)
}

#[test]
fn twelve_intermediates_are_followed() {
    for count in [6, 7, 12, 16] {
        let (root, chain) = line(count);
        let mut chain: Vec<_> = chain.iter().collect();
        let (kinds, checks) = judged(&[&root], &chain);
        assert_eq!(kinds, [], "{count}");
        assert!(checks <= 2 * count + 2, "{checks}");
        chain[1..].reverse();
        assert_eq!(judged(&[&root], &chain).0, [], "{count}");
        let config = trusting(&[&root]).verify_depth(count - 1);
        assert_eq!(found_of(config, &chain), [ChainTooLong]);
    }
    let (root, chain) = line(17);
    let chain: Vec<_> = chain.iter().collect();
    let (kinds, _) = judged(&[&root], &chain);
    assert_eq!(kinds, [(PathSearchExceeded, 16)]);
}

fn found_of(
    config: sslcore::ConfigBuilder<sslcore::ClientConfig>,
    chain: &[&Made],
) -> Vec<SslErrorKind> {
    let config = config.build().expect("a configuration");
    let errors = config.verify_chain(&ders(chain), None, Some(now()));
    errors.iter().map(|it| it.kind()).collect()
}

#[test]
fn what_is_wrong_far_up_is_told() {
    type Change = fn(&mut CertificateParams);
    let changes: [(Change, SslErrorKind); 5] = [
        (
            |it| it.not_after = rcgen::date_time_ymd(2025, 6, 1),
            CertificateExpired,
        ),
        (|it| it.is_ca = IsCa::ExplicitNoCa, InvalidCaCertificate),
        (
            |it| it.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign],
            InvalidCaCertificate,
        ),
        (
            |it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection],
            InvalidPurpose,
        ),
        (
            |it| it.is_ca = IsCa::Ca(BasicConstraints::Constrained(2)),
            PathLengthExceeded,
        ),
    ];
    for (change, wanted) in changes {
        let root = Made::self_signed(authority("root"));
        let mut chain: Vec<Made> = Vec::new();
        for i in 0..12 {
            let mut params = authority(&format!("{i}"));
            if i == 2 {
                change(&mut params);
            }
            let issuer = chain.first().unwrap_or(&root);
            chain.insert(0, issuer.issue(params));
        }
        let leaf = chain[0].issue(leaf(&[HOST]));
        chain.insert(0, leaf);
        let (kinds, _) = judged(&[&root], &chain.iter().collect::<Vec<_>>());
        assert_eq!(kinds, [(wanted, 10)]);
    }
    // Names are compared with constraints up there.
    let mut params = authority("root");
    params.name_constraints = elsewhere();
    let root = Made::self_signed(params);
    let mut chain: Vec<Made> = Vec::new();
    for i in 0..12 {
        let issuer = chain.first().unwrap_or(&root);
        chain.insert(0, issuer.issue(authority(&format!("{i}"))));
    }
    let leaf = chain[0].issue(leaf(&[HOST]));
    chain.insert(0, leaf);
    let (kinds, _) = judged(&[&root], &chain.iter().collect::<Vec<_>>());
    assert_eq!(kinds, [(NameConstraintViolation, 0)]);
}

#[test]
fn where_the_budget_ends_the_search_nothing_else_is_said_of_it() {
    let root = Who::new("root");
    let namesakes: Vec<_> = (0..120).map(|_| Who::new("middle")).collect();
    let issuers: Vec<_> = namesakes.iter().map(|it| it.by(&root)).collect();
    let leaf = namesakes[119].leaf();
    let mut chain = vec![&leaf];
    chain.extend(&issuers);
    let (kinds, checks) = judged(&[&root.own()], &chain);
    assert_eq!(kinds, [(PathSearchExceeded, 0)]);
    assert!(checks <= 101, "{checks}");
}

#[test]
fn issuers_that_are_left_for_later_are_tried_of_what_they_may_have_signed() {
    let [root, stranger, third, lower] = ["root", "stranger", "third", "lower"].map(Who::new);
    let [first, second] = ["upper"; 2].map(Who::new);
    let leaf = lower.leaf();
    let names_key = |it: &mut CertificateParams| it.use_authority_key_identifier_extension = true;
    let below = lower.by_with(&first, names_key);
    let misnamed = lower
        .by_with(&first, names_key)
        .with_fields(&second.1, |_| ());
    let dead = [&lower, &first, &second, &third].map(|it| it.by(&stranger));
    let [dead_lower, dead_first, dead_second, dead_third] = &dead;
    let good = [first.by(&third), second.by(&third), third.by(&root)];
    let [good_first, good_second, good_third] = &good;
    for uppers in [
        [&below, dead_lower, dead_second, dead_first, good_first],
        [&misnamed, dead_lower, dead_first, dead_first, good_second],
    ] {
        let again = first.by(&stranger);
        let mut chain = vec![&leaf];
        chain.extend(uppers);
        chain.extend([&again, dead_third, good_third]);
        assert_eq!(judged(&[&root.own()], &chain).0, []);
    }
}

#[test]
fn a_key_with_a_compressed_point_costs_the_search_two_signatures() {
    let root = Who::new("root");
    // So few that each can be tried twice: it is the signatures that are too many.
    let namesakes: Vec<_> = (0..50).map(|_| Who::new("middle")).collect();
    let leaf = namesakes[49].leaf().compressed(&namesakes[49].1);
    for (compressed, expected) in [(false, &[][..]), (true, &[(PathSearchExceeded, 0)])] {
        let issuers = namesakes.iter().map(|it| match compressed {
            false => it.by(&root),
            true => it.by(&root).compressed(&root.1),
        });
        let issuers: Vec<_> = issuers.collect();
        let mut chain = vec![&leaf];
        chain.extend(&issuers);
        let (kinds, checks) = judged(&[&root.own()], &chain);
        assert_eq!(kinds, expected, "{compressed}");
        assert!(checks <= 100, "{checks}");
    }
}

#[test]
fn a_search_that_was_given_up_is_told_beside_what_was_found() {
    // One key, certified so often by the stranger that nobody gets to the root.
    let [root, stranger, middle] = ["root", "stranger", "middle"].map(Who::new);
    let mut issuers: Vec<_> = (0..110).map(|_| middle.by(&stranger)).collect();
    issuers.extend([stranger.own(), middle.by(&root)]);
    let leaf = middle.leaf();
    let mut chain = vec![&leaf];
    chain.extend(&issuers);
    let (kinds, _) = judged(&[&root.own()], &chain);
    assert_eq!(
        kinds,
        [(SelfSignedCertificateInChain, 2), (PathSearchExceeded, 0)]
    );
}

#[test]
fn what_webpki_finds_is_good_whatever_the_search_here_would_cost() {
    let root = Who::new("root");
    let namesakes: Vec<_> = (0..6).map(|_| Who::new("same")).collect();
    let above = namesakes.iter().skip(1).chain([&root]);
    let all: Vec<_> = namesakes
        .iter()
        .zip(above)
        .map(|(it, by)| it.by(by).compressed(&by.1))
        .collect();
    let leaf = namesakes[0].leaf();
    let order = [0, 1, 2, 5, 4, 3].map(|at| &all[at]);
    let chain = [&[&leaf][..], &order].concat();
    assert_eq!(judged(&[&root.own()], &chain).0, []);
}

#[test]
fn names_in_other_bytes_are_the_same_names() {
    const CN: &[u8] = &[0x55, 4, 3];
    let other = |name: &[u8]| distinguished_name(&[&[(CN, 0x13, name)]]);
    let [root, upper, lower] = ["root", "upper", "lower"].map(Who::new);
    let below = |made: Made, key: &KeyPair, name: &[u8]| {
        made.with_fields(key, |fields| fields[field::ISSUER] = other(name))
    };
    let leaf = below(lower.leaf(), &lower.1, b"LOWER");
    let low = below(lower.by(&upper), &upper.1, b" upper");
    let up = below(upper.by(&root), &root.1, b"Root");
    for leaf in [&leaf, &lower.leaf()] {
        for low in [&low, &lower.by(&upper)] {
            for up in [&up, &upper.by(&root)] {
                assert_eq!(found(trusting(&[&root.own()]), &[leaf, low, up]), []);
                assert_eq!(found(trusting(&[&root.own()]), &[leaf, up, low]), []);
            }
        }
    }
    // Whoever has another key of that name has signed nothing.
    let stranger = Who::new("root").own();
    assert_eq!(
        found(trusting(&[&stranger]), &[&leaf, &low, &up]),
        [(CertificateSignatureFailed, 2)]
    );
    // What is wrong is told of where it is.
    let expired = upper.by_with(&root, |it| it.not_after = rcgen::date_time_ymd(2025, 6, 1));
    let expired = below(expired, &root.1, b"Root");
    assert_eq!(
        found(trusting(&[&root.own()]), &[&leaf, &low, &expired]),
        [(CertificateExpired, 2)]
    );
    // Constraints of the anchor whose name differs are compared.
    let mut params = authority("root");
    params.name_constraints = elsewhere();
    let constrained = Made::self_signed_by(params, root.key());
    assert_eq!(
        found(
            trusting(&[&constrained]),
            &[&lower.leaf(), &lower.by(&upper), &up]
        ),
        [(NameConstraintViolation, 0)]
    );
}
