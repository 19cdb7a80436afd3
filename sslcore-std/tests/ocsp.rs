//! OCSP responses: who may sign them, what they are about, when they count, and what is in them.

mod responder;

use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, CustomExtension, SerialNumber};
use responder::{
    Answer, SHA_1, SHA_224, SHA_256, SHA_384, SHA_512, delegate, errors, errors_at,
    of_unknown_type, refusal, revoked,
};
use sslcore::{Certificate, ServerConfig, SslError, SslErrorKind, UnixTime};
use sslcore_std::ocsp::{Reason, Refusal, Responder, Response, ResponseError, Stapling, Status};
use sslcore_tests::certs::NOW;
use sslcore_tests::chains::{self, Family, HOST, Made, element};
use sslcore_tests::judging::{ders, trusting};
use sslcore_tests::pair::{Pair, backend};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::CrlReason;
use x509_ocsp::OcspResponseStatus;

fn at(seconds: i64) -> UnixTime {
    let since_1970 = NOW.checked_add_signed(seconds).expect("after 1970");
    UnixTime::since_unix_epoch(Duration::from_secs(since_1970))
}

fn changed(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = delegate();
    change(&mut params);
    params
}

/// A good answer that this responder signs for the issuer.
fn delegated<'a>(family: &'a Family, responder: &'a Made) -> Answer<'a> {
    Answer {
        signer: responder,
        certificates: vec![responder],
        ..Answer::good(&family.leaf, &family.middle)
    }
}

const UNTRUSTED: [SslErrorKind; 1] = [SslErrorKind::OcspResponseCannotBeTrusted];

#[test]
fn the_issuer_may_sign_and_name_everything_by_hash_or_by_name() {
    let Family { leaf, middle, .. } = &Family::new();
    for hash in [SHA_1, SHA_256, SHA_384, SHA_512] {
        for by_key in [false, true] {
            let answer = Answer {
                hash,
                by_key,
                says_version: by_key,
                ..Answer::good(leaf, middle)
            };
            assert_eq!(errors(&answer.sign(), leaf, middle), []);
        }
    }
    let answer = Answer {
        hash: SHA_224,
        ..Answer::good(leaf, middle)
    };
    let unknown = [SslErrorKind::OcspResponseCertIdUnknown];
    assert_eq!(errors(&answer.sign(), leaf, middle), unknown);
}

#[test]
fn the_issuers_issuer_may_not_sign_nor_may_the_certificate_itself() {
    let Family { leaf, middle, root } = &Family::new();
    for signer in [root, leaf] {
        let answer = Answer {
            signer,
            certificates: vec![signer],
            ..Answer::good(leaf, middle)
        };
        assert_eq!(errors(&answer.sign(), leaf, middle), UNTRUSTED);
    }
}

#[test]
fn a_responder_that_the_issuer_has_certified_for_it_may_sign() {
    let family = Family::new();
    let responder = family.middle.issue(delegate());
    for by_key in [false, true] {
        let answer = Answer {
            by_key,
            ..delegated(&family, &responder)
        };
        assert_eq!(errors(&answer.sign(), &family.leaf, &family.middle), []);
    }
}

#[test]
fn no_other_responder_may() {
    let family = Family::new();
    let Family { leaf, middle, root } = &family;
    let for_servers = middle.issue(chains::leaf(&[]));
    let for_anything = middle.issue(changed(|it| it.extended_key_usages.clear()));
    let authority = middle.issue(changed(|it| it.is_ca = chains::authority("").is_ca));
    let by_the_root = root.issue(delegate());
    let of_strangers = Made::self_signed(chains::authority("middle")).issue(delegate());
    let over = middle.issue(changed(|it| {
        it.not_after = rcgen::date_time_ymd(2025, 6, 1)
    }));
    let to_come = middle.issue(changed(|it| {
        it.not_before = rcgen::date_time_ymd(2027, 6, 1)
    }));
    for responder in [
        &for_servers,
        &for_anything,
        &authority,
        &by_the_root,
        &of_strangers,
        &over,
        &to_come,
    ] {
        let answer = delegated(&family, responder);
        assert_eq!(errors(&answer.sign(), leaf, middle), UNTRUSTED);
    }
}

#[test]
fn a_responders_certificate_must_be_in_the_response_and_be_the_one_that_is_named() {
    let family = Family::new();
    let Family { leaf, middle, .. } = &family;
    let responder = middle.issue(delegate());
    let mut other = delegate();
    other
        .distinguished_name
        .push(rcgen::DnType::OrganizationName, "another");
    let other = middle.issue(other);
    for certificates in [vec![], vec![&other]] {
        let answer = Answer {
            certificates,
            ..delegated(&family, &responder)
        };
        assert_eq!(errors(&answer.sign(), leaf, middle), UNTRUSTED);
    }
    for by_key in [false, true] {
        let answer = Answer {
            by_key,
            named: Some(&other),
            certificates: vec![&other, &responder],
            ..delegated(&family, &responder)
        };
        assert_eq!(errors(&answer.sign(), leaf, middle), UNTRUSTED);
    }
    let answer = Answer {
        certificates: vec![&other, &responder],
        ..delegated(&family, &responder)
    };
    assert_eq!(errors(&answer.sign(), leaf, middle), []);
}

