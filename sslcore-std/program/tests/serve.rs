//! `sslcore serve`, as its users run it: what it says, whom it lets in, how it ends.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};

use common::served::{PROGRAM, Served, run, say_all, served, served_as, served_in};
use common::{LONG, VERSIONS, client, pattern};
use serde_json::Value;
use sslcore::{ClientConfig, PeerName, Pin, VerifyMode};
use sslcore_std::{SslSocket, WaitError};
use sslcore_tests::certs::{Ca, Identity, WORLD};
use sslcore_tests::peer::{Peer, Scratch};

/// A client that lets the server show anything.
fn careless() -> ClientConfig {
    client()
        .verify_mode(VerifyMode::None)
        .build()
        .expect("client")
}

fn with_identity(identity: &Identity) -> ClientConfig {
    client()
        .identity(identity.chain.clone(), identity.key())
        .build()
        .expect("client")
}

/// Says a line and hears it back.
fn exchange(socket: &mut SslSocket, line: &str) {
    socket.write_all(line.as_bytes()).expect("write");
    let mut back = String::new();
    socket.read_line(&mut back).expect("read");
    assert_eq!(back, line);
}

/// The fingerprint in the command that the server prints.
fn printed_pin(server: &Served) -> Pin {
    server.peer.until_said("--trust-sha256 ");
    let log = server.peer.log();
    let (_, rest) = log.split_once("--trust-sha256 ").expect("the option");
    let digits = rest.split_whitespace().next().expect("a fingerprint");
    let bytes: Vec<u8> = digits
        .split(':')
        .map(|pair| u8::from_str_radix(pair, 16).expect("two digits"))
        .collect();
    Pin::CertificateSha256(bytes.try_into().expect("32 bytes"))
}

