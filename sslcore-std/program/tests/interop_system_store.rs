//! The system's own trust store, with a root of the test's in it or without: `/etc/ssl/certs` is
//! another folder in a mount namespace that the test has for itself.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use sslcore_tests::certs::{Ca, Identity, WORLD, pem};
use sslcore_tests::network::alone;
use sslcore_tests::openssl;
use sslcore_tests::peer::{Peer, Scratch};

/// Where Debian and most others have it.
const STORE: &str = "/etc/ssl/certs";

fn succeeds(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("start {program}: {error}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {output:?}"
    );
}

/// A folder in the place of the system's store, until it is dropped.
struct Store {
    _folder: Scratch,
}

impl Drop for Store {
    fn drop(&mut self) {
        // The namespace's end would do it too, but for others who see its mounts.
        let _ = Command::new("umount").arg(STORE).status();
    }
}

/// A new folder in the place of the system's store, with these files.
fn replace_store(files: &[(&str, String)]) -> Store {
    assert!(Path::new(STORE).is_dir(), "{STORE} is not there");
    let store = Scratch::new();
    for (name, contents) in files {
        store.file(name, contents);
    }
    let folder = store.path().to_str().expect("UTF-8");
    // As update-ca-certificates does.
    succeeds("openssl", &["rehash", folder]);
    succeeds("mount", &["--bind", folder, STORE]);
    Store { _folder: store }
}

/// A server's certificate behind an intermediate; the root is not sent.
fn behind_an_intermediate() -> Identity {
    let intermediate = WORLD.ca.intermediate("test intermediate");
    let mut identity = intermediate.leaf(&["server.test"]);
    identity.chain.push(intermediate.der());
    identity
}

/// Connects as who was told of no authority: the exit code, and what was told.
fn connect(identity: &Identity) -> (Option<i32>, String) {
    let (_server, address) = openssl::server(identity, &["-rev", "-cert_chain", "cert.pem"]);
    let address = address.to_string();
    // Without what would name another store.
    let unset = ["-u", "SSL_CERT_FILE", "-u", "SSL_CERT_DIR"];
    let program = [env!("CARGO_BIN_EXE_sslcore"), "connect", &address];
    let arguments = [&unset[..], &program, &["--name", "server.test"]].concat();
    let mut program = Peer::start("env", arguments, Scratch::new());
    program.hang_up();
    (program.until_exit().code(), program.err())
}

fn root_pem(ca: &Ca) -> String {
    pem("CERTIFICATE", &ca.der())
}

#[test]
fn a_chain_that_ends_in_a_root_of_the_systems_bundle_is_trusted() {
    alone(|| {
        let bundle = root_pem(&Ca::new("another root")) + &root_pem(&WORLD.ca);
        let _store = replace_store(&[("ca-certificates.crt", bundle)]);
        let (code, told) = connect(&behind_an_intermediate());
        assert_eq!(code, Some(0), "{told}");
    });
}

#[test]
fn a_chain_that_ends_in_a_root_of_the_systems_folder_is_trusted() {
    alone(|| {
        let _store = replace_store(&[
            ("another.pem", root_pem(&Ca::new("another root"))),
            ("ours.pem", root_pem(&WORLD.ca)),
        ]);
        let (code, told) = connect(&behind_an_intermediate());
        assert_eq!(code, Some(0), "{told}");
    });
}

#[test]
fn a_chain_whose_root_is_not_in_the_systems_store_is_refused() {
    alone(|| {
        let another = root_pem(&Ca::new("another root"));
        let _store = replace_store(&[("ca-certificates.crt", another)]);
        let (code, told) = connect(&behind_an_intermediate());
        assert_eq!(code, Some(4), "{told}");
        assert!(
            told.contains("the issuer of the certificate is not known"),
            "{told}"
        );
    });
}

#[test]
fn an_empty_store_trusts_nobody_and_says_so() {
    alone(|| {
        let _store = replace_store(&[]);
        let (code, told) = connect(&behind_an_intermediate());
        assert_eq!(code, Some(4), "{told}");
        assert!(told.contains("the system's trust store: "), "{told}");
    });
}
