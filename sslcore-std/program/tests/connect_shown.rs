//! What `sslcore connect` and `verify` show of certificates, of servers that ask for one, and of
//! servers that are old or something else.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use common::program::{Door, Run, ca_file, connect, file, fresh, run, trusting};
use common::{LONG, VERSIONS, both, server};
use serde_json::Value;
use sslcore::{Certificate, VerifyMode};
use sslcore_tests::certs::{PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, WORLD};
use sslcore_tests::useless::useless;

/// Runs it against a good server, which asks for no certificate.
fn at_a_server(arguments: &[&str]) -> Run {
    let config = server().verify_mode(VerifyMode::None).build();
    let config = config.expect("server");
    let door = Door::open();
    let mut command = trusting(&door);
    command.args(arguments);
    let serve = || {
        let mut socket = door.serve_with(&config);
        let _ = socket.wait_for_encrypted(Some(LONG));
        let _ = socket.read_to_end(&mut Vec::new());
        socket.disconnect_from_host(LONG);
    };
    both(|| run(&mut command, b""), serve).0
}

#[test]
fn the_certificates_are_shown_or_put_into_a_file() {
    let wanted = WORLD.server.chain_pem();
    let shown = at_a_server(&["--show-certs"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stderr.contains(&wanted), "{}", shown.stderr);
    assert_eq!(shown.stdout, b"");

    let path = fresh("shown.pem");
    let option = format!("--show-certs={}", path.display());
    let put = at_a_server(&[&option]);
    assert_eq!(put.code, Some(0), "{}", put.stderr);
    assert_eq!(fs::read_to_string(&path).expect("a file"), wanted);
    assert!(!put.stderr.contains("BEGIN"), "{}", put.stderr);

    // Of a server that is refused, too: that is when one wants to look.
    let refused = at_a_server(&[&option, "--name", "other.test"]);
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&path).expect("a file"), wanted);

    let nowhere = format!("--show-certs={}/no/file", path.display());
    let failed = at_a_server(&[&nowhere]);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("cannot be written: "),
        "{}",
        failed.stderr
    );
}

#[test]
fn verify_shows_certificates_or_puts_them_into_a_file() {
    let pem = WORLD.server.chain_pem();
    let chain = file("chain.pem", pem.as_bytes());
    let (ca, put) = (ca_file(), fresh("put.pem"));
    let verify = |option: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
        command.arg("verify").arg(option).arg(&chain);
        let run = run(command.arg("--ca").arg(&ca), b"");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        String::from_utf8(run.stdout).expect("UTF-8")
    };
    assert!(verify("--show-certs").contains(&pem));
    assert!(!verify(&format!("--show-certs={}", put.display())).contains("BEGIN"));
    assert_eq!(fs::read_to_string(&put).expect("a file"), pem);
}

/// What `verify --json` says of a certificate.
fn described(pem: &str) -> (Value, String) {
    let chain = file("chain.pem", pem.as_bytes());
    let mut command = Command::new(env!("CARGO_BIN_EXE_sslcore"));
    command.arg("verify").arg(&chain).arg("--ca").arg(ca_file());
    let text = String::from_utf8(run(&mut command, b"").stdout).expect("UTF-8");
    let json = run(command.arg("--json"), b"").stdout;
    let json = String::from_utf8(json).expect("UTF-8");
    let told: Value = serde_json::from_str(json.lines().next().expect("a line")).expect("JSON");
    (told["chain"][0].clone(), text)
}

#[test]
fn keys_and_signatures_are_called_by_their_names() {
    for (algorithm, key, shown) in [
        (
            &PKCS_RSA_SHA256,
            r#"{"algorithm":"RSA","bits":2048,"curve":null}"#,
            "  key       RSA, 2048 bits\n",
        ),
        (
            &PKCS_ECDSA_P384_SHA384,
            r#"{"algorithm":"EC","bits":384,"curve":"P-384"}"#,
            "  key       ECDSA P-384\n",
        ),
    ] {
        let identity = WORLD.ca.leaf_of(algorithm, &["server.test"]);
        let (told, text) = described(&identity.chain_pem());
        assert_eq!(told["key"].to_string(), key);
        assert_eq!(told["signature"], "ECDSA-SHA256");
        assert_eq!(told["pem"], identity.chain_pem());
        assert!(text.contains(shown), "{text}");
        assert!(text.contains("  signed    with ECDSA-SHA256\n"), "{text}");
        let certificate = Certificate::from(identity.chain[0].clone());
        let pin = certificate.spki_sha256(&sslcore_std::default_backend());
        let told = told["spki_pin"].as_str().expect("a pin").to_owned();
        let base64 = told.strip_prefix("sha256//").expect("curl's form");
        let decoded = <base64ct::Base64 as base64ct::Encoding>::decode_vec(base64);
        assert_eq!(decoded.expect("base64"), pin.expect("a key"));
        assert!(text.contains(&format!("  pin       {told}\n")), "{text}");
    }
    let keys = useless();
    let brainpool = keys.iter().find(|key| key.name == "brainpoolP256r1");
    let (_, leaf) = brainpool.expect("brainpool").certified();
    let (told, text) = described(&sslcore_tests::certs::pem("CERTIFICATE", &leaf.der));
    let key = r#"{"algorithm":"EC","bits":null,"curve":"brainpoolP256r1"}"#;
    assert_eq!(told["key"].to_string(), key);
    assert!(text.contains("  key       EC brainpoolP256r1\n"), "{text}");
}