/// Whoever can have every certificate of a response looked at can make a client work for nothing.
#[test]
fn four_responders_are_looked_at_and_no_more() {
    let family = Family::new();
    let Family { leaf, middle, .. } = &family;
    let responder = middle.issue(delegate());
    let others: Vec<Made> = (0..4).map(|_| middle.issue(delegate())).collect();
    for (before, expected) in [(3, &[][..]), (4, &UNTRUSTED[..])] {
        let mut certificates: Vec<_> = others.iter().take(before).collect();
        certificates.push(&responder);
        let answer = Answer {
            certificates,
            ..delegated(&family, &responder)
        };
        assert_eq!(errors(&answer.sign(), leaf, middle), expected, "{before}");
    }
}

#[test]
fn what_a_response_says_that_cannot_be_believed_is_not_repeated() {
    let Family { leaf, middle, .. } = &Family::new();
    let answer = Answer {
        status: revoked(None),
        next_update: Some(-500),
        ..Answer::good(leaf, middle)
    };
    let both = [
        SslErrorKind::OcspResponseExpired,
        SslErrorKind::CertificateRevoked,
    ];
    assert_eq!(errors(&answer.sign(), leaf, middle), both);
    assert_eq!(errors(&answer.sign_badly(), leaf, middle), UNTRUSTED);
}

#[test]
fn another_key_under_the_issuers_name_is_another_issuer() {
    let (one, other) = (Family::new(), Family::new());
    let answer = Answer {
        about: vec![(&one.leaf, &other.middle)],
        ..Answer::good(&one.leaf, &one.middle)
    };
    let found = errors(&answer.sign(), &one.leaf, &one.middle);
    assert_eq!(found, [SslErrorKind::OcspResponseCertIdUnknown]);
}

#[test]
fn serial_numbers_are_compared_as_they_are_encoded() {
    for serial in [
        vec![0x00, 0x80],
        vec![0x7f],
        vec![0x00, 0xff, 0x01],
        vec![0x01; 20],
    ] {
        let family =
            Family::with(|_, leaf| leaf.serial_number = Some(SerialNumber::from(serial.clone())));
        let answer = Answer::good(&family.leaf, &family.middle).sign();
        assert_eq!(
            errors(&answer, &family.leaf, &family.middle),
            [],
            "{serial:?}"
        );
        let response = Response::from_der(&answer).expect("a response");
        let certificate = Certificate::from(family.leaf.der.clone());
        assert_eq!(Some(response.serial()), certificate.serial());
    }
}

#[test]
fn a_response_counts_from_its_first_second_to_its_last() {
    let Family { leaf, middle, .. } = &Family::new();
    let response = Answer::good(leaf, middle).sign();
    for (seconds, good) in [(-1001, false), (-1000, true), (1000, true), (1001, false)] {
        let found = errors_at(Some(at(seconds)), &response, leaf, middle);
        assert_eq!(found.is_empty(), good, "{seconds}: {found:?}");
    }
}

#[test]
fn without_a_clock_the_status_is_judged_and_the_dates_are_not() {
    let Family { leaf, middle, .. } = &Family::new();
    let long_over = Answer {
        next_update: Some(-999),
        ..Answer::good(leaf, middle)
    };
    assert_eq!(errors_at(None, &long_over.sign(), leaf, middle), []);
    let revoked = Answer {
        status: revoked(None),
        ..Answer::good(leaf, middle)
    };
    let found = errors_at(None, &revoked.sign(), leaf, middle);
    assert_eq!(found, [SslErrorKind::CertificateRevoked]);
}

/// What a handshake finds where the root is trusted.
fn stapled(
    family: &Family,
    stapling: Stapling,
    tolerance: u64,
    response: Option<Vec<u8>>,
) -> (Vec<SslErrorKind>, Pair) {
    let client = trusting(&[&family.root])
        .status_checker(Arc::new(stapling))
        .clock_tolerance(Duration::from_secs(tolerance))
        .build()
        .expect("a client");
    let server = ServerConfig::builder(backend())
        .identity(
            ders(&[&family.leaf, &family.middle]),
            family.leaf.private_key(),
        )
        .stapled_ocsp_response(response.unwrap_or_default())
        .build()
        .expect("a server");
    let mut pair = Pair::tls(&client, &server);
    pair.run();
    let errors = pair.client.conn.ssl_errors().iter();
    (errors.map(SslError::kind).collect(), pair)
}

