//! Every error of a chain, each with its certificate: one chain for each kind, and for what
//! hides behind another.

use std::time::Duration;

use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use sslcore::SslErrorKind::*;
use sslcore::{Certificate, ClientConfig, Pin, ServerConfig, SslError};
use sslcore_tests::cases::weak;
use sslcore_tests::chains::{Family, HOST, Made, authority, element, field, leaf};
use sslcore_tests::judging::{ders, errors, found, now, trusting};
use sslcore_tests::pair::{backend, backends};

#[test]
fn a_good_chain_has_no_errors() {
    let family = Family::new();
    assert_eq!(family.found(), []);
    let (leaf, middle) = (&family.leaf, &family.middle);
    assert_eq!(
        found(trusting(&[middle]), &[leaf]),
        [],
        "a CA below the root is trusted"
    );
    let root = &family.root;
    assert_eq!(
        found(trusting(&[root]), &[leaf, middle, root]),
        [],
        "the root is sent, too"
    );
    assert_eq!(
        found(trusting(&[root]), &[leaf, root, middle]),
        [],
        "in any order"
    );
}

#[test]
fn times_that_are_over_or_to_come_are_told_of_each_certificate() {
    let expired = Family::with(|_, leaf| leaf.not_after = rcgen::date_time_ymd(2025, 6, 1));
    assert_eq!(expired.found(), [(CertificateExpired, 0)]);
    let early = Family::with(|middle, _| middle.not_before = rcgen::date_time_ymd(2026, 6, 1));
    assert_eq!(early.found(), [(CertificateNotYetValid, 1)]);
    let both = Family::with(|middle, leaf| {
        middle.not_before = rcgen::date_time_ymd(2026, 6, 1);
        leaf.not_after = rcgen::date_time_ymd(2025, 6, 1);
    });
    let kinds = both.found();
    assert_eq!(
        kinds[..2],
        [(CertificateExpired, 0), (CertificateNotYetValid, 1)]
    );
}

#[test]
fn times_that_are_no_times_are_told_as_such() {
    let bad = |start: &'static [u8], end: &'static [u8]| {
        let Family { root, middle, leaf } = Family::new();
        let key = KeyPair::try_from(middle.key.serialize_der()).expect("key");
        let leaf = leaf.with_fields(&key, |fields| {
            let times = [element(0x17, start), element(0x17, end)].concat();
            fields[field::VALIDITY] = element(0x30, &times);
        });
        Family { root, middle, leaf }.found()
    };
    let kinds = bad(b"250001000000Z", b"350101000000Z");
    assert!(kinds.contains(&(InvalidNotBeforeField, 0)), "{kinds:?}");
    let kinds = bad(b"250101000000Z", b"350132000000Z");
    assert!(kinds.contains(&(InvalidNotAfterField, 0)), "{kinds:?}");
}

#[test]
fn a_self_signed_leaf_is_told_from_a_root_that_nobody_trusts() {
    let alone = Made::self_signed(leaf(&[HOST]));
    assert_eq!(
        found(trusting(&[]), &[&alone]),
        [(SelfSignedCertificate, 0)]
    );
    let Family { root, middle, leaf } = Family::new();
    assert_eq!(
        found(trusting(&[]), &[&leaf, &middle, &root]),
        [(SelfSignedCertificateInChain, 2)]
    );
}

#[test]
fn an_unknown_issuer_is_told_with_the_certificate_that_names_it() {
    let Family { root, middle, leaf } = Family::new();
    assert_eq!(
        found(trusting(&[]), &[&leaf, &middle]),
        [(UnableToGetLocalIssuerCertificate, 1)]
    );
    assert_eq!(
        found(trusting(&[&root]), &[&leaf]),
        [
            (UnableToGetLocalIssuerCertificate, 0),
            (UnableToVerifyFirstCertificate, 0)
        ]
    );
}

#[test]
fn a_signature_of_somebody_elses_is_told_where_it_is() {
    let Family { root, middle, leaf } = Family::new();
    let impostor = Made::self_signed(authority("middle"));
    let forged = impostor.issue(sslcore_tests::chains::leaf(&[HOST]));
    assert_eq!(
        found(trusting(&[&root]), &[&forged, &middle]),
        [(CertificateSignatureFailed, 0)]
    );
    let other_root = Made::self_signed(authority("root"));
    assert_eq!(
        found(trusting(&[&other_root]), &[&leaf, &middle]),
        [(CertificateSignatureFailed, 1)]
    );
}

