//! Which names a certificate is for (RFC 9525): alternative names alone, each by its own kind.

use std::net::IpAddr;

use rcgen::{CustomExtension, DnType, SanType};
use sslcore::SslErrorKind::HostNameMismatch;
use sslcore::{ConfigError, PeerName};
use sslcore_tests::chains::{Made, authority, element, leaf};
use sslcore_tests::judging::{now, trusting};

struct Judge(Made);

impl Judge {
    fn new() -> Self {
        Self(Made::self_signed(authority("root")))
    }

    /// Whether a certificate with these alternative names is for this host.
    #[track_caller]
    fn is_for(&self, names: Vec<SanType>, host: &str) -> bool {
        let mut params = leaf(&[]);
        params.subject_alt_names = names;
        self.accepts(params, host)
    }

    #[track_caller]
    fn accepts(&self, params: rcgen::CertificateParams, host: &str) -> bool {
        let leaf = self.0.issue(params);
        let config = trusting(&[&self.0]).build().expect("a configuration");
        let host = PeerName::new(host).expect("a name");
        let errors = config.verify_chain(&[leaf.der], Some(&host), Some(now()));
        match errors.iter().map(|error| error.kind()).collect::<Vec<_>>()[..] {
            [] => true,
            [HostNameMismatch] => false,
            ref other => panic!("{other:?}"),
        }
    }
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect("ASCII"))
}

fn ip(address: &str) -> SanType {
    SanType::IpAddress(address.parse::<IpAddr>().expect("an address"))
}

#[test]
fn a_name_that_looks_like_the_one_that_is_wanted_is_told_why_it_is_not() {
    let root = Made::self_signed(authority("root"));
    for (name, host, words) in [
        (
            "192.0.2.1",
            "192.0.2.1",
            "DNS:192.0.2.1; an address counts only among the addresses",
        ),
        (
            "server.test.",
            "server.test",
            "DNS:server.test.; in a certificate no name ends with a dot",
        ),
        (
            "*.test",
            "server.test",
            "DNS:*.test; behind a wildcard there must be two labels",
        ),
        ("*.test", "a.server.test", "DNS:*.test"),
        ("192.0.2.1", "192.0.2.2", "DNS:192.0.2.1"),
    ] {
        let mut params = leaf(&[]);
        params.subject_alt_names = vec![dns(name)];
        let leaf = root.issue(params);
        let config = trusting(&[&root]).build().expect("a configuration");
        let peer = PeerName::new(host).expect("a name");
        let errors = config.verify_chain(&[leaf.der], Some(&peer), Some(now()));
        assert_eq!(
            errors[0].explanation().to_string(),
            format!("the certificate is for another name than {host}: it is for {words}")
        );
    }
}

#[test]
fn dns_names_are_compared_label_by_label_without_regard_to_case() {
    let judge = Judge::new();
    for (name, host, expected) in [
        ("mail.server.test", "mail.server.test", true),
        ("MAIL.Server.test", "mail.sERVER.tEST", true),
        // A host may be given as the root's; a certificate's name is never (RFC 5280 §4.2.1.6).
        ("mail.server.test", "mail.server.test.", true),
        ("mail.server.test.", "mail.server.test", false),
        ("mail.server.test.", "mail.server.test.", false),
        ("mail.server.test", "server.test", false),
        ("server.test", "mail.server.test", false),
        ("mail.server.test", "mail.server.tes", false),
        ("ail.server.test", "mail.server.test", false),
        ("server", "server", true),
        ("xn--schufele-2za.test", "XN--schufele-2za.test", true),
        ("xn--schufele-2za.test", "schufele.test", false),
    ] {
        let is_for = judge.is_for(vec![dns(name)], host);
        assert_eq!(is_for, expected, "{name} for {host}");
    }
}

