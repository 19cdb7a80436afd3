//! Which names an issuer may certify (RFC 5280 §4.2.1.10): every kind that authorities constrain,
//! and what is told of kinds that are not compared, and of constraints that cannot be read.

use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair, SanType};
use sslcore::SslErrorKind::{self, *};
use sslcore::{Certificate, SslError};
use sslcore_tests::chains::{HOST, Made, NamePart, authority, distinguished_name, element, leaf};
use sslcore_tests::judging::{self, ders, now, trusting};

const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const DIRECTORY: u8 = 0xa4;
const URI: u8 = 0x86;
const IP: u8 = 0x87;
const REGISTERED_ID: u8 = 0x88;

const CN: &[u8] = &[0x55, 4, 3];
const O: &[u8] = &[0x55, 4, 10];
const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;

/// The base of a subtree: its kind, and its value.
type Base<'a> = (u8, &'a [u8]);

fn subtrees(tag: u8, bases: &[Base<'_>]) -> Vec<u8> {
    let bases = bases.iter();
    let all = bases.map(|(kind, base)| element(0x30, &element(*kind, base)));
    match all.collect::<Vec<_>>().concat() {
        none if none.is_empty() => none,
        all => element(tag, &all),
    }
}

fn constraints(permitted: &[Base<'_>], excluded: &[Base<'_>]) -> CustomExtension {
    let both = [subtrees(0xa0, permitted), subtrees(0xa1, excluded)].concat();
    extension(&element(0x30, &both))
}

fn extension(value: &[u8]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 30], value.to_vec());
    extension.set_criticality(true);
    extension
}

fn constrained(name: &str, constraints: &CustomExtension) -> CertificateParams {
    let mut params = authority(name);
    params.custom_extensions = vec![constraints.clone()];
    params
}

fn errors(root: &Made, chain: &[&Made]) -> Vec<SslError> {
    let config = trusting(&[root]).build().expect("a configuration");
    config.verify_chain(&ders(chain), None, Some(now()))
}

fn told(errors: &[SslError]) -> Vec<(SslErrorKind, usize)> {
    errors.iter().map(|it| (it.kind(), it.depth())).collect()
}

