//! What a certificate says about itself.

use std::net::IpAddr;

use proptest::prelude::*;
use rcgen::{
    CertificateParams, CustomExtension, DnType, DnValue, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use sslcore::{AlternativeName, Certificate, DateTime, KeyKind, KeyUsage};
use sslcore_tests::certs::{
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, WORLD, self_signed_with,
};
use sslcore_tests::chains::{Made, authority, element, elements, field};
use sslcore_tests::pair::backends;
use sslcore_tests::useless::useless;

fn made(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let identity = self_signed_with(&[], |params| {
        params.distinguished_name = rcgen::DistinguishedName::new();
        change(params);
    });
    Certificate::from_der(identity.chain[0].clone())
}

fn named<V: Into<DnValue> + Clone>(name: &[(DnType, V)]) -> Certificate {
    made(|params| {
        for (kind, value) in name {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
    })
}

fn subject(certificate: &Certificate) -> String {
    certificate.subject().expect("a subject").to_string()
}

#[test]
fn its_common_name_is_found_among_the_other_names() {
    let certificate = named(&[
        (DnType::OrganizationName, "Example"),
        (DnType::CommonName, "żółw.test"),
    ]);
    assert_eq!(certificate.common_name(), Some("żółw.test"));
}

#[test]
fn a_certificate_without_a_common_name_has_none() {
    let certificate = named(&[(DnType::OrganizationName, "Example")]);
    assert_eq!(certificate.common_name(), None);
}

#[test]
fn no_prefix_of_a_certificate_has_a_name() {
    let der = &WORLD.server.chain[0];
    for len in 0..der.len() {
        let cut = Certificate::from_der(der[..len].to_vec());
        assert_eq!(cut.common_name(), None, "{len} bytes");
    }
}

#[test]
fn a_name_is_written_as_rfc_4514_says() {
    let certificate = named(&[
        (DnType::CountryName, "PL"),
        (DnType::OrganizationName, "Example, Inc."),
        (DnType::OrganizationalUnitName, " #1 \"mail\" "),
        (DnType::CommonName, "mail.test"),
    ]);
    assert_eq!(
        subject(&certificate),
        r#"CN=mail.test,OU=\ #1 \"mail\"\ ,O=Example\, Inc.,C=PL"#
    );
    assert_eq!(certificate.issuer(), certificate.subject());
    assert!(certificate.is_self_issued());
}

#[test]
fn a_name_does_nothing_to_a_terminal() {
    let certificate = named(&[(DnType::CommonName, "a\u{1b}[31mb\nc\0d\u{202e}e")]);
    assert_eq!(subject(&certificate), r"CN=a\1B[31mb\0Ac\00d\E2\80\AEe");
    assert_eq!(
        certificate.common_name(),
        Some("a\u{1b}[31mb\nc\0d\u{202e}e")
    );
}

#[test]
fn every_encoding_of_a_name_is_read() {
    let values: [(DnValue, &str); 5] = [
        (DnValue::Utf8String("żółw".into()), "żółw"),
        (
            DnValue::PrintableString("turtle".try_into().expect("ASCII")),
            "turtle",
        ),
        (DnValue::Ia5String("a@b".try_into().expect("ASCII")), "a@b"),
        (DnValue::BmpString("żółw".try_into().expect("BMP")), "żółw"),
        (
            DnValue::UniversalString("żółw 🐢".try_into().expect("any")),
            "żółw 🐢",
        ),
    ];
    for (value, text) in values {
        let certificate = named(&[(DnType::CommonName, value)]);
        let subject = certificate.subject().expect("a subject");
        assert_eq!(subject.values("CN").collect::<Vec<_>>(), [text]);
    }
}

#[test]
fn all_values_of_an_attribute_are_found_and_the_unknown_are_shown_by_number() {
    let certificate = made(|params| {
        let name = &mut params.distinguished_name;
        name.push(
            DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]),
            "a@b.test",
        );
        name.push(DnType::CustomDnType(vec![2, 999, 3]), "x");
    });
    let name = certificate.subject().expect("a subject");
    assert_eq!(
        name.values("emailAddress").collect::<Vec<_>>(),
        ["a@b.test"]
    );
    assert_eq!(name.values("CN").count(), 0);
    assert_eq!(name.to_string(), "2.999.3=#0c0178,emailAddress=a@b.test");
}

