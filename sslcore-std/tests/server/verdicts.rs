//! Clients' certificates that the application judges.

use std::io::{Read, Write};
use std::thread::JoinHandle;
use std::time::Duration;

use sslcore::{
    Alert, ConfigBuilder, FailureKind, OnErrors, ServerConfig, SslErrorKind, Timeouts, UsageError,
    Verdict, VerifyMode,
};
use sslcore_std::{AcceptError, HandshakeError, SslServer};

use crate::common::{LONG, VERSIONS, server};
use crate::spy::{Handshaked, Spy, certified_client, doubtful_client, good_client, stream};

fn asking() -> ConfigBuilder<ServerConfig> {
    server()
        .verify_mode(VerifyMode::Verify)
        .on_errors(OnErrors::Hold)
}

fn failures(spy: &Spy) -> Vec<FailureKind> {
    let failures = spy.errors().into_iter().map(|error| match error {
        HandshakeError::Tls(failure) => failure.kind(),
        other => panic!("{other}"),
    });
    failures.collect()
}

#[test]
fn who_waits_for_a_person_does_not_stop_the_others() {
    for version in VERSIONS {
        let mut spy = Spy::new(asking());
        spy.server.set_max_pending(1);
        let waiting = doubtful_client(spy.address(), version);
        spy.until("asked", |spy| spy.verdicts.len() == 1);
        let (id, review) = spy.verdicts[0];
        for count in 1..=3 {
            let other = certified_client(spy.address());
            spy.until("another is served", |spy| spy.sockets.len() == count);
            other.join().expect("its thread").1.expect("encrypted");
        }

        spy.server
            .answer(id, review, Verdict::Accept)
            .expect("open");
        spy.until("accepted", |spy| spy.sockets.len() == 4);
        assert_eq!(
            spy.server.answer(id, review, Verdict::Accept),
            Err(UsageError::Stale)
        );
        let (mut client, done) = waiting.join().expect("its thread");
        assert_eq!(done, Ok(()));
        let mut socket = spy.sockets.pop().expect("the last");
        client.write_all(b"at last").expect("write");
        let mut heard = [0; 7];
        socket.read_exact(&mut heard).expect("data");
        assert_eq!(&heard, b"at last");
        assert_eq!(spy.errors(), []);
        assert_eq!(spy.verdicts.len(), 1);
    }
}

#[test]
fn a_client_that_hangs_up_while_it_is_judged_is_noticed() {
    let mut spy = Spy::new(asking());
    let client = doubtful_client(spy.address(), "TLSv1.3");
    spy.until("asked", |spy| spy.verdicts.len() == 1);
    let (id, review) = spy.verdicts[0];
    drop(client.join().expect("its thread"));
    spy.until("gone", |spy| spy.failed.len() == 1);
    assert!(
        matches!(
            failures(&spy)[..],
            [FailureKind::Truncated | FailureKind::Reset]
        ),
        "{:?}",
        spy.failed
    );
    let stale = spy.server.answer(id, review, Verdict::Accept);
    assert!(
        matches!(stale, Err(UsageError::Stale | UsageError::NoDecisionOpen)),
        "{stale:?}"
    );
    spy.rounds_until("forgotten", |spy| spy.server.pending() == 0);
    let stale = spy.server.answer(id, review, Verdict::Accept);
    assert_eq!(stale, Err(UsageError::Stale));
}

/// A server with a short handshake timeout, which a client has made ask within that; a busy machine
/// may need a longer one for it.
fn asked_within_a_short_timeout(version: &str) -> (Spy, JoinHandle<Handshaked>) {
    for timeout in [200, 2_000, 20_000].map(Duration::from_millis) {
        let mut spy = Spy::new(asking());
        spy.server.set_handshake_timeout(timeout);
        let client = doubtful_client(spy.address(), version);
        spy.until("asked", |spy| spy.verdicts.len() + spy.failed.len() == 1);
        if spy.failed.is_empty() {
            return (spy, client);
        }
    }
    panic!("nobody is asked");
}

#[test]
fn the_time_in_which_a_person_judges_does_not_count() {
    for version in VERSIONS {
        let (mut spy, client) = asked_within_a_short_timeout(version);
        // Two clients, one after the other, that wait for the same timeout and see it pass.
        for count in 1..=2 {
            let _quiet = stream(spy.address());
            spy.until("the time is up", |spy| spy.failed.len() == count);
            assert_eq!(spy.failed[count - 1].1, HandshakeError::Quiet);
        }
        let (id, review) = spy.verdicts[0];
        spy.server
            .answer(id, review, Verdict::Accept)
            .expect("open still");
        spy.until("accepted", |spy| spy.sockets.len() == 1);
        client.join().expect("its thread").1.expect("encrypted");
    }
}

#[test]
fn a_person_who_does_not_answer_is_not_waited_for_longer_than_configured() {
    let timeouts = Timeouts {
        // Time enough to tell of the question first.
        decision: Some(Duration::from_millis(500)),
        ..Timeouts::SERVER
    };
    let mut spy = Spy::new(asking().timeouts(timeouts));
    let client = doubtful_client(spy.address(), "TLSv1.2");
    spy.until("over", |spy| spy.failed.len() == 1);
    assert_eq!(failures(&spy), [FailureKind::DecisionTimeout]);
    assert_eq!(spy.verdicts.len(), 1);
    assert_eq!(spy.alerts_sent(), [Alert::CertificateUnknown]);
    spy.serve_until(vec![client]);
}

#[test]
fn no_more_wait_for_a_verdict_than_the_limit_says() {
    let mut spy = Spy::new(asking());
    spy.server.set_max_pending(1);
    let first = doubtful_client(spy.address(), "TLSv1.2");
    spy.until("asked", |spy| spy.verdicts.len() == 1);
    let second = doubtful_client(spy.address(), "TLSv1.2");
    spy.until("refused", |spy| spy.failed.len() == 1);
    let kind = SslErrorKind::SelfSignedCertificate;
    assert_eq!(failures(&spy), [FailureKind::CertificateRejected(kind)]);
    assert_eq!(spy.alerts_sent(), [Alert::CertificateUnknown]);
    spy.serve_until(vec![second]);

    let (id, review) = spy.verdicts[0];
    let socket = spy.server.socket(id).expect("it waits still");
    assert_eq!(socket.review().map(|review| review.id), Some(review));
    spy.server
        .answer(id, review, Verdict::Accept)
        .expect("open");
    spy.until("accepted", |spy| spy.sockets.len() == 1);
    first.join().expect("its thread").1.expect("encrypted");
}

#[test]
fn a_connection_can_be_taken_out_and_judged_elsewhere() {
    let config = asking().build().expect("server");
    let mut server = SslServer::bind("127.0.0.1:0", config).expect("bind");
    let address = server.local_addr().expect("address");
    let client = doubtful_client(address, "TLSv1.3");
    let asked = server.accept(Some(LONG));
    let Err(AcceptError::VerdictNeeded { id, review }) = asked else {
        panic!("{asked:?}");
    };
    let mut socket = server.take(id).expect("it waits");
    assert_eq!(server.pending(), 0);
    assert!(server.socket(id).is_none());
    socket.answer(review, Verdict::Accept).expect("open");
    socket.wait_for_encrypted(Some(LONG)).expect("accepted");
    client.join().expect("its thread").1.expect("encrypted");

    let next = good_client(address);
    let asked = server.accept(Some(LONG));
    // It has no certificate at all.
    assert!(
        matches!(asked, Err(AcceptError::VerdictNeeded { .. })),
        "{asked:?}"
    );
    drop(server);
    next.join().expect("its thread").1.ok();
}
