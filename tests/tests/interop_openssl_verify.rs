//! The chains of the list, judged by us and by `openssl verify`: the same are refused, for the
//! same reasons, or it is said here why not. And chains made at random, in disorder and with others
//! mixed in.

use std::collections::BTreeSet;
use std::process::Command;

use rustls_pki_types::CertificateDer;
use sslcore::{ClientConfig, PeerName};
use sslcore_tests::cases::{Case, cases};
use sslcore_tests::certs::{NOW, pem};
use sslcore_tests::chains::HOST;
use sslcore_tests::flaws::{Flaw, Flawed, Keys, Wrong};
use sslcore_tests::judging::now;
use sslcore_tests::pair::backend;
use sslcore_tests::peer::Scratch;

/// A reason, by our name, and its place in the chain.
type Reasons = BTreeSet<String>;

/// What `openssl verify` finds: nothing, or its errors.
fn openssl(case: &Case) -> Reasons {
    let scratch = Scratch::new();
    let all = |certificates: &[CertificateDer<'static>]| -> String {
        let blocks = certificates.iter().map(|der| pem("CERTIFICATE", der));
        blocks.collect()
    };
    let mut lists = String::new();
    for list in &case.lists {
        lists += &pem("X509 CRL", list.der());
    }
    let (leaf, rest) = case.chain.split_at(1);
    let anchors = scratch.file("anchors.pem", all(&case.anchors));
    let untrusted = scratch.file("untrusted.pem", all(rest));
    let leaf = scratch.file("leaf.pem", all(leaf));
    let lists = scratch.file("lists.pem", lists);
    let mut command = Command::new("openssl");
    command
        .args([
            "verify",
            "-no-CApath",
            "-no-CAstore",
            "-purpose",
            "sslserver",
        ])
        .args(["-verify_hostname", HOST, "-attime", &NOW.to_string()])
        // A trust anchor need not be a root, and what is weak is weak.
        .args(["-partial_chain", "-auth_level", "2"]);
    match case.anchors.is_empty() {
        true => command.arg("-no-CAfile"),
        false => command.args(["-CAfile", &anchors]),
    };
    if !rest.is_empty() {
        command.args(["-untrusted", &untrusted]);
    }
    if !case.lists.is_empty() {
        command.args(["-crl_check_all", "-CRLfile", &lists]);
    }
    let output = command.arg(&leaf).output().expect("run openssl");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let reasons: Reasons = said.lines().filter_map(reason).collect();
    assert_eq!(
        output.status.success(),
        reasons.is_empty(),
        "{}: {output:?}",
        case.name
    );
    reasons
}

/// `error 10 at 0 depth lookup: certificate has expired`
fn reason(line: &str) -> Option<String> {
    let (code, rest) = line.strip_prefix("error ")?.split_once(" at ")?;
    let (depth, text) = rest.split_once(" depth lookup: ")?;
    let kind = match code {
        "2" | "20" => "UnableToGetLocalIssuerCertificate",
        "7" => "CertificateSignatureFailed",
        "9" => "CertificateNotYetValid",
        "10" => "CertificateExpired",
        "13" => "InvalidNotBeforeField",
        "14" => "InvalidNotAfterField",
        "18" => "SelfSignedCertificate",
        "19" => "SelfSignedCertificateInChain",
        "21" => "UnableToVerifyFirstCertificate",
        "3" | "8" | "12" => "CertificateStatusUnknown",
        "23" => "CertificateRevoked",
        "79" | "32" => "InvalidCaCertificate",
        "25" => "PathLengthExceeded",
        "26" => "InvalidPurpose",
        "47" | "48" => "NameConstraintViolation",
        "62" => "HostNameMismatch",
        "66" | "67" | "68" => "UnsupportedAlgorithm",
        _ => text,
    };
    Some(format!("{kind} {depth}"))
}

/// Where OpenSSL finds something else: which chain, what, and why.
const DIFFERENCES: [(&str, &[&str], &str); 6] = [
    (
        "never valid together",
        &["CertificateExpired 0"],
        "we cannot look behind the dates, and say so",
    ),
    (
        "issuer not sent",
        &["UnableToGetLocalIssuerCertificate 0"],
        "Qt tells both; this program stops at the first",
    ),
    (
        "issuer is no authority",
        &["InvalidCaCertificate 1", "InvalidPurpose 1"],
        "to issue is a purpose of its own in OpenSSL",
    ),
    (
        "issuer must not sign certificates",
        &["InvalidCaCertificate 1", "InvalidPurpose 1"],
        "to issue is a purpose of its own in OpenSSL",
    ),
    (
        "an authority's",
        &[],
        "OpenSSL lets an authority serve with its own certificate; webpki does not",
    ),
    (
        "all at once",
        &["UnableToGetLocalIssuerCertificate 1"],
        "this program stops when an issuer is not known",
    ),
];

