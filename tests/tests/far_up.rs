//! Chains with one thing wrong, at every depth that a path reaches: below the seventh intermediate
//! webpki looks too, above it nobody else does; nor above an issuer that is named in other bytes.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use sslcore::SslErrorKind::{self, *};
use sslcore::{Certificate, Pin};
use sslcore_tests::chains::{HOST, Made, authority, distinguished_name, element, field, leaf};
use sslcore_tests::flaws::elsewhere;
use sslcore_tests::judging::{found, trusting};
use sslcore_tests::pair::backend;

/// As many as a path has at the most.
const INTERMEDIATES: usize = 16;

/// One thing that is wrong with an intermediate.
enum Flaw {
    /// In what is signed.
    Said(fn(&mut CertificateParams)),
    /// In fields of its own, which whoever has this key signs again.
    Field(fn(&mut Vec<Vec<u8>>)),
    /// Somebody else has signed it.
    Forged,
    /// As many intermediates below as there are, but for one.
    PathLength,
}

/// What is wrong, what is told of it, and whether of the leaf.
type Row = (&'static str, Flaw, SslErrorKind, bool);

fn extension(id: &[u64], value: &[u8]) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(id, value.to_vec());
    extension.set_criticality(true);
    extension
}

fn rows() -> Vec<Row> {
    let row = |what, flaw, kind| (what, flaw, kind, false);
    vec![
        row(
            "expired",
            Flaw::Said(|it| it.not_after = date_time_ymd(2025, 6, 1)),
            CertificateExpired,
        ),
        row(
            "not yet valid",
            Flaw::Said(|it| it.not_before = date_time_ymd(2026, 6, 1)),
            CertificateNotYetValid,
        ),
        row(
            "a month that there is not",
            Flaw::Field(|it| it[field::VALIDITY][4..17].copy_from_slice(b"250001000000Z")),
            InvalidNotBeforeField,
        ),
        row(
            "CA:FALSE",
            Flaw::Said(|it| it.is_ca = IsCa::ExplicitNoCa),
            InvalidCaCertificate,
        ),
        row(
            "no basicConstraints",
            Flaw::Said(|it| it.is_ca = IsCa::NoCa),
            InvalidCaCertificate,
        ),
        row(
            "no keyCertSign",
            Flaw::Said(|it| it.key_usages = vec![KeyUsagePurpose::CrlSign]),
            InvalidCaCertificate,
        ),
        row("pathLenConstraint", Flaw::PathLength, PathLengthExceeded),
        row(
            "for mail",
            Flaw::Said(|it| {
                it.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
            }),
            InvalidPurpose,
        ),
        row(
            "for clients",
            Flaw::Said(|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
            InvalidPurpose,
        ),
        row(
            "a critical extension",
            Flaw::Said(|it| it.custom_extensions = vec![extension(&[2, 5, 29, 99], &[5, 0])]),
            UndecodableCertificate,
        ),
        row(
            "an extension twice",
            Flaw::Said(|it| {
                let constraints = extension(&[2, 5, 29, 19], &[0x30, 3, 1, 1, 0xff]);
                it.custom_extensions = vec![constraints];
            }),
            UndecodableCertificate,
        ),
        row(
            "constraints that are none",
            Flaw::Said(|it| it.custom_extensions = vec![extension(&[2, 5, 29, 30], &[5, 0])]),
            UndecodableCertificate,
        ),
        (
            "constrained to another host",
            Flaw::Said(|it| it.name_constraints = elsewhere()),
            NameConstraintViolation,
            true,
        ),
        row(
            "version 2",
            Flaw::Field(|it| it[field::VERSION] = element(0xa0, &[2, 1, 1])),
            UndecodableCertificate,
        ),
        // ecdsa-with-SHA1, 1.2.840.10045.4.1
        row(
            "SHA-1",
            Flaw::Field(|it| {
                let sha1 = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1];
                it[field::ALGORITHM] = element(0x30, &sha1);
            }),
            UnsupportedAlgorithm,
        ),
        row("forged", Flaw::Forged, CertificateSignatureFailed),
    ]
}

/// Names its issuer in capitals, and in another type of string.
fn shout(made: Made, issuer: &Made, name: &str) -> Made {
    let name = distinguished_name(&[&[(&[0x55, 4, 3], 0x13, name.as_bytes())]]);
    made.with_fields(&issuer.key, |fields| fields[field::ISSUER] = name)
}

