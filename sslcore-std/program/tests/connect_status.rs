//! `sslcore connect`, `serve` and the question whether a certificate was revoked.
#![cfg(feature = "ocsp")]

mod common;
#[path = "../../tests/responder/mod.rs"]
mod responder;

use std::time::SystemTime;

use common::program::{Run, connect, run};
use common::served::{PROGRAM, served_as};
use rcgen::SerialNumber;
use responder::{Answer, revoked};
use sslcore_tests::certs::{NOW, pem};
use sslcore_tests::chains::{self, HOST, Made};
use sslcore_tests::peer::{Peer, Scratch};

/// An authority and a server's certificate by it.
struct Issued {
    authority: Made,
    leaf: Made,
}

impl Issued {
    fn new() -> Self {
        let authority = Made::self_signed(chains::authority("authority"));
        let mut leaf = chains::leaf(&[HOST]);
        leaf.serial_number = Some(SerialNumber::from(7));
        Self {
            leaf: authority.issue(leaf),
            authority,
        }
    }

    /// "Good", today: the program has a clock of its own.
    fn good(&self) -> Answer<'_> {
        let since_1970 = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
        let since_then = since_1970.as_secs() - NOW;
        let now = i64::try_from(since_then).expect("seconds since the tests' now");
        Answer {
            this_update: now - 1000,
            next_update: Some(now + 1000),
            ..Answer::good(&self.leaf, &self.authority)
        }
    }

    /// Connects with these options to `sslcore serve`, which staples this.
    fn presented(&self, response: Option<&Answer<'_>>, options: &[&str]) -> Run {
        let scratch = Scratch::new();
        let (cert, key) = scratch.identity(&self.leaf.identity(&[]));
        let ca = scratch.file("ca.pem", pem("CERTIFICATE", &self.authority.der));
        let list = self.authority.revoke(&[7], 2035);
        let crl = scratch.file("authority.crl", list.der());
        let stranger = Made::self_signed(chains::authority("stranger"));
        let strangers = scratch.file("stranger.crl", stranger.revoke(&[7], 2035).der());
        let response = response.map(|response| scratch.file("ocsp.der", response.sign()));
        let mut serve = vec!["--cert", &cert, "--key", &key, "--once"];
        if let Some(response) = &response {
            serve.extend(["--ocsp-response", response]);
        }
        let served = served_as(scratch, &serve);
        let options = options.iter().map(|option| match *option {
            "CRL" => &crl,
            "STRANGER'S" => &strangers,
            option => option,
        });
        let mut command = connect(&served.address.to_string());
        command.args(["--name", HOST, "--ca", &ca]).args(options);
        run(&mut command, b"hello")
    }
}

#[test]
fn a_good_response_is_shown_and_enough() {
    let issued = Issued::new();
    for options in [&[][..], &["--require-staple"]] {
        let run = issued.presented(Some(&issued.good()), options);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains(", OCSP good;"), "{}", run.stderr);
        assert_eq!(run.stdout, b"hello");
    }
    let run = issued.presented(Some(&issued.good()), &["--json"]);
    assert!(run.stderr.contains(r#""ocsp":"good""#), "{}", run.stderr);
}

#[test]
fn a_response_that_is_not_good_ends_it_whether_one_is_required_or_not() {
    let issued = Issued::new();
    let bad = Answer {
        status: revoked(None),
        ..issued.good()
    };
    for options in [&[][..], &["--require-staple"]] {
        let run = issued.presented(Some(&bad), options);
        assert_eq!(run.code, Some(4), "{}", run.stderr);
        let why = "the certificate was revoked";
        assert!(run.stderr.contains(why), "{}", run.stderr);
        assert_eq!(run.stdout, b"");
    }
}

#[test]
fn no_response_is_missed_if_one_is_required() {
    let issued = Issued::new();
    let run = issued.presented(None, &[]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stderr.contains("OCSP"), "{}", run.stderr);
    let run = issued.presented(None, &["--require-staple"]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let why = "no OCSP response was stapled to the certificate";
    assert!(run.stderr.contains(why), "{}", run.stderr);
}

#[test]
fn a_list_that_names_the_certificate_ends_it() {
    let run = Issued::new().presented(None, &["--crl", "CRL"]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let why = "the certificate was revoked by CN=authority";
    assert!(run.stderr.contains(why), "{}", run.stderr);
}

#[test]
fn a_list_of_other_certificates_is_said_to_be_unused() {
    let why = "the revocation list of CN=stranger (--crl) is not used: it is about no certificate";
    for json in [&[][..], &["--json"]] {
        let options = [&["--crl", "STRANGER'S"], json].concat();
        let run = Issued::new().presented(None, &options);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains(why), "{}", run.stderr);
    }
}

#[test]
fn who_judges_nothing_cannot_ask_for_a_status() {
    let issued = Issued::new();
    for option in [&["--require-staple"][..], &["--crl", "CRL"]] {
        let options = [&["--verify", "none"], option].concat();
        let run = issued.presented(None, &options);
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        assert!(run.stderr.contains("--verify none"), "{}", run.stderr);
    }
}

#[test]
fn what_is_no_response_is_not_stapled() {
    let scratch = Scratch::new();
    let (cert, key) = scratch.identity(&Issued::new().leaf.identity(&[]));
    let wrong = scratch.file("wrong.der", "no response");
    let text = scratch.file("text.pem", pem("OCSP RESPONSE", b"0"));
    let huge = scratch.file("huge.der", vec![0x30; 2_000_000]);
    for (file, why) in [
        (wrong.as_str(), "the OCSP response cannot be read"),
        (&text, "this is PEM"),
        (&huge, "too many for an OCSP response"),
        ("/nowhere", "No such file"),
    ] {
        let identity = ["serve", "--cert", &cert, "--key", &key];
        let args = [&identity[..], &["--ocsp-response", file]].concat();
        let mut server = Peer::start(PROGRAM, args, Scratch::new());
        assert_eq!(server.until_exit().code(), Some(1));
        let said = server.err();
        assert!(said.contains(why) && said.contains(file), "{said}");
    }
}
