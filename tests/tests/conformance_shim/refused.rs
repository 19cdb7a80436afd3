//! Peers that the flags refuse are told so.

use sslcore::{Alert, FailureKind};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::VERSIONS;
use sslcore_tests::peer::Scratch;

use super::runner::{Runner, asking, echo, identity, root, serving};

#[test]
fn a_verdict_that_fails_is_told_to_the_peer() {
    for (flags, alert) in [
        (&["-verify-peer"][..], Alert::HandshakeFailure),
        (
            &["-verify-peer", "-use-custom-verify-callback"],
            Alert::CertificateUnknown,
        ),
    ] {
        for version in VERSIONS {
            let scratch = Scratch::new();
            let trust = root(&scratch);
            let flags = [&["-verify-fail", "-trust-cert", &trust], flags].concat();
            let runner = Runner::start(&flags, scratch);
            let mut wire = runner.serve(&serving(version).build().expect("a server"));
            wire.until_failed(FailureKind::AlertReceived(alert));
            runner.complains(1, ":CERTIFICATE_VERIFY_FAILED:");
        }
    }
    // Without "-verify-peer" the verdict fails, and the client goes on.
    let scratch = Scratch::new();
    let trust = root(&scratch);
    let flags = [
        "-verify-fail",
        "-expect-verify-result",
        "-trust-cert",
        &trust,
    ];
    let runner = Runner::start(&flags, scratch);
    echo(&mut runner.serve(&serving("TLSv1.3").build().expect("a server")));
    runner.ends_well();
}

#[test]
fn a_server_that_is_not_trusted_is_refused_without_a_flag() {
    let scratch = Scratch::new();
    let flags = ["-trust-cert", &*root(&scratch)];
    let runner = Runner::start(&flags, scratch);
    let config = serving("TLSv1.3");
    let config = config.identity(WORLD.stranger.chain.clone(), WORLD.stranger.key());
    let mut wire = runner.serve(&config.build().expect("a server"));
    wire.until_failed(FailureKind::AlertReceived(Alert::UnknownCa));
    runner.complains(1, ":CERTIFICATE_VERIFY_FAILED:");
}

#[test]
fn an_alert_of_the_applications_choice_is_sent() {
    for version in VERSIONS {
        let scratch = Scratch::new();
        let runner = Runner::start(&["-trust-cert", &*root(&scratch), "-send-alert"], scratch);
        let mut wire = runner.serve(&serving(version).build().expect("a server"));
        wire.until_failed(FailureKind::AlertReceived(Alert::Unknown(30)));
        runner.complains(1, "");
    }
}

#[test]
fn a_client_that_is_not_served_is_told_why() {
    for (flags, alert, token) in [
        (
            &["-fail-early-callback"][..],
            Alert::HandshakeFailure,
            ":CONNECTION_REJECTED:",
        ),
        (
            &["-fail-ddos-callback"],
            Alert::InternalError,
            ":CONNECTION_REJECTED:",
        ),
        (
            &["-fail-cert-callback", "-fail-cert-callback-alert", "49"],
            Alert::AccessDenied,
            ":CERT_CB_ERROR:",
        ),
    ] {
        let scratch = Scratch::new();
        let (chain, key) = scratch.identity(&identity());
        let own = ["-server", "-cert-file", &chain, "-key-file", &key];
        let runner = Runner::start(&[&own, flags].concat(), scratch);
        let mut wire = runner.connect(&asking("TLSv1.3").build().expect("a client"));
        wire.until_failed(FailureKind::AlertReceived(alert));
        runner.complains(1, token);
    }
}