#[test]
fn what_is_too_weak_or_too_old_to_be_checked_is_unsupported() {
    let (root, old, weak) = weak();
    assert_eq!(
        found(trusting(&[&root]), &[&old]),
        [(UnsupportedAlgorithm, 0)]
    );

    let errors = errors(trusting(&[&root]), &[&weak]);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind(), UnsupportedAlgorithm);
    let text = errors[0].to_string();
    assert!(
        text.contains("1024 bits") && text.contains("2048"),
        "{text}"
    );
}

#[test]
fn an_issuer_that_must_not_issue_is_told() {
    for change in [
        |middle: &mut rcgen::CertificateParams| middle.is_ca = IsCa::ExplicitNoCa,
        |middle: &mut rcgen::CertificateParams| middle.is_ca = IsCa::NoCa,
        |middle: &mut rcgen::CertificateParams| {
            middle.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        },
    ] {
        let family = Family::with(|middle, _| change(middle));
        assert_eq!(family.found(), [(InvalidCaCertificate, 1)]);
    }
}

#[test]
fn a_path_longer_than_a_certificate_allows_is_told_of_that_certificate() {
    let root = Made::self_signed(authority("root"));
    let mut narrow = authority("narrow");
    narrow.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let narrow = root.issue(narrow);
    let middle = narrow.issue(authority("middle"));
    let leaf = middle.issue(leaf(&[HOST]));
    assert_eq!(
        found(trusting(&[&root]), &[&leaf, &middle, &narrow]),
        [(PathLengthExceeded, 2)]
    );
}

#[test]
fn a_certificate_for_another_purpose_is_told() {
    let family = Family::with(|_, leaf| {
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(family.found(), [(InvalidPurpose, 0)]);
    let family = Family::with(|middle, _| {
        middle.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
    });
    assert_eq!(family.found(), [(InvalidPurpose, 1)]);
    let family = Family::with(|_, leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let errors = errors(trusting(&[&family.root]), &[&family.leaf, &family.middle]);
    assert_eq!(errors[0].kind(), InvalidPurpose);
    assert!(
        errors[0].to_string().contains("authority's"),
        "{}",
        errors[0]
    );
}

#[test]
fn a_server_asks_for_a_clients_purpose() {
    let family = Family::new();
    let config = ServerConfig::builder(backend())
        .trust_anchors([family.root.der.clone()])
        .identity(
            [family.leaf.der.clone()],
            KeyPair::try_from(family.leaf.key.serialize_der()).expect("key"),
        )
        .build()
        .expect("a configuration");
    let errors = config.verify_chain(&ders(&[&family.leaf, &family.middle]), Some(now()));
    let kinds: Vec<_> = errors.iter().map(SslError::kind).collect();
    assert_eq!(kinds, [InvalidPurpose]);
}

#[test]
fn a_name_outside_an_issuers_constraints_is_told() {
    let family = Family::with(|middle, _| {
        middle.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
            excluded_subtrees: Vec::new(),
        });
    });
    assert_eq!(family.found(), [(NameConstraintViolation, 0)]);
}

#[test]
fn the_wrong_host_is_told_with_the_names_that_the_certificate_has() {
    let family = Family::with(|_, leaf| {
        leaf.subject_alt_names =
            sslcore_tests::chains::leaf(&["a.test", "*.b.test", "192.0.2.1"]).subject_alt_names;
    });
    let errors = errors(trusting(&[&family.root]), &[&family.leaf, &family.middle]);
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].to_string(),
        "certificate 0 (CN=leaf): the certificate is for another name than server.test: \
         it is for DNS:a.test, DNS:*.b.test, IP:192.0.2.1"
    );
}

#[test]
fn the_common_name_counts_only_when_asked_for_and_without_dns_names() {
    let named = |names: &[&str]| {
        let mut leaf = leaf(names);
        leaf.distinguished_name
            .push(rcgen::DnType::CommonName, HOST);
        leaf
    };
    let root = Made::self_signed(authority("root"));
    let old = root.issue(named(&[]));
    assert_eq!(found(trusting(&[&root]), &[&old]), [(HostNameMismatch, 0)]);
    let fallback = || trusting(&[&root]).common_name_fallback(true);
    assert_eq!(found(fallback(), &[&old]), []);
    let other = root.issue(named(&["other.test"]));
    assert_eq!(found(fallback(), &[&other]), [(HostNameMismatch, 0)]);
}

