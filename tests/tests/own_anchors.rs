//! Certificates that are trust anchors and their peers' own: what `openssl req -x509` makes.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyUsagePurpose, NameConstraints,
};
use sslcore::SslErrorKind::*;
use sslcore::{ClientConfig, ServerConfig};
use sslcore_tests::certs::WORLD;
use sslcore_tests::chains::{HOST, Made, authority, leaf};
use sslcore_tests::judging::{ders, errors, found, now, trusting};
use sslcore_tests::pair::{Pair, backend};

/// An authority's certificate that is a server's, too.
fn home_server(change: impl FnOnce(&mut CertificateParams)) -> Made {
    let mut params = leaf(&[HOST]);
    params.is_ca = authority("").is_ca;
    params.extended_key_usages.clear();
    change(&mut params);
    Made::self_signed(params)
}

#[test]
fn one_that_is_an_authoritys_too_is_good_for_its_peer_and_for_whom_it_issued() {
    let own = home_server(|_| ());
    assert_eq!(found(trusting(&[&own]), &[&own]), []);
    let issued = own.issue(leaf(&[HOST]));
    assert_eq!(found(trusting(&[&own]), &[&issued]), []);
    assert_eq!(found(trusting(&[&own]), &[&issued, &own]), []);
    let as_client = ServerConfig::builder(backend())
        .identity(WORLD.server.chain.clone(), WORLD.server.key())
        .trust_anchors([own.der.clone()])
        .build()
        .expect("a configuration");
    assert_eq!(as_client.verify_chain(&ders(&[&own]), Some(now())), []);
}

#[test]
fn its_names_dates_and_usages_are_judged() {
    for (own, wanted) in [
        (
            home_server(|own| own.subject_alt_names = leaf(&["a.test"]).subject_alt_names),
            HostNameMismatch,
        ),
        (
            home_server(|own| own.not_after = rcgen::date_time_ymd(2025, 6, 1)),
            CertificateExpired,
        ),
        (
            home_server(|own| own.not_before = rcgen::date_time_ymd(2026, 6, 1)),
            CertificateNotYetValid,
        ),
        (
            home_server(|own| own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]),
            InvalidPurpose,
        ),
        (
            home_server(|own| own.key_usages = vec![KeyUsagePurpose::KeyCertSign]),
            InvalidPurpose,
        ),
    ] {
        assert_eq!(found(trusting(&[&own]), &[&own]), [(wanted, 0)]);
    }
    let own =
        home_server(|own| own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    let silent = home_server(|own| own.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    for (own, why) in [
        (own, "it is for clientAuth, and not for a TLS server"),
        (silent, "its key usage does not have digitalSignature"),
    ] {
        let sentence = errors(trusting(&[&own]), &[&own])[0].to_string();
        assert!(sentence.ends_with(why), "{sentence}");
    }
}

#[test]
fn only_the_certificate_itself_is_trusted_so() {
    let own = home_server(|_| ());
    // Made again with its key, and by another authority of its name.
    let again = Made::self_signed_by(
        own.params.clone(),
        rcgen::KeyPair::try_from(own.key.serialize_der()).expect("key"),
    );
    let again = again.with_fields(&own.key, |fields| fields[1] = vec![2, 1, 9]);
    let other = home_server(|_| ());
    for stranger in [&again, &other] {
        let kinds = found(trusting(&[&own]), &[stranger]);
        assert!(kinds.contains(&(InvalidPurpose, 0)), "{kinds:?}");
    }
    let errors = errors(trusting(&[]), &[&own]);
    let kinds = errors.iter().map(|error| error.kind());
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [SelfSignedCertificate, InvalidPurpose]
    );
    let sentence = errors[1].to_string();
    assert!(
        sentence.ends_with("it is a certificate authority's, and not a server's"),
        "{sentence}"
    );
}

#[test]
fn an_authority_below_another_one_is_no_peer() {
    let root = Made::self_signed(authority("root"));
    let client = |own: &mut CertificateParams| {
        own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let other = root.issue(home_server(client).params);
    let errors = errors(trusting(&[&root]), &[&other]);
    let sentence = errors[0].to_string();
    assert!(
        sentence.ends_with("it is a certificate authority's, and not a server's"),
        "{sentence}"
    );
    let middle = root.issue(home_server(|_| ()).params);
    assert_eq!(found(trusting(&[&root]), &[&middle]), [(InvalidPurpose, 0)]);
    let both = trusting(&[&root, &middle]);
    assert_eq!(found(both, &[&middle]), [(InvalidPurpose, 0)]);
}

#[test]
fn its_own_list_can_revoke_it() {
    let own = home_server(|own| {
        own.serial_number = Some(7u64.into());
        own.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
        ];
    });
    let check = |serials: &[u64]| {
        let lists = [own.revoke(serials, 2030)];
        found(trusting(&[&own]).revocation_lists(lists, true), &[&own])
    };
    assert_eq!(check(&[9]), []);
    assert_eq!(check(&[7]), [(CertificateRevoked, 0)]);
}

