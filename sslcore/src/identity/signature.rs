//! A signature that the application gives when it is asked for one.

use alloc::vec::Vec;
use core::fmt;

use crate::der_writer::element;
use crate::x509::der::{Reader, bit_length, tag};
use crate::x509::key_kind::KeyKind;

/// A signature, in the form that whoever made it gives it.
/// [`provide_signature`](crate::Connection::provide_signature) takes it.
///
/// ```
/// # use sslcore::{Connection, Signature, SignatureId, UsageError};
/// /// A secure element gives the two halves of an ECDSA signature, of 32 bytes each.
/// fn give(conn: &mut Connection, id: SignatureId, halves: &[u8; 64]) -> Result<(), UsageError> {
///     conn.provide_signature(id, Signature::Concatenated(halves))
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signature<'a> {
    /// Of ECDSA, in DER (RFC 3279 §2.2.3): as OpenSSL and the clouds give it, and as it is sent.
    Der(&'a [u8]),
    /// Of ECDSA, r and s one behind the other, each as long as the curve's order: as PKCS#11, secure
    /// elements and JOSE give it. 64 bytes for P-256, 96 for P-384, 132 for P-521.
    Concatenated(&'a [u8]),
    /// Of Ed25519, 64 bytes; of RSA, as many as the modulus has.
    Plain(&'a [u8]),
}

/// Why a [`Signature`] cannot be one of the key that is asked for. Whether it is right is not checked: only
/// the peer finds out.
///
/// ```
/// # use sslcore::SignatureError;
/// let error = SignatureError::Length { given: 63, expected: 64 };
/// assert_eq!(error.to_string(), "it has 63 bytes, and not 64");
/// assert!(SignatureError::Form.to_string().contains("another kind of key"));
/// assert!(SignatureError::Der.to_string().contains("DER"));
/// assert!(SignatureError::Range.to_string().contains("zero"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SignatureError {
    /// Signatures of this key do not come in this form.
    Form,
    /// The signature is too short, or too long.
    Length {
        /// How many bytes it has.
        given: usize,
        /// How many it must have.
        expected: usize,
    },
    /// The signature is not the DER of two integers that are not negative.
    Der,
    /// r or s is zero, which is what a signer gives that has failed, or has more bits than the curve.
    Range,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("it is in the form of another kind of key"),
            Self::Length { given, expected } => {
                write!(f, "it has {given} bytes, and not {expected}")
            }
            Self::Der => f.write_str("it is not the DER of two positive integers"),
            Self::Range => {
                f.write_str("one of its numbers is zero, or has more bits than the curve")
            }
        }
    }
}

impl core::error::Error for SignatureError {}

impl fmt::Debug for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (form, len) = match self {
            Self::Der(bytes) => ("Der", bytes.len()),
            Self::Concatenated(bytes) => ("Concatenated", bytes.len()),
            Self::Plain(bytes) => ("Plain", bytes.len()),
        };
        write!(f, "Signature::{form}({len} bytes)")
    }
}

impl Signature<'_> {
    /// As it is sent, of a key of this kind.
    pub(crate) fn encode(self, key: KeyKind) -> Result<Vec<u8>, SignatureError> {
        match (self, key) {
            (Self::Plain(bytes), KeyKind::Ed25519) => exactly(bytes, 64).map(<[u8]>::to_vec),
            (Self::Plain(bytes), KeyKind::Rsa { bits }) => {
                exactly(bytes, bits.div_ceil(8)).map(<[u8]>::to_vec)
            }
            (Self::Plain(_), _) => Err(SignatureError::Form),
            (_, KeyKind::Ed25519 | KeyKind::Rsa { .. }) => Err(SignatureError::Form),
            (Self::Concatenated(bytes), curve) => {
                let half = curve.bits().div_ceil(8);
                let (r, s) = exactly(bytes, 2 * half)?.split_at(half);
                check_range([r, s], curve)?;
                Ok(element(tag::SEQUENCE, &[&integer(r), &integer(s)]))
            }
            (Self::Der(bytes), curve) => {
                check_range(numbers(bytes).ok_or(SignatureError::Der)?, curve)?;
                Ok(bytes.into())
            }
        }
    }
}

/// Whether r and s can be of the curve.
fn check_range(numbers: [&[u8]; 2], curve: KeyKind) -> Result<(), SignatureError> {
    let fits = |number| bit_length(number).is_some_and(|bits| bits <= curve.bits());
    match numbers.into_iter().all(fits) {
        true => Ok(()),
        false => Err(SignatureError::Range),
    }
}

fn exactly(bytes: &[u8], expected: usize) -> Result<&[u8], SignatureError> {
    match bytes.len() == expected {
        true => Ok(bytes),
        false => Err(SignatureError::Length {
            given: bytes.len(),
            expected,
        }),
    }
}

/// An unsigned number as an INTEGER.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros..];
    let is_high = digits.first().is_none_or(|first| *first >= 0x80);
    let sign: &[u8] = if is_high { &[0] } else { &[] };
    element(tag::INTEGER, &[sign, digits])
}

