//! The hold, the verdict, and what reaches the wire (rules R1, R5, R6).

use std::time::Duration;

use sslcore::{
    Alert, ClientConfig, Event, FailureKind, OnErrors, ServerConfig, ServerStart, SslErrorKind,
    Timeouts, UsageError, Verdict, VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::{End, Pair, backend, client, server, server_name};

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

fn client_of(version: &str) -> sslcore::ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

fn server_of(version: &str) -> sslcore::ConfigBuilder<ServerConfig> {
    server(backend()).protocols(&[version])
}

#[test]
fn a_client_learns_whose_certificates_the_server_takes() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        for (mode, anchors, wanted) in [
            (
                VerifyMode::Verify,
                vec![WORLD.ca.der()],
                vec!["CN=test root"],
            ),
            (
                VerifyMode::Query,
                vec![WORLD.ca.der(), sslcore_tests::certs::Ca::new("other").der()],
                vec!["CN=test root", "CN=other"],
            ),
            (VerifyMode::Query, vec![], vec![]),
            (VerifyMode::None, vec![WORLD.ca.der()], vec![]),
        ] {
            let client = client_of(version)
                .identity(WORLD.client.chain.clone(), WORLD.client.key())
                .build()
                .expect("client");
            let server = ServerConfig::builder(backend())
                .protocols(&[version])
                .identity(WORLD.server.chain.clone(), WORLD.server.key())
                .trust_anchors(anchors)
                .verify_mode(mode)
                .build()
                .expect("server");
            let mut pair = Pair::tls(&client, &server);
            pair.run();
            assert!(pair.client.conn.is_encrypted(), "{version} {mode:?}");
            let told = pair.client.conn.client_certificate_authorities();
            let told: Vec<_> = told.map(|name| name.to_string()).collect();
            assert_eq!(told, wanted, "{version} {mode:?}");
            assert_eq!(pair.server.conn.client_certificate_authorities().count(), 0);
        }
    }
}

fn server_as(version: &str, identity: &Identity) -> ServerConfig {
    server_of(version)
        .identity(identity.chain.clone(), identity.key())
        .build()
        .expect("server")
}

fn holding_client(version: &str) -> ClientConfig {
    client_of(version)
        .on_errors(OnErrors::Hold)
        .build()
        .expect("client")
}

/// A pair whose client holds the handshake over a self-signed certificate.
fn held(version: &str) -> Pair {
    let mut pair = Pair::tls(
        &holding_client(version),
        &server_as(version, &WORLD.self_signed),
    );
    pair.run();
    assert!(
        pair.client.conn.review().is_some(),
        "{:?}",
        pair.client.events
    );
    pair
}

/// The records in a stream: content type and length.
fn records(mut bytes: &[u8]) -> Vec<(u8, usize)> {
    let mut records = Vec::new();
    while let [kind, _, _, high, low, rest @ ..] = bytes {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        records.push((*kind, len));
        bytes = &rest[len..];
    }
    records
}

fn position(end: &End, event: Event) -> usize {
    end.events
        .iter()
        .position(|seen| *seen == event)
        .unwrap_or_else(|| panic!("{event:?} is not in {:?}", end.events))
}

#[test]
fn a_good_certificate_is_never_asked_about() {
    for version in VERSIONS {
        let server = server_of(version).build().expect("server");
        let pair = Pair::encrypted(&holding_client(version), &server);
        assert!(pair.client.conn.ssl_errors().is_empty());
        assert!(
            !pair
                .client
                .events
                .iter()
                .any(|event| matches!(event, Event::SslErrors(_)))
        );
        assert_eq!(pair.client.conn.peer_certificate_chain().len(), 1);
    }
}

