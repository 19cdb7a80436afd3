//! Certificates that are read here and not by webpki: what stands in the way is named, and nothing
//! is told that only follows from it.

use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair};
use rustls_pki_types::CertificateDer;
use sslcore::SslErrorKind::{self, *};
use sslcore::{ClientConfig, Pin, SslError};
use sslcore_tests::cases::rsa_key;
use sslcore_tests::chains::{Family, HOST, Made, authority, element, elements, field, leaf};
use sslcore_tests::judging::{ders, errors, now, trusting};
use sslcore_tests::pair::backend;

fn told(errors: &[SslError]) -> Vec<(SslErrorKind, usize)> {
    errors.iter().map(|it| (it.kind(), it.depth())).collect()
}

fn critical(id: &[u64], value: &[u8]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(id, value.to_vec());
    extension.set_criticality(true);
    extension
}

/// What is odd about each leaf of a root's, made from these parameters.
fn odd(root: &Made, of: &dyn Fn() -> CertificateParams) -> Vec<(&'static str, Made)> {
    let with = |extensions: &[CustomExtension]| {
        let mut params = of();
        params.custom_extensions = extensions.to_vec();
        root.issue(params)
    };
    let forged = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        root.issue(of())
            .with_fields(&root.key, |fields| change(fields))
    };
    let usage = CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![3, 2, 7, 0x80]);
    let policy = element(0x30, &element(0x30, &element(6, &[0x2a, 3])));
    let policies = critical(&[2, 5, 29, 32], &policy);
    let comment = CustomExtension::from_oid_content(
        &[2, 16, 840, 1, 113_730, 1, 13],
        element(0x16, b"twice"),
    );
    let timestamps =
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], element(4, &[0, 0]));
    let unknown = critical(&[1, 3, 6, 1, 4, 1, 99999, 1], &[5, 0]);
    let version =
        |number: u8| forged(&|fields| fields[field::VERSION] = element(0xa0, &[2, 1, number]));
    vec![
        (
            "its extension 2.5.29.32 (certificatePolicies) is critical, and not known here",
            with(std::slice::from_ref(&policies)),
        ),
        (
            "its extension 2.16.840.1.113730.1.1 (nsCertType) is critical, and not known here",
            with(&[critical(&[2, 16, 840, 1, 113_730, 1, 1], &[3, 2, 6, 0x40])]),
        ),
        (
            "its extension 1.3.6.1.4.1.11129.2.4.3 (the poison of a precertificate) is critical, \
             and not known here",
            with(&[critical(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 3], &[5, 0])]),
        ),
        (
            "its extension 1.3.6.1.4.1.99999.1 is critical, and not known here",
            with(&[unknown]),
        ),
        (
            "it has the extension 2.5.29.15 (keyUsage) twice",
            with(&[usage.clone(), usage, policies.clone()]),
        ),
        (
            "it has the extension 1.3.6.1.4.1.11129.2.4.2 (signedCertificateTimestampList) twice",
            with(&[timestamps.clone(), timestamps]),
        ),
        (
            "its extension 2.5.29.32 (certificatePolicies) is critical, and not known here",
            with(&[comment.clone(), comment, policies]),
        ),
        (
            "its extension 2.5.29.19 (basicConstraints) is damaged",
            with(&[CustomExtension::from_oid_content(
                &[2, 5, 29, 19],
                vec![5, 0],
            )]),
        ),
        (
            "it is of version 1 of X.509, and 3 is needed",
            forged(&|fields| {
                fields.remove(field::VERSION);
            }),
        ),
        ("it is of version 2 of X.509, and 3 is needed", version(1)),
        ("it is of version 4 of X.509, and 3 is needed", version(3)),
        (
            "it has unique identifiers, which are not known here",
            forged(&|fields| fields.insert(field::EXTENSIONS, element(0x82, &[0, 1]))),
        ),
    ]
}

#[test]
fn what_stands_in_the_way_is_named_and_names_are_compared_all_the_same() {
    let root = Made::self_signed(authority("root"));
    for (words, made) in odd(&root, &|| leaf(&["a.test", "*.server.test", HOST])) {
        let errors = errors(trusting(&[&root]), &[&made]);
        assert_eq!(told(&errors), [(UndecodableCertificate, 0)], "{words}");
        let sentence = errors[0].explanation().to_string();
        assert_eq!(
            sentence,
            format!("the certificate cannot be verified: {words}")
        );
    }
}

