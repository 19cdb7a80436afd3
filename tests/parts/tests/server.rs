//! A server has what its build has.
#![cfg(feature = "server")]

use rcgen::PKCS_ECDSA_P256_SHA256;
use rustls::{CipherSuite, NamedGroup};
use sslcore::{
    Alert, Buffers, Connection, Event, FailureKind, Limits, ServerConfig, ServerStart, SslProtocol,
};
use sslcore_parts::{Chain, Only, backend, exchange, talk};

fn meets(only: Only) -> Connection {
    let chain = Chain::signed_with(&PKCS_ECDSA_P256_SHA256);
    let config = ServerConfig::builder(backend()).identity([chain.leaf.clone()], chain.key());
    let config = config.build().expect("a configuration");
    let mut theirs = only.client(&chain);
    let mut ours = Connection::new(Limits::default(), Buffers::Owned);
    let start = ServerStart::With(config);
    ours.start_server_encryption(start).expect("new");
    let events = talk(&mut ours, &mut theirs);
    assert_eq!(events.contains(&Event::Encrypted), ours.is_encrypted());
    if ours.is_encrypted() {
        exchange(&mut ours, &mut theirs);
    }
    ours
}

#[test]
fn the_smallest_server_speaks_tls13() {
    for group in [NamedGroup::X25519, NamedGroup::secp256r1] {
        let ours = meets(Only {
            suite: Some(CipherSuite::TLS13_AES_128_GCM_SHA256),
            group: Some(group),
        });
        assert_eq!(
            ours.session_protocol(),
            Some(SslProtocol::TlsV1_3),
            "{group:?}"
        );
    }
}

#[test]
fn what_is_not_there_is_not_chosen() {
    for (suite, group, there) in [
        (
            Some(CipherSuite::TLS13_AES_256_GCM_SHA384),
            None,
            cfg!(feature = "aes256"),
        ),
        (
            Some(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256),
            None,
            cfg!(feature = "chacha20"),
        ),
        (None, Some(NamedGroup::secp384r1), cfg!(feature = "p384")),
        (
            None,
            Some(NamedGroup::X25519MLKEM768),
            cfg!(feature = "ml-kem"),
        ),
        (
            None,
            Some(NamedGroup::secp256r1MLKEM768),
            cfg!(feature = "ml-kem"),
        ),
    ] {
        let ours = meets(Only { suite, group });
        assert_eq!(ours.is_encrypted(), there, "{suite:?} {group:?}");
        if !there {
            let failure = ours.failure().expect("a failure");
            assert_eq!(failure.kind(), FailureKind::Incompatible);
            assert_eq!(failure.alert(), Some(Alert::HandshakeFailure));
        }
    }
}

#[cfg(feature = "tls12")]
#[test]
fn a_client_of_tls12_is_served() {
    let ours = meets(Only {
        suite: Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
        ..Only::default()
    });
    assert_eq!(ours.session_protocol(), Some(SslProtocol::TlsV1_2));
}