/// Two integers that are not negative, in the one form that DER has for them.
fn numbers(bytes: &[u8]) -> Option<[&[u8]; 2]> {
    let mut outer = Reader::new(bytes);
    let mut inner = Reader::new(outer.read(tag::SEQUENCE)?);
    let mut number = || match inner.read(tag::INTEGER)? {
        [0] => Some(&[][..]),
        [0, digits @ ..] => digits.first().filter(|high| **high >= 0x80).map(|_| digits),
        digits @ [1..=0x7f, ..] => Some(digits),
        _ => None,
    };
    let numbers = [number()?, number()?];
    (inner.is_empty() && outer.is_empty()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        element(
            tag::SEQUENCE,
            &[&element(tag::INTEGER, &[r]), &element(tag::INTEGER, &[s])],
        )
    }

    #[test]
    fn two_halves_become_the_der_that_they_stand_for() {
        let mut halves = [0; 64];
        halves[0] = 0x80;
        halves[63] = 1;
        let encoded = Signature::Concatenated(&halves).encode(KeyKind::EcdsaP256);
        let mut high = [0; 33];
        high[1] = 0x80;
        assert_eq!(encoded, Ok(der(&high, &[1])));
        let encoded = encoded.expect("just made");
        let again = Signature::Der(&encoded).encode(KeyKind::EcdsaP256);
        assert_eq!(again.as_ref(), Ok(&encoded), "it is sent as it is");
    }

    #[test]
    fn what_is_wrong_is_said_and_no_signature_is_shown() {
        let length = SignatureError::Length {
            given: 63,
            expected: 64,
        };
        assert_eq!(alloc::format!("{length}"), "it has 63 bytes, and not 64");
        let shown = alloc::format!("{:?}", Signature::Plain(&[1; 64]));
        assert_eq!(shown, "Signature::Plain(64 bytes)");
    }

    #[test]
    fn a_form_or_a_length_that_is_not_the_keys_is_refused() {
        use SignatureError::{Form, Length};
        let bytes = [1; 300];
        for (key, len, plain) in [
            (KeyKind::EcdsaP256, 64, false),
            (KeyKind::EcdsaP384, 96, false),
            (KeyKind::EcdsaP521, 132, false),
            (KeyKind::Ed25519, 64, true),
            (KeyKind::Rsa { bits: 2048 }, 256, true),
            (KeyKind::Rsa { bits: 2047 }, 256, true),
        ] {
            for given in [0, len - 1, len, len + 1] {
                let bytes = &bytes[..given];
                let (right, wrong) = match plain {
                    true => (Signature::Plain(bytes), Signature::Concatenated(bytes)),
                    false => (Signature::Concatenated(bytes), Signature::Plain(bytes)),
                };
                let expected = match given == len {
                    true => Ok(()),
                    false => Err(Length {
                        given,
                        expected: len,
                    }),
                };
                assert_eq!(right.encode(key).map(drop), expected, "{key:?} {given}");
                assert_eq!(wrong.encode(key), Err(Form), "{key:?}");
                if plain {
                    assert_eq!(Signature::Der(bytes).encode(key), Err(Form), "{key:?}");
                }
            }
        }
    }

    #[test]
    fn der_that_is_not_two_integers_of_the_curve_is_refused() {
        let whole = der(&[1; 32], &[0x7f]);
        let of = |bytes: &[u8]| Signature::Der(bytes).encode(KeyKind::EcdsaP256);
        assert_eq!(of(&whole), Ok(whole.clone()));
        let high = [&[0, 0xff][..], &[1; 31]].concat();
        assert_eq!(of(&der(&high, &[1])).map(drop), Ok(()));
        let three = element(tag::SEQUENCE, &[&[2, 1, 1, 2, 1, 1, 2, 1, 1]]);
        for (what, bytes) in [
            ("nothing", Vec::new()),
            ("cut", whole[..whole.len() - 1].to_vec()),
            ("with a byte behind it", [&whole[..], &[0]].concat()),
            ("negative", der(&[0x80], &[1])),
            ("empty", der(&[], &[1])),
            ("padded", der(&[0, 1], &[1])),
            ("one integer", element(tag::SEQUENCE, &[&[2, 1, 1]])),
            ("three", three),
            ("no sequence", element(tag::INTEGER, &[&[1]])),
        ] {
            assert_eq!(of(&bytes), Err(SignatureError::Der), "{what}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_of_the_curve_are_refused_in_either_form() {
        use KeyKind::{EcdsaP256, EcdsaP384, EcdsaP521};
        use SignatureError::Range;
        for (curve, digits, number, expected) in [
            (EcdsaP256, 32, &[0x7f; 32][..], Ok(())),
            (EcdsaP256, 32, &[0], Err(Range)),
            (EcdsaP384, 48, &[1; 48], Ok(())),
            // The order of P-521 has a bit more than 65 bytes.
            (EcdsaP521, 66, &[1; 66], Ok(())),
            (EcdsaP521, 66, &[2; 66], Err(Range)),
            (EcdsaP521, 66, &[0], Err(Range)),
        ] {
            for swapped in [false, true] {
                let (mut r, mut s) = (number, &[1][..]);
                if swapped {
                    core::mem::swap(&mut r, &mut s);
                }
                let encoded = Signature::Der(&der(r, s)).encode(curve).map(drop);
                assert_eq!(encoded, expected, "{curve:?} {number:?}");
                let half =
                    |number: &[u8]| [&alloc::vec![0; digits - number.len()], number].concat();
                let halves = [half(r), half(s)].concat();
                let encoded = Signature::Concatenated(&halves).encode(curve).map(drop);
                assert_eq!(encoded, expected, "{curve:?} {number:?}");
            }
        }
        // Only DER has room for more.
        for bytes in [&[1; 33][..], &[0x7f; 40]] {
            let encoded = Signature::Der(&der(bytes, &[1])).encode(EcdsaP256);
            assert_eq!(encoded, Err(Range), "{bytes:?}");
        }
    }
}