#[test]
fn while_the_verdict_is_open_no_flight_leaves_and_no_data_is_delivered() {
    for version in VERSIONS {
        let mut pair = held(version);
        let before = pair.client.sent.len();
        assert_eq!(pair.client.conn.write(b"secret"), Ok(6));
        for _ in 0..100 {
            assert!(pair.client.take().is_empty());
        }
        assert_eq!(pair.client.sent.len(), before);
        assert!(!pair.client.conn.is_encrypted());
        assert!(!pair.server.conn.is_encrypted());
        assert!(pair.server.read_all().is_empty());
    }
}

#[test]
fn a_late_accept_completes_the_handshake_and_sends_what_was_queued() {
    for version in VERSIONS {
        let mut pair = held(version);
        pair.client.write(b"queued before the verdict");
        let review = pair.client.conn.review().expect("open");
        assert_eq!(review.errors.len(), 1);
        assert_eq!(review.errors[0].kind(), SslErrorKind::SelfSignedCertificate);
        assert_eq!(review.errors[0].depth(), 0);
        assert_eq!(
            review.errors[0].certificate().map(|cert| cert.der()),
            Some(&WORLD.self_signed.chain[0])
        );
        let id = review.id;
        for _ in 0..1000 {
            pair.client.settle();
        }
        assert_eq!(pair.client.conn.answer(id, Verdict::Accept), Ok(()));
        pair.run();
        assert_eq!(pair.server.read_all(), b"queued before the verdict");
        let encrypted = position(&pair.client, Event::Encrypted);
        assert!(position(&pair.client, Event::SslErrors(id)) < encrypted);
        assert!(
            position(
                &pair.client,
                Event::PeerVerifyError {
                    kind: SslErrorKind::SelfSignedCertificate,
                    depth: 0
                }
            ) < position(&pair.client, Event::SslErrors(id))
        );
        assert_eq!(
            pair.client.conn.ssl_errors().len(),
            1,
            "forgiven, and still told"
        );
    }
}

#[test]
fn accept_only_forgives_what_it_names_and_nothing_else() {
    for version in VERSIONS {
        let mut pair = held(version);
        let review = pair.client.conn.review().expect("open");
        let (id, errors) = (review.id, review.errors.to_vec());
        assert_eq!(
            pair.client.conn.answer(id, Verdict::AcceptOnly(&errors)),
            Ok(())
        );
        pair.run();
        assert!(pair.client.conn.is_encrypted());

        let mut pair = held(version);
        let id = pair.client.conn.review().expect("open").id;
        assert_eq!(
            pair.client.conn.answer(id, Verdict::AcceptOnly(&[])),
            Ok(())
        );
        pair.run();
        assert!(!pair.client.conn.is_encrypted());
        assert!(pair.server.saw(Event::AlertReceived(Alert::UnknownCa)));
    }
}

#[test]
fn an_answer_counts_once_and_only_for_its_own_review() {
    let mut pair = held("TLSv1.3");
    let id = pair.client.conn.review().expect("open").id;
    assert_eq!(pair.client.conn.answer(id, Verdict::Accept), Ok(()));
    assert_eq!(
        pair.client.conn.answer(id, Verdict::Reject),
        Err(UsageError::Stale)
    );
    pair.client.settle();
    assert_eq!(
        pair.client.conn.answer(id, Verdict::Reject),
        Err(UsageError::NoDecisionOpen)
    );
    pair.run();
    assert!(pair.client.conn.is_encrypted());
}

#[test]
fn an_answer_counts_unless_process_has_seen_that_its_time_was_over() {
    for late in [false, true] {
        let timeouts = Timeouts {
            decision: Some(Duration::from_secs(60)),
            ..Timeouts::CLIENT
        };
        let config = client_of("TLSv1.3").on_errors(OnErrors::Hold);
        let config = config.timeouts(timeouts).build().expect("client");
        let mut pair = Pair::tls(&config, &server_as("TLSv1.3", &WORLD.self_signed));
        pair.run();
        let id = pair.client.conn.review().expect("open").id;
        pair.client.time = pair.client.conn.deadline().expect("a minute");
        if late {
            pair.client.settle();
        }
        let answered = pair.client.conn.answer(id, Verdict::Accept);
        assert_eq!(answered.err(), late.then_some(UsageError::NoDecisionOpen));
        pair.run();
        let failed = Event::Failed(FailureKind::DecisionTimeout);
        assert_eq!(pair.client.saw(failed), late);
        assert_eq!(pair.client.conn.is_encrypted(), !late);
    }
}

