//! Chains with more paths than can be searched: judging them ends within its budget.

use std::sync::LazyLock;

use proptest::prelude::*;
use rcgen::{CertificateParams, GeneralSubtree, KeyPair, NameConstraints};
use sslcore::{
    ClientConfig, ConfigBuilder, Progress, RevocationList, ServerConfig, SslErrorKind,
    SslErrorKind::*,
};
use sslcore_tests::certs::Identity;
use sslcore_tests::chains::{HOST, Made, authority, leaf};
use sslcore_tests::judging::{ders, now};
use sslcore_tests::pair::{Pair, backend};
use sslcore_tests::watched::{checks, watched};

/// What the documentation of the judgement says: a search of webpki's, the diagnosis, and one for each
/// list of revoked certificates.
const fn bound(lists: usize) -> usize {
    100 + 16 + lists
}

/// An authority: its name and its key, by their numbers.
type Who = (usize, usize);

const KEYS: usize = 13;

fn authority_of((name, key): Who) -> Made {
    static KEY: LazyLock<Vec<KeyPair>> = LazyLock::new(|| {
        (0..KEYS)
            .map(|_| KeyPair::generate().expect("key"))
            .collect()
    });
    Made {
        der: Vec::new().into(),
        params: authority(["same", "other", "third"][name]),
        key: KeyPair::try_from(KEY[key].serialize_der()).expect("key"),
    }
}

/// What is wrong with a certificate, if anything.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Twist {
    None,
    Expired,
    Constrained,
    Short,
}

impl Twist {
    fn apply(self, params: &mut CertificateParams) {
        match self {
            Self::None => {}
            Self::Expired => params.not_after = rcgen::date_time_ymd(2025, 6, 1),
            Self::Constrained => {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
                    excluded_subtrees: Vec::new(),
                });
            }
            Self::Short => {
                params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
            }
        }
    }
}

/// What is judged.
#[derive(Clone, Debug)]
struct Shape {
    anchors: Vec<Who>,
    leaf: (Who, Twist),
    /// Subject, issuer.
    authorities: Vec<(Who, Who, Twist)>,
    lists: Vec<Who>,
    required: bool,
    clock: bool,
    /// Whether the authorities' keys are compressed points.
    compressed: bool,
}

impl Shape {
    /// The chain, leaf first, and who trusts whom.
    fn made(&self) -> (Vec<Made>, ConfigBuilder<ClientConfig>) {
        let (issuer, twist) = self.leaf;
        let mut params = leaf(&[HOST]);
        if twist == Twist::Expired {
            twist.apply(&mut params);
        }
        let mut chain = vec![authority_of(issuer).issue(params)];
        chain.extend(self.authorities.iter().map(|(subject, issuer, twist)| {
            let mut subject = authority_of(*subject);
            twist.apply(&mut subject.params);
            let issuer = authority_of(*issuer);
            let made = issuer.issue_to(subject.params, subject.key);
            match self.compressed {
                true => made.compressed(&issuer.key),
                false => made,
            }
        }));
        let anchors = self.anchors.iter().map(|who| {
            let anchor = authority_of(*who);
            Made::self_signed_by(anchor.params, anchor.key).der
        });
        let lists = self
            .lists
            .iter()
            .map(|who| authority_of(*who).revoke(&[], 2030));
        let lists: Vec<RevocationList> = lists.collect();
        let config = ClientConfig::builder(watched())
            .trust_anchors(anchors)
            .revocation_lists(lists, self.required);
        (chain, config)
    }

    /// What is found, and how many signatures were checked.
    fn judge(&self) -> (Vec<SslErrorKind>, usize) {
        let (chain, config) = self.made();
        let config = config.build().expect("a configuration");
        let chain = ders(&chain.iter().collect::<Vec<_>>());
        let at = self.clock.then(now);
        let (errors, checks) = checks(|| config.verify_chain(&chain, None, at));
        (errors.iter().map(|it| it.kind()).collect(), checks)
    }
}

const TWISTS: [Twist; 4] = [
    Twist::None,
    Twist::Expired,
    Twist::Constrained,
    Twist::Short,
];

/// `count` authorities of one name, each with a key of its own that the next one has signed.
fn ring(count: usize, twist: Twist) -> Vec<(Who, Who, Twist)> {
    let subjects = (0..count).map(|key| (0, key));
    let issuers = subjects.clone().cycle().skip(1);
    subjects
        .zip(issuers)
        .map(|(it, by)| (it, by, twist))
        .collect()
}

/// Ways to make the search explode, each twisted in one way.
fn explosive(twist: Twist) -> Vec<Vec<(Who, Who, Twist)>> {
    let reversed = ring(6, twist).into_iter().rev().collect();
    let one_key = (0..6).map(|by| ((0, 0), (0, by), twist)).collect();
    let two_names = (0..6).map(|i| ((i % 2, i / 2), ((i + 1) % 2, (i + 1) % 6 / 2), twist));
    let all_by_all = (0..4).flat_map(|i| (0..3).map(move |by| ((0, i), (0, by), twist)));
    vec![
        ring(6, twist),
        ring(12, twist),
        reversed,
        one_key,
        two_names.collect(),
        all_by_all.collect(),
    ]
}

