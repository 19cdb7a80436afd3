//! Private keys in PKCS#8 (RFC 5958 §2).

use super::der::{Reader, tag};

/// A `OneAsymmetricKey`, borrowed.
#[cfg_attr(
    not(all(feature = "ed25519", feature = "sign")),
    allow(
        dead_code,
        reason = "who loads a key reads more of it than who asks of what kind it is"
    )
)]
pub(crate) struct PrivateKeyInfo<'a> {
    /// Whether it says that it is of version 2, which has a public key.
    is_of_version_2: bool,
    /// The content of the AlgorithmIdentifier.
    pub(crate) algorithm: &'a [u8],
    pub(crate) key: &'a [u8],
    pub(crate) public_key: Option<&'a [u8]>,
}

impl<'a> PrivateKeyInfo<'a> {
    /// `None` when it is not all that there is, or damaged.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::whole(der)?;
        let is_of_version_2 = match fields.read(tag::INTEGER)? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let algorithm = fields.read(tag::SEQUENCE)?;
        let key = fields.read(tag::OCTET_STRING)?;
        let attributes = tag::constructed(0);
        fields.read_if(attributes);
        let public_key = match fields.read_if(tag::context(1)) {
            Some(bits) => Some(bits.strip_prefix(&[0])?),
            None => None,
        };
        // What a later version may add.
        while !fields.is_empty() {
            fields.element()?;
        }
        Some(Self {
            is_of_version_2,
            algorithm,
            key,
            public_key,
        })
    }

    /// The encoded identifier of the algorithm.
    #[cfg(all(feature = "rustcrypto-core", feature = "sign"))]
    pub(crate) fn algorithm_id(&self) -> &'a [u8] {
        let id = Reader::new(self.algorithm).read(tag::OBJECT_IDENTIFIER);
        id.unwrap_or_default()
    }

    /// Whether it has a public key if its version has one, and only then.
    #[cfg(all(feature = "rustcrypto-core", feature = "sign"))]
    pub(crate) fn is_of_its_version(&self) -> bool {
        self.public_key.is_some() == self.is_of_version_2
    }
}
