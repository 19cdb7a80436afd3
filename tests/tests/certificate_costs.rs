//! What a certificate costs: one small allocation, and none when it is cloned or asked.

use std::collections::HashSet;

use allocation_counter::measure;
use rustls_pki_types::CertificateDer;
use sslcore::{Certificate, KeyKind};
use sslcore_tests::certs::WORLD;
use sslcore_tests::pair::backend;

fn server() -> CertificateDer<'static> {
    WORLD.server.chain[0].clone()
}

/// So many bytes: the DER's place and length, and how many share it.
const SHARED: u64 = (size_of::<CertificateDer<'static>>() + 2 * size_of::<usize>()) as u64;

#[test]
fn to_take_the_der_costs_what_shares_it_and_reads_nothing() {
    for der in [server(), vec![0xff; 1 << 20].into()] {
        let bytes = der.as_ptr();
        let mut taken = None;
        let info = measure(|| taken = Some(Certificate::from_der(der)));
        assert_eq!((info.count_total, info.bytes_total), (1, SHARED));
        assert_eq!(taken.expect("taken").der().as_ptr(), bytes);
    }
}

#[test]
fn a_clone_shares_the_der() {
    let certificate = Certificate::from_der(server());
    let mut clone = None;
    let info = measure(|| clone = Some(certificate.clone()));
    assert_eq!((info.count_total, info.bytes_total), (0, 0));
    let clone = clone.expect("cloned");
    assert!(std::ptr::eq(clone.der(), certificate.der()));
    assert_eq!(clone, certificate);
}

#[test]
fn its_answers_are_borrowed() {
    let certificate = Certificate::from_der(server());
    let backend = backend();
    let info = measure(|| {
        let subject = certificate.subject().expect("a subject");
        assert!(subject.attributes().all(|it| it.value().is_some()));
        assert!(certificate.issuer().is_some_and(|it| it != subject));
        assert_eq!(certificate.common_name(), Some("leaf"));
        assert!(certificate.serial().is_some() && certificate.version() == Some(3));
        assert!(certificate.not_before() < certificate.not_after());
        assert_eq!(certificate.alternative_names().count(), 2);
        assert!(certificate.public_key_info().is_some());
        assert_eq!(certificate.key_kind(), Some(KeyKind::EcdsaP256));
        assert_eq!(certificate.key_usages().count(), 0);
        assert_eq!(certificate.extended_key_usages().count(), 2);
        assert!(!certificate.is_ca() && !certificate.is_self_issued());
        assert!(certificate.fingerprint_sha256(&backend).is_some());
        assert!(certificate.spki_sha256(&backend).is_some());
    });
    assert_eq!(info.count_total, 0);
}

#[test]
fn two_are_one_when_their_der_is_the_same() {
    let one = Certificate::from_der(server());
    let same = Certificate::from(CertificateDer::from(server().to_vec()));
    assert_eq!(one, same);
    let mut bent = server().to_vec();
    *bent.last_mut().expect("a byte") ^= 1;
    let other = Certificate::from_der(bent);
    assert_ne!(one, other);
    assert_eq!(one.subject(), other.subject());
    let all = HashSet::from([one.clone(), same, other.clone(), one.clone()]);
    assert_eq!(all, HashSet::from([one, other]));
}
