//! Reviews that are open, and their answers.

use std::time::Duration;

use sslcore::{
    Alert, Event, FailureKind, OnErrors, ServerStart, SslErrorKind, Timeouts, UsageError, Verdict,
    VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, server_name};

use super::{VERSIONS, client_of, held, holding_client, position, server_as, server_of};

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
