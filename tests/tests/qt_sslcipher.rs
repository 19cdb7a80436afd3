//! Qt's tests of QSslCipher and QSslEllipticCurve, by their names.

use sslcore::{ConfigError, SslCipher};
use sslcore_tests::pair::{backend, client};

/// Qt's `constructing`: a null cipher has no name and no bits. Here there is none: what is no suite is
/// `None`, and every suite that there is says all of it.
#[test]
fn constructing() {
    for nothing in [0, 0xffff, 0x0005] {
        assert_eq!(SslCipher::from_id(nothing), None);
    }
    assert_eq!(SslCipher::from_name(""), None);
    for cipher in backend().supported_ciphers() {
        assert_eq!(SslCipher::from_id(cipher.id()), Some(cipher));
        assert_eq!(SslCipher::from_name(cipher.name()), Some(cipher));
        assert_eq!(SslCipher::from_name(cipher.openssl_name()), Some(cipher));
        assert!(cipher.used_bits() >= 128, "{cipher}");
        for method in [
            cipher.key_exchange_method(),
            cipher.authentication_method(),
            cipher.encryption_method(),
        ] {
            assert!(!method.is_empty(), "{cipher}");
        }
    }
}

/// Whether a client can be made that uses this group alone.
fn is_known(name: &str) -> bool {
    match client(backend()).groups(&[name]).build() {
        Ok(_) => true,
        Err(ConfigError::Unsupported { .. }) => false,
        Err(error) => panic!("{name:?}: {error}"),
    }
}

/// Qt's `fromShortName`: every supported group is found by its name, and what is no name is none.
#[test]
fn from_short_name() {
    for nothing in ["", "does-not-exist"] {
        assert!(!is_known(nothing), "{nothing:?}");
    }
    let mut groups = 0;
    for name in backend().supported_groups() {
        assert!(is_known(name), "{name}");
        groups += 1;
    }
    assert!(groups >= 3, "{groups}");
}

/// Qt's `fromLongName`: the same by the other names that are in use.
#[test]
fn from_long_name() {
    for name in ["prime256v1", "P-256", "P-384"] {
        assert!(is_known(name), "{name}");
    }
    assert!(!is_known("P-999"));
}
