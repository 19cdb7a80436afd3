//! Qt's tests of certificates, by name (`tst_qsslcertificate.cpp`), as far as no files are needed;
//! `qt_sslcertificate_judged.rs` and `sslcore-std/tests/qt_identity.rs` have the others.
//! `qt-checklist.txt` lists all of them.

use std::collections::HashSet;
use std::thread;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};
use sslcore::{AlternativeName, Certificate, DateTime, KeyKind};
use sslcore_tests::certs::{PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PKCS_RSA_SHA256, WORLD, pem};
use sslcore_tests::chains::{HOST, Made, authority, distinguished_name, element, field, leaf};
use sslcore_tests::pair::backend;

fn server() -> Certificate {
    Certificate::from_der(WORLD.server.chain[0].clone())
}

fn with(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let mut params = leaf(&[HOST]);
    change(&mut params);
    Certificate::from_der(Made::self_signed(params).der)
}

fn with_fields(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Certificate {
    let key = KeyPair::generate().expect("key");
    let made = Made::self_signed(leaf(&[HOST])).with_fields(&key, change);
    Certificate::from_der(made.der)
}

fn time(time: Option<sslcore::UnixTime>) -> Option<String> {
    time.map(|time| DateTime::from(time).to_string())
}

/// Qt's `hash`: certificates can be in sets.
#[test]
fn hash() {
    let certs = HashSet::from([server(), server(), Certificate::from_der(vec![])]);
    assert_eq!(certs.len(), 2);
}

/// Qt's `emptyConstructor`: one without DER says nothing, and nothing crashes.
#[test]
fn empty_constructor() {
    let nothing = Certificate::from_der(vec![]);
    assert!(nothing.der().is_empty());
    assert_eq!(nothing.version(), None);
    assert_eq!(nothing.serial(), None);
    assert!(nothing.subject().is_none() && nothing.issuer().is_none());
    assert_eq!(nothing.alternative_names().count(), 0);
    assert_eq!((nothing.not_before(), nothing.not_after()), (None, None));
    assert_eq!(nothing.key_kind(), None);
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"");
    let fingerprint = nothing.fingerprint_sha256(&backend());
    assert_eq!(
        fingerprint.as_ref().map(<[u8; 32]>::as_slice),
        Some(digest.as_ref())
    );
}

/// Qt's `constructor`: of PEM and of DER.
#[test]
fn constructor() {
    let text = WORLD.server.chain_pem();
    let from_pem = Certificate::all_from_pem(text.as_bytes()).expect("PEM");
    assert_eq!(from_pem, [server()]);
    assert!(server().subject().is_some());
}

/// Qt's `constructor_device`: PEM taken for DER, and DER for PEM, is no certificate.
#[test]
fn constructor_device() {
    let text = WORLD.server.chain_pem().into_bytes();
    assert!(Certificate::from_der(text).subject().is_none());
    assert_eq!(Certificate::all_from_pem(server().der()), Ok(vec![]));
}

/// Qt's `constructingGarbage`: neither is garbage.
#[test]
fn constructing_garbage() {
    assert!(
        Certificate::from_der(b"garbage".to_vec())
            .subject()
            .is_none()
    );
    assert_eq!(Certificate::all_from_pem(b"garbage"), Ok(vec![]));
}

/// Qt's `copyAndAssign`: a copy says what the original says.
#[test]
fn copy_and_assign() {
    for certificate in [server(), Certificate::from_der(WORLD.ca.der())] {
        let copy = certificate.clone();
        assert_eq!(copy, certificate);
        assert_eq!(copy.pem().to_string(), certificate.pem().to_string());
        assert_eq!(copy.subject(), certificate.subject());
        let texts = [&copy, &certificate].map(|it| it.description().to_string());
        assert_eq!(texts[0], texts[1]);
    }
}

/// Qt's `digest`: here SHA-256 alone, as MD5 and SHA-1 prove nothing any more.
#[test]
fn digest() {
    for certificate in [server(), Certificate::from_der(WORLD.ca.der())] {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
        let ours = certificate.fingerprint_sha256(&backend()).expect("SHA-256");
        assert_eq!(ours, digest.as_ref());
    }
}

/// Qt's `subjectAlternativeNames`: all of them, and no others. (Qt knows DNS and mail.)
#[test]
fn subject_alternative_names() {
    let certificate = with(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName("one.test".try_into().expect("ASCII")),
            SanType::Rfc822Name("a@b.test".try_into().expect("ASCII")),
            SanType::DnsName("*.two.test".try_into().expect("ASCII")),
        ];
    });
    let names: Vec<_> = certificate.alternative_names().collect();
    let wanted = [
        AlternativeName::Dns("one.test"),
        AlternativeName::Email("a@b.test"),
        AlternativeName::Dns("*.two.test"),
    ];
    assert_eq!(names, wanted);
    let none = with(|params| params.subject_alt_names.clear());
    assert_eq!(none.alternative_names().count(), 0);
}

