use std::io::{Read, Write};

use rustls::version::{TLS12, TLS13};
use rustls::{
    CipherSuite, ConnectionCommon, ConnectionTrafficSecrets, NamedGroup, SideData,
    SupportedProtocolVersion,
};
use sslcore::crypto::Backend;

use crate::pair::{Identity, Pair, narrowed};
use crate::{rustcrypto, with_other_p256};

const GROUPS: [NamedGroup; 3] = [
    NamedGroup::X25519,
    NamedGroup::secp256r1,
    NamedGroup::secp384r1,
];

const TLS13_SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS13_AES_128_GCM_SHA256,
    CipherSuite::TLS13_AES_256_GCM_SHA384,
    CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
];

const ECDSA_SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
];

const RSA_SUITES: [CipherSuite; 3] = [
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// Both sides shake hands, send each other two records, and hold the same keys.
fn meet(
    version: &'static SupportedProtocolVersion,
    (suite, group): (CipherSuite, NamedGroup),
    client: &Backend,
    server: &Backend,
    identity: &Identity,
) {
    let at = format!("{suite:?} {group:?} {} to {}", client.name(), server.name());
    let client = narrowed(client, suite, group);
    let server = narrowed(server, suite, group);
    let mut pair = Pair::new(version, client, server, identity);
    pair.settle().expect(&at);
    assert!(
        !pair.client.is_handshaking() && !pair.server.is_handshaking(),
        "{at}"
    );
    let negotiated = pair.client.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(negotiated, suite, "{at}");
    let negotiated = pair.client.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(negotiated, group, "{at}");

    let text: Vec<u8> = (0..20_000_u32).map(|byte| byte as u8).collect();
    pair.client.writer().write_all(&text).unwrap();
    pair.server.writer().write_all(&text).unwrap();
    pair.settle().expect(&at);
    assert!(read_all(&mut pair.client, text.len()) == text, "{at}");
    assert!(read_all(&mut pair.server, text.len()) == text, "{at}");
    same_secrets(pair, &at);
}

fn read_all<S: SideData>(from: &mut ConnectionCommon<S>, len: usize) -> Vec<u8> {
    let mut text = vec![0; len];
    from.reader().read_exact(&mut text).unwrap();
    text
}

fn same_secrets(pair: Pair, at: &str) {
    #[allow(deprecated, reason = "the replacement is the unbuffered API")]
    let (client, server) = (
        pair.client.dangerous_extract_secrets().unwrap(),
        pair.server.dangerous_extract_secrets().unwrap(),
    );
    assert_eq!(client.tx.0, server.rx.0, "{at}");
    assert_eq!(client.rx.0, server.tx.0, "{at}");
    assert!(
        secret_bytes(&client.tx.1) == secret_bytes(&server.rx.1),
        "{at}"
    );
    assert!(
        secret_bytes(&client.rx.1) == secret_bytes(&server.tx.1),
        "{at}"
    );
    assert!(
        secret_bytes(&client.tx.1) != secret_bytes(&client.rx.1),
        "{at}"
    );
}

fn secret_bytes(secrets: &ConnectionTrafficSecrets) -> (u8, Vec<u8>) {
    let (algorithm, key, iv) = match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (0, key, iv),
        ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (1, key, iv),
        ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (2, key, iv),
        _ => panic!("an AEAD that no backend has"),
    };
    (algorithm, [key.as_ref(), iv.as_ref()].concat())
}

/// Every suite with every group, both roles.
fn meet_in_all(version: &'static SupportedProtocolVersion, suites: [CipherSuite; 3]) {
    let (ours, theirs) = (rustcrypto(2), Backend::aws_lc_rs());
    let identity = Identity::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    for suite in suites {
        for group in GROUPS {
            meet(version, (suite, group), &ours, &theirs, &identity);
            meet(version, (suite, group), &theirs, &ours, &identity);
        }
    }
}

#[test]
fn every_tls13_suite_and_group_meets_aws_lc_in_both_roles() {
    meet_in_all(&TLS13, TLS13_SUITES);
}

#[test]
fn another_p256_meets_ring_in_both_roles() {
    let (ours, theirs) = (with_other_p256(4), Backend::ring());
    let identity = Identity::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    for (version, suite) in [(&TLS13, TLS13_SUITES[0]), (&TLS12, ECDSA_SUITES[0])] {
        let at = (suite, NamedGroup::secp256r1);
        meet(version, at, &ours, &theirs, &identity);
        meet(version, at, &theirs, &ours, &identity);
    }
}

#[test]
fn every_tls12_ecdsa_suite_and_group_meets_aws_lc_in_both_roles() {
    meet_in_all(&TLS12, ECDSA_SUITES);
}

#[test]
fn every_tls12_rsa_suite_and_group_meets_an_rsa_server() {
    let (ours, theirs) = (rustcrypto(3), Backend::aws_lc_rs());
    let identity = Identity::new(&rcgen::PKCS_RSA_SHA256);
    for suite in RSA_SUITES {
        for group in GROUPS {
            meet(&TLS12, (suite, group), &ours, &theirs, &identity);
        }
    }
}

#[test]
fn a_tls13_client_meets_rsa_servers_whose_authorities_sign_with_every_hash() {
    let (ours, theirs) = (rustcrypto(4), Backend::aws_lc_rs());
    for algorithm in [
        &rcgen::PKCS_RSA_SHA256,
        &rcgen::PKCS_RSA_SHA384,
        &rcgen::PKCS_RSA_SHA512,
    ] {
        let with = (CipherSuite::TLS13_AES_128_GCM_SHA256, NamedGroup::X25519);
        meet(&TLS13, with, &ours, &theirs, &Identity::new(algorithm));
    }
}

#[test]
fn every_kind_of_server_key_meets_ring_in_both_roles_and_versions() {
    let (ours, theirs) = (rustcrypto(5), Backend::ring());
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
    ] {
        let identity = Identity::new(algorithm);
        for (version, suite) in [(&TLS13, TLS13_SUITES[0]), (&TLS12, ECDSA_SUITES[0])] {
            let with = (suite, NamedGroup::X25519);
            meet(version, with, &ours, &theirs, &identity);
            meet(version, with, &theirs, &ours, &identity);
        }
    }
}

#[test]
fn all_backends_offer_the_same_suites_with_the_same_limits() {
    let common = |backend: Backend| -> Vec<_> {
        let suites = &backend.provider().cipher_suites;
        suites
            .iter()
            .map(|suite| (suite.suite(), suite_limit(suite)))
            .collect()
    };
    let ours = common(rustcrypto(6));
    assert_eq!(ours.len(), 9);
    assert_eq!(ours, common(Backend::ring()));
}

fn suite_limit(suite: &rustls::SupportedCipherSuite) -> u64 {
    match suite {
        rustls::SupportedCipherSuite::Tls12(suite) => suite.common.confidentiality_limit,
        rustls::SupportedCipherSuite::Tls13(suite) => suite.common.confidentiality_limit,
    }
}
