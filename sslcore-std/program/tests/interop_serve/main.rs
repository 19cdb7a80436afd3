//! Clients of others against `sslcore serve`.

#[path = "../common/mod.rs"]
mod common;

use std::fs;
use std::net::SocketAddr;

use common::served::{Served, served, served_in};
use common::{VERSIONS, pattern};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::{gnutls, openssl};

/// The arguments with which the server wants certificates by the tests' root.
const WANT_CERTIFICATES: [&str; 2] = ["--client-ca", "ca.pem"];

/// Files of the tests' root and of a client.
struct Files {
    scratch: Scratch,
    ca: String,
    cert: String,
    key: String,
}

impl Files {
    fn new(identity: &Identity) -> Self {
        let scratch = Scratch::new();
        Self {
            ca: scratch.file("ca.pem", openssl::ca_pem()),
            cert: scratch.file("client.pem", identity.chain_pem()),
            key: scratch.file("client.key", identity.key_pem()),
            scratch,
        }
    }
}

/// Runs a program that must end well, and gives what it printed.
fn run(program: &str, args: &[&str], scratch: Scratch) -> Peer {
    let mut client = end(program, args, scratch);
    let status = client.until_exit();
    assert!(status.success(), "{program}: {status}: {}", client.log());
    client
}

fn end(program: &str, args: &[&str], scratch: Scratch) -> Peer {
    let mut client = Peer::start(program, args.iter().copied(), scratch);
    client.hang_up();
    client
}

/// Lines that no program takes for commands: s_client has some of one letter.
fn lines() -> String {
    (0..20_000).map(|i| format!("line {i}\n")).collect()
}

/// What is said comes back, to the last line.
fn converse(client: &Peer) {
    client.say("the first\n");
    client.until_said("the first\n");
    client.say(lines());
    client.until_said("line 19999\n");
}

#[test]
fn openssl_verifies_talks_and_closes() {
    for (version, option) in openssl::VERSIONS {
        let mut server = served(&["--once"]);
        let mut client = openssl::client(server.address, &[option]);
        converse(&client);
        client.until_said("Verify return code: 0 (ok)");
        assert!(client.said("Verified peername: server.test"));
        client.hang_up();
        assert!(client.until_exit().success());
        let received = openssl::received(&client);
        assert!(!received.iter().any(|name| name.starts_with("fatal")));
        assert_eq!(server.exit_code(), Some(0), "{version}");
        server.until_told(&[version, "bytes echoed"]);
    }
}

#[test]
fn openssl_gets_back_every_byte() {
    for (_, option) in openssl::VERSIONS {
        let server = served(&[]);
        let files = Files::new(&WORLD.client);
        let address = server.address.to_string();
        // Without its own words among the data; it stays until the server ends.
        let args = ["s_client", "-quiet", "-connect", &address, option];
        let verified = ["-CAfile", &files.ca, "-verify_return_error"];
        let client = Peer::start("openssl", [&args[..], &verified].concat(), files.scratch);
        let lines = lines();
        client.say(lines.clone());
        client.until("all of it", |client| client.said_much(lines.len()));
        assert!(client.out() == lines.as_bytes());
    }
}

#[test]
fn openssl_shows_its_certificate_when_it_is_asked() {
    for (version, option) in openssl::VERSIONS {
        let server = served(&WANT_CERTIFICATES);
        let client = openssl::client_as(&WORLD.client, server.address, &[option]);
        converse(&client);
        drop(client);
        server.until_told(&[version, "client certificate CN=leaf (no errors)"]);

        let mut nobody = openssl::client(server.address, &[option]);
        nobody.until_exit();
        // TLS 1.2 has no alert of its own for that (RFC 5246 §7.4.6).
        let wanted = match version {
            "TLSv1.2" => "fatal handshake_failure",
            _ => "fatal certificate_required",
        };
        let received = openssl::received(&nobody);
        assert_eq!(received.last().map(String::as_str), Some(wanted));
        server.until_told(&["presented no certificate"]);
    }
}

