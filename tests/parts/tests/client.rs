//! A client has what its build has, and what the build lacks is refused as if nobody had ever had it.
#![cfg(feature = "client")]

use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256};
use rustls::{CipherSuite, NamedGroup};
#[cfg(feature = "offload")]
use sslcore::offload::Direction;
use sslcore::{
    Alert, Buffers, ClientConfig, ConfigBuilder, Connection, Event, FailureKind, Limits, PeerName,
    Progress, SslErrorKind, SslProtocol,
};
use sslcore_parts::{Chain, HOST, Only, backend, exchange, now, talk};

fn builder(chain: &Chain) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend()).trust_anchors([chain.authority.clone()])
}

/// Our client and their server, until neither has more to say.
fn meet(config: ConfigBuilder<ClientConfig>, theirs: &mut rustls::Connection) -> Connection {
    let config = config.build().expect("a configuration");
    let mut ours = Connection::new(Limits::default(), Buffers::Owned);
    let name = PeerName::new(HOST).expect("a name");
    ours.start_client_encryption(&config, name).expect("new");
    let events = talk(&mut ours, theirs);
    assert!(events.contains(&Event::Encrypted) || !ours.is_encrypted());
    ours
}

fn meets(only: Only) -> Connection {
    let chain = Chain::signed_with(&PKCS_ECDSA_P256_SHA256);
    let mut theirs = only.server(&chain, false);
    let mut ours = meet(builder(&chain), &mut theirs);
    if ours.is_encrypted() {
        exchange(&mut ours, &mut theirs);
    }
    ours
}

fn assert_nothing_in_common(ours: &Connection) {
    let failure = ours.failure().expect("a failure");
    assert_eq!(
        failure.kind(),
        FailureKind::AlertReceived(Alert::HandshakeFailure)
    );
}

#[test]
fn the_smallest_client_speaks_tls13() {
    let ours = meets(Only {
        suite: Some(CipherSuite::TLS13_AES_128_GCM_SHA256),
        group: Some(NamedGroup::X25519),
    });
    assert_eq!(ours.session_protocol(), Some(SslProtocol::TlsV1_3));
    let ours = meets(Only {
        suite: Some(CipherSuite::TLS13_AES_128_GCM_SHA256),
        group: Some(NamedGroup::secp256r1),
    });
    assert!(ours.is_encrypted());
}

#[test]
fn a_suite_is_spoken_only_if_it_is_there() {
    let suites = [
        (
            CipherSuite::TLS13_AES_256_GCM_SHA384,
            cfg!(feature = "aes256"),
        ),
        (
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            cfg!(feature = "chacha20"),
        ),
        #[cfg(feature = "tls12")]
        (CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true),
        #[cfg(feature = "tls12")]
        (
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            cfg!(feature = "aes256"),
        ),
        #[cfg(feature = "tls12")]
        (
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            cfg!(feature = "chacha20"),
        ),
    ];
    for (suite, there) in suites {
        let ours = meets(Only {
            suite: Some(suite),
            ..Only::default()
        });
        assert_eq!(ours.is_encrypted(), there, "{suite:?}");
        match there {
            true => {
                let cipher = ours.session_cipher().expect("a cipher");
                assert_eq!(cipher.id(), u16::from(suite));
            }
            false => assert_nothing_in_common(&ours),
        }
    }
}

#[test]
fn a_group_is_spoken_only_if_it_is_there() {
    for (group, there) in [
        (NamedGroup::secp384r1, cfg!(feature = "p384")),
        (NamedGroup::X25519MLKEM768, cfg!(feature = "ml-kem")),
        (NamedGroup::secp256r1MLKEM768, cfg!(feature = "ml-kem")),
    ] {
        let ours = meets(Only {
            group: Some(group),
            ..Only::default()
        });
        assert_eq!(ours.is_encrypted(), there, "{group:?}");
        if !there {
            assert_nothing_in_common(&ours);
        }
    }
}

