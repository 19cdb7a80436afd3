//! nginx.

use sslcore_tests::certs::WORLD;
use sslcore_tests::network::alone;
use sslcore_tests::peer::Scratch;
use sslcore_tests::peers::nginx;

use crate::{VERSIONS, connect, finish, start_in};

const BOTH: &str = "ssl_protocols TLSv1.2 TLSv1.3;";

const GET: &str = "GET / HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\r\n";

#[test]
fn nginx_of_one_version_is_reached_with_it_and_not_with_the_other() {
    alone(|| {
        for (version, other) in [("TLSv1.2", "TLSv1.3"), ("TLSv1.3", "TLSv1.2")] {
            let only = format!("ssl_protocols {version};");
            let (_server, address) = nginx::start(&WORLD.server, "ssl", &only);
            let facts = format!("version={version} alpn= sni=server.test ");
            connect(address, &[], GET).fine(version).answered(&[
                "HTTP/1.1 200 OK\r\n",
                "\r\n\r\n",
                &facts,
            ]);
            let session = connect(address, &["--protocol", other], GET);
            session.ended_with(3).was_told("protocol_version");
            assert_eq!(session.text(), "");
        }
    });
}

#[test]
fn nginx_that_wants_a_certificate_gets_the_one_that_is_given() {
    const WANTED: &str = "ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client on; \
        ssl_client_certificate ca.pem;";
    alone(|| {
        let (_server, address) = nginx::start(&WORLD.server, "ssl", WANTED);
        for version in VERSIONS {
            let scratch = Scratch::new();
            let cert = scratch.file("client.pem", WORLD.client.chain_pem());
            let key = scratch.file("client.key", WORLD.client.key_pem());
            let options = ["--protocol", version, "--cert", &cert, "--key", &key];
            connect(address, &options, GET)
                .fine(version)
                .answered(&["HTTP/1.1 200 OK\r\n", " client=SUCCESS\n"]);

            // nginx says so in HTTP, not in TLS.
            connect(address, &["--protocol", version], GET)
                .fine(version)
                .answered(&[
                    "HTTP/1.1 400 Bad Request\r\n",
                    "No required SSL certificate",
                ]);
        }
    });
}

/// nginx hangs up when it hears our close_notify, and sends none: a connection with nothing to say
/// went well.
#[test]
fn nginx_with_nothing_to_ask_ends_well() {
    alone(|| {
        let (_server, address) = nginx::start(&WORLD.server, "ssl", BOTH);
        for version in VERSIONS {
            let session = connect(address, &["--protocol", version], "");
            session.ended_with(0);
            let strict = ["--protocol", version, "--strict-close"];
            let report = connect(address, &strict, "");
            // Which it does depends on what reaches it first.
            let clean = report.told.contains("Closed cleanly");
            report.ended_with(if clean { 0 } else { 5 });
        }
    });
}

#[test]
fn nginx_speaks_the_protocol_that_alpn_chose() {
    /// RFC 9113 §3.4: the preface of a client, and its empty SETTINGS.
    const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    alone(|| {
        let (_server, address) = nginx::start(&WORLD.server, "ssl http2", BOTH);
        for version in VERSIONS {
            connect(address, &["--protocol", version, "--alpn", "http/1.1"], GET)
                .fine(version)
                .was_told("http/1.1")
                .answered(&["HTTP/1.1 200 OK\r\n", " alpn=http/1.1 "]);

            let session = connect(address, &["--protocol", version, "--alpn", "h2"], HTTP2);
            // The server is closed first, and then does not close in its turn.
            let hung_up = "the server hung up without a close_notify of its own";
            session.fine(version).was_told("h2").was_told(hung_up);
            assert_eq!(session.answer.get(3), Some(&4), "no SETTINGS first");
        }
    });
}

#[test]
fn the_pin_that_a_refusal_names_makes_the_next_connection_work() {
    alone(|| {
        let (_server, address) = nginx::start(&WORLD.self_signed, "ssl", BOTH);
        let refused = connect(address, &[], GET);
        refused.ended_with(4);
        assert_eq!(refused.text(), "");
        let (_, advice) = refused.told.split_once("--trust-sha256").expect("advice");
        let pin = advice.split_whitespace().next().expect("a fingerprint");
        for version in VERSIONS {
            let options = ["--protocol", version, "--trust-sha256", pin];
            let program = start_in(Scratch::new(), address, &options);
            program.say(GET);
            finish(program)
                .fine(version)
                .answered(&["HTTP/1.1 200 OK\r\n"]);
        }
        let (_server, other) = nginx::start(&WORLD.server, "ssl", BOTH);
        connect(other, &["--trust-sha256", pin], GET).ended_with(4);
    });
}
