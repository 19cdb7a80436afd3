//! The servers that come with OpenSSL and GnuTLS, and one in Go.

use sslcore_tests::certs::WORLD;
use sslcore_tests::network::alone;
use sslcore_tests::peer::Scratch;
use sslcore_tests::peers::go;
use sslcore_tests::{gnutls, openssl};

use crate::{VERSIONS, connect};

/// How who has no certificate is refused: only TLS 1.3 has an alert that says why.
fn without_certificate(version: &str) -> (i32, &'static str) {
    match version {
        "TLSv1.2" => (3, "handshake_failure"),
        _ => (4, "certificate_required"),
    }
}

#[test]
fn openssl_shows_its_page() {
    alone(|| {
        for (version, only) in openssl::VERSIONS {
            let (_server, address) = openssl::server(&WORLD.server, &["-www", only]);
            connect(address, &[], "GET / HTTP/1.0\r\n\r\n")
                .fine(version)
                .answered(&["HTTP/1.0 200 ok\r\n", "s_server", version]);
        }
    });
}

#[test]
fn openssl_reverses_every_line_to_the_last() {
    alone(|| {
        for (version, only) in openssl::VERSIONS {
            let (_server, address) = openssl::server(&WORLD.server, &["-rev", only]);
            let session = connect(address, &[], "forwards\nand back\n");
            session.fine(version);
            assert_eq!(session.text(), "sdrawrof\nkcab dna\n");
        }
    });
}

#[test]
fn openssl_that_wants_a_certificate_refuses_who_has_none() {
    alone(|| {
        for (version, only) in openssl::VERSIONS {
            let wanted = ["-rev", "-Verify", "1", "-verify_return_error", only];
            let (_server, address) = openssl::server(&WORLD.server, &wanted);
            let scratch = Scratch::new();
            let cert = scratch.file("client.pem", WORLD.client.chain_pem());
            let key = scratch.file("client.key", WORLD.client.key_pem());
            let session = connect(address, &["--cert", &cert, "--key", &key], "ab\n");
            session.fine(version);
            assert_eq!(session.text(), "ba\n");

            let (_server, address) = openssl::server(&WORLD.server, &wanted);
            let (code, alert) = without_certificate(version);
            connect(address, &[], "ab\n")
                .ended_with(code)
                .was_told(alert);
        }
    });
}

#[test]
fn gnutls_echoes() {
    alone(|| {
        for (version, priority) in gnutls::VERSIONS {
            let options = ["--priority", priority];
            let (_server, address) = gnutls::server(&WORLD.server, &options);
            let session = connect(address, &[], "there and\nback again\n");
            session.fine(version);
            assert_eq!(session.text(), "there and\nback again\n");
        }
    });
}

#[test]
fn gnutls_that_wants_a_certificate_and_a_protocol_gets_both() {
    alone(|| {
        for (version, priority) in gnutls::VERSIONS {
            let wanted = [
                &["--require-client-cert", "--verify-client-cert"][..],
                &["--alpn-fatal", "--alpn", "echo", "--priority", priority],
            ]
            .concat();
            let (server, address) = gnutls::server(&WORLD.server, &wanted);
            let scratch = Scratch::new();
            let cert = scratch.file("client.pem", WORLD.client.chain_pem());
            let key = scratch.file("client.key", WORLD.client.key_pem());
            let options = ["--cert", &cert, "--key", &key, "--alpn", "echo"];
            let session = connect(address, &options, "here\n");
            session.fine(version).was_told("echo");
            assert_eq!(session.text(), "here\n");
            server.until_said("- Status: The certificate is trusted.");

            let options = ["--cert", &cert, "--key", &key, "--alpn", "other"];
            connect(address, &options, "here\n")
                .ended_with(3)
                .was_told("no_application_protocol");
        }
    });
}

#[test]
fn go_echoes_and_agrees_on_a_protocol() {
    alone(|| {
        for version in VERSIONS {
            let (server, address) = go::start(&WORLD.server, version, false);
            let session = connect(address, &["--alpn", "echo"], "there and\nback again\n");
            session.fine(version).was_told("echo");
            assert_eq!(session.text(), "there and\nback again\n");
            let agreed = format!("{} server.test echo\n", version.replace('v', " "));
            server.until_said(&agreed);

            connect(address, &["--alpn", "other"], "there\n")
                .ended_with(3)
                .was_told("no_application_protocol");
        }
    });
}

#[test]
fn go_that_wants_a_certificate_refuses_who_has_none() {
    alone(|| {
        for version in VERSIONS {
            let (server, address) = go::start(&WORLD.server, version, true);
            let scratch = Scratch::new();
            let cert = scratch.file("client.pem", WORLD.client.chain_pem());
            let key = scratch.file("client.key", WORLD.client.key_pem());
            let session = connect(address, &["--cert", &cert, "--key", &key], "here\n");
            session.fine(version);
            assert_eq!(session.text(), "here\n");

            let (code, alert) = without_certificate(version);
            connect(address, &[], "here\n")
                .ended_with(code)
                .was_told(alert);
            server.until_said("refused: tls: client didn't provide a certificate");
        }
    });
}