#[test]
fn a_signature_that_cannot_be_checked_is_an_error_of_its_certificate() {
    for (algorithm, there) in [
        (&PKCS_ECDSA_P256_SHA256, true),
        (&PKCS_ECDSA_P384_SHA384, cfg!(feature = "p384")),
        (&PKCS_ED25519, cfg!(feature = "ed25519")),
        (&PKCS_RSA_SHA256, cfg!(feature = "rsa")),
    ] {
        let chain = Chain::signed_with(algorithm);
        let mut theirs = Only::default().server(&chain, false);
        let ours = meet(builder(&chain), &mut theirs);
        assert_eq!(ours.is_encrypted(), there, "{algorithm:?}");
        let kinds: Vec<_> = ours.ssl_errors().iter().map(|it| it.kind()).collect();
        match there {
            true => assert_eq!(kinds, []),
            false => assert_eq!(kinds, [SslErrorKind::UnsupportedAlgorithm], "{algorithm:?}"),
        }
    }
}

#[test]
fn a_failure_says_more_in_builds_that_have_sentences() {
    let chain = Chain::signed_with(&PKCS_ECDSA_P256_SHA256);
    let config = builder(&chain).build().expect("a configuration");
    let mut ours = Connection::new(Limits::default(), Buffers::Owned);
    let name = PeerName::new(HOST).expect("a name");
    ours.start_client_encryption(&config, name).expect("new");
    while ours.process(now()) == Progress::Again {}
    ours.receive(b"HTTP/1.1 400 Bad Request\r\n").expect("room");
    while ours.process(now()) == Progress::Again {}
    let failure = ours.failure().expect("that is no TLS");
    assert_eq!(failure.kind(), FailureKind::HttpInsteadOfTls);
    assert_eq!(
        !failure.detail().is_empty(),
        cfg!(feature = "texts"),
        "{failure}"
    );
}

#[cfg(feature = "offload")]
#[test]
fn a_client_hands_its_key_over() {
    let mut ours = meets(Only::default());
    let offer = ours.offload(Direction::Sent).expect("nothing waits");
    assert!([16, 32].contains(&offer.keys().key().len()));
    offer.taken_for_good();
    ours.write(b"seal me").expect("room");
    while ours.process(now()) == Progress::Again {}
    assert!(ours.transmit().is_empty());
    assert_eq!(ours.transmit_record(), Some((23, &b"seal me"[..])));
}

#[cfg(feature = "sign")]
#[test]
fn a_client_shows_its_certificate() {
    let chain = Chain::signed_with(&PKCS_ECDSA_P256_SHA256);
    let mut theirs = Only::default().server(&chain, true);
    let config = builder(&chain).identity([chain.leaf.clone()], chain.key());
    let mut ours = meet(config, &mut theirs);
    exchange(&mut ours, &mut theirs);
    let shown = theirs.peer_certificates().expect("a certificate");
    assert_eq!(shown, std::slice::from_ref(&chain.leaf));
}

#[cfg(not(feature = "sign"))]
#[test]
fn a_client_that_cannot_sign_shows_none() {
    let chain = Chain::signed_with(&PKCS_ECDSA_P256_SHA256);
    let mut theirs = Only::default().server(&chain, true);
    let ours = meet(builder(&chain), &mut theirs);
    assert_eq!(
        ours.failure().expect("it is required").kind(),
        FailureKind::AlertReceived(Alert::CertificateRequired)
    );
}

#[cfg(not(feature = "tls12"))]
#[test]
fn a_build_without_tls12_takes_no_configuration_that_wants_it() {
    use sslcore::ConfigError;

    let chain = Chain::signed_with(&PKCS_ECDSA_P256_SHA256);
    let default = builder(&chain).build().expect("a configuration");
    assert_eq!(default.protocols(), [SslProtocol::TlsV1_3]);
    for protocols in [&["TLSv1.2"][..], &["TLSv1.3", "TLSv1.2"]] {
        let error = builder(&chain).protocols(protocols).build().err();
        let name = "TLSv1.2".to_string();
        let what = "protocol";
        assert_eq!(error, Some(ConfigError::Unsupported { what, name }));
    }
}
