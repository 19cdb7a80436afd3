//! What a configuration's policy makes of the errors: forgiven, blocked, pinned, judged elsewhere.

use std::sync::Arc;

use rcgen::ExtendedKeyUsagePurpose;
use sslcore::{
    Alert, Certificate, ClientConfig, ClientSessionCache, ConfigBuilder, Event, FailureKind,
    OnErrors, Pin, Progress, ServerConfig, SslError, SslErrorKind, UsageError, Verdict, VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD, self_signed};
use sslcore_tests::chains::{HOST, Made, authority, leaf};
use sslcore_tests::pair::{Pair, VERSIONS, backend, client, server};

fn client_of(version: &str) -> ConfigBuilder<ClientConfig> {
    client(backend()).protocols(&[version])
}

fn server_as(version: &str, identity: &Identity) -> ServerConfig {
    let server = server(backend())
        .protocols(&[version])
        .verify_mode(VerifyMode::None)
        .identity(identity.chain.clone(), identity.key());
    server.build().expect("server")
}

fn connect(client: ConfigBuilder<ClientConfig>, server: &ServerConfig) -> Pair {
    let mut pair = Pair::tls(&client.build().expect("client"), server);
    pair.run();
    pair
}

fn about(kind: SslErrorKind, identity: &Identity) -> SslError {
    SslError::new(kind, Some(Certificate::from_der(identity.chain[0].clone())))
}

fn pin(identity: &Identity) -> Pin {
    pin_of(&identity.chain[0])
}

fn pin_of(der: &[u8]) -> Pin {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    Pin::CertificateSha256(digest.as_ref().try_into().expect("32 bytes"))
}

#[track_caller]
fn assert_refused(pair: &Pair, kind: SslErrorKind, alert: Alert) {
    assert_eq!(
        pair.client.conn.failure().map(|failure| failure.kind()),
        Some(FailureKind::CertificateRejected(kind))
    );
    assert!(!pair.client.saw(Event::Encrypted));
    assert!(
        pair.server.saw(Event::AlertReceived(alert)),
        "{:?}",
        pair.server.events
    );
}

#[test]
fn a_forgiven_error_is_told_then_the_handshake_goes_on_and_no_session_is_kept() {
    for version in VERSIONS {
        for on_errors in [OnErrors::Reject, OnErrors::Hold] {
            let kept = Arc::new(ClientSessionCache::new(8));
            let client = client_of(version)
                .on_errors(on_errors)
                .session_store(kept.clone())
                .forgive([about(SslErrorKind::CertificateExpired, &WORLD.expired)]);
            let client = client.build().expect("client");
            let server = server_as(version, &WORLD.expired);
            for _ in 0..2 {
                let pair = Pair::encrypted(&client, &server);
                assert_eq!(
                    pair.client.told(),
                    ["CertificateExpired 0", "SslErrors", "Encrypted"]
                );
                assert_eq!(
                    pair.client.error_kinds(),
                    [SslErrorKind::CertificateExpired]
                );
                assert!(!pair.client.conn.is_resumed());
                assert!(kept.is_empty(), "{version} {on_errors:?}");
            }
        }
    }
}

#[test]
fn an_error_is_not_forgiven_for_another_certificate_nor_another_kind_for_this_one() {
    for version in VERSIONS {
        for forgiven in [
            about(SslErrorKind::CertificateExpired, &WORLD.server),
            about(SslErrorKind::CertificateNotYetValid, &WORLD.expired),
            SslError::new(SslErrorKind::CertificateExpired, None),
        ] {
            let client = client_of(version).forgive([forgiven]);
            let pair = connect(client, &server_as(version, &WORLD.expired));
            assert_refused(
                &pair,
                SslErrorKind::CertificateExpired,
                Alert::CertificateExpired,
            );
        }
    }
}

#[test]
fn what_is_left_unforgiven_rejects_with_its_own_alert() {
    let odd = self_signed(&["elsewhere.test"]);
    for version in VERSIONS {
        let client = client_of(version).forgive([about(SslErrorKind::SelfSignedCertificate, &odd)]);
        let pair = connect(client, &server_as(version, &odd));
        assert_eq!(
            pair.client.error_kinds(),
            [
                SslErrorKind::SelfSignedCertificate,
                SslErrorKind::HostNameMismatch
            ]
        );
        assert_refused(&pair, SslErrorKind::HostNameMismatch, Alert::BadCertificate);
    }
}

#[test]
fn who_is_asked_need_not_forgive_again_what_the_configuration_forgives() {
    let odd = self_signed(&["elsewhere.test"]);
    let wrong_name = about(SslErrorKind::HostNameMismatch, &odd);
    for version in VERSIONS {
        let asked = || {
            let client = client_of(version)
                .on_errors(OnErrors::Hold)
                .forgive([about(SslErrorKind::SelfSignedCertificate, &odd)]);
            let pair = connect(client, &server_as(version, &odd));
            assert_eq!(pair.client.conn.review().expect("asked").errors.len(), 2);
            pair
        };
        let mut pair = asked();
        pair.client
            .answer(Verdict::AcceptOnly(std::slice::from_ref(&wrong_name)));
        pair.run();
        assert!(pair.client.saw(Event::Encrypted), "{version}");
        for verdict in [Verdict::AcceptOnly(&[]), Verdict::Reject] {
            let mut pair = asked();
            pair.client.answer(verdict);
            pair.run();
            assert_refused(&pair, SslErrorKind::HostNameMismatch, Alert::BadCertificate);
        }
    }
}

