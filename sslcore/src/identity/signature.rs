//! A signature that the application gives when it is asked for one.

use alloc::vec::Vec;
use core::fmt;

use crate::der_writer::element;
use crate::x509::der::{Reader, tag};
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
    /// The signature is not the DER of two integers of the curve.
    Der,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("it is in the form of another kind of key"),
            Self::Length { given, expected } => {
                write!(f, "it has {given} bytes, and not {expected}")
            }
            Self::Der => f.write_str("it is not the DER of two integers of the curve"),
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
                Ok(element(tag::SEQUENCE, &[&integer(r), &integer(s)]))
            }
            (Self::Der(bytes), curve) => {
                check_der(bytes, curve.bits()).ok_or(SignatureError::Der)?;
                Ok(bytes.into())
            }
        }
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

/// Two positive integers of so many bits at most, in the one form that DER has for them.
fn check_der(bytes: &[u8], bits: usize) -> Option<()> {
    let mut outer = Reader::new(bytes);
    let mut inner = Reader::new(outer.read(tag::SEQUENCE)?);
    for _ in 0..2 {
        let number = inner.read(tag::INTEGER)?;
        let digits = match number {
            [0, digits @ ..] if digits.first().is_some_and(|high| *high >= 0x80) => digits,
            [1..=0x7f, ..] => number,
            _ => return None,
        };
        let leading = digits.first()?.leading_zeros() as usize;
        if 8 * digits.len() - leading > bits {
            return None;
        }
    }
    (inner.is_empty() && outer.is_empty()).then_some(())
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
            ("zero", der(&[0], &[1])),
            ("negative", der(&[0x80], &[1])),
            ("empty", der(&[], &[1])),
            ("padded", der(&[0, 1], &[1])),
            ("too large", der(&[1; 33], &[1])),
            ("one integer", element(tag::SEQUENCE, &[&[2, 1, 1]])),
            ("three", three),
            ("no sequence", element(tag::INTEGER, &[&[1]])),
        ] {
            assert_eq!(of(&bytes), Err(SignatureError::Der), "{what}");
        }
        // The order of P-521 has a bit more than 65 bytes.
        let of = |number: &[u8]| {
            let made = der(number, &[1]);
            Signature::Der(&made).encode(KeyKind::EcdsaP521).map(drop)
        };
        assert_eq!(of(&[1; 66]), Ok(()));
        assert_eq!(of(&[2; 66]), Err(SignatureError::Der));
    }
}
