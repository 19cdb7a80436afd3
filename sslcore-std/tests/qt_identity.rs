//! Qt's tests of keys and PKCS#12, by name: `tst_qsslkey.cpp` and `tst_qsslcertificate.cpp`, as
//! far as they concern who we are.

use sslcore::{Certificate, KeyKind, PrivateKey, PrivateKeyError};
use sslcore_std::trust::{self, LoadErrorKind};
use sslcore_tests::certs::{WORLD, pem, self_signed_with};
use sslcore_tests::peer::Scratch;

/// Qt's `toPem` and `toDer` of certificates: what is written is what was read.
#[test]
fn to_pem() {
    let files = Scratch::new();
    let file = files.file("chain.pem", WORLD.server.chain_pem());
    let loaded = trust::certificates_from_file(&file).expect("load");
    assert_eq!(loaded, WORLD.server.chain);
    let certificate = Certificate::from_der(loaded[0].clone());
    assert_eq!(
        pem("CERTIFICATE", certificate.der()),
        WORLD.server.chain_pem()
    );
}

/// Qt's `fromPath`: a file, a folder, or a pattern, and what is not there.
#[test]
fn from_path() {
    let files = Scratch::new();
    let file = files.file("chain.pem", WORLD.server.chain_pem());
    let folder = files.path().to_str().expect("UTF-8").to_owned();
    let pattern = format!("{folder}/*.pem");
    for path in [&file, &folder, &pattern] {
        let loaded = trust::certificates(path).expect(path);
        assert_eq!(loaded, WORLD.server.chain, "{path}");
    }
    let nothing = trust::certificates(&format!("{folder}/*.crt")).expect_err("no match");
    assert!(
        matches!(nothing.kind(), LoadErrorKind::NoMatch),
        "{nothing}"
    );
}

/// Qt's `nulInCN`: a common name with a null byte is not cut off there.
#[test]
fn nul_in_cn() {
    let identity = self_signed_with(&[], |params| {
        params.distinguished_name = rcgen::DistinguishedName::new();
        let name = "www.bank.com\0www.badguy.com";
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
    });
    let certificate = Certificate::from_der(identity.chain[0].clone());
    assert_eq!(
        certificate.common_name(),
        Some("www.bank.com\0www.badguy.com")
    );
    let shown = certificate.subject().expect("a subject").to_string();
    assert_eq!(shown, "CN=www.bank.com\\00www.badguy.com");
}

/// Qt's `nulInSan`: neither is an alternative name.
#[test]
fn nul_in_san() {
    let identity = self_signed_with(&[], |params| {
        let name = "www.bank.com\0www.badguy.com".to_owned();
        let name = rcgen::string::Ia5String::try_from(name).expect("ASCII");
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    });
    let certificate = Certificate::from_der(identity.chain[0].clone());
    let names: Vec<_> = certificate.alternative_names().collect();
    let whole = sslcore::AlternativeName::Dns("www.bank.com\0www.badguy.com");
    assert_eq!(names, [whole]);
}

/// Qt's `constructorHandle`, `constructor` and `toPemOrDer` of keys: kind, length and bytes.
#[test]
fn to_pem_or_der() {
    let der = WORLD.server.key();
    let from_der = PrivateKey::from_der(der.secret_der()).expect("DER");
    let from_pem = PrivateKey::from_pem(WORLD.server.key_pem().as_bytes()).expect("PEM");
    for key in [&from_der, &from_pem] {
        assert_eq!((key.kind(), key.kind().bits()), (KeyKind::EcdsaP256, 256));
        assert_eq!(key.secret_der(), der.secret_der());
    }
    assert_eq!(
        pem("PRIVATE KEY", from_pem.secret_der()),
        WORLD.server.key_pem()
    );
}

/// Qt's `length` for what is no key: a null key there, an error here.
#[test]
fn no_key_at_all() {
    for nothing in [&b""[..], b"not a key", &WORLD.ca.der()] {
        let error = PrivateKey::from_der(nothing).expect_err("no key");
        assert_eq!(error, PrivateKeyError::NotAKey);
    }
}