#[test]
fn a_blocked_one_stays_blocked() {
    let own = home_server(|_| ());
    let certificate = sslcore::Certificate::from_der(own.der.clone());
    let pin = certificate.fingerprint_sha256(&backend()).expect("SHA-256");
    let config = ClientConfig::builder(backend())
        .trust_anchors([own.der.clone()])
        .block([sslcore::Pin::CertificateSha256(pin)]);
    let kinds = found(config, &[&own]);
    assert_eq!(kinds.first(), Some(&(CertificateBlacklisted, 0)));
}

#[test]
fn one_without_keycertsign_vouches_for_nobody_else() {
    let own = home_server(|own| own.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    assert_eq!(found(trusting(&[&own]), &[&own]), []);
    let issued = own.issue(leaf(&[HOST]));
    for chain in [&[&issued][..], &[&issued, &own]] {
        assert_ne!(found(trusting(&[&own]), chain), []);
    }
    // Nor for one that is called as it is.
    let mut params = own.params.clone();
    params.is_ca = IsCa::ExplicitNoCa;
    let namesake = own.issue(params);
    for chain in [&[&namesake][..], &[&namesake, &own]] {
        assert_ne!(found(trusting(&[&own]), chain), []);
    }
}

#[test]
fn an_issuer_that_is_not_known_is_not_taken_for_a_leaf_that_is_trusted() {
    let own = home_server(|own| own.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    let stranger = Made::self_signed(authority("stranger"));
    for (issuer, why) in [
        (&own, "make no authority of the trust anchor CN=leaf"),
        (
            &stranger,
            "neither a trust anchor nor the peer's chain has CN=stranger",
        ),
    ] {
        let mut below = leaf(&[HOST]);
        below.distinguished_name.push(DnType::CommonName, "below");
        let errors = errors(trusting(&[&own]), &[&issuer.issue(below)]);
        assert_eq!(errors[0].kind(), UnableToGetLocalIssuerCertificate);
        let sentence = errors[0].to_string();
        assert!(sentence.ends_with(why), "{sentence}");
    }
}

#[test]
fn as_an_authority_it_has_its_limits() {
    let own = home_server(|own| own.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let middle = own.issue(authority("middle"));
    let below = middle.issue(leaf(&[HOST]));
    assert_eq!(found(trusting(&[&own]), &[&own]), []);
    // Copies of it in the chain are no other issuers.
    assert_eq!(found(trusting(&[&own]), &[&own, &own, &own]), []);
    assert_eq!(
        found(trusting(&[&own]), &[&below, &middle, &own]),
        found(trusting(&[&own]), &[&below, &middle])
    );
    let elsewhere = NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
        excluded_subtrees: Vec::new(),
    };
    let own = home_server(|own| own.name_constraints = Some(elsewhere));
    let outside = (NameConstraintViolation, 0);
    for chain in [&[&own.issue(leaf(&[HOST]))][..], &[&own]] {
        assert_eq!(found(trusting(&[&own]), chain), [outside]);
    }
    let expired = home_server(|own| own.not_after = rcgen::date_time_ymd(2025, 6, 1));
    let kinds = found(
        trusting(&[&expired]),
        &[&expired.issue(leaf(&[HOST])), &expired],
    );
    assert!(!kinds.contains(&(InvalidPurpose, 0)), "{kinds:?}");
}

#[test]
fn a_forged_one_is_not_trusted_even_as_an_anchor() {
    let other = rcgen::KeyPair::generate().expect("key");
    let own = home_server(|_| ()).with_fields(&other, |_| ());
    let kinds = found(trusting(&[&own]), &[&own]);
    assert!(
        kinds.contains(&(CertificateSignatureFailed, 0)),
        "{kinds:?}"
    );
}

#[test]
fn a_handshake_with_one_is_encrypted() {
    let own = home_server(|_| ());
    let identity = own.identity(&[]);
    let server = ServerConfig::builder(backend())
        .identity(identity.chain.clone(), identity.key())
        .build()
        .expect("a configuration");
    let client = trusting(&[&own]).build().expect("a configuration");
    let mut pair = Pair::tls(&client, &server);
    pair.run();
    assert!(pair.client.conn.is_encrypted() && pair.server.conn.is_encrypted());
    assert!(pair.client.conn.ssl_errors().is_empty());
}