#[test]
fn the_printed_fingerprint_is_that_of_the_certificate_made_for_this_run() {
    let scratch = Scratch::new();
    let mut server = served_as(scratch, &["--name", "mail.example", "--once"]);
    let command = format!("sslcore connect {} --trust-sha256 ", server.address);
    server.peer.until_said(&command);
    let config = ClientConfig::builder(sslcore_std::default_backend())
        .pins([printed_pin(&server)])
        .build()
        .expect("client");
    let name = PeerName::new("localhost").expect("a name");
    let mut socket = server.client_of(&config, name);
    exchange(&mut socket, "hello\n");
    let certificate = socket
        .connection()
        .peer_certificate()
        .expect("a certificate");
    let names: Vec<String> = certificate
        .alternative_names()
        .map(|name| name.to_string())
        .collect();
    let names = names.join(" ");
    for name in ["localhost", "127.0.0.1", "::1", "mail.example"] {
        assert!(names.contains(name), "{name} is not among {names}");
    }
    assert!(socket.disconnect_from_host(LONG).clean);
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn the_printed_command_connects_as_it_stands() {
    for (service, said, wanted) in [
        ("--echo", "hello\n", "hello\n"),
        (
            "--smtp",
            "NOOP\r\nQUIT\r\n",
            "250 2.0.0 ok\r\n221 2.0.0 bye\r\n",
        ),
    ] {
        let mut server = served_as(Scratch::new(), &[service, "--once"]);
        server.peer.until("a command", |peer| {
            peer.out().ends_with(b"\n") && peer.said("  sslcore connect ")
        });
        let log = server.peer.log();
        let (_, command) = log.split_once("  sslcore ").expect("a command");
        let args = command.split_whitespace();
        let mut client = Peer::start(PROGRAM, args, Scratch::new());
        client.say(said);
        client.hang_up();
        let status = client.until_exit();
        assert!(status.success(), "{}", client.log());
        assert_eq!(String::from_utf8_lossy(&client.out()), wanted);
        assert_eq!(server.exit_code(), Some(0), "{}", server.peer.log());
    }
}

#[test]
fn the_fingerprint_of_a_certificate_from_a_file_is_printed_too() {
    let server = served(&["--once"]);
    let config = ClientConfig::builder(sslcore_std::default_backend())
        .pins([printed_pin(&server)])
        .build()
        .expect("client");
    exchange(&mut server.client(&config), "hello\n");
}

#[test]
fn everything_comes_back_also_behind_the_end_of_the_question() {
    let data = pattern(3_000_000);
    for version in VERSIONS {
        let mut server = served(&["--echo", "--once", "--protocol", version]);
        let config = client().build().expect("client");
        let mut socket = server.client(&config);
        // TLS 1.2 has one end for both directions (RFC 5246 §7.2.1): what comes back is read
        // before it.
        let mut back = vec![0; data.len()];
        for (piece, back) in data.chunks(10_000).zip(back.chunks_mut(10_000)) {
            socket.write_all(piece).expect("write");
            socket.read_exact(back).expect("read");
        }
        assert!(back == data, "{version}");
        if version == "TLSv1.3" {
            assert_eq!(say_all(socket, "the rest"), "the rest");
        } else {
            assert!(socket.disconnect_from_host(LONG).clean);
        }
        assert_eq!(server.exit_code(), Some(0));
        server.until_told(&[version, "TLS_", "bytes echoed", "ended cleanly"]);
    }
}

#[test]
fn bad_clients_disturb_nobody() {
    let server = served(&[]);
    let config = client().build().expect("client");
    let mut first = server.client(&config);
    exchange(&mut first, "before\n");
    // Some keep still, one of them in the middle of its ClientHello.
    let quiet: Vec<_> = (0..10).map(|_| server.tcp()).collect();
    let mut slow = server.tcp();
    slow.write_all(b"\x16\x03\x01\x02\x00\x01").expect("write");
    let mut hasty = server.tcp();
    hasty
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("write");
    let mut alert = Vec::new();
    hasty.read_to_end(&mut alert).expect("an alert and an end");
    assert_eq!(alert, b"\x15\x03\x03\x00\x02\x02\x0a");
    drop(hasty);
    server.until_told(&["failed: the peer speaks plain HTTP"]);
    let mut garbage = server.tcp();
    garbage.write_all(&[0x80; 100]).expect("write");
    drop(garbage);
    server.until_told(&["failed: what the peer sent is not TLS"]);
    drop(server.tcp());
    let mut cut = server.client(&config);
    exchange(&mut cut, "cut\n");
    cut.abort();
    server.until_told(&[
        "4 bytes echoed",
        "failed: the stream ended without close_notify",
    ]);

    let mut second = server.client(&config);
    exchange(&mut second, "after\n");
    exchange(&mut first, "after\n");
    drop((quiet, slow));
}

#[test]
fn a_client_that_cannot_get_further_is_told_for_what_it_is() {
    let hello = |version: [u8; 2], suites: &[u8]| {
        let len = [0, suites.len() as u8];
        let body = [&version[..], &[7; 32], &[0], &len, suites, &[1, 0]].concat();
        let message = [&[1, 0, 0, body.len() as u8][..], &body].concat();
        [
            &[22, 3, version[1].min(1), 0, message.len() as u8][..],
            &message,
        ]
        .concat()
    };
    let server = served(&[]);
    for (bytes, wanted) in [
        (
            hello([3, 0], &[0, 0x0a]),
            "it is an old client, with a ClientHello of SSL 3.0",
        ),
        (
            hello([3, 1], &[0, 0x2f]),
            "it is an old client, with a ClientHello of TLS 1.0",
        ),
        (
            hello([3, 2], &[0, 0x2f]),
            "it is an old client, with a ClientHello of TLS 1.1",
        ),
        (
            hello([3, 3], &[0, 0x2f, 0xc0, 0x13, 0x12, 0x34, 0, 0xff]),
            "it offers TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, 0x1234;",
        ),
        (
            b"\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10".repeat(2),
            "it began with a ClientHello of SSL 2.0",
        ),
        (
            b"GET /a\x1b[2J HTTP/1.1\r\n\r\n".to_vec(),
            "it began with \"GET /a\\u{1b}[2J HTTP/1.1\", which needs https:// here",
        ),
        (b"SSH-2.0-OpenSSH_9\r\n".to_vec(), "it is an SSH client"),
    ] {
        let mut client = server.tcp();
        client.write_all(&bytes).expect("write");
        let address = client.local_addr().expect("address").to_string();
        server.until_told(&[&address, "failed: ", wanted]);
    }
}

#[test]
fn a_client_that_keeps_still_is_sent_away() {
    let mut server = served(&["--once", "--timeout", "3"]);
    let mut socket = server.client(&client().build().expect("client"));
    exchange(&mut socket, "hello\n");
    // The server ends it in order.
    assert_eq!(socket.read(&mut [0; 1]).expect("a clean end"), 0);
    socket.close();
    assert_eq!(server.exit_code(), Some(3));
    server.until_told(&["6 bytes echoed", "kept still for too long"]);
}

#[test]
fn clients_must_have_a_certificate_by_the_given_authority() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let ca = scratch.file("client-ca.pem", sslcore_tests::openssl::ca_pem());
        let server = served_in(
            scratch,
            &WORLD.server,
            &["--client-ca", &ca, "--protocol", version],
        );
        let mut good = server.client(&with_identity(&WORLD.client));
        exchange(&mut good, "hello\n");
        good.close();
        server.until_told(&["client certificate CN=leaf (no errors)"]);

        let stranger = Ca::new("stranger").leaf(&["client.test"]);
        let nobody = client().build().expect("client");
        for (config, why) in [
            (with_identity(&stranger), "the issuer"),
            (nobody, "presented no certificate"),
        ] {
            let mut socket = server.plain();
            socket
                .start_client_encryption(&config, sslcore_tests::pair::server_name())
                .expect("start");
            // A TLS 1.3 client learns it only after its own handshake.
            let outcome = socket
                .wait_for_encrypted(Some(LONG))
                .map_err(std::io::Error::from)
                .and_then(|()| socket.read(&mut [0; 1]));
            assert!(outcome.is_err(), "{version}: {why}");
            server.until_told(&["certificate was refused", why]);
        }
    }
}

