//! Object identifiers, and what the known ones are called.

use core::fmt;

use super::name::Dotted;

/// Names by the encoded identifier: of keys, curves, signatures and purposes that certificates have,
/// whether a backend can use them or not.
const NAMES: [(&[u8], &str); 46] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], "RSA"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2], "RSA-MD2"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4], "RSA-MD5"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5], "RSA-SHA1"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10], "RSA-PSS"),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11],
        "RSA-SHA256",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12],
        "RSA-SHA384",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13],
        "RSA-SHA512",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 14],
        "RSA-SHA224",
    ),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], "DSA"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3], "DSA-SHA1"),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2], "DSA-SHA256"),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17], "ML-DSA-44"),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18], "ML-DSA-65"),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19], "ML-DSA-87"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], "EC"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1], "ECDSA-SHA1"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 1], "ECDSA-SHA224"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], "ECDSA-SHA256"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], "ECDSA-SHA384"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], "ECDSA-SHA512"),
    (&[0x2b, 0x65, 0x6e], "X25519"),
    (&[0x2b, 0x65, 0x6f], "X448"),
    (&[0x2b, 0x65, 0x70], "Ed25519"),
    (&[0x2b, 0x65, 0x71], "Ed448"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1], "P-192"),
    (&[0x2b, 0x81, 0x04, 0, 0x21], "P-224"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], "P-256"),
    (&[0x2b, 0x81, 0x04, 0, 0x22], "P-384"),
    (&[0x2b, 0x81, 0x04, 0, 0x23], "P-521"),
    (&[0x2b, 0x81, 0x04, 0, 0x0a], "secp256k1"),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7], "brainpoolP256r1"),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 11], "brainpoolP384r1"),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 13], "brainpoolP512r1"),
    (&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d], "SM2"),
    (&[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75], "SM2-SM3"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 5], "ipsecEndSystem"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 6], "ipsecTunnel"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 7], "ipsecUser"),
    (&[0x2b, 6, 1, 5, 5, 7, 3, 17], "ipsecIKE"),
    (&[0x2b, 6, 1, 5, 2, 3, 4], "pkinitClientAuth"),
    (&[0x2b, 6, 1, 5, 2, 3, 5], "pkinitKDC"),
    (
        &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 2],
        "msSmartcardLogon",
    ),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 3], "msSGC"),
    (&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 4], "msEFS"),
    (&[0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 4, 1], "nsSGC"),
];

/// An object identifier (X.690 §8.19), which names an algorithm, a curve or a purpose.
/// [`name`](Self::name) has an example.
///
/// [`Display`](fmt::Display) writes what it is called, `RSA-SHA256`, or, when no name for it is
/// known, the dotted decimal form, `1.2.3.4`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectIdentifier<'a>(&'a [u8]);

impl<'a> ObjectIdentifier<'a> {
    pub(crate) const fn new(encoded: &'a [u8]) -> Self {
        Self(encoded)
    }

    /// The encoded identifier, without tag and length.
    pub fn encoded(&self) -> &'a [u8] {
        self.0
    }

    /// The name of what is identified, if it is known here: `"P-256"`, `"RSA-SHA256"`.
    ///
    /// ```
    /// # use sslcore::Certificate;
    /// # fn f(certificate: &Certificate) -> Option<()> {
    /// let algorithm = certificate.key_algorithm()?;
    /// println!("{:?}, {:02X?}", algorithm.name(), algorithm.encoded());
    /// # Some(())
    /// # }
    /// ```
    pub fn name(&self) -> Option<&'static str> {
        let mut known = NAMES.iter();
        known.find(|(id, _)| *id == self.0).map(|(_, name)| *name)
    }
}

impl fmt::Display for ObjectIdentifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => Dotted(self.0).fmt(f),
        }
    }
}

impl fmt::Debug for ObjectIdentifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectIdentifier({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn each_name_is_the_one_of_its_identifier() {
        for (dotted, name) in [
            ("1.2.840.113549.1.1.1", "RSA"),
            ("1.2.840.113549.1.1.5", "RSA-SHA1"),
            ("1.2.840.113549.1.1.10", "RSA-PSS"),
            ("1.2.840.113549.1.1.11", "RSA-SHA256"),
            ("1.2.840.113549.1.1.14", "RSA-SHA224"),
            ("1.2.840.10040.4.1", "DSA"),
            ("1.2.840.10040.4.3", "DSA-SHA1"),
            ("2.16.840.1.101.3.4.3.2", "DSA-SHA256"),
            ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
            ("1.2.840.10045.2.1", "EC"),
            ("1.2.840.10045.4.1", "ECDSA-SHA1"),
            ("1.2.840.10045.4.3.4", "ECDSA-SHA512"),
            ("1.3.101.112", "Ed25519"),
            ("1.3.101.113", "Ed448"),
            ("1.2.840.10045.3.1.1", "P-192"),
            ("1.3.132.0.33", "P-224"),
            ("1.2.840.10045.3.1.7", "P-256"),
            ("1.3.132.0.35", "P-521"),
            ("1.3.132.0.10", "secp256k1"),
            ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
            ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
            ("1.2.156.10197.1.301", "SM2"),
            ("1.2.156.10197.1.501", "SM2-SM3"),
            ("1.3.6.1.5.5.7.3.17", "ipsecIKE"),
            ("1.3.6.1.5.2.3.5", "pkinitKDC"),
            ("1.3.6.1.4.1.311.20.2.2", "msSmartcardLogon"),
            ("2.16.840.1.113730.4.1", "nsSGC"),
        ] {
            let mut known = NAMES.iter().filter(|(_, known)| *known == name);
            let (id, _) = known.next().expect(name);
            assert_eq!(Dotted(id).to_string(), dotted, "{name}");
            assert_eq!(ObjectIdentifier::new(id).to_string(), name);
            assert!(known.next().is_none(), "{name}");
        }
        assert_eq!(ObjectIdentifier::new(&[0x2a, 3, 4]).to_string(), "1.2.3.4");
    }
}
