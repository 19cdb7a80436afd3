//! Lists that are sent: what does not fit into its message is refused when a configuration is
//! built, and the longest that is not refused arrives.

use rcgen::{KeyPair, PKCS_ED25519};
use rustls_pki_types::CertificateDer;
use sslcore::{
    Certificate, ClientConfig, ConfigBuilder, ConfigError, DistinguishedName, ServerConfig,
    VerifyMode,
};
use sslcore_tests::certs::{Identity, WORLD};
use sslcore_tests::chains::{self, Made};
use sslcore_tests::pair::{Pair, VERSIONS, backend, backends, client, server};

/// What a handshake message may have.
const MESSAGE: usize = 65_535;

/// An authority whose name has so many characters, and no other name is like it. Two of one length
/// have certificates of one length: Ed25519's signatures have, unlike ECDSA's.
fn authority(number: usize, len: usize) -> CertificateDer<'static> {
    let mut params = chains::authority(&format!("{number:0len$}"));
    params.serial_number = Some(1u64.into());
    let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
    Made::self_signed_by(params, key).der
}

/// So many protocol names, all different, which take `bytes` with their lengths.
fn protocols(bytes: usize) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let mut left = bytes;
    while left > 0 {
        // No name is empty.
        let len = if left > 260 { 250 } else { left - 1 }.min(255);
        names.push(format!("{:0len$}", names.len()).into_bytes());
        left -= 1 + len;
    }
    names
}

fn refs(names: &[Vec<u8>]) -> Vec<&[u8]> {
    names.iter().map(Vec::as_slice).collect()
}

#[test]
fn the_longest_list_of_application_protocols_arrives_and_a_longer_one_is_refused() {
    for version in VERSIONS {
        let longest = protocols(28_672);
        let last = longest.last().expect("a name").clone();
        let offering = client(backend())
            .protocols(&[version])
            .alpn(&refs(&longest));
        let choosing = server(backend()).alpn(&[&last]);
        let pair = Pair::encrypted(
            &offering.build().expect("it fits"),
            &choosing.build().expect("a server"),
        );
        let chosen = pair.server.conn.alpn_protocol();
        assert_eq!(chosen, Some(&last[..]));
    }
    for bytes in [28_673, 75_300] {
        let error = client(backend()).alpn(&refs(&protocols(bytes))).build();
        assert_eq!(error.err(), Some(ConfigError::AlpnTooLong(bytes)));
    }
}

/// It says which one it takes, never all.
#[test]
fn a_server_may_take_more_application_protocols_than_a_client_can_offer() {
    let taken = protocols(75_300);
    let last = taken.last().expect("a name").clone();
    let server = server(backend()).alpn(&refs(&taken)).build();
    let client = client(backend()).alpn(&[&last]).build();
    let pair = Pair::encrypted(&client.expect("a client"), &server.expect("a server"));
    let chosen = pair.client.conn.alpn_protocol();
    assert_eq!(chosen, Some(&last[..]));
}

