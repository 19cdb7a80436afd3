//! What a certificate's key may be used for, beside the extended usages: what it does not say that
//! it may, it may not.

use rcgen::{DnType, IsCa, KeyUsagePurpose};
use sslcore::SslErrorKind::*;
use sslcore_tests::chains::{Family, HOST, Made, authority, leaf};
use sslcore_tests::judging::{errors, found, trusting};

#[test]
fn a_trusted_certificate_that_is_no_authoritys_is_trusted_itself_and_issues_nothing() {
    // As a person adds the certificate of a printer.
    let printer = Made::self_signed(leaf(&[HOST]));
    let trusted = || trusting(&[&printer]);
    assert_eq!(found(trusted(), &[&printer]), []);
    let mut bank = leaf(&[HOST]);
    bank.distinguished_name.push(DnType::CommonName, "bank");
    let bank = printer.issue(bank);
    let unknown = [
        (UnableToGetLocalIssuerCertificate, 0),
        (UnableToVerifyFirstCertificate, 0),
    ];
    assert_eq!(found(trusted(), &[&bank]), unknown);
    assert_eq!(
        found(trusted(), &[&bank, &printer]),
        [(SelfSignedCertificateInChain, 1), (InvalidCaCertificate, 1)]
    );
}

#[test]
fn a_trusted_certificate_that_says_that_it_issues_nothing_issues_nothing() {
    let no_authority = |change: fn(&mut rcgen::CertificateParams)| {
        let mut params = authority("root");
        change(&mut params);
        Made::self_signed(params)
    };
    for root in [
        no_authority(|root| root.is_ca = IsCa::ExplicitNoCa),
        no_authority(|root| root.key_usages = vec![KeyUsagePurpose::CrlSign]),
    ] {
        let leaf = root.issue(leaf(&[HOST]));
        assert_eq!(
            found(trusting(&[&root]), &[&leaf])[0],
            (UnableToGetLocalIssuerCertificate, 0)
        );
    }
}

#[test]
fn a_key_that_may_not_sign_handshakes_is_for_another_purpose() {
    use KeyUsagePurpose::{CrlSign, DigitalSignature, KeyCertSign, KeyEncipherment};
    let check = |usages: &[KeyUsagePurpose]| {
        let family = Family::with(|_, leaf| leaf.key_usages = usages.to_vec());
        family.found()
    };
    assert_eq!(check(&[DigitalSignature]), []);
    assert_eq!(check(&[DigitalSignature, KeyEncipherment]), []);
    for usage in [CrlSign, KeyCertSign, KeyEncipherment] {
        assert_eq!(check(&[usage]), [(InvalidPurpose, 0)], "{usage:?}");
    }
    // And when something else is wrong.
    let family = Family::with(|_, leaf| leaf.key_usages = vec![KeyCertSign]);
    assert_eq!(
        found(trusting(&[]), &[&family.leaf, &family.middle]),
        [(UnableToGetLocalIssuerCertificate, 1), (InvalidPurpose, 0)]
    );
    let told = errors(trusting(&[&family.root]), &[&family.leaf, &family.middle]);
    assert_eq!(
        told[0].to_string(),
        "certificate 0 (CN=leaf): the certificate is not for this purpose: \
         its key usage does not have digitalSignature"
    );
}