#[test]
fn the_number_of_another_review_answers_nothing() {
    let other = held("TLSv1.3").client.conn.review().expect("open").id;
    // The first question is the configuration's, so that the review has another number.
    let config = server_of("TLSv1.3")
        .verify_mode(VerifyMode::Verify)
        .on_errors(OnErrors::Hold)
        .build()
        .expect("server");
    let fallback = config.clone();
    let mut pair = Pair::default();
    let (client, server) = (&mut pair.client.conn, &mut pair.server.conn);
    server
        .start_server_encryption(ServerStart::Ask { fallback })
        .expect("start");
    client
        .start_client_encryption(
            &client_of("TLSv1.3").build().expect("client"),
            server_name(),
        )
        .expect("start");
    pair.run();
    let question = pair.server.conn.config_request().expect("asked").id;
    pair.server
        .conn
        .provide_config(question, &config)
        .expect("open");
    pair.run();
    assert!(pair.server.conn.review().is_some());
    assert_eq!(
        pair.server.conn.answer(other, Verdict::Accept),
        Err(UsageError::Stale)
    );
    pair.run();
    assert!(pair.server.conn.review().is_some() && !pair.server.conn.is_encrypted());
}

#[test]
fn a_client_that_rejects_sends_one_fatal_alert_and_nothing_else() {
    for version in VERSIONS {
        for (identity, kind, alert) in [
            (
                &WORLD.self_signed,
                SslErrorKind::SelfSignedCertificate,
                Alert::UnknownCa,
            ),
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
                &WORLD.client,
                SslErrorKind::HostNameMismatch,
                Alert::BadCertificate,
            ),
        ] {
            let client = client_of(version).build().expect("client");
            let mut pair = Pair::tls(&client, &server_as(version, identity));
            let hello = pair.client.take();
            pair.server.give(&hello, usize::MAX);
            pair.run();
            assert!(
                pair.client
                    .saw(Event::Failed(FailureKind::CertificateRejected(kind))),
                "{version} {kind:?}: {:?}",
                pair.client.events
            );
            assert!(pair.client.saw(Event::AlertSent(alert)));
            assert!(
                pair.server.saw(Event::AlertReceived(alert)),
                "{:?}",
                pair.server.events
            );
            assert!(!pair.client.saw(Event::Encrypted));
            assert!(!pair.server.saw(Event::Encrypted));
            let after = records(&pair.client.sent[hello.len()..]);
            // TLS 1.3 sends its compatibility ChangeCipherSpec before the certificates come.
            let expected: &[(u8, usize)] = match version {
                "TLSv1.2" => &[(21, 2)],
                _ => &[(20, 1), (23, 2 + 1 + 16)],
            };
            assert_eq!(after, expected, "{version} {kind:?}");
        }
    }
}

#[test]
fn a_late_reject_sends_the_alert_that_the_application_chose() {
    for version in VERSIONS {
        let mut pair = held(version);
        let id = pair.client.conn.review().expect("open").id;
        let answer = Verdict::RejectWith(Alert::AccessDenied);
        assert_eq!(pair.client.conn.answer(id, answer), Ok(()));
        pair.run();
        assert!(pair.server.saw(Event::AlertReceived(Alert::AccessDenied)));
        assert!(pair.client.saw(Event::AlertSent(Alert::AccessDenied)));
        assert_eq!(
            pair.client.conn.ssl_errors().len(),
            1,
            "getters answer after failure"
        );
        assert_eq!(pair.client.conn.peer_certificate_chain().len(), 1);
        assert!(pair.client.conn.session_cipher().is_some());
    }
}