#[test]
fn alternative_names_are_read_by_kind() {
    let v6: IpAddr = "2001:db8::1".parse().expect("an address");
    let certificate = made(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName("*.mail.test".try_into().expect("ASCII")),
            SanType::IpAddress([192, 0, 2, 1].into()),
            SanType::IpAddress(v6),
            SanType::Rfc822Name("a@b.test".try_into().expect("ASCII")),
            SanType::URI("https://mail.test/".try_into().expect("ASCII")),
        ];
    });
    let names: Vec<_> = certificate.alternative_names().collect();
    assert_eq!(
        names,
        [
            AlternativeName::Dns("*.mail.test"),
            AlternativeName::Ip([192, 0, 2, 1].into()),
            AlternativeName::Ip(v6),
            AlternativeName::Email("a@b.test"),
            AlternativeName::Uri("https://mail.test/"),
        ]
    );
    let texts: Vec<_> = names.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts.join(" "),
        "DNS:*.mail.test IP:192.0.2.1 IP:2001:db8::1 email:a@b.test URI:https://mail.test/"
    );
}

#[test]
fn names_of_other_kinds_and_broken_ones_are_not_lost() {
    // GeneralNames: an address of three bytes, a host name that is not ASCII, a registered ID.
    let value = [
        0x30, 14, 0x87, 3, 1, 2, 3, 0x82, 2, 0xc3, 0xbc, 0x88, 3, 0x2a, 3, 4,
    ];
    let certificate = made(|params| {
        let extension = CustomExtension::from_oid_content(&[2, 5, 29, 17], value.to_vec());
        params.custom_extensions.push(extension);
    });
    let names: Vec<_> = certificate.alternative_names().collect();
    assert_eq!(
        names,
        [
            AlternativeName::Other(7, &[1, 2, 3]),
            AlternativeName::Other(2, &[0xc3, 0xbc]),
            AlternativeName::Other(8, &[0x2a, 3, 4]),
        ]
    );
    assert_eq!(names[0].to_string(), "[7]:#010203");
}

#[test]
fn serial_number_validity_and_constraints_are_what_was_asked_for() {
    let certificate = made(|params| {
        params.serial_number = Some(0x1234_5678_u64.into());
        params.not_before = rcgen::date_time_ymd(2024, 2, 29);
        params.not_after = rcgen::date_time_ymd(2050, 1, 1);
    });
    assert_eq!(certificate.serial(), Some(&[0x12, 0x34, 0x56, 0x78][..]));
    let text = |time| DateTime::from(time).to_string();
    assert_eq!(
        certificate.not_before().map(text).as_deref(),
        Some("2024-02-29 00:00:00 UTC")
    );
    assert_eq!(
        certificate.not_after().map(text).as_deref(),
        Some("2050-01-01 00:00:00 UTC")
    );
    assert!(!certificate.is_ca());
    assert!(Certificate::from_der(WORLD.ca.der()).is_ca());
}

/// "Where YY is greater than or equal to 50, the year SHALL be interpreted as 19YY; and where YY is
/// less than 50, the year SHALL be interpreted as 20YY" (RFC 5280 §4.1.2.5.1). Nothing is before
/// 1970.
#[test]
fn a_year_of_two_digits_is_of_the_century_that_the_rfc_names() {
    let dates = [
        ("000101000000Z", Some("2000-01-01 00:00:00 UTC")),
        ("491231235959Z", Some("2049-12-31 23:59:59 UTC")),
        ("500101000000Z", None),
        ("691231235959Z", None),
        ("700101000000Z", Some("1970-01-01 00:00:00 UTC")),
        ("991231235959Z", Some("1999-12-31 23:59:59 UTC")),
    ];
    let made = Made::self_signed(authority("root"));
    for (written, meant) in dates {
        let certificate = made.issue(authority("dated"));
        let certificate = certificate.with_fields(&made.key, |fields| {
            let time = element(0x17, written.as_bytes());
            fields[field::VALIDITY] = element(0x30, &[&time[..], &time].concat());
        });
        let certificate = Certificate::from_der(certificate.der);
        for date in [certificate.not_before(), certificate.not_after()] {
            let text = date.map(|time| DateTime::from(time).to_string());
            assert_eq!(text.as_deref(), meant, "{written}");
        }
    }
}