/// An anchor, and a chain of intermediates below it; this is wrong with the one at this depth. When it
/// is `loud`, issuers are named in other bytes than their own.
fn line(flaw: Option<(&Flaw, usize)>, loud: bool) -> (Made, Vec<Made>) {
    let root = Made::self_signed(authority("root"));
    let mut chain: Vec<Made> = Vec::new();
    let mut name = String::from("root");
    for depth in (0..=INTERMEDIATES).rev() {
        let own = format!("ca {depth}");
        let mut params = match depth {
            0 => leaf(&[HOST]),
            _ => authority(&own),
        };
        params.serial_number = Some((100 + depth as u64).into());
        let flaw = flaw.filter(|(_, at)| *at == depth).map(|(flaw, _)| flaw);
        match flaw {
            Some(Flaw::Said(change)) => change(&mut params),
            Some(Flaw::PathLength) => {
                params.is_ca = IsCa::Ca(BasicConstraints::Constrained(depth as u8 - 2));
            }
            _ => {}
        }
        let issuer = chain.first().unwrap_or(&root);
        let mut made = issuer.issue(params);
        if loud {
            made = shout(made, issuer, &name.to_uppercase());
        }
        match flaw {
            Some(Flaw::Field(change)) => made = made.with_fields(&issuer.key, change),
            Some(Flaw::Forged) => {
                made = made.with_fields(&KeyPair::generate().expect("key"), |_| ());
            }
            _ => {}
        }
        chain.insert(0, made);
        name = own;
    }
    (root, chain)
}

fn refs(chain: &[Made]) -> Vec<&Made> {
    chain.iter().collect()
}

#[track_caller]
fn assert_told_at_every_depth(loud: bool) {
    let (root, chain) = line(None, loud);
    assert_eq!(found(trusting(&[&root]), &refs(&chain)), []);
    for (what, flaw, kind, of_leaf) in rows() {
        // The one that issues the leaf allows as few as there are.
        let first = if matches!(flaw, Flaw::PathLength) {
            2
        } else {
            1
        };
        for depth in first..=INTERMEDIATES {
            let (root, chain) = line(Some((&flaw, depth)), loud);
            let wanted = [(kind, if of_leaf { 0 } else { depth })];
            let kinds = found(trusting(&[&root]), &refs(&chain));
            assert_eq!(kinds, wanted, "{what}, {depth}");
        }
    }
}

#[test]
fn whatever_is_wrong_with_an_issuer_is_told_at_every_depth() {
    assert_told_at_every_depth(false);
}

#[test]
fn whatever_is_wrong_with_an_issuer_that_is_named_in_other_bytes_is_told_at_every_depth() {
    assert_told_at_every_depth(true);
}

#[test]
fn whoever_is_blocked_or_revoked_is_so_at_every_depth() {
    for loud in [false, true] {
        let (root, chain) = line(None, loud);
        for (depth, made) in chain.iter().enumerate() {
            let certificate = Certificate::from_der(made.der.clone());
            let fingerprint = certificate.fingerprint_sha256(&backend()).expect("SHA-256");
            let blocking = trusting(&[&root]).block([Pin::CertificateSha256(fingerprint)]);
            let kinds = found(blocking, &refs(&chain));
            assert_eq!(kinds, [(CertificateBlacklisted, depth)]);
            let issuer = chain.get(depth + 1).unwrap_or(&root);
            let list = |serial| issuer.revoke(&[serial], 2030);
            let revoking = |serial| trusting(&[&root]).revocation_lists([list(serial)], false);
            let serial = 100 + depth as u64;
            let kinds = found(revoking(serial), &refs(&chain));
            assert_eq!(kinds, [(CertificateRevoked, depth)]);
            assert_eq!(found(revoking(serial + 1), &refs(&chain)), []);
        }
    }
}

#[test]
fn a_list_of_an_issuer_that_may_not_sign_lists_counts_at_no_depth() {
    let silent = Flaw::Said(|it| it.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    for depth in 1..=INTERMEDIATES {
        let (root, chain) = line(Some((&silent, depth)), false);
        let key = KeyPair::try_from(chain[depth].key.serialize_der()).expect("key");
        let signer = Made::self_signed_by(authority(&format!("ca {depth}")), key);
        let lists = [signer.revoke(&[], 2030)];
        let kinds = found(
            trusting(&[&root]).revocation_lists(lists, false),
            &refs(&chain),
        );
        assert_eq!(kinds, [(CertificateStatusUnknown, depth - 1)]);
    }
}