#[test]
fn a_wildcard_is_the_complete_left_most_label_and_stands_for_one() {
    let judge = Judge::new();
    for (name, host, expected) in [
        ("*.server.test", "mail.server.test", true),
        ("*.server.test", "MAIL.SERVER.TEST", true),
        ("*.server.test", "mail.server.test.", true),
        ("*.server.test", "xn--schufele-2za.server.test", true),
        ("*.server.test", "server.test", false),
        ("*.server.test", "a.mail.server.test", false),
        ("*.*.test", "mail.server.test", false),
        ("mail.*.test", "mail.server.test", false),
        ("m*.server.test", "mail.server.test", false),
        ("*l.server.test", "mail.server.test", false),
        ("m*l.server.test", "mail.server.test", false),
        ("**.server.test", "mail.server.test", false),
        ("xn--*.server.test", "xn--schufele-2za.server.test", false),
        ("*", "server", false),
        ("*", "server.test", false),
        ("*.test", "server.test", false),
        ("*.", "server.", false),
    ] {
        let is_for = judge.is_for(vec![dns(name)], host);
        assert_eq!(is_for, expected, "{name} for {host}");
    }
}

#[test]
fn an_address_is_compared_with_addresses_byte_by_byte() {
    let judge = Judge::new();
    for (address, host, expected) in [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("2001:db8::1", "2001:db8::1", true),
        ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1", true),
        ("2001:db8::1", "2001:db8::2", false),
        ("::ffff:192.0.2.1", "192.0.2.1", false),
        ("192.0.2.1", "::ffff:192.0.2.1", false),
    ] {
        let is_for = judge.is_for(vec![ip(address)], host);
        assert_eq!(is_for, expected, "{address} for {host}");
    }
}

#[test]
fn names_of_one_kind_are_not_compared_with_those_of_another() {
    let judge = Judge::new();
    for host in ["192.0.2.1", "2001:db8::1"] {
        for name in ["192.0.2.1", "*.0.2.1", "*", "2001:db8::1"] {
            assert!(!judge.is_for(vec![dns(name)], host), "{name} for {host}");
        }
    }
    let host = "server.test";
    let email = SanType::Rfc822Name("me@server.test".try_into().expect("ASCII"));
    let uri = SanType::URI("https://server.test/".try_into().expect("ASCII"));
    assert!(!judge.is_for(vec![email, uri, ip("192.0.2.1")], host));
    // Bytes of an address that are the name's.
    let names = element(0x30, &element(0x87, host.as_bytes()));
    let mut odd = leaf(&[]);
    odd.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], names)];
    assert!(!judge.accepts(odd, host));
}

#[test]
fn one_name_of_many_is_enough_and_the_common_name_is_none() {
    let judge = Judge::new();
    let many = || vec![dns("a.test"), ip("192.0.2.1"), dns("server.test")];
    assert!(judge.is_for(many(), "server.test"));
    assert!(judge.is_for(many(), "192.0.2.1"));
    assert!(!judge.is_for(many(), "b.test"));
    for names in [Vec::new(), many()] {
        let mut params = leaf(&[]);
        params.subject_alt_names = names;
        let common = DnType::CommonName;
        params.distinguished_name.push(common, "www.server.test");
        assert!(!judge.accepts(params, "www.server.test"));
    }
}

#[test]
fn what_is_no_name_in_a_certificate_matches_nothing() {
    let judge = Judge::new();
    for name in [
        "",
        ".",
        ".server.test",
        "server..test",
        "server.test\0.evil.test",
        "evil.test\0server.test",
        " server.test",
        "schäufele.test",
    ] {
        let names = element(0x30, &element(0x82, name.as_bytes()));
        let mut odd = leaf(&[]);
        odd.custom_extensions = vec![CustomExtension::from_oid_content(&[2, 5, 29, 17], names)];
        assert!(!judge.accepts(odd, "server.test"), "{name:?}");
    }
}

#[test]
fn a_host_is_a_dns_name_in_a_labels_or_an_address() {
    for host in [
        "schäufele.test",
        "SCHÄUFELE.test",
        "bücher.test",
        "*.server.test",
        "",
        ".",
        "server..test",
        ".server.test",
        "server test",
        "server.test:443",
        "[2001:db8::1]",
        "https://server.test",
        "server.test\0.evil.test",
        "192.0.2.1/24",
        "-server.test",
    ] {
        let refused = PeerName::new(host);
        assert_eq!(
            refused,
            Err(ConfigError::InvalidName(host.to_owned())),
            "{host:?}"
        );
        let refused = PeerName::new("server.test").and_then(|name| name.verify_as(host));
        assert!(refused.is_err(), "{host:?}");
    }
}