fn subject(certificate: &Certificate, attribute: &str) -> Vec<String> {
    let subject = certificate.subject().expect("a subject");
    subject.values(attribute).map(Into::into).collect()
}

/// Qt's `utf8SubjectNames`: letters of all scripts arrive.
#[test]
fn utf8_subject_names() {
    let (o, ou) = ("HĕĂƲÿ ʍếʈặḻ Récördŝ", "㈧A㉁ｫBC");
    let certificate = with(|params| {
        params.distinguished_name.push(DnType::OrganizationName, o);
        params
            .distinguished_name
            .push(DnType::OrganizationalUnitName, ou);
    });
    assert_eq!(subject(&certificate, "O"), [o]);
    assert_eq!(subject(&certificate, "OU"), [ou]);
}

/// Qt's `subjectInfoToString`: each attribute by its name; those that are not there are nothing.
#[test]
fn subject_info_to_string() {
    let email = DnType::CustomDnType(vec![1, 2, 840, 113_549, 1, 9, 1]);
    let named = [
        (DnType::OrganizationName, "O", "TT ASA"),
        (DnType::CommonName, "CN", "aspiriniks.troll.no"),
        (DnType::LocalityName, "L", "Oslo"),
        (DnType::OrganizationalUnitName, "OU", "QT SW"),
        (DnType::CountryName, "C", "NO"),
        (DnType::StateOrProvinceName, "ST", "Oslo"),
        (email, "emailAddress", "ababic@trolltech.com"),
    ];
    let certificate = with(|params| {
        for (kind, _, value) in &named {
            params.distinguished_name.push(kind.clone(), *value);
        }
    });
    for (_, name, value) in named {
        assert_eq!(subject(&certificate, name), [value], "{name}");
    }
    for name in ["dnQualifier", "serialNumber"] {
        assert_eq!(subject(&certificate, name), [""; 0], "{name}");
    }
}

/// Qt's `subjectIssuerDisplayName`: the common name, or the organisation, or its unit, or nothing.
/// It has no function here: whoever shows a name decides what to fall back on.
#[test]
fn subject_issuer_display_name() {
    for (kind, name) in [
        (Some(DnType::CommonName), "YOUR name"),
        (Some(DnType::OrganizationName), "R&D"),
        (Some(DnType::OrganizationalUnitName), "Foundations"),
        (None, ""),
    ] {
        let certificate = with(|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            if let Some(kind) = kind {
                params.distinguished_name.push(kind, name);
            }
        });
        for dn in [certificate.subject(), certificate.issuer()] {
            let dn = dn.expect("a name");
            let mut shown = ["CN", "O", "OU"].into_iter().flat_map(|it| dn.values(it));
            assert_eq!(shown.next().unwrap_or_default(), name);
        }
    }
}

/// Qt's `publicKey`: kind and bytes of the key that it was made for.
#[test]
fn public_key() {
    use rcgen::PublicKeyData;
    for (algorithm, kind) in [
        (&PKCS_RSA_SHA256, KeyKind::Rsa { bits: 2048 }),
        (&PKCS_ECDSA_P384_SHA384, KeyKind::EcdsaP384),
        (&PKCS_ED25519, KeyKind::Ed25519),
    ] {
        let key = KeyPair::generate_for(algorithm).expect("key");
        let spki = key.subject_public_key_info();
        let made = Made::self_signed_by(leaf(&[HOST]), key);
        let certificate = Certificate::from_der(made.der);
        assert_eq!(certificate.key_kind(), Some(kind));
        assert_eq!(certificate.public_key_info(), Some(&spki[..]));
    }
}

/// Qt's `toPemOrDer`: what was read is what is written; of PEM the first block.
#[test]
fn to_pem_or_der() {
    let text = WORLD.server.chain_pem() + &WORLD.server.key_pem();
    let read = Certificate::all_from_pem(text.replace('\n', "\r\n").as_bytes());
    let first = read.expect("PEM").swap_remove(0);
    assert_eq!(first.pem().to_string(), WORLD.server.chain_pem());
    assert_eq!(first.der(), &WORLD.server.chain[0]);
}

