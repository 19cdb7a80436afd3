//! The hash functions of cipher suites, and of pre-shared keys.

/// The hash functions of TLS' cipher suites (FIPS 180-4, RFC 8446 §B.4).
/// [`PreSharedKey`](crate::PreSharedKey) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384: that of `TLS_AES_256_GCM_SHA384`.
    Sha384,
}

impl HashAlgorithm {
    pub(crate) const ALL: [Self; 2] = [Self::Sha256, Self::Sha384];

    /// How many bytes a hash has.
    pub(crate) const fn output_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}
