//! Whether a chain is good, by trying every path through it: the search must come to the same.

use std::sync::LazyLock;

use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use sslcore::SslErrorKind::PathSearchExceeded;
use sslcore_tests::chains::{HOST, Made, authority, leaf};
use sslcore_tests::flaws::elsewhere;
use sslcore_tests::judging::{errors, trusting};

/// An authority: its name and its key, by their numbers.
type Who = (usize, usize);

const KEYS: usize = 4;

fn made(params: CertificateParams, key: usize) -> Made {
    // The last one is nobody's.
    static KEY: LazyLock<Vec<KeyPair>> = LazyLock::new(|| {
        (0..=KEYS)
            .map(|_| KeyPair::generate().expect("key"))
            .collect()
    });
    Made {
        der: Vec::new().into(),
        params,
        key: KeyPair::try_from(KEY[key].serialize_der()).expect("key"),
    }
}

/// Capitals make no other name.
fn authority_of((name, key): Who, loud: bool) -> Made {
    let names = match loud {
        true => ["SAME", "OTHER"],
        false => ["same", "other"],
    };
    made(authority(names[name]), key)
}

/// What is wrong with an authority's certificate, if anything.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Twist {
    None,
    Expired,
    Constrained,
    /// No intermediate may be below.
    Short,
    NoAuthority,
    OtherPurpose,
    Forged,
}

const TWISTS: [Twist; 7] = [
    Twist::None,
    Twist::Expired,
    Twist::Constrained,
    Twist::Short,
    Twist::NoAuthority,
    Twist::OtherPurpose,
    Twist::Forged,
];

/// A certificate: whose, by whom, what is wrong with it, and which of the names are in capitals.
type Link = (Who, Who, Twist, (bool, bool));

fn certificate(&(subject, issuer, twist, loud): &Link) -> Made {
    let mut params = authority_of(subject, loud.0).params;
    match twist {
        Twist::None | Twist::Forged => {}
        Twist::Expired => params.not_after = rcgen::date_time_ymd(2025, 6, 1),
        Twist::Constrained => params.name_constraints = elsewhere(),
        Twist::Short => params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)),
        Twist::NoAuthority => params.is_ca = IsCa::ExplicitNoCa,
        Twist::OtherPurpose => {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        }
    }
    let key = match twist {
        Twist::Forged => KEYS,
        _ => issuer.1,
    };
    let issuer = made(authority_of(issuer, loud.1).params, key);
    issuer.issue_to(params, made(authority("key"), subject.1).key)
}

/// Whether a good path leads from what this authority issued to an anchor, by those that are left.
fn leads(issuer: Who, below: usize, anchors: &[Who], links: &[Link]) -> bool {
    if anchors.contains(&issuer) {
        return true;
    }
    links
        .iter()
        .enumerate()
        .any(|(at, (subject, by, twist, _))| {
            let good = *twist == Twist::None || (*twist == Twist::Short && below == 0);
            let mut others = links.to_vec();
            others.remove(at);
            good && *subject == issuer && leads(*by, below + 1, anchors, &others)
        })
}

fn who() -> impl Strategy<Value = Who> {
    (prop_oneof![4 => Just(0), 1 => Just(1)], 0..KEYS)
}

fn link() -> impl Strategy<Value = Link> {
    let twist = prop_oneof![2 => Just(Twist::None), 1 => proptest::sample::select(&TWISTS)];
    let loud = prop_oneof![2 => Just((false, false)), 1 => any::<(bool, bool)>()];
    (who(), who(), twist, loud)
}

proptest! {
    #[test]
    fn a_chain_is_good_when_one_of_its_paths_is(
        anchor in who(),
        issuer in who(),
        links in prop::collection::vec(link(), 0..16),
    ) {
        let issued = authority_of(issuer, false).issue(leaf(&[HOST]));
        let root = authority_of(anchor, false);
        let root = Made::self_signed_by(root.params, root.key);
        let certificates: Vec<_> = links.iter().map(certificate).collect();
        let mut chain = vec![&issued];
        chain.extend(&certificates);
        let errors = errors(trusting(&[&root]), &chain);
        let kinds: Vec<_> = errors.iter().map(|error| error.kind()).collect();
        let good = leads(issuer, 0, &[anchor], &links);
        prop_assert!(good || !kinds.is_empty(), "there is no good path");
        let exceeded = kinds.contains(&PathSearchExceeded);
        prop_assert!(!good || kinds.is_empty() || exceeded, "there is a good path: {kinds:?}");
    }
}