#[test]
fn a_certificate_for_others_that_is_odd_is_told_to_be_both() {
    let root = Made::self_signed(authority("root"));
    for names in [
        &["a.test"][..],
        &["*.test"],
        &["10.0.0.1"],
        &["*.server.test"],
        &[],
    ] {
        for (words, made) in odd(&root, &|| leaf(names)) {
            let errors = told(&errors(trusting(&[&root]), &[&made]));
            assert!(
                errors.contains(&(HostNameMismatch, 0)),
                "{words}: {errors:?}"
            );
            assert!(
                errors.contains(&(UndecodableCertificate, 0)),
                "{words}: {errors:?}"
            );
        }
    }
}

#[test]
fn addresses_of_odd_certificates_are_compared_too() {
    let root = Made::self_signed(authority("root"));
    let config = trusting(&[&root]).build().expect("a configuration");
    let mut params = leaf(&["10.0.0.1", "2001:db8::1"]);
    params.custom_extensions = vec![critical(&[2, 5, 29, 32], &[5, 0])];
    let made = root.issue(params);
    for (host, named) in [
        ("10.0.0.1", true),
        ("2001:db8::1", true),
        ("10.0.0.2", false),
        ("2001:db8::2", false),
        (HOST, false),
    ] {
        let host = sslcore::PeerName::new(host).expect("a name");
        let errors = told(&config.verify_chain(&ders(&[&made]), Some(&host), Some(now())));
        let differs = errors.contains(&(HostNameMismatch, 0));
        assert_eq!(differs, !named, "{host:?}: {errors:?}");
    }
}

#[test]
fn of_what_is_no_certificate_no_name_is_told_to_be_another() {
    let root = Made::self_signed(authority("root"));
    let config = trusting(&[&root]).build().expect("a configuration");
    let host = sslcore::PeerName::new(HOST).expect("a name");
    let cut = root.der[..100].to_vec();
    let errors = config.verify_chain(&[cut.into()], Some(&host), Some(now()));
    assert_eq!(told(&errors), [(UndecodableCertificate, 0)]);
}

#[test]
fn what_stands_in_an_issuers_way_is_told_of_the_issuer() {
    let root = Made::self_signed(authority("root"));
    for (words, middle) in odd(&root, &|| authority("middle")) {
        let below = middle.issue(leaf(&[HOST]));
        let errors = errors(trusting(&[&root]), &[&below, &middle]);
        let undecodable = errors.iter().find(|it| it.kind() == UndecodableCertificate);
        let undecodable = undecodable.unwrap_or_else(|| panic!("{words}: {errors:?}"));
        assert_eq!(undecodable.depth(), 1, "{words}");
        assert!(
            !told(&errors).contains(&(UndecodableCertificate, 0)),
            "{words}"
        );
        assert_eq!(
            undecodable.certificate().map(|it| it.der()),
            Some(&middle.der)
        );
    }
}

#[test]
fn more_intermediates_than_can_be_counted_are_told_of_who_allows_them() {
    let root = Made::self_signed(authority("root"));
    let mut wide = authority("wide");
    wide.is_ca = IsCa::NoCa;
    let constraints = element(
        0x30,
        &[element(1, &[0xff]), element(2, &[0x27, 0x10])].concat(),
    );
    wide.custom_extensions = vec![critical(&[2, 5, 29, 19], &constraints)];
    let wide = root.issue(wide);
    let below = wide.issue(leaf(&[HOST]));
    let errors = errors(trusting(&[&root]), &[&below, &wide]);
    assert_eq!(told(&errors), [(UndecodableCertificate, 1)]);
    assert_eq!(
        errors[0].explanation().to_string(),
        "the certificate cannot be verified: the intermediates that it allows are more than 255: \
         0x2710"
    );
}

#[test]
fn as_many_intermediates_as_can_be_counted_are_not_what_stands_in_the_way() {
    let root = Made::self_signed(authority("root"));
    let mut wide = authority("wide");
    wide.is_ca = IsCa::Ca(BasicConstraints::Constrained(200));
    let wide = root.issue(wide);
    let below = wide.issue(leaf(&[HOST]));
    assert_eq!(told(&errors(trusting(&[&root]), &[&below, &wide])), []);
    let trailing = wide.with_fields(&root.key, |fields| fields.push(vec![5, 0]));
    let errors = errors(trusting(&[&root]), &[&below, &trailing]);
    assert_eq!(told(&errors), [(UndecodableCertificate, 1)]);
    assert_eq!(
        errors[0].explanation().to_string(),
        "the certificate cannot be read"
    );
}

