//! What a careless or clever caller may conclude from a review (rules R1, R13).

use std::time::Duration;

use sslcore::{Alert, Event, FailureKind, OnErrors, SslError, SslErrorKind, Verdict};
use sslcore_tests::certs::{WORLD, self_signed, self_signed_with};
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

/// Forgives every error of one kind, as an application does that knows its devices' clocks.
fn forgive(pair: &mut Pair, kind: SslErrorKind) {
    pair.run();
    let review = pair.client.conn.review().expect("open");
    let forgiven: Vec<SslError> = review
        .errors
        .iter()
        .filter(|error| error.kind() == kind)
        .cloned()
        .collect();
    assert!(!forgiven.is_empty(), "{:?}", review.errors);
    let id = review.id;
    pair.client
        .conn
        .answer(id, Verdict::AcceptOnly(&forgiven))
        .expect("open");
    pair.run();
}

#[test]
fn forgiving_a_missing_clock_does_not_forgive_an_unknown_issuer() {
    for (identity, good) in [
        (&WORLD.server, true),
        (&WORLD.stranger, false),
        (&WORLD.self_signed, false),
    ] {
        let client = client(backend()).on_errors(OnErrors::Hold);
        let server = server(backend()).identity(identity.chain.clone(), identity.key());
        let mut pair = Pair::tls(
            &client.build().expect("client"),
            &server.build().expect("server"),
        );
        pair.client.has_wall_clock = false;
        forgive(&mut pair, SslErrorKind::NoWallClock);
        assert_eq!(pair.client.conn.is_encrypted(), good);
    }
}

#[test]
fn forgiving_an_expired_certificate_does_not_forgive_an_unknown_issuer() {
    let impostor = self_signed_with(&["server.test"], |params| {
        params.not_after = rcgen::date_time_ymd(2025, 6, 1);
    });
    for (identity, good) in [(&WORLD.expired, true), (&impostor, false)] {
        let client = client(backend()).on_errors(OnErrors::Hold);
        let server = server(backend()).identity(identity.chain.clone(), identity.key());
        let mut pair = Pair::tls(
            &client.build().expect("client"),
            &server.build().expect("server"),
        );
        forgive(&mut pair, SslErrorKind::CertificateExpired);
        assert_eq!(pair.client.conn.is_encrypted(), good);
    }
}

#[test]
fn a_client_is_told_of_a_certificate_request_only_when_there_is_one() {
    for version in VERSIONS {
        for fragment in [32, 40, 52, 16384] {
            let client = client(backend())
                .protocols(&[version])
                .max_fragment(fragment)
                .session_cache(0)
                .build()
                .expect("client");
            let server = server(backend())
                .protocols(&[version])
                .verify_mode(sslcore::VerifyMode::None)
                .build()
                .expect("server");
            // In TLS 1.2 what follows ChangeCipherSpec begins with a random byte.
            for _ in 0..300 {
                let pair = Pair::encrypted(&client, &server);
                assert!(
                    !pair.client.saw(Event::ClientCertificateRequested),
                    "{version} {fragment}"
                );
            }
        }
    }
}

#[test]
fn forgiving_a_wrong_purpose_does_not_forgive_an_unknown_issuer() {
    let purpose = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    };
    let honest = WORLD.ca.leaf_with(&["server.test"], purpose);
    let impostor = self_signed_with(&["server.test"], |params| {
        purpose(params);
        params.not_after = rcgen::date_time_ymd(2025, 6, 1);
    });
    for (identity, good) in [(&honest, true), (&impostor, false)] {
        let client = client(backend()).on_errors(OnErrors::Hold);
        let server = server(backend()).identity(identity.chain.clone(), identity.key());
        let mut pair = Pair::tls(
            &client.build().expect("client"),
            &server.build().expect("server"),
        );
        forgive(&mut pair, SslErrorKind::InvalidPurpose);
        assert_eq!(pair.client.conn.is_encrypted(), good);
    }
}

