//! What a certificate says about itself.

use rcgen::{CertificateParams, DnType, KeyPair};
use sslcore::Certificate;
use sslcore_tests::certs::WORLD;

fn named(name: &[(DnType, &str)]) -> Certificate {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = rcgen::DistinguishedName::new();
    for (kind, value) in name {
        params.distinguished_name.push(kind.clone(), *value);
    }
    let key = KeyPair::generate().expect("key");
    let certificate = params.self_signed(&key).expect("certificate");
    Certificate::from_der(certificate.der().clone())
}

#[test]
fn its_common_name_is_found_among_the_other_names() {
    let certificate = named(&[
        (DnType::OrganizationName, "Example"),
        (DnType::CommonName, "żółw.test"),
    ]);
    assert_eq!(certificate.common_name(), Some("żółw.test"));
}

#[test]
fn a_certificate_without_a_common_name_has_none() {
    let certificate = named(&[(DnType::OrganizationName, "Example")]);
    assert_eq!(certificate.common_name(), None);
}

#[test]
fn no_prefix_of_a_certificate_has_a_name() {
    let der = &WORLD.server.chain[0];
    for len in 0..der.len() {
        let cut = Certificate::from_der(der[..len].to_vec());
        assert_eq!(cut.common_name(), None, "{len} bytes");
    }
}
