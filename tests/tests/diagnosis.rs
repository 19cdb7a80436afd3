//! Every error of a chain, each with its certificate: one chain for each kind, and for what
//! hides behind another.

use std::time::Duration;

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls_pki_types::CertificateDer;
use sslcore::SslErrorKind::*;
use sslcore::{
    Certificate, ClientConfig, ConfigBuilder, PeerName, Pin, ServerConfig, SslError, SslErrorKind,
    UnixTime,
};
use sslcore_tests::cases::{cases, weak};
use sslcore_tests::certs::NOW;
use sslcore_tests::chains::{Family, HOST, Made, authority, field, leaf};
use sslcore_tests::pair::{backend, backends};

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW))
}

fn trusting(anchors: &[&Made]) -> ConfigBuilder<ClientConfig> {
    ClientConfig::builder(backend()).trust_anchors(anchors.iter().map(|made| made.der.clone()))
}

fn ders(chain: &[&Made]) -> Vec<CertificateDer<'static>> {
    chain.iter().map(|made| made.der.clone()).collect()
}

fn judged(config: ConfigBuilder<ClientConfig>, chain: &[CertificateDer<'static>]) -> Vec<SslError> {
    let name = PeerName::new(HOST).expect("a name");
    let config = config.build().expect("a configuration");
    config.verify_chain(chain, Some(&name), Some(now()))
}

fn errors(config: ConfigBuilder<ClientConfig>, chain: &[&Made]) -> Vec<SslError> {
    judged(config, &ders(chain))
}

#[track_caller]
fn found(config: ConfigBuilder<ClientConfig>, chain: &[&Made]) -> Vec<(SslErrorKind, usize)> {
    found_in(config, &ders(chain))
}

/// Kind and depth of each error; each belongs to the certificate at its depth.
#[track_caller]
fn found_in(
    config: ConfigBuilder<ClientConfig>,
    chain: &[CertificateDer<'static>],
) -> Vec<(SslErrorKind, usize)> {
    let errors = judged(config, chain);
    for error in &errors {
        let its_own = error.certificate().map(Certificate::der);
        assert_eq!(its_own, Some(&chain[error.depth()]), "{error}");
    }
    errors
        .iter()
        .map(|error| (error.kind(), error.depth()))
        .collect()
}

#[test]
fn every_chain_of_the_list_has_its_errors_and_no_others() {
    for case in cases() {
        let config = ClientConfig::builder(backend())
            .trust_anchors(case.anchors.clone())
            .revocation_lists(case.lists.clone(), !case.lists.is_empty());
        assert_eq!(found_in(config, &case.chain), case.errors, "{}", case.name);
    }
}

#[test]
fn a_key_that_is_too_short_is_told_with_the_length_that_is_needed() {
    let (root, _, weak) = weak();
    let text = errors(trusting(&[&root]), &[&weak])[0].to_string();
    assert!(
        text.contains("1024 bits") && text.contains("2048"),
        "{text}"
    );
}

#[test]
fn an_authority_that_serves_is_told_from_a_certificate_for_another_purpose() {
    let authority = Family::with(|_, leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let client = Family::with(|_, leaf| {
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    for (family, says) in [(authority, "authority's"), (client, "extended key usage")] {
        let chain = [&family.leaf, &family.middle];
        let text = errors(trusting(&[&family.root]), &chain)[0].to_string();
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn a_server_asks_for_a_clients_purpose() {
    let family = Family::new();
    let config = ServerConfig::builder(backend())
        .trust_anchors([family.root.der.clone()])
        .identity(
            [family.leaf.der.clone()],
            KeyPair::try_from(family.leaf.key.serialize_der())
                .expect("key")
                .into(),
        )
        .build()
        .expect("a configuration");
    let errors = config.verify_chain(&ders(&[&family.leaf, &family.middle]), Some(now()));
    let kinds: Vec<_> = errors.iter().map(SslError::kind).collect();
    assert_eq!(kinds, [InvalidPurpose]);
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

#[test]
fn a_revoked_certificate_is_told() {
    let family = Family::with(|middle, leaf| {
        middle.serial_number = Some(7u64.into());
        leaf.serial_number = Some(8u64.into());
    });
    let (root, middle, leaf) = (&family.root, &family.middle, &family.leaf);
    let check = |lists: Vec<_>, required| {
        let config = trusting(&[root]).revocation_lists(lists, required);
        found(config, &[leaf, middle])
    };
    assert_eq!(
        check(vec![middle.revoke(&[8], 2030)], false),
        [(CertificateRevoked, 0)]
    );
    assert_eq!(
        check(vec![root.revoke(&[7], 2030)], false),
        [(CertificateRevoked, 1)]
    );
    assert_eq!(check(vec![middle.revoke(&[9], 2030)], false), []);
    let both = vec![root.revoke(&[9], 2030), middle.revoke(&[9], 2030)];
    assert_eq!(check(both, true), []);
}

#[test]
fn a_list_that_is_of_no_use_is_an_error_and_no_list_only_where_one_is_required() {
    let Family { root, middle, leaf } = Family::new();
    let impostor = Made::self_signed(authority("middle"));
    let outdated = middle.revoke(&[], 2025);
    let forged = impostor.revoke(&[], 2030);
    for (lists, required, good) in [
        (vec![], false, true),
        (vec![], true, false),
        (vec![outdated], false, false),
        (vec![forged], false, false),
    ] {
        let config = trusting(&[&root]).revocation_lists(lists, required);
        let kinds = found(config, &[&leaf, &middle]);
        let expected = [(CertificateStatusUnknown, 0)];
        assert_eq!(kinds, expected[usize::from(good)..]);
    }
}

#[test]
fn a_list_of_revoked_certificates_that_cannot_be_read_is_refused_by_number() {
    let family = Family::new();
    let lists = [family.root.revoke(&[], 2030), vec![1, 2, 3].into()];
    let refused = trusting(&[]).revocation_lists(lists, false).build();
    let text = refused.expect_err("it is garbage").to_string();
    assert!(text.contains("revocation list 1"), "{text}");
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
    assert_eq!(found(blocked(sha256(&root.der)), &chain), []);
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
fn a_chain_made_to_explode_the_search_ends_within_its_budget() {
    // Many authorities of one name that issued each other: every order of them is a path.
    let many: Vec<Made> = (0..12)
        .map(|_| Made::self_signed(authority("same")))
        .collect();
    let cross: Vec<Made> = many
        .iter()
        .zip(many.iter().cycle().skip(1))
        .map(|(issuer, subject)| {
            let key = KeyPair::try_from(subject.key.serialize_der()).expect("key");
            issuer.issue_to(authority("same"), key)
        })
        .collect();
    let leaf = many[0].issue(leaf(&[HOST]));
    let mut chain = vec![&leaf];
    chain.extend(&cross);
    let root = Made::self_signed(authority("root"));
    let kinds: Vec<_> = errors(trusting(&[&root]), &chain)
        .iter()
        .map(SslError::kind)
        .collect();
    assert!(kinds.contains(&PathSearchExceeded), "{kinds:?}");
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
    let beside_it = format!("{:#}", errors[1]);
    assert_eq!(
        Some(beside_it.as_str()),
        texts[1].strip_prefix("certificate 0 (CN=leaf): ")
    );
}
