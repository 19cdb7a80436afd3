//! `sslcore verify`: certificates in files, verified without a connection.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::program::{Run, file, run};
use rcgen::{ExtendedKeyUsagePurpose, SanType, date_time_ymd};
use sslcore_tests::certs::{NOW, pem};
use sslcore_tests::chains::{Family, HOST, Made, authority};
use sslcore_tests::peer::Scratch;

fn pem_of(made: &[&Made]) -> String {
    made.iter().map(|it| pem("CERTIFICATE", &it.der)).collect()
}

fn pem_file(made: &[&Made]) -> PathBuf {
    file("chain.pem", pem_of(made).as_bytes())
}

/// A family in files: the chain, and the root.
struct Files {
    family: Family,
    chain: PathBuf,
    root: PathBuf,
}

impl Files {
    fn of(family: Family) -> Self {
        Self {
            chain: pem_file(&[&family.leaf, &family.middle]),
            root: pem_file(&[&family.root]),
            family,
        }
    }

    /// Runs it on the chain, with the root trusted, at the tests' time.
    fn verify(&self, arguments: &[&str]) -> Run {
        let root = self.root.to_str().expect("a path");
        let trusted = ["--ca", root, "--at", "2026-01-01"];
        verify(&self.chain, &[&trusted, arguments].concat())
    }
}

fn verify(chain: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    command.arg("verify").arg(chain).args(arguments);
    run(&mut command, b"")
}

fn out(run: &Run) -> String {
    String::from_utf8(run.stdout.clone()).expect("UTF-8")
}

/// All of these, in this order.
#[track_caller]
fn assert_in_order(text: &str, wanted: &[&str]) {
    let mut rest = text;
    for part in wanted {
        let (_, behind) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("{part}: {text}"));
        rest = behind;
    }
}

