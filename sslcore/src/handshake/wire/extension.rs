//! Extensions of hello messages (RFC 8446 §4.2): their numbers, and a block of them.

use alloc::vec::Vec;

use super::{Reader, Refusal};

/// IANA's numbers, with where they are from.
pub(crate) mod number {
    /// RFC 6066 §3.
    pub(crate) const SERVER_NAME: u16 = 0;
    pub(crate) const SIGNATURE_ALGORITHMS: u16 = 13;
    /// RFC 7301.
    pub(crate) const ALPN: u16 = 16;
    /// RFC 7685.
    pub(crate) const PADDING: u16 = 21;
    /// RFC 7627.
    pub(crate) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(crate) const PRE_SHARED_KEY: u16 = 41;
    pub(crate) const EARLY_DATA: u16 = 42;
    pub(crate) const SUPPORTED_VERSIONS: u16 = 43;
    pub(crate) const COOKIE: u16 = 44;
    /// Only in CertificateRequest.
    pub(crate) const OID_FILTERS: u16 = 48;
    pub(crate) const KEY_SHARE: u16 = 51;
    /// RFC 9849.
    pub(crate) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
    /// RFC 5746.
    pub(crate) const RENEGOTIATION_INFO: u16 = 0xff01;
}

/// One extension, borrowed.
pub(crate) type Extension<'a> = (u16, &'a [u8]);

/// A block of extensions that was found whole, each of them once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extensions<'a> {
    block: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// Takes a block.
    ///
    /// # Errors
    /// decode_error when a length is wrong, illegal_parameter when an extension comes twice.
    pub(crate) fn read(block: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(block, "the extensions are damaged");
        let mut numbers = Vec::new();
        while !reader.is_empty() {
            numbers.push(reader.u16()?);
            reader.vector16()?;
        }
        numbers.sort_unstable();
        match numbers.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(Refusal::illegal("an extension comes twice")),
            false => Ok(Self { block }),
        }
    }

    /// A block that [`read`](Self::read) has found whole before.
    pub(crate) const fn of_whole(block: &'a [u8]) -> Self {
        Self { block }
    }

    /// The extensions, in the order that they have.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        let mut reader = Reader::new(self.block, "");
        core::iter::from_fn(move || Some((reader.u16().ok()?, reader.vector16().ok()?)))
    }

    /// Whether both blocks have the same extensions, in any order, but for those that `may_differ`.
    pub(crate) fn agree(&self, other: &Self, may_differ: impl Fn(u16) -> bool) -> bool {
        let compared = |extensions: &Self| {
            let mut offset = 0;
            let mut places = Vec::new();
            for (number, content) in extensions.iter() {
                if !may_differ(number) {
                    places.push((number, offset));
                }
                offset += EXTENSION_HEADER + content.len();
            }
            // Small, since a peer chooses how many there are: offsets below 2^16.
            places.sort_unstable_by_key(|(number, _)| *number);
            places
        };
        let whole = |extensions: &Self, offset: usize| {
            let rest = extensions.block.get(offset..).unwrap_or_default();
            Self { block: rest }.iter().next()
        };
        let (ours, theirs) = (compared(self), compared(other));
        ours.len() == theirs.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(one, same)| whole(self, one.1) == whole(other, same.1))
    }
}

/// Number and length.
const EXTENSION_HEADER: usize = 4;
