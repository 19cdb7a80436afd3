//! What certificates say of themselves, read by us and by `openssl x509`.

use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, DnValue,
    ExtendedKeyUsagePurpose as Purpose, IsCa, KeyPair, KeyUsagePurpose as Use,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512, PKCS_ED25519,
    PKCS_RSA_SHA256, SanType, SerialNumber, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use sslcore::{AlternativeName, Certificate, DateTime, KeyKind};
use sslcore_tests::chains::{HOST, Made, authority, distinguished_name, element, field, leaf};
use sslcore_tests::pair::backend;
use sslcore_tests::peer::Scratch;

/// Runs `openssl x509` over it, and gives what it prints.
fn openssl(der: &CertificateDer<'_>, arguments: &[&str]) -> String {
    let files = Scratch::new();
    let file = files.file("certificate.der", der);
    let output = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-noout", "-in", &file])
        .args(arguments)
        .output()
        .expect("openssl must be installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What follows `name=` on its line.
fn line<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    said.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

/// The values below the title of an extension, apart from one another.
fn extension(text: &str, title: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| !line.contains(title));
    let values = lines.nth(1).unwrap_or_default().trim();
    let values = values.split(", ").filter(|value| !value.is_empty());
    values.map(str::to_owned).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// RFC 4514 lets anybody escape an equals sign, write hexadecimal in small letters, and order the
/// attributes of one part; OpenSSL does none of it, and reverses them.
fn comparable(name: &str) -> Vec<Vec<String>> {
    let name = name.replace("\\=", "=");
    let parts = split(&name, ',');
    let parts = parts.iter().map(|part| {
        let mut attributes = split(part, '+');
        for attribute in &mut attributes {
            if attribute.contains("=#") {
                *attribute = attribute.to_lowercase();
            }
        }
        attributes.sort();
        attributes
    });
    parts.collect()
}

/// At each separator that is not escaped.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        let part = parts.last_mut().expect("one at least");
        match c == separator && !escaped {
            true => parts.push(String::new()),
            false => part.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

fn names_agree(der: &CertificateDer<'_>, certificate: &Certificate) {
    // As RFC 2253, but for letters outside of ASCII, which we do not escape.
    let form = "RFC2253,-esc_msb,utf8";
    let said = openssl(der, &["-subject", "-issuer", "-nameopt", form]);
    for (name, which) in [
        (certificate.subject(), "subject"),
        (certificate.issuer(), "issuer"),
    ] {
        let ours = name.expect(which).to_string();
        let theirs = line(&said, which).expect(which);
        assert_eq!(comparable(&ours), comparable(theirs), "{which}");
    }
}

fn times_and_numbers_agree(der: &CertificateDer<'_>, certificate: &Certificate) {
    let said = openssl(der, &["-serial", "-dates", "-dateopt", "iso_8601"]);
    let serial = hex(certificate.serial().expect("a serial number"));
    let trimmed = serial.strip_prefix("00").filter(|rest| !rest.is_empty());
    assert_eq!(line(&said, "serial"), Some(trimmed.unwrap_or(&serial)));
    let text = |time| DateTime::from(time).to_string().replace(" UTC", "Z");
    let times = (certificate.not_before(), certificate.not_after());
    assert_eq!(times.0.map(text).as_deref(), line(&said, "notBefore"));
    assert_eq!(times.1.map(text).as_deref(), line(&said, "notAfter"));
}

fn digests_agree(der: &CertificateDer<'_>, certificate: &Certificate) {
    let said = openssl(der, &["-fingerprint", "-sha256"]);
    let theirs = line(&said, "sha256 Fingerprint").expect("a fingerprint");
    let ours = certificate.fingerprint_sha256(&backend()).expect("SHA-256");
    assert_eq!(hex(&ours), theirs.replace(':', ""));
    // The public key in PEM is the whole SubjectPublicKeyInfo, of which the pin is made.
    let spki = certificate.public_key_info().expect("a public key");
    let pem = sslcore_tests::certs::pem("PUBLIC KEY", spki);
    assert_eq!(openssl(der, &["-pubkey"]), pem);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, spki);
    let pin = certificate.spki_sha256(&backend()).expect("SHA-256");
    assert_eq!(pin, digest.as_ref());
}

/// The rest is in the text alone.
fn text_agrees(der: &CertificateDer<'_>, certificate: &Certificate) {
    let text = openssl(der, &["-text"]);
    let version = certificate.version().expect("a version");
    assert!(text.contains(&format!("Version: {version} (")), "{text}");
    let kind = match certificate.key_kind().expect("a key") {
        KeyKind::Rsa { bits } => format!("Public-Key: ({bits} bit)"),
        KeyKind::Ed25519 => "Public Key Algorithm: ED25519".to_owned(),
        curve => {
            let named = ["P-256", "P-384", "P-521"].into_iter();
            let mut known = named.filter(|name| curve.to_string().ends_with(name));
            format!("NIST CURVE: {}", known.next().expect("a curve"))
        }
    };
    assert!(text.contains(&kind), "{kind}: {text}");
    let ca = extension(&text, "X509v3 Basic Constraints");
    let is_ca = ca.first().is_some_and(|value| value == "CA:TRUE");
    assert_eq!(certificate.is_ca(), is_ca, "{ca:?}");

    let names = certificate.alternative_names().map(|name| match name {
        AlternativeName::Ip(address) => format!("IP Address:{}", spelt(address)),
        name => name.to_string(),
    });
    let theirs = extension(&text, "X509v3 Subject Alternative Name");
    assert_eq!(names.collect::<Vec<_>>(), theirs);

    let theirs = extension(&text, "X509v3 Key Usage");
    let theirs: Vec<_> = theirs.iter().map(|value| value.replace(' ', "")).collect();
    let uses = certificate
        .key_usages()
        .map(|usage| match usage.to_string() {
            name if name == "keyCertSign" => "CertificateSign".to_owned(),
            name if name == "cRLSign" => "CRLSign".to_owned(),
            name => name[..1].to_uppercase() + &name[1..],
        });
    assert_eq!(uses.collect::<Vec<_>>(), theirs);

    let purposes = certificate.extended_key_usages();
    let purposes = purposes.map(|purpose| match purpose.to_string().as_str() {
        "serverAuth" => "TLS Web Server Authentication".to_owned(),
        "clientAuth" => "TLS Web Client Authentication".to_owned(),
        "codeSigning" => "Code Signing".to_owned(),
        "emailProtection" => "E-mail Protection".to_owned(),
        "timeStamping" => "Time Stamping".to_owned(),
        "OCSPSigning" => "OCSP Signing".to_owned(),
        "anyExtendedKeyUsage" => "Any Extended Key Usage".to_owned(),
        other => other.to_owned(),
    });
    let theirs = extension(&text, "X509v3 Extended Key Usage");
    assert_eq!(purposes.collect::<Vec<_>>(), theirs);
}

/// OpenSSL writes all groups of an address, and big letters.
fn spelt(address: std::net::IpAddr) -> String {
    match address {
        std::net::IpAddr::V4(v4) => v4.to_string(),
        std::net::IpAddr::V6(v6) => v6.segments().map(|group| format!("{group:X}")).join(":"),
    }
}

fn all_agree(made: &Made) {
    let certificate = Certificate::from_der(made.der.clone());
    names_agree(&made.der, &certificate);
    times_and_numbers_agree(&made.der, &certificate);
    digests_agree(&made.der, &certificate);
    text_agrees(&made.der, &certificate);
}

#[test]
fn every_kind_of_key_is_told_alike() {
    let root = Made::self_signed(authority("root"));
    all_agree(&root);
    for kind in [
        &PKCS_RSA_SHA256,
        &PKCS_ECDSA_P256_SHA256,
        &PKCS_ECDSA_P384_SHA384,
        &PKCS_ECDSA_P521_SHA512,
        &PKCS_ED25519,
    ] {
        let key = KeyPair::generate_for(kind).expect("key");
        all_agree(&root.issue_to(leaf(&[HOST]), key));
    }
    for bits in [rcgen::RsaKeySize::_3072, rcgen::RsaKeySize::_4096] {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, bits).expect("key");
        all_agree(&Made::self_signed_by(leaf(&[HOST]), key));
    }
}

#[test]
fn names_of_every_encoding_are_written_alike() {
    const CN: &[u8] = &[0x55, 4, 3];
    let values: [(u8, &[u8]); 11] = [
        (0x0c, "Zażółć gęślą jaźń 🐢".as_bytes()),
        (0x13, b"James \"Jim\" Smith, III"),
        (0x12, b"1 2"),
        (0x16, b"a@b"),
        (0x14, b"M\xfcller"),
        (0x1e, b"\0M\0\xfc\x01\x42"),
        (0x1c, b"\0\0\0M\0\x01\xf4\x22"),
        (0x0c, b" #leading and trailing "),
        (0x0c, b"#a+b;c<d>e\\f=g/h"),
        (0x0c, b"Before\rAfter\0\x1b[31m\x7f"),
        (0x0c, b""),
    ];
    for (kind, value) in values {
        let name = distinguished_name(&[&[(CN, kind, value)]]);
        all_agree(&renamed(name));
    }
}

#[test]
fn every_attribute_is_called_alike() {
    let ids: [&[u8]; 16] = [
        &[0x55, 4, 3],
        &[0x55, 4, 4],
        &[0x55, 4, 5],
        &[0x55, 4, 6],
        &[0x55, 4, 7],
        &[0x55, 4, 8],
        &[0x55, 4, 9],
        &[0x55, 4, 10],
        &[0x55, 4, 11],
        &[0x55, 4, 12],
        &[0x55, 4, 15],
        &[0x55, 4, 42],
        &[0x55, 4, 46],
        b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01",
        b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19",
        b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01",
    ];
    for id in ids {
        let name = distinguished_name(&[&[(id, 0x13, b"PL")]]);
        all_agree(&renamed(name));
    }
    // Several in one part, several parts, and one that nobody knows.
    all_agree(&renamed(distinguished_name(&[
        &[(ids[3], 0x13, b"PL")],
        &[(ids[7], 0x0c, b"Example, Inc."), (ids[8], 0x0c, b"Mail")],
        &[(&[0x88, 0x37, 3], 0x0c, b"x")],
        &[(ids[0], 0x0c, b"one")],
        &[(ids[0], 0x0c, b"two")],
    ])));
    all_agree(&renamed(distinguished_name(&[])));
}

/// A certificate of this subject.
fn renamed(subject: Vec<u8>) -> Made {
    let key = KeyPair::generate().expect("key");
    Made::self_signed(leaf(&[HOST])).with_fields(&key, |fields| fields[field::SUBJECT] = subject)
}

/// A self-signed certificate with this change.
fn with(change: impl FnOnce(&mut CertificateParams)) -> Made {
    let mut params = leaf(&[HOST]);
    change(&mut params);
    Made::self_signed(params)
}

#[test]
fn alternative_names_are_told_alike() {
    all_agree(&with(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName("*.mail.test".try_into().expect("ASCII")),
            SanType::DnsName("xn--bcher-kva.test".try_into().expect("ASCII")),
            SanType::IpAddress([192, 0, 2, 1].into()),
            SanType::IpAddress("2001:db8::a0:1".parse().expect("an address")),
            SanType::Rfc822Name("a@b.test".try_into().expect("ASCII")),
            SanType::URI("https://mail.test/a?b=c".try_into().expect("ASCII")),
        ];
    }));
}

