//! What the peer is told of its certificate: the alerts of RFC 8446 §6.2 and RFC 5246 §7.2.2.

use std::sync::Arc;

use sslcore::{
    Alert, ClientConfig, ConfigBuilder, Event, FailureKind, ServerConfig, SslErrorKind, VerifyMode,
};
use sslcore_tests::certs::WORLD;
use sslcore_tests::flaws::{Flaw, Flawed, Keys, Wrong};
use sslcore_tests::judging::{ders, errors};
use sslcore_tests::module::Module;
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, client, server};

/// What a chain with this flaw is answered.
fn alert(wrong: Wrong) -> Alert {
    use Wrong::*;
    match wrong {
        // "has expired or is not currently valid"
        Expired | Early => Alert::CertificateExpired,
        // "was corrupt, contained signatures that did not verify correctly, etc."
        Forged | NoStart | NoEnd | Odd | OtherHost | Constrained | Blocked | NotPinned => {
            Alert::BadCertificate
        }
        // §4.4.2.4 for hashes that are too weak
        Sha1 | WeakKey => Alert::BadCertificate,
        // "was of an unsupported type"
        Purpose | Authority => Alert::UnsupportedCertificate,
        // "could not be located or could not be matched with a known trust anchor"
        RootNotTrusted | RootNotKnown | SelfSigned | Alone | NoAuthority | NoSigner
        | PathLength | TooLong => Alert::UnknownCa,
        // "was revoked by its signer"
        Revoked => Alert::CertificateRevoked,
        // "some other (unspecified) issue"
        StaleList => Alert::CertificateUnknown,
    }
}

/// The flaws that a peer can have who handshakes: of a weak key nobody has the other half.
fn flaws() -> impl Iterator<Item = Flaw> {
    let mut flaws = Flaw::all().into_iter();
    std::iter::from_fn(move || flaws.find(|flaw| flaw.wrong != Wrong::WeakKey))
}

/// The key of a leaf that need not be one that a configuration would take.
fn signer(flawed: &Flawed) -> Arc<Module> {
    Module::silent(&backend(), flawed.chain[0].private_key())
}

fn as_server(version: &str, flawed: &Flawed) -> ConfigBuilder<ServerConfig> {
    let chain: Vec<_> = flawed.chain.iter().collect();
    server(backend())
        .protocols(&[version])
        .verify_mode(VerifyMode::None)
        .identity_with_signer(ders(&chain), signer(flawed))
}

fn as_client(version: &str, flawed: &Flawed) -> ConfigBuilder<ClientConfig> {
    let chain: Vec<_> = flawed.chain.iter().collect();
    client(backend())
        .protocols(&[version])
        .verify_mode(VerifyMode::None)
        .identity_with_signer(ders(&chain), signer(flawed))
}

fn verifying(version: &str) -> ConfigBuilder<ServerConfig> {
    server(backend())
        .protocols(&[version])
        .verify_mode(VerifyMode::Verify)
}

/// The judge has refused for this reason, and the other was told why.
#[track_caller]
fn assert_told(judge: &End, judged: &End, kind: SslErrorKind, alert: Alert) {
    let failure = judge.conn.failure().map(|failure| failure.kind());
    let refused = FailureKind::CertificateRejected(kind);
    assert_eq!(failure, Some(refused), "{alert:?}");
    assert!(judge.saw(Event::AlertSent(alert)), "{:?}", judge.events);
    let told = Event::AlertReceived(alert);
    assert!(judged.saw(told), "{kind:?}: {:?}", judged.events);
    assert!(!judge.saw(Event::Encrypted));
}

#[test]
fn a_server_is_told_what_is_wrong_with_its_chain() {
    let keys = Keys::new();
    for flaw in flaws() {
        let flawed = Flawed::new(&keys, &[flaw]);
        for version in VERSIONS {
            let client = || flawed.judged_by(client(backend()));
            let pair = Pair::handshaken(client(), as_server(version, &flawed));
            let (kind, alert) = (flaw.error().0, alert(flaw.wrong));
            let chain: Vec<_> = flawed.chain.iter().collect();
            let offline = errors(client(), &chain);
            assert_eq!(pair.client.conn.ssl_errors(), offline, "{flaw:?}");
            assert_told(&pair.client, &pair.server, kind, alert);
        }
    }
}

#[test]
fn a_client_is_told_what_is_wrong_with_its_chain() {
    let keys = Keys::new();
    // A client has no name to be compared with.
    for flaw in flaws().filter(|flaw| flaw.wrong != Wrong::OtherHost) {
        let flawed = Flawed::new(&keys, &[flaw]);
        for version in VERSIONS {
            let server = flawed.judged_by(verifying(version));
            let pair = Pair::handshaken(as_client(version, &flawed), server);
            let (kind, alert) = (flaw.error().0, alert(flaw.wrong));
            assert_told(&pair.server, &pair.client, kind, alert);
        }
    }
}

#[test]
fn a_client_without_a_certificate_is_told_that_it_needs_one() {
    for (version, alert) in [
        ("TLSv1.2", Alert::HandshakeFailure),
        ("TLSv1.3", Alert::CertificateRequired),
    ] {
        let pair = Pair::handshaken(client(backend()), verifying(version));
        let kind = SslErrorKind::NoPeerCertificate;
        assert_told(&pair.server, &pair.client, kind, alert);
    }
}

#[test]
fn without_a_clock_a_peer_is_told_that_something_is_wrong() {
    for version in VERSIONS {
        let client = client(backend())
            .protocols(&[version])
            .identity(WORLD.client.chain.clone(), WORLD.client.key());
        let server = verifying(version).build().expect("server");
        let mut pair = Pair::tls(&client.build().expect("client"), &server);
        pair.server.has_wall_clock = false;
        pair.run();
        let (kind, alert) = (SslErrorKind::NoWallClock, Alert::CertificateUnknown);
        assert_told(&pair.server, &pair.client, kind, alert);
    }
}