#[test]
fn openssl_sends_a_mail_behind_starttls() {
    let mut server = served(&["--smtp", "--once"]);
    let client = openssl::client(server.address, &["-starttls", "smtp", "-crlf"]);
    // In small letters: s_client takes Q and R at the start of a line for itself.
    for (line, reply) in [
        ("ehlo a\n", "250 SIZE 1048576"),
        ("mail from:<me@a>\n", "250 2.1.0"),
        ("rcpt to:<you@b>\n", "250 2.1.5"),
        ("data\n", "354 "),
        ("Subject: from openssl\n.\n", "250 2.6.0"),
        ("quit\n", "221 2.0.0"),
    ] {
        client.say(line);
        client.until_said(reply);
    }
    server.until_told(&["| Subject: from openssl"]);
    drop(client);
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn gnutls_verifies_talks_and_closes() {
    for (version, priority) in gnutls::VERSIONS {
        let mut server = served(&["--once"]);
        let mut client = gnutls::client(server.address, &["--priority", priority]);
        converse(&client);
        let log = client.log();
        let back = log.lines().filter(|line| line.starts_with("line "));
        assert_eq!(back.count(), 20_000);
        client.until_said("- Status: The certificate is trusted.");
        client.hang_up();
        assert!(client.until_exit().success());
        assert_eq!(server.exit_code(), Some(0), "{version}");
        server.until_told(&[version, "bytes echoed"]);
    }
}

#[test]
fn gnutls_shows_its_certificate_when_it_is_asked() {
    for (version, priority) in gnutls::VERSIONS {
        let server = served(&WANT_CERTIFICATES);
        let args = ["--priority", priority];
        let mut client = gnutls::client_as(&WORLD.client, server.address, &args);
        converse(&client);
        client.hang_up();
        client.until_exit();
        server.until_told(&[version, "client certificate CN=leaf (no errors)"]);
    }
}

/// A server of one large file.
fn file_server(args: &[&str]) -> Served {
    let scratch = Scratch::new();
    let www = scratch.path().join("www");
    fs::create_dir(&www).expect("a folder");
    scratch.file("www/data.bin", pattern(5_000_000));
    let www = www.to_str().expect("UTF-8").to_owned();
    served_in(scratch, &WORLD.server, &[&["--www", &www], args].concat())
}

/// What curl needs to find the server under the name in its certificate.
fn url(address: SocketAddr) -> [String; 3] {
    let port = address.port();
    [
        "--resolve".to_owned(),
        format!("server.test:{port}:127.0.0.1"),
        format!("https://server.test:{port}/data.bin"),
    ]
}

const CURL: [&str; 6] = [
    "--silent",
    "--show-error",
    "--fail",
    "--max-time",
    "60",
    "--noproxy",
];

fn curl(files: Files, address: SocketAddr, args: &[&str]) -> Peer {
    let url = url(address);
    let url: Vec<&str> = url.iter().map(String::as_str).collect();
    let all = [&CURL[..], &["*"], args, &url].concat();
    end("curl", &all, files.scratch)
}

#[test]
fn curl_fetches_a_file_in_both_versions_with_and_without_a_certificate() {
    for (version, most) in VERSIONS.into_iter().zip(["1.2", "1.3"]) {
        for identified in [false, true] {
            let wanted = if identified {
                &WANT_CERTIFICATES[..]
            } else {
                &[]
            };
            let mut server = file_server(&[wanted, &["--once"]].concat());
            let files = Files::new(&WORLD.client);
            let (ca, cert, key) = (files.ca.clone(), files.cert.clone(), files.key.clone());
            let at_least = format!("--tlsv{most}");
            let mut args = vec!["--cacert", &ca, &at_least, "--tls-max", most];
            args.extend(["--output", "got"]);
            if identified {
                args.extend(["--cert", &cert, "--key", &key]);
            }
            let mut client = curl(files, server.address, &args);
            assert!(client.until_exit().success(), "{}", client.log());
            let got = fs::read(client.scratch().path().join("got")).expect("what it got");
            assert!(got == pattern(5_000_000), "{version}");
            assert_eq!(server.exit_code(), Some(0));
            let who = match identified {
                true => "client certificate CN=leaf (no errors)",
                false => "ALPN http/1.1",
            };
            server.until_told(&[version, who, "answered 200"]);
        }
    }
}

#[test]
fn curl_without_the_root_refuses_and_the_server_knows_why() {
    let mut server = file_server(&["--once"]);
    let files = Files::new(&WORLD.client);
    let other = Identity::clone(&WORLD.self_signed);
    let other = files.scratch.file("other.pem", other.chain_pem());
    let mut client = curl(files, server.address, &["--cacert", &other]);
    // CURLE_PEER_FAILED_VERIFICATION.
    assert_eq!(client.until_exit().code(), Some(60), "{}", client.log());
    assert_eq!(server.exit_code(), Some(4));
    server.until_told(&["failed: the peer sent the fatal alert unknown_ca (48)"]);
}

#[test]
fn curl_sends_a_mail_behind_starttls() {
    let mut server = served(&["--smtp", "--once"]);
    let files = Files::new(&WORLD.client);
    let mail = files
        .scratch
        .file("mail", "Subject: from curl\r\n\r\n.dot\r\n");
    let port = server.address.port();
    let url = format!("smtp://server.test:{port}/client.test");
    let resolve = format!("server.test:{port}:127.0.0.1");
    let args = [
        &CURL[..],
        &[
            "*",
            "--ssl-reqd",
            "--cacert",
            &files.ca,
            "--resolve",
            &resolve,
        ],
        &["--mail-from", "me@a", "--mail-rcpt", "you@b"],
        &["--upload-file", &mail, &url],
    ]
    .concat();
    run("curl", &args, files.scratch);
    assert_eq!(server.exit_code(), Some(0));
    server.until_told(&["| Subject: from curl"]);
    server.until_told(&["| .dot"]);
}

#[test]
fn swaks_sends_a_mail_behind_starttls() {
    let mut server = served(&["--smtp", "--once"]);
    let files = Files::new(&WORLD.client);
    let port = server.address.port().to_string();
    let args = [
        &["--server", "127.0.0.1", "--port", &port][..],
        &["--tls", "--tls-verify", "--tls-ca-path", &files.ca],
        &["--helo", "client.test", "--from", "me@a", "--to", "you@b"],
        &["--header", "Subject: from swaks", "--timeout", "60"],
    ]
    .concat();
    let client = run("swaks", &args, files.scratch);
    assert!(
        client.said("=== TLS started with cipher TLSv1.3"),
        "{}",
        client.log()
    );
    assert_eq!(server.exit_code(), Some(0));
    server.until_told(&["| Subject: from swaks"]);
    server.until_told(&["TLSv1.3", "1 mail"]);
}

/// A client that sends a megabyte and gets it back, without a certificate and with one.
fn echoes(program: &str, args: impl Fn(SocketAddr, &str, &Files) -> Vec<String>) {
    for version in VERSIONS {
        for identified in [false, true] {
            let wanted = if identified {
                &WANT_CERTIFICATES[..]
            } else {
                &[]
            };
            let mut server = served(&[wanted, &["--once", "--alpn", "echo"]].concat());
            let files = Files::new(&WORLD.client);
            let mut args = args(server.address, version, &files);
            if identified {
                args.extend([files.cert.clone(), files.key.clone()]);
            }
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let client = run(program, &args, files.scratch);
            assert!(client.said("echoed: TLS"), "{}", client.log());
            assert_eq!(
                server.exit_code(),
                Some(0),
                "{version}: {}",
                server.peer.log()
            );
            let who = match identified {
                true => "client certificate CN=leaf (no errors)",
                false => "TLS_",
            };
            server.until_told(&[version, who, "1,000,000 bytes echoed", "ended cleanly"]);
        }
    }
}

#[test]
fn go_verifies_talks_and_closes_with_and_without_a_certificate() {
    let program = std::env::var("SSLCORE_TEST_GO_CLIENT").expect(
        "SSLCORE_TEST_GO_CLIENT must name the program built of tests/src/peers/client.go, as \
         `tests/run interop` does",
    );
    echoes(&program, |address, version, files| {
        vec![address.to_string(), files.ca.clone(), version.to_owned()]
    });
}

#[test]
fn python_verifies_talks_and_closes_with_and_without_a_certificate() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop_serve/client.py");
    echoes("/usr/bin/python3", |address, version, files| {
        let port = address.port().to_string();
        vec![
            script.to_owned(),
            port,
            files.ca.clone(),
            version.to_owned(),
        ]
    });
}