#[test]
fn the_authorities_of_a_server_that_asks_for_a_certificate_are_counted_or_listed() {
    for version in VERSIONS {
        for (option, wanted) in [
            (
                None,
                "The server asks for a certificate by 1 authority (see --client-ca-names)\n",
            ),
            (
                Some("--client-ca-names"),
                "The server asks for a certificate by 1 authority\n  authority CN=test root\n",
            ),
        ] {
            let config = server()
                .protocols(&[version])
                .verify_mode(VerifyMode::Query)
                .build()
                .expect("server");
            let door = Door::open();
            let mut command = trusting(&door);
            command.args(option);
            let serve = || {
                let mut socket = door.serve_with(&config);
                socket.read_to_end(&mut Vec::new()).expect("its end");
                socket.disconnect_from_host(LONG);
            };
            let (run, ()) = both(|| run(&mut command, b""), serve);
            assert_eq!(run.code, Some(0), "{version}: {}", run.stderr);
            assert!(run.stderr.contains(wanted), "{version}: {}", run.stderr);
        }
    }
    let unasked = at_a_server(&["--client-ca-names"]);
    assert!(!unasked.stderr.contains("asks for"), "{}", unasked.stderr);
}

/// Runs it against a server that answers the ClientHello with these bytes.
fn answered(bytes: &[u8], arguments: &[&str]) -> Run {
    let door = Door::open();
    let mut command = connect(&door.address().to_string());
    command.arg("--ca").arg(ca_file()).args(arguments);
    let serve = || {
        let mut stream = door.accept();
        read_record(&mut stream);
        stream.write_all(bytes).expect("answer");
        stream.shutdown(std::net::Shutdown::Write).expect("no more");
        let _ = stream.read_to_end(&mut Vec::new());
    };
    let (run, ()) = both(|| run(&mut command, b""), serve);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    run
}

fn read_record(stream: &mut TcpStream) {
    let mut header = [0; 5];
    stream.read_exact(&mut header).expect("a header");
    let len = u16::from_be_bytes([header[3], header[4]]);
    stream
        .read_exact(&mut vec![0; usize::from(len)])
        .expect("a record");
}

/// A ServerHello of this version, in a record.
fn old_server_hello(minor: u8) -> Vec<u8> {
    let hello = [&[3, minor][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    let message = [&[2, 0, 0, hello.len() as u8][..], &hello].concat();
    [&[22, 3, minor, 0, message.len() as u8][..], &message].concat()
}

#[test]
fn old_servers_and_others_are_told_for_what_they_are() {
    let alert = |version: u8, code: u8| vec![21, 3, version, 0, 2, 2, code];
    for (bytes, arguments, wanted) in [
        (
            alert(1, 70),
            &[][..],
            "alert protocol_version (70); it speaks neither TLS 1.2 nor TLS 1.3",
        ),
        (
            alert(3, 70),
            &["--protocol", "TLSv1.3"],
            "alert protocol_version (70); it does not speak TLSv1.3: see --protocol",
        ),
        (
            alert(3, 40),
            &[],
            "alert handshake_failure (40); perhaps it knows only old cipher suites (CBC,",
        ),
        (
            alert(3, 40),
            &["--ciphers", "TLS_AES_128_GCM_SHA256"],
            "alert handshake_failure (40); perhaps it knows none of these --ciphers",
        ),
        (
            old_server_hello(1),
            &[],
            "the server speaks neither TLS 1.2 nor TLS 1.3",
        ),
        (
            old_server_hello(2),
            &[],
            "the server speaks neither TLS 1.2 nor TLS 1.3",
        ),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            &[],
            "the peer speaks plain HTTP, not TLS (first byte 0x48); perhaps this is its port for",
        ),
        (
            b"<!DOCTYPE HTML>\n<html lang=\"en\">Error code: 400".to_vec(),
            &[],
            "not TLS (first byte 0x3c); perhaps that is a page, and this a port for plain HTTP; or \
             perhaps it wants --starttls PROTOCOL",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
            &[],
            "not TLS (first byte 0x53); perhaps it wants --starttls PROTOCOL",
        ),
    ] {
        let run = answered(&bytes, arguments);
        assert!(run.stderr.contains(wanted), "{wanted}: {}", run.stderr);
        for once in ["protocol_version", "ProtocolVersion", "handshake_failure"] {
            assert!(run.stderr.matches(once).count() <= 1, "{}", run.stderr);
        }
        assert!(!run.stderr.contains("fatal alert: "), "{}", run.stderr);
    }
}
