//! Which algorithm a key is for.

use core::fmt;

use super::der::{Reader, tag};

/// The kind of a public or private key, and its size. `QSsl::KeyAlgorithm` and
/// `QSslKey::length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA (RFC 8017).
    Rsa {
        /// Length of the modulus.
        bits: usize,
    },
    /// ECDSA on NIST's P-256, `secp256r1`.
    EcdsaP256,
    /// ECDSA on P-384, `secp384r1`.
    EcdsaP384,
    /// ECDSA on P-521, `secp521r1`.
    EcdsaP521,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// `rsaEncryption`, 1.2.840.113549.1.1.1.
pub(crate) const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-ecPublicKey`, 1.2.840.10045.2.1 (RFC 5480 §2.1.1).
pub(crate) const EC: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `id-Ed25519`, 1.3.101.112 (RFC 8410 §3).
pub(crate) const ED25519: [u8; 3] = [0x2b, 0x65, 0x70];
/// The named curves (RFC 5480 §2.1.1.1).
const CURVES: [(&[u8], KeyKind); 3] = [
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        KeyKind::EcdsaP256,
    ),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], KeyKind::EcdsaP384),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], KeyKind::EcdsaP521),
];

impl KeyKind {
    /// The size of the key. `QSslKey::length`.
    pub const fn bits(self) -> usize {
        match self {
            Self::Rsa { bits } => bits,
            Self::EcdsaP256 | Self::Ed25519 => 256,
            Self::EcdsaP384 => 384,
            Self::EcdsaP521 => 521,
        }
    }

    /// The bytes of an elliptic curve's private key.
    pub(crate) const fn secret_len(self) -> usize {
        self.bits().div_ceil(8)
    }

    /// Of an AlgorithmIdentifier, without its SEQUENCE header; the length of an RSA key is in the
    /// key itself, and so are these `bits`.
    pub(crate) fn of(algorithm: &[u8], bits: impl FnOnce() -> Option<usize>) -> Option<Self> {
        let mut algorithm = Reader::new(algorithm);
        let id = algorithm.read(tag::OBJECT_IDENTIFIER)?;
        if id == RSA {
            Some(Self::Rsa { bits: bits()? })
        } else if id == EC {
            Self::of_curve(algorithm.read(tag::OBJECT_IDENTIFIER)?)
        } else {
            (id == ED25519).then_some(Self::Ed25519)
        }
    }

    /// Of a private key that does not name its curve, by its bytes.
    pub(crate) fn of_length(bytes: usize) -> Option<Self> {
        let mut known = CURVES.iter().map(|(_, kind)| *kind);
        known.find(|kind| kind.secret_len() == bytes)
    }

    /// Of a curve's object identifier.
    pub(crate) fn of_curve(id: &[u8]) -> Option<Self> {
        let mut known = CURVES.iter();
        known.find(|(curve, _)| *curve == id).map(|(_, kind)| *kind)
    }
}

/// As `RSA, 2048 bits` or `ECDSA P-256`.
impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA, {bits} bits"),
            Self::EcdsaP256 => f.write_str("ECDSA P-256"),
            Self::EcdsaP384 => f.write_str("ECDSA P-384"),
            Self::EcdsaP521 => f.write_str("ECDSA P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}
