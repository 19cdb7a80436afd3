//! Qt's tests of stapled OCSP responses (tst_qocsp.cpp), each under its own name in snake case
//! with all its rows, over memory pipes, in both TLS versions.

mod responder;

use std::sync::Arc;

use responder::{Answer, refusal, revoked};
use sslcore::{Alert, ClientConfig, Event, FailureKind, ServerConfig, SslError, SslErrorKind};
use sslcore_std::ocsp::Stapling;
use sslcore_tests::chains::{self, HOST, Made};
use sslcore_tests::judging::{ders, trusting};
use sslcore_tests::pair::{Pair, backend};
use x509_ocsp::{CertStatus, OcspResponseStatus};

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

/// The certificates of Qt's test.
struct Certificates {
    /// A server that issued its own.
    ss1: Made,
    ca1: Made,
    /// A server by `ca1`.
    infbob: Made,
    /// Another one by `ca1`.
    alice: Made,
}

fn certificates() -> Certificates {
    let ca1 = Made::self_signed(chains::authority("ca1"));
    Certificates {
        ss1: Made::self_signed(chains::leaf(&[HOST])),
        infbob: ca1.issue(chains::leaf(&[HOST])),
        alice: ca1.issue(chains::leaf(&["alice.test"])),
        ca1,
    }
}

/// A client that demands a response, as `setOcspStaplingEnabled` does.
fn client(anchors: &[&Made]) -> ClientConfig {
    let client = trusting(anchors).status_checker(Arc::new(Stapling::Required));
    client.build().expect("a client")
}

fn server(version: &str, chain: &[&Made], response: Option<&[u8]>) -> ServerConfig {
    let server = ServerConfig::builder(backend())
        .protocols(&[version])
        .identity(ders(chain), chain[0].private_key())
        .stapled_ocsp_response(response.unwrap_or_default());
    server.build().expect("a server")
}

/// What the client finds. Nobody is encrypted with errors, and everybody without.
#[track_caller]
fn found(anchors: &[&Made], chain: &[&Made], response: Option<&[u8]>) -> Vec<SslErrorKind> {
    let [one, other] = VERSIONS.map(|version| {
        let mut pair = Pair::tls(&client(anchors), &server(version, chain, response));
        pair.run();
        let (client, errors) = (&pair.client, pair.client.conn.ssl_errors());
        let kinds: Vec<_> = errors.iter().map(SslError::kind).collect();
        assert_eq!(client.conn.is_encrypted(), kinds.is_empty(), "{kinds:?}");
        if let Some(first) = kinds.first() {
            let rejected = FailureKind::CertificateRejected(*first);
            assert!(client.saw(Event::Failed(rejected)), "{:?}", client.events);
            assert!(!pair.server.conn.is_encrypted());
        }
        kinds
    });
    assert_eq!(one, other, "TLS 1.2 and 1.3");
    one
}

/// `connectSelfSigned`: no response is an error, and a good one is none.
#[test]
fn connect_self_signed() {
    let Certificates { ss1, .. } = &certificates();
    let ignored = found(&[ss1], &[ss1], None);
    assert_eq!(ignored, [SslErrorKind::OcspNoResponseFound]);
    let response = Answer::good(ss1, ss1).sign();
    assert_eq!(found(&[ss1], &[ss1], Some(&response)), []);
}

/// `badStatus`: what a responder says instead of a status, and the statuses that are bad.
#[test]
fn bad_status() {
    let Certificates { infbob, ca1, .. } = &certificates();
    let chain = [infbob, ca1];
    for (status, error) in [
        (
            OcspResponseStatus::MalformedRequest,
            SslErrorKind::OcspMalformedRequest,
        ),
        (
            OcspResponseStatus::InternalError,
            SslErrorKind::OcspInternalError,
        ),
        (OcspResponseStatus::TryLater, SslErrorKind::OcspTryLater),
        (
            OcspResponseStatus::SigRequired,
            SslErrorKind::OcspSigRequired,
        ),
        (
            OcspResponseStatus::Unauthorized,
            SslErrorKind::OcspUnauthorized,
        ),
    ] {
        assert_eq!(found(&[ca1], &chain, Some(&refusal(status))), [error]);
    }
    for (status, error) in [
        (revoked(None), SslErrorKind::CertificateRevoked),
        (CertStatus::unknown(), SslErrorKind::OcspStatusUnknown),
    ] {
        let answer = Answer {
            status,
            ..Answer::good(infbob, ca1)
        };
        assert_eq!(found(&[ca1], &chain, Some(&answer.sign())), [error]);
    }
}

