//! `sslcore connect` and whom it trusts: pins, names, authorities, modes, and what it shows.

mod common;

use std::io::Read;
use std::process::Command;

use common::program::{Door, Run, ca_file, connect, file, run};
use common::{LONG, both, server};
use rcgen::DnType;
use sslcore::VerifyMode;
use sslcore_tests::certs::{Ca, Identity, WORLD, pem, self_signed_with};
use sslcore_tests::peer::Scratch;

/// Runs it against a server with this certificate.
fn presented(identity: &Identity, arguments: &[&str]) -> Run {
    let door = Door::open();
    let mut command = connect(&door.address().to_string());
    command.args(arguments);
    served(identity, &door, &mut command)
}

fn served(identity: &Identity, door: &Door, command: &mut Command) -> Run {
    let config = server()
        .identity(identity.chain.clone(), identity.key())
        .verify_mode(VerifyMode::None)
        .build()
        .expect("server");
    let serve = || {
        let mut socket = door.serve_with(&config);
        let _ = socket.wait_for_encrypted(Some(LONG));
        let _ = socket.read_to_end(&mut Vec::new());
        socket.disconnect_from_host(LONG);
    };
    both(|| run(command, b""), serve).0
}

fn with_ca(identity: &Identity, arguments: &[&str]) -> Run {
    let ca = ca_file();
    let ca = ["--ca", ca.to_str().expect("a path")];
    presented(identity, &[&ca, arguments].concat())
}

/// The fingerprint that a run proposes to trust.
fn proposed(run: &Run) -> String {
    let (_, rest) = run
        .stderr
        .split_once("--trust-sha256 ")
        .expect("a proposal");
    rest.lines().next().expect("a line").to_owned()
}

#[test]
fn the_fingerprint_that_is_proposed_is_the_one_that_is_accepted() {
    let refused = with_ca(&WORLD.self_signed, &[]);
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    let pin = proposed(&refused);
    assert_eq!(pin.len(), 95);
    let plain = pin.replace(':', "").to_lowercase();
    for pin in [&pin, &plain] {
        let run = presented(&WORLD.self_signed, &["--trust-sha256", pin]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("the certificate is the pinned one"));
    }
}

#[test]
fn a_pin_accepts_no_other_certificate_however_good_it_is() {
    let pin = proposed(&with_ca(&WORLD.self_signed, &[]));
    let run = with_ca(&WORLD.server, &["--trust-sha256", &pin]);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    assert!(
        run.stderr.contains("none of those that were pinned"),
        "{}",
        run.stderr
    );
    assert_ne!(proposed(&run), pin);
}

#[test]
fn the_name_to_expect_can_be_another_than_the_host() {
    let good = with_ca(&WORLD.server, &["--name", "server.test"]);
    assert_eq!(good.code, Some(0), "{}", good.stderr);
    let bad = with_ca(&WORLD.server, &["--name", "other.test"]);
    assert_eq!(bad.code, Some(4), "{}", bad.stderr);
    assert!(bad.stderr.contains("the certificate is for another name"));
    assert!(
        bad.stderr.contains("  --name server.test\n"),
        "{}",
        bad.stderr
    );
    assert!(
        bad.stderr.contains("  --name 127.0.0.1\n"),
        "{}",
        bad.stderr
    );
    assert!(!bad.stderr.contains("--ca FILE"), "{}", bad.stderr);
}

#[test]
fn every_certificate_is_shown_with_its_errors() {
    let run = with_ca(&WORLD.expired, &["--name", "other.test"]);
    let wanted = [
        "Certificate 0: CN=leaf\n",
        "  issuer    CN=test root\n",
        "  names     DNS:server.test\n",
        "  valid     2025-01-01 00:00:00 UTC to 2025-06-01 00:00:00 UTC\n",
        "  SHA-256   ",
        "  error     the certificate has expired: it was valid until 2025-06-01 00:00:00 UTC; it is ",
        "  error     the certificate is for another name than other.test: it is for DNS:server.test\n",
        "What would make it acceptable\n",
        "  --trust-sha256 ",
        "  --name server.test\n",
        "a certificate that is valid now; this computer's clock says 20",
    ];
    let mut rest = &run.stderr[..];
    for part in wanted {
        rest = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("{part}: {}", run.stderr))
            .1;
    }
}

#[test]
fn query_shows_errors_and_goes_on_and_none_does_not_look() {
    let query = with_ca(&WORLD.stranger, &["--verify", "query"]);
    assert_eq!(query.code, Some(0), "{}", query.stderr);
    assert!(
        query
            .stderr
            .contains("error     the issuer of the certificate is not known")
    );
    assert!(
        query
            .stderr
            .contains("the certificate's errors are ignored")
    );
    assert!(!query.stderr.contains("What would"), "{}", query.stderr);
    let none = with_ca(&WORLD.stranger, &["--verify", "none"]);
    assert_eq!(none.code, Some(0), "{}", none.stderr);
    assert!(none.stderr.contains("the certificate was not verified"));
    assert!(none.stderr.contains("Certificate 0: CN=leaf\n"));
    assert!(!none.stderr.contains("  error  "), "{}", none.stderr);
}

