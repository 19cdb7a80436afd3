//! TLS 1.3.

use sslcore::crypto::HashAlgorithm;
use sslcore::{Alert, FailureKind, Limits, PreSharedKey, ServerStart, SslCipher, SslProtocol};
use sslcore_tests::pair::{End, Pair, backend, backends, server_name};

use super::stage::{client, echoes, encrypted, failed, key, server};

#[test]
fn every_suite_of_every_backend() {
    for backend in backends() {
        let suites: Vec<SslCipher> = backend
            .supported_ciphers()
            .filter(|cipher| cipher.protocol() == SslProtocol::TlsV1_3)
            .collect();
        assert!(!suites.is_empty());
        for suite in suites {
            let hash = match suite.name().ends_with("SHA384") {
                true => HashAlgorithm::Sha384,
                false => HashAlgorithm::Sha256,
            };
            let keys = [key("device").with_hash(hash)];
            let mut pair = encrypted(
                client(backend.clone())
                    .pre_shared_keys(keys.clone())
                    .ciphers(&[suite.name()]),
                server(backend.clone()).pre_shared_keys(keys),
            );
            for end in [&pair.client, &pair.server] {
                assert_eq!(end.conn.session_cipher(), Some(suite), "{backend:?}");
                assert_eq!(end.conn.session_protocol(), Some(SslProtocol::TlsV1_3));
                assert_eq!(end.conn.psk_identity(), Some(&b"device"[..]));
                assert!(end.conn.peer_certificate().is_none());
                assert!(end.conn.ssl_errors().is_empty());
                assert!(!end.conn.is_resumed());
            }
            echoes(&mut pair);
        }
    }
}

#[test]
fn every_group_of_every_backend() {
    for backend in backends() {
        for group in backend.supported_groups() {
            let mut pair = encrypted(
                client(backend.clone()).groups(&[group]),
                server(backend.clone()),
            );
            assert_eq!(pair.client.conn.key_exchange_group(), Some(group));
            assert_eq!(pair.server.conn.key_exchange_group(), Some(group));
            echoes(&mut pair);
        }
    }
}

#[test]
fn a_second_hello_where_the_first_has_no_share_that_fits() {
    for backend in backends() {
        for chunk in [1, usize::MAX] {
            let client = client(backend.clone()).groups(&["X25519", "P-256"]);
            let server = server(backend.clone()).groups(&["P-256"]);
            let mut pair = Pair {
                chunk,
                ..Pair::default()
            };
            let client = client.build().expect("client");
            pair.start(&client, &server.build().expect("server"));
            pair.run();
            for end in [&pair.client, &pair.server] {
                assert!(end.conn.is_encrypted(), "{:?}", end.conn);
                assert!(end.conn.is_hello_retried());
                assert_eq!(end.conn.key_exchange_group(), Some("secp256r1"));
            }
            echoes(&mut pair);
        }
    }
}

/// An imported key is good for every suite, and a plain one beside it for its own.
#[test]
fn imported_keys_fit_every_suite() {
    for own in [HashAlgorithm::Sha256, HashAlgorithm::Sha384] {
        for (suite, hash) in [
            ("TLS_AES_128_GCM_SHA256", HashAlgorithm::Sha256),
            ("TLS_AES_256_GCM_SHA384", HashAlgorithm::Sha384),
        ] {
            let other = key("other").with_hash(hash);
            let imported = key("device").with_hash(own).imported("lamps").expect("key");
            let mut pair = encrypted(
                client(backend()).pre_shared_keys([imported.clone()]),
                server(backend())
                    .pre_shared_keys([other, imported])
                    .ciphers(&[suite]),
            );
            let cipher = pair.client.conn.session_cipher().expect("encrypted");
            assert_eq!(cipher.name(), suite);
            assert!(pair.server.conn.psk_identity() > Some(&b"\0\x06device\0\x05lamps"[..]));
            echoes(&mut pair);
        }
    }
}

#[test]
fn an_imported_key_is_not_the_plain_one_nor_one_of_another_context() {
    let plain = key("device");
    let imported = |context: &str| key("device").imported(context).expect("a context");
    for (one, other) in [
        (plain.clone(), imported("")),
        (imported(""), plain),
        (imported("a"), imported("b")),
    ] {
        let kinds = failed(
            client(backend()).pre_shared_keys([one]),
            server(backend()).pre_shared_keys([other]),
        );
        let alert = FailureKind::AlertReceived(Alert::DecryptError);
        assert_eq!(kinds, (Some(alert), Some(FailureKind::BadPreSharedKey)));
    }
}

#[test]
fn the_server_takes_the_first_of_the_clients_that_it_has() {
    let keys = ["a", "b", "c"].map(key);
    let pair = encrypted(
        client(backend()).pre_shared_keys(keys),
        server(backend()).pre_shared_keys(["c", "b"].map(key)),
    );
    assert_eq!(pair.server.conn.psk_identity(), Some(&b"b"[..]));
    assert_eq!(pair.client.conn.psk_identity(), Some(&b"b"[..]));
}

/// A client that has keys for both hash functions lets the server's suite decide.
#[test]
fn the_suite_follows_the_key() {
    for (suites, expected) in [
        (["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"], "b"),
        (["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"], "b"),
    ] {
        let sha384 = key("b").with_hash(HashAlgorithm::Sha384);
        let pair = encrypted(
            client(backend()).pre_shared_keys([key("a"), sha384.clone()]),
            server(backend()).pre_shared_keys([sha384]).ciphers(&suites),
        );
        let identity = pair.server.conn.psk_identity();
        assert_eq!(identity, Some(expected.as_bytes()));
        let cipher = pair.client.conn.session_cipher().expect("encrypted");
        assert_eq!(cipher.name(), "TLS_AES_256_GCM_SHA384");
    }
}

