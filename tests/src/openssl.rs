//! `openssl s_server` and `openssl s_client`.
//!
//! Both run with `-msg`, which prints a line for every message sent (`>>>`) and received (`<<<`):
//! what OpenSSL saw of us.

use std::net::SocketAddr;

use sslcore::Alert;

use crate::certs::{Identity, WORLD};
use crate::pair;
use crate::peer::{Peer, Scratch};

/// A version, as both sides call it, and OpenSSL's option that allows no other.
pub const TLS12: (&str, &str) = ("TLSv1.2", "-tls1_2");
/// Likewise.
pub const TLS13: (&str, &str) = ("TLSv1.3", "-tls1_3");

/// The versions that a test goes through.
#[derive(Clone, Copy, Debug)]
pub struct Versions;

/// The versions.
pub const VERSIONS: Versions = Versions;

impl IntoIterator for Versions {
    type Item = (&'static str, &'static str);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        let of = |version| match version {
            "TLSv1.2" => TLS12,
            _ => TLS13,
        };
        let named: Vec<_> = pair::VERSIONS.into_iter().map(of).collect();
        named.into_iter()
    }
}

/// Starts a server with this identity that takes one connection and trusts the tests' root.
pub fn server(identity: &Identity, args: &[&str]) -> (Peer, SocketAddr) {
    server_in(Scratch::new(), identity, args)
}

/// The same, in a folder with files of the test.
pub fn server_in(scratch: Scratch, identity: &Identity, args: &[&str]) -> (Peer, SocketAddr) {
    let (cert, key) = scratch.identity(identity);
    let ca = scratch.file("ca.pem", ca_pem());
    let identity = ["-cert", &cert, "-key", &key, "-CAfile", &ca];
    bare_server(scratch, &[&identity, args].concat())
}

/// Starts a server that knows neither a certificate nor a root but those of its arguments.
pub fn bare_server(scratch: Scratch, args: &[&str]) -> (Peer, SocketAddr) {
    let all = [
        &["s_server", "-accept", "127.0.0.1:0"][..],
        &["-naccept", "1", "-msg"],
        args,
    ];
    let server = Peer::start("openssl", all.concat(), scratch);
    server.until_said("ACCEPT 127.0.0.1:");
    let log = server.log();
    let port = log
        .lines()
        .find_map(|line| line.strip_prefix("ACCEPT "))
        .and_then(|address| address.parse().ok())
        .expect("a whole line with an address");
    (server, port)
}

/// Our cipher suites by OpenSSL's names, and the options that insist on them.
pub const SUITES: [(&str, [&str; 3]); 6] = {
    const fn tls13(name: &str) -> (&str, [&str; 3]) {
        (name, ["-tls1_3", "-ciphersuites", name])
    }
    const fn tls12(name: &str) -> (&str, [&str; 3]) {
        (name, ["-tls1_2", "-cipher", name])
    }
    [
        tls13("TLS_AES_128_GCM_SHA256"),
        tls13("TLS_AES_256_GCM_SHA384"),
        tls13("TLS_CHACHA20_POLY1305_SHA256"),
        tls12("ECDHE-ECDSA-AES128-GCM-SHA256"),
        tls12("ECDHE-ECDSA-AES256-GCM-SHA384"),
        tls12("ECDHE-ECDSA-CHACHA20-POLY1305"),
    ]
};

/// How many of the messages have this name.
pub fn count(messages: &[String], name: &str) -> usize {
    messages.iter().filter(|message| *message == name).count()
}

/// Starts a client that trusts the tests' root and wants `server.test`.
pub fn client(address: SocketAddr, args: &[&str]) -> Peer {
    client_in(Scratch::new(), address, args)
}

/// The same, with a certificate of its own.
pub fn client_as(identity: &Identity, address: SocketAddr, args: &[&str]) -> Peer {
    let scratch = Scratch::new();
    let (cert, key) = scratch.identity(identity);
    let args = [&["-cert", &cert, "-key", &key][..], args].concat();
    client_in(scratch, address, &args)
}

/// Runs a client of the version with this flag, which says something to a server that repeats it,
/// until it has heard all of it and has ended.
pub fn hear_own_words(address: SocketAddr, flag: &str, said: &[u8]) {
    let options = [
        "-quiet",
        "-no_ign_eof",
        "-nocommands",
        "-msgfile",
        "/dev/null",
    ];
    let mut client = client(address, &[&[flag], &options[..]].concat());
    client.say(said);
    client.until("all of it", |client| client.said_much(said.len()));
    client.hang_up();
    client.until_exit_having_printed(said);
}

