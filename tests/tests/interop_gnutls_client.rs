//! Our server and `gnutls-cli`.

use sslcore::{
    Alert, ConfigBuilder, Event, FailureKind, OnErrors, ServerConfig, SslCipher, SslErrorKind,
    Verdict, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::gnutls::{self, SUITES, VERSIONS};
use sslcore_tests::pair::{backend, backends, server};
use sslcore_tests::peer::Peer;
use sslcore_tests::wire::{Door, Wire, pattern};

fn only(version: &str) -> ConfigBuilder<ServerConfig> {
    server(backend()).protocols(&[version])
}

/// A server with this configuration and a client with these options, connected.
fn connect(config: ConfigBuilder<ServerConfig>, options: &[&str]) -> (Wire, Peer) {
    let door = Door::open();
    let client = gnutls::client(door.address, options);
    let wire = door.serve(&config.build().expect("config"));
    (wire, client)
}

/// gnutls-cli answers no close_notify, so it has to say goodbye first.
fn part(mut wire: Wire, mut client: Peer) {
    client.hang_up();
    wire.until_saw(Event::PeerClosed);
    let report = wire.close();
    assert!(report.clean, "{report:?}");
    assert!(client.until_exit().success());
}

#[test]
fn a_server_of_either_version_and_backend_speaks_with_gnutls_both_ways() {
    for (version, priority) in VERSIONS {
        for backend in backends() {
            let config = server(backend).protocols(&[version]);
            let (mut wire, client) = connect(config, &["--priority", priority]);
            wire.until_encrypted();
            client.converse(&mut wire);
            client.until_said("- Status: The certificate is trusted.");
            client.until_said(&format!("- Description: ({}", version.replace('v', "")));
            part(wire, client);
        }
    }
}

#[test]
fn every_cipher_suite_of_ours_that_gnutls_insists_on_protects_data_both_ways() {
    for (name, priority) in SUITES {
        let (mut wire, client) = connect(server(backend()), &["--priority", priority]);
        wire.until_encrypted();
        client.converse(&mut wire);
        let cipher = wire.end.conn.session_cipher();
        assert_eq!(cipher.as_ref().map(SslCipher::openssl_name), Some(name));
        let theirs = priority.rsplit_once(":+").expect("a cipher").1;
        client.until_said(&format!("-({theirs})\n"));
        part(wire, client);
    }
}

#[test]
fn a_client_whose_key_share_we_do_not_want_is_asked_for_another() {
    let priority = format!(
        "{}:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP384R1",
        VERSIONS[1].1
    );
    let config = only("TLSv1.3").groups(&["secp384r1"]);
    let options = ["--single-key-share", "--priority", &priority];
    let (mut wire, client) = connect(config, &options);
    wire.until_encrypted();
    client.converse(&mut wire);
    client.until("its HelloRetryRequest", |client| {
        gnutls::received(client).contains(&"HELLO RETRY REQUEST".to_string())
    });
    client.until_said("(ECDHE-SECP384R1)");
    part(wire, client);
}

#[test]
fn a_server_that_gnutls_refuses_learns_why() {
    for (version, priority) in VERSIONS {
        for identity in [&WORLD.self_signed, &WORLD.stranger, &WORLD.expired] {
            let config = only(version).identity(identity.chain.clone(), identity.key());
            let (mut wire, mut client) = connect(config, &["--priority", priority]);
            wire.until_failed(FailureKind::AlertReceived(Alert::BadCertificate));
            assert!(!wire.end.saw(Event::Encrypted));
            assert_eq!(wire.alerts_sent(), []);
            assert!(!client.until_exit().success());
            client.until_said("- Status: The certificate is NOT trusted.");
        }
    }
}

#[test]
fn a_server_that_wants_a_certificate_serves_a_client_that_has_one() {
    for (version, priority) in VERSIONS {
        let door = Door::open();
        let client = gnutls::client_as(&WORLD.client, door.address, &["--priority", priority]);
        let config = only(version).verify_mode(VerifyMode::Verify).build();
        let mut wire = door.serve(&config.expect("config"));
        wire.until_encrypted();
        client.converse(&mut wire);
        let leaf = wire.end.conn.peer_certificate().expect("it has one");
        assert_eq!(*leaf.der(), WORLD.client.chain[0]);
        client.until_said("- Successfully sent 1 certificate(s) to server.");
        part(wire, client);
    }
}

#[test]
fn a_server_that_wants_a_certificate_refuses_a_client_with_none_or_a_wrong_one() {
    use SslErrorKind as K;
    let (none, unknown) = (None, Some(&WORLD.stranger));
    let untrusted = K::UnableToGetLocalIssuerCertificate;
    for ((version, priority), identity, kind, alert) in [
        (
            VERSIONS[0],
            none,
            K::NoPeerCertificate,
            Alert::HandshakeFailure,
        ),
        (
            VERSIONS[1],
            none,
            K::NoPeerCertificate,
            Alert::CertificateRequired,
        ),
        (VERSIONS[0], unknown, untrusted, Alert::UnknownCa),
        (VERSIONS[1], unknown, untrusted, Alert::UnknownCa),
    ] {
        let door = Door::open();
        let options = ["--priority", priority];
        let mut client = match identity {
            Some(identity) => gnutls::client_as(identity, door.address, &options),
            None => gnutls::client(door.address, &options),
        };
        let config = only(version).verify_mode(VerifyMode::Verify).build();
        let mut wire = door.serve(&config.expect("config"));
        wire.until_failed(FailureKind::CertificateRejected(kind));
        assert_eq!(wire.alerts_sent(), [alert]);
        assert!(!wire.end.saw(Event::Encrypted));
        assert!(!client.until_exit().success());
        assert_eq!(gnutls::alerts_received(&client), [(2, alert.code())]);
        let received = gnutls::received(&client);
        let last = match version {
            "TLSv1.2" => "SERVER HELLO DONE",
            _ => "FINISHED",
        };
        assert_eq!(received.last().expect("a flight"), last, "{received:?}");
    }
}

#[test]
fn both_agree_on_a_protocol_or_the_client_is_told_that_there_is_none() {
    for (version, priority) in VERSIONS {
        let options = ["--alpn", "http/1.1", "--alpn", "h2", "--priority", priority];
        let (mut wire, client) = connect(only(version).alpn(&[b"h2"]), &options);
        wire.until_encrypted();
        client.converse(&mut wire);
        assert_eq!(wire.end.conn.alpn_protocol(), Some(&b"h2"[..]));
        client.until_said("- Application protocol: h2\n");
        part(wire, client);

        let (mut wire, mut client) = connect(only(version).alpn(&[b"h3"]), &options);
        wire.until_failed(FailureKind::Incompatible);
        assert_eq!(wire.alerts_sent(), [Alert::NoApplicationProtocol]);
        assert!(!client.until_exit().success());
        assert_eq!(gnutls::alerts_received(&client), [(2, 120)]);
        assert_eq!(gnutls::received(&client), Vec::<String>::new());
    }
}

#[test]
fn a_key_update_from_either_side_renews_both_directions() {
    let options = ["--inline-commands", "--priority", VERSIONS[1].1];
    let (mut wire, client) = connect(only("TLSv1.3"), &options);
    wire.until_encrypted();
    client.converse(&mut wire);
    client.say("^rekey^\n");
    wire.until_saw(Event::KeysUpdated);
    client.converse(&mut wire);
    client.until_said("- Rekey was completed");
    let updates = |client: &Peer| {
        let received = gnutls::received(client);
        received.iter().filter(|name| *name == "KEY_UPDATE").count()
    };
    client.until("our answer", |client| updates(client) == 1);
    let renewed = wire.count(Event::KeysUpdated);
    wire.end.conn.update_keys().expect("encrypted");
    wire.until("our request", |_| updates(&client) == 2);
    client.converse(&mut wire);
    assert_eq!(wire.count(Event::KeysUpdated), renewed + 2);
    part(wire, client);
}

#[test]
fn a_transport_that_carries_one_byte_at_a_time_changes_nothing() {
    for (version, priority) in VERSIONS {
        let (mut wire, client) = connect(only(version), &["--priority", priority]);
        wire.chunk = 1;
        wire.until_encrypted();
        client.converse(&mut wire);
        part(wire, client);
    }
}

#[test]
fn ten_megabytes_come_and_go_while_the_reader_sips() {
    const LEN: usize = 10 << 20;
    for (version, priority) in VERSIONS {
        let options = ["--debug", "0", "--priority", priority];
        let (mut wire, mut client) = connect(only(version), &options);
        let data = pattern(LEN);
        client.converse_at_length(&mut wire, &data);
        client.hang_up();
        wire.until_saw(Event::PeerClosed);
        assert!(wire.close().clean);
        client.until_exit_having_printed(&data);
    }
}

#[test]
fn a_client_that_has_closed_its_direction_reads_all_that_we_go_on_sending() {
    let data = pattern(1 << 20);
    let options = ["--debug", "0", "--priority", VERSIONS[1].1];
    let (mut wire, mut client) = connect(only("TLSv1.3"), &options);
    wire.until_encrypted();
    client.converse(&mut wire);
    client.hang_up();
    wire.until_saw(Event::PeerClosed);
    assert!(wire.end.conn.is_encrypted(), "our direction is open");
    wire.send(&data);
    let report = wire.close();
    assert!(report.clean, "{report:?}");
    client.until_exit_having_printed(&data);
}

#[test]
fn a_tls_1_2_client_that_closes_is_answered_at_once() {
    let (mut wire, mut client) = connect(only("TLSv1.2"), &["--priority", VERSIONS[0].1]);
    wire.until_encrypted();
    client.converse(&mut wire);
    client.hang_up();
    let report = wire.until_closed();
    assert!(report.clean, "{report:?}");
    assert!(client.until_exit().success());
    assert_eq!(gnutls::alerts_received(&client), [(1, 0)]);
}

#[test]
fn a_client_that_leaves_without_an_answer_to_our_close_is_reported() {
    for (version, priority) in VERSIONS {
        let (mut wire, mut client) = connect(only(version), &["--priority", priority]);
        wire.until_encrypted();
        client.converse(&mut wire);
        let report = wire.close();
        // Rule R4: it might have had more to say, and said none of it.
        assert!(wire.end.saw(Event::CloseUnanswered));
        assert!(wire.end.conn.failure().is_none() && !report.clean);
        assert!(report.close_notify_sent && !report.close_notify_received);
        assert!(client.until_exit().success());
        client.until_said("- Peer has closed the GnuTLS connection");
        assert_eq!(gnutls::alerts_received(&client), [(1, 0)]);
    }
}

#[test]
fn a_client_that_was_held_and_told_to_go_on_is_served() {
    for (version, priority) in VERSIONS {
        let door = Door::open();
        let client = gnutls::client_as(&WORLD.stranger, door.address, &["--priority", priority]);
        let config = only(version)
            .verify_mode(VerifyMode::Verify)
            .on_errors(OnErrors::Hold)
            .build();
        let mut wire = door.serve(&config.expect("config"));
        wire.until("a review", |wire| wire.end.conn.review().is_some());
        let id = wire.end.conn.review().expect("open").id;
        client.say("from a stranger\n");
        for _ in 0..1000 {
            wire.turn();
        }
        assert_eq!(wire.received, b"");
        wire.end.conn.answer(id, Verdict::Accept).expect("open");
        wire.until_received(16);
        assert_eq!(wire.received, b"from a stranger\n");
        client.converse(&mut wire);
        part(wire, client);
    }
}
