//! OCSP responses by somebody who wants to be believed, or to keep a client busy.

mod responder;

use std::ops::Range;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose};
use responder::{Answer, delegate, errors, errors_at};
use sslcore::{Certificate, SslErrorKind, StatusChecker, StatusQuestion, UnixTime};
use sslcore_std::ocsp::{Response, ResponseError, Stapling};
use sslcore_tests::certs::NOW;
use sslcore_tests::chains::{self, Family, Made, element, field};
use sslcore_tests::judging::now;
use sslcore_tests::pair::backend;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::ext::Extension;

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
        let [about, issuer] = [leaf, middle].map(|made| Certificate::from(made.der.clone()));
        let backend = backend();
        let question = StatusQuestion::new(&response, &about, &issuer, Some(now()), &backend);
        let end = NOW.checked_add_signed(this_update + DAY).expect("a time");
        let end = UnixTime::since_unix_epoch(Duration::from_secs(end));
        let report = Stapling::IfPresent.check(&question);
        assert_eq!(report.good_until, Some(end));
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

/// An authority may have two names and one key, and count under each from one.
#[test]
fn another_name_with_the_issuers_key_is_another_issuer() {
    let numbered = |leaf: &mut CertificateParams| leaf.serial_number = Some(1.into());
    let family = Family::with(|_, leaf| numbered(leaf));
    let Family { leaf, middle, root } = &family;
    let renamed = root.issue_to(chains::authority("renamed"), copy(middle));
    let mut twin = chains::leaf(&["other.test"]);
    numbered(&mut twin);
    let twin = renamed.issue(twin);
    let response = Answer::good(&twin, &renamed).sign();
    assert_eq!(errors(&response, &twin, &renamed), []);
    let unknown = SslErrorKind::OcspResponseCertIdUnknown;
    assert_eq!(errors(&response, leaf, middle), [unknown]);
    // Nor is it the issuer of what it has signed under the other name.
    let cannot = SslErrorKind::OcspResponseCannotBeTrusted;
    let response = Answer::good(leaf, middle).sign();
    assert_eq!(errors(&response, leaf, &renamed), [cannot]);
    // Without an issuer the number is all that can be compared.
    let response = Answer::good(middle, root).sign();
    assert_eq!(errors(&response, leaf, &renamed), [cannot, unknown]);
}

/// A response with the certificates of two responders, of which the second one has signed; and
/// where the first one's certificate is.
fn delegated(family: &Family) -> (Vec<u8>, Range<usize>) {
    let [responder, another] = [(); 2].map(|()| family.middle.issue(delegate()));
    let answer = Answer {
        signer: &responder,
        certificates: vec![&another, &responder],
        extensions: vec![extension(false)],
        ..Answer::good(&family.leaf, &family.middle)
    };
    let response = answer.sign();
    let mut pieces = response.windows(another.der.len());
    let begin = pieces.position(|piece| piece == &another.der[..]);
    let begin = begin.expect("it is in there");
    (response, begin..begin + another.der.len())
}

