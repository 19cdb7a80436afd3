//! Public keys of RSA (RFC 8017 §A.1.1).

use core::ops::RangeInclusive;

use super::der::{Reader, bit_length, tag};

/// The length of moduli that signatures are checked with, in bits. Shorter ones can be factored, longer
/// ones are a way to keep a processor busy.
pub(crate) const MODULUS_BITS: RangeInclusive<usize> = 2048..=8192;

/// The length of public exponents, which are odd, so that 1 has too few: that of ring's.
const EXPONENT_BITS: RangeInclusive<usize> = 2..=33;

/// An `RSAPublicKey`, borrowed.
#[derive(Clone, Copy)]
pub(crate) struct RsaPublicKey<'a> {
    /// Without zeros before it.
    pub(crate) modulus: &'a [u8],
    exponent: &'a [u8],
}

impl<'a> RsaPublicKey<'a> {
    /// `None` when it is not all that there is, or a number is negative, or the modulus even.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::whole(der)?;
        let modulus = natural(fields.read(tag::INTEGER)?)?;
        let exponent = natural(fields.read(tag::INTEGER)?)?;
        // A product of two primes that is even can be factored by anybody.
        let is_odd = modulus.last()? & 1 == 1;
        (fields.is_empty() && is_odd).then_some(Self { modulus, exponent })
    }

    pub(crate) fn modulus_bits(&self) -> usize {
        bit_length(self.modulus).unwrap_or_default()
    }

    /// `None` when signatures are not checked with it.
    pub(crate) fn exponent(&self) -> Option<u64> {
        let fits = EXPONENT_BITS.contains(&bit_length(self.exponent)?);
        let is_odd = self.exponent.last()? & 1 == 1;
        let number = self
            .exponent
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte));
        (fits && is_odd).then_some(number)
    }
}

/// The bytes of an INTEGER that is not negative, without the zero that has to be before some (X.690 §8.3).
fn natural(integer: &[u8]) -> Option<&[u8]> {
    match integer {
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] => None,
        [0, magnitude @ ..] | magnitude => Some(magnitude),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_two_numbers_and_nothing_else() {
        let key = RsaPublicKey::read(b"\x30\x09\x02\x02\0\xc1\x02\x03\x01\0\x01").unwrap();
        assert_eq!((key.modulus, key.modulus_bits()), (&[0xc1][..], 8));
        assert_eq!(key.exponent(), Some(65537));
        for damaged in [
            &b"\x30\x0a\x02\x02\0\xc1\x02\x03\x01\0\x01\0"[..],
            b"\x30\x09\x02\x02\0\xc1\x02\x03\x01\0\x01\0",
            b"\x30\x0b\x02\x02\0\xc1\x02\x03\x01\0\x01\x05\0",
            b"\x30\x08\x02\x01\xc1\x02\x03\x01\0\x01",
            b"\x30\x09\x02\x02\0\xc2\x02\x03\x01\0\x01",
            b"\x30\x09\x02\x02\0\x41\x02\x03\x01\0\x01",
            b"\x30\x08\x02\x01\0\x02\x03\x01\0\x01",
            b"\x30\x07\x02\0\x02\x03\x01\0\x01",
            b"\x30\x07\x02\x02\0\xc1\x02\x01\xff",
            b"\x30\x04\x02\x02\0\xc1",
            b"\x31\x09\x02\x02\0\xc1\x02\x03\x01\0\x01",
            b"\x30\x09\x02\x02\0\xc1\x03\x03\x01\0\x01",
        ] {
            assert!(RsaPublicKey::read(damaged).is_none(), "{damaged:x?}");
        }
    }

    #[test]
    fn exponents_are_odd_and_have_at_most_33_bits() {
        let exponent = |exponent| {
            let modulus = &[1];
            RsaPublicKey { modulus, exponent }.exponent()
        };
        assert_eq!(exponent(&[3]), Some(3));
        let longest = exponent(&[1, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(longest, Some((1 << 33) - 1));
        for refused in [
            &[][..],
            &[1],
            &[2],
            &[1, 0, 0],
            &[2, 0, 0, 0, 1],
            &[1, 0, 0, 0, 0, 0, 0, 0, 1],
        ] {
            assert_eq!(exponent(refused), None, "{refused:x?}");
        }
    }
}
