//! Certificates that are rejected: one alert, sealed rightly, and nothing else.

use sslcore::{Alert, Event, FailureKind, SslErrorKind, Verdict, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::Pair;

use super::{VERSIONS, client_of, held, records, server_as, server_of};

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
