//! Private keys on elliptic curves (RFC 5915 §3).

use super::der::{Reader, tag};

/// An `ECPrivateKey`, borrowed.
#[cfg_attr(
    not(all(feature = "rustcrypto-core", feature = "sign")),
    allow(
        dead_code,
        reason = "who loads a key reads more of it than who asks of what kind it is"
    )
)]
pub(crate) struct EcPrivateKey<'a> {
    pub(crate) scalar: &'a [u8],
    /// The encoded name of the curve, which PKCS#8 has elsewhere.
    pub(crate) curve: Option<&'a [u8]>,
    /// Its public point, compressed or not.
    pub(crate) point: Option<&'a [u8]>,
}

impl<'a> EcPrivateKey<'a> {
    /// `None` when it is not all that there is, or damaged.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::whole(der)?;
        if fields.read(tag::INTEGER)? != [1] {
            return None;
        }
        let scalar = fields.read(tag::OCTET_STRING)?;
        let curve = fields.read_if(tag::constructed(0));
        let point = match fields.is_empty() {
            true => None,
            false => {
                let mut said = Reader::new(fields.read(tag::constructed(1))?);
                Some(said.read(tag::BIT_STRING)?.strip_prefix(&[0])?)
            }
        };
        fields.is_empty().then_some(Self {
            scalar,
            curve,
            point,
        })
    }
}