#[test]
fn the_public_key_is_the_one_it_was_made_for() {
    let key = KeyPair::try_from(&WORLD.server.key()).expect("key");
    let leaf = Certificate::from_der(WORLD.server.chain[0].clone());
    assert_eq!(
        leaf.public_key_info(),
        Some(&key.subject_public_key_info()[..])
    );
}

#[test]
fn its_key_is_told_by_kind_and_size() {
    for (algorithm, kind, text) in [
        (
            &PKCS_RSA_SHA256,
            KeyKind::Rsa { bits: 2048 },
            "RSA, 2048 bits",
        ),
        (&PKCS_ECDSA_P384_SHA384, KeyKind::EcdsaP384, "ECDSA P-384"),
        (&PKCS_ED25519, KeyKind::Ed25519, "Ed25519"),
    ] {
        let identity = WORLD.ca.leaf_of(algorithm, &["server.test"]);
        let certificate = Certificate::from_der(identity.chain[0].clone());
        assert_eq!(certificate.key_kind(), Some(kind));
        assert_eq!(kind.to_string(), text);
    }
    let damaged = Certificate::from_der(vec![1, 2, 3]);
    assert_eq!(damaged.key_kind(), None);
}

#[test]
fn its_algorithms_have_names_whether_tls_can_use_them_or_not() {
    let named = |certificate: &Certificate| {
        [
            certificate.key_algorithm(),
            certificate.key_curve(),
            certificate.signature_algorithm(),
        ]
        .map(|id| id.map(|id| id.to_string()))
    };
    for (algorithm, key, curve) in [
        (&PKCS_RSA_SHA256, "RSA", None),
        (&PKCS_ECDSA_P384_SHA384, "EC", Some("P-384")),
        (&PKCS_ED25519, "Ed25519", None),
    ] {
        let identity = WORLD.ca.leaf_of(algorithm, &["server.test"]);
        let certificate = Certificate::from_der(identity.chain[0].clone());
        let wanted = [Some(key), curve, Some("ECDSA-SHA256")];
        assert_eq!(named(&certificate), wanted.map(|it| it.map(str::to_owned)));
    }
    let unknown = useless()
        .into_iter()
        .find(|key| key.name == "brainpoolP256r1");
    let (_, leaf) = unknown.expect("brainpool").certified();
    let [key, curve, _] = named(&Certificate::from_der(leaf.der));
    assert_eq!(key.as_deref(), Some("EC"));
    assert_eq!(curve.as_deref(), Some("brainpoolP256r1"));
    let damaged = Certificate::from_der(vec![1, 2, 3]);
    assert_eq!(named(&damaged), [None, None, None]);
}

#[test]
fn its_uses_and_purposes_are_listed() {
    let certificate = made(|params| {
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::DecipherOnly,
        ];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 311]),
        ];
    });
    let uses: Vec<_> = certificate.key_usages().collect();
    assert_eq!(uses, [KeyUsage::DigitalSignature, KeyUsage::DecipherOnly]);
    let purposes = certificate
        .extended_key_usages()
        .map(|purpose| purpose.to_string());
    let purposes: Vec<_> = purposes.collect();
    assert_eq!(purposes, ["serverAuth", "1.3.6.1.4.1.311"]);
    let silent = made(|_| ());
    assert_eq!(silent.key_usages().count(), 0);
    assert_eq!(silent.extended_key_usages().count(), 0);
}