#[test]
fn a_validity_to_before_1970_is_told_too_and_one_from_1970_is_not() {
    let root = Made::self_signed(authority("root"));
    for (start, end, told) in [
        (
            "19550101000000Z",
            "19601231235959Z",
            [
                "the certificate's validity starts in 1955, and times before 1970 are not known here",
                "the certificate's validity ends in 1960, and times before 1970 are not known here",
            ],
        ),
        (
            "19700001000000Z",
            "19701301000000Z",
            [
                "the start of the certificate's validity is not a time",
                "the end of the certificate's validity is not a time",
            ],
        ),
    ] {
        let old = root.issue(leaf(&[HOST])).with_fields(&root.key, |fields| {
            let times = [start, end].map(|time| element(0x18, time.as_bytes()));
            fields[field::VALIDITY] = element(0x30, &times.concat());
        });
        let errors = errors(trusting(&[&root]), &[&old]);
        let sentences: Vec<_> = errors
            .iter()
            .map(|error| error.explanation().to_string())
            .collect();
        assert_eq!(sentences, told);
    }
}

#[test]
fn a_validity_from_before_1970_is_told_to_be_that_and_nothing_else() {
    let root = Made::self_signed(authority("root"));
    for (tag, start) in [(0x17, &b"500101000000Z"[..]), (0x18, b"19691231235959Z")] {
        let old = root.issue(leaf(&[HOST])).with_fields(&root.key, |fields| {
            let times = [element(tag, start), element(0x17, b"491231235959Z")].concat();
            fields[field::VALIDITY] = element(0x30, &times);
        });
        let errors = errors(trusting(&[&root]), &[&old]);
        assert_eq!(told(&errors), [(InvalidNotBeforeField, 0)]);
        let year = if tag == 0x17 { 1950 } else { 1969 };
        assert_eq!(
            errors[0].explanation().to_string(),
            format!(
                "the certificate's validity starts in {year}, and times before 1970 are not known \
                 here"
            )
        );
    }
}

/// `sha256WithRSAEncryption`, 1.2.840.113549.1.1.11.
const RSA_SHA256: [u8; 13] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11, 5, 0];

#[test]
fn an_issuers_weak_key_is_no_bad_signature_too() {
    let key = Made::self_signed(authority("root")).key;
    let weak = Made::self_signed(authority("root")).with_fields(&key, |fields| {
        fields[field::PUBLIC_KEY] = rsa_key(1024);
    });
    let below = weak.issue(leaf(&[HOST])).with_fields(&key, |fields| {
        fields[field::ALGORITHM] = element(0x30, &RSA_SHA256);
    });
    let sentence = "the certificate uses an algorithm or a key that is not supported: \
                    its issuer's RSA key has 1024 bits, and 2048 are needed";
    let errors_of_anchor = errors(trusting(&[&weak]), &[&below]);
    assert_eq!(told(&errors_of_anchor), [(UnsupportedAlgorithm, 0)]);
    assert_eq!(errors_of_anchor[0].explanation().to_string(), sentence);

    let root = Made::self_signed(authority("top"));
    let middle = root
        .issue(authority("middle"))
        .with_fields(&root.key, |fields| {
            fields[field::PUBLIC_KEY] = rsa_key(1024);
        });
    let below = middle.issue(leaf(&[HOST])).with_fields(&key, |fields| {
        fields[field::ALGORITHM] = element(0x30, &RSA_SHA256);
    });
    let errors_of_middle = errors(trusting(&[&root]), &[&below, &middle]);
    assert_eq!(told(&errors_of_middle), [(UnsupportedAlgorithm, 0)]);
    assert_eq!(errors_of_middle[0].explanation().to_string(), sentence);
}