#[test]
fn a_good_chain_is_shown_and_called_good() {
    let files = Files::of(Family::new());
    let run = files.verify(&["--host", HOST]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let text = out(&run);
    assert_in_order(
        &text,
        &[
            "Certificate 0: CN=leaf\n",
            "  issuer    CN=middle\n",
            "  names     DNS:server.test\n",
            "Certificate 1: CN=middle\n",
            "Good for server.test at 2026-01-01 00:00:00 UTC\n",
        ],
    );
    assert!(!text.contains("  error  "), "{text}");
    assert!(!text.contains("What would"), "{text}");
}

#[test]
fn every_error_is_a_sentence_below_its_certificate_and_remedies_follow() {
    let files = Files::of(Family::with(|middle, leaf| {
        middle.not_after = date_time_ymd(2025, 6, 1);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    }));
    let run = files.verify(&["--host", "other.test"]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let text = out(&run);
    assert_in_order(
        &text,
        &[
            "Certificate 0: CN=leaf\n",
            "  error     the certificate is not for this purpose: it is for clientAuth, and not for a \
             TLS server\n",
            "  error     the certificate is for another name than other.test: it is for \
             DNS:server.test\n",
            "Certificate 1: CN=middle\n",
            "  error     the certificate has expired: it was valid until 2025-06-01 00:00:00 UTC; \
             it is 2026-01-01 00:00:00 UTC\n",
            "What would make it acceptable\n",
            "  --host server.test\n",
            "  certificates that are valid at 2026-01-01 00:00:00 UTC\n",
            "Refused for other.test at 2026-01-01 00:00:00 UTC: 3 errors\n",
        ],
    );
    assert!(!text.contains("--trust-sha256"), "{text}");
}

#[test]
fn errors_stand_below_their_certificate_in_whatever_order_the_file_has_them() {
    let Family { root, middle, leaf } = Family::with(|middle, _| {
        middle.not_after = date_time_ymd(2025, 6, 1);
    });
    let chain = pem_file(&[&leaf, &root, &middle]);
    let root = pem_file(&[&root]);
    let root = root.to_str().expect("a path");
    let run = verify(&chain, &["--ca", root, "--at", "2026-01-01"]);
    assert_in_order(
        &out(&run),
        &[
            "Certificate 1: CN=root\n",
            "Certificate 2: CN=middle\n",
            "  error     the certificate has expired",
        ],
    );
}

#[test]
fn a_time_can_be_a_date_a_moment_or_seconds() {
    let files = Files::of(Family::with(|_, leaf| {
        leaf.not_after = date_time_ymd(2026, 3, 1);
    }));
    let root = files.root.to_str().expect("a path");
    let seconds = NOW.to_string();
    for (at, shown, code) in [
        ("2026-01-01", "2026-01-01 00:00:00 UTC", 0),
        (&seconds, "2026-01-01 00:00:00 UTC", 0),
        ("2026-03-01T00:00:00Z", "2026-03-01 00:00:00 UTC", 0),
        ("2026-03-01T00:00:01Z", "2026-03-01 00:00:01 UTC", 4),
        ("2026-03-01t01:30:00.25+01:30", "2026-03-01 00:00:00 UTC", 0),
        ("2026-02-28 23:00:00-02:00", "2026-03-01 01:00:00 UTC", 4),
        ("2024-02-29", "2024-02-29 00:00:00 UTC", 4),
        ("9999-12-31", "9999-12-31 00:00:00 UTC", 4),
        ("1970-01-01", "1970-01-01 00:00:00 UTC", 4),
    ] {
        let run = verify(&files.chain, &["--ca", root, "--at", at]);
        assert_eq!(run.code, Some(code), "{at}: {}", run.stderr);
        let text = out(&run);
        assert!(text.contains(&format!(" at {shown}")), "{at}: {text}");
    }
    for at in [
        "",
        "yesterday",
        "2026-02-30",
        "2026-13-01",
        "1969-12-31",
        "2026-1-1",
        "2026-01-01T",
        "2026-01-01T12:00:00",
        "2026-01-01T12:00:00.Z",
        "2026-01-01T24:00:00Z",
        "+026-01-01",
        "1970-01-01T00:00:00+01:00",
        "99999999999999999999",
        "999999999999",
    ] {
        let run = verify(&files.chain, &["--ca", root, "--at", at]);
        assert_eq!(run.code, Some(1), "{at:?}: {}", out(&run));
        assert!(run.stderr.contains("it must be a date"), "{}", run.stderr);
    }
}

#[test]
fn without_a_host_no_name_is_compared_and_that_is_said() {
    let files = Files::of(Family::new());
    let run = files.verify(&[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let said = "Good for a server at 2026-01-01 00:00:00 UTC: its names were not compared";
    assert!(out(&run).contains(said), "{}", out(&run));
}

#[test]
fn a_clients_certificate_is_judged_as_one() {
    let files = Files::of(Family::with(|_, leaf| {
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    }));
    assert_eq!(files.verify(&[]).code, Some(4));
    let run = files.verify(&["--purpose", "client"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(out(&run).contains("Good for a client at "), "{}", out(&run));
    let run = files.verify(&["--purpose", "client", "--host", HOST]);
    assert_eq!(run.code, Some(1), "{}", out(&run));
    assert!(run.stderr.contains("--host is for servers'"));
}

#[test]
fn a_revoked_certificate_is_refused_with_its_authoritys_list() {
    let files = Files::of(Family::with(|_, leaf| {
        leaf.serial_number = Some(8u64.into())
    }));
    let middle = &files.family.middle;
    for (serial, code) in [(8, 4), (9, 0)] {
        let list = middle.revoke(&[serial], 2030);
        for content in [
            list.der().to_vec(),
            pem("X509 CRL", list.der()).into_bytes(),
        ] {
            let list = file("list.crl", &content);
            let run = files.verify(&["--crl", list.to_str().expect("a path")]);
            assert_eq!(run.code, Some(code), "{serial}: {}", run.stderr);
            let told = out(&run).contains("  error     the certificate was revoked by CN=middle\n");
            assert_eq!(told, code == 4, "{}", out(&run));
        }
    }
    // One of an authority that is none of the chain's changes nothing, and that is said.
    let stranger = Made::self_signed(authority("stranger"));
    let unused = "the revocation list of CN=stranger (--crl) is not used";
    for (by, told) in [(middle, false), (&stranger, true)] {
        let list = file("list.crl", by.revoke(&[9], 2030).der());
        let run = files.verify(&["--crl", list.to_str().expect("a path")]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stderr.contains(unused), told, "{}", run.stderr);
    }
    let no_list = files.verify(&["--crl", files.root.to_str().expect("a path")]);
    assert_eq!(no_list.code, Some(1));
    let said = "there is no certificate revocation list in it, only: CERTIFICATE";
    assert!(no_list.stderr.contains(said), "{}", no_list.stderr);
}

#[test]
fn intermediates_can_come_in_files_of_their_own() {
    let Family { root, middle, leaf } = Family::new();
    let (leaf, middle, root) = (pem_file(&[&leaf]), pem_file(&[&middle]), pem_file(&[&root]));
    let root = root.to_str().expect("a path");
    let middle = middle.to_str().expect("a path");
    let common = ["--ca", root, "--at", "2026-01-01"];
    let alone = verify(&leaf, &common);
    assert_eq!(alone.code, Some(4), "{}", alone.stderr);
    assert_in_order(
        &out(&alone),
        &[
            "  error     the issuer of the certificate is not known: neither a trust anchor nor the \
             peer's chain has CN=middle\n",
            "  --ca FILE\n",
            "Refused for a server at 2026-01-01 00:00:00 UTC: 2 errors\n",
        ],
    );
    let both = verify(&leaf, &[&[middle][..], &common].concat());
    assert_eq!(both.code, Some(0), "{}", out(&both));
}

#[test]
fn a_root_that_is_put_into_a_folder_is_trusted_from_then_on() {
    let folder = Scratch::new();
    let Family { root, middle, leaf } = Family::new();
    let other = Made::self_signed(authority("other root"));
    folder.file("other.pem", pem_of(&[&other]));
    let chain = pem_file(&[&leaf, &middle]);
    let path = folder.path().to_str().expect("a path");
    let run = |chain: &Path| verify(chain, &["--ca", path, "--at", "2026-01-01", "--host", HOST]);
    assert_eq!(run(&chain).code, Some(4));
    folder.file("root.pem", pem_of(&[&root]));
    let trusted = run(&chain);
    assert_eq!(trusted.code, Some(0), "{}", out(&trusted));
}

#[test]
fn programs_read_two_objects() {
    let files = Files::of(Family::new());
    for (host, code) in [(HOST, 0), ("other.test", 4)] {
        let run = files.verify(&["--host", host, "--json"]);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        let text = out(&run);
        let [certificates, verdict] = text.lines().collect::<Vec<_>>()[..] else {
            panic!("{text}");
        };
        assert!(certificates.starts_with(r#"{"event":"certificates","chain":[{"depth":0,"#));
        let kind = r#""errors":[{"kind":"HostNameMismatch","code":22,"why":"the certificate is for another name than other.test: it is for DNS:server.test"}]"#;
        assert_eq!(certificates.contains(kind), code == 4, "{certificates}");
        let expected = format!(
            r#"{{"event":"verdict","good":{},"host":"{host}","purpose":"server","at":{NOW}}}"#,
            code == 0
        );
        assert_eq!(verdict, expected);
    }
}

#[test]
fn what_cannot_be_loaded_is_a_usage_error() {
    let files = Files::of(Family::new());
    let nowhere = verify(Path::new("nowhere.pem"), &[]);
    assert_eq!(nowhere.code, Some(1));
    let said = "error: \"nowhere.pem\": this file does not exist\n";
    assert_eq!(nowhere.stderr, said);
    let key = file(
        "key.pem",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    for run in [
        verify(&key, &[]),
        files.verify(&["--host", "no host"]),
        files.verify(&["--ca", "nowhere"]),
        files.verify(&["--crl", "nowhere"]),
    ] {
        assert_eq!(run.code, Some(1), "{}", out(&run));
        assert!(run.stdout.is_empty(), "{}", out(&run));
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    }
    let mut bare = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    assert_eq!(common::program::run(bare.arg("verify"), b"").code, Some(1));
}

#[test]
fn what_a_certificate_says_does_nothing_to_a_terminal() {
    let name = "\x1b[2Jmail\r\n\u{9b}31m\u{202e}example";
    let files = Files::of(Family::with(|_, leaf| {
        leaf.distinguished_name
            .push(rcgen::DnType::CommonName, name);
        leaf.not_after = date_time_ymd(2025, 6, 1);
    }));
    for arguments in [&[][..], &["--json"]] {
        let run = files.verify(arguments);
        assert_eq!(run.code, Some(4), "{}", run.stderr);
        let text = out(&run);
        assert!(text.contains("[2Jmail"), "{text}");
        for bad in ['\x1b', '\r', '\u{9b}', '\u{202e}'] {
            assert!(!text.contains(bad), "{bad:?} in {text:?}");
        }
    }
}

#[test]
fn a_name_that_would_do_something_in_a_shell_is_not_proposed() {
    let files = Files::of(Family::with(|_, leaf| {
        let names = ["*.$(reboot)", "good.example", "x;reboot", "*.good.example"];
        leaf.subject_alt_names = names
            .map(|name| SanType::DnsName(name.try_into().expect("ASCII")))
            .into();
    }));
    let run = files.verify(&["--host", "other.example", "--json"]);
    let text = out(&run);
    let (_, proposed) = text.split_once("\"remedies\":").expect("remedies");
    let (proposed, _) = proposed.split_once('\n').expect("a line");
    assert!(proposed.contains("--host good.example"), "{proposed}");
    assert!(proposed.contains("one of *.good.example"), "{proposed}");
    assert!(!proposed.contains("reboot"), "{proposed}");
}

#[test]
fn of_many_names_a_few_are_proposed() {
    let files = Files::of(Family::with(|_, leaf| {
        let names = (0..100).map(|n| format!("mail{n}.example"));
        leaf.subject_alt_names = names
            .map(|name| SanType::DnsName(name.try_into().expect("ASCII")))
            .collect();
    }));
    let text = out(&files.verify(&["--host", "other.example"]));
    assert_eq!(text.matches("--host mail").count(), 4, "{text}");
}

#[test]
fn a_chain_that_begins_with_its_root_is_judged_by_its_leaf() {
    let files = Files::of(Family::new());
    let Family { root, middle, leaf } = &files.family;
    let backwards = pem_file(&[root, middle, leaf]);
    let root = files.root.to_str().expect("a path");
    let arguments = ["--ca", root, "--at", "2026-01-01", "--host", HOST];
    let run = verify(&backwards, &arguments);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let warning = "warning: the first certificate has issued others";
    assert!(run.stderr.starts_with(warning), "{}", run.stderr);
    let run = verify(&files.chain, &arguments);
    assert_eq!((run.code, &*run.stderr), (Some(0), ""));
}