fn client_in(scratch: Scratch, address: SocketAddr, args: &[&str]) -> Peer {
    let ca = scratch.file("ca.pem", ca_pem());
    let trust = [
        "-CAfile",
        &ca,
        "-servername",
        "server.test",
        "-verify_hostname",
        "server.test",
        "-verify_return_error",
    ];
    bare_client(scratch, address, &[&trust, args].concat())
}

/// Starts a client that knows no more than its arguments say.
pub fn bare_client(scratch: Scratch, address: SocketAddr, args: &[&str]) -> Peer {
    let address = address.to_string();
    let all = [&["s_client", "-connect", &address, "-msg"], args];
    Peer::start("openssl", all.concat(), scratch)
}

/// The tests' root in PEM.
pub fn ca_pem() -> String {
    crate::certs::pem("CERTIFICATE", &WORLD.ca.der())
}

/// What OpenSSL received, in order, by its own names, and alerts by ours:
/// `"ClientHello"`, `"Finished"`, `"fatal unknown_ca"`.
pub fn received(peer: &Peer) -> Vec<String> {
    messages(peer, "<<< ")
}

/// What OpenSSL sent, in order, by its own names.
pub fn sent(peer: &Peer) -> Vec<String> {
    messages(peer, ">>> ")
}

/// The content types of the records that OpenSSL received, in order, as they stand in the
/// headers: 20 ChangeCipherSpec, 21 alert, 22 handshake, 23 protected by TLS 1.3.
pub fn received_records(peer: &Peer) -> Vec<u8> {
    let log = peer.log();
    let mut lines = log.lines();
    let mut types = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("<<< ") && line.contains("RecordHeader") {
            let header = lines.next().unwrap_or_default().trim();
            types.push(u8::from_str_radix(&header[..2], 16).expect("a content type"));
        }
    }
    types
}

fn messages(peer: &Peer, direction: &str) -> Vec<String> {
    let log = peer.log();
    let mut lines = log.lines();
    let mut names = Vec::new();
    while let Some(line) = lines.next() {
        let message = line.strip_prefix(direction);
        let Some((kind, name)) = message.and_then(|message| message.split_once("], ")) else {
            continue;
        };
        names.push(match kind.contains("Alert") {
            true => alert(lines.next().unwrap_or_default()),
            false => name.to_string(),
        });
    }
    names
}

/// An alert from its two bytes in hexadecimal. OpenSSL itself does not name the newer ones.
fn alert(bytes: &str) -> String {
    let (level, code) = bytes.trim().split_once(' ').expect("two bytes");
    let level = match level {
        "01" => "warning",
        "02" => "fatal",
        other => panic!("an alert of level {other}"),
    };
    let code = u8::from_str_radix(code, 16).expect("a code");
    format!("{level} {}", Alert::from_code(code).name())
}

/// What a client receives from our server before it has to send its certificate.
pub fn first_flight(version: &str) -> Vec<&'static str> {
    match version {
        "TLSv1.2" => vec![
            "ServerHello",
            "Certificate",
            "ServerKeyExchange",
            "CertificateRequest",
            "ServerHelloDone",
        ],
        _ => vec![
            "ServerHello",
            "EncryptedExtensions",
            "CertificateRequest",
            "Certificate",
            "CertificateVerify",
            "Finished",
        ],
    }
}

/// The ClientHello; a TLS 1.3 client answers ServerHello, which comes before the certificate, with
/// the ChangeCipherSpec that means nothing (RFC 8446 §D.4).
pub fn records_before_the_verdict(version: &str) -> &'static [u8] {
    match version {
        "TLSv1.2" => &[22],
        _ => &[22, 20],
    }
}

/// OpenSSL's server got a ClientHello from us, then this alert, and nothing else at all.
pub fn assert_only_alerted(server: &mut Peer, version: &str, alert: Alert) {
    server.until_exit();
    let fatal = format!("fatal {}", alert.name());
    assert_eq!(received(server), ["ClientHello", &fatal]);
    let mut records = records_before_the_verdict(version).to_vec();
    records.push(if version == "TLSv1.2" { 21 } else { 23 });
    assert_eq!(received_records(server), records);
    assert!(server.said(&format!("SSL alert number {}\n", alert.code())));
}