#[test]
fn the_clocks_tolerance_is_the_responses_too_and_its_responders() {
    let family = Family::new();
    let backwards = Answer {
        this_update: 10,
        next_update: Some(-10),
        ..Answer::good(&family.leaf, &family.middle)
    };
    let response = Some(backwards.sign());
    let (found, _) = stapled(&family, Stapling::Required, 30, response);
    assert_eq!(found, [SslErrorKind::OcspResponseExpired]);
    for (this_update, next_update) in [(30, 1000), (-1000, -30)] {
        let answer = Answer {
            this_update,
            next_update: Some(next_update),
            ..Answer::good(&family.leaf, &family.middle)
        };
        for (tolerance, expected) in [
            (29, &[SslErrorKind::OcspResponseExpired][..]),
            (30, &[][..]),
        ] {
            let response = Some(answer.sign());
            let (found, _) = stapled(&family, Stapling::Required, tolerance, response);
            assert_eq!(found, expected, "{this_update} {tolerance}");
        }
    }
    // A day after the tests' now.
    let to_come = family.middle.issue(changed(|it| {
        it.not_before = rcgen::date_time_ymd(2026, 1, 2)
    }));
    let response = delegated(&family, &to_come).sign();
    for (tolerance, expected) in [(0, &UNTRUSTED[..]), (24 * 3600, &[][..])] {
        let response = Some(response.clone());
        let (found, _) = stapled(&family, Stapling::Required, tolerance, response);
        assert_eq!(found, expected, "{tolerance}");
    }
    // Two days before.
    let over = family.middle.issue(changed(|it| {
        it.not_after = rcgen::date_time_ymd(2025, 12, 30)
    }));
    let response = delegated(&family, &over).sign();
    let days = |n: u64| n * 24 * 3600;
    let (found, _) = stapled(&family, Stapling::Required, days(1), Some(response.clone()));
    assert_eq!(found, UNTRUSTED);
    let (found, _) = stapled(&family, Stapling::Required, days(2), Some(response));
    assert_eq!(found, []);
}

#[test]
fn a_response_that_need_not_be_there_must_be_good_if_it_is() {
    let family = Family::new();
    let (found, pair) = stapled(&family, Stapling::IfPresent, 0, None);
    assert_eq!(found, []);
    assert!(pair.client.conn.is_encrypted());
    let answer = Answer {
        status: revoked(None),
        ..Answer::good(&family.leaf, &family.middle)
    };
    let (found, pair) = stapled(&family, Stapling::IfPresent, 0, Some(answer.sign()));
    assert_eq!(found, [SslErrorKind::CertificateRevoked]);
    assert!(!pair.client.conn.is_encrypted());
}

#[test]
fn a_certificate_that_demands_a_response_is_missing_one() {
    const TLS_FEATURE: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 24];
    for (feature, found_without) in [
        (5, &[SslErrorKind::OcspNoResponseFound][..]),
        // status_request_v2, which nobody speaks.
        (17, &[][..]),
    ] {
        let features = element(0x30, &element(0x02, &[feature]));
        let family = Family::with(|_, leaf| {
            let extension = CustomExtension::from_oid_content(&TLS_FEATURE, features.clone());
            leaf.custom_extensions.push(extension);
        });
        let leaf = Certificate::from(family.leaf.der.clone());
        assert_eq!(leaf.must_staple(), feature == 5);
        let (found, _) = stapled(&family, Stapling::IfPresent, 0, None);
        assert_eq!(found, found_without);
        let response = Answer::good(&family.leaf, &family.middle).sign();
        let (found, _) = stapled(&family, Stapling::IfPresent, 0, Some(response));
        assert_eq!(found, []);
    }
}

#[test]
fn a_session_is_not_resumed_once_the_response_is_over() {
    let family = Family::new();
    let client = trusting(&[&family.root])
        .status_checker(Arc::new(Stapling::Required))
        .build()
        .expect("a client");
    let response = Answer::good(&family.leaf, &family.middle).sign();
    let server = ServerConfig::builder(backend())
        .identity(
            ders(&[&family.leaf, &family.middle]),
            family.leaf.private_key(),
        )
        .stapled_ocsp_response(response)
        .build()
        .expect("a server");
    let connect = |seconds: u64| {
        let mut pair = Pair::default();
        for end in [&mut pair.client, &mut pair.server] {
            end.time = sslcore::Instant::from_millis(seconds * 1000);
        }
        pair.start(&client, &server);
        pair.run();
        let errors = pair.client.conn.ssl_errors().iter();
        let errors: Vec<_> = errors.map(SslError::kind).collect();
        (errors, pair.client.conn.is_resumed())
    };
    assert_eq!(connect(0), (vec![], false));
    assert_eq!(connect(900), (vec![], true));
    // The server staples what is out of date; a session would have hidden that.
    let over = vec![SslErrorKind::OcspResponseExpired];
    assert_eq!(connect(1100), (over, false));
}

