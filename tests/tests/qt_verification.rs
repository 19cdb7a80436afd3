//! Qt's tests of names and chains, by name (`tst_qsslsocket.cpp`). `qt-checklist.txt` lists all of
//! them.

use std::time::Duration;

use rcgen::{DnType, SanType};
use sslcore::{
    Certificate, ClientConfig, ConfigBuilder, ConfigError, Event, FailureKind, PeerName, Pin,
    SslError, SslErrorKind, UnixTime,
};
use sslcore_tests::certs::{NOW, WORLD};
use sslcore_tests::chains::{HOST, Made, authority, leaf};
use sslcore_tests::pair::{Pair, backend, client, server, server_name};

fn trusting(root: &Made) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend()).trust_anchors([root.der.clone()])
}

fn kinds(
    config: ConfigBuilder<ClientConfig>,
    chain: &[&Made],
    host: &PeerName,
) -> Vec<SslErrorKind> {
    let chain: Vec<_> = chain.iter().map(|made| made.der.clone()).collect();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    let config = config.build().expect("a configuration");
    let errors = config.verify_chain(&chain, Some(host), Some(now));
    errors.iter().map(SslError::kind).collect()
}

/// Whether the leaf is for this host; nothing else is wrong with it.
#[track_caller]
fn is_for(config: ConfigBuilder<ClientConfig>, leaf: &Made, host: &PeerName) -> bool {
    match kinds(config, &[leaf], host)[..] {
        [] => true,
        [SslErrorKind::HostNameMismatch] => false,
        ref others => panic!("{others:?}"),
    }
}

/// Why a name that matches in Qt does not match here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Differs {
    No,
    /// A wildcard is a whole label (RFC 9525 §6.3).
    PartOfALabel,
    /// An address is an address, and no name (RFC 9525 §6.4).
    Address,
    /// Certificates have A-labels (RFC 5280 §7.2), and nothing is converted here.
    ULabel,
}

/// Qt's `wildcardCertificateNames`: 10 patterns that match and 14 that do not. Qt compares common
/// names; here each pattern is tried as a DNS name, and as a common name where those count.
#[test]
fn wildcard_certificate_names() {
    use Differs::*;
    let match_in_qt = [
        ("www.example.com", "www.example.com", No),
        ("WWW.EXAMPLE.COM", "www.example.com", No),
        ("*.example.com", "www.example.com", No),
        ("xxx*.example.com", "xxxwww.example.com", PartOfALabel),
        ("f*.example.com", "foo.example.com", PartOfALabel),
        ("192.168.0.0", "192.168.0.0", Address),
        ("foo.éxample.com", "foo.xn--xample-9ua.com", ULabel),
        ("*.éxample.com", "foo.xn--xample-9ua.com", ULabel),
        ("xn--kcry6tjko.example.org", "xn--kcry6tjko.example.org", No),
        (
            "*.xn--kcry6tjko.example.org",
            "xn--kcr.xn--kcry6tjko.example.org",
            No,
        ),
    ];
    let match_nowhere = [
        ("xxx.example.com", "www.example.com"),
        ("*", "www.example.com"),
        ("*.*.com", "www.example.com"),
        ("*.example.com", "baa.foo.example.com"),
        ("f*.example.com", "baa.example.com"),
        ("*.com", "example.com"),
        ("*fail.com", "example.com"),
        ("*.example.", "www.example."),
        ("*.example.", "www.example"),
        ("", "www"),
        ("*", "www"),
        ("*.168.0.0", "192.168.0.0"),
        ("xn--kcry6tjko*.example.org", "xn--kcry6tjkoanc.example.org"),
        ("å*.example.org", "xn--la-xia.example.org"),
    ];
    let root = Made::self_signed(authority("root"));
    let matching = match_in_qt.map(|(pattern, host, differs)| (pattern, host, differs == No));
    let others = match_nowhere.map(|(pattern, host)| (pattern, host, false));
    for (pattern, host, expected) in matching.into_iter().chain(others) {
        let name = PeerName::new(host).expect("a host");
        // What is no IA5String cannot be a DNS name.
        if let Ok(dns) = pattern.try_into() {
            let mut named = leaf(&[]);
            named.subject_alt_names = vec![SanType::DnsName(dns)];
            let named = root.issue(named);
            let matches = is_for(trusting(&root), &named, &name);
            assert_eq!(matches, expected, "DNS name {pattern:?}, {host}");
        }
        let mut common = leaf(&[]);
        common
            .distinguished_name
            .push(DnType::CommonName, pattern.to_owned());
        let common = root.issue(common);
        let old = trusting(&root).common_name_fallback(true);
        let matches = is_for(old, &common, &name);
        assert_eq!(matches, expected, "common name {pattern:?}, {host}");
        assert!(!is_for(trusting(&root), &common, &name), "by default, none");
    }
}