#[test]
fn a_certificate_that_is_only_asked_for_is_shown_with_its_errors() {
    let odd = Ca::new("stranger").leaf_with(&["client.test"], |params| {
        let name = rcgen::DnType::OrganizationName;
        params.distinguished_name.push(name, "a\u{1b}[2J\nb");
    });
    let scratch = Scratch::new();
    let mut server = served_in(
        scratch,
        &WORLD.server,
        &["--request-client-cert", "--count", "2"],
    );
    let mut socket = server.client(&with_identity(&odd));
    exchange(&mut socket, "hello\n");
    assert!(socket.disconnect_from_host(LONG).clean);
    let mut nobody = server.client(&client().build().expect("client"));
    exchange(&mut nobody, "hello\n");
    assert!(nobody.disconnect_from_host(LONG).clean);
    assert_eq!(server.exit_code(), Some(0));
    server.until_told(&["client certificate", "CN=leaf", "the issuer", "not known"]);
    let log = server.peer.log();
    assert!(!log.contains('\x1b'), "{log:?}");
    assert!(!log.contains("\nb"), "{log:?}");
}

#[test]
fn the_tls_options_say_what_is_negotiated() {
    let mut server = served(&[
        "--protocol",
        "TLSv1.2",
        "--ciphers",
        "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305",
        "--alpn",
        "h2,http/1.1",
        "--once",
    ]);
    let config = client().alpn(&[b"http/1.1"]).build().expect("client");
    let socket = server.client(&config);
    assert_eq!(socket.connection().alpn_protocol(), Some(&b"http/1.1"[..]));
    drop(say_all(socket, ""));
    assert_eq!(server.exit_code(), Some(0));
    server.until_told(&[
        "TLSv1.2, TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        "ALPN http/1.1",
    ]);
}