#[test]
fn a_key_alone_needs_the_word_of_both_ends() {
    let no_groups = || server(backend()).groups(&["P-384"]);
    let x25519 = || client(backend()).groups(&["X25519"]);
    let mut pair = encrypted(x25519().allow_psk_ke(), no_groups().allow_psk_ke());
    assert_eq!(pair.client.conn.key_exchange_group(), None);
    assert_eq!(pair.server.conn.key_exchange_group(), None);
    echoes(&mut pair);
    for (client, server) in [
        (x25519(), no_groups().allow_psk_ke()),
        (x25519().allow_psk_ke(), no_groups()),
    ] {
        let (_, kind) = failed(client, server);
        assert_eq!(kind, Some(FailureKind::Incompatible));
    }
    // Where there is a key exchange it is preferred.
    let pair = encrypted(
        client(backend()).allow_psk_ke(),
        server(backend()).allow_psk_ke(),
    );
    assert!(pair.client.conn.key_exchange_group().is_some());
}

#[test]
fn a_wrong_key_and_an_unknown_identity_look_alike() {
    let wrong = PreSharedKey::new("device", [1; 32]).expect("a key");
    let told = FailureKind::AlertReceived(Alert::DecryptError);
    let mut flights = Vec::new();
    for keys in [[wrong], [key("another")]] {
        let client = client(backend()).pre_shared_keys(keys).build();
        let mut pair = Pair::tls(
            &client.expect("client"),
            &server(backend()).build().expect("server"),
        );
        pair.run();
        let kind = |end: &End| end.conn.failure().map(|failure| failure.kind());
        assert_eq!(kind(&pair.server), Some(FailureKind::BadPreSharedKey));
        assert_eq!(pair.server.conn.psk_identity(), None);
        assert_eq!(kind(&pair.client), Some(told));
        flights.push(pair.server.sent.clone());
    }
    assert_eq!(flights[0], flights[1]);
    // Whoever wants to be told is.
    let (client, server) = failed(
        client(backend()).pre_shared_keys([key("another")]),
        server(backend()).tell_unknown_psk_identity(),
    );
    let told = FailureKind::AlertReceived(Alert::UnknownPskIdentity);
    assert_eq!(
        (client, server),
        (Some(told), Some(FailureKind::NoPreSharedKey))
    );
}

#[test]
fn what_goes_with_a_handshake_goes_with_this_one_too() {
    let mut pair = encrypted(
        client(backend()).alpn(&[b"h2", b"mqtt"]).max_fragment(64),
        server(backend()).alpn(&[b"mqtt"]).max_fragment(32),
    );
    assert_eq!(pair.client.conn.alpn_protocol(), Some(&b"mqtt"[..]));
    assert_eq!(pair.server.conn.alpn_protocol(), Some(&b"mqtt"[..]));
    assert_eq!(pair.server.conn.server_name(), Some("server.test"));
    let exported = [&pair.client, &pair.server].map(|end| {
        let mut out = [0; 32];
        end.conn
            .export_keying_material(&mut out, b"EXPORTER-test", None)
            .expect("encrypted");
        out
    });
    assert_eq!(exported[0], exported[1]);
    pair.client.conn.update_keys().expect("encrypted");
    pair.run();
    echoes(&mut pair);
    pair.server.conn.update_keys().expect("encrypted");
    pair.run();
    echoes(&mut pair);
    pair.client.conn.close();
    pair.run();
    pair.server.conn.close();
    pair.run();
    for end in [&pair.client, &pair.server] {
        assert!(end.conn.close_report().is_some_and(|report| report.clean));
    }
    let (_, kind) = failed(
        client(backend()).alpn(&[b"h2"]),
        server(backend()).alpn(&[b"mqtt"]),
    );
    assert_eq!(kind, Some(FailureKind::Incompatible));
}

/// A server that takes a suite before it looks for a key, as OpenSSL's do, must not find one that is for
/// none.
#[test]
fn a_client_offers_the_suites_that_its_keys_fit_and_no_others() {
    let sha384 = || key("other").with_hash(HashAlgorithm::Sha384);
    let imported = || key("device").imported("").expect("a key");
    for backend in backends() {
        for (keys, hashes) in [
            (vec![key("device")], &["SHA256"][..]),
            (vec![sha384()], &["SHA384"]),
            (vec![key("device"), sha384()], &["SHA256", "SHA384"]),
            (vec![imported()], &["SHA256", "SHA384"]),
        ] {
            let config = client(backend.clone()).pre_shared_keys(keys).build();
            let mut pair = Pair::new(Limits::default());
            pair.client
                .conn
                .start_client_encryption(&config.expect("client"), server_name())
                .expect("start");
            let fallback = server(backend.clone()).build().expect("server");
            pair.server
                .conn
                .start_server_encryption(ServerStart::Ask { fallback })
                .expect("start");
            pair.run();
            let request = pair.server.conn.config_request().expect("asked");
            let fits = |cipher: &SslCipher| {
                let is_new = cipher.protocol() == SslProtocol::TlsV1_3;
                is_new && hashes.iter().any(|hash| cipher.name().ends_with(hash))
            };
            let wanted = backend.supported_ciphers().filter(fits);
            let wanted: Vec<u16> = wanted.map(|cipher| cipher.id()).collect();
            let offered: Vec<u16> = request.hello.cipher_suites().collect();
            assert_eq!(offered, wanted, "{hashes:?}");
        }
    }
}