#[test]
fn what_a_certificate_says_does_nothing_to_a_terminal() {
    let identity = self_signed_with(&["server.test"], |params| {
        let name = "\x1b[2Jmail\r\n\u{9b}31m\u{202e}example";
        params.distinguished_name.push(DnType::CommonName, name);
    });
    for arguments in [&["--verify", "query"][..], &["--verify", "query", "--json"]] {
        let run = presented(&identity, arguments);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("[2Jmail"), "{}", run.stderr);
        for bad in ['\x1b', '\r', '\u{9b}', '\u{202e}'] {
            assert!(!run.stderr.contains(bad), "{bad:?} in {:?}", run.stderr);
        }
    }
}

#[test]
fn our_own_certificate_is_presented() {
    let (cert, key) = (&WORLD.client.chain_pem(), &WORLD.client.key_pem());
    let both_in_one = file("both.pem", format!("{cert}{key}").as_bytes());
    let cert = file("cert.pem", cert.as_bytes());
    let key = file("key.pem", key.as_bytes());
    for (cert, key) in [(&cert, Some(&key)), (&both_in_one, None)] {
        let door = Door::open();
        let mut command = connect(&door.address().to_string());
        command.arg("--ca").arg(ca_file()).arg("--cert").arg(cert);
        if let Some(key) = key {
            command.arg("--key").arg(key);
        }
        let config = server()
            .verify_mode(VerifyMode::Verify)
            .build()
            .expect("server");
        let serve = || {
            let mut socket = door.serve_with(&config);
            socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
            let peer = socket.connection().peer_certificate().cloned();
            assert_eq!(peer.expect("a certificate").der(), &WORLD.client.chain[0]);
            socket.wait_for_disconnected(Some(LONG)).expect("ended");
        };
        let (run, ()) = both(|| run(&mut command, b""), serve);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
}

#[test]
fn an_error_is_shown_with_its_certificate_wherever_that_is_in_the_chain() {
    let mut chain = WORLD.server.chain.clone();
    chain.truncate(1);
    chain.extend_from_slice(&WORLD.self_signed.chain);
    chain.push(WORLD.ca.der());
    let identity = server().identity(chain, WORLD.server.key()).build();
    let door = Door::open();
    let mut command = connect(&door.address().to_string());
    command.args(["--name", "server.test", "--ca"]);
    let stranger = pem("CERTIFICATE", &WORLD.self_signed.chain[0]);
    command.arg(file("other.pem", stranger.as_bytes()));
    let serve = || door.serve_any_end(&identity.expect("server"));
    let (run, ()) = both(|| run(&mut command, b""), serve);
    assert_eq!(run.code, Some(4), "{}", run.stderr);
    let (before, behind) = run.stderr.split_once("Certificate 2: ").expect("three");
    let error = "  error     the chain ends in a self-signed certificate that is not trusted";
    assert!(!before.contains("  error  "), "{}", run.stderr);
    assert!(behind.contains(error), "{}", run.stderr);
}

#[cfg(all(feature = "native-roots", target_os = "linux"))]
#[test]
fn without_a_named_authority_the_systems_store_counts_wherever_the_environment_says_it_is() {
    let files = Scratch::new();
    let root = pem("CERTIFICATE", &WORLD.ca.der());
    let other = pem("CERTIFICATE", &Ca::new("another root").der());
    let good = files.file("good.pem", format!("{other}{root}"));
    let bad = files.file("bad.pem", other);
    let folder = files.path().join("folder");
    std::fs::create_dir(&folder).expect("a folder");
    files.file("folder/0123abcd.0", root);
    let folder = folder.to_str().expect("UTF-8");
    for (variables, code) in [
        (&[("SSL_CERT_FILE", &good[..])][..], 0),
        (&[("SSL_CERT_FILE", &bad)], 4),
        (&[("SSL_CERT_DIR", folder)], 0),
        (&[("SSL_CERT_FILE", &bad), ("SSL_CERT_DIR", folder)], 0),
    ] {
        let door = Door::open();
        let mut command = connect(&door.address().to_string());
        command.args(["--name", "server.test"]);
        command
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR");
        command.envs(variables.iter().copied());
        let run = served(&WORLD.server, &door, &mut command);
        assert_eq!(run.code, Some(code), "{variables:?}: {}", run.stderr);
    }
}

#[test]
fn the_server_is_asked_for_the_name_that_is_expected_unless_told_otherwise() {
    for (options, asked) in [
        (&[][..], Some("server.test")),
        (&["--sni", "other.test"], Some("other.test")),
        (&["--no-sni"], None),
    ] {
        let door = Door::open();
        // An address, which cannot be asked for.
        let mut command = connect(&door.address().to_string());
        command.args(["--name", "server.test", "--ca"]);
        command.arg(ca_file()).args(options);
        let serve = || {
            let mut socket = door.serve();
            socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
            let name = socket.connection().server_name().map(ToOwned::to_owned);
            socket.disconnect_from_host(LONG);
            name
        };
        let (run, name) = both(|| run(&mut command, b""), serve);
        assert_eq!(run.code, Some(0), "{options:?}: {}", run.stderr);
        assert_eq!(name.as_deref(), asked, "{options:?}");
    }
}