#[test]
fn the_end_of_the_transport_surfaces_at_once_during_a_hold_and_makes_the_id_stale() {
    for version in VERSIONS {
        for reset in [false, true] {
            let mut pair = held(version);
            let id = pair.client.conn.review().expect("open").id;
            // Bytes that nobody will open wait behind the hold.
            assert_eq!(pair.client.conn.receive(&[23, 3, 3, 0, 1, 0]), Ok(6));
            let kind = if reset {
                pair.client.conn.receive_reset();
                FailureKind::Reset
            } else {
                pair.client.conn.receive_eof();
                FailureKind::Truncated
            };
            pair.client.settle();
            assert!(pair.client.saw(Event::Failed(kind)));
            assert_eq!(
                pair.client.conn.answer(id, Verdict::Accept),
                Err(UsageError::NoDecisionOpen)
            );
            assert!(pair.client.take().is_empty(), "nobody is there to be told");
        }
    }
}

#[test]
fn a_held_server_releases_nothing_and_rejects_with_the_right_alert() {
    for version in VERSIONS {
        for (identity, kind, alert) in [
            (
                None,
                SslErrorKind::NoPeerCertificate,
                Alert::CertificateRequired,
            ),
            (
                Some(&WORLD.stranger),
                SslErrorKind::UnableToGetLocalIssuerCertificate,
                Alert::UnknownCa,
            ),
            (
                Some(&WORLD.expired),
                SslErrorKind::CertificateExpired,
                Alert::CertificateExpired,
            ),
        ] {
            let alert = match (version, alert) {
                ("TLSv1.2", Alert::CertificateRequired) => Alert::HandshakeFailure,
                _ => alert,
            };
            let mut client = client_of(version);
            if let Some(identity) = identity {
                client = client.identity(identity.chain.clone(), identity.key());
            }
            let server = server_of(version)
                .verify_mode(VerifyMode::Verify)
                .on_errors(OnErrors::Hold)
                .build()
                .expect("server");
            let mut pair = Pair::tls(&client.build().expect("client"), &server);
            pair.run();
            let review = pair.server.conn.review().expect("open");
            assert_eq!(review.errors[0].kind(), kind, "{version}");
            let id = review.id;
            let before = pair.server.sent.len();
            assert!(pair.server.take().is_empty());
            assert_eq!(pair.server.conn.answer(id, Verdict::Reject), Ok(()));
            pair.run();
            let after = records(&pair.server.sent[before..]);
            assert_eq!(after.len(), 1, "{version} {kind:?}: {after:?}");
            assert!(
                pair.client.saw(Event::AlertReceived(alert)),
                "{version} {kind:?}: {:?}",
                pair.client.events
            );
            assert!(!pair.server.saw(Event::Encrypted));
            // Rule R14: a TLS 1.3 client is encrypted before the server has judged it.
            assert_eq!(pair.client.saw(Event::Encrypted), version == "TLSv1.3");
        }
    }
}

#[test]
fn a_held_server_that_accepts_goes_on() {
    for version in VERSIONS {
        for identity in [None, Some(&WORLD.stranger)] {
            let mut client = client_of(version);
            if let Some(identity) = identity {
                client = client.identity(identity.chain.clone(), identity.key());
            }
            let server = server_of(version)
                .verify_mode(VerifyMode::Verify)
                .on_errors(OnErrors::Hold)
                .build()
                .expect("server");
            let mut pair = Pair::tls(&client.build().expect("client"), &server);
            pair.run();
            let id = pair.server.conn.review().expect("open").id;
            assert_eq!(pair.server.conn.answer(id, Verdict::Accept), Ok(()));
            pair.run();
            pair.server.write(b"welcome");
            pair.client.write(b"thank you");
            pair.run();
            assert_eq!(pair.client.read_all(), b"welcome");
            assert_eq!(pair.server.read_all(), b"thank you");
            let chain = identity.map_or(&[][..], |identity| &identity.chain);
            assert_eq!(pair.server.conn.peer_certificate_chain().len(), chain.len());
        }
    }
}