#[test]
fn blocked_comes_before_pinned_and_pinned_before_all_else() {
    let odd = self_signed(&["elsewhere.test"]);
    for version in VERSIONS {
        let server = server_as(version, &odd);
        let pinned = || client_of(version).pins([pin(&odd)]);
        let pair = connect(pinned(), &server);
        assert_eq!(pair.client.told(), ["Encrypted"], "{version}");

        let pair = connect(pinned().block([pin(&odd)]), &server);
        assert_eq!(
            pair.client.error_kinds(),
            [SslErrorKind::CertificateBlacklisted]
        );
        assert_refused(
            &pair,
            SslErrorKind::CertificateBlacklisted,
            Alert::BadCertificate,
        );

        let blocked = about(SslErrorKind::CertificateBlacklisted, &odd);
        let pair = connect(
            pinned().block([pin(&odd)]).forgive([blocked.clone()]),
            &server,
        );
        assert_eq!(
            pair.client.told(),
            ["CertificateBlacklisted 0", "SslErrors", "Encrypted"]
        );

        let unpinned = client_of(version).block([pin(&odd)]).forgive([blocked]);
        let pair = connect(unpinned, &server);
        assert_eq!(
            pair.client.error_kinds(),
            [
                SslErrorKind::CertificateBlacklisted,
                SslErrorKind::SelfSignedCertificate,
                SslErrorKind::HostNameMismatch
            ]
        );
        assert_refused(&pair, SslErrorKind::SelfSignedCertificate, Alert::UnknownCa);
    }
}

/// Leaf first: five intermediates, and every certificate is expired and for another purpose.
fn many_errors() -> (Made, Vec<Made>) {
    let root = Made::self_signed(authority("root"));
    let bad = |params: &mut rcgen::CertificateParams| {
        params.not_after = rcgen::date_time_ymd(2025, 6, 1);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    };
    let mut chain: Vec<Made> = Vec::new();
    for name in ["five", "four", "three", "two", "one"] {
        let mut params = authority(name);
        bad(&mut params);
        let made = chain.first().unwrap_or(&root).issue(params);
        chain.insert(0, made);
    }
    let mut params = leaf(&[HOST]);
    bad(&mut params);
    let made = chain[0].issue(params);
    chain.insert(0, made);
    (root, chain)
}

#[test]
fn however_many_errors_there_are_all_are_told_in_order_and_then_their_list() {
    let (root, chain) = many_errors();
    // More than the queue of events holds: copies of one that is blocked.
    const COPIES: usize = 30;
    let copied = &chain[5];
    let mut expected: Vec<String> = (5..6 + COPIES)
        .map(|depth| format!("CertificateBlacklisted {depth}"))
        .collect();
    let path = (0..6)
        .flat_map(|depth| ["CertificateExpired", "InvalidPurpose"].map(|kind| (kind, depth)))
        .map(|(kind, depth)| format!("{kind} {depth}"));
    expected.extend(path);
    expected.push("SslErrors".to_owned());
    for version in VERSIONS {
        let copies = std::iter::repeat_n(copied, COPIES);
        let ders = chain.iter().chain(copies).map(|made| made.der.clone());
        let server = server(backend())
            .protocols(&[version])
            .verify_mode(VerifyMode::None)
            .identity(ders, chain[0].private_key());
        let server = server.build().expect("server");
        let client = || {
            client_of(version)
                .trust_anchors([root.der.clone()])
                .block([pin_of(&copied.der)])
        };

        let pair = connect(client(), &server);
        assert_eq!(pair.client.told(), expected, "{version}");
        assert_refused(
            &pair,
            SslErrorKind::CertificateBlacklisted,
            Alert::BadCertificate,
        );

        // A caller who takes one event for each call, and only when nothing else can be done.
        let mut pair = Pair::tls(&client().build().expect("client"), &server);
        let hello = pair.client.take();
        pair.server.give(&hello, usize::MAX);
        let flight = pair.server.take();
        let mut rest = &flight[..];
        let end = &mut pair.client;
        for _ in 0..10_000 {
            let taken = end.conn.receive(rest).expect("receive");
            rest = &rest[taken..];
            if end.conn.process(end.now()) != Progress::Again {
                end.events.extend(end.conn.poll_event());
            }
        }
        assert!(rest.is_empty());
        end.settle();
        assert_eq!(end.told(), expected, "{version}");
    }
}