#[test]
fn its_fingerprint_is_that_of_every_backend_and_a_pin() {
    let certificate = Certificate::from_der(WORLD.server.chain[0].clone());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
    let spki = certificate.public_key_info().expect("a public key");
    let of_key = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, spki);
    for backend in backends() {
        let fingerprint = certificate.fingerprint_sha256(&backend).expect("SHA-256");
        assert_eq!(fingerprint, digest.as_ref());
        let pin = certificate.spki_sha256(&backend).expect("SHA-256");
        assert_eq!(pin, of_key.as_ref());
    }
}

#[test]
fn its_description_is_a_text_for_people() {
    let identity = WORLD.ca.leaf(&["server.test", "127.0.0.1"]);
    let certificate = Certificate::from_der(identity.chain[0].clone());
    let serial = certificate.serial().expect("a serial number").iter();
    let serial: String = serial.map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        certificate.description().to_string(),
        format!(
            "Subject: CN=leaf\n\
             Issuer: CN=test root\n\
             Serial: {serial}\n\
             Not before: 2025-01-01 00:00:00 UTC\n\
             Not after: 2035-01-01 00:00:00 UTC\n\
             Public key: ECDSA P-256\n\
             Names: DNS:server.test, IP:127.0.0.1\n\
             Purposes: serverAuth, clientAuth\n\
             Authority: no"
        )
    );
    let damaged = Certificate::from_der(vec![1, 2, 3]);
    assert_eq!(
        damaged.description().to_string(),
        "not a certificate (3 bytes)"
    );
}

proptest! {
    /// What is read is total: damage leads to less, never to a panic.
    #[test]
    fn a_damaged_certificate_says_less(at in 0usize..2000, byte: u8, cut in 0usize..2000) {
        let mut der = WORLD.server.chain[0].to_vec();
        let len = der.len();
        der[at % len] = byte;
        der.truncate(len - cut % len);
        let certificate = Certificate::from_der(der);
        let names: Vec<_> = certificate.alternative_names().map(|name| name.to_string()).collect();
        prop_assert!(names.len() <= len);
        let subject = certificate.subject().map(|name| (name.to_string(), format!("{name:?}")));
        prop_assert_eq!(subject.is_some(), certificate.serial().is_some());
        let issuer = certificate.issuer().map(|name| name.attributes().count());
        prop_assert_eq!(issuer.is_some(), certificate.public_key_info().is_some());
    }

    /// A name of any bytes can be shown.
    #[test]
    fn any_name_can_be_shown(name: Vec<u8>) {
        let certificate = made(|params| {
            let value = String::from_utf8_lossy(&name).into_owned();
            params.distinguished_name.push(DnType::CommonName, value);
        });
        let text = subject(&certificate);
        prop_assert!(text.chars().all(|c| !c.is_control()), "{:?}", text);
    }
}

#[test]
fn its_signed_timestamps_are_handed_out_as_they_are() {
    const TIMESTAMPS: [u64; 10] = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
    let list = element(0x04, b"a list of timestamps");
    for (content, found) in [
        (list, Some(&b"a list of timestamps"[..])),
        (b"no octets".to_vec(), None),
    ] {
        let extension = CustomExtension::from_oid_content(&TIMESTAMPS, content);
        let certificate = made(|params| params.custom_extensions.push(extension));
        assert_eq!(certificate.signed_certificate_timestamps(), found);
    }
    let without = made(|_| ());
    assert_eq!(without.signed_certificate_timestamps(), None);
    assert!(!without.must_staple());
}

#[test]
fn a_public_key_is_two_fields_in_a_sequence_and_nothing_else() {
    let made = Made::self_signed(authority("root"));
    let key_of = |tag, more: &[u8]| {
        let certificate = made.issue(authority("keyed"));
        let certificate = certificate.with_fields(&made.key, |fields| {
            let key = &fields[field::PUBLIC_KEY];
            let inside: Vec<u8> = elements(key)[0].1.clone();
            fields[field::PUBLIC_KEY] = element(tag, &[&inside[..], more].concat());
        });
        Certificate::from_der(certificate.der).key_kind()
    };
    assert_eq!(key_of(0x30, &[]), Some(KeyKind::EcdsaP256));
    assert_eq!(key_of(0x35, &[]), None);
    assert_eq!(key_of(0x30, &element(0x05, &[])), None);
}
