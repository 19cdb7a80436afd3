//! Servers that ask for certificates.

use sslcore::{Alert, Event, OnErrors, ServerConfig, SslErrorKind, Verdict, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, backend};

use super::{VERSIONS, client_of, records, server_of};

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
