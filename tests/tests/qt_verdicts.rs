//! Qt's tests of certificate errors and what is done about them, by name (`tst_qsslsocket.cpp`).
//! `qt-checklist.txt` lists all of them.

use sslcore::{
    Alert, Certificate, ConfigBuilder, Event, FailureKind, OnErrors, ServerConfig, SslError,
    SslErrorKind, UsageError, Verdict, VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

fn server_as(version: &str, identity: &Identity) -> ConfigBuilder<ServerConfig> {
    server(backend())
        .protocols(&[version])
        .identity(identity.chain.clone(), identity.key())
}

/// A client that stands still over the certificate of `identity`.
fn asked(version: &str, identity: &Identity) -> Pair {
    let holding = client(backend()).on_errors(OnErrors::Hold);
    let pair = Pair::handshaken(holding, server_as(version, identity));
    assert!(pair.client.conn.review().is_some());
    pair
}

fn answer(end: &mut End, verdict: Verdict<'_>) {
    let id = end.conn.review().expect("asked").id;
    end.conn.answer(id, verdict).expect("open");
}

fn times(end: &End, wanted: fn(&Event) -> bool) -> usize {
    end.events.iter().filter(|event| wanted(event)).count()
}

fn is_ssl_errors(event: &Event) -> bool {
    matches!(event, Event::SslErrors(_))
}

fn is_failure(event: &Event) -> bool {
    matches!(event, Event::Failed(_))
}

fn made_by_hand(identity: &Identity) -> SslError {
    let leaf = Certificate::from_der(identity.chain[0].clone());
    SslError::new(SslErrorKind::SelfSignedCertificate, Some(leaf))
}

/// Errors of another connection, to another server: the wrong ones to forgive.
fn wrong(version: &str) -> Vec<SslError> {
    let pair = asked(version, &WORLD.stranger);
    pair.client.conn.ssl_errors().to_vec()
}

/// Qt's `simpleConnect`: connected in plaintext, then TLS against a certificate that is not
/// trusted: the errors are told once, the connection never is encrypted, and it is over.
#[test]
fn simple_connect() {
    for version in VERSIONS {
        let mut pair = Pair::default();
        pair.server.write(b"* OK ready\r\n");
        pair.run();
        assert_eq!(pair.client.read_all(), b"* OK ready\r\n");
        let client = client(backend()).build().expect("client");
        let server = server_as(version, &WORLD.stranger).build();
        pair.start(&client, &server.expect("server"));
        pair.run();
        assert_eq!(times(&pair.client, is_ssl_errors), 1);
        assert!(!pair.client.saw(Event::Encrypted));
        assert!(pair.client.conn.is_over() && pair.server.conn.is_over());
    }
}

/// Qt's `simpleConnectWithIgnore`: told once, forgiven, encrypted once, and data flows.
#[test]
fn simple_connect_with_ignore() {
    for version in VERSIONS {
        let mut pair = asked(version, &WORLD.stranger);
        answer(&mut pair.client, Verdict::Accept);
        pair.run();
        assert_eq!(times(&pair.client, is_ssl_errors), 1);
        assert_eq!(times(&pair.client, |event| *event == Event::Encrypted), 1);
        pair.server.write(b"* OK ready\r\n");
        pair.run();
        assert_eq!(pair.client.read_all(), b"* OK ready\r\n");
    }
}

/// Qt's `sslErrors`: a self-signed certificate for another name has both errors; the list, the
/// events told one by one, and the review say the same. Qt's list has another order than its
/// events; these have one.
#[test]
fn ssl_errors() {
    let odd = sslcore_tests::certs::self_signed(&["elsewhere.test"]);
    for version in VERSIONS {
        let pair = asked(version, &odd);
        let errors = pair.client.conn.ssl_errors();
        let kinds: Vec<SslErrorKind> = errors.iter().map(SslError::kind).collect();
        assert!(kinds.contains(&SslErrorKind::HostNameMismatch), "{kinds:?}");
        assert!(kinds.contains(&SslErrorKind::SelfSignedCertificate));
        assert_eq!(pair.client.conn.review().expect("asked").errors, errors);
        let told = pair.client.events.iter().filter_map(|event| match event {
            Event::PeerVerifyError { kind, depth } => Some((*kind, *depth)),
            _ => None,
        });
        let listed = errors.iter().map(|error| (error.kind(), error.depth()));
        assert_eq!(told.collect::<Vec<_>>(), listed.collect::<Vec<_>>());
        for error in errors {
            assert_eq!(error.certificate().map(|it| it.der()), odd.chain.first());
        }
    }
}

/// Qt's `ignoreSslErrorsList`: to forgive nothing, or the wrong error, refuses; the right one, or
/// both, accepts. As in Qt the errors are made by hand before there is a connection; or they are
/// those that were found, when somebody is asked.
#[test]
fn ignore_ssl_errors_list() {
    for version in VERSIONS {
        for (take_wrong, take_right, works) in [
            (false, false, false),
            (true, false, false),
            (true, true, true),
            (false, true, true),
        ] {
            let mut forgiven = Vec::new();
            if take_wrong {
                forgiven.push(made_by_hand(&WORLD.stranger));
            }
            if take_right {
                forgiven.push(made_by_hand(&WORLD.self_signed));
            }
            let server = server_as(version, &WORLD.self_signed);
            let pair = Pair::handshaken(client(backend()).forgive(forgiven), server);
            assert_eq!(pair.client.conn.is_encrypted(), works);
            assert_eq!(times(&pair.client, is_ssl_errors), 1);
            assert_eq!(times(&pair.client, is_failure), usize::from(!works));

            let mut pair = asked(version, &WORLD.self_signed);
            let mut forgiven = Vec::new();
            if take_wrong {
                forgiven.extend(wrong(version));
            }
            if take_right {
                forgiven.extend_from_slice(pair.client.conn.ssl_errors());
            }
            answer(&mut pair.client, Verdict::AcceptOnly(&forgiven));
            pair.run();
            assert_eq!(pair.client.conn.is_encrypted(), works);
            assert_eq!(pair.client.saw(Event::Encrypted), works);
            assert_eq!(times(&pair.client, is_ssl_errors), 1);
            assert_eq!(times(&pair.client, is_failure), usize::from(!works));
        }
    }
}

/// Qt's `ignoreSslErrorsListWithSlot`: the same from the slot, which is too late when the slot has
/// returned. Here it is never too late: the answer may come any number of calls afterwards.
#[test]
fn ignore_ssl_errors_list_with_slot() {
    for version in VERSIONS {
        for (take_wrong, take_right) in [(false, false), (true, false), (true, true), (false, true)]
        {
            let mut pair = asked(version, &WORLD.self_signed);
            for _ in 0..10 {
                pair.run();
                assert!(!pair.client.conn.is_encrypted());
            }
            let mut forgiven = Vec::new();
            if take_wrong {
                forgiven.extend(wrong(version));
            }
            if take_right {
                forgiven.extend_from_slice(pair.client.conn.ssl_errors());
            }
            answer(&mut pair.client, Verdict::AcceptOnly(&forgiven));
            pair.run();
            assert_eq!(pair.client.conn.is_encrypted(), take_right);
            assert_eq!(times(&pair.client, is_ssl_errors), 1);
            assert_eq!(times(&pair.client, is_failure), usize::from(!take_right));
        }
    }
}

/// Qt's `resume`: while it stands still, the errors were told once and nothing has failed. To go on
/// without forgiving, or forgiving the wrong error, fails; to forgive all, or the right list, is
/// encrypted. Here going on and deciding are one call, and a second one is the caller's mistake.
#[test]
fn resume() {
    for version in VERSIONS {
        let right = asked(version, &WORLD.self_signed);
        let right = right.client.conn.ssl_errors().to_vec();
        let wrong = wrong(version);
        for (verdict, works) in [
            (Verdict::AcceptOnly(&[]), false),
            (Verdict::AcceptOnly(&wrong), false),
            (Verdict::Reject, false),
            (Verdict::Accept, true),
            (Verdict::AcceptOnly(&right), true),
        ] {
            let mut pair = asked(version, &WORLD.self_signed);
            assert_eq!(times(&pair.client, is_ssl_errors), 1);
            assert_eq!(times(&pair.client, is_failure), 0);
            let id = pair.client.conn.review().expect("asked").id;
            answer(&mut pair.client, verdict);
            pair.run();
            assert_eq!(pair.client.conn.is_encrypted(), works, "{verdict:?}");
            assert_eq!(times(&pair.client, is_failure), usize::from(!works));
            assert_eq!(
                pair.client.conn.answer(id, Verdict::Accept),
                Err(UsageError::NoDecisionOpen)
            );
        }
    }
}

/// Qt's `verifyMode`: by default a client verifies and a server only asks. Verifying fails with
/// exactly the self-signed certificate's error, told with the certificate; the default server
/// finds nothing wrong.
#[test]
fn verify_mode() {
    assert_eq!(VerifyMode::default(), VerifyMode::Auto);
    let built = client(backend()).build().expect("client");
    assert_eq!(built.verify_mode(), VerifyMode::Verify);
    let built = server(backend()).build().expect("server");
    assert_eq!(built.verify_mode(), VerifyMode::Query);
    for version in VERSIONS {
        let verifying = client(backend()).verify_mode(VerifyMode::Verify);
        let pair = Pair::handshaken(verifying, server_as(version, &WORLD.self_signed));
        let [error] = pair.client.conn.ssl_errors() else {
            panic!("{:?}", pair.client.conn.ssl_errors());
        };
        assert_eq!(error.kind(), SslErrorKind::SelfSignedCertificate);
        assert_eq!(
            error.certificate().map(|it| it.der()),
            WORLD.self_signed.chain.first()
        );
        let rejected = FailureKind::CertificateRejected(error.kind());
        assert!(pair.client.saw(Event::Failed(rejected)));
        assert!(pair.server.conn.ssl_errors().is_empty());
    }
}

/// Qt's `oldErrorsOnSocketReuse`: the errors of one connection are not told again by the next. A
/// connection has one life here, so nothing can be left over; the configuration is what is reused.
#[test]
fn old_errors_on_socket_reuse() {
    for version in VERSIONS {
        let config = client(backend()).build().expect("client");
        let bad = server_as(version, &WORLD.stranger).build().expect("server");
        let good = server_as(version, &WORLD.server).build().expect("server");
        let mut pair = Pair::tls(&config, &bad);
        pair.run();
        assert!(!pair.client.conn.ssl_errors().is_empty());
        let pair = Pair::encrypted(&config, &good);
        assert!(pair.client.conn.ssl_errors().is_empty());
        assert_eq!(times(&pair.client, is_ssl_errors), 0);
    }
}

/// Qt's `alertMissingCertificate`: a server for which a missing certificate is fatal sends an alert,
/// and the client receives it: certificate_required in TLS 1.3. TLS 1.2 has none for it, and the
/// server says handshake_failure.
#[test]
fn alert_missing_certificate() {
    for (version, alert) in [
        ("TLSv1.2", Alert::HandshakeFailure),
        ("TLSv1.3", Alert::CertificateRequired),
    ] {
        let verifying = server_as(version, &WORLD.server).verify_mode(VerifyMode::Verify);
        let pair = Pair::handshaken(client(backend()), verifying);
        assert!(pair.server.saw(Event::AlertSent(alert)));
        assert!(pair.client.saw(Event::AlertReceived(alert)));
        assert!(!pair.server.saw(Event::Encrypted));
        let [error] = pair.server.conn.ssl_errors() else {
            panic!("{:?}", pair.server.conn.ssl_errors());
        };
        assert_eq!(error.kind(), SslErrorKind::NoPeerCertificate);
        assert_eq!(error.certificate(), None);
    }
}

/// Qt's `alertInvalidCertificate`: a client that is asked at the first error and does not go on
/// sends an alert, the server receives it, and neither is encrypted.
#[test]
fn alert_invalid_certificate() {
    for version in VERSIONS {
        let mut pair = asked(version, &WORLD.self_signed);
        answer(&mut pair.client, Verdict::Reject);
        pair.run();
        assert!(pair.client.saw(Event::AlertSent(Alert::UnknownCa)));
        assert!(pair.server.saw(Event::AlertReceived(Alert::UnknownCa)));
        for end in [&pair.client, &pair.server] {
            assert!(!end.saw(Event::Encrypted) && end.conn.is_over());
        }
    }
}