#[test]
fn external_verification_holds_every_handshake_and_accept_is_trust() {
    for version in VERSIONS {
        for identity in [&WORLD.server, &WORLD.self_signed, &WORLD.expired] {
            let kept = Arc::new(ClientSessionCache::new(8));
            let client = client_of(version)
                .verify_mode(VerifyMode::External)
                .session_store(kept.clone())
                .build()
                .expect("client");
            let server = server_as(version, identity);
            for resumed in [false, true] {
                let mut pair = Pair::tls(&client, &server);
                pair.run();
                assert_eq!(pair.client.told(), ["SslErrors"], "{version}");
                let review = pair.client.conn.review().expect("held");
                assert!(review.errors.is_empty());
                let chain: Vec<_> = review.chain.iter().map(Certificate::der).collect();
                assert_eq!(chain, identity.chain.iter().collect::<Vec<_>>());
                assert_eq!(pair.client.conn.is_resumed(), resumed, "{version}");
                if !resumed {
                    assert!(kept.is_empty(), "nothing is kept before the verdict");
                }
                pair.client.answer(Verdict::Accept);
                pair.run();
                assert_eq!(pair.client.told(), ["SslErrors", "Encrypted"]);
                assert!(!kept.is_empty(), "{version}");
            }
        }
    }
}

#[test]
fn external_verification_refuses_with_certificate_unknown_and_keeps_no_session() {
    for version in VERSIONS {
        let kept = Arc::new(ClientSessionCache::new(8));
        let client = client_of(version)
            .verify_mode(VerifyMode::External)
            .session_store(kept.clone());
        let mut pair = connect(client, &server_as(version, &WORLD.server));
        let id = pair.client.conn.review().expect("held").id;
        pair.client.answer(Verdict::Reject);
        pair.run();
        assert_refused(&pair, SslErrorKind::Unspecified, Alert::CertificateUnknown);
        assert!(kept.is_empty(), "{version}");
        let late = pair.client.conn.answer(id, Verdict::Accept);
        assert_eq!(late, Err(UsageError::NoDecisionOpen));
    }
}

#[test]
fn external_verification_of_a_client_without_a_certificate_gets_an_empty_chain() {
    for version in VERSIONS {
        for (verdict, works) in [(Verdict::Accept, true), (Verdict::Reject, false)] {
            let server = server(backend())
                .protocols(&[version])
                .verify_mode(VerifyMode::External);
            let server = server.build().expect("server");
            let mut pair = connect(client_of(version), &server);
            let review = pair.server.conn.review().expect("held");
            assert!(review.errors.is_empty() && review.chain.is_empty());
            pair.server.answer(verdict);
            pair.run();
            assert_eq!(pair.server.saw(Event::Encrypted), works, "{version}");
            let alert = Event::AlertReceived(Alert::CertificateUnknown);
            assert_eq!(pair.client.saw(alert), !works, "{version}");
        }
    }
}

#[test]
fn a_server_that_verifies_elsewhere_is_given_the_clients_chain() {
    for version in VERSIONS {
        let server = server(backend())
            .protocols(&[version])
            .verify_mode(VerifyMode::External);
        let server = server.build().expect("server");
        let identity = &WORLD.stranger;
        let client = client_of(version).identity(identity.chain.clone(), identity.key());
        let mut pair = connect(client, &server);
        let review = pair.server.conn.review().expect("held");
        assert_eq!(review.chain[0].der(), &identity.chain[0]);
        pair.server.answer(Verdict::Accept);
        pair.run();
        assert!(pair.server.saw(Event::Encrypted), "{version}");
    }
}

#[test]
fn a_session_of_yesterday_is_judged_by_todays_policy() {
    for version in VERSIONS {
        let kept = Arc::new(ClientSessionCache::new(8));
        let client = || client_of(version).session_store(kept.clone());
        let server = server_as(version, &WORLD.server);
        let before = connect(client(), &server);
        assert_eq!(before.client.told(), ["Encrypted"]);
        assert!(!kept.is_empty());
        let blocked = connect(client().block([pin(&WORLD.server)]), &server);
        assert_refused(
            &blocked,
            SslErrorKind::CertificateBlacklisted,
            Alert::BadCertificate,
        );
        let elsewhere = connect(client().verify_mode(VerifyMode::External), &server);
        assert!(elsewhere.client.conn.review().is_some(), "{version}");
    }
}

#[test]
fn a_resumed_client_is_judged_by_the_servers_policy_of_today() {
    for version in VERSIONS {
        let keys = sslcore::TicketKeys::rotating(&backend(), std::time::Duration::from_secs(3600));
        let identity = &WORLD.client;
        let client = client_of(version).identity(identity.chain.clone(), identity.key());
        let client = client.build().expect("client");
        let server = || {
            server(backend())
                .protocols(&[version])
                .verify_mode(VerifyMode::Verify)
                .ticket_keys(keys.clone())
        };
        Pair::encrypted(&client, &server().build().expect("server"));
        let today = server().block([pin(identity)]).build().expect("server");
        let mut pair = Pair::tls(&client, &today);
        pair.run();
        assert!(pair.server.conn.is_resumed(), "{version}");
        assert_eq!(
            pair.server.conn.failure().map(|failure| failure.kind()),
            Some(FailureKind::CertificateRejected(
                SslErrorKind::CertificateBlacklisted
            ))
        );
        let alert = Event::AlertReceived(Alert::BadCertificate);
        assert!(pair.client.saw(alert), "{version}");
    }
}
