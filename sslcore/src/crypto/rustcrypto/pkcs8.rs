//! Private keys in PKCS#8 (RFC 5958 §2). What the library for it brings is 7 KB of program, and the reader of
//! certificates is there.

use crate::x509::der::{Reader, tag};

/// A `OneAsymmetricKey`, borrowed.
pub(super) struct PrivateKeyInfo<'a> {
    /// The content of the AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    pub(super) key: &'a [u8],
    /// As a key of version 2 has it.
    #[cfg(feature = "ed25519")]
    pub(super) public_key: Option<&'a [u8]>,
}

impl<'a> PrivateKeyInfo<'a> {
    /// `None` when it is damaged, or when its version and its fields are not of one kind.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut fields = whole_sequence(der)?;
        let has_public_key = match fields.read(tag::INTEGER)? {
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
        (public_key.is_some() == has_public_key).then_some(Self {
            algorithm,
            key,
            #[cfg(feature = "ed25519")]
            public_key,
        })
    }

    /// The encoded identifier of the algorithm.
    pub(super) fn algorithm_id(&self) -> &'a [u8] {
        let id = Reader::new(self.algorithm).read(tag::OBJECT_IDENTIFIER);
        id.unwrap_or_default()
    }
}

/// The elements of a sequence that is all there is.
pub(super) fn whole_sequence(der: &[u8]) -> Option<Reader<'_>> {
    let mut whole = Reader::new(der);
    let inside = whole.read(tag::SEQUENCE)?;
    whole.is_empty().then(|| Reader::new(inside))
}
