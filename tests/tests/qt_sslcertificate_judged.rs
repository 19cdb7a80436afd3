//! Qt's tests of certificates that are judged, by name (`tst_qsslcertificate.cpp`).
//! `qt-checklist.txt` lists all of them.

use rcgen::{CertificateParams, DnType, SanType};
use sslcore::{AlternativeName, Certificate, ClientConfig, PeerName, Pin, SslError, SslErrorKind};
use sslcore_tests::certs::self_signed_with;
use sslcore_tests::chains::{Family, HOST, Made, authority, element, field, leaf};
use sslcore_tests::judging::{ders, errors, now, trusting};
use sslcore_tests::pair::backend;

fn with(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let mut params = leaf(&[HOST]);
    change(&mut params);
    Certificate::from_der(Made::self_signed(params).der)
}

/// Qt's `nulInCN`: a common name with a null byte is not cut off there, and is nobody's.
#[test]
fn nul_in_cn() {
    let certificate = with(|params| {
        let name = "www.bank.com\0.badguy.com";
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.subject_alt_names.clear();
    });
    assert_eq!(certificate.common_name(), Some("www.bank.com\0.badguy.com"));
    let shown = certificate.subject().expect("a subject").to_string();
    assert_eq!(shown, "CN=www.bank.com\\00.badguy.com");
    is_nobodys(&certificate);
}

/// Qt's `nulInSan`: neither is an alternative name.
#[test]
fn nul_in_san() {
    let certificate = with(|params| {
        let name = "www.bank.com\0www.badguy.com".to_owned();
        let name = rcgen::string::Ia5String::try_from(name).expect("ASCII");
        params.subject_alt_names = vec![SanType::DnsName(name)];
    });
    let names: Vec<_> = certificate.alternative_names().collect();
    let whole = AlternativeName::Dns("www.bank.com\0www.badguy.com");
    assert_eq!(names, [whole]);
    assert_eq!(whole.to_string(), "DNS:www.bank.com\\00www.badguy.com");
    is_nobodys(&certificate);
}

/// It is not for the bank, and not for the bad guy; not by its common name either.
fn is_nobodys(certificate: &Certificate) {
    for by_common_name in [false, true] {
        let config = ClientConfig::builder(backend())
            .trust_anchors([certificate.der().clone()])
            .common_name_fallback(by_common_name)
            .build()
            .expect("client");
        for name in ["www.bank.com", "www.badguy.com", "badguy.com"] {
            let name = PeerName::new(name).expect("a name");
            let chain = [certificate.der().clone()];
            let errors = config.verify_chain(&chain, Some(&name), Some(now()));
            let mut kinds = errors.iter().map(SslError::kind);
            assert!(kinds.any(|kind| kind == SslErrorKind::HostNameMismatch));
        }
    }
}

/// Qt's `blacklistedCertificates`: each on the list is told by its fingerprint or its key. Qt's
/// list is built in, here the application brings it.
#[test]
fn blacklisted_certificates() {
    let Family { root, middle, leaf } = Family::new();
    for bad in [&leaf, &middle] {
        let certificate = Certificate::from_der(bad.der.clone());
        let fingerprint = certificate.fingerprint_sha256(&backend());
        let key = certificate.spki_sha256(&backend());
        for pin in [
            Pin::CertificateSha256(fingerprint.expect("SHA-256")),
            Pin::SpkiSha256(key.expect("SHA-256")),
        ] {
            let config = trusting(&[&root]).block([pin]);
            let found = errors(config, &[&leaf, &middle]);
            let kind = SslErrorKind::CertificateBlacklisted;
            assert_eq!(found, [SslError::new(kind, Some(certificate.clone()))]);
        }
    }
}

/// Qt's `verify`: chains judged without a connection. An empty chain is an unspecified error in Qt.
#[test]
fn verify() {
    let Family {
        root,
        middle,
        leaf: end,
    } = Family::new();
    let of = |kind, made: &Made| SslError::new(kind, Some(Certificate::from_der(made.der.clone())));
    let nothing = errors(trusting(&[&root]), &[]);
    assert_eq!(
        nothing,
        [SslError::new(SslErrorKind::NoPeerCertificate, None)]
    );

    let direct = root.issue(leaf(&[HOST]));
    assert_eq!(errors(trusting(&[&root]), &[&direct]), []);

    let pin = Certificate::from_der(direct.der.clone()).spki_sha256(&backend());
    let blocking = trusting(&[&root]).block([Pin::SpkiSha256(pin.expect("SHA-256"))]);
    let blocked = of(SslErrorKind::CertificateBlacklisted, &direct);
    assert!(errors(blocking, &[&direct]).contains(&blocked));

    let mut old = leaf(&[HOST]);
    old.not_after = rcgen::date_time_ymd(2025, 6, 1);
    let old = Made::self_signed(old);
    let found = errors(trusting(&[&root]), &[&old]);
    assert!(found.contains(&of(SslErrorKind::SelfSignedCertificate, &old)));
    assert!(found.contains(&of(SslErrorKind::CertificateExpired, &old)));

    let mut issuer = leaf(&["other.test"]);
    let name = &mut issuer.distinguished_name;
    name.push(DnType::OrganizationName, "no authority");
    let no_authority = root.issue(issuer);
    let under = no_authority.issue(leaf(&[HOST]));
    let found = errors(trusting(&[&root]), &[&under, &no_authority]);
    assert!(found.contains(&of(SslErrorKind::InvalidCaCertificate, &no_authority)));

    let config = trusting(&[&root]).build().expect("client");
    let chain = ders(&[&end, &middle]);
    assert_eq!(config.verify_chain(&chain, None, Some(now())), []);
    assert_eq!(errors(trusting(&[&root]), &[&end, &middle]), []);
    let other = PeerName::new("fail.example.com").expect("a name");
    let found = config.verify_chain(&chain, Some(&other), Some(now()));
    assert_eq!(found, [of(SslErrorKind::HostNameMismatch, &end)]);
}

/// Qt's `invalidDateTime`: what is no time is none, and is an error when it is judged.
#[test]
fn invalid_date_time() {
    let times = [&b"071332256199Z"[..], b"0705170740"].map(|time| element(0x17, time));
    let root = Made::self_signed(authority("root"));
    let bent = root.issue(leaf(&[HOST])).with_fields(&root.key, |fields| {
        fields[field::VALIDITY] = element(0x30, &times.concat());
    });
    let certificate = Certificate::from_der(bent.der.clone());
    assert_eq!(
        (certificate.not_before(), certificate.not_after()),
        (None, None)
    );
    assert_eq!(certificate.common_name(), Some("leaf"));
    let found = errors(trusting(&[&root]), &[&bent]);
    for kind in [
        SslErrorKind::InvalidNotBeforeField,
        SslErrorKind::InvalidNotAfterField,
    ] {
        assert!(found.contains(&SslError::new(kind, Some(certificate.clone()))));
    }
    let good = self_signed_with(&[HOST], |_| ());
    assert!(
        Certificate::from_der(good.chain[0].clone())
            .not_after()
            .is_some()
    );
}
