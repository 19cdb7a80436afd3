//! Pre-shared keys: both ends of ours, in every mode.

use std::time::Duration;

use sslcore::crypto::{Backend, HashAlgorithm};
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, ConfigError, Event, FailureKind, Limits, PreSharedKey,
    PreSharedKeyError, PskId, ServerConfig, ServerStart, SslCipher, SslMode, SslProtocol, Timeouts,
    UsageError, VerifyMode,
};
use sslcore_tests::pair::{End, Pair, backend, backends, server_name};

const SECRET: [u8; 32] = [0x5e; 32];

fn key(identity: &str) -> PreSharedKey {
    PreSharedKey::new(identity, SECRET).expect("a key")
}

fn client(backend: Backend) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend).pre_shared_keys([key("device")])
}

fn server(backend: Backend) -> ConfigBuilder<ServerConfig> {
    ServerConfig::builder(backend).pre_shared_keys([key("device")])
}

fn encrypted(client: ConfigBuilder<ClientConfig>, server: ConfigBuilder<ServerConfig>) -> Pair {
    let client = client.build().expect("client");
    Pair::encrypted(&client, &server.build().expect("server"))
}

fn failed(
    client: ConfigBuilder<ClientConfig>,
    server: ConfigBuilder<ServerConfig>,
) -> (Option<FailureKind>, Option<FailureKind>) {
    let client = client.build().expect("client");
    let mut pair = Pair::tls(&client, &server.build().expect("server"));
    pair.run();
    let kind = |end: &End| end.conn.failure().map(|failure| failure.kind());
    (kind(&pair.client), kind(&pair.server))
}

