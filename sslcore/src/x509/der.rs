//! A borrowed reader of DER (X.690): total on hostile input, allocates nothing.

/// The tags that certificates use.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0c;
    pub(crate) const NUMERIC_STRING: u8 = 0x12;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const TELETEX_STRING: u8 = 0x14;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const VISIBLE_STRING: u8 = 0x1a;
    pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
    pub(crate) const BMP_STRING: u8 = 0x1e;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;

    /// `[n]` of a primitive type.
    pub(crate) const fn context(n: u8) -> u8 {
        0x80 | n
    }

    /// `[n]` of a constructed type, or an explicit one.
    pub(crate) const fn constructed(n: u8) -> u8 {
        0xa0 | n
    }
}

/// Reads tag, length and value after one another. Lengths are definite and minimal (X.690 §10.1).
#[derive(Clone)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The elements of a sequence that is all there is.
    pub(crate) fn whole(der: &'a [u8]) -> Option<Self> {
        let mut whole = Self(der);
        let inside = whole.read(tag::SEQUENCE)?;
        whole.is_empty().then_some(Self(inside))
    }

    /// The elements of the sequence that this is; none when it is not one.
    pub(crate) fn of(sequence: &'a [u8]) -> Self {
        Self(Self(sequence).read(tag::SEQUENCE).unwrap_or_default())
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag, its value, and all of its bytes.
    pub(crate) fn element(&mut self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let whole = self.0;
        let (&[tag, first], mut rest) = whole.split_first_chunk::<2>()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let len = if first < 0x80 {
            usize::from(first)
        } else {
            let count = usize::from(first & 0x7f);
            if !(1..=3).contains(&count) {
                return None;
            }
            let (bytes, after) = rest.split_at_checked(count)?;
            rest = after;
            let len = bytes
                .iter()
                .fold(0, |len, byte| len << 8 | usize::from(*byte));
            if len < 0x80 || bytes.first() == Some(&0) {
                return None;
            }
            len
        };
        let (value, after) = rest.split_at_checked(len)?;
        self.0 = after;
        let all = whole.get(..whole.len() - after.len())?;
        Some((tag, value, all))
    }

    /// The value of the next element, which must have this tag.
    pub(crate) fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        match self.element()? {
            (found, value, _) if found == tag => Some(value),
            _ => None,
        }
    }

    /// The value of the next element if it has this tag; otherwise nothing is read.
    pub(crate) fn read_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        (self.0.first() == Some(&tag))
            .then(|| self.read(tag))
            .flatten()
    }
}

/// How many bits a big-endian number has; `None` for zero.
pub(crate) fn bit_length(number: &[u8]) -> Option<usize> {
    let first = number.iter().position(|byte| *byte != 0)?;
    let (high, rest) = number.get(first..)?.split_first()?;
    Some(rest.len() * 8 + (8 - high.leading_zeros() as usize))
}

#[cfg(test)]
mod tests;