/// Qt's `fromDevice`: no text is no certificate.
#[test]
fn from_device() {
    assert_eq!(Certificate::all_from_pem(b""), Ok(vec![]));
    let both = WORLD.server.chain_pem() + &pem("CERTIFICATE", &WORLD.ca.der());
    assert_eq!(
        Certificate::all_from_pem(both.as_bytes()).map(|it| it.len()),
        Ok(2)
    );
}

/// A certificate of X.509's first version, as Qt's `cert.pem`.
fn old_and_simple() -> Certificate {
    let text = |id: &'static [u8], value: &'static [u8]| (id, 0x13, value);
    let issuer = distinguished_name(&[
        &[text(&[0x55, 4, 6], b"AU")],
        &[text(&[0x55, 4, 8], b"Queensland")],
        &[text(&[0x55, 4, 10], b"CryptSoft Pty Ltd")],
        &[text(&[0x55, 4, 3], b"Test CA (1024 bit)")],
    ]);
    let subject = distinguished_name(&[
        &[text(&[0x55, 4, 3], b"name/with/slashes")],
        &[text(&[0x55, 4, 6], b"NO")],
    ]);
    let times = [&b"070417074026Z"[..], b"070517074026Z"].map(|time| element(0x17, time));
    with_fields(|fields| {
        fields.truncate(field::EXTENSIONS);
        fields[field::SERIAL] = element(2, &[17]);
        fields[field::ISSUER] = issuer;
        fields[field::VALIDITY] = element(0x30, &times.concat());
        fields[field::SUBJECT] = subject;
        fields.remove(field::VERSION);
    })
}

/// Qt's `certInfo`: all that an old and simple certificate says.
#[test]
fn cert_info() {
    let certificate = old_and_simple();
    let issuer = certificate.issuer().expect("an issuer");
    for (name, value) in [
        ("O", &["CryptSoft Pty Ltd"][..]),
        ("CN", &["Test CA (1024 bit)"]),
        ("C", &["AU"]),
        ("ST", &["Queensland"]),
        ("L", &[]),
        ("OU", &[]),
    ] {
        assert_eq!(issuer.values(name).collect::<Vec<_>>(), value, "{name}");
    }
    assert_eq!(subject(&certificate, "CN"), ["name/with/slashes"]);
    assert_eq!(subject(&certificate, "C"), ["NO"]);
    for name in ["O", "L", "OU", "ST"] {
        assert_eq!(subject(&certificate, name), [""; 0], "{name}");
    }
    assert_eq!(certificate.version(), Some(1));
    assert_eq!(certificate.serial(), Some(&[17][..]));
    let times = [certificate.not_before(), certificate.not_after()].map(time);
    let wanted = ["2007-04-17 07:40:26 UTC", "2007-05-17 07:40:26 UTC"];
    assert_eq!(times, wanted.map(|time| Some(time.to_owned())));
    let again = Certificate::from_der(certificate.der().to_vec());
    assert_eq!(again, certificate);
    let read = Certificate::all_from_pem(certificate.pem().to_string().as_bytes());
    assert_eq!(read, Ok(vec![certificate]));
}

/// Qt's `certInfoQByteArray`: in whichever order it is asked.
#[test]
fn cert_info_q_byte_array() {
    let certificate = old_and_simple();
    let issuer = certificate.issuer().expect("an issuer");
    assert_eq!(
        issuer.values("CN").collect::<Vec<_>>(),
        ["Test CA (1024 bit)"]
    );
    assert_eq!(certificate.common_name(), Some("name/with/slashes"));
}

/// Qt's `task256066toPem`: PEM whose last line is full has no empty one behind it.
#[test]
fn task256066to_pem() {
    let full = (0..200).map(|len| {
        with(|params| {
            let filler = "x".repeat(len);
            params
                .distinguished_name
                .push(DnType::OrganizationName, filler);
        })
    });
    let full = full.into_iter().find(|it| it.der().len() % 48 == 0);
    let full = full.expect("one of 48 lengths");
    let text = full.pem().to_string();
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[1..lines.len() - 1]
            .iter()
            .all(|line| line.len() == 64),
        "{text}"
    );
    assert_eq!(Certificate::all_from_pem(text.as_bytes()), Ok(vec![full]));
}

/// Qt's `largeSerialNumber`: all of its bytes.
#[test]
fn large_serial_number() {
    let serial =
        *b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x10\xaa\xbb\xcc\xdd\xee\xff\x17\x18\x19\x20";
    let certificate = with(|params| params.serial_number = Some(serial.to_vec().into()));
    assert_eq!(certificate.serial(), Some(&serial[..]));
    let text = certificate.description().to_string();
    let shown = "\nSerial: 010203040506070809 10aabbccddeeff17181920".replace(' ', "");
    assert!(text.replace(' ', "").contains(&shown), "{text}");
}