#[test]
fn no_bit_of_a_delegated_response_can_be_turned_but_of_what_nobody_needs() {
    let family = Family::new();
    let Family { leaf, middle, .. } = &family;
    let (response, needless) = delegated(&family);
    assert_eq!(errors(&response, leaf, middle), []);
    for place in 0..response.len() {
        for bit in 0..8 {
            let mut turned = response.clone();
            turned[place] ^= 1 << bit;
            let believed = errors(&turned, leaf, middle).is_empty();
            assert!(
                !believed || needless.contains(&place),
                "bit {bit} of byte {place}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Bytes put in, taken out and overwritten.
    #[test]
    fn no_damaged_response_makes_a_reader_panic_or_is_believed(
        edits in vec((any::<Index>(), 0..3_u8, any::<u8>()), 1..12),
        also_delegated: bool,
    ) {
        static MADE: LazyLock<(Family, [Vec<u8>; 2])> = LazyLock::new(|| {
            let family = Family::new();
            let revoked = Answer {
                status: responder::revoked(None),
                ..Answer::good(&family.leaf, &family.middle)
            };
            let responses = [revoked.sign(), delegated(&family).0];
            (family, responses)
        });
        let (family, responses) = &*MADE;
        let mut response = responses[usize::from(also_delegated)].clone();
        for (place, edit, byte) in &edits {
            let place = place.index(response.len());
            match edit {
                0 => response[place] = *byte,
                1 => response.insert(place, *byte),
                _ => {
                    response.remove(place);
                }
            }
        }
        let found = errors(&response, &family.leaf, &family.middle);
        if let Ok(read) = Response::from_der(&response) {
            let _ = (read.status().to_string(), format!("{:?}", read.responder()));
            let _ = (read.certificates().count(), read.signed_certificate_timestamps());
        }
        // The one says "revoked", however damaged; the other is signed.
        prop_assert!(also_delegated || !found.is_empty());
    }
}

/// What is not read again for each certificate costs nothing but its length.
#[test]
fn a_response_of_megabytes_is_read_and_refused() {
    let family = Family::new();
    let Family { leaf, middle, .. } = &family;
    let long = |tag: u8, value: &[u8]| {
        let len = u32::try_from(value.len()).expect("a length").to_be_bytes();
        let header = match len {
            [0, 0, ..] => return element(tag, value),
            [0, a, b, c] => vec![tag, 0x83, a, b, c],
            [a, b, c, d] => vec![tag, 0x84, a, b, c, d],
        };
        [&header, value].concat()
    };
    let wrapped = |data: &[u8], certificates: &[u8]| {
        let algorithm = element(0x30, &element(0x06, &[0x2a]));
        let brought = long(0xa0, &long(0x30, certificates));
        let basic = [data, &algorithm, &element(0x03, &[0, 1]), &brought].concat();
        let kind = element(0x06, &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1]);
        let bytes = [kind, long(0x04, &long(0x30, &basic))].concat();
        let bytes = long(0xa0, &long(0x30, &bytes));
        long(0x30, &[element(0x0a, &[0]), bytes].concat())
    };
    let time = element(0x18, b"20251231000000Z");
    let hash = |len| element(0x04, &vec![7; len]);
    let algorithm = element(0x30, &element(0x06, &[0x2b, 0x0e, 3, 2, 0x1a]));
    let id = element(
        0x30,
        &[algorithm, hash(20), hash(20), element(2, &[1])].concat(),
    );
    let single = element(0x30, &[id, element(0x80, &[]), time.clone()].concat());

    let name = long(
        0xa1,
        &long(0x30, &long(0x31, &attributes((0..60_000).rev()))),
    );
    let own = element(0xa2, &hash(20));
    let data = |responder: &[u8], singles: &[u8]| {
        long(0x30, &[responder, &time, &long(0x30, singles)].concat())
    };
    let many_certificates = family.leaf.der.repeat(4000);
    for (what, response, expected) in [
        (
            "a name",
            wrapped(&data(&name, &single), &many_certificates),
            vec![
                SslErrorKind::OcspResponseCannotBeTrusted,
                SslErrorKind::OcspResponseCertIdUnknown,
            ],
        ),
        (
            "certificates",
            wrapped(&data(&own, &single), &many_certificates),
            vec![
                SslErrorKind::OcspResponseCannotBeTrusted,
                SslErrorKind::OcspResponseCertIdUnknown,
            ],
        ),
        (
            "statuses",
            wrapped(&data(&own, &single.repeat(20_000)), &[]),
            vec![SslErrorKind::OcspMalformedResponse],
        ),
    ] {
        assert!(response.len() > 1_000_000, "{what}");
        assert_eq!(errors(&response, leaf, middle), expected, "{what}");
    }
}