#[test]
fn the_key_log_holds_the_secrets_of_both_versions() {
    for (version, label) in [
        ("TLSv1.2", "CLIENT_RANDOM "),
        ("TLSv1.3", "CLIENT_TRAFFIC_SECRET_0 "),
    ] {
        let scratch = Scratch::new();
        let log = scratch.path().join("keys.log");
        let log = log.to_str().expect("UTF-8").to_owned();
        let args = ["--key-log", &log, "--protocol", version, "--once"];
        let mut server = served_in(scratch, &WORLD.server, &args);
        let config = client().build().expect("client");
        drop(say_all(server.client(&config), ""));
        assert_eq!(server.exit_code(), Some(0));
        let keys = std::fs::read_to_string(&log).expect("the log");
        let lines = keys.lines().filter(|line| line.starts_with(label));
        assert_eq!(lines.count(), 1, "{keys}");
    }
}

#[test]
fn json_has_one_object_a_line_and_nothing_else() {
    let mut server = served(&["--json", "--count", "2"]);
    let config = with_identity(&WORLD.client);
    assert_eq!(say_all(server.client(&config), "hello"), "hello");
    server.peer.until("the first connection", |peer| {
        peer.out().iter().filter(|byte| **byte == b'\n').count() == 2
    });
    let mut garbage = server.tcp();
    garbage.write_all(&[0x80; 100]).expect("write");
    garbage.shutdown(Shutdown::Write).expect("end");
    assert_eq!(server.exit_code(), Some(3));

    let out = String::from_utf8(server.peer.out()).expect("UTF-8");
    assert_eq!(server.peer.log(), format!("{out}\n"), "nothing on stderr");
    let told: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let [listening, good, bad] = &told[..] else {
        panic!("{out}");
    };
    assert_eq!(listening["event"], "listening");
    assert_eq!(listening["certificate_made_now"], false);
    let pin = listening["certificate_sha256"].as_str().expect("text");
    let command = listening["command"].as_str().expect("text");
    assert!(command.ends_with(&format!(" --trust-sha256 {pin}")));
    for (told, key, wanted) in [
        (good, "event", Value::from("connection")),
        (good, "encrypted", true.into()),
        (good, "protocol", "TLSv1.3".into()),
        (good, "alpn", Value::Null),
        (good, "echoed", 5.into()),
        (good, "ended", "clean".into()),
        (good, "error", Value::Null),
        (good, "exit", 0.into()),
        (bad, "encrypted", false.into()),
        (bad, "protocol", Value::Null),
        (bad, "ended", "failure".into()),
        (bad, "alert_sent", "unexpected_message".into()),
        (bad, "exit", 3.into()),
    ] {
        assert_eq!(told[key], wanted, "{key} of {told}");
    }
}

/// How a server ends that had this client, and no other.
fn exit_after(args: &[&str], client: impl FnOnce(&Served)) -> Option<i32> {
    let mut server = served(&[args, &["--once"]].concat());
    client(&server);
    server.exit_code()
}

#[test]
fn the_exit_code_says_how_the_connection_ended() {
    let config = client().build().expect("client");
    let clean = exit_after(&[], |server| drop(say_all(server.client(&config), "")));
    assert_eq!(clean, Some(0));

    let no_tls = exit_after(&[], |server| {
        server.tcp().write_all(&[0x80; 100]).expect("write");
    });
    assert_eq!(no_tls, Some(3));

    for version in VERSIONS {
        let refused = exit_after(&["--protocol", version], |server| {
            let config = ClientConfig::builder(sslcore_std::default_backend());
            let config = config.build().expect("it trusts nobody");
            let mut socket = server.plain();
            let name = sslcore_tests::pair::server_name();
            socket
                .start_client_encryption(&config, name)
                .expect("start");
            let outcome = socket.wait_for_encrypted(Some(LONG));
            assert!(matches!(outcome, Err(WaitError::Failed(_))));
            socket.disconnect_from_host(LONG);
        });
        assert_eq!(refused, Some(4), "{version}");
    }

    let cut = exit_after(&[], |server| {
        let mut socket = server.client(&config);
        exchange(&mut socket, "hello\n");
        socket.stream().shutdown(Shutdown::Write).expect("cut");
        // Until the server has seen it.
        let _ = socket.read(&mut [0; 1]);
    });
    assert_eq!(cut, Some(5));
}