fn sha256(der: &[u8]) -> Pin {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    Pin::CertificateSha256(digest.as_ref().try_into().expect("32 bytes"))
}

#[test]
fn a_blocked_certificate_is_told_wherever_it_is_and_also_when_it_is_pinned() {
    let Family { root, middle, leaf } = Family::new();
    let blocked = |pin| trusting(&[&root]).block([pin]);
    let chain = [&leaf, &middle];
    assert_eq!(
        found(blocked(sha256(&middle.der)), &chain),
        [(CertificateBlacklisted, 1)]
    );
    let pinned = blocked(sha256(&leaf.der)).pins([sha256(&leaf.der)]);
    assert_eq!(found(pinned, &chain), [(CertificateBlacklisted, 0)]);
    let unknown = [(UnableToGetLocalIssuerCertificate, 1)];
    assert_eq!(
        found(blocked(sha256(&root.der)), &chain),
        unknown,
        "it is no trust anchor either, sent or not"
    );
    let key = Certificate::from_der(root.der.clone()).spki_sha256(&backend());
    let key = Pin::SpkiSha256(key.expect("SHA-256"));
    assert_eq!(found(blocked(key), &chain), unknown);
    assert_eq!(
        found(blocked(key), &[&leaf, &middle, &root]),
        [
            (CertificateBlacklisted, 2),
            (SelfSignedCertificateInChain, 2)
        ]
    );
}

#[test]
fn the_verify_depth_counts_intermediates() {
    let root = Made::self_signed(authority("root"));
    let upper = root.issue(authority("upper"));
    let lower = upper.issue(authority("lower"));
    let leaf = lower.issue(leaf(&[HOST]));
    let chain = [&leaf, &lower, &upper];
    let deep = |depth| found(trusting(&[&root]).verify_depth(depth), &chain);
    assert_eq!(deep(2), []);
    assert_eq!(deep(1), [(ChainTooLong, 0)]);
    let sent = [&leaf, &lower, &upper, &root];
    assert_eq!(
        found(trusting(&[]).verify_depth(2), &sent),
        [(SelfSignedCertificateInChain, 3)],
        "the root is none of them"
    );
}

#[test]
fn what_is_no_certificate_is_undecodable() {
    let Family { root, leaf, .. } = Family::new();
    let config = trusting(&[&root]).build().expect("a configuration");
    for garbage in [
        vec![],
        vec![0x30],
        vec![0x30, 0x80, 0, 0],
        leaf.der[..100].to_vec(),
    ] {
        let errors = config.verify_chain(&[garbage.into()], None, Some(now()));
        let kinds: Vec<_> = errors.iter().map(SslError::kind).collect();
        assert_eq!(kinds, [UndecodableCertificate]);
    }
}

#[test]
fn a_certificate_of_version_1_is_read_all_the_same() {
    let root = Made::self_signed(authority("root"));
    let old = root.issue(leaf(&[HOST])).with_fields(&root.key, |fields| {
        fields.remove(field::EXTENSIONS);
        fields.remove(field::VERSION);
    });
    let kinds = found(trusting(&[&root]), &[&old]);
    assert_eq!(kinds, [(UndecodableCertificate, 0), (HostNameMismatch, 0)]);
    let pinned = trusting(&[]).pins([sha256(&old.der)]);
    assert_eq!(found(pinned, &[&old]), []);
}

#[test]
fn without_a_clock_dates_are_not_judged_and_everything_else_is() {
    let expired = Family::with(|_, leaf| leaf.not_after = rcgen::date_time_ymd(2025, 6, 1));
    let config = trusting(&[&expired.root]).build().expect("a configuration");
    let chain = ders(&[&expired.leaf, &expired.middle]);
    let errors = config.verify_chain(&chain, None, None);
    let kinds: Vec<_> = errors.iter().map(SslError::kind).collect();
    assert_eq!(kinds, [NoWallClock]);
    let stranger = trusting(&[]).build().expect("a configuration");
    let errors = stranger.verify_chain(&chain, None, None);
    let kinds: Vec<_> = errors.iter().map(SslError::kind).collect();
    assert_eq!(kinds, [NoWallClock, UnableToGetLocalIssuerCertificate]);
}