#[test]
fn rights_are_told_alike() {
    let uses = [
        Use::DigitalSignature,
        Use::KeyEncipherment,
        Use::DataEncipherment,
        Use::KeyAgreement,
        Use::KeyCertSign,
        Use::CrlSign,
        Use::EncipherOnly,
        Use::DecipherOnly,
    ];
    for usage in uses {
        all_agree(&with(|params| params.key_usages = vec![usage]));
    }
    for is_ca in [
        IsCa::ExplicitNoCa,
        IsCa::Ca(BasicConstraints::Constrained(3)),
    ] {
        all_agree(&with(|params| {
            params.is_ca = is_ca;
            params.key_usages = uses.to_vec();
            params.extended_key_usages = vec![
                Purpose::ServerAuth,
                Purpose::ClientAuth,
                Purpose::CodeSigning,
                Purpose::EmailProtection,
                Purpose::TimeStamping,
                Purpose::OcspSigning,
                Purpose::Any,
                Purpose::Other(vec![1, 3, 6, 1, 4, 1, 99999, 7]),
            ];
        }));
    }
}

#[test]
fn times_and_serial_numbers_are_told_alike() {
    for (from, until) in [(1970, 1971), (1999, 2049), (2050, 9999)] {
        all_agree(&with(|params| {
            params.not_before = date_time_ymd(from, 2, 28);
            params.not_after = date_time_ymd(until, 12, 31);
        }));
    }
    for serial in [
        vec![1],
        vec![0x80],
        vec![0x7f, 0xff],
        (1..=20).collect(),
        vec![0xff; 20],
    ] {
        all_agree(&with(|params| {
            params.serial_number = Some(SerialNumber::from(serial));
        }));
    }
}

#[test]
fn the_first_version_of_x509_is_told_alike() {
    let key = KeyPair::generate().expect("key");
    let first = Made::self_signed(leaf(&[HOST])).with_fields(&key, |fields| {
        fields.truncate(field::EXTENSIONS);
        fields.remove(field::VERSION);
    });
    all_agree(&first);
    assert_eq!(Certificate::from_der(first.der).version(), Some(1));
}

#[test]
fn what_is_not_known_disturbs_nothing() {
    let mut params = leaf(&[HOST]);
    let value = element(0x0c, b"whatever");
    let mut unknown = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], value);
    unknown.set_criticality(true);
    params.custom_extensions.push(unknown);
    params.distinguished_name.push(
        DnType::CustomDnType(vec![2, 5, 4, 65]),
        DnValue::Utf8String("pseudonym".into()),
    );
    let made = Made::self_signed(params);
    let certificate = Certificate::from_der(made.der.clone());
    times_and_numbers_agree(&made.der, &certificate);
    digests_agree(&made.der, &certificate);
    text_agrees(&made.der, &certificate);
}
