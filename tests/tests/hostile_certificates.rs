//! Bytes that are no certificate, or one that somebody has bent: every question has an answer, and
//! none costs more than the bytes warrant.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::prelude::*;
use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose, SanType};
use sslcore::Certificate;
use sslcore_tests::certs::self_signed_with;
use sslcore_tests::pair::backend;

/// A certificate that says something to each question.
fn talkative() -> Vec<u8> {
    let identity = self_signed_with(&["*.mail.test", "192.0.2.1", "2001:db8::1"], |params| {
        params.subject_alt_names.extend([
            SanType::Rfc822Name("a@b.test".try_into().expect("ASCII")),
            SanType::URI("https://mail.test/".try_into().expect("ASCII")),
        ]);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 311]),
        ];
        params.not_after = rcgen::date_time_ymd(2050, 1, 1);
    });
    identity.chain[0].to_vec()
}

/// Asks everything, and gives all answers as one text.
fn interview(certificate: &Certificate) -> String {
    let mut said = String::new();
    for name in [certificate.subject(), certificate.issuer()]
        .into_iter()
        .flatten()
    {
        write!(said, "{name} {name:?} {} ", name.der().len()).expect("memory");
        for attribute in name.attributes() {
            let (known, value) = (attribute.name(), attribute.value());
            write!(said, "{known:?} {value:?} {attribute:?} ").expect("memory");
        }
        said.extend(name.values("CN"));
    }
    let names: Vec<_> = certificate.alternative_names().collect();
    let shown: Vec<_> = names.iter().map(ToString::to_string).collect();
    let uses: Vec<_> = certificate.key_usages().map(|it| it.to_string()).collect();
    let purposes = certificate.extended_key_usages();
    let purposes: Vec<_> = purposes.map(|it| it.to_string()).collect();
    write!(said, "{names:?} {shown:?} {uses:?} {purposes:?} ").expect("memory");
    let (common_name, serial) = (certificate.common_name(), certificate.serial());
    write!(
        said,
        "{common_name:?} {serial:?} {:?} ",
        certificate.version()
    )
    .expect("memory");
    let times = (certificate.not_before(), certificate.not_after());
    write!(said, "{times:?} {:?} ", certificate.key_kind()).expect("memory");
    let (key, curve) = (certificate.key_algorithm(), certificate.key_curve());
    let signature = certificate.signature_algorithm();
    write!(said, "{key:?} {curve:?} {signature:?} ").expect("memory");
    let rights = (certificate.is_ca(), certificate.is_self_issued());
    let pin = certificate.spki_sha256(&backend());
    write!(said, "{rights:?} {pin:?} {certificate:?} ").expect("memory");
    let fingerprint = certificate.fingerprint_sha256(&backend());
    assert!(fingerprint.is_some());
    said
}

/// The answers are about as long as the certificate.
fn is_bounded(certificate: &Certificate) -> Result<(), TestCaseError> {
    let len = certificate.der().len();
    let answers = interview(certificate);
    prop_assert!(
        answers.len() <= 64 * len + 2000,
        "{} of {len}",
        answers.len()
    );
    let description = certificate.description().to_string();
    prop_assert!(
        description.len() <= 8 * len + 400,
        "{} of {len}",
        description.len()
    );
    prop_assert!(description.lines().count() <= 10, "{}", description);
    let harmless = |c: char| c == '\n' || !c.is_control();
    prop_assert!(description.chars().all(harmless), "{:?}", description);
    // All or nothing: a certificate that can be read at all has these.
    let read = certificate.subject().is_some();
    prop_assert_eq!(certificate.issuer().is_some(), read);
    prop_assert_eq!(certificate.serial().is_some(), read);
    prop_assert_eq!(certificate.public_key_info().is_some(), read);
    prop_assert!(read || description.starts_with("not a certificate ("));
    Ok(())
}

#[test]
fn a_good_one_answers_every_question() {
    let said = interview(&Certificate::from_der(talkative()));
    for part in [
        "CN=self-signed",
        "DNS:*.mail.test",
        "IP:192.0.2.1",
        "IP:2001:db8::1",
        "email:a@b.test",
        "URI:https://mail.test/",
        "digitalSignature",
        "serverAuth",
        "1.3.6.1.4.1.311",
        "EcdsaP256",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn no_prefix_of_a_certificate_says_more_than_nothing() {
    let der = talkative();
    for len in 0..der.len() {
        let cut = Certificate::from_der(der[..len].to_vec());
        assert_eq!(cut.subject(), None, "{len}");
        is_bounded(&cut).expect("bounded");
    }
}

#[test]
fn every_single_byte_may_be_wrong() {
    let der = talkative();
    for at in 0..der.len() {
        for wrong in [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff, der[at].wrapping_add(1)] {
            let mut bent = der.clone();
            bent[at] = wrong;
            is_bounded(&Certificate::from_der(bent)).expect("bounded");
        }
    }
}

proptest! {
    #[test]
    fn bent_certificates_are_answered_for(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        insert in vec(any::<u8>(), 0..8),
    ) {
        let mut der = talkative();
        for (at, byte) in changes {
            let at = at.index(der.len());
            der[at] = byte;
        }
        let at = cut.index(der.len());
        der.splice(at..at, insert);
        is_bounded(&Certificate::from_der(der))?;
    }

    #[test]
    fn any_bytes_are_answered_for(der in vec(any::<u8>(), 0..600)) {
        is_bounded(&Certificate::from_der(der))?;
    }
}
