//! What is judged: by the mode, the name and the clock.

use sslcore::{Event, OnErrors, SslErrorKind, Verdict, VerifyMode};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::{Pair, backend, client, server};

use super::{VERSIONS, client_of, server_as, server_of};

#[test]
fn the_verify_modes_mean_what_qsslsocket_means() {
    for version in VERSIONS {
        for (mode, asked, errors, encrypted) in [
            (VerifyMode::None, false, 0, true),
            (VerifyMode::Query, true, 1, true),
            (VerifyMode::Verify, true, 1, false),
            (VerifyMode::Auto, true, 1, true),
        ] {
            let client = client_of(version)
                .identity(WORLD.self_signed.chain.clone(), WORLD.self_signed.key())
                .build()
                .expect("client");
            let server = server_of(version)
                .verify_mode(mode)
                .build()
                .expect("server");
            let mut pair = Pair::tls(&client, &server);
            pair.run();
            assert_eq!(
                pair.server.conn.is_encrypted(),
                encrypted,
                "{version} {mode:?} server"
            );
            assert_eq!(pair.server.conn.ssl_errors().len(), errors);
            assert_eq!(pair.client.saw(Event::ClientCertificateRequested), asked);
            assert_eq!(pair.server.conn.peer_certificate().is_some(), asked);
        }
        for (mode, errors, encrypted) in [
            (VerifyMode::None, 0, true),
            (VerifyMode::Query, 1, true),
            (VerifyMode::Verify, 1, false),
            (VerifyMode::Auto, 1, false),
        ] {
            let client = client_of(version)
                .verify_mode(mode)
                .build()
                .expect("client");
            let mut pair = Pair::tls(&client, &server_as(version, &WORLD.self_signed));
            pair.run();
            assert_eq!(
                pair.client.conn.is_encrypted(),
                encrypted,
                "{version} {mode:?} client"
            );
            assert_eq!(pair.client.conn.ssl_errors().len(), errors);
            assert!(pair.client.conn.peer_certificate().is_some());
        }
    }
}

#[test]
fn the_verify_name_is_not_the_sni_name() {
    for version in VERSIONS {
        let client = client_of(version).build().expect("client");
        let server = server_of(version).build().expect("server");
        let mut pair = Pair::default();
        pair.server
            .conn
            .start_server_encryption(sslcore::ServerStart::With(server.clone()))
            .expect("start");
        let peer = sslcore::PeerName::new("elsewhere.test")
            .and_then(|peer| peer.verify_as("server.test"))
            .expect("names");
        pair.client
            .conn
            .start_client_encryption(&client, peer)
            .expect("start");
        pair.run();
        assert!(pair.client.conn.is_encrypted());
        let sent = String::from_utf8_lossy(&pair.client.sent).into_owned();
        assert!(sent.contains("elsewhere.test"), "SNI names the other host");
        assert!(!sent.contains("server.test"));
    }
}

#[test]
fn an_address_is_verified_and_never_sent_as_sni() {
    for version in VERSIONS {
        for (address, good) in [("127.0.0.1", true), ("127.0.0.2", false)] {
            let client = client_of(version).build().expect("client");
            let server = server_of(version).build().expect("server");
            let mut pair = Pair::default();
            pair.server
                .conn
                .start_server_encryption(sslcore::ServerStart::With(server))
                .expect("start");
            let peer = sslcore::PeerName::new(address).expect("address");
            pair.client
                .conn
                .start_client_encryption(&client, peer)
                .expect("start");
            let hello = pair.client.take();
            assert!(!String::from_utf8_lossy(&hello).contains(address));
            pair.server.give(&hello, usize::MAX);
            pair.run();
            assert_eq!(pair.client.conn.is_encrypted(), good);
        }
    }
}

#[test]
fn without_a_wall_clock_the_certificate_cannot_be_judged_and_that_is_an_error_to_report() {
    let client = client(backend())
        .on_errors(OnErrors::Hold)
        .build()
        .expect("client");
    let server = server(backend()).build().expect("server");
    let mut pair = Pair::tls(&client, &server);
    pair.client.has_wall_clock = false;
    pair.run();
    let review = pair.client.conn.review().expect("open");
    assert_eq!(review.errors[0].kind(), SslErrorKind::NoWallClock);
    let id = review.id;
    assert_eq!(pair.client.conn.answer(id, Verdict::Accept), Ok(()));
    pair.run();
    assert!(pair.client.conn.is_encrypted());
}
