//! The firmware, booted in QEMU, plays each of its roles against programs of others. `tests/run firmware`
//! builds it, and says where it and QEMU are.

mod guest;

use std::net::{SocketAddr, TcpListener};
use std::thread;

use guest::Guest;
use sslcore::{Alert, SslErrorKind};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::openssl::{self, TLS12, TLS13, VERSIONS};
use sslcore_tests::peer::{Peer, Scratch};

/// In one version: a small image may speak no other.
fn ask_for_a_page((version, flag): (&str, &str)) {
    let (mut peer, address) = openssl::server(&WORLD.server, &[flag, "-www"]);
    let guest = Guest::order("client")
        .trusting(&WORLD.ca)
        .port(address)
        .slowly();
    let said = guest.boot().until_exit();
    assert!(said.contains(&format!("encrypted: {version} ")), "{said}");
    guest::tell_counted(&format!("client, {version}, live"), &said);
    peer.until_exit();
}

/// It keeps neither sessions nor the server's chain.
#[test]
fn a_frugal_client_holds_little() {
    let (mut peer, address) = openssl::server(&WORLD.server, &[TLS13.1, "-www"]);
    let guest = Guest::order("client").trusting(&WORLD.ca).port(address);
    let said = guest.word("frugal=yes").slowly().boot().until_exit();
    guest::tell_counted("frugal client, TLSv1.3, live", &said);
    assert!(guest::number(&said, "idle ") <= 1500, "{said}");
    peer.until_exit();
}

#[test]
fn a_client_asks_for_a_page_in_tls13() {
    ask_for_a_page(TLS13);
}

#[test]
fn a_client_asks_for_a_page_in_tls12() {
    ask_for_a_page(TLS12);
}

/// With a pre-shared key, and neither certificate nor date.
#[test]
fn a_client_asks_for_a_page_with_a_key() {
    let (mut peer, address) = guest::server_with_key();
    let guest = Guest::order("client")
        .with_file("psk", &[0x5e; 32])
        .without_date()
        .port(address)
        .slowly();
    let said = guest.boot().until_exit();
    assert!(said.contains("encrypted: TLSv1.3 "), "{said}");
    guest::tell_counted("client with a key, TLSv1.3, live", &said);
    // Nothing of X.509 is there, and no two keys of the handshake at a time.
    assert!(guest::number(&said, "peak ") <= 2048, "{said}");
    peer.until_exit();
}

/// For the time that it takes, and for its instructions.
#[test]
fn a_client_downloads_a_megabyte() {
    let body = guest::pattern(1 << 20);
    let download = |slowly: fn(Guest) -> Guest| {
        let scratch = Scratch::new();
        scratch.file("body", &body);
        let (_peer, address) = openssl::server_in(scratch, &WORLD.server, &["-HTTP"]);
        let guest = Guest::order("client").trusting(&WORLD.ca).port(address);
        let said = slowly(guest.word("path=/body")).boot().until_exit();
        let heard = format!("heard {} bytes, sum {}", body.len(), guest::sum(&body));
        assert!(said.contains(&heard), "{said}");
        // Two session tickets, and nothing for the records.
        let allocations = guest::number(&said, "heap of the answer: ");
        assert!(allocations < 40, "{said}");
        // TCP is told that the controller holds several frames: a wake-up for each would be 800.
        let (_, answer) = said.split_once("cost of the answer: ").expect("a cost");
        let (_, calls) = answer.split_once(", longest ").expect("the longest");
        assert!(guest::number(calls, ", ") < 600, "{said}");
        said
    };
    guest::tell("download of 1 MB, live", &download(|guest| guest));
    guest::tell_counted("download of 1 MB, live, counted", &download(Guest::slowly));
}

#[test]
fn a_client_starts_tls_in_a_session_of_smtp() {
    let scratch = Scratch::new();
    let (cert, key) = scratch.identity(&WORLD.server);
    let script = scratch.file("smtp.py", include_str!("smtp.py"));
    let mut peer = Peer::start("/usr/bin/python3", [&*script, &cert, &key], scratch);
    peer.until_said("port ");
    let out = String::from_utf8(peer.out()).expect("text");
    let port = out.lines().find_map(|line| line.strip_prefix("port "));
    let port: u16 = port.and_then(|port| port.parse().ok()).expect("a port");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let said = Guest::order("starttls").trusting(&WORLD.ca).port(address);
    let said = said.boot().until_exit();
    assert!(said.contains("left in order"), "{said}");
    assert!(peer.until_exit().success());
    let log = peer.log();
    assert!(
        log.contains("plain: EHLO firmware\nplain: STARTTLS\n"),
        "{log}"
    );
    assert!(
        log.contains("TLSv1.3: EHLO firmware\nTLSv1.3: QUIT\n"),
        "{log}"
    );
    assert!(log.contains("closed in order"), "{log}");
}