/// A server that asks for certificates of these authorities' and the tests'.
fn asking(version: &str, anchors: &[CertificateDer<'static>]) -> ConfigBuilder<ServerConfig> {
    let anchors = anchors.iter().cloned().chain([WORLD.ca.der()]);
    let asking = server(backend()).protocols(&[version]);
    asking
        .trust_anchors(anchors)
        .verify_mode(VerifyMode::Verify)
}

/// A client that has a certificate of the tests' authority.
fn certified() -> ClientConfig {
    let certified = client(backend()).identity(WORLD.client.chain.clone(), WORLD.client.key());
    certified.build().expect("a client")
}

#[test]
fn the_most_names_of_issuers_arrive_and_more_are_refused() {
    let mut anchors: Vec<_> = (0..59).map(|number| authority(number, 1100)).collect();
    let too_long = asking("TLSv1.3", &anchors).build().err();
    let Some(ConfigError::IssuerNamesTooLong(bytes)) = too_long else {
        panic!("{too_long:?}");
    };
    anchors[0] = authority(0, 1100 - (bytes - MESSAGE) + 1);
    for version in VERSIONS {
        let one_more = asking(version, &anchors).build().err();
        let expected = ConfigError::IssuerNamesTooLong(MESSAGE + 1);
        assert_eq!(one_more, Some(expected));
    }
    anchors[0] = authority(0, 1100 - (bytes - MESSAGE));
    for version in VERSIONS {
        let server = asking(version, &anchors).build().expect("it fits");
        let pair = Pair::encrypted(&certified(), &server);
        assert_eq!(pair.server.conn.peer_certificate_chain().len(), 1);
    }
}

#[test]
fn a_server_that_trusts_a_whole_system_s_authorities_is_built_and_works() {
    let anchors: Vec<_> = (0..300).map(|number| authority(number, 110)).collect();
    for version in VERSIONS {
        let server = asking(version, &anchors).build().expect("it fits");
        Pair::encrypted(&certified(), &server);
    }
}

#[test]
fn seven_hundred_authorities_are_too_many_to_name_and_not_to_trust() {
    let anchors: Vec<_> = (0..700).map(|number| authority(number, 110)).collect();
    for version in VERSIONS {
        let asking = asking(version, &anchors);
        let error = asking.build().expect_err("too many");
        assert!(matches!(error, ConfigError::IssuerNamesTooLong(80_000..)));
        assert!(error.to_string().contains("fewer authorities"), "{error}");
        // Who asks for no certificate names no issuer, and a client names none.
        let silent = server(backend()).trust_anchors(anchors.iter().cloned());
        let silent = silent.verify_mode(VerifyMode::None).build();
        let anchors = anchors.iter().cloned().chain([WORLD.ca.der()]);
        let client = client(backend()).trust_anchors(anchors).build();
        Pair::encrypted(&client.expect("a client"), &silent.expect("a server"));
    }
}

#[test]
fn an_authority_with_many_certificates_is_named_once() {
    let anchors: Vec<_> = (0..100).map(|_| authority(1, 1100)).collect();
    for version in VERSIONS {
        let server = asking(version, &anchors).build().expect("one name");
        Pair::encrypted(&certified(), &server);
    }
}

/// The identity's chain with other certificates behind it; the last of them has a name of so many
/// characters.
fn padded(identity: &Identity, last: usize) -> Vec<CertificateDer<'static>> {
    let lengths = [5000, 5000, last];
    let padding = lengths.map(|len| authority(0, len));
    identity.chain.iter().cloned().chain(padding).collect()
}

fn serving(version: &str, last: usize, stapled: usize) -> ConfigBuilder<ServerConfig> {
    let serving = server(backend()).protocols(&[version]);
    let serving = serving.identity(padded(&WORLD.server, last), WORLD.server.key());
    serving.stapled_ocsp_response(vec![7; stapled])
}

/// A client that believes everything: what is behind the leaf is no chain.
fn gullible(version: &str) -> ConfigBuilder<ClientConfig> {
    let client = client(backend()).protocols(&[version]);
    client.verify_mode(VerifyMode::None)
}

