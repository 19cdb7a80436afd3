//! What `sslcore` proposes when a certificate is not acceptable: it is followed, and the error that it
//! is for must be gone.

mod common;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::program::{Door, Run, connect, file, run};
use common::{both, server};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
};
use rustls_pki_types::CertificateDer;
use serde_json::Value;
use sslcore::{Certificate, VerifyMode};
use sslcore_tests::cases::cases;
use sslcore_tests::certs::{Identity, WORLD, pem};
use sslcore_tests::chains::{Family, HOST, Made, authority};
use sslcore_tests::useless::useless;

type Kinds = BTreeSet<String>;

/// Certificates in files, and all that could be given to somebody who looks for an authority.
struct Story {
    name: String,
    chain: PathBuf,
    arguments: Vec<String>,
    known: Vec<CertificateDer<'static>>,
}

fn pem_file(ders: &[CertificateDer<'static>]) -> PathBuf {
    let text: String = ders.iter().map(|der| pem("CERTIFICATE", der)).collect();
    file("some.pem", text.as_bytes())
}

fn path(path: &Path) -> String {
    path.to_str().expect("a path").to_owned()
}

impl Story {
    fn new(
        name: impl Into<String>,
        anchors: &[CertificateDer<'static>],
        chain: &[CertificateDer<'static>],
    ) -> Self {
        let mut arguments = vec!["--at".to_owned(), "2026-01-01".to_owned()];
        // An authority that has to do with nothing: else the system's would count.
        let nobody = [WORLD.ca.der()];
        let anchors = if anchors.is_empty() { &nobody } else { anchors };
        arguments.extend(["--ca".to_owned(), path(&pem_file(anchors))]);
        Self {
            name: name.into(),
            chain: pem_file(chain),
            arguments,
            known: [anchors, chain].concat(),
        }
    }

    fn of(name: &str, anchors: &[&Made], chain: &[&Made]) -> Self {
        let ders = |made: &[&Made]| -> Vec<_> { made.iter().map(|it| it.der.clone()).collect() };
        Self::new(name, &ders(anchors), &ders(chain))
    }

    fn knowing(mut self, more: &[&Made]) -> Self {
        self.known.extend(more.iter().map(|it| it.der.clone()));
        self
    }

    fn judged(&self, arguments: &[String]) -> Judged {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
        command.arg("verify").arg(&self.chain).arg("--json");
        let run = run(command.args(&self.arguments).args(arguments), b"");
        let out = String::from_utf8(run.stdout).expect("UTF-8");
        let said = format!("{}: {arguments:?}: {out}{}", self.name, run.stderr);
        assert!(matches!(run.code, Some(0 | 4)), "{said}");
        Judged::read(&out, said)
    }

    /// A file with the certificate that a remedy speaks of, if it is known.
    fn file_of(&self, why: &str) -> Option<String> {
        let (_, subject) = why.split_once("the certificate of ").expect("a subject");
        let mut known = self.known.iter();
        let der = known.find(|der| {
            let certificate = Certificate::from((*der).clone());
            certificate.subject().map(|it| it.to_string()).as_deref() == Some(subject)
        });
        der.map(|der| path(&pem_file(std::slice::from_ref(der))))
    }
}

struct Judged {
    errors: Kinds,
    remedies: Vec<Value>,
    said: String,
}

impl Judged {
    /// Out of the object with the certificates.
    fn read(lines: &str, said: String) -> Self {
        let objects = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect(line));
        let mut objects = objects.filter(|it: &Value| it["event"] == "certificates");
        let told = objects.next().unwrap_or_else(|| panic!("{said}"));
        let list = |value: &Value| value.as_array().expect("a list").clone();
        let mut errors = list(&told["errors"]);
        for certificate in list(&told["chain"]) {
            errors.extend(list(&certificate["errors"]));
        }
        Self {
            errors: errors.iter().map(|error| text(&error["kind"])).collect(),
            remedies: list(&told["remedies"]),
            said,
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn mended(remedy: &Value) -> Kinds {
    let kinds = remedy["mends"].as_array().expect("a list");
    kinds.iter().map(text).collect()
}

fn with(change: impl FnOnce(&mut CertificateParams)) -> Family {
    Family::with(|_, leaf| change(leaf))
}

fn named(names: &[&'static str]) -> Family {
    with(|leaf| {
        let names = names.iter();
        let names = names.map(|name| SanType::DnsName((*name).try_into().expect("ASCII")));
        leaf.subject_alt_names = names.collect();
    })
}

fn stories() -> Vec<Story> {
    let mut stories = Vec::new();
    for case in cases() {
        let mut story = Story::new(case.name, &case.anchors, &case.chain);
        for list in &case.lists {
            let list = file("list.crl", list.der());
            story.arguments.extend(["--crl".to_owned(), path(&list)]);
        }
        stories.push(story);
    }
    for key in useless() {
        let (root, leaf) = key.certified();
        stories.push(Story::of(key.name, &[&root], &[&leaf]));
    }
    let good = Family::new();
    let (root, middle, leaf) = (&good.root, &good.middle, &good.leaf);
    stories.push(Story::of("unknown root", &[], &[leaf, middle]).knowing(&[root]));
    stories.push(Story::of("no intermediate", &[], &[leaf]).knowing(&[root, middle]));
    stories.push(Story::of("with its root", &[], &[leaf, middle, root]));
    for (name, family) in [
        ("an address as a DNS name", named(&["192.0.2.1"])),
        ("a wildcard with one label", named(&["*.test"])),
        (
            "wildcards",
            named(&["*.test", "*.good.test", "mail.test", "srv.test."]),
        ),
        ("a dot at the end", named(&["server.test.", "other.test."])),
        ("no names", named(&[])),
        (
            "a client's",
            with(|leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
        ),
        (
            "for encryption",
            with(|leaf| leaf.key_usages = vec![KeyUsagePurpose::KeyEncipherment]),
        ),
        (
            "for encryption, and a client's",
            with(|leaf| {
                leaf.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
                leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
        ),
        (
            "an authority",
            with(|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        ),
    ] {
        let chain = [&family.leaf, &family.middle];
        stories.push(Story::of(name, &[&family.root], &chain));
    }
    let mut issues_nothing = authority("root");
    issues_nothing.is_ca = IsCa::NoCa;
    issues_nothing.key_usages = Vec::new();
    let root = Made::self_signed(issues_nothing);
    let leaf = root.issue(sslcore_tests::chains::leaf(&[HOST]));
    stories.push(Story::of("a root that may not issue", &[&root], &[&leaf]));
    let own = Made::self_signed(authority("own"));
    stories.push(Story::of("an authority alone, trusted", &[&own], &[&own]));
    stories.push(Story::of("an authority alone", &[], &[&own]));
    let mut home = sslcore_tests::chains::leaf(&[HOST]);
    home.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = Made::self_signed(home);
    stories.push(Story::of("an authority that is a server", &[], &[&own]));
    let own = Made::self_signed(sslcore_tests::chains::leaf(&[HOST]));
    stories.push(Story::of("self-signed", &[], &[&own]));
    stories
}

#[test]
fn what_is_proposed_makes_the_error_go_away_that_it_is_for() {
    let mut followed = BTreeSet::new();
    for story in stories() {
        for host in [&[][..], &["--host", "x.test"]] {
            let host: Vec<String> = host.iter().map(ToString::to_string).collect();
            let before = story.judged(&host);
            for remedy in &before.remedies {
                let mended = mended(remedy);
                assert!(!mended.is_empty(), "{}", before.said);
                assert!(mended.is_subset(&before.errors), "{}", before.said);
                let Some(option) = remedy["option"].as_str() else {
                    continue;
                };
                let why = text(&remedy["why"]);
                let (option, value) = option.split_once(' ').expect("an option and a value");
                let value = match value.split_once(", where NAME is one of *.") {
                    Some((_, domain)) => format!("any.{domain}"),
                    None if value == "FILE" => match story.file_of(&why) {
                        Some(file) => file,
                        None => continue,
                    },
                    None => value.to_owned(),
                };
                let more = [option.to_owned(), value];
                let arguments = match option {
                    "--host" => more.to_vec(),
                    _ => [&host[..], &more].concat(),
                };
                let after = story.judged(&arguments);
                let left: Vec<_> = after.errors.intersection(&mended).collect();
                assert!(
                    left.is_empty(),
                    "{left:?} left: {}{}",
                    before.said,
                    after.said
                );
                followed.insert(option.to_owned());
            }
        }
    }
    assert_eq!(Vec::from_iter(followed), ["--ca", "--host", "--purpose"]);
}

#[test]
fn every_error_has_a_remedy_but_those_that_hide_behind_another() {
    for story in stories() {
        for host in [HOST, "x.test"] {
            let judged = story.judged(&["--host".to_owned(), host.to_owned()]);
            let mended: Kinds = judged.remedies.iter().flat_map(mended).collect();
            let mut left: Kinds = judged.errors.difference(&mended).cloned().collect();
            // What is wrong with it shows when the others are mended.
            left.remove("Unspecified");
            let unreadable = judged.errors.contains("UndecodableCertificate");
            if unreadable {
                left.remove("HostNameMismatch");
            }
            let useless = judged.remedies.len() == 1
                && text(&judged.remedies[0]["why"]).contains("no handshake works");
            assert!(left.is_empty() || useless, "{left:?}: {}", judged.said);
            let errors = !judged.errors.is_empty();
            let hidden = judged.errors.iter().all(|kind| kind == "Unspecified");
            assert_eq!(errors, !judged.remedies.is_empty() || hidden && errors);
        }
    }
}

#[test]
fn a_remedy_is_for_what_is_wrong() {
    let stories = stories();
    let why = |name: &str, host: &str| {
        let story = stories.iter().find(|story| story.name == name);
        let story = story.unwrap_or_else(|| panic!("no story {name}"));
        let judged = story.judged(&["--host".to_owned(), host.to_owned()]);
        let options = judged.remedies.iter().map(|remedy| {
            let option = remedy["option"].as_str().unwrap_or_default();
            format!("{option} {}", text(&remedy["why"]))
        });
        options.collect::<Vec<_>>().join("\n")
    };
    for (name, host, wanted, unwanted) in [
        (
            "an address as a DNS name",
            "192.0.2.1",
            "IP address among",
            "--host",
        ),
        (
            "a wildcard with one label",
            "server.test",
            "two labels behind",
            "--host",
        ),
        (
            "a dot at the end",
            "server.test",
            "without a dot at its end",
            "--host",
        ),
        ("wildcards", "server.test", "--host mail.test", "of *.test"),
        (
            "wildcards",
            "server.test",
            "one of *.good.test",
            "srv.test.",
        ),
        (
            "no names",
            "server.test",
            "a common name does not count",
            "--host",
        ),
        (
            "for encryption",
            HOST,
            "has digitalSignature",
            "extended key usage",
        ),
        (
            "a client's",
            HOST,
            "extended key usage has serverAuth",
            "digitalSignature",
        ),
        ("an authority", HOST, "CA:FALSE", "extended key usage"),
        (
            "an authority alone, trusted",
            "own",
            "has digitalSignature",
            "CA:FALSE",
        ),
        (
            "an authority that is a server",
            HOST,
            "--ca FILE",
            "CA:FALSE",
        ),
        (
            "a root that may not issue",
            HOST,
            "CN=root, which is trusted, does",
            "--ca",
        ),
        (
            "unknown root",
            HOST,
            "--ca FILE where FILE has the certificate of CN=root",
            "own:",
        ),
        (
            "RSA of 1024 bits",
            "x.test",
            "no handshake works with this one",
            "--",
        ),
    ] {
        let told = why(name, host);
        assert!(told.contains(wanted), "{name}: {told:?}");
        assert!(!told.contains(unwanted), "{name}: {told:?}");
    }
    let both = why("for encryption, and a client's", HOST);
    assert!(both.contains("serverAuth") && both.contains("digitalSignature"));
}

/// Runs `sslcore connect --json` against a server with this certificate.
fn presented(identity: &Identity, arguments: &[String]) -> Run {
    let config = server()
        .identity(identity.chain.clone(), identity.key())
        .verify_mode(VerifyMode::None)
        .build()
        .expect("server");
    let door = Door::open();
    let mut command = connect(&door.address().to_string());
    command.arg("--json").args(arguments);
    both(|| run(&mut command, b""), || door.serve_any_end(&config)).0
}

#[test]
fn what_connect_proposes_makes_the_error_go_away_on_the_next_connection() {
    let root = vec!["--ca".to_owned(), path(&pem_file(&[WORLD.ca.der()]))];
    let other = vec!["--name".to_owned(), "other.test".to_owned()];
    let stranger = Certificate::from(WORLD.stranger.chain[0].clone());
    for (identity, arguments, proposals) in [
        (&WORLD.self_signed, [&root[..], &other].concat(), 3),
        (&WORLD.expired, [&root[..], &other].concat(), 2),
        (&WORLD.stranger, root.clone(), 3),
        (&WORLD.server, [&root[..], &other].concat(), 3),
    ] {
        let first = presented(identity, &arguments);
        assert_eq!(first.code, Some(4), "{}", first.stderr);
        let before = Judged::read(&first.stderr, first.stderr.clone());
        let options = before.remedies.iter().filter(|it| !it["option"].is_null());
        let mut count = 0;
        for remedy in options {
            count += 1;
            let option = text(&remedy["option"]);
            let (option, value) = option.split_once(' ').expect("an option and a value");
            let value = match value {
                // Nobody has the stranger's; whoever signed itself is there.
                "FILE" if stranger.der() == &identity.chain[0] => continue,
                "FILE" => path(&pem_file(&identity.chain)),
                value => value.to_owned(),
            };
            let more = vec![option.to_owned(), value];
            let arguments = match option {
                "--trust-sha256" => more,
                "--name" => [&root[..], &more].concat(),
                _ => [&arguments[..], &more].concat(),
            };
            let second = presented(identity, &arguments);
            let after = Judged::read(&second.stderr, second.stderr.clone());
            let mended = mended(remedy);
            assert!(!mended.is_empty(), "{}", before.said);
            assert!(after.errors.is_disjoint(&mended), "{}", after.said);
        }
        assert_eq!(count, proposals, "{}", before.said);
    }
}
