//! TLS 1.2.

use sslcore::{Alert, FailureKind, PreSharedKey, SslProtocol};
use sslcore_tests::pair::{End, Pair, backend, backends};

use super::stage::{BOTH, TLS12, client, echoes, encrypted, failed, key, server};

#[test]
fn every_suite_of_tls12() {
    let suites = [
        ("ECDHE-PSK-CHACHA20-POLY1305", "ECDHEPSK", true),
        ("PSK-CHACHA20-POLY1305", "PSK", false),
        ("PSK-AES256-GCM-SHA384", "PSK", false),
        ("PSK-AES128-GCM-SHA256", "PSK", false),
    ];
    for backend in backends() {
        for (suite, method, exchanges) in suites {
            for chunk in [1, usize::MAX] {
                let client = client(backend.clone()).protocols(TLS12).ciphers(&[suite]);
                let server = server(backend.clone()).protocols(BOTH);
                let mut pair = Pair {
                    chunk,
                    ..Pair::default()
                };
                let client = client.alpn(&[b"h2", b"mqtt"]).build().expect("client");
                let server = server.alpn(&[b"mqtt"]).build().expect("server");
                pair.start(&client, &server);
                pair.run();
                for end in [&pair.client, &pair.server] {
                    assert!(end.conn.is_encrypted(), "{:?}", end.conn);
                    let cipher = end.conn.session_cipher().expect("encrypted");
                    assert_eq!(cipher.openssl_name(), suite);
                    assert_eq!(cipher.key_exchange_method(), method);
                    assert_eq!(cipher.authentication_method(), "PSK");
                    assert_eq!(end.conn.session_protocol(), Some(SslProtocol::TlsV1_2));
                    assert_eq!(end.conn.psk_identity(), Some(&b"device"[..]));
                    assert_eq!(end.conn.key_exchange_group().is_some(), exchanges);
                    assert_eq!(end.conn.alpn_protocol(), Some(&b"mqtt"[..]));
                    assert_eq!(end.conn.server_name(), Some("server.test"));
                }
                echoes(&mut pair);
                let exported = [&pair.client, &pair.server].map(|end| {
                    let mut out = [0; 32];
                    let done = end
                        .conn
                        .export_keying_material(&mut out, b"EXPORTER-x", None);
                    done.expect("extended master secret");
                    out
                });
                assert_eq!(exported[0], exported[1]);
                pair.client.conn.close();
                pair.run();
                let report = pair.client.conn.close_report().expect("closed");
                assert!(report.clean, "{report:?}");
            }
        }
    }
}

#[test]
fn two_that_have_both_versions_take_the_newer_one() {
    for (client_has, server_has, expected) in [
        (BOTH, BOTH, SslProtocol::TlsV1_3),
        (TLS12, BOTH, SslProtocol::TlsV1_2),
        (BOTH, TLS12, SslProtocol::TlsV1_2),
    ] {
        let mut pair = encrypted(
            client(backend()).protocols(client_has),
            server(backend()).protocols(server_has),
        );
        let cipher = pair.client.conn.session_cipher().expect("encrypted");
        assert_eq!(cipher.protocol(), expected);
        echoes(&mut pair);
    }
    // With a key exchange, where there is one in common.
    let pair = encrypted(
        client(backend()).protocols(TLS12),
        server(backend()).protocols(TLS12),
    );
    let cipher = pair.client.conn.session_cipher().expect("encrypted");
    assert_eq!(cipher.openssl_name(), "ECDHE-PSK-CHACHA20-POLY1305");
    let (_, kind) = failed(client(backend()), server(backend()).protocols(TLS12));
    assert_eq!(kind, Some(FailureKind::Incompatible));
}

#[test]
fn in_tls12_too_a_wrong_key_and_an_unknown_identity_look_alike() {
    let wrong = PreSharedKey::new("device", [1; 32]).expect("a key");
    let told = FailureKind::AlertReceived(Alert::BadRecordMac);
    for suite in ["PSK-AES128-GCM-SHA256", "ECDHE-PSK-CHACHA20-POLY1305"] {
        for keys in [[wrong.clone()], [key("another")]] {
            let client = client(backend()).pre_shared_keys(keys).protocols(TLS12);
            let server = server(backend()).protocols(TLS12).ciphers(&[suite]);
            let client = client.build().expect("client");
            let mut pair = Pair::tls(&client, &server.build().expect("server"));
            pair.run();
            let kind = |end: &End| end.conn.failure().map(|failure| failure.kind());
            assert_eq!(kind(&pair.client), Some(told));
            assert_eq!(kind(&pair.server), Some(FailureKind::BadRecordMac));
            assert_eq!(pair.server.conn.psk_identity(), None);
        }
    }
    let (client, server) = failed(
        client(backend())
            .pre_shared_keys([key("another")])
            .protocols(TLS12),
        server(backend())
            .tell_unknown_psk_identity()
            .protocols(TLS12),
    );
    let told = FailureKind::AlertReceived(Alert::UnknownPskIdentity);
    assert_eq!(
        (client, server),
        (Some(told), Some(FailureKind::NoPreSharedKey))
    );
}

#[test]
fn small_fragments_and_lost_connections_in_tls12() {
    let mut pair = encrypted(
        client(backend()).protocols(TLS12).max_fragment(32),
        server(backend()).protocols(TLS12).max_fragment(32),
    );
    echoes(&mut pair);
    let (config, name) = (
        client(backend()).protocols(TLS12),
        sslcore_tests::pair::server_name(),
    );
    let mut end = End::new(sslcore::Limits::default());
    let config = config.build().expect("client");
    end.conn
        .start_client_encryption(&config, name)
        .expect("start");
    end.settle();
    end.conn.receive_eof();
    end.settle();
    let failure = end.conn.failure().expect("failed");
    assert_eq!(failure.kind(), FailureKind::Truncated);
}
