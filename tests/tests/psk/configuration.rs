//! What configurations take, and what has no meaning beside keys.

use sslcore::crypto::HashAlgorithm;
use sslcore::{
    Alert, ClientConfig, ConfigBuilder, ConfigError, FailureKind, PreSharedKey, PreSharedKeyError,
    VerifyMode,
};
use sslcore_tests::pair::{Pair, backend};

use super::stage::{BOTH, TLS12, client, echoes, encrypted, key, server};

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