/// What is told of this leaf where the root constrains names, and where an intermediate does.
#[track_caller]
fn found(
    permitted: &[Base<'_>],
    excluded: &[Base<'_>],
    leaf: CertificateParams,
) -> Vec<(SslErrorKind, usize)> {
    let constraints = constraints(permitted, excluded);
    let root = Made::self_signed(constrained("root", &constraints));
    let below = root.issue(leaf.clone());
    let by_root = told(&errors(&root, &[&below]));
    let root = Made::self_signed(authority("root"));
    let middle = root.issue(constrained("middle", &constraints));
    let below = middle.issue(leaf);
    let by_middle = told(&errors(&root, &[&below, &middle]));
    assert_eq!(by_root, by_middle);
    by_root
}

const OUTSIDE: [(SslErrorKind, usize); 1] = [(NameConstraintViolation, 0)];

/// `O=Example,CN=leaf`, in the order of its encoding.
fn of_example() -> CertificateParams {
    let mut params = leaf(&["server.test"]);
    params.distinguished_name = rcgen::DistinguishedName::new();
    let name = &mut params.distinguished_name;
    name.push(DnType::OrganizationName, "Example");
    name.push(DnType::CommonName, "leaf");
    params
}

#[test]
fn directory_names_are_compared_part_by_part() {
    let cases: [(&[NamePart<'_>], bool); 7] = [
        (&[], true),
        (&[&[(O, UTF8, b"Example")]], true),
        (&[&[(O, PRINTABLE, b"EXAMPLE ")]], true),
        (&[&[(O, UTF8, b"Example")], &[(CN, UTF8, b"leaf")]], true),
        (&[&[(O, UTF8, b"Exam")]], false),
        (&[&[(CN, UTF8, b"leaf")]], false),
        (
            &[
                &[(O, UTF8, b"Example")],
                &[(CN, UTF8, b"leaf")],
                &[(CN, UTF8, b"more")],
            ],
            false,
        ),
    ];
    for (base, within) in cases {
        let base = distinguished_name(base);
        let base: &[Base<'_>] = &[(DIRECTORY, &base)];
        let (permitted, excluded) = (
            found(base, &[], of_example()),
            found(&[], base, of_example()),
        );
        let (good, bad) = match within {
            true => (permitted, excluded),
            false => (excluded, permitted),
        };
        assert_eq!(good, [], "{base:02x?}");
        assert_eq!(bad, OUTSIDE, "{base:02x?}");
    }
}

#[test]
fn a_subject_without_parts_is_no_directory_name() {
    let mut nameless = leaf(&["server.test"]);
    nameless.distinguished_name = rcgen::DistinguishedName::new();
    let base = distinguished_name(&[&[(O, UTF8, b"Example")]]);
    let base: &[Base<'_>] = &[(DIRECTORY, &base)];
    assert_eq!(found(base, &[], nameless.clone()), []);
    let all = distinguished_name(&[]);
    assert_eq!(found(&[], &[(DIRECTORY, &all)], nameless), []);
}

#[test]
fn one_of_several_that_are_permitted_is_enough_and_one_that_is_excluded_too() {
    let [ours, other] =
        [b"Example", b"Another"].map(|name| distinguished_name(&[&[(O, UTF8, &name[..])]]));
    let (ours, other): (Base<'_>, Base<'_>) = ((DIRECTORY, &ours), (DIRECTORY, &other));
    assert_eq!(found(&[other, ours], &[], of_example()), []);
    assert_eq!(found(&[], &[other, ours], of_example()), OUTSIDE);
    assert_eq!(found(&[ours], &[ours], of_example()), OUTSIDE);
    let host: Base<'_> = (DNS, b"server.test");
    assert_eq!(found(&[ours, host], &[other], of_example()), []);
    let elsewhere: Base<'_> = (DNS, b"elsewhere.test");
    assert_eq!(found(&[ours, elsewhere], &[], of_example()), OUTSIDE);
}

#[test]
fn an_intermediates_name_is_compared_too_and_told_of_it() {
    let base = distinguished_name(&[&[(O, UTF8, b"Example")]]);
    let constraints = constraints(&[(DIRECTORY, &base)], &[]);
    let root = Made::self_signed(constrained("root", &constraints));
    let middle = root.issue(authority("middle"));
    let below = middle.issue(of_example());
    let errors = errors(&root, &[&below, &middle]);
    assert_eq!(told(&errors), [(NameConstraintViolation, 1)]);
    assert_eq!(
        errors[0].to_string(),
        "certificate 1 (CN=middle): a certificate in the chain forbids this name: it is of CN=middle"
    );
}

#[test]
fn mail_addresses_are_compared_by_mailbox_host_and_domain() {
    for (base, within) in [
        ("user@mail.test", true),
        ("user@MAIL.test", true),
        ("User@mail.test", false),
        ("other@mail.test", false),
        ("mail.test", true),
        ("Mail.Test", true),
        (".test", true),
        ("test", false),
        (".mail.test", false),
        ("ail.test", false),
        ("", true),
    ] {
        let mut named = leaf(&["server.test"]);
        let address = SanType::Rfc822Name("user@mail.test".try_into().expect("ASCII"));
        named.subject_alt_names.push(address);
        let base: &[Base<'_>] = &[(EMAIL, base.as_bytes())];
        let permitted = found(base, &[], named.clone());
        let excluded = found(&[], base, named);
        let (good, bad) = match within {
            true => (permitted, excluded),
            false => (excluded, permitted),
        };
        assert_eq!(good, [], "{base:?}");
        assert_eq!(bad, OUTSIDE, "{base:?}");
    }
    let base: &[Base<'_>] = &[(EMAIL, b"mail.test")];
    assert_eq!(found(base, &[], leaf(&["server.test"])), []);
}

#[test]
fn what_is_not_compared_is_said_to_be_that() {
    let mut named = leaf(&["server.test"]);
    let uri = SanType::URI("https://server.test/".try_into().expect("ASCII"));
    named.subject_alt_names.push(uri);
    let base: &[Base<'_>] = &[(URI, b"elsewhere.test")];
    assert_eq!(found(base, &[], named.clone()), [(Unspecified, 0)]);
    assert_eq!(found(&[], base, named.clone()), [(Unspecified, 0)]);
    // It does not hide what is.
    let both = [base[0], (DNS, b"elsewhere.test")];
    let mut errors = found(&both, &[], named.clone());
    errors.sort_by_key(|(kind, _)| kind.code());
    assert_eq!(errors, [(Unspecified, 0), (NameConstraintViolation, 0)]);
    // A certificate without such a name is good.
    assert_eq!(found(base, &[], leaf(&["server.test"])), []);
    let id: &[Base<'_>] = &[(REGISTERED_ID, &[0x2a])];
    assert_eq!(found(id, &[], leaf(&["server.test"])), []);

    let root = Made::self_signed(constrained("root", &constraints(base, &[])));
    let errors = self::errors(&root, &[&root.issue(named)]);
    assert_eq!(
        errors[0].explanation().to_string(),
        "the certificate cannot be accepted: an issuer constrains names of the kind \
         uniformResourceIdentifier, which are not compared here, and it has one: \
         it is for DNS:server.test, URI:https://server.test/"
    );
}

#[test]
fn constraints_that_cannot_be_read_are_told_of_whoever_has_them() {
    let subtree =
        |parts: &[Vec<u8>]| element(0x30, &element(0xa0, &element(0x30, &parts.concat())));
    let all: [(&str, Vec<u8>); 8] = [
        (
            "a mask with a hole",
            subtree(&[element(IP, &[10, 0, 0, 0, 255, 0, 255, 0])]),
        ),
        (
            "a mask that ends in a one",
            subtree(&[element(IP, &[10, 0, 0, 0, 255, 1, 0, 0])]),
        ),
        ("half a network", subtree(&[element(IP, &[10, 0, 0, 0])])),
        (
            "a minimum",
            subtree(&[
                element(IP, &[10, 0, 0, 0, 255, 0, 0, 0]),
                element(0x80, &[1]),
            ]),
        ),
        ("no base", subtree(&[])),
        ("no subtree", element(0x30, &element(0xa0, &[5, 0]))),
        (
            "more behind it",
            element(0x30, &[subtrees(0xa0, &[(DNS, b"")]), vec![5, 0]].concat()),
        ),
        (
            "the wrong order",
            element(
                0x30,
                &[
                    subtrees(0xa1, &[(DNS, b"x.test")]),
                    subtrees(0xa0, &[(DNS, b"")]),
                ]
                .concat(),
            ),
        ),
    ];
    for (name, value) in all {
        let extension = extension(&value);
        let root = Made::self_signed(constrained("root", &extension));
        let below = root.issue(leaf(&["server.test", "10.0.0.1"]));
        let errors = errors(&root, &[&below]);
        assert_eq!(told(&errors), [(UndecodableCertificate, 1)], "{name}");
        let certificate = errors[0].certificate().map(Certificate::der);
        assert_eq!(certificate, Some(&root.der), "{name}");
        assert!(
            errors[0]
                .to_string()
                .contains("2.5.29.30 (nameConstraints)"),
            "{}",
            errors[0]
        );

        let root = Made::self_signed(authority("root"));
        let middle = root.issue(constrained("middle", &extension));
        let below = middle.issue(leaf(&["server.test", "10.0.0.1"]));
        let errors = self::errors(&root, &[&below, &middle]);
        assert_eq!(told(&errors), [(UndecodableCertificate, 1)], "{name}");
        let certificate = errors[0].certificate().map(Certificate::der);
        assert_eq!(certificate, Some(&middle.der), "{name}");
    }
}

#[test]
fn names_that_cannot_be_read_are_told_of_the_certificate_that_has_them() {
    let names = |names: &[Vec<u8>]| {
        let mut params = leaf(&[]);
        let names = element(0x30, &names.concat());
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], names)];
        params
    };
    let network: &[Base<'_>] = &[(IP, &[10, 0, 0, 0, 255, 0, 0, 0])];
    let everybody: &[Base<'_>] = &[(DIRECTORY, &[0x30, 0])];
    let unreadable = [(UndecodableCertificate, 0)];
    let short = names(&[element(DNS, b"server.test"), element(IP, &[10, 0])]);
    assert_eq!(found(network, &[], short), unreadable);
    let cut = names(&[element(DNS, b"server.test"), vec![IP, 9, 1]]);
    assert_eq!(found(everybody, &[], cut), unreadable);
    let mail: &[Base<'_>] = &[(EMAIL, b"mail.test")];
    let homeless = names(&[element(DNS, b"server.test"), element(EMAIL, b"mail.test")]);
    assert_eq!(found(mail, &[], homeless.clone()), unreadable);
    let root = Made::self_signed(constrained("root", &constraints(mail, &[])));
    assert_eq!(
        errors(&root, &[&root.issue(homeless)])[0]
            .explanation()
            .to_string(),
        "the certificate cannot be verified: its extension 2.5.29.17 (subjectAltName) is damaged"
    );
    let host: &[Base<'_>] = &[(DNS, b"test")];
    let dotted = names(&[element(DNS, b"server..test")]);
    assert_eq!(found(host, &[], dotted), unreadable);
}

/// What webpki compares is compared here as it does: it refuses a path with directory names, of
/// which everything is permitted here, and accepts it without.
#[test]
fn hosts_and_addresses_are_compared_as_webpki_does() {
    let everybody: Base<'_> = (DIRECTORY, &[0x30, 0]);
    let hosts: Vec<(Vec<u8>, Vec<u8>)> = {
        let names = [
            "b.a", "c.b.a", "C.B.A", "*.b.a", "*.c.b.a", "d.c.b.a", "cb.a", "b.b.a",
        ];
        let bases = [
            "", "a", ".a", "b.a", "B.A", ".b.a", "c.b.a", ".c.b.a", "d.c.b.a", "cb.a", "x",
        ];
        let pair =
            |name: &str, base: &str| (element(DNS, name.as_bytes()), element(DNS, base.as_bytes()));
        let pairs = names
            .iter()
            .flat_map(|name| bases.iter().map(|base| pair(name, base)));
        pairs.collect()
    };
    let addresses = {
        let names: [&[u8]; 3] = [&[10, 1, 2, 3], &[11, 0, 0, 0], &[1; 16]];
        let network = |bytes: &[&[u8]]| bytes.concat();
        let bases = [
            network(&[&[0; 8]]),
            network(&[&[10, 0, 0, 0], &[255, 0, 0, 0]]),
            network(&[&[10, 1, 2, 3], &[255; 4]]),
            network(&[&[10, 0, 0, 0], &[254, 0, 0, 0]]),
            network(&[&[10, 128, 0, 0], &[255, 128, 0, 0]]),
            network(&[&[0; 32]]),
            network(&[&[1; 16], &[255; 16]]),
        ];
        let mut pairs = Vec::new();
        for name in names {
            pairs.extend(
                bases
                    .iter()
                    .map(|base| (element(IP, name), element(IP, base))),
            );
        }
        pairs
    };
    let root = Made::self_signed(authority("root"));
    let (mut good, mut bad) = (0, 0);
    for (name, base) in hosts.iter().chain(&addresses) {
        let mut named = leaf(&[]);
        let names = element(0x30, name);
        named.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], names)];
        let base: Base<'_> = (base[0], &base[2..]);
        for excluded in [false, true] {
            let judged = |more: &[Base<'_>]| {
                let constraints = match excluded {
                    true => constraints(more, &[base]),
                    false => constraints(&[more, &[base]].concat(), &[]),
                };
                let middle = root.issue(constrained("middle", &constraints));
                let below = middle.issue(named.clone());
                told(&errors(&root, &[&below, &middle]))
            };
            let webpki = judged(&[]);
            assert_eq!(
                judged(&[everybody]),
                webpki,
                "{name:02x?} {base:02x?} {excluded}"
            );
            match webpki[..] {
                [] => good += 1,
                [(NameConstraintViolation, 0)] => bad += 1,
                ref other => panic!("{other:?}"),
            }
        }
    }
    assert!(good > 50 && bad > 50, "{good} {bad}");
}

#[test]
fn a_path_with_more_comparisons_than_anybody_makes_is_refused() {
    let bases: Vec<Vec<u8>> = (0..600)
        .map(|i| format!("h{i}.test").into_bytes())
        .collect();
    let bases: Vec<Base<'_>> = bases.iter().map(|base| (DNS, &base[..])).collect();
    let root = Made::self_signed(constrained("root", &constraints(&[], &bases)));
    let hosts: Vec<String> = (0..600).map(|i| format!("n{i}.test")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let below = root.issue(leaf(&hosts));
    assert_eq!(told(&errors(&root, &[&below])), [(PathSearchExceeded, 0)]);
}

#[test]
fn the_constraints_of_the_anchor_that_has_signed_count_and_not_those_of_another_with_its_key() {
    let shared = KeyPair::generate().expect("key");
    let key = || KeyPair::try_from(shared.serialize_der()).expect("key");
    let anchor_for = |name: &str, to: &str| {
        let to = constraints(&[(DNS, to.as_bytes())], &[]);
        Made::self_signed_by(constrained(name, &to), key())
    };
    for count in [1, 3, 8, 16] {
        let anchor = anchor_for("root", "elsewhere.test");
        let other = anchor_for("other", HOST);
        let free = Made::self_signed_by(authority("free"), key());
        let chain = line_below(&anchor, count);
        for anchors in [
            &[&anchor][..],
            &[&anchor, &other],
            &[&other, &anchor],
            &[&free, &anchor],
        ] {
            let kinds = judging::found(trusting(anchors), &chain.iter().collect::<Vec<_>>());
            assert_eq!(kinds, [(NameConstraintViolation, 0)], "{count}");
        }
        let chain = line_below(&other, count);
        for anchors in [&[&anchor, &other][..], &[&other, &anchor]] {
            assert_eq!(
                judging::found(trusting(anchors), &chain.iter().collect::<Vec<_>>()),
                [],
                "{count}"
            );
        }
        let chain = line_below(&free, count);
        for anchors in [&[&anchor, &free][..], &[&free, &anchor]] {
            assert_eq!(
                judging::found(trusting(anchors), &chain.iter().collect::<Vec<_>>()),
                [],
                "{count}"
            );
        }
    }
}

/// A leaf, and so many intermediates above it, below this authority.
fn line_below(top: &Made, count: usize) -> Vec<Made> {
    let mut chain: Vec<Made> = Vec::new();
    for i in 0..count {
        let issuer = chain.first().unwrap_or(top);
        chain.insert(0, issuer.issue(authority(&format!("{i}"))));
    }
    chain.insert(0, chain[0].issue(leaf(&[HOST])));
    chain
}