#[test]
fn a_server_serves_three_clients_at_once() {
    let guest = Guest::order("server").known_as(&WORLD.server).forwarding();
    let (address, mut guest) = (guest.address(), guest.boot());
    guest.until_said("listening");
    let data = guest::pattern(30_000);
    thread::scope(|scope| {
        for (_, flag) in guest::three_versions() {
            let data = &data;
            scope.spawn(move || openssl::hear_own_words(address, flag, data));
        }
    });
    let said = guest.until_exit();
    let repeated = said.matches("repeated 30000 bytes").count();
    assert_eq!(repeated, 3, "{said}");
    guest::tell("server, three clients, live", &said);
}

/// Another name than the one that is asked for.
fn wrong_name() -> Identity {
    WORLD.ca.leaf(&["other.test"])
}

#[test]
fn a_client_refuses_and_its_peer_hears_why() {
    let wrong = wrong_name();
    let cases = [
        (
            &WORLD.stranger,
            SslErrorKind::UnableToGetLocalIssuerCertificate,
            Alert::UnknownCa,
        ),
        (
            &WORLD.expired,
            SslErrorKind::CertificateExpired,
            Alert::CertificateExpired,
        ),
        (
            &wrong,
            SslErrorKind::HostNameMismatch,
            Alert::BadCertificate,
        ),
    ];
    for (identity, kind, alert) in cases {
        for (version, flag) in VERSIONS {
            let (mut peer, address) = openssl::server(identity, &[flag]);
            let guest = Guest::order("refusal").trusting(&WORLD.ca).port(address);
            let said = guest.boot().until_exit();
            let refused = format!("refused for {kind:?}, told Some({:?})", alert.name());
            assert!(said.contains(&refused), "{said}");
            openssl::assert_only_alerted(&mut peer, version, alert);
        }
    }
}

#[test]
fn a_device_that_does_not_know_the_date_refuses_and_says_so() {
    let (mut peer, address) = openssl::server(&WORLD.server, &[]);
    let guest = Guest::order("refusal").trusting(&WORLD.ca).port(address);
    let said = guest.without_date().boot().until_exit();
    assert!(said.contains("refused for NoWallClock"), "{said}");
    peer.until_exit();
}

#[test]
fn a_peer_that_says_nothing_is_given_up_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = silent.local_addr().expect("address");
    let guest = Guest::order("client").trusting(&WORLD.ca).port(address);
    let said = guest.word("patience=500").boot().until_failure();
    assert!(said.contains("the handshake took too long"), "{said}");
}

#[test]
fn a_peer_that_is_killed_is_a_defined_error() {
    let (mut peer, address) = openssl::server(&WORLD.server, &[]);
    let guest = Guest::order("client").trusting(&WORLD.ca).port(address);
    let mut guest = guest.boot();
    guest.until_said("encrypted: ");
    // It waits for an answer.
    peer.kill();
    let said = guest.until_failure();
    let ends = [
        "the transport was reset",
        "the stream ended without close_notify",
    ];
    assert!(ends.iter().any(|end| said.contains(end)), "{said}");
}

#[test]
fn nobody_answers_where_nobody_listens() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    let guest = Guest::order("client").trusting(&WORLD.ca).port(nobody);
    let said = guest.boot().until_failure();
    assert!(said.contains("cannot connect to port 1"), "{said}");
}

/// The client and the server are on the device, with the certificates in `replayed`, and with the same
/// random numbers each time.
#[test]
fn the_same_handshakes_cost_the_same_instructions_each_time() {
    let versions: Vec<&str> = VERSIONS.into_iter().map(|(name, _)| name).collect();
    let run = || {
        let guest = Guest::order("replay")
            .with_file("ca", include_bytes!("replayed/ca.der"))
            .with_file("cert", include_bytes!("replayed/cert.der"))
            .with_file("key", include_bytes!("replayed/key.der"))
            .word(&format!("versions={}", versions.join("+")))
            .dated(1_800_000_000);
        guest.slowly().boot().until_exit()
    };
    let (said, again) = (run(), run());
    let replayed = |said: &str| {
        let lines = said.lines().filter(|line| line.starts_with("replayed "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let lines = replayed(&said);
    // Full, resumed, with a client's certificate, and over pipes; two ends.
    assert_eq!(lines.len(), 8 * versions.len(), "{said}");
    assert_eq!(lines, replayed(&again));
    // One check of a signature is the longest step of this one.
    let check = guest::longest(&said, "replayed TLSv1.3, client: ");
    for line in &lines {
        // With a client's certificate rustls verifies and signs in one message of TLS 1.2.
        let limit = match line.contains("TLSv1.2 mutual, client") {
            true => 7 * check / 2,
            false => 2 * check,
        };
        assert!(guest::number(line, "longest ") < limit, "{line}");
    }
    guest::tell_counted("replay", &said);
}