/// The one chain that we refuse and OpenSSL does not.
const REFUSED_BY_US: [&str; 1] = ["an authority's"];

#[test]
fn openssl_refuses_the_same_chains_for_the_same_reasons() {
    let mut wrong = Vec::new();
    for case in cases() {
        // That these are what we find is a test of its own, in listed_chains.rs.
        let ours: Reasons = case
            .errors
            .iter()
            .map(|(kind, depth)| format!("{kind:?} {depth}"))
            .collect();
        let known = DIFFERENCES.iter().find(|(name, ..)| *name == case.name);
        let expected = match known {
            Some((_, theirs, _)) => theirs.iter().map(ToString::to_string).collect(),
            None => ours.clone(),
        };
        let theirs = openssl(&case);
        if theirs != expected || (known.is_some() && theirs == ours) {
            wrong.push(format!("{}: {theirs:?}, and not {expected:?}", case.name));
        }
        let as_we_do = ours.is_empty() == theirs.is_empty();
        assert_eq!(
            as_we_do,
            !REFUSED_BY_US.contains(&case.name),
            "{}",
            case.name
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_difference_is_about_a_chain_of_the_list() {
    let names: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    for (name, _, why) in DIFFERENCES {
        assert!(names.contains(name), "{name}: {why}");
    }
    assert_eq!(names.len(), cases().len(), "every name is there once");
}

/// Numbers that look random, the same ones each time (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        let Self(state) = self;
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// Flaws that this program looks for, too, and takes for some: see [`DIFFERENCES`].
fn common_flaws() -> Vec<Flaw> {
    use Wrong::{Authority, Blocked, NotPinned, Revoked, StaleList, TooLong};
    let ours = [Authority, Blocked, NotPinned, Revoked, StaleList, TooLong];
    let all = Flaw::all().into_iter();
    all.filter(|flaw| !ours.contains(&flaw.wrong)).collect()
}

fn is_good(case: &Case) -> bool {
    let config = ClientConfig::builder(backend()).trust_anchors(case.anchors.clone());
    let config = config.build().expect("a configuration");
    let host = PeerName::new(HOST).expect("a name");
    let errors = config.verify_chain(&case.chain, Some(&host), Some(now()));
    errors.is_empty()
}

#[test]
fn openssl_agrees_about_chains_made_at_random() {
    let mut dice = Dice(1);
    let (keys, others) = (Keys::new(), Keys::new());
    let flaws = common_flaws();
    let (good, strange) = (Flawed::new(&keys, &[]), Flawed::new(&others, &[]));
    let (mut accepted, mut refused, mut found_by_us) = (0, 0, 0);
    for round in 0..240 {
        let one = flaws[dice.below(flaws.len())];
        let two = flaws[dice.below(flaws.len())];
        let wrong = match dice.below(3) {
            0 => vec![],
            1 if one.goes_with(two) => vec![one, two],
            _ => vec![one],
        };
        let flawed = Flawed::new(&keys, &wrong);
        let mut chain: Vec<_> = flawed.chain.iter().map(|made| made.der.clone()).collect();
        let mut spared = false;
        for at in 1..3 {
            // The same authority without a flaw, another one of its name, and one twice.
            if dice.one_in(4) {
                chain.push(good.chain[at].der.clone());
                spared = true;
            }
            if dice.one_in(4) {
                chain.push(strange.chain[at].der.clone());
            }
            if dice.one_in(4) {
                chain.push(chain[chain.len() - 1].clone());
            }
        }
        dice.shuffle(&mut chain[1..]);
        let case = Case {
            name: "at random",
            anchors: flawed.anchors.clone(),
            chain,
            lists: Vec::new(),
            errors: Vec::new(),
        };
        let (ours, theirs) = (is_good(&case), openssl(&case).is_empty());
        let story = format!("round {round}: {wrong:?}");
        if wrong.is_empty() {
            assert!(ours, "{story}: nothing is wrong");
        } else if !spared {
            assert!(!ours, "{story}: nothing spares it");
        }
        match (ours, theirs) {
            (true, true) => accepted += 1,
            (false, false) => refused += 1,
            // OpenSSL does not go back when an issuer leads nowhere.
            (true, false) if case.chain.len() > flawed.chain.len() => found_by_us += 1,
            _ => panic!("{story}: good to us: {ours}, to OpenSSL: {theirs}"),
        }
    }
    assert!(accepted > 40 && refused > 80, "{accepted}, {refused}");
    assert!(found_by_us < 60, "{found_by_us}");
}