#[test]
fn what_cannot_be_used_is_a_usage_error_that_names_it() {
    let files = Scratch::new();
    let cert = files.file("cert.pem", WORLD.server.chain_pem());
    let key = files.file("key.pem", WORLD.server.key_pem());
    let other = files.file("other.pem", WORLD.client.key_pem());
    for (args, wanted) in [
        (&["--nonsense"][..], "unexpected argument '--nonsense'"),
        (&["--echo", "--smtp"], "cannot be used with"),
        (&["--key", &key], "--cert <FILE>"),
        (
            &["--cert", "missing.pem"],
            "\"missing.pem\": this file does not exist",
        ),
        (
            &["--cert", &cert],
            "there is no private key in it, only: CERTIFICATE",
        ),
        (
            &["--cert", &key, "--key", &cert],
            "the two files are swapped",
        ),
        (
            &["--cert", &cert, "--key", &other],
            "the private key, or a signature scheme, does not belong to the certificate",
        ),
        (
            &["--client-ca", "*.nothing"],
            "no file matches this pattern",
        ),
        (
            &["--key-log", "missing/keys"],
            "the key log \"missing/keys\" cannot be written",
        ),
        (
            &["--www", "missing"],
            "the folder \"missing\" cannot be used",
        ),
        (&["--www", &cert], "is not a folder"),
        (
            &["--protocol", "TLSv1.1"],
            "the protocol \"TLSv1.1\" is not supported",
        ),
        (
            &["--ciphers", "RC4"],
            "the cipher suite \"RC4\" is not supported",
        ),
        (
            &["--alpn", ""],
            "an application protocol name has 1 to 255 bytes",
        ),
        (&["--listen", "nonsense"], "\"nonsense\" is no port"),
        (&["--listen", "localhost:65536"], "\"65536\" is no port"),
        (&["--timeout", "0"], "a number from 1 to 86400 is wanted"),
        (&["--count", "0"], "--count"),
        (
            &["--name", "not a name"],
            "\"not a name\" is neither a DNS name",
        ),
    ] {
        let run = run(&[&["serve"], args].concat());
        assert_eq!(run.code, Some(1), "{args:?}: {}", run.log);
        assert!(run.log.contains(wanted), "{args:?}: {}", run.log);
        assert_eq!(run.out, "", "{args:?}");
    }
}

#[test]
fn a_place_where_it_cannot_listen_is_exit_code_two() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = taken.local_addr().expect("address").to_string();
    // The second is RFC 5737's, so nobody's.
    for place in [address.as_str(), "192.0.2.1:0"] {
        let run = run(&["serve", "--listen", place]);
        assert_eq!(run.code, Some(2), "{}", run.log);
        let wanted = format!("cannot listen on {place:?}: ");
        assert!(run.log.contains(&wanted), "{}", run.log);
    }
}

#[test]
fn many_good_clients_are_served_at_once() {
    let server = served(&[]);
    let config = careless();
    let mut sockets: Vec<SslSocket> = (0..20).map(|_| server.client(&config)).collect();
    for socket in &mut sockets {
        exchange(socket, "one\n");
    }
    for socket in sockets.iter_mut().rev() {
        exchange(socket, "two\n");
    }
}

#[test]
fn nobody_reading_the_output_does_not_end_the_server() {
    let mut child = std::process::Command::new(PROGRAM)
        .args(["serve", "--once"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("start");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    let mut address = String::new();
    lines.read_line(&mut address).expect("an address");
    drop(lines);
    let stream = std::net::TcpStream::connect(address.trim()).expect("connect");
    let mut socket = SslSocket::from_stream(stream).expect("adopt");
    socket.set_timeout(Some(LONG));
    common::served::start(
        &mut socket,
        &careless(),
        PeerName::new("localhost").expect("a name"),
    );
    assert_eq!(say_all(socket, "hello"), "hello");
    assert_eq!(child.wait().expect("wait").code(), Some(0));
}