/// Qt's `isMatchingHostname`: a wildcard under an international name, addresses among the
/// alternative names, and an address as the common name. Qt converts names to A-labels, here the
/// caller does; and an address is never compared with a name.
#[test]
fn is_matching_hostname() {
    let root = Made::self_signed(authority("root"));
    let host = |name: &str| PeerName::new(name).expect("a host");
    let german = root.issue(leaf(&["*.XN--SCHUFELE-2ZA.DE"]));
    for (name, expected) in [
        ("www.xn--schufele-2za.de", true),
        ("WWW.xn--SCHUFELE-2za.DE", true),
        ("xn--fo-fka.xn--schufele-2za.de", true),
        ("foo.foo.xn--schufele-2za.de", false),
        ("www.schaufele.de", false),
        ("www.schufele.de", false),
    ] {
        let matches = is_for(trusting(&root), &german, &host(name));
        assert_eq!(matches, expected, "{name}");
    }
    for name in ["WWW.SCHÄUFELE.DE", "www.schäufele.de", "föo.schäufele.de"] {
        let refused = PeerName::new(name).expect_err("no A-label");
        assert!(
            matches!(refused, ConfigError::InvalidName { .. }),
            "{name}: {refused}"
        );
    }

    let addressed = root.issue(leaf(&["192.5.8.16", "fe80::3c29:2fa1:dd44:765"]));
    for (address, expected) in [
        ("192.5.8.16", true),
        ("192.5.8.17", false),
        ("fe80::3c29:2fa1:dd44:765", true),
        ("FE80:0:0:0:3C29:2FA1:DD44:0765", true),
        ("fe80::3c29:2fa1:dd44:766", false),
        ("example.org", false),
    ] {
        let matches = is_for(trusting(&root), &addressed, &host(address));
        assert_eq!(matches, expected, "{address}");
    }

    let mut params = leaf(&[]);
    params
        .distinguished_name
        .push(DnType::CommonName, "192.5.8.16");
    let by_common_name = root.issue(params);
    let old = trusting(&root).common_name_fallback(true);
    assert!(!is_for(old, &by_common_name, &host("192.5.8.16")));
}

/// Qt's `verifyDepth`: 0 by default, which is any number, and negative ones are ignored. Here no
/// limit is one that was not set, 0 is none at all, and there are no negative ones. Whatever is
/// set, sixteen is the most.
#[test]
fn verify_depth() {
    let root = Made::self_signed(authority("root"));
    let mut chain = vec![root.issue(authority("1"))];
    for number in 2..=17 {
        let next = chain[0].issue(authority(&number.to_string()));
        chain.insert(0, next);
    }
    let host = server_name();
    // So many intermediates, the last one issued by the root.
    let depth = |count: usize, config: ConfigBuilder<ClientConfig>| {
        let above = &chain[chain.len() - count..];
        let leaf = above.first().unwrap_or(&root).issue(leaf(&[HOST]));
        let mut chain = vec![&leaf];
        chain.extend(above);
        kinds(config, &chain, &host)
    };
    for count in 0..=16 {
        assert_eq!(depth(count, trusting(&root)), [], "{count}");
        assert_eq!(depth(count, trusting(&root).verify_depth(count)), []);
        if let Some(less) = count.checked_sub(1) {
            let found = depth(count, trusting(&root).verify_depth(less));
            assert_eq!(found, [SslErrorKind::ChainTooLong], "{count}");
        }
    }
    let found = depth(17, trusting(&root).verify_depth(17));
    assert_eq!(found, [SslErrorKind::PathSearchExceeded]);
}

/// Qt's `verifyAndDefaultConfiguration`: to verify a chain without a connection leaves the default
/// configuration as it was. Here there is none: verifying changes nothing that the configuration,
/// or another made before or after, would notice.
#[test]
fn verify_and_default_configuration() {
    let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
    let trusting = client(backend()).build().expect("client");
    let wary = client(backend()).trust_anchors([]).build().expect("client");
    let chain = &WORLD.server.chain;
    for _ in 0..2 {
        assert_eq!(
            trusting.verify_chain(chain, Some(&server_name()), Some(now)),
            []
        );
        let errors = wary.verify_chain(chain, Some(&server_name()), Some(now));
        assert_eq!(
            errors.first().map(SslError::kind),
            Some(SslErrorKind::UnableToGetLocalIssuerCertificate)
        );
    }
    let server = server(backend()).build().expect("server");
    let pair = Pair::encrypted(&trusting, &server);
    assert_eq!(pair.client.conn.ssl_errors(), []);
    let mut pair = Pair::tls(&wary, &server);
    pair.run();
    assert!(!pair.client.conn.ssl_errors().is_empty());
    let after = client(backend()).build().expect("client");
    Pair::encrypted(&after, &server);
}

/// Qt's `blacklistedCertificates`: a certificate on the list is an error of this kind, with the
/// certificate. Qt's list is built in, of certificates that were misused until 2012; here the
/// application brings it.
#[test]
fn blacklisted_certificates() {
    let leaf = &WORLD.server.chain[0];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, leaf);
    let pin = Pin::CertificateSha256(digest.as_ref().try_into().expect("32 bytes"));
    for version in ["TLSv1.2", "TLSv1.3"] {
        let client = client(backend()).protocols(&[version]).block([pin]);
        let server = server(backend()).build().expect("server");
        let mut pair = Pair::tls(&client.build().expect("client"), &server);
        pair.run();
        let kind = SslErrorKind::CertificateBlacklisted;
        let blocked = SslError::new(kind, Some(Certificate::from_der(leaf.clone())));
        assert_eq!(pair.client.conn.ssl_errors(), [blocked]);
        let told = Event::PeerVerifyError { kind, depth: 0 };
        assert!(pair.client.saw(told), "{version}");
        let refused = Event::Failed(FailureKind::CertificateRejected(kind));
        assert!(pair.client.saw(refused), "{version}");
    }
}