fn echoes(pair: &mut Pair) {
    pair.client.write(b"ping");
    pair.run();
    assert_eq!(pair.server.read_all(), b"ping");
    pair.server.write(b"pong");
    pair.run();
    assert_eq!(pair.client.read_all(), b"pong");
}

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
fn verification_has_nothing_to_say() {
    use VerifyMode as V;
    for mode in [V::None, V::Query, V::Verify, V::Auto, V::External] {
        let pair = encrypted(
            client(backend()).verify_mode(mode),
            server(backend()).verify_mode(mode),
        );
        for end in [&pair.client, &pair.server] {
            assert_eq!(end.told(), ["Encrypted"], "{mode:?}");
        }
    }
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

fn asking() -> Pair {
    let client = ClientConfig::builder(backend()).ask_for_pre_shared_keys();
    let server = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
    let client = client.build().expect("client");
    let mut pair = Pair::tls(&client, &server.build().expect("server"));
    pair.run();
    pair
}

fn asked(end: &End) -> PskId {
    let id = end.conn.psk_request().expect("asked").id;
    assert!(end.saw(Event::PreSharedKeyRequired(id)));
    id
}

#[test]
fn both_ends_can_be_asked_and_wait() {
    let mut pair = asking();
    let id = asked(&pair.client);
    let request = pair.client.conn.psk_request().expect("asked");
    assert_eq!(
        (request.role, request.protocol),
        (SslMode::Client, SslProtocol::TlsV1_3)
    );
    assert_eq!((request.hint, request.identities.count()), (None, 0));
    assert_eq!((request.max_identity, request.max_key), (1024, 512));
    assert!(
        pair.client.sent.is_empty(),
        "a client is asked before its hello"
    );
    assert!(pair.server.conn.psk_request().is_none());
    let imported = key("imported").imported("ctx").expect("a context");
    let keys = [key("first"), key("device"), imported];
    pair.client.conn.provide_psk(id, &keys).expect("open");
    pair.run();

    let id = asked(&pair.server);
    assert!(pair.server.sent.is_empty());
    let request = pair.server.conn.psk_request().expect("asked");
    assert_eq!(request.role, SslMode::Server);
    let names: Vec<_> = request
        .identities
        .map(|it| (it.name(), it.context()))
        .collect();
    let imported = (&b"imported"[..], Some(&b"ctx"[..]));
    assert_eq!(
        names,
        [(&b"first"[..], None), (b"device", None), imported, imported]
    );
    pair.server
        .conn
        .provide_psk(id, &[key("device")])
        .expect("open");
    assert!(pair.server.conn.psk_request().is_none());
    assert_eq!(pair.server.conn.refuse_psk(id), Err(UsageError::Stale));
    pair.run();
    assert_eq!(pair.server.conn.psk_identity(), Some(&b"device"[..]));
    echoes(&mut pair);
    assert_eq!(
        pair.server.conn.refuse_psk(id),
        Err(UsageError::NoDecisionOpen)
    );
}

#[test]
fn a_client_without_a_key_says_nothing() {
    let mut pair = asking();
    let id = asked(&pair.client);
    pair.client.conn.refuse_psk(id).expect("open");
    pair.run();
    let failure = pair.client.conn.failure().expect("failed");
    assert_eq!(failure.kind(), FailureKind::NoPreSharedKey);
    assert!(pair.client.sent.is_empty());
}

#[test]
fn a_server_without_the_key_says_what_it_says_of_a_wrong_one() {
    let mut pair = asking();
    let id = asked(&pair.client);
    pair.client
        .conn
        .provide_psk(id, &[key("device")])
        .expect("open");
    pair.run();
    let id = asked(&pair.server);
    pair.server.conn.refuse_psk(id).expect("open");
    pair.run();
    let failure = pair.server.conn.failure().expect("failed");
    assert_eq!(failure.kind(), FailureKind::BadPreSharedKey);
    assert_eq!(failure.alert(), Some(Alert::DecryptError));
}

#[test]
fn keys_that_cannot_be_used_leave_the_question_open() {
    use PreSharedKeyError as E;
    let mut pair = asking();
    let id = asked(&pair.client);
    let short = PreSharedKey::new("short", [1; 15]).expect("a key");
    let refused = |why| UsageError::PreSharedKey { index: 1, why };
    let given = pair.client.conn.provide_psk(id, &[key("a"), short]);
    assert_eq!(given, Err(refused(E::ShortKey(15))));
    let given = pair.client.conn.provide_psk(id, &[key("a"), key("a")]);
    assert_eq!(given, Err(refused(E::Repeated)));
    let nine: Vec<_> = (0..9).map(|i| key(&i.to_string())).collect();
    let given = pair.client.conn.provide_psk(id, &nine);
    let index = 8;
    let why = E::TooMany(9);
    assert_eq!(given, Err(UsageError::PreSharedKey { index, why }));
    assert_eq!(asked(&pair.client), id);
    pair.client.conn.provide_psk(id, &nine[..8]).expect("open");
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

#[test]
fn a_configuration_says_what_is_wrong_with_it() {
    use ConfigError as C;
    use PreSharedKeyError as E;
    let world = &*sslcore_tests::certs::WORLD;
    let built = |builder: ConfigBuilder<ClientConfig>| builder.build().map(|_| ());
    let anchors = client(backend()).trust_anchors([world.ca.der()]);
    assert_eq!(built(anchors), Err(C::PreSharedKeysBeside("trust anchors")));
    let imported = [key("a").imported("").expect("a context")];
    let imported = client(backend())
        .protocols(&["TLSv1.2"])
        .pre_shared_keys(imported);
    let what = "pre-shared key that fits the protocols";
    assert_eq!(built(imported), Err(C::NothingLeft(what)));
    let hint = server(backend()).psk_identity_hint([b'h'; 1025]).build();
    assert_eq!(hint.map(|_| ()), Err(C::HintTooLong(1025)));
    let none = ClientConfig::builder(backend()).pre_shared_keys([]);
    assert_eq!(built(none), Err(C::NothingLeft("pre-shared key")));
    let none = ClientConfig::builder(backend()).allow_short_keys();
    assert_eq!(built(none), Err(C::NothingLeft("pre-shared key")));
    let sha384 = || key("a").with_hash(HashAlgorithm::Sha384);
    let misfit = client(backend())
        .pre_shared_keys([key("b"), sha384()])
        .ciphers(&["TLS_AES_128_GCM_SHA256"]);
    let why = E::NoCipherSuite;
    assert_eq!(built(misfit), Err(C::PreSharedKey { index: 1, why }));
    let tls12 = client(backend()).ciphers(&["ECDHE-RSA-AES128-GCM-SHA256"]);
    let what = "cipher suite that fits the protocols";
    assert_eq!(built(tls12), Err(C::NothingLeft(what)));
    let unknown = client(backend()).groups(&["X448"]);
    assert!(matches!(
        built(unknown),
        Err(C::Unsupported { what: "group", .. })
    ));
    let short = || PreSharedKey::new("short", [1; 15]).expect("a key");
    let why = E::ShortKey(15);
    let refused = client(backend()).pre_shared_keys([short()]);
    assert_eq!(built(refused), Err(C::PreSharedKey { index: 0, why }));
    let allowed = client(backend())
        .pre_shared_keys([short()])
        .allow_short_keys();
    assert_eq!(built(allowed), Ok(()));
}

#[test]
fn a_peer_with_certificates_alone_is_told_that_nothing_is_in_common() {
    let certified = sslcore_tests::pair::server(backend())
        .build()
        .expect("server");
    let mut pair = Pair::tls(&client(backend()).build().expect("client"), &certified);
    pair.run();
    assert!(pair.client.conn.failure().is_some());
    let certified = sslcore_tests::pair::client(backend())
        .build()
        .expect("client");
    let mut pair = Pair::tls(&certified, &server(backend()).build().expect("server"));
    pair.run();
    let failure = pair.server.conn.failure().expect("failed");
    assert_eq!(failure.kind(), FailureKind::NoPreSharedKey);
    assert_eq!(failure.alert(), Some(Alert::HandshakeFailure));
}

const TLS12: &[&str] = &["TLSv1.2"];
const BOTH: &[&str] = &["TLSv1.2", "TLSv1.3"];

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
fn a_client_of_tls12_is_asked_behind_the_servers_hint() {
    let client = ClientConfig::builder(backend()).ask_for_pre_shared_keys();
    let server = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
    let client = client.protocols(TLS12).build().expect("client");
    let server = server.protocols(TLS12).psk_identity_hint("which lamp?");
    let mut pair = Pair::tls(&client, &server.build().expect("server"));
    pair.run();
    let id = asked(&pair.client);
    let request = pair.client.conn.psk_request().expect("asked");
    assert_eq!(
        (request.role, request.protocol),
        (SslMode::Client, SslProtocol::TlsV1_2)
    );
    assert_eq!(request.hint, Some(&b"which lamp?"[..]));
    pair.client
        .conn
        .provide_psk(id, &[key("device")])
        .expect("open");
    pair.run();
    let id = asked(&pair.server);
    let request = pair.server.conn.psk_request().expect("asked");
    assert_eq!(
        (request.role, request.protocol),
        (SslMode::Server, SslProtocol::TlsV1_2)
    );
    let names: Vec<_> = request.identities.map(|identity| identity.name()).collect();
    assert_eq!(names, [b"device"]);
    pair.server
        .conn
        .provide_psk(id, &[key("device")])
        .expect("open");
    pair.run();
    echoes(&mut pair);
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

/// A real peer must not agree to what has no security: only suites without a name have none.
#[test]
fn without_security_there_are_no_suites_of_tls12() {
    let backend = sslcore::testing::backend_without_security(1);
    let built = client(backend.clone()).protocols(TLS12).build().map(|_| ());
    assert_eq!(built, Err(ConfigError::NothingLeft("cipher suite")));
    let mut pair = encrypted(client(backend.clone()).protocols(BOTH), server(backend));
    let cipher = pair.client.conn.session_cipher().expect("encrypted");
    assert_eq!(cipher.name(), "TLS13_WITHOUT_SECURITY");
    echoes(&mut pair);
}

/// A server whose application looks a key up, with this time for a handshake.
fn looking_up(timeouts: Timeouts) -> Pair {
    let config = ServerConfig::builder(backend()).ask_for_pre_shared_keys();
    let config = config.timeouts(timeouts).build().expect("server");
    let mut pair = Pair::tls(&client(backend()).build().expect("client"), &config);
    pair.run();
    asked(&pair.server);
    pair
}

#[test]
fn the_time_for_the_handshake_stands_still_while_a_key_is_looked_up() {
    let mut pair = looking_up(Timeouts {
        handshake: Some(Duration::from_secs(10)),
        decision: None,
        ..Timeouts::SERVER
    });
    pair.server.time = pair.server.time.after(Duration::from_secs(25));
    pair.server.settle();
    let id = asked(&pair.server);
    let given = pair.server.conn.provide_psk(id, &[key("device")]);
    given.expect("open");
    pair.run();
    assert!(pair.server.conn.is_encrypted(), "{:?}", pair.server.conn);
}

/// As during every decision, a close does not wait for the answer longer than it may take.
#[test]
fn a_close_while_a_key_is_looked_up_has_its_time() {
    let mut pair = looking_up(Timeouts {
        decision: None,
        ..Timeouts::SERVER
    });
    pair.server.conn.write(b"welcome").expect("open");
    pair.server.conn.close();
    pair.server.settle();
    assert!(pair.server.conn.psk_request().is_some());
    pair.server.time = pair.server.time.after(Duration::from_secs(6));
    pair.server.settle();
    assert!(pair.server.conn.psk_request().is_none());
    pair.server.take();
    let report = pair.server.conn.close_report().expect("closed");
    assert_eq!((report.clean, report.abandoned), (false, 7));
}
