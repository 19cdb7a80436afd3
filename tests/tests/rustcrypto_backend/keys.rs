use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivateSec1KeyDer};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{Error, InconsistentKeys, SignatureAlgorithm, SignatureScheme};

use crate::pair::Identity;
use crate::{rustcrypto, unhex};

fn load(key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
    rustcrypto(1).provider().key_provider.load_private_key(key)
}

fn sign(key: &dyn SigningKey, scheme: SignatureScheme, message: &[u8]) -> Vec<u8> {
    let signer = key
        .choose_scheme(&[SignatureScheme::RSA_PSS_SHA256, scheme])
        .unwrap();
    assert_eq!(signer.scheme(), scheme);
    signer.sign(message).unwrap()
}

fn sec1(prefix: &str, scalar: &str, curve: &str) -> PrivateKeyDer<'static> {
    PrivateSec1KeyDer::from(unhex(&[prefix, scalar, curve].concat())).into()
}

/// RFC 6979 §A.2.5.
#[test]
fn a_p256_key_signs_the_message_of_rfc_6979() {
    let key = load(sec1(
        "30310201010420",
        "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
        "a00a06082a8648ce3d030107",
    ));
    let key = key.unwrap();
    assert_eq!(key.algorithm(), SignatureAlgorithm::ECDSA);
    let signature = sign(&*key, SignatureScheme::ECDSA_NISTP256_SHA256, b"sample");
    let expected = "3046\
        022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
        022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
    assert_eq!(signature, unhex(expected));
    assert!(
        key.choose_scheme(&[SignatureScheme::ECDSA_NISTP384_SHA384])
            .is_none()
    );
}

/// RFC 6979 §A.2.6.
#[test]
fn a_p384_key_signs_the_message_of_rfc_6979() {
    let key = load(sec1(
        "303e0201010430",
        "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8\
         96d5724e4c70a825f872c9ea60d2edf5",
        "a00706052b81040022",
    ));
    let key = key.unwrap();
    let signature = sign(&*key, SignatureScheme::ECDSA_NISTP384_SHA384, b"sample");
    let expected = "3066\
        02310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c\
        81a648152e44acf96e36dd1e80fabe46\
        02310099ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f\
        a329c145786e679e7b82c71a38628ac8";
    assert_eq!(signature, unhex(expected));
    assert!(
        key.choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256])
            .is_none()
    );
}

/// RFC 8032 §7.1, test 2, with the key in the form of RFC 8410 §7.
#[test]
fn an_ed25519_key_signs_the_message_of_rfc_8032() {
    let der = "302e020100300506032b657004220420\
        4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let key = load(PrivateKeyDer::Pkcs8(unhex(der).into())).unwrap();
    assert_eq!(key.algorithm(), SignatureAlgorithm::ED25519);
    let signature = sign(&*key, SignatureScheme::ED25519, &[0x72]);
    let expected = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
        085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    assert_eq!(signature, unhex(expected));
}

#[test]
fn a_key_knows_whether_it_belongs_to_a_certificate() {
    let backend = rustcrypto(1);
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
    ] {
        let (own, other) = (Identity::new(algorithm), Identity::new(algorithm));
        let chain = vec![own.leaf.clone()];
        let matched = CertifiedKey::from_der(chain.clone(), own.key(), backend.provider());
        assert_eq!(matched.unwrap().keys_match(), Ok(()));
        let mismatch = CertifiedKey::from_der(chain, other.key(), backend.provider());
        let expected = Error::InconsistentKeys(InconsistentKeys::KeyMismatch);
        assert_eq!(mismatch.unwrap_err(), expected);
    }
}

fn refusal(key: PrivateKeyDer<'static>) -> String {
    match load(key) {
        Err(Error::General(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_rsa_key_is_refused_with_the_reason() {
    let reason = "this backend makes no RSA signatures: it signs with ECDSA keys on P-256 or P-384 \
                  and with Ed25519 keys";
    assert_eq!(
        refusal(Identity::new(&rcgen::PKCS_RSA_SHA256).key()),
        reason
    );
    assert_eq!(
        refusal(PrivatePkcs1KeyDer::from(vec![0x30, 0]).into()),
        reason
    );
}

#[test]
fn a_key_of_another_kind_is_refused_with_the_reason() {
    let p521 = b"-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAOnvB67VLLUQG0DPS
ZZSbx8IpYuhex7zz85/cnEHCVeEo5noB2ugWVaiUi1QgUEBTsxA9q4NIVjdnu2od
M2Azd0+hgYkDgYYABAAtcsDQd6DpLAbw+Ak+hPdXawMrN0KCZejXMo+b0pIalwuZ
vwLu1o3DJ32wlsaCEZ6OuqYta2cPTLFdksCQgv55nwDBdD0v0+6lN9vrAtJMnTpE
5ipFxuIY3AgE/3TUvjSzknxKwBa0tHOsy0dp5efoNhGg2Bpb3PXEWcIlD1OBznc2
8g==
-----END PRIVATE KEY-----";
    let secp256k1 = b"-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgk/XqJBHXeHu+6DZ78Jxv
58A37j/TTjp9qe1zgijfMfyhRANCAASqiCgx+n8ZMmMTQkQEBTVBQhKSSL91JYzf
0iQGWSTWaLRKqStFMsbD7g0cQDZng2B1QTFT2zm3q4nJIpZvTGnF
-----END PRIVATE KEY-----";
    for curve in [&p521[..], secp256k1] {
        let reason = refusal(PrivateKeyDer::from_pem_slice(curve).unwrap());
        let expected = "the EC private key is not a valid key on P-256 or P-384";
        assert_eq!(reason, expected);
    }
    let ed448 = b"-----BEGIN PRIVATE KEY-----
MEcCAQAwBQYDK2VxBDsEOb6hJtqmNu27HN2MQoFPerR1wd0uDLEjzjcR0UDeS9qM
TkCOTQw3AtStYgkAv13KsX7FZ74ASyIqmg==
-----END PRIVATE KEY-----";
    let reason = refusal(PrivateKeyDer::from_pem_slice(ed448).unwrap());
    assert!(
        reason.starts_with("the private key is of algorithm Ed448;"),
        "{reason}"
    );
}

#[test]
fn a_damaged_key_is_refused_and_never_a_panic() {
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
    ] {
        let whole = Identity::new(algorithm).key().secret_der().to_vec();
        assert!(load(PrivateKeyDer::Pkcs8(whole.clone().into())).is_ok());
        for len in 0..whole.len() {
            refusal(PrivateKeyDer::Pkcs8(whole[..len].to_vec().into()));
            refusal(PrivateSec1KeyDer::from(whole[..len].to_vec()).into());
        }
    }
}

#[test]
fn a_key_shown_for_debugging_shows_no_secret() {
    let key = load(Identity::new(&rcgen::PKCS_ECDSA_P256_SHA256).key()).unwrap();
    assert_eq!(format!("{key:?}"), "SignerKey(ECDSA)");
    let key = load(Identity::new(&rcgen::PKCS_ED25519).key()).unwrap();
    assert_eq!(format!("{key:?}"), "SignerKey(ED25519)");
}