#[test]
fn a_rejection_names_the_first_error_that_was_not_forgiven() {
    let identity = self_signed(&["elsewhere.test"]);
    let client = client(backend()).on_errors(OnErrors::Hold);
    let server = server(backend()).identity(identity.chain.clone(), identity.key());
    let mut pair = Pair::tls(
        &client.build().expect("client"),
        &server.build().expect("server"),
    );
    forgive(&mut pair, SslErrorKind::SelfSignedCertificate);
    let kind = FailureKind::CertificateRejected(SslErrorKind::HostNameMismatch);
    assert!(
        pair.client.saw(Event::Failed(kind)),
        "{:?}",
        pair.client.events
    );
    assert!(pair.server.saw(Event::AlertReceived(Alert::BadCertificate)));
}

#[test]
fn a_server_without_a_clock_issues_no_tickets_of_either_kind() {
    for version in VERSIONS {
        for stateless in [true, false] {
            let client = client(backend()).protocols(&[version]).build();
            let server = server(backend())
                .verify_mode(sslcore::VerifyMode::None)
                .session_tickets(stateless);
            let (client, server) = (client.expect("client"), server.build().expect("server"));
            for has_clock in [false, true] {
                let mut pair = Pair::tls(&client, &server);
                pair.server.has_wall_clock = has_clock;
                pair.run();
                assert!(pair.client.conn.is_encrypted());
                assert!(!pair.client.conn.is_resumed(), "{version} {stateless}");
                let ticket = pair.client.saw(Event::SessionTicketReceived);
                assert_eq!(
                    ticket,
                    has_clock && version == "TLSv1.3",
                    "{version} {stateless}"
                );
            }
        }
    }
}

#[test]
fn a_rejected_server_does_not_choose_the_group_of_the_next_hello() {
    for (trusted, retried) in [(false, true), (true, false)] {
        let client = client(backend())
            .protocols(&["TLSv1.3"])
            .groups(&["X25519", "secp256r1"])
            .build()
            .expect("client");
        let identity = if trusted {
            &WORLD.server
        } else {
            &WORLD.stranger
        };
        let server = server(backend())
            .groups(&["secp256r1"])
            .identity(identity.chain.clone(), identity.key())
            .session_tickets(false)
            .session_cache(0)
            .build()
            .expect("server");
        let mut first = Pair::tls(&client, &server);
        first.run();
        assert_eq!(first.client.conn.is_encrypted(), trusted);
        let mut second = Pair::tls(&client, &server);
        let hello = second.client.take();
        second.server.give(&hello, usize::MAX);
        // HelloRetryRequest is short; a server's flight has a certificate in it.
        assert_eq!(second.server.take().len() < 200, retried);
    }
}

#[test]
fn a_tls12_client_that_showed_a_good_certificate_gets_a_ticket() {
    let client = client(backend())
        .protocols(&["TLSv1.2"])
        .identity(WORLD.client.chain.clone(), WORLD.client.key())
        .build()
        .expect("client");
    let server = server(backend())
        .verify_mode(sslcore::VerifyMode::Verify)
        .session_cache(0)
        .build()
        .expect("server");
    assert!(!Pair::encrypted(&client, &server).client.conn.is_resumed());
    assert!(Pair::encrypted(&client, &server).client.conn.is_resumed());
}

#[test]
fn a_resumed_chain_is_judged_when_the_server_has_proven_the_session() {
    let short_lived = WORLD.ca.leaf_with(&["server.test"], |params| {
        params.not_after = rcgen::date_time_ymd(2026, 1, 1) + Duration::from_secs(3600);
    });
    for version in VERSIONS {
        let client = client(backend())
            .protocols(&[version])
            .on_errors(OnErrors::Hold)
            .build()
            .expect("client");
        let server = server(backend())
            .identity(short_lived.chain.clone(), short_lived.key())
            .build()
            .expect("server");
        Pair::encrypted(&client, &server);
        let mut pair = Pair::tls(&client, &server);
        pair.advance(Duration::from_secs(2 * 3600));
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        // All but the last byte of Finished.
        let (most, last) = flight.split_at(flight.len() - 1);
        pair.client.give(most, usize::MAX);
        assert!(pair.client.conn.review().is_none(), "{version}");
        pair.client.give(last, usize::MAX);
        assert!(pair.client.conn.review().is_some(), "{version}");
        assert!(pair.client.conn.is_resumed(), "{version}");
    }
}