#[test]
fn a_response_tells_what_is_in_it() {
    let family = Family::new();
    let Family { leaf, middle, .. } = &family;
    let good = Response::from_der(&Answer::good(leaf, middle).sign()).expect("a response");
    assert_eq!(good.status(), Status::Good);
    assert_eq!(good.this_update(), at(-1000));
    assert_eq!(good.next_update(), Some(at(1000)));
    assert_eq!(good.produced_at(), at(-1000));
    assert_eq!(good.responder(), Responder::Name("CN=middle".into()));
    assert_eq!(good.certificates().count(), 0);
    assert_eq!(good.signed_certificate_timestamps(), None);

    let responder = middle.issue(delegate());
    let list = b"timestamps".to_vec();
    let answer = Answer {
        status: revoked(Some(CrlReason::KeyCompromise)),
        next_update: None,
        by_key: true,
        extensions: vec![Extension {
            extn_id: ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.5"),
            critical: false,
            extn_value: {
                let list = OctetString::new(&list[..]).expect("octets").to_der();
                OctetString::new(list.expect("DER")).expect("octets")
            },
        }],
        ..delegated(&family, &responder)
    };
    let bad = Response::from_der(&answer.sign()).expect("a response");
    let reason = Some(Reason::KeyCompromise);
    let month_ago = at(-30 * 24 * 3600);
    assert_eq!(
        bad.status(),
        Status::Revoked {
            at: month_ago,
            reason
        }
    );
    let sentence = "revoked on 2025-12-02 00:00:00 UTC: its key is known to others";
    assert_eq!(bad.status().to_string(), sentence);
    assert_eq!(bad.next_update(), None);
    assert!(matches!(bad.responder(), Responder::KeyHash(hash) if hash.len() == 20));
    let brought: Vec<_> = bad.certificates().collect();
    assert_eq!(brought, [Certificate::from(responder.der.clone())]);
    assert_eq!(bad.signed_certificate_timestamps(), Some(list));
}

#[test]
fn what_is_no_status_says_why() {
    let Family { leaf, middle, .. } = &Family::new();
    let why = |der: &[u8]| Response::from_der(der).expect_err("no response");
    assert_eq!(
        why(&refusal(OcspResponseStatus::TryLater)),
        ResponseError::Refused(Refusal::TryLater)
    );
    assert_eq!(
        why(&of_unknown_type()),
        ResponseError::UnknownType("1.2.3.4".into())
    );
    let empty = why(&refusal(OcspResponseStatus::Successful));
    assert_eq!(
        empty.to_string(),
        "the OCSP response cannot be read: it is empty"
    );
    for about in [vec![], vec![(leaf, middle); 3]] {
        let many = about.len();
        let answer = Answer {
            about,
            ..Answer::good(leaf, middle)
        };
        assert_eq!(why(&answer.sign()), ResponseError::NotOneCertificate(many));
    }
}

/// The signature covers all that is said; what is around it only leads there.
#[test]
fn no_bit_of_a_good_response_can_be_turned() {
    let Family { leaf, middle, .. } = &Family::new();
    let response = Answer::good(leaf, middle).sign();
    for place in 0..response.len() {
        for bit in 0..8 {
            let mut turned = response.clone();
            turned[place] ^= 1 << bit;
            let found = errors(&turned, leaf, middle);
            assert!(!found.is_empty(), "bit {bit} of byte {place}");
        }
    }
}

#[test]
fn no_piece_of_a_good_response_is_one() {
    let Family { leaf, middle, .. } = &Family::new();
    let response = Answer::good(leaf, middle).sign();
    let malformed = [SslErrorKind::OcspMalformedResponse];
    for len in 0..response.len() {
        assert_eq!(
            errors(&response[..len], leaf, middle),
            malformed,
            "{len} bytes"
        );
    }
    let mut longer = response;
    longer.push(0);
    assert_eq!(errors(&longer, leaf, middle), malformed);
}

/// `HOST` is what the family's leaf is for; it is used where the name matters.
#[test]
fn the_name_is_judged_as_ever_beside_the_response() {
    let family = Family::with(|_, leaf| *leaf = chains::leaf(&["other.test"]));
    let response = Answer::good(&family.leaf, &family.middle).sign();
    let (found, _) = stapled(&family, Stapling::Required, 0, Some(response));
    assert_eq!(found, [SslErrorKind::HostNameMismatch], "{HOST}");
}
