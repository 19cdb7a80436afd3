//! Roles against the programs that they are for. HTTP and MQTT are spoken by crates that take any stream
//! of embedded-io-async.

use std::net::SocketAddr;
use std::thread;

use sslcore::Alert;
use sslcore_tests::certs::WORLD;
use sslcore_tests::network::alone;
use sslcore_tests::openssl::{self, VERSIONS, ca_pem};
use sslcore_tests::peer::{Peer, Scratch};
use sslcore_tests::peers::{nginx, postfix};

use crate::guest::{self, Guest};
use crate::mosquitto;

/// reqwless asks nginx for three pages on one connection: one small, one larger than its buffers,
/// and one that is not there.
#[test]
fn a_client_of_http_asks_nginx() {
    alone(|| {
        let large = "0123456789".repeat(300);
        for (version, _) in VERSIONS {
            let directives = format!(
                "ssl_protocols {version}; location /large {{ return 200 {large}; }} \
                 location /absent {{ return 404 gone; }}",
            );
            let (_server, address) = nginx::start(&WORLD.server, "ssl", &directives);
            let guest = Guest::order("http-client")
                .trusting(&WORLD.ca)
                .port(address)
                .word("paths=/:/large:/absent");
            let said = guest.boot().until_exit();
            let facts = format!("version={version} alpn= sni=server.test client=NONE\n");
            for (path, status, body) in [
                ("/", 200, &*facts),
                ("/large", 200, &*large),
                ("/absent", 404, "gone"),
            ] {
                let (len, sum) = (body.len(), guest::sum(body.as_bytes()));
                let line =
                    format!("{path}: status {status}, Some({len}), heard {len} bytes, sum {sum}");
                assert!(said.contains(&line), "{line}: {said}");
            }
        }
    });
}

/// Runs curl against `server.test`, which the guest is, with these pages on one connection. Says what
/// it got.
fn curl(address: SocketAddr, options: &[&str], paths: &[&str]) -> String {
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", ca_pem());
    let port = address.port();
    let here = format!("server.test:{port}:{}", address.ip());
    let urls = paths.iter();
    let urls: Vec<String> = urls
        .map(|path| format!("https://server.test:{port}{path}"))
        .collect();
    let mut all = vec!["--silent", "--show-error", "--fail", "--include"];
    all.extend(["--cacert", &ca, "--resolve", &here, "--noproxy", "*"]);
    all.extend(options);
    all.extend(urls.iter().map(String::as_str));
    let mut curl = Peer::start("curl", all, scratch);
    let status = curl.until_exit();
    assert!(status.success(), "{status}: {}", curl.log());
    String::from_utf8(curl.out()).expect("text")
}

/// picoserve answers three clients at once: two pages on one connection, an older version of TLS, and
/// a form that is sent back.
#[test]
fn a_server_of_http_answers_curl() {
    let guest = Guest::order("http-server")
        .known_as(&WORLD.server)
        .forwarding()
        .word("clients=3");
    let (address, mut guest) = (guest.address(), guest.boot());
    guest.until_said("listening");
    let form = "0123456789".repeat(100);
    let page = "HTTP/1.1 200 \r\n";
    thread::scope(|scope| {
        scope.spawn(|| {
            let got = curl(address, &["--tlsv1.3"], &["/", "/"]);
            assert_eq!(got.matches(page).count(), 2, "{got}");
            assert_eq!(got.matches("served by a device\n").count(), 2, "{got}");
        });
        scope.spawn(|| {
            let got = curl(address, &["--tls-max", "1.2"], &["/"]);
            assert!(got.starts_with(page), "{got}");
            assert!(got.ends_with("\r\n\r\nserved by a device\n"), "{got}");
        });
        scope.spawn(|| {
            let got = curl(address, &["--data-binary", &form], &["/back"]);
            assert!(got.ends_with(&format!("\r\n\r\n{form}")), "{got}");
        });
    });
    let said = guest.until_exit();
    for (answered, clients) in [(1, 2), (2, 1)] {
        let line = format!("answered {answered} requests");
        assert_eq!(said.matches(&line).count(), clients, "{said}");
    }
    guest::tell("http-server, three clients", &said);
}

/// rust-mqtt subscribes at mosquitto and hears its own message. The device's certificate is its name
/// there.
#[test]
fn a_client_of_mqtt_shows_its_certificate_to_mosquitto() {
    alone(|| {
        let (broker, address) = mosquitto::start(&WORLD.server);
        let guest = Guest::order("mqtt")
            .trusting(&WORLD.ca)
            .known_as(&WORLD.client)
            .port(address);
        let said = guest.boot().until_exit();
        assert!(said.contains("heard Ok(\"21 degrees\")"), "{said}");
        assert!(said.contains("left in order"), "{said}");
        broker.until_said("as thermometer (p5, c1, k0, u'leaf')");
        broker.until_said("Received DISCONNECT from thermometer");
    });
}

/// In TLS 1.3 the client learns after its own handshake that the broker wants a certificate (RFC 8446
/// §4.4.2.4).
#[test]
fn a_client_without_a_certificate_hears_why_mosquitto_refuses_it() {
    alone(|| {
        let (broker, address) = mosquitto::start(&WORLD.server);
        let guest = Guest::order("mqtt").trusting(&WORLD.ca).port(address);
        let mut guest = guest.boot();
        let said = guest.until_failure();
        let name = Alert::CertificateRequired.name();
        assert!(said.contains(name), "{said}");
        broker.until_said("peer did not return a certificate");
    });
}