#[test]
fn the_tolerance_moves_the_clock_and_no_further() {
    // NOW is the first second of 2026.
    let expired = Family::with(|_, leaf| leaf.not_after = rcgen::date_time_ymd(2025, 12, 31));
    let chain = [&expired.leaf, &expired.middle];
    let day = Duration::from_secs(24 * 60 * 60);
    let tolerant = |by| trusting(&[&expired.root]).clock_tolerance(by);
    assert_eq!(found(tolerant(day), &chain), []);
    let less = day - Duration::from_secs(1);
    assert_eq!(found(tolerant(less), &chain), [(CertificateExpired, 0)]);
    let early = Family::with(|_, leaf| leaf.not_before = rcgen::date_time_ymd(2026, 1, 2));
    let chain = [&early.leaf, &early.middle];
    let tolerant = |by| trusting(&[&early.root]).clock_tolerance(by);
    assert_eq!(found(tolerant(day), &chain), []);
    assert_eq!(found(tolerant(less), &chain), [(CertificateNotYetValid, 0)]);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let Family { middle, .. } = Family::with(|middle, _| {
        middle.not_after = rcgen::date_time_ymd(2025, 6, 1);
        middle.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let mut bad = leaf(&["elsewhere.test"]);
    bad.not_before = rcgen::date_time_ymd(2025, 3, 1);
    bad.not_after = rcgen::date_time_ymd(2025, 5, 1);
    let bad = middle.issue(bad);
    assert_eq!(
        found(trusting(&[]), &[&bad, &middle]),
        [
            (UnableToGetLocalIssuerCertificate, 1),
            (CertificateExpired, 0),
            (CertificateExpired, 1),
            (InvalidPurpose, 1),
            (HostNameMismatch, 0),
        ]
    );
}

#[test]
fn what_hides_behind_what_was_found_is_found_too() {
    let family = Family::with(|middle, leaf| {
        middle.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
            excluded_subtrees: Vec::new(),
        });
        leaf.not_after = rcgen::date_time_ymd(2025, 6, 1);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(
        family.found(),
        [
            (CertificateExpired, 0),
            (InvalidPurpose, 0),
            (NameConstraintViolation, 0)
        ]
    );
}

#[test]
fn a_certificate_that_was_never_valid_together_with_its_issuer_hides_nothing() {
    let family = Family::with(|middle, leaf| {
        middle.not_before = rcgen::date_time_ymd(2025, 7, 1);
        leaf.not_after = rcgen::date_time_ymd(2025, 6, 1);
    });
    let kinds = family.found();
    assert_eq!(kinds, [(CertificateExpired, 0), (Unspecified, 0)]);
}

#[test]
fn every_backend_finds_the_same() {
    let family = Family::with(|_, leaf| leaf.not_after = rcgen::date_time_ymd(2025, 6, 1));
    let impostor = Made::self_signed(authority("middle"));
    let forged = impostor.issue(leaf(&[HOST]));
    for backend in backends() {
        let config = |anchor: &Made| {
            ClientConfig::builder(backend.clone()).trust_anchors([anchor.der.clone()])
        };
        let name = backend.name();
        let chain = [&family.leaf, &family.middle];
        assert_eq!(
            found(config(&family.root), &chain),
            [(CertificateExpired, 0)],
            "{name}"
        );
        let chain = [&forged, &family.middle];
        let kinds = found(config(&family.root), &chain);
        assert_eq!(kinds, [(CertificateSignatureFailed, 0)], "{name}");
    }
}

#[test]
fn every_error_is_a_sentence_that_names_its_certificate() {
    let expired = Family::with(|_, leaf| leaf.not_after = rcgen::date_time_ymd(2025, 6, 1));
    let errors = errors(trusting(&[]), &[&expired.leaf, &expired.middle]);
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "certificate 1 (CN=middle): the issuer of the certificate is not known: \
             neither a trust anchor nor the peer's chain has CN=root",
            "certificate 0 (CN=leaf): the certificate has expired: \
             it was valid until 2025-06-01 00:00:00 UTC; it is 2026-01-01 00:00:00 UTC",
        ]
    );
}
