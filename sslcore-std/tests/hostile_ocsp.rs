//! OCSP responses by somebody who wants to be believed, or to keep a client busy.

mod responder;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};
use responder::Answer;
use sslcore::{Certificate, SslErrorKind, StatusQuestion, UnixTime};
use sslcore_std::ocsp::{self, Response, ResponseError};
use sslcore_tests::chains::{self, Family, Made, element, field};
use sslcore_tests::judging::now;
use sslcore_tests::pair::backend;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::ext::Extension;

fn errors_at(
    now: Option<UnixTime>,
    response: &[u8],
    about: &Made,
    issuer: &Made,
) -> Vec<SslErrorKind> {
    let [about, issuer] = [about, issuer].map(|made| Certificate::from(made.der.clone()));
    let question = StatusQuestion::new(response, &about, &issuer, now, &backend());
    ocsp::errors(&question)
}

fn errors(response: &[u8], about: &Made, issuer: &Made) -> Vec<SslErrorKind> {
    errors_at(Some(now()), response, about, issuer)
}

/// A responder that may answer for whoever issues this to it.
fn delegate() -> CertificateParams {
    let mut params = chains::leaf(&[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    params
}

/// Attributes of a name.
fn attributes(values: impl Iterator<Item = u16>) -> Vec<u8> {
    let attributes = values.map(|value| {
        let value = format!("{value:05}");
        let kind = element(0x06, &[0x55, 4, 10]);
        element(0x30, &[kind, element(0x0c, value.as_bytes())].concat())
    });
    attributes.collect::<Vec<_>>().concat()
}

/// To put a set of attributes in order, as DER wants them, costs the square of how many there are:
/// half a minute for what one handshake can bring along. A name is compared as it stands.
#[test]
fn a_responders_name_is_not_put_in_order_however_long_it_is() {
    let Family { leaf, middle, .. } = &Family::new();
    for attributes_of_one_name in [2, 2000] {
        let set = element(0x31, &attributes((0..attributes_of_one_name).rev()));
        let name = element(0x30, &set);
        let responder = middle.issue(delegate());
        let responder = responder.with_fields(&middle.key, |fields| fields[field::SUBJECT] = name);
        let answer = Answer {
            signer: &responder,
            certificates: vec![&responder],
            ..Answer::good(leaf, middle)
        };
        assert_eq!(errors(&answer.sign(), leaf, middle), []);
    }
}

fn extension(critical: bool) -> Extension {
    Extension {
        extn_id: ObjectIdentifier::new_unwrap("1.2.3.4"),
        critical,
        extn_value: OctetString::new([5, 0]).expect("octets"),
    }
}

/// Whoever sets "critical" says that the rest means something else to those who do not know what
/// the extension says (RFC 5280 §4.2).
#[test]
fn a_response_with_a_critical_extension_is_not_understood() {
    let Family { leaf, middle, .. } = &Family::new();
    for critical in [false, true] {
        let of_one = Answer {
            extensions: vec![extension(critical)],
            ..Answer::good(leaf, middle)
        };
        let of_all = Answer {
            of_all: vec![extension(critical)],
            ..Answer::good(leaf, middle)
        };
        for answer in [of_one, of_all] {
            let response = answer.sign();
            let found = errors(&response, leaf, middle);
            let why = Response::from_der(&response).err();
            if critical {
                assert_eq!(found, [SslErrorKind::OcspMalformedResponse]);
                let id = "1.2.3.4".into();
                assert_eq!(why, Some(ResponseError::CriticalExtension(id)));
            } else {
                assert_eq!((found, why), (vec![], None));
            }
        }
    }
}

/// A certificate that vouches for itself proves nothing, also when its issuer has made it a
/// responder: whoever has stolen its key says that nobody has.
#[test]
fn a_certificate_that_may_respond_does_not_respond_for_itself() {
    let family = Family::with(|_, leaf| {
        let both = &mut leaf.extended_key_usages;
        both.push(ExtendedKeyUsagePurpose::OcspSigning);
    });
    let Family { leaf, middle, .. } = &family;
    // The same key under another certificate is no other responder.
    let again = middle.issue_to(delegate(), copy(leaf));
    for signer in [leaf, &again] {
        let answer = Answer {
            signer,
            certificates: vec![signer],
            ..Answer::good(leaf, middle)
        };
        let found = errors(&answer.sign(), leaf, middle);
        assert_eq!(found, [SslErrorKind::OcspResponseCannotBeTrusted]);
    }
    let other = middle.issue(chains::leaf(&["other.test"]));
    let answer = Answer {
        signer: leaf,
        certificates: vec![leaf],
        ..Answer::good(&other, middle)
    };
    assert_eq!(errors(&answer.sign(), &other, middle), []);
}

fn copy(made: &Made) -> rcgen::KeyPair {
    rcgen::KeyPair::try_from(made.key.serialize_der()).expect("a key")
}

/// A response without an end could be stapled for ever to a certificate that was revoked since.
#[test]
fn a_response_that_has_no_end_counts_for_a_day() {
    const DAY: i64 = 24 * 60 * 60;
    let Family { leaf, middle, .. } = &Family::new();
    for (this_update, expected) in [
        (-DAY, &[][..]),
        (-DAY - 1, &[SslErrorKind::OcspResponseExpired][..]),
        (1, &[SslErrorKind::OcspResponseExpired][..]),
    ] {
        let answer = Answer {
            this_update,
            next_update: None,
            ..Answer::good(leaf, middle)
        };
        let response = answer.sign();
        assert_eq!(errors(&response, leaf, middle), expected, "{this_update}");
        assert_eq!(errors_at(None, &response, leaf, middle), []);
    }
}

/// A status may be older than the certificate of the responder that says it again.
#[test]
fn without_a_clock_a_responder_is_judged_by_when_it_signed() {
    let Family { leaf, middle, .. } = &Family::new();
    let mut young = delegate();
    // A day before the tests' now.
    young.not_before = rcgen::date_time_ymd(2025, 12, 31);
    let responder = middle.issue(young);
    let days = |n: i64| n * 24 * 60 * 60;
    for (produced_at, expected) in [
        (days(-2), &[SslErrorKind::OcspResponseCannotBeTrusted][..]),
        (days(0), &[][..]),
    ] {
        let answer = Answer {
            this_update: days(-3),
            produced_at: Some(produced_at),
            signer: &responder,
            certificates: vec![&responder],
            ..Answer::good(leaf, middle)
        };
        assert_eq!(errors_at(None, &answer.sign(), leaf, middle), expected);
    }
}

/// Who asks outside of a handshake may take the issuer from what the server has sent.
#[test]
fn an_issuer_that_has_not_signed_the_certificate_is_none() {
    let Family { leaf, middle, root } = &Family::new();
    let stranger = Made::self_signed(chains::authority("middle"));
    for issuer in [&stranger, root, leaf] {
        let answer = Answer {
            about: vec![(leaf, issuer)],
            ..Answer::good(leaf, issuer)
        };
        let found = errors(&answer.sign(), leaf, issuer);
        assert_eq!(found, [SslErrorKind::OcspResponseCannotBeTrusted]);
    }
    assert_eq!(errors(&Answer::good(leaf, middle).sign(), leaf, middle), []);
}