#[test]
fn who_is_called_as_its_issuer_has_not_signed_itself() {
    let issuer = Made::self_signed(authority("same"));
    let other = Made::self_signed(authority("same"));
    let mut named = leaf(&[HOST]);
    named.distinguished_name = issuer.params.distinguished_name.clone();
    // Nothing says which key signed it.
    let silent = issuer.issue(named.clone());
    assert_eq!(
        told(&errors(trusting(&[]), &[&silent])),
        [(CertificateSignatureFailed, 0)]
    );
    named.is_ca = IsCa::ExplicitNoCa;
    named.use_authority_key_identifier_extension = true;
    let talkative = issuer.issue(named);
    assert_eq!(
        told(&errors(trusting(&[]), &[&talkative])),
        [
            (UnableToGetLocalIssuerCertificate, 0),
            (UnableToVerifyFirstCertificate, 0)
        ]
    );
    for made in [&silent, &talkative] {
        assert_eq!(told(&errors(trusting(&[&issuer]), &[made])), []);
        assert_eq!(
            told(&errors(trusting(&[&other]), &[made])),
            [(CertificateSignatureFailed, 0)]
        );
    }
}

#[test]
fn two_signature_algorithms_are_no_bad_signature() {
    let root = Made::self_signed(authority("root"));
    let made = root.issue(leaf(&[HOST]));
    let mut der = made.der.to_vec();
    // ecdsa-with-SHA256 beside the signature becomes ecdsa-with-SHA384.
    let id = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let at = der
        .windows(8)
        .rposition(|bytes| bytes == id)
        .expect("there");
    der[at + 7] = 3;
    let made = Made {
        der: der.into(),
        ..made
    };
    let errors = errors(trusting(&[&root]), &[&made]);
    let undecodable = errors.iter().find(|it| it.kind() == UndecodableCertificate);
    assert_eq!(
        undecodable.expect("told").explanation().to_string(),
        "the certificate cannot be verified: it names two signature algorithms"
    );
}

#[test]
fn a_pin_makes_no_chain_good_that_no_handshake_can_use() {
    let root = Made::self_signed(authority("root"));
    for key in sslcore_tests::useless::useless() {
        let (_, made) = key.certified();
        let pinned = |der: &[u8]| {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
            let pin = Pin::CertificateSha256(digest.as_ref().try_into().expect("32 bytes"));
            let config = ClientConfig::builder(backend()).pins([pin]).build();
            let config = config.expect("a configuration");
            told(&config.verify_chain(&[der.to_vec().into()], None, Some(now())))
        };
        if key.except != Some(backend().name()) {
            assert_eq!(
                pinned(&made.der),
                [(UnsupportedAlgorithm, 0)],
                "{}",
                key.name
            );
        }
        assert_eq!(pinned(&root.der[..50]), [(UndecodableCertificate, 0)]);
    }
}

/// The certificate with a signature of no bytes.
fn unsigned(made: &Made) -> CertificateDer<'static> {
    let whole = elements(&elements(&made.der)[0].1);
    let [(signed, _), (algorithm, _), _] = &whole[..] else {
        panic!("{} fields", whole.len());
    };
    let none = element(3, &[0]);
    element(0x30, &[&signed[..], algorithm, &none].concat()).into()
}

/// The certificate with a key of no bytes, signed again.
fn keyless(made: Made, issuer: &KeyPair) -> CertificateDer<'static> {
    let made = made.with_fields(issuer, |fields| {
        let key = &mut fields[field::PUBLIC_KEY];
        let (algorithm, _) = &elements(&elements(key)[0].1)[0];
        *key = element(0x30, &[&algorithm[..], &element(3, &[0])].concat());
    });
    made.der
}

#[test]
fn a_signature_or_a_key_of_no_bytes_is_a_bad_one() {
    let Family { root, middle, leaf } = Family::new();
    let config = trusting(&[&root]).build().expect("a configuration");
    let kinds =
        |chain: [CertificateDer<'static>; 2]| told(&config.verify_chain(&chain, None, Some(now())));
    let (end, above) = (leaf.der.clone(), middle.der.clone());
    assert_eq!(kinds([end.clone(), above.clone()]), []);
    let failed = CertificateSignatureFailed;
    assert_eq!(kinds([unsigned(&leaf), above.clone()]), [(failed, 0)]);
    assert_eq!(kinds([end.clone(), unsigned(&middle)]), [(failed, 1)]);
    for found in [
        kinds([keyless(leaf, &middle.key), above]),
        kinds([end, keyless(middle, &root.key)]),
    ] {
        assert!(found.contains(&(UnsupportedAlgorithm, 0)), "{found:?}");
    }
}