#[test]
fn the_verify_modes_mean_what_qsslsocket_means() {
    for version in VERSIONS {
        for (mode, asked, errors, encrypted) in [
            (VerifyMode::None, false, 0, true),
            (VerifyMode::Query, true, 1, true),
            (VerifyMode::Verify, true, 1, false),
            (VerifyMode::Auto, true, 1, true),
        ] {
            let client = client_of(version)
                .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key())
                .build()
                .expect("client");
            let server = server_of(version)
                .verify_mode(mode)
                .build()
                .expect("server");
            let mut pair = Pair::tls(&client, &server);
            pair.run();
            assert_eq!(
                pair.server.conn.is_encrypted(),
                encrypted,
                "{version} {mode:?} server"
            );
            assert_eq!(pair.server.conn.ssl_errors().len(), errors);
            assert_eq!(pair.client.saw(Event::ClientCertificateRequested), asked);
            assert_eq!(pair.server.conn.peer_certificate().is_some(), asked);
        }
        for (mode, errors, encrypted) in [
            (VerifyMode::None, 0, true),
            (VerifyMode::Query, 1, true),
            (VerifyMode::Verify, 1, false),
            (VerifyMode::Auto, 1, false),
        ] {
            let client = client_of(version)
                .verify_mode(mode)
                .build()
                .expect("client");
            let mut pair = Pair::tls(&client, &server_as(version, &WORLD.self_signed));
            pair.run();
            assert_eq!(
                pair.client.conn.is_encrypted(),
                encrypted,
                "{version} {mode:?} client"
            );
            assert_eq!(pair.client.conn.ssl_errors().len(), errors);
            assert!(pair.client.conn.peer_certificate().is_some());
        }
    }
}

#[test]
fn a_server_that_only_queries_does_not_mind_a_missing_certificate() {
    for version in VERSIONS {
        let server = server_of(version)
            .verify_mode(VerifyMode::Query)
            .build()
            .expect("server");
        let pair = Pair::encrypted(&client_of(version).build().expect("client"), &server);
        assert!(pair.server.conn.ssl_errors().is_empty());
        assert!(pair.client.saw(Event::ClientCertificateRequested));
    }
}

#[test]
fn a_client_certificate_that_is_good_is_accepted_by_a_server_that_verifies() {
    for version in VERSIONS {
        let client = client_of(version)
            .identity(WORLD.client.chain.clone(), WORLD.client.key())
            .build()
            .expect("client");
        let server = server_of(version)
            .verify_mode(VerifyMode::Verify)
            .build()
            .expect("server");
        let pair = Pair::encrypted(&client, &server);
        assert_eq!(
            pair.server.conn.peer_certificate().map(|cert| cert.der()),
            Some(&WORLD.client.chain[0])
        );
        assert!(pair.server.conn.ssl_errors().is_empty());
    }
}

#[test]
fn the_verify_name_is_not_the_sni_name() {
    for version in VERSIONS {
        let client = client_of(version).build().expect("client");
        let server = server_of(version).build().expect("server");
        let mut pair = Pair::default();
        pair.server
            .conn
            .start_server_encryption(sslcore::ServerStart::With(server.clone()))
            .expect("start");
        let peer = sslcore::PeerName::new("elsewhere.test")
            .and_then(|peer| peer.verify_as("server.test"))
            .expect("names");
        pair.client
            .conn
            .start_client_encryption(&client, peer)
            .expect("start");
        pair.run();
        assert!(pair.client.conn.is_encrypted());
        let sent = String::from_utf8_lossy(&pair.client.sent).into_owned();
        assert!(sent.contains("elsewhere.test"), "SNI names the other host");
        assert!(!sent.contains("server.test"));
    }
}