#[test]
fn a_chain_made_to_explode_the_search_ends_within_its_budget() {
    // Many authorities of one name that issued each other: every order of them is a path.
    let mut shape = Shape {
        anchors: vec![(1, 12)],
        leaf: ((0, 0), Twist::None),
        authorities: ring(12, Twist::None),
        lists: Vec::new(),
        required: false,
        clock: true,
        compressed: false,
    };
    let (kinds, checks) = shape.judge();
    assert!(kinds.contains(&PathSearchExceeded), "{kinds:?}");
    assert!(checks <= bound(0), "{checks}");
    // And any of them could end at an anchor of that name.
    shape.anchors = vec![(0, 12)];
    let (kinds, checks) = shape.judge();
    assert!(kinds.contains(&PathSearchExceeded), "{kinds:?}");
    assert!((100..=bound(0)).contains(&checks), "{checks}");
}

/// What is found in a handshake, and the most signatures of certificates that one call has checked.
fn in_a_handshake(shape: &Shape) -> (Vec<SslErrorKind>, usize) {
    let (chain, config) = shape.made();
    let client = config.build().expect("a configuration");
    let (own, issuers) = chain.split_first().expect("a leaf");
    let Identity { chain, .. } = own.identity(&issuers.iter().collect::<Vec<_>>());
    let server = ServerConfig::builder(backend()).identity(chain, own.private_key());
    let mut pair = Pair::tls(&client, &server.build().expect("a configuration"));
    let mut most = 0;
    while pair.client.conn.failure().is_none() {
        pair.server.settle();
        let flight = pair.server.take();
        pair.client.conn.receive(&flight).expect("room");
        loop {
            let now = pair.client.now();
            let (progress, checked) = checks(|| pair.client.conn.process(now));
            most = most.max(checked);
            while pair.client.conn.poll_event().is_some() {}
            if progress == Progress::Idle {
                break;
            }
        }
        let flight = pair.client.take();
        pair.server.give(&flight, usize::MAX);
    }
    let errors = pair.client.conn.ssl_errors();
    (errors.iter().map(|it| it.kind()).collect(), most)
}

#[test]
fn one_call_checks_one_signature_however_the_search_is_made_to_explode() {
    for twist in TWISTS {
        for (authorities, anchor) in explosive(twist)
            .into_iter()
            .flat_map(|it| [(it.clone(), (0, 12)), (it, (1, 12))])
        {
            let shape = Shape {
                anchors: vec![anchor],
                leaf: ((0, 0), Twist::None),
                authorities,
                lists: vec![(0, 0), (0, 1)],
                required: true,
                clock: true,
                compressed: twist == Twist::None,
            };
            let (kinds, most) = in_a_handshake(&shape);
            assert_eq!(most, 1, "{shape:?}");
            assert_eq!(kinds, shape.judge().0, "{shape:?}");
        }
    }
}

#[test]
fn no_way_to_make_the_search_explode_goes_beyond_its_budget() {
    let mut most = 0;
    for (twist, lists) in TWISTS.into_iter().flat_map(|it| [(it, 0), (it, 6)]) {
        for (authorities, compressed) in explosive(twist)
            .into_iter()
            .flat_map(|it| [(it.clone(), false), (it, true)])
        {
            for anchor in [(0, 12), (1, 12), (2, 12)] {
                for (leaf, clock) in [
                    (Twist::None, true),
                    (Twist::Expired, true),
                    (Twist::None, false),
                ] {
                    let shape = Shape {
                        anchors: vec![anchor],
                        leaf: ((0, 0), leaf),
                        authorities: authorities.clone(),
                        lists: (0..lists).map(|key| (0, key)).collect(),
                        required: true,
                        clock,
                        compressed,
                    };
                    let (kinds, checks) = shape.judge();
                    assert!(checks <= bound(lists), "{checks} {shape:?} {kinds:?}");
                    assert_ne!(kinds, [], "{shape:?}");
                    most = most.max(checks);
                }
            }
        }
    }
    assert!(most > 100, "all of them were harmless: {most}");
}

fn who(keys: std::ops::Range<usize>) -> impl Strategy<Value = Who> {
    (prop_oneof![5 => Just(0), 1 => Just(1)], keys)
}

fn twist() -> impl Strategy<Value = Twist> {
    proptest::sample::select(&TWISTS)
}

prop_compose! {
    fn shapes()(
        anchors in prop::collection::vec(who(5..8), 1..4),
        leaf in (who(0..6), twist()),
        issued in prop::collection::vec((who(0..6), who(0..6)), 0..12),
        twist in twist(),
        odd in (0..24usize, self::twist()),
        lists in prop::collection::vec(who(0..6), 0..16),
        required: bool,
        clock: bool,
        compressed: bool,
    ) -> Shape {
        let authorities = issued.into_iter().enumerate().map(|(i, (subject, issuer))| {
            (subject, issuer, if i == odd.0 { odd.1 } else { twist })
        });
        let authorities = authorities.collect();
        Shape { anchors, leaf, authorities, lists, required, clock, compressed }
    }
}

proptest! {
    #[test]
    fn whatever_authorities_of_the_same_names_issued_is_judged_within_the_budget(shape in shapes()) {
        let (kinds, checks) = shape.judge();
        prop_assert!(checks <= bound(shape.lists.len()), "{checks} {kinds:?}");
        prop_assert_eq!(kinds.contains(&NoWallClock), !shape.clock);
    }
}