fn excess(error: Option<ConfigError>) -> usize {
    match error {
        Some(ConfigError::CertificatesTooLong(bytes)) => bytes - MESSAGE,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_longest_chain_arrives_and_a_longer_one_is_refused() {
    const LAST: usize = 25_000;
    for version in VERSIONS {
        // A self-signed certificate has its name twice.
        let excess = excess(serving(version, LAST, 0).build().err()).div_ceil(2);
        let longer = serving(version, LAST - excess + 1, 0).build().err();
        assert!(matches!(longer, Some(ConfigError::CertificatesTooLong(_))));
        let serving = serving(version, LAST - excess, 0).build();
        let client = gullible(version).build().expect("a client");
        let pair = Pair::encrypted(&client, &serving.expect("it fits"));
        assert_eq!(pair.client.conn.peer_certificate_chain().len(), 4);
    }
}

#[test]
fn a_client_s_chain_is_measured_too_and_arrives_without_a_ticket_that_would_be_too_long() {
    const LAST: usize = 25_000;
    for version in VERSIONS {
        let showing = |last| {
            let client = client(backend()).protocols(&[version]);
            client
                .identity(padded(&WORLD.client, last), WORLD.client.key())
                .build()
        };
        let excess = excess(showing(LAST).err()).div_ceil(2);
        let longer = showing(LAST - excess + 1).err();
        assert!(matches!(longer, Some(ConfigError::CertificatesTooLong(_))));
        let client = showing(LAST - excess).expect("it fits");
        let server = server(backend()).verify_mode(VerifyMode::Verify);
        let server = server.build().expect("a server");
        let mut pair = Pair::encrypted(&client, &server);
        assert_eq!(pair.server.conn.peer_certificate_chain().len(), 4);
        assert_eq!(pair.client.conn.failure(), None, "{version}");
        pair.server.write(b"hello");
        pair.run();
        assert_eq!(pair.client.read_all(), b"hello");
    }
}

/// In TLS 1.2 the response is a message of its own (RFC 6066 §8).
#[test]
fn a_chain_and_what_is_stapled_to_it_share_a_message_of_tls13() {
    const LAST: usize = 10_000;
    let long = 30_000;
    let excess = excess(serving("TLSv1.3", LAST, long).build().err());
    for (stapled, fits) in [(long - excess, true), (long - excess + 1, false)] {
        let built = serving("TLSv1.3", LAST, stapled).build();
        assert_eq!(built.is_ok(), fits);
        if let Ok(server) = built {
            let client = gullible("TLSv1.3").build().expect("a client");
            let pair = Pair::encrypted(&client, &server);
            let response = pair.client.conn.stapled_ocsp_response();
            assert_eq!(response.map(<[u8]>::len), Some(stapled));
        }
    }
    let server = serving("TLSv1.2", LAST, long).build().expect("it fits");
    let client = gullible("TLSv1.2").build().expect("a client");
    let pair = Pair::encrypted(&client, &server);
    let response = pair.client.conn.stapled_ocsp_response();
    assert_eq!(response.map(<[u8]>::len), Some(long));
}

#[test]
fn a_suite_or_a_group_that_is_named_often_is_offered_once() {
    let groups = ["X25519", "secp256r1"].repeat(20_000);
    let suites = ["TLS_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"].repeat(20_000);
    for backend in backends() {
        let short = client(backend.clone()).groups(&groups[..2]);
        let short = short.ciphers(&suites[..2]).build().expect("a client");
        let long = client(backend.clone()).groups(&groups).ciphers(&suites);
        let long = long.build().expect("a client");
        let server = server(backend).groups(&groups).ciphers(&suites).build();
        let server = server.expect("a server");
        let [short, long] = [short, long].map(|client| {
            let pair = Pair::encrypted(&client, &server);
            pair.client.sent.len()
        });
        assert_eq!(short, long);
    }
}

#[test]
fn a_server_names_other_authorities_than_it_trusts_or_none_at_all() {
    let anchors: Vec<_> = (0..700).map(|number| authority(number, 110)).collect();
    let root = Certificate::from_der(WORLD.ca.der());
    let other = Certificate::from_der(WORLD.self_signed.chain[0].clone());
    let [root, other] = [&root, &other].map(|one| one.subject().expect("a name"));
    for version in VERSIONS {
        for names in [&[][..], &[other], &[root, other]] {
            let server = asking(version, &anchors);
            let server = server.client_certificate_authorities(names.iter().copied());
            let pair = Pair::encrypted(&certified(), &server.build().expect("it fits"));
            let told = pair.client.conn.client_certificate_authorities();
            assert!(told.eq(names.iter().copied()), "{version}");
            // What is trusted is another matter.
            assert!(pair.server.conn.ssl_errors().is_empty(), "{version}");
            assert_eq!(pair.server.conn.peer_certificate_chain().len(), 1);
        }
    }
}

#[test]
fn what_is_no_name_is_no_authority() {
    let root = Certificate::from_der(WORLD.ca.der());
    let root = root.subject().expect("a name");
    let cut = &root.der()[..root.der().len() - 1];
    let more = [root.der(), &[0]].concat();
    for damaged in [&[][..], cut, &more, &root.der()[2..]] {
        let names = [root, DistinguishedName::from_der(damaged)];
        let server = asking("TLSv1.3", &[]).client_certificate_authorities(names);
        let error = server.build().expect_err("no name");
        assert_eq!(error, ConfigError::InvalidAuthority { index: 1 });
        assert!(error.to_string().contains("authority 1"), "{error}");
    }
}