#[test]
fn an_address_is_verified_and_never_sent_as_sni() {
    for version in VERSIONS {
        for (address, good) in [("127.0.0.1", true), ("127.0.0.2", false)] {
            let client = client_of(version).build().expect("client");
            let server = server_of(version).build().expect("server");
            let mut pair = Pair::default();
            pair.server
                .conn
                .start_server_encryption(sslcore::ServerStart::With(server))
                .expect("start");
            let peer = sslcore::PeerName::new(address).expect("address");
            pair.client
                .conn
                .start_client_encryption(&client, peer)
                .expect("start");
            let hello = pair.client.take();
            assert!(!String::from_utf8_lossy(&hello).contains(address));
            pair.server.give(&hello, usize::MAX);
            pair.run();
            assert_eq!(pair.client.conn.is_encrypted(), good);
        }
    }
}

#[test]
fn without_a_wall_clock_the_certificate_cannot_be_judged_and_that_is_an_error_to_report() {
    let client = client(backend())
        .on_errors(OnErrors::Hold)
        .build()
        .expect("client");
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::tls(&client, &server);
    pair.client.has_wall_clock = false;
    pair.run();
    let review = pair.client.conn.review().expect("open");
    assert_eq!(review.errors[0].kind(), SslErrorKind::NoWallClock);
    let id = review.id;
    assert_eq!(pair.client.conn.answer(id, Verdict::Accept), Ok(()));
    pair.run();
    assert!(pair.client.conn.is_encrypted());
}

#[test]
fn a_rejection_is_sealed_rightly_after_a_retry_and_with_client_authentication() {
    for hello_retry in [false, true] {
        for client_certificate in [false, true] {
            let mut client = client_of("TLSv1.3").groups(&["X25519", "secp256r1"]);
            let mut server =
                server_of("TLSv1.3").identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
            if hello_retry {
                server = server.groups(&["secp256r1"]);
            }
            if client_certificate {
                client = client.identity(WORLD.client.chain.clone(), WORLD.client.key());
                server = server.verify_mode(VerifyMode::Verify);
            }
            let (client, server) = (
                client.build().expect("client"),
                server.build().expect("server"),
            );
            let mut pair = Pair::tls(&client, &server);
            pair.run();
            let case = format!("retry={hello_retry} certificate={client_certificate}");
            assert!(
                pair.server.saw(Event::AlertReceived(Alert::UnknownCa)),
                "{case}: {:?}",
                pair.server.events
            );
            assert!(
                !pair.client.saw(Event::ClientCertificateRequested),
                "{case}"
            );
            // ClientHello, the compatibility ChangeCipherSpec, the second ClientHello if there is
            // one, and a sealed alert: of the client's certificate nothing has left.
            let kinds: Vec<u8> = records(&pair.client.sent).iter().map(|it| it.0).collect();
            let expected: &[u8] = if hello_retry {
                &[22, 20, 22, 23]
            } else {
                &[22, 20, 23]
            };
            assert_eq!(kinds, expected, "{case}");
            assert_eq!(records(&pair.client.sent).last(), Some(&(23, 19)), "{case}");
        }
    }
}

#[test]
fn a_server_that_rejects_after_a_retry_seals_its_alert_rightly() {
    let client = client_of("TLSv1.3").groups(&["X25519", "secp256r1"]);
    let server = server_of("TLSv1.3")
        .groups(&["secp256r1"])
        .verify_mode(VerifyMode::Verify);
    let mut pair = Pair::tls(
        &client.build().expect("client"),
        &server.build().expect("server"),
    );
    pair.run();
    assert!(
        pair.client
            .saw(Event::AlertReceived(Alert::CertificateRequired))
    );
    assert!(!pair.server.saw(Event::Encrypted));
}