/// `multipleSingleResponses`: a response about several certificates is none.
#[test]
fn multiple_single_responses() {
    let Certificates { ss1, .. } = &certificates();
    let answer = Answer {
        about: vec![(ss1, ss1), (ss1, ss1)],
        ..Answer::good(ss1, ss1)
    };
    let errors = found(&[ss1], &[ss1], Some(&answer.sign()));
    assert_eq!(errors, [SslErrorKind::OcspMalformedResponse]);
}

/// `malformedResponse`: what is no DER is no response; and the server is told.
#[test]
fn malformed_response() {
    let Certificates { ss1, .. } = &certificates();
    let response = b"Trust me: nobody has revoked it, if anybody has ever issued it.";
    let errors = found(&[ss1], &[ss1], Some(response));
    assert_eq!(errors, [SslErrorKind::OcspMalformedResponse]);
    let mut pair = Pair::tls(&client(&[ss1]), &server("TLSv1.3", &[ss1], Some(response)));
    pair.run();
    let alert = Alert::BadCertificateStatusResponse;
    assert!(pair.server.saw(Event::AlertReceived(alert)));
}

/// `expiredResponse`: too old, too new, and over before it began.
#[test]
fn expired_response() {
    let Certificates { ss1, .. } = &certificates();
    for (row, this_update, next_update) in [
        ("expired", -2000, -1000),
        ("not-valid-yet", 5000, 10000),
        ("next-before-this", -1000, -2000),
    ] {
        let answer = Answer {
            this_update,
            next_update: Some(next_update),
            ..Answer::good(ss1, ss1)
        };
        let errors = found(&[ss1], &[ss1], Some(&answer.sign()));
        assert_eq!(errors, [SslErrorKind::OcspResponseExpired], "{row}");
    }
}

/// `noNextUpdate`: a response without an end counts for ever.
#[test]
fn no_next_update() {
    let Certificates { ss1, .. } = &certificates();
    let answer = Answer {
        next_update: None,
        ..Answer::good(ss1, ss1)
    };
    assert_eq!(found(&[ss1], &[ss1], Some(&answer.sign())), []);
}

/// `wrongCertificateInResponse`: a response about another certificate.
#[test]
fn wrong_certificate_in_response() {
    let Certificates {
        ss1,
        ca1,
        infbob,
        alice,
    } = &certificates();
    for (row, signer, about) in [
        ("same-CA-wrong-subject", ca1, (alice, ca1)),
        ("wrong-CA-same-subject", ss1, (alice, ss1)),
        ("wrong-CA-wrong-subject", ss1, (ss1, ss1)),
    ] {
        let answer = Answer {
            about: vec![about],
            signer,
            ..Answer::good(alice, ca1)
        };
        let errors = found(&[ca1], &[infbob], Some(&answer.sign()));
        let unknown = SslErrorKind::OcspResponseCertIdUnknown;
        assert!(errors.contains(&unknown), "{row}: {errors:?}");
    }
}

/// `untrustedResponder`: without a trust anchor, nobody can be believed.
#[test]
fn untrusted_responder() {
    let Certificates { infbob, ca1, .. } = &certificates();
    let response = Answer::good(infbob, ca1).sign();
    let errors = found(&[], &[infbob, ca1], Some(&response));
    let cannot = SslErrorKind::OcspResponseCannotBeTrusted;
    assert!(errors.contains(&cannot), "{errors:?}");
}
