//! The schemes that handshakes are signed in.

use core::fmt;

/// A scheme by which a handshake is signed (RFC 8446 §4.2.3).
///
/// ```
/// # use sslcore::SignatureScheme;
/// let scheme = SignatureScheme::from_name("ecdsa_secp256r1_sha256").unwrap();
/// assert_eq!((scheme, scheme.code()), (SignatureScheme::EcdsaP256Sha256, 0x0403));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u16)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256; TLS 1.2 alone.
    RsaPkcs1Sha256 = 0x0401,
    /// RSASSA-PKCS1-v1_5 with SHA-384; TLS 1.2 alone.
    RsaPkcs1Sha384 = 0x0501,
    /// RSASSA-PKCS1-v1_5 with SHA-512; TLS 1.2 alone.
    RsaPkcs1Sha512 = 0x0601,
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256Sha256 = 0x0403,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384Sha384 = 0x0503,
    /// ECDSA on P-521 with SHA-512.
    EcdsaP521Sha512 = 0x0603,
    /// RSASSA-PSS with SHA-256, and a key by the usual `rsaEncryption`.
    RsaPssSha256 = 0x0804,
    /// RSASSA-PSS with SHA-384.
    RsaPssSha384 = 0x0805,
    /// RSASSA-PSS with SHA-512.
    RsaPssSha512 = 0x0806,
    /// Ed25519 (RFC 8032), without a hash before it.
    Ed25519 = 0x0807,
}

impl SignatureScheme {
    /// Those of TLS 1.2. What came later, as ML-DSA, is for TLS 1.3 alone.
    const TLS12: [Self; 10] = [
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
        Self::EcdsaP521Sha512,
        Self::RsaPssSha256,
        Self::RsaPssSha384,
        Self::RsaPssSha512,
        Self::Ed25519,
    ];

    /// Those of RSA, in the order in which they are preferred.
    pub(crate) const RSA: [Self; 6] = [
        Self::RsaPssSha512,
        Self::RsaPssSha384,
        Self::RsaPssSha256,
        Self::RsaPkcs1Sha512,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha256,
    ];

    /// Those of other keys, each of which has one.
    pub(crate) const SINGLE: [Self; 4] = [
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
        Self::EcdsaP521Sha512,
        Self::Ed25519,
    ];

    /// The scheme with this IANA name, in upper or lower case.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut schemes = Self::TLS12.into_iter();
        schemes.find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }

    /// The scheme with this number.
    pub(crate) fn from_code(code: u16) -> Option<Self> {
        Self::TLS12.into_iter().find(|scheme| scheme.code() == code)
    }

    /// Whether TLS 1.2 has a scheme with this number.
    pub(crate) fn is_of_tls12(code: u16) -> bool {
        Self::TLS12.iter().any(|scheme| scheme.code() == code)
    }

    /// Whether handshakes of TLS 1.3 are signed so (RFC 8446 §4.2.3).
    pub(crate) fn is_of_tls13(self) -> bool {
        !matches!(
            self,
            Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512
        )
    }

    /// IANA's name, `ecdsa_secp256r1_sha256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaPkcs1Sha256 => "rsa_pkcs1_sha256",
            Self::RsaPkcs1Sha384 => "rsa_pkcs1_sha384",
            Self::RsaPkcs1Sha512 => "rsa_pkcs1_sha512",
            Self::EcdsaP256Sha256 => "ecdsa_secp256r1_sha256",
            Self::EcdsaP384Sha384 => "ecdsa_secp384r1_sha384",
            Self::EcdsaP521Sha512 => "ecdsa_secp521r1_sha512",
            Self::RsaPssSha256 => "rsa_pss_rsae_sha256",
            Self::RsaPssSha384 => "rsa_pss_rsae_sha384",
            Self::RsaPssSha512 => "rsa_pss_rsae_sha512",
            Self::Ed25519 => "ed25519",
        }
    }

    /// IANA's number.
    pub const fn code(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for SignatureScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