/// Qt's `largeExpirationDate`: after 2049 times are encoded in another way.
#[test]
fn large_expiration_date() {
    let times = [
        element(0x17, b"100804095341Z"),
        element(0x18, b"20510829095341Z"),
    ];
    let certificate = with_fields(|fields| {
        fields[field::VALIDITY] = element(0x30, &times.concat());
    });
    let times = [certificate.not_before(), certificate.not_after()].map(time);
    let wanted = ["2010-08-04 09:53:41 UTC", "2051-08-29 09:53:41 UTC"];
    assert_eq!(times, wanted.map(|time| Some(time.to_owned())));
}

/// Qt's `selfsignedCertificates`: by the names, as in Qt.
#[test]
fn selfsigned_certificates() {
    let own = Certificate::from_der(WORLD.self_signed.chain[0].clone());
    assert!(own.is_self_issued());
    assert!(!server().is_self_issued());
    // Issued by another one whose name is as long: CN=leaf.
    let other = Made::self_signed(authority("fela")).issue(leaf(&[HOST]));
    assert!(!Certificate::from_der(other.der).is_self_issued());
    assert!(!Certificate::from_der(vec![]).is_self_issued());
}

/// Qt's `toText`: for people; Qt's is OpenSSL's, with the bits of key and signature.
#[test]
fn to_text() {
    assert_eq!(
        old_and_simple().description().to_string(),
        "Subject: C=NO,CN=name/with/slashes\n\
         Issuer: CN=Test CA (1024 bit),O=CryptSoft Pty Ltd,ST=Queensland,C=AU\n\
         Serial: 11\n\
         Not before: 2007-04-17 07:40:26 UTC\n\
         Not after: 2007-05-17 07:40:26 UTC\n\
         Public key: ECDSA P-256\n\
         Authority: no"
    );
}

/// Qt's `multipleCommonNames`: both are told.
#[test]
fn multiple_common_names() {
    const CN: &[u8] = &[0x55, 4, 3];
    let name = distinguished_name(&[
        &[(CN, 0x13, b"www.example.com")],
        &[(CN, 0x13, b"www2.example.com")],
    ]);
    let certificate = with_fields(|fields| fields[field::SUBJECT] = name);
    let wanted = ["www.example.com", "www2.example.com"];
    assert_eq!(subject(&certificate, "CN"), wanted);
}

/// Qt's `subjectAndIssuerAttributes`: which there are; one without a name is told by its number.
/// (Qt's other one has a name in OpenSSL.)
#[test]
fn subject_and_issuer_attributes() {
    let registered_in = b"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03";
    let name = distinguished_name(&[
        &[(&[0x55, 4, 3], 0x13, b"natwest")],
        &[(registered_in, 0x13, b"GB")],
    ]);
    let certificate = with_fields(|fields| {
        fields[field::ISSUER] = name.clone();
        fields[field::SUBJECT] = name;
    });
    for dn in [certificate.subject(), certificate.issuer()] {
        let dn = dn.expect("a name");
        let attributes: Vec<_> = dn.attributes().collect();
        assert_eq!(attributes[0].name(), Some("CN"));
        assert_eq!(attributes[1].name(), None);
        assert!(
            attributes[1]
                .to_string()
                .starts_with("1.3.6.1.4.1.311.60.2.1.3=#")
        );
        assert_eq!(attributes[1].value().as_deref(), Some("GB"));
    }
}

/// Qt's `threadSafeConstMethods`: threads ask the same certificate, and are told the same.
#[test]
fn thread_safe_const_methods() {
    let certificate = server();
    let ask = || {
        (
            certificate.description().to_string(),
            certificate.pem().to_string(),
        )
    };
    thread::scope(|scope| {
        let asking = [scope.spawn(ask), scope.spawn(ask)];
        let told = asking.map(|thread| thread.join().expect("no panic"));
        assert_eq!(told[0], told[1]);
        assert_eq!(told[0], ask());
    });
}

/// Qt's `version`: none, 3 and 1.
#[test]
fn version() {
    assert_eq!(Certificate::from_der(vec![]).version(), None);
    assert_eq!(server().version(), Some(3));
    assert_eq!(old_and_simple().version(), Some(1));
    // A version that nobody knows does not make the rest unreadable.
    let odd = with_fields(|fields| fields[field::VERSION] = element(0xa0, &element(2, &[1, 2])));
    assert_eq!(odd.version(), None);
    assert_eq!(odd.common_name(), Some("leaf"));
}