/// Its private key is in a secure element, which takes 300 ms to sign: OpenSSL sees a certificate that is
/// proven all the same.
#[test]
fn a_client_shows_the_certificate_that_its_element_signs_for() {
    let (_, tls13) = openssl::TLS13;
    let options = [tls13, "-Verify", "1", "-verify_return_error", "-www"];
    let (mut peer, address) = openssl::server(&WORLD.server, &options);
    let guest = Guest::order("element")
        .trusting(&WORLD.ca)
        .known_as(&WORLD.client)
        .word("latency=300")
        .port(address);
    let said = guest.boot().until_exit();
    let waited = guest::number(&said, "the element has signed in ");
    assert!(waited >= 300, "{said}");
    peer.until_exit();
    // Whose certificate it was.
    let log = peer.log();
    assert!(log.contains("depth=0"), "{log}");
}

/// The same with a key that both have, in both versions, and neither certificate nor date.
#[test]
fn a_client_of_mqtt_shows_mosquitto_that_it_has_the_key() {
    alone(|| {
        for version in ["TLSv1.3", "TLSv1.2"] {
            let (broker, address) = mosquitto::start_with_key("thermometer", &"5e".repeat(32));
            let guest = Guest::order("mqtt")
                .with_file("psk", &[0x5e; 32])
                .word(&format!("tls={version}"))
                .without_date()
                .port(address);
            let said = guest.boot().until_exit();
            assert!(said.contains("heard Ok(\"21 degrees\")"), "{said}");
            let costs = said.lines().filter(|line| line.contains("the handshake"));
            costs.for_each(|line| println!("a pre-shared key, {version}: {line}"));
            broker.until_said("as thermometer (p5, c1, k0, u'thermometer')");
        }
        let (_broker, address) = mosquitto::start_with_key("thermometer", &"5f".repeat(32));
        let guest = Guest::order("mqtt")
            .with_file("psk", &[0x5e; 32])
            .port(address);
        let said = guest.boot().until_failure();
        assert!(said.contains("illegal_parameter"), "{said}");
    });
}

#[test]
fn a_client_starts_tls_with_postfix() {
    alone(|| {
        let (server, address) = postfix::start(&WORLD.server);
        let guest = Guest::order("starttls").trusting(&WORLD.ca).port(address);
        let said = guest.boot().until_exit();
        assert!(said.contains("left in order"), "{said}");
        server.until_said("TLS connection established from unknown[127.0.0.1]: TLSv1.3");
        // STARTTLS, and EHLO once before and once behind it.
        server.until_said("ehlo=2 starttls=1 quit=1 commands=4");
    });
}

/// One client shows its certificate, one has none, and one has a stranger's: the first is served, and the
/// others hear why they are not.
#[test]
fn a_server_that_asks_for_certificates_serves_those_who_have_one() {
    let guest = Guest::order("server")
        .trusting(&WORLD.ca)
        .known_as(&WORLD.server)
        .forwarding()
        .word("asks=yes");
    let (address, mut guest) = (guest.address(), guest.boot());
    guest.until_said("listening");
    let known = openssl::client_as(&WORLD.client, address, &[]);
    let refused = [
        (openssl::client(address, &[]), Alert::CertificateRequired),
        (
            openssl::client_as(&WORLD.stranger, address, &[]),
            Alert::UnknownCa,
        ),
    ];
    for (mut client, alert) in refused {
        client.until_exit();
        let fatal = format!("fatal {}", alert.name());
        assert_eq!(openssl::received(&client).last(), Some(&fatal));
    }
    known.say("hello from a client\n");
    known.until("its own words", |known| {
        known.log().matches("hello from a client").count() == 1
    });
    let mut known = known;
    known.hang_up();
    let said = guest.until_failure();
    assert!(said.contains("the client is Some(\"leaf\")"), "{said}");
    assert_eq!(said.matches("Certificate failed: ").count(), 2, "{said}");
    assert!(said.contains("repeated 20 bytes"), "{said}");
}

/// The project's own program, on the host.
#[test]
fn a_server_of_http_answers_the_program_sslcore() {
    let guest = Guest::order("http-server")
        .known_as(&WORLD.server)
        .forwarding();
    let (address, mut guest) = (guest.address(), guest.boot());
    guest.until_said("listening");
    let program = std::env::var("SSLCORE_TEST_PROGRAM").expect("`tests/run firmware_all` sets it");
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", ca_pem());
    let address = address.to_string();
    let options = ["connect", &address, "--ca", &ca];
    let mut client = Peer::start(&program, options, scratch);
    client.say("GET / HTTP/1.1\r\nHost: server.test\r\nConnection: close\r\n\r\n");
    client.until("an answer", |client| client.said("served by a device\n"));
    client.hang_up();
    let status = client.until_exit();
    assert!(status.success(), "{status}: {}", client.log());
    let said = guest.until_exit();
    assert!(said.contains("answered 1 requests"), "{said}");
}
