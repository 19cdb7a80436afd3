//! What is told of a peer whose key no signature can be checked with: its chain, judged as any
//! other, and why it is refused.

use sslcore::SslErrorKind::{self, CertificateExpired, UnsupportedAlgorithm};
use sslcore::{
    Alert, Certificate, ClientConfig, ConfigBuilder, Event, FailureKind, OnErrors, ServerConfig,
    SslError, VerifyMode,
};
use sslcore_tests::chains::{HOST, Made, authority, field, leaf};
use sslcore_tests::pair::{End, Pair, VERSIONS, backend, backends, client, server};
use sslcore_tests::useless::{Useless, useless};

/// The modes in which a server asks for a certificate.
const ASKING: [VerifyMode; 3] = [VerifyMode::Query, VerifyMode::Verify, VerifyMode::External];

fn shown_by_server(key: &Useless, chain: &[&Made]) -> ConfigBuilder<ServerConfig> {
    let chain = chain.iter().map(|made| made.der.clone());
    ServerConfig::builder(backend())
        .verify_mode(VerifyMode::None)
        .identity_with_signer(chain, key.owner())
}

fn shown_by_client(key: &Useless, chain: &[&Made]) -> ConfigBuilder<ClientConfig> {
    let chain = chain.iter().map(|made| made.der.clone());
    client(backend()).identity_with_signer(chain, key.owner())
}

/// All that is told, at both ends, of a peer with this key that has shown this chain.
#[track_caller]
fn told(judge: &End, peer: &End, chain: &[&Made], words: &str, case: &str) {
    let failure = judge.conn.failure().expect("it is refused");
    let expected = FailureKind::CertificateRejected(UnsupportedAlgorithm);
    assert_eq!(failure.kind(), expected, "{case}");
    assert!(failure.detail().ends_with(words), "{case}: {failure}");
    let shown: Vec<_> = judge.conn.peer_certificate_chain().iter().collect();
    let ders: Vec<_> = shown.iter().map(|it| it.der()).collect();
    let expected: Vec<_> = chain.iter().map(|made| &made.der).collect();
    assert_eq!(ders, expected, "{case}");

    let errors = judge.conn.ssl_errors();
    let mut about = errors.iter().filter(|it| it.kind() == UnsupportedAlgorithm);
    let error = about.next().unwrap_or_else(|| panic!("{case}: {errors:?}"));
    assert_eq!(about.next(), None, "{case}");
    assert_eq!(error.depth(), 0, "{case}");
    let of = error.certificate().map(Certificate::der);
    assert_eq!(of, Some(&chain[0].der), "{case}");
    let said = error.explanation().to_string();
    assert!(said.ends_with(words), "{case}: {said}");

    let events = &judge.events;
    for error in errors {
        let (kind, depth) = (error.kind(), error.depth());
        let told = judge.saw(Event::PeerVerifyError { kind, depth });
        assert!(told, "{case}: {events:?}");
    }
    let asked = |event: &Event| matches!(event, Event::SslErrors(_));
    assert!(events.iter().any(asked), "{case}: {events:?}");
    assert!(judge.conn.review().is_none(), "{case}: nobody can forgive");
    assert!(!judge.saw(Event::Encrypted), "{case}");

    let alert = Alert::UnsupportedCertificate;
    assert_eq!(failure.alert(), Some(alert), "{case}");
    assert!(judge.saw(Event::AlertSent(alert)), "{case}: {events:?}");
    let received = peer.saw(Event::AlertReceived(alert));
    assert!(received, "{case}: {:?}", peer.events);
}

#[test]
fn a_client_is_told_of_the_server_s_chain_and_why_it_is_refused_in_every_mode() {
    for key in useless() {
        let (root, leaf) = key.certified();
        for backend in backends() {
            if key.except == Some(backend.name()) {
                continue;
            }
            for version in VERSIONS {
                for mode in ASKING.into_iter().chain([VerifyMode::None]) {
                    let judge = client(backend.clone())
                        .protocols(&[version])
                        .trust_anchors([root.der.clone()])
                        .verify_mode(mode);
                    let chain = [&leaf, &root];
                    let mut pair = Pair::handshaken(judge, shown_by_server(&key, &chain));
                    pair.run();
                    let case = format!("{}, {}, {version}, {mode:?}", key.name, backend.name());
                    told(&pair.client, &pair.server, &chain, key.words, &case);
                }
            }
        }
    }
}

#[test]
fn a_server_is_told_of_the_client_s_chain_and_why_it_is_refused_in_every_mode() {
    for key in useless() {
        let (root, leaf) = key.certified();
        for backend in backends() {
            if key.except == Some(backend.name()) {
                continue;
            }
            for version in VERSIONS {
                for mode in ASKING {
                    let judge = server(backend.clone())
                        .protocols(&[version])
                        .trust_anchors([root.der.clone()])
                        .verify_mode(mode);
                    let chain = [&leaf, &root];
                    let mut pair = Pair::handshaken(shown_by_client(&key, &chain), judge);
                    pair.run();
                    let case = format!("{}, {}, {version}, {mode:?}", key.name, backend.name());
                    told(&pair.server, &pair.client, &chain, key.words, &case);
                }
            }
        }
    }
}

/// Somebody who would forgive everything, in each way there is.
#[test]
fn nobody_is_asked_to_forgive_it_and_who_has_forgiven_it_beforehand_is_told_all_the_same() {
    for key in useless() {
        let (root, leaf) = key.certified();
        if key.except == Some(backend().name()) {
            continue;
        }
        let shown = Certificate::from_der(leaf.der.clone());
        for version in VERSIONS {
            for on_errors in [OnErrors::Hold, OnErrors::DangerouslyAcceptAll] {
                let judge = client(backend())
                    .protocols(&[version])
                    .trust_anchors([root.der.clone()])
                    .forgive([SslError::new(UnsupportedAlgorithm, Some(shown.clone()))])
                    .on_errors(on_errors);
                let mut pair = Pair::handshaken(judge, shown_by_server(&key, &[&leaf]));
                pair.run();
                let case = format!("{}, {version}, {on_errors:?}", key.name);
                told(&pair.client, &pair.server, &[&leaf], key.words, &case);
            }
        }
    }
}

/// What else is wrong with the chain is told too, where it is judged.
#[test]
fn the_chain_is_judged_all_the_same() {
    let key = &useless()[0];
    let root = Made::self_signed(authority("root"));
    let mut old = leaf(&[HOST]);
    old.not_after = rcgen::date_time_ymd(2025, 6, 1);
    let old = root.issue(old).with_fields(&root.key, |fields| {
        fields[field::PUBLIC_KEY] = key.key.clone();
    });
    for version in VERSIONS {
        for (mode, judged) in [
            (VerifyMode::Verify, true),
            (VerifyMode::Query, true),
            (VerifyMode::External, false),
            (VerifyMode::None, false),
        ] {
            let judge = client(backend())
                .protocols(&[version])
                .trust_anchors([root.der.clone()])
                .verify_mode(mode);
            let mut pair = Pair::handshaken(judge, shown_by_server(key, &[&old]));
            pair.run();
            let case = format!("{version} {mode:?}");
            told(&pair.client, &pair.server, &[&old], key.words, &case);
            let errors = pair.client.conn.ssl_errors();
            let kinds: Vec<SslErrorKind> = errors.iter().map(SslError::kind).collect();
            assert_eq!(kinds.contains(&CertificateExpired), judged, "{case}");
        }
    }
}
