//! OCSP responses of OpenSSL's responder, read, and stapled by OpenSSL's server and by ours.

mod common;
mod responder;

use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;

use common::{LONG, VERSIONS, adopt};
use rcgen::SerialNumber;
use responder::{Answer, delegate};
use sslcore::{
    Certificate, ClientConfig, FailureKind, PeerName, ServerConfig, ServerStart, SslErrorKind,
    StatusQuestion, UnixTime,
};
use sslcore_std::ocsp::{self, Reason, Response, Stapling, Status};
use sslcore_std::{SslSocket, WaitError};
use sslcore_tests::certs::pem;
use sslcore_tests::chains::{self, Family, HOST, Made};
use sslcore_tests::openssl;
use sslcore_tests::peer::{Peer, Scratch};

fn now() -> UnixTime {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    UnixTime::since_unix_epoch(since_1970)
}

/// A family whose leaf has this serial number.
fn family(serial: u64) -> Family {
    Family::with(|_, leaf| leaf.serial_number = Some(SerialNumber::from(serial)))
}

/// What OpenSSL's responder says of the family's leaf, by this line of its index.
fn openssl_ocsp(family: &Family, signer: &Made, index: &str, args: &[&str]) -> Vec<u8> {
    openssl_ocsp_by("-sha1", family, signer, index, args)
}

/// The same, with certificates named by this hash.
fn openssl_ocsp_by(
    hash: &str,
    family: &Family,
    signer: &Made,
    index: &str,
    args: &[&str],
) -> Vec<u8> {
    let scratch = Scratch::new();
    let certificate = |name: &str, made: &Made| scratch.file(name, pem("CERTIFICATE", &made.der));
    let issuer = certificate("issuer.pem", &family.middle);
    let leaf = certificate("leaf.pem", &family.leaf);
    let by = certificate("signer.pem", signer);
    let key = scratch.file("key.pem", signer.identity(&[]).key_pem());
    let index = scratch.file("index.txt", format!("{index}\n"));
    let response = scratch.file("response.der", "");
    let output = Command::new("openssl")
        .args([
            "ocsp",
            hash,
            "-issuer",
            &issuer,
            "-cert",
            &leaf,
            "-no_nonce",
        ])
        .args([
            "-index", &index, "-CA", &issuer, "-rsigner", &by, "-rkey", &key,
        ])
        .args(["-respout", &response, "-noverify"])
        .args(args)
        .output()
        .expect("run openssl");
    assert!(output.status.success(), "{output:?}");
    std::fs::read(response).expect("a response")
}

const VALID: &str = "V\t350101000000Z\t\t2A\tunknown\t/CN=leaf";
const REVOKED: &str = "R\t350101000000Z\t250601120000Z,keyCompromise\t2A\tunknown\t/CN=leaf";
const ANOTHER: &str = "V\t350101000000Z\t\t2B\tunknown\t/CN=another";

#[test]
fn what_openssls_responder_says_is_understood() {
    let family = family(0x2a);
    let responder = family.middle.issue(delegate());
    let [leaf, middle] = [&family.leaf, &family.middle].map(|it| Certificate::from(it.der.clone()));
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_748_779_200));
    let reason = Some(Reason::KeyCompromise);
    for signer in [&family.middle, &responder] {
        for by_key in [&[][..], &["-resp_key_id"]] {
            for hash in ["-sha1", "-sha256", "-sha512"] {
                for (index, status) in [
                    (VALID, Status::Good),
                    (REVOKED, Status::Revoked { at, reason }),
                    (ANOTHER, Status::Unknown),
                ] {
                    let args = [&["-ndays", "1"][..], by_key].concat();
                    let der = openssl_ocsp_by(hash, &family, signer, index, &args);
                    let response = Response::from_der(&der).expect("a response");
                    assert_eq!(response.status(), status);
                    assert_eq!(response.serial(), [0x2a]);
                    let backend = sslcore_std::default_backend();
                    let question = StatusQuestion::new(&der, &leaf, &middle, Some(now()), &backend);
                    let expected: Vec<_> = status.error().into_iter().collect();
                    assert_eq!(ocsp::errors(&question), expected, "{args:?}");
                }
            }
        }
    }
}

fn client(family: &Family) -> ClientConfig {
    ClientConfig::builder(sslcore_std::default_backend())
        .trust_anchors([family.root.der.clone()])
        .status_checker(Arc::new(Stapling::Required))
        .build()
        .expect("a client")
}

#[test]
fn what_openssls_server_staples_is_judged() {
    let family = family(0x2a);
    for (_, version) in openssl::VERSIONS {
        for (index, kind) in [
            (VALID, None),
            (REVOKED, Some(SslErrorKind::CertificateRevoked)),
        ] {
            let response = openssl_ocsp(&family, &family.middle, index, &["-ndays", "1"]);
            let scratch = Scratch::new();
            let chain = scratch.file("chain.pem", pem("CERTIFICATE", &family.middle.der));
            let staple = scratch.file("staple.der", &response);
            let args = [version, "-cert_chain", &chain, "-status_file", &staple];
            let identity = family.leaf.identity(&[]);
            let (mut server, address) = openssl::server_in(scratch, &identity, &args);
            let stream = std::net::TcpStream::connect(address).expect("connect");
            let mut socket = adopt(stream);
            socket
                .start_client_encryption(&client(&family), PeerName::new(HOST).expect("a name"))
                .expect("start");
            let outcome = socket.wait_for_encrypted(Some(LONG));
            let stapled = socket.connection().stapled_ocsp_response();
            assert_eq!(stapled, Some(&response[..]));
            match (kind, outcome) {
                (None, outcome) => outcome.expect("encrypted"),
                (Some(kind), Err(WaitError::Failed(failure))) => {
                    assert_eq!(failure.kind(), FailureKind::CertificateRejected(kind));
                }
                (Some(_), outcome) => panic!("{outcome:?}"),
            }
            drop(socket);
            server.until_exit();
        }
    }
}

#[test]
fn openssls_client_sees_what_our_server_staples() {
    let made = Made::self_signed(chains::authority("root"));
    let leaf = made.issue(chains::leaf(&[HOST]));
    for version in VERSIONS {
        let answer = Answer::good(&leaf, &made).sign();
        let server = ServerConfig::builder(sslcore_std::default_backend())
            .protocols(&[version])
            .identity(leaf.identity(&[]).chain, leaf.private_key())
            .stapled_ocsp_response(answer)
            .build()
            .expect("a server");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
        let address = listener.local_addr().expect("an address");
        let scratch = Scratch::new();
        let root = scratch.file("root.pem", pem("CERTIFICATE", &made.der));
        let address = address.to_string();
        let args = [
            "s_client", "-connect", &address, "-CAfile", &root, "-status",
        ];
        let mut client = Peer::start("openssl", args, scratch);
        let (stream, _) = listener.accept().expect("accept");
        let mut socket: SslSocket = adopt(stream);
        socket
            .start_server_encryption(ServerStart::With(server))
            .expect("start");
        socket.wait_for_encrypted(Some(LONG)).expect("encrypted");
        client.until_said("OCSP Response Status: successful (0x0)");
        client.until_said("Cert Status: good");
        drop(socket);
        client.until_exit();
    }
}
