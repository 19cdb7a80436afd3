//! record_size_limit (RFC 8449 §4) and max_fragment_length (RFC 6066 §4).

use super::{Reader, Refusal};

/// The least that anybody may ask for.
const LEAST: u16 = 64;

/// Reads the content of record_size_limit: at least 64.
///
/// # Errors
/// decode_error, and illegal_parameter for less.
pub(crate) fn limit(content: &[u8]) -> Result<u16, Refusal> {
    let mut reader = Reader::new(content, "the record size limit is damaged");
    let limit = reader.u16()?;
    reader.end()?;
    match limit < LEAST {
        true => Err(Refusal::illegal("a record size limit below 64")),
        false => Ok(limit),
    }
}

/// A length that max_fragment_length can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FragmentLength(u8);

impl FragmentLength {
    /// The largest that is not above `bytes`.
    pub(crate) fn within(bytes: usize) -> Option<Self> {
        let mut all = (1..=4).rev().map(Self);
        all.find(|length| length.bytes() <= bytes)
    }

    /// Reads the extension's content.
    ///
    /// # Errors
    /// decode_error, and illegal_parameter for a length that has no number.
    pub(crate) fn read(content: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(content, "the fragment length is damaged");
        let number = reader.u8()?;
        reader.end()?;
        match number {
            1..=4 => Ok(Self(number)),
            _ => Err(Refusal::illegal("a fragment length that there is none of")),
        }
    }

    /// Its number on the wire: 1 to 4.
    pub(crate) const fn number(self) -> u8 {
        self.0
    }

    /// 512 to 4,096.
    pub(crate) const fn bytes(self) -> usize {
        256 << self.0
    }
}
