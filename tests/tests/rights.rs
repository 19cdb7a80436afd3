//! What a certificate's key may be used for, beside the extended usages: what it does not say that
//! it may, it may not.

use rcgen::KeyUsagePurpose;
use sslcore::SslErrorKind::*;
use sslcore_tests::chains::Family;
use sslcore_tests::judging::{errors, found, trusting};

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
